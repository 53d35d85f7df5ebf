"""Access and refresh tokens for projects that use python-jose, in the guide's shape (section 3).

The key for required claims differs from PyJWT's, and python-jose takes any algorithm that suits the key when no list is
given. `JOSEError` is the root of all its errors: `JWTError` leaves out those about keys.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from jose import jwt
from jose.exceptions import JOSEError

from .settings import get_settings
from .tokens import TokenError

ALGORITHM = "HS256"


def create_access_token(data: dict[str, Any], expires_delta: timedelta | None = None) -> str:
    """A token for the API with the claims in `data`; it lives for minutes."""
    return _token(data, "access", expires_delta or timedelta(minutes=get_settings().access_token_expire_minutes))


def create_refresh_token(data: dict[str, Any]) -> str:
    """A token that buys new access tokens and nothing else; it lives for days."""
    return _token(data, "refresh", timedelta(days=get_settings().refresh_token_expire_days))


def decode_access_token(token: str) -> dict[str, Any]:
    """The claims of a valid access token; raises `TokenError`."""
    return _claims(token, "access")


def decode_refresh_token(token: str) -> dict[str, Any]:
    """The claims of a valid refresh token; raises `TokenError`."""
    return _claims(token, "refresh")


def _token(data: dict[str, Any], purpose: str, life: timedelta) -> str:
    now = datetime.now(timezone.utc)
    claims = {**data, "type": purpose, "iat": now, "exp": now + life}
    return str(jwt.encode(claims, get_settings().secret_key.get_secret_value(), algorithm=ALGORITHM))


def _claims(token: str, purpose: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            get_settings().secret_key.get_secret_value(),
            algorithms=[ALGORITHM],
            options={"require_exp": True, "require_sub": True},
        )
    except JOSEError:
        raise TokenError from None
    if claims.get("type") != purpose:
        raise TokenError
    return claims
