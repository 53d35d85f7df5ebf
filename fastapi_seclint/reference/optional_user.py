"""Routes for users and visitors alike (guide sections 9 and 10).

No token makes a visitor. A token that is wrong is an error, not a visitor: somebody who believes to be logged in should
learn that he is not.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer

from .current_user import get_current_active_user, user_of_token
from .users import Database, User

oauth2_scheme_optional = OAuth2PasswordBearer(tokenUrl="auth/login", auto_error=False)


def get_optional_user(token: Annotated[str | None, Depends(oauth2_scheme_optional)], database: Database) -> User | None:
    """The user who sent the request, or None for a visitor; raises 401 for a token that is not accepted."""
    if not token:
        return None
    return get_current_active_user(user_of_token(token, database))


OptionalUser = Annotated[User | None, Depends(get_optional_user)]
