"""Which websites may call the API from a browser (guide section 6): a list, from the environment.

Starlette answers `"*"` with credentials by naming the very website that asks, so browsers do not reject that
combination, whatever is said; hence it is refused here.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def origins_from_environment(name: str = "ALLOWED_ORIGINS") -> list[str]:
    """The websites listed in an environment variable, separated by commas; none when it is not set."""
    origins = [origin.strip().rstrip("/") for origin in os.environ.get(name, "").split(",") if origin.strip()]
    if "*" in origins:
        raise ValueError(f'{name} must name the websites that may call this API, not "*"')
    return origins


def add_cors(app: FastAPI) -> None:
    """Let the listed websites call the API with cookies and tokens."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins_from_environment(),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
        max_age=600,
    )
