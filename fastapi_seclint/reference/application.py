"""The complete application of guide section 12, with what the guide leaves open or gets wrong mended.

`uvicorn --factory fastapi_seclint.reference.application:create_app`; the environment gives `SECRET_KEY` and
`DATABASE_PATH`. Configuration that is missing or unfit stops it at start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, HTTPException, Response, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from pydantic import BaseModel

from .api_keys import APIClient, Clients, get_api_client, require_client_permission
from .cookies import clear_refresh_cookie, set_refresh_cookie
from .current_user import CurrentUser, credentials_exception
from .hosts import HTTPSRedirect
from .login import login_by_address, login_user, register_by_address, register_user
from .optional_user import OptionalUser
from .ownership import OwnPost, Post
from .protected_router import admin_router
from .rate_limits import RateLimit
from .security_headers import SecurityHeadersMiddleware
from .settings import Settings, get_settings
from .tokens import TokenError, create_access_token, create_refresh_token, decode_refresh_token
from .user_or_client import get_current_user_or_client
from .users import Database, User, UserOut, create_tables, get_user_by_email, revoke_tokens, use_once

refresh_by_address = RateLimit(max_requests=30, window_seconds=60)


class Token(BaseModel):
    """What a login gives."""

    access_token: str
    token_type: str = "bearer"


class Text(BaseModel):
    """The text of a post."""

    text: str


def create_app() -> FastAPI:
    """The application as the environment configures it; raises `pydantic.ValidationError` when that is unfit."""
    settings = get_settings()
    app = FastAPI(title="Reference", lifespan=_lifespan, openapi_url="/openapi.json" if settings.docs else None)
    app.state.clients = Clients()
    _add_middleware(app, settings)
    _add_authentication(app)
    _add_routes(app)
    app.include_router(admin_router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    create_tables()
    yield


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Innermost first: what is added last sees a request first, and a response last."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type"],
    )
    if settings.https:
        app.add_middleware(HTTPSRedirect)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts))
    app.add_middleware(SecurityHeadersMiddleware)


def _tokens_for(user: User, response: Response) -> Token:
    """An access token for the body and a refresh token for the cookie."""
    claims = {"sub": user.email, "version": user.token_version}
    life = timedelta(days=get_settings().refresh_token_expire_days)
    set_refresh_cookie(response, create_refresh_token(claims), life)
    return Token(access_token=create_access_token(claims))


def _add_authentication(app: FastAPI) -> None:
    @app.post("/auth/register", status_code=status.HTTP_202_ACCEPTED, dependencies=[Depends(register_by_address)])
    def register(registered: Annotated[None, Depends(register_user)]) -> dict[str, str]:
        return {"detail": "If the address is new, the account is ready"}

    @app.post("/auth/login", dependencies=[Depends(login_by_address)])
    def login(user: Annotated[User, Depends(login_user)], response: Response) -> Token:
        return _tokens_for(user, response)

    @app.post("/auth/refresh", dependencies=[Depends(refresh_by_address)])
    def refresh(response: Response, database: Database, refresh_token: Annotated[str | None, Cookie()] = None) -> Token:
        return _tokens_for(_refreshing_user(refresh_token, database), response)

    @app.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT)
    def logout(user: CurrentUser, database: Database, response: Response) -> None:
        revoke_tokens(database, user.email)
        clear_refresh_cookie(response)


def _refreshing_user(token: str | None, database: Database) -> User:
    """The active user whom a refresh token was issued to and who did not use it yet; raises 401."""
    try:
        claims = decode_refresh_token(token or "")
    except TokenError:
        raise credentials_exception() from None
    user = get_user_by_email(database, claims["sub"])
    if user is None or not user.is_active or claims.get("version") != user.token_version:
        raise credentials_exception()
    if not use_once(database, claims["jti"], claims["exp"]):
        revoke_tokens(database, user.email)  # somebody has a copy: RFC 9700, section 4.14.2
        raise credentials_exception()
    return user


def _add_routes(app: FastAPI) -> None:
    @app.get("/users/me", response_model=UserOut)
    def read_me(user: CurrentUser) -> User:
        return user

    @app.post("/posts", status_code=status.HTTP_201_CREATED)
    def write_post(body: Text, user: CurrentUser, database: Database) -> Post:
        row = database.execute("INSERT INTO posts (owner_email, text) VALUES (?, ?)", (user.email, body.text))
        if row.lastrowid is None:
            raise HTTPException(status_code=status.HTTP_500_INTERNAL_SERVER_ERROR, detail="The post was not stored")
        return Post(id=row.lastrowid, owner_email=user.email, text=body.text)

    @app.put("/posts/{post_id}")
    def update_post(post: OwnPost, body: Text, database: Database) -> Post:
        database.execute("UPDATE posts SET text = ? WHERE id = ?", (body.text, post.id))
        return post.model_copy(update={"text": body.text})

    @app.get("/feed")
    def read_feed(user: OptionalUser, database: Database) -> list[dict[str, object]]:
        rows = database.execute("SELECT id, owner_email, text FROM posts ORDER BY id DESC LIMIT 20")
        return [
            {"id": row["id"], "text": row["text"], "mine": user is not None and row["owner_email"] == user.email}
            for row in rows
        ]

    @app.get("/external/posts")
    def count_posts(
        client: Annotated[APIClient, Depends(require_client_permission("posts:read"))], database: Database
    ) -> dict[str, int]:
        return {"posts": database.execute("SELECT count(*) FROM posts").fetchone()[0]}

    @app.get("/whoami")
    def whoami(caller: Annotated[User | APIClient, Depends(get_current_user_or_client)]) -> dict[str, str]:
        return {"caller": caller.email if isinstance(caller, User) else caller.name}

    @app.get("/external/name")
    def client_name(client: Annotated[APIClient, Depends(get_api_client)]) -> dict[str, str]:
        return {"client": client.name}
