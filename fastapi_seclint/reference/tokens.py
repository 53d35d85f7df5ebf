"""Access and refresh tokens with PyJWT (guide sections 3 and 10).

A token always expires, names its purpose in `type`, and is only accepted for that purpose, so that a refresh token does
not open the API (RFC 8725, section 3.11). The list of algorithms is fixed by the server (RFC 8725, section 3.1).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import jwt

from .settings import get_settings

ALGORITHM = "HS256"


class TokenError(Exception):
    """A token that is not accepted, whatever the reason: callers answer 401 and say no more."""


def create_access_token(data: dict[str, Any], expires_delta: timedelta | None = None) -> str:
    """A token for the API with the claims in `data`; it lives for minutes."""
    return _token(data, "access", expires_delta or timedelta(minutes=get_settings().access_token_expire_minutes))


def create_refresh_token(data: dict[str, Any]) -> str:
    """A token that buys new access tokens and nothing else; it lives for days and works once (`jti`)."""
    return _token({**data, "jti": uuid4().hex}, "refresh", timedelta(days=get_settings().refresh_token_expire_days))


def decode_access_token(token: str) -> dict[str, Any]:
    """The claims of a valid access token; raises `TokenError`."""
    return _claims(token, "access")


def decode_refresh_token(token: str) -> dict[str, Any]:
    """The claims of a valid refresh token; raises `TokenError`."""
    return _claims(token, "refresh")


def _token(data: dict[str, Any], purpose: str, life: timedelta) -> str:
    now = datetime.now(timezone.utc)
    claims = {**data, "type": purpose, "iat": now, "exp": now + life}
    return jwt.encode(claims, get_settings().secret_key.get_secret_value(), algorithm=ALGORITHM)


def _claims(token: str, purpose: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            get_settings().secret_key.get_secret_value(),
            algorithms=[ALGORITHM],
            options={"require": ["exp", "sub", "type"]},
        )
    except jwt.PyJWTError:
        raise TokenError from None
    if claims["type"] != purpose:
        raise TokenError
    return claims
