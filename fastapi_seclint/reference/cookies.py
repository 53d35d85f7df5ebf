"""The refresh token in a cookie that scripts cannot read and other sites cannot send (guide section 3).

It goes to the refresh route only (`path`), over HTTPS only (browsers take localhost for secure), never with requests
from other sites, and never into a URL, where logs and histories keep it.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Response

COOKIE = "refresh_token"
PATH = "/auth"


def set_refresh_cookie(response: Response, token: str, life: timedelta) -> None:
    """Give the browser a refresh token for as long as it lives."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(life.total_seconds()),
        path=PATH,
        httponly=True,
        secure=True,
        samesite="strict",
    )


def clear_refresh_cookie(response: Response) -> None:
    """Take the refresh token away again."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, secure=True, samesite="strict")
