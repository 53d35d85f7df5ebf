"""Routes and dependencies that a library makes and the project does not write."""

from __future__ import annotations

from pathlib import Path

import pytest
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


def test_a_class_of_the_project_may_make_what_fastapi_users_makes(tmp_path: Path) -> None:
    derived = """
class Users(FastAPIUsers[UP, ID]):
    def get_refresh_router(self, backend): ...
phone = AuthenticationBackend("phone", BearerTransport(tokenUrl="phone"), get_strategy=cookie.get_strategy)
ours = Users[User, int](get_manager, [cookie, phone])
@app.get("/me")
def me(user=Depends(ours.current_user())): ...
@app.get("/way")
def way(strategy=Depends(phone.get_strategy)): ...
"""
    found = routes(tmp_path, USERS + derived)
    assert set(found["/me"].dependencies) == {
        f"{AUTHENTICATOR}.current_user.<locals>.current_user_dependency",
        "main.get_manager",
        "main.get_db",
        "main.get_strategy",
        "fastapi.security.oauth2.OAuth2PasswordBearer()",
        "fastapi.security.api_key.APIKeyCookie()",
    }
    assert found["/way"].dependencies == ("main.get_strategy",)


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


TRAITS = """
from fastapi import APIRouter, Depends, FastAPI
import posixpath
from traitlets import Bool, Dict, Enum, List, Type, Unicode, default
from traitlets.config import Application
def a() -> None: ...
class Login(Application):
    path = Unicode("/login")
    def start_with(self, app):
        app.add_api_route(self.path, self.form, methods=["GET"])
    def form(self): ...
class OtherLogin(Login):
    path = Unicode("/other")
class Server(Application):
    prefix = Unicode("/base/", config=True)
    name = Unicode(config=True)
    api = Bool(True).tag(config=True)
    registry = Bool(False).tag(config=True)
    level = Enum(["low", "high"], "high")
    more = List(Unicode(), ["/one", "/two"])
    extra = List([], config=True)
    login_class = Type(default_value=OtherLogin, klass=Login, config=True)
    where = Unicode()
    @default("where")
    def _where(self):
        return self.prefix + "where"
    def make(self) -> FastAPI:
        def without_slash(url):
            return url[:-1] if url.endswith("/") else url
        app = FastAPI(openapi_url=posixpath.join(self.prefix, "openapi.json"))
        for path in self.more:
            app.add_api_route(path, self.handler)
        for path, guard in self.extra:
            app.add_api_route(path, self.handler, dependencies=[Depends(guard)])
        app.add_api_route(self.where, self.handler)
        app.add_api_route(f"/{self.level}{self.name}", self.handler)
        router = APIRouter(dependencies=[Depends(a)])
        router.add_api_route("/x", self.handler)
        if self.api:
            app.include_router(router, prefix=without_slash(self.prefix))
        self.login_class().start_with(app)
        return app
    def handler(self): ...
app = Server().make()
"""


def test_traits_are_settings_with_the_defaults_that_they_are_given(tmp_path: Path) -> None:
    table = survey(tmp_path, TRAITS).table
    assert table.unresolved == ()
    assert {row.path: row.dependencies for row in table.routes if row.kind == "http"} == {
        "/one": (),
        "/two": (),
        "/base/where": (),
        "/high": (),
        "/base/x": ("main.a",),
        "/other": (),
    }
    assert "/base/openapi.json" in {row.path for row in table.routes if row.kind == "docs"}


def test_a_context_for_pages_is_what_the_library_makes_of_it(tmp_path: Path) -> None:
    text = """
from typing import Annotated
from fastapi import Depends, FastAPI
from fastapi_pagination import Page, pagination_ctx
from fastapi_pagination.api import pagination_ctx as context
InPages = Depends(pagination_ctx(Page[int]))
app = FastAPI()
@app.get("/users", dependencies=[InPages])
def users(): ...
@app.get("/rows")
def rows(params: Annotated[object, Depends(context())]): ...
"""
    found = routes(tmp_path, text)
    made = "fastapi_pagination.api.pagination_ctx.<locals>._page_ctx_dependency"
    params = "fastapi_pagination.api._create_params_dependency.<locals>._pagination_params"
    assert set(found["/users"].dependencies) == {made, params}
    assert set(found["/rows"].dependencies) == {made, "fastapi_pagination.api._noop_dep"}
    assert found["/users"].protection == "open"


PAGED = """
from typing import Generic, TypeVar
import fastapi_pagination
from fastapi import APIRouter, Depends, FastAPI
from fastapi_pagination import Page, add_pagination
from fastapi_pagination.limit_offset import LimitOffsetPage
T = TypeVar("T")
class Rows(LimitOffsetPage[T], Generic[T]):
    kept: int
def guard(): ...
stock = APIRouter(prefix="/stock", dependencies=[Depends(guard)])
@stock.get("/model", response_model=Page[int])
def model(): ...
@stock.get("/rows")
def rows() -> Rows[int]: ...
@stock.get("/all")
def everything() -> list[int]: ...
@stock.get("/other", response_model=list[int])
def other() -> Page[int]: ...
fastapi_pagination.add_pagination(stock)
app = FastAPI()
app.include_router(stock)
@app.get("/said")
def said() -> fastapi_pagination.Page[int]: ...
add_pagination(app)
@app.get("/late")
def late() -> Page[int]: ...
"""


