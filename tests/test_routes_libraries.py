"""Routes and dependencies that a library makes and the project does not write: fastapi-users."""

from __future__ import annotations

from pathlib import Path

from projects import routes, survey

AUTHENTICATOR = "fastapi_users.authentication.authenticator.Authenticator"
USERS = """
from fastapi import APIRouter, Depends, FastAPI
from fastapi_users import FastAPIUsers
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, CookieTransport, JWTStrategy
def get_db(): ...
def get_manager(db=Depends(get_db)): ...
def get_strategy() -> JWTStrategy:
    return JWTStrategy(secret=open("secret").read(), lifetime_seconds=3600)
bearer = AuthenticationBackend(name="jwt", transport=BearerTransport(tokenUrl="login"), get_strategy=get_strategy)
cookie = AuthenticationBackend("cookie", CookieTransport(cookie_secure=True), get_strategy)
users = FastAPIUsers[User, int](get_manager, [bearer, cookie])
active = users.current_user(active=True)
app = FastAPI()
"""


def test_the_guard_of_fastapi_users_brings_its_schemes_and_strategies(tmp_path: Path) -> None:
    found = routes(tmp_path, USERS + "@app.get('/me')\ndef me(user=Depends(active)): ...\n")["/me"]
    assert set(found.dependencies) == {
        f"{AUTHENTICATOR}.current_user.<locals>.current_user_dependency",
        "main.get_manager",
        "main.get_db",
        "main.get_strategy",
        "fastapi.security.oauth2.OAuth2PasswordBearer()",
        "fastapi.security.api_key.APIKeyCookie()",
    }
    assert found.protection == "protected"


def test_a_transport_may_have_a_scheme_of_the_project(tmp_path: Path) -> None:
    scheme = """
from fastapi.security import OAuth2PasswordBearer
class Bearer(OAuth2PasswordBearer):
    async def __call__(self, request): ...
transport = BearerTransport(tokenUrl="login")
transport.scheme = Bearer(tokenUrl="login", auto_error=False)
users = FastAPIUsers(get_manager, [AuthenticationBackend("jwt", transport, get_strategy)])
@app.get("/me", dependencies=[Depends(users.current_user())])
def me(): ...
"""
    assert "main.Bearer()" in routes(tmp_path, USERS + scheme)["/me"].dependencies


def test_the_routers_of_fastapi_users_are_in_the_table(tmp_path: Path) -> None:
    included = """
app.include_router(users.get_auth_router(bearer), prefix="/auth")
app.include_router(users.get_register_router(Read, Create), prefix="/auth")
app.include_router(users.get_users_router(Read, Update), prefix="/users")
"""
    table = survey(tmp_path, USERS + included).table
    assert table.unresolved == ()
    assert {(row.path, *row.methods, row.protection) for row in table.routes if row.kind == "http"} == {
        ("/auth/login", "POST", "open"),
        ("/auth/logout", "POST", "protected"),
        ("/auth/register", "POST", "open"),
        ("/users/me", "GET", "protected"),
        ("/users/me", "PATCH", "protected"),
        ("/users/{id}", "GET", "protected"),
        ("/users/{id}", "PATCH", "protected"),
        ("/users/{id}", "DELETE", "protected"),
    }


LIBRARIES = """
from fastapi import Depends, FastAPI
from authx import AuthX
from fastapi_azure_auth import SingleTenantAzureAuthorizationCodeBearer
from fastapi_pagination import LimitOffsetParams, Params
auth = AuthX()
app = FastAPI()
@app.get("/x")
def x(a=Depends(SingleTenantAzureAuthorizationCodeBearer()), p: Params = Depends(), q: LimitOffsetParams = Depends(),
      t=Depends(auth.get_access_token_from_request)): ...
"""


def test_dependencies_of_a_library_are_called_as_at_run_time(tmp_path: Path) -> None:
    assert set(routes(tmp_path, LIBRARIES)["/x"].dependencies) == {
        "fastapi_azure_auth.auth.SingleTenantAzureAuthorizationCodeBearer()",
        "fastapi_pagination.default.Params",
        "fastapi_pagination.limit_offset.LimitOffsetParams",
        "authx.main.AuthX.get_access_token_from_request",
    }
