"""Who is asking: the chain of dependencies of guide section 5.

One answer for every way in which a token can be wrong, with the `WWW-Authenticate` header that a 401 must carry
(RFC 9110, section 11.6.1; RFC 6750, section 3).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer

from .tokens import TokenError, decode_access_token
from .users import Database, User, get_user_by_email

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="auth/login")


def credentials_exception() -> HTTPException:
    """The one answer to credentials that are not accepted."""
    return HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )


def user_of_token(token: str, database: Database) -> User:
    """The user whom an access token was issued to; raises 401."""
    try:
        claims = decode_access_token(token)
    except TokenError:
        raise credentials_exception() from None
    user = get_user_by_email(database, claims["sub"])
    if user is None or claims.get("version") != user.token_version:
        raise credentials_exception()
    return user


def get_current_user(token: Annotated[str, Depends(oauth2_scheme)], database: Database) -> User:
    """The user who sent the request; raises 401."""
    return user_of_token(token, database)


def get_current_active_user(user: Annotated[User, Depends(get_current_user)]) -> User:
    """The user who sent the request, when the account is active; raises 403 otherwise."""
    if not user.is_active:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Inactive user")
    return user


CurrentUser = Annotated[User, Depends(get_current_active_user)]