def test_routes_that_answer_with_pages_get_the_dependency_for_them(tmp_path: Path) -> None:
    found = {path: row.dependencies for path, row in routes(tmp_path, PAGED).items()}
    made = "fastapi_pagination.api.pagination_ctx.<locals>._page_ctx_dependency"
    params = "fastapi_pagination.api._create_params_dependency.<locals>._pagination_params"
    assert found == {
        "/stock/model": ("main.guard", made, params),
        "/stock/rows": ("main.guard", made, params),
        "/stock/all": ("main.guard",),
        "/stock/other": ("main.guard",),
        "/said": (made, params),
        "/late": (),
    }


MAKEFUN = """
import jwt
from inspect import Parameter, Signature
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBearer
from makefun import with_signature
scheme = HTTPBearer(auto_error=False)
def made(*guards):
    given = [Parameter(f"given{n}", Parameter.KEYWORD_ONLY, default=Depends(g)) for n, g in enumerate(guards)]
    @with_signature(Signature(given))
    async def made_guard(**sent):
        if sent["given0"] is None:
            raise HTTPException(401)
        return jwt.decode(sent["given0"].credentials, KEY, ["HS256"])
    return made_guard
class Guard:
    def __call__(self, token): ...
class Made(Guard):
    @with_signature(Signature([
        Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
        Parameter("token", Parameter.POSITIONAL_OR_KEYWORD, default=Depends(scheme)),
    ]))
    def __call__(self, token):
        return super().__call__(token)
app = FastAPI()
@app.get("/function", dependencies=[Depends(made(scheme))])
def function(): ...
@app.get("/object", dependencies=[Depends(Made())])
def object(): ...
"""


def test_makefun_gives_functions_the_parameters_that_fastapi_sees(tmp_path: Path) -> None:
    found = routes(tmp_path, MAKEFUN)
    scheme = "fastapi.security.http.HTTPBearer()"
    assert set(found["/function"].dependencies) == {"main.made.<locals>.made_guard", scheme}
    assert set(found["/object"].dependencies) == {"main.Made()", scheme}
    assert found["/function"].protection == "protected"


PLUGINS = {
    "shop/__init__.py": "",
    "shop/main.py": """
from importlib import metadata
from fastapi import FastAPI
app = FastAPI()
for found in metadata.entry_points().select(group="shop.plugins"):
    app.include_router(found.load())
for found in metadata.entry_points(group="shop.of_others"):
    app.include_router(found.load())
""",
    "shop/items.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/items')\ndef items(): ...\n",
}
DECLARED = {
    "pyproject.toml": '[project]\nname = "shop"\n[project.entry-points."shop.plugins"]\nx = "shop.items:router"\n',
    "Pyproject.toml": '[tool.poetry.plugins."shop.plugins"]\nx = "shop.items:router"\n',
    "setup.cfg": "[options.entry_points]\nshop.plugins =\n    x = shop.items:router\n",
}


@pytest.mark.parametrize("file", sorted(DECLARED))
def test_plugins_that_the_project_declares_for_itself_are_loaded(tmp_path: Path, file: str) -> None:
    """Whose plugins another group has is not in sight."""
    table = survey(tmp_path, {**PLUGINS, file.lower(): DECLARED[file]}).table
    assert "/items" in {row.path for row in table.routes}
    assert [item.location.span.line for item in table.unresolved] == [8]


def test_an_application_of_a_librarys_class_serves_what_it_is_given(tmp_path: Path) -> None:
    """What such a class does with more than FastAPI takes is not known, so nothing of it is open."""
    text = """
from fastapi import APIRouter
from offline_docs import OfflineFastAPI
from team.apps import TeamFastAPI
from guards import middleware
router = APIRouter()
@router.get("/x")
def x(): ...
app = OfflineFastAPI(title="plain")
app.include_router(router)
other = TeamFastAPI(middleware, title="guarded")
other.include_router(router, prefix="/other")
"""
    found = routes(tmp_path, text)
    assert found["/x"].protection == "open"
    assert found["/other/x"].protection == "unknown"
    assert "TeamFastAPI" in found["/other/x"].reason


VERSIONED = """
from fastapi import APIRouter, Depends, FastAPI
from fastapi_versioning import VersionedFastAPI, version, versioned_api_route
def guard(): ...
stock = APIRouter(prefix="/stock", dependencies=[Depends(guard)])
@stock.get("/")
def listed(): ...
@stock.get("/new")
@version(2)
def new(): ...
late = APIRouter(route_class=versioned_api_route(2, 1))
@late.get("/late")
def late_one(): ...
app = FastAPI()
app.include_router(stock)
app.include_router(late)
@app.get("/x")
@version(1, 0)
def x(): ...
@app.get("/x")
@version(major=2, minor=0)
def other_x(): ...
app = VersionedFastAPI(app, prefix_format="/v{major}.{minor}", enable_latest=True)
@app.get("/")
def root(): ...
"""


def test_versions_of_an_application_are_served_under_their_prefixes(tmp_path: Path) -> None:
    rows = survey(tmp_path, VERSIONED).table.routes
    found = {row.path: (row.endpoint, row.dependencies) for row in rows if row.kind == "http"}
    assert {row.app for row in rows} == {"main:app"}
    guarded = ("main.guard",)
    expected = {
        "/": ("main.root", ()),
        "/v1.0/stock/": ("main.listed", guarded),
        "/v1.0/x": ("main.x", ()),
        "/v2.1/late": ("main.late_one", ()),
        "/latest/late": ("main.late_one", ()),
    }
    for prefix in ("/v2.0", "/v2.1", "/latest"):
        expected[f"{prefix}/stock/"] = ("main.listed", guarded)
        expected[f"{prefix}/stock/new"] = ("main.new", guarded)
        expected[f"{prefix}/x"] = ("main.other_x", ())
    assert found == expected
