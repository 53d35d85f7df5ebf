"""The static route table is the one that FastAPI builds: small projects are imported and read, and must agree."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from projects import Files, survey, write

GUARDS = "".join(f"def {name}() -> None: ...\n" for name in "abcdefgh")
START = "from fastapi import APIRouter, Depends, FastAPI\n"
FLAT = START + GUARDS


@dataclass(frozen=True)
class Case:
    """A project and what it shows: its application, whether all of it is resolved, what the model gets wrong."""

    files: Files
    entry: str = "main:app"
    resolved: bool = True
    wrong: str = ""


PROJECTS: dict[str, Case] = {}


def project(name: str, files: Files, entry: str = "main:app", *, resolved: bool = True, wrong: str = "") -> None:
    PROJECTS[name] = Case(files, entry, resolved, wrong)


def cases() -> list[Any]:
    wrong = {name: [pytest.mark.xfail(strict=True, reason=case.wrong)] for name, case in PROJECTS.items() if case.wrong}
    return [pytest.param(name, marks=wrong.get(name, []), id=name) for name in PROJECTS]


project(
    "order of dependencies",
    FLAT
    + """
inner = APIRouter(prefix="/inner", dependencies=[Depends(e)])
@inner.get("/x", dependencies=[Depends(f)])
def x(g_: None = Depends(g)): ...
outer = APIRouter(prefix="/outer", dependencies=[Depends(c)])
outer.include_router(inner, prefix="/in", dependencies=[Depends(d)])
app = FastAPI(dependencies=[Depends(a)])
app.include_router(outer, prefix="/out", dependencies=[Depends(b)])
""",
)

project(
    "routes added after the include",
    FLAT
    + """
child, grandchild = APIRouter(), APIRouter()
app = FastAPI()
app.include_router(child, prefix="/c", dependencies=[Depends(a)])
child.include_router(grandchild, prefix="/g", dependencies=[Depends(b)])
@child.get("/late")
def late(): ...
@grandchild.get("/later")
def later(): ...
""",
)

project(
    "dependencies changed before and after",
    FLAT
    + """
router = APIRouter()
@router.get("/before")
def before(): ...
router.dependencies.append(Depends(a))
@router.get("/after")
def after(): ...
app = FastAPI()
app.router.dependencies.append(Depends(b))
app.include_router(router, prefix="/r")
app.router.dependencies.append(Depends(c))
@app.get("/own")
def own(): ...
""",
)

project(
    "one router included twice",
    FLAT
    + """
router = APIRouter(prefix="/r")
@router.get("")
@router.post("/{item_id}")
def item(): ...
app = FastAPI(docs_url=None, redoc_url=None)
app.include_router(router, prefix="/a", dependencies=[Depends(a)])
app.include_router(router, prefix="/b")
""",
)

project(
    "mounts",
    FLAT
    + """
from starlette.staticfiles import StaticFiles
from starlette.applications import Starlette
from starlette.routing import Route
sub = FastAPI(title="sub", redoc_url=None, dependencies=[Depends(b)])
@sub.get("/in")
def inside(): ...
lone = APIRouter(dependencies=[Depends(c)])
@lone.get("/lone")
def alone(): ...
async def home(request): ...
plain = Starlette(routes=[Route("/home", home, methods=["POST"])])
holder = APIRouter(prefix="/ignored")
holder.mount("/held", FastAPI(openapi_url=None))
app = FastAPI(dependencies=[Depends(a)])
app.mount("/sub", sub)
app.mount("/lone", lone)
app.mount("/plain", plain)
app.mount("/static", StaticFiles(directory=".", check_dir=False), name="static")
app.include_router(holder, prefix="/h", dependencies=[Depends(d)])
""",
)

project(
    "raw routes",
    FLAT
    + """
router = APIRouter(prefix="/r", dependencies=[Depends(a)])
@router.route("/a", methods=["PUT"])
async def raw_a(request): ...
async def raw_b(request): ...
router.add_route("/b", raw_b, methods=["POST"])
async def socket(websocket): ...
router.add_websocket_route("/ws", socket)
@router.get("/api")
def api(): ...
app = FastAPI(dependencies=[Depends(b)])
app.include_router(router, prefix="/p", dependencies=[Depends(c)])
async def raw_c(request): ...
app.add_route("/c", raw_c, methods=["PATCH"])
""",
)

project(
    "raw routes that answer HEAD",
    START
    + """
from starlette.routing import Route
router = APIRouter()
@router.route("/a")
async def raw_a(request): ...
app = FastAPI(routes=[Route("/b", raw_a, methods=["get"])])
app.include_router(router, prefix="/p")
app.add_route("/c", raw_a)
""",
    wrong="Starlette adds HEAD to the methods of a raw route that has GET",
)

project(
    "routes appended to the list",
    FLAT
    + """
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
async def raw(request): ...
app = FastAPI(dependencies=[Depends(a)])
app.router.routes.append(Route("/d", raw, methods=["POST"]))
app.routes.append(APIRoute("/e", raw, dependencies=[Depends(b)]))
app.router.routes.extend([Mount("/m", app=FastAPI(openapi_url=None))])
""",
    wrong="`app.routes.append` and `.extend` are not followed",
)

project(
    "websockets",
    FLAT
    + """
from fastapi import WebSocket
router = APIRouter(dependencies=[Depends(a)])
@router.websocket("/one", dependencies=[Depends(b)])
async def one(websocket: WebSocket, value: None = Depends(c)): ...
async def two(websocket: WebSocket): ...
router.add_api_websocket_route("/two", two)
app = FastAPI()
app.include_router(router, prefix="/ws")
@app.websocket("/three")
async def three(websocket: WebSocket): ...
""",
)

project(
    "routes given to the application",
    FLAT
    + """
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route
def api(x: None = Depends(a)): ...
async def raw(request): ...
app = FastAPI(dependencies=[Depends(b)], routes=[
    APIRoute("/api", api, dependencies=[Depends(c)]),
    Route("/raw", raw, methods=["POST"]),
    Mount("/m", routes=[Route("/inner", raw, methods=["POST"])]),
])
""",
)

project(
    "other documentation urls",
    """
from fastapi import FastAPI
app = FastAPI(docs_url="/manual", redoc_url=None, openapi_url="/schema.json", swagger_ui_oauth2_redirect_url="/back")
""",
)
project("no documentation", "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n")

project(
    "every sort of callable",
    FLAT
    + """
import functools
class Query:
    def __init__(self, x: None = Depends(a)): ...
class Checker:
    def __init__(self, role: str) -> None:
        self.role = role
    def __call__(self, x: None = Depends(b)): ...
    def method(self, x: None = Depends(c)): ...
    @classmethod
    def of_class(cls, x: None = Depends(d)): ...
    @staticmethod
    def static(x: None = Depends(e)): ...
def needs(role: str, x: None = Depends(f)): ...
def factory(role: str):
    def check(x: None = Depends(g)): ...
    return check
checker = Checker("admin")
app = FastAPI()
@app.get("/class")
def r1(q: Query = Depends()): ...
@app.get("/instance", dependencies=[Depends(checker)])
def r2(): ...
@app.get("/made", dependencies=[Depends(Checker("user"))])
def r3(): ...
@app.get("/method", dependencies=[Depends(checker.method), Depends(Checker.of_class), Depends(Checker.static)])
def r4(): ...
@app.get("/partial", dependencies=[Depends(functools.partial(needs, "admin"))])
def r5(): ...
@app.get("/closure", dependencies=[Depends(factory("admin"))])
def r6(): ...
@app.get("/lambda", dependencies=[Depends(lambda: None)])
def r7(): ...
@app.get("/uncalled", dependencies=[Depends(Checker)])
def r8(): ...
""",
)

project(
    "annotations",
    {
        "deps.py": FLAT
        + """
from typing import Annotated
class User: ...
def current(x: Annotated[None, Depends(a)]) -> User: ...
CurrentUser = Annotated[User, Depends(current)]
""",
        "main.py": """
from __future__ import annotations
from typing import Annotated, Optional, Union
from fastapi import Depends, FastAPI
import deps
from deps import CurrentUser, b, c
app = FastAPI()
@app.get("/alias")
def alias(user: CurrentUser): ...
@app.get("/dotted")
def through_module(user: deps.CurrentUser): ...
@app.get("/quoted")
def quoted(user: "CurrentUser"): ...
@app.get("/last")
def last(x: Annotated[None, Depends(b), Depends(c)]): ...
@app.get("/nested")
def nested(x: Annotated[Annotated[None, Depends(b)], "a note"]): ...
@app.get("/inside")
def inside(x: Annotated[str | None, Depends(c)]): ...
@app.get("/keyword")
def keyword(*, x: str = "", user: CurrentUser): ...
""",
    },
)

project(
    "a marker after Depends",
    FLAT
    + """
from typing import Annotated
from fastapi import Header
Guarded = Annotated[str, Depends(a)]
app = FastAPI()
@app.get("/marked")
def marked(x: Annotated[str, Depends(a), Header()]): ...
@app.get("/alias")
def alias(x: Annotated[Guarded, Header()] = ""): ...
""",
    wrong="the last marker wins, be it Depends or not: a Header() after Depends() drops the dependency",
)

project(
    "an alias in Optional is no dependency",
    """
from typing import Annotated, Optional
from pydantic import BaseModel
from fastapi import Depends, FastAPI
class User(BaseModel):
    name: str
def current() -> User: ...
CurrentUser = Annotated[User, Depends(current)]
app = FastAPI()
@app.post("/optional")
def optional(user: Optional[CurrentUser] = None): ...
@app.post("/union")
def union(user: CurrentUser | None = None): ...
@app.post("/right")
def right(user: Annotated[User | None, Depends(current)]): ...
""",
)

project(
    "the annotation names the callable",
    FLAT
    + """
from typing import Annotated
from dataclasses import dataclass
class Page:
    def __init__(self, x: None = Depends(a), limit: int = 10): ...
@dataclass
class Filters:
    page: Annotated[Page, Depends()]
    query: str = ""
class Narrow(Page): ...
app = FastAPI()
@app.get("/page")
def page(p: Annotated[Page, Depends()]): ...
@app.get("/filters")
def filters(f: Filters = Depends()): ...
@app.get("/inherited")
def inherited(n: Narrow = Depends(Narrow)): ...
""",
)

project(
    "security schemes and scopes",
    """
from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, SecurityScopes
oauth2 = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
class Bearer(HTTPBearer):
    async def __call__(self, request: Request): ...
def current(scopes: SecurityScopes, token: str = Depends(oauth2)): ...
def active(user=Security(current, scopes=["me"])): ...
app = FastAPI(dependencies=[Security(APIKeyHeader(name="x-key"))])
@app.get("/a", dependencies=[Security(active, scopes=["admin"])])
def a(): ...
@app.get("/b", dependencies=[Depends(Bearer())])
def b(basic=Depends(HTTPBasic())): ...
""",
)

project(
    "decorators",
    FLAT
    + """
import functools
def wrapped(function):
    @functools.wraps(function)
    async def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner
def bare(function):
    def inner(x: None = Depends(c)):
        return function()
    return inner
def given(role: str):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args, **kwargs): ...
        return inner
    return decorate
def same(function):
    return function
app = FastAPI()
@app.get("/wrapped")
@wrapped
def r1(x: None = Depends(a)): ...
@app.get("/bare")
@bare
def r2(x: None = Depends(a)): ...
@app.get("/given")
@given("admin")
@same
def r3(x: None = Depends(b)): ...
@wrapped
@app.get("/above")
def r4(x: None = Depends(a)): ...
""",
)

project(
    "loops",
    {
        "api/__init__.py": "",
        "api/items.py": START + "router = APIRouter()\n@router.get('/i')\ndef items(): ...\n",
        "api/users.py": START + "router = APIRouter()\n@router.get('/u')\ndef users(): ...\n",
        "main.py": FLAT
        + """
from api import items, users
app = FastAPI()
for module in (items, users):
    app.include_router(module.router, prefix="/one")
for name, router in {"items": items.router, "users": users.router}.items():
    app.include_router(router, prefix=f"/two/{name}", tags=[name])
for (router, prefix, guard) in [(items.router, "/three", a), (users.router, "/four", b)]:
    app.include_router(router, prefix=prefix, dependencies=[Depends(guard)])
for index, router in enumerate([m.router for m in (items, users)]):
    app.include_router(router, prefix="/v" + str(index))
for router, prefix in zip([items.router, users.router], ["/five", "/six"]):
    app.include_router(router, prefix=prefix)
def handler(): ...
for path in ["/x", "/y"]:
    app.add_api_route(path, handler, methods=["GET", "PUT"])
""",
    },
)

project(
    "enumerate from one",
    START
    + """
app = FastAPI()
def handler(): ...
for version, path in enumerate(("a", "b"), start=1):
    app.add_api_route(f"/v{version}/{path}", handler)
""",
    wrong="the start of enumerate is ignored",
)

project(
    "a factory called by the module",
    {
        "shop/__init__.py": "",
        "shop/factory.py": FLAT
        + """
from .views import router
def create_app(prefix: str = "/api", *, guarded: bool = True) -> FastAPI:
    app = FastAPI(dependencies=[Depends(a)] if guarded else [])
    app.include_router(router, prefix=prefix)
    register(app)
    @app.get("/inner")
    def inner(): ...
    return app
def register(target: FastAPI) -> None:
    @target.get("/health")
    def health(): ...
""",
        "shop/views.py": START + "router = APIRouter(prefix='/v')\n@router.get('/x')\ndef x(): ...\n",
        "main.py": "from shop.factory import create_app\napp = create_app(prefix='/v1')\n",
    },
)

project(
    "a factory that nobody calls",
    {
        "main.py": FLAT
        + """
def create_app():
    app = FastAPI()
    include(app)
    return app
def include(app):
    from views import router
    app.include_router(router, dependencies=[Depends(a)])
""",
        "views.py": START + "router = APIRouter(prefix='/v')\n@router.get('/x')\ndef x(): ...\n",
    },
    "main:create_app()",
)

project(
    "functions that make routers",
    FLAT
    + """
def crud(name: str, guard, *, writable: bool = False) -> APIRouter:
    router = APIRouter(prefix=f"/{name}", dependencies=[Depends(guard)])
    @router.get("/")
    def read(): ...
    if writable:
        @router.post("/")
        def write(): ...
    return router
app = FastAPI()
app.include_router(crud("users", a))
app.include_router(crud("items", b, writable=True))
""",
)

project(
    "classes that make routers",
    FLAT
    + """
class Crud:
    prefix = "/base"
    def __init__(self) -> None:
        self.router = APIRouter(prefix=self.prefix, dependencies=[Depends(self.guard())])
        self.router.add_api_route("/", self.read, methods=["GET"])
        self.setup()
    def setup(self) -> None: ...
    def guard(self):
        return a
    def read(self, x: None = Depends(c)): ...
class Items(Crud):
    prefix = "/items"
    def __init__(self) -> None:
        super().__init__()
        self.router.get("/more")(self.more)
    def setup(self) -> None:
        self.router.add_api_route("/own", self.own, methods=["DELETE"])
    def own(self): ...
    async def more(self, y: None = Depends(d)): ...
class Users(Crud):
    def guard(self):
        return b
app = FastAPI()
app.include_router(Items().router)
for view in (Users(),):
    app.include_router(view.router, prefix="/u")
""",
)

project(
    "a function kept as staticmethod",
    FLAT
    + """
class View:
    guard = staticmethod(a)
    def __init__(self) -> None:
        self.router = APIRouter(dependencies=[Depends(self.guard)])
        self.router.add_api_route("/x", self.read)
    def read(self): ...
app = FastAPI()
app.include_router(View().router)
""",
    wrong="`staticmethod(function)` as a value is a library object, not the function",
)

project(
    "included at start",
    FLAT
    + """
from contextlib import asynccontextmanager
late = APIRouter()
@late.get("/late")
def at_start(): ...
@asynccontextmanager
async def lifespan(app: FastAPI):
    app.include_router(late, prefix="/lifespan", dependencies=[Depends(a)])
    yield
app = FastAPI(lifespan=lifespan)
""",
)

project(
    "subclasses of the framework's classes",
    FLAT
    + """
from fastapi.routing import APIRoute
class Timed(APIRoute): ...
class Guarded(APIRouter):
    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("route_class", Timed)
        super().__init__(*args, dependencies=[Depends(a)], **kwargs)
class Service(FastAPI):
    def __init__(self, name: str, **kwargs) -> None:
        super().__init__(title=name, docs_url=None, **kwargs)
        self.include_router(status)
    def add(self, router: APIRouter) -> None:
        self.include_router(router, prefix="/added")
status = APIRouter()
@status.get("/status")
def state(): ...
guarded = Guarded(prefix="/g")
@guarded.get("/x")
def x(): ...
app = Service("shop", dependencies=[Depends(b)])
app.add(guarded)
""",
)

project(
    "other ways to register",
    FLAT
    + """
router = APIRouter()
def one(x: None = Depends(a)): ...
router.add_api_route("/one", one, methods=["GET", "DELETE"], dependencies=[Depends(b)])
router.get("/two")(one)
@router.api_route("/three", methods=["PUT", "PATCH"])
@router.head("/three")
@router.options("/three")
@router.trace("/three")
def three(): ...
getattr(router, "post")("/four")(three)
register = router.get
@register("/five")
def five(): ...
app = FastAPI()
app.router.add_api_route("/six", one)
@app.router.get("/seven")
def seven(): ...
app.include_router(router=router, prefix="/p")
app.api_route("/eight")(seven)
""",
)

project(
    "packages and names",
    {
        "shop/__init__.py": "from .main import app as app\n",
        "shop/main.py": """
import fastapi as web
from fastapi import FastAPI as Application
from . import api as endpoints
from .api.v1 import *
from .deps import guard as check
app = Application(dependencies=[web.Depends(check)])
app.include_router(endpoints.router, prefix="/e")
app.include_router(v1_router, prefix="/v1")
""",
        "shop/deps.py": """
from typing import TYPE_CHECKING
from fastapi import Depends
if TYPE_CHECKING:
    from shop.api.users import Store
def store() -> "Store": ...
def guard(s: "Store" = Depends(store)): ...
""",
        "shop/api/__init__.py": "from .users import router\n",
        "shop/api/users.py": """
try:
    from missing_library import APIRouter
except ImportError:
    from fastapi.routing import APIRouter
from fastapi import Depends
from ..deps import guard
class Store: ...
router = APIRouter()
@router.get("/users", dependencies=[Depends(guard)])
def users(): ...
""",
        "shop/api/v1/__init__.py": "from shop.api.v1.items import items as v1_router\n__all__ = ['v1_router']\n",
        "shop/api/v1/items.py": """
import fastapi.routing
items = fastapi.routing.APIRouter()
@items.get("/items")
def read_items(): ...
""",
    },
    "shop.main:app",
)

project(
    "an import cycle",
    {
        "main.py": START + "import users\napp = FastAPI()\napp.include_router(users.router)\n",
        "users.py": START
        + ("router = APIRouter()\nimport deps\n@router.get('/u', dependencies=[Depends(deps.guard)])\ndef u(): ...\n"),
        "deps.py": "import users\ndef guard():\n    return users.router\n",
    },
)

project(
    "values in paths and lists",
    {
        "config.py": """
import os
from enum import Enum
class Prefix(str, Enum):
    users = "/users"
class Settings:
    api = "/api"
    version: str = os.getenv("NO_SUCH_VERSION_VARIABLE", "v2")
    @property
    def base(self) -> str:
        return f"{self.api}/{self.version}"
settings = Settings()
BASE = settings.api + "/" + settings.version
METHODS = ["GET", "POST"]
""",
        "main.py": FLAT
        + """
from config import BASE, METHODS, Prefix, settings
COMMON = [Depends(a)]
MORE = [*COMMON, Depends(b)]
OPTIONS = {"dependencies": MORE, "prefix": "/opt"}
router = APIRouter(**OPTIONS)
@router.get("/{}".format("formatted"))
def formatted(): ...
@router.api_route("%s/x" % Prefix.users.value, methods=METHODS, dependencies=COMMON + [Depends(c)])
def percent(): ...
@router.get(Prefix.users)
def member(): ...
app = FastAPI()
app.include_router(router, prefix=BASE, dependencies=[Depends(guard) for guard in (d, e)])
app.include_router(router, prefix=settings.base + "/".join(["", "joined"]))
""",
    },
)

project(
    "conditions",
    FLAT
    + """
debug, real = APIRouter(), APIRouter()
@debug.get("/debug")
def d1(): ...
@real.get("/real")
def r1(): ...
DEBUG = False
LEVEL = {"debug": 10, "info": 20}["info"]
app = FastAPI()
if DEBUG:
    app.include_router(debug)
elif LEVEL >= 20:
    app.include_router(real, dependencies=[] if DEBUG else [Depends(a)])
else:
    app.include_router(debug, prefix="/else")
if (prefix := "/walrus") and not DEBUG:
    app.include_router(real, prefix=prefix)
try:
    import no_such_module_anywhere
except ImportError:
    app.include_router(real, prefix="/except")
""",
)

project(
    "modules found by name",
    {
        "plugins/__init__.py": "",
        "plugins/one.py": START + "router = APIRouter(prefix='/one')\n@router.get('/x')\ndef x(): ...\n",
        "plugins/two.py": START + "router = APIRouter(prefix='/two')\n@router.get('/y')\ndef y(): ...\n",
        "main.py": FLAT
        + """
import importlib
import pkgutil
import plugins
app = FastAPI()
for info in pkgutil.iter_modules(plugins.__path__):
    module = importlib.import_module(f"plugins.{info.name}")
    app.include_router(module.router, dependencies=[Depends(a)])
""",
    },
    resolved=False,
)

project(
    "dependencies of dependencies",
    FLAT
    + """
from typing import Annotated, AsyncIterator
async def session(x: None = Depends(a)) -> AsyncIterator[int]:
    yield 1
class Repository:
    def __init__(self, s: Annotated[int, Depends(session)]): ...
class Service:
    def __init__(self, repository: Repository = Depends(), other: None = Depends(b, use_cache=False)): ...
class Authorize:
    async def __call__(self, service: Annotated[Service, Depends()]): ...
Allowed = Annotated[None, Depends(Authorize())]
app = FastAPI()
@app.get("/deep")
async def deep(allowed: Allowed): ...
""",
)

project(
    "views as classes",
    {
        "views.py": """
import inspect
from fastapi import Depends
def cbv(router):
    def decorator(cls):
        _init_cbv(cls)
        functions = [member for _, member in inspect.getmembers(cls, inspect.isfunction)]
        for route in list(router.routes):
            if route.endpoint in functions:
                _update_signature(cls, route.endpoint)
                router.routes.remove(route)
                router.add_api_route(route.path, route.endpoint, methods=list(route.methods))
        return cls
    return decorator
def _init_cbv(cls):
    parameters, names = [], []
    for name, hint in inspect.get_annotations(cls).items():
        names.append(name)
        parameters.append(inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=getattr(cls, name)))
    def new_init(self, **kwargs):
        for name in names:
            setattr(self, name, kwargs[name])
    cls.__init__ = new_init
    cls.__signature__ = inspect.Signature(parameters)
def _update_signature(cls, endpoint):
    signature = inspect.signature(endpoint)
    first, *rest = signature.parameters.values()
    parameters = [first.replace(default=Depends(cls)), *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in rest)]
    endpoint.__signature__ = signature.replace(parameters=parameters)
""",
        "main.py": FLAT
        + """
from views import cbv
router = APIRouter()
@cbv(router)
class Items:
    x: None = Depends(a)
    @router.get("/items", )
    def items(self, y: None = Depends(b)): ...
    @router.post("/items")
    def add(self): ...
app = FastAPI()
app.include_router(router, prefix="/v")
""",
    },
)

project(
    "the same name again",
    FLAT
    + """
app = FastAPI()
@app.get("/one")
def read(x: None = Depends(a)): ...
@app.get("/two")
def read(x: None = Depends(b)): ...
def guard(x: None = Depends(c)): ...
@app.get("/three", dependencies=[Depends(guard)])
def three(): ...
def guard(x: None = Depends(d)): ...
@app.get("/four", dependencies=[Depends(guard)])
def four(): ...
""",
)

project(
    "functions that register",
    FLAT
    + """
app = FastAPI()
HANDLERS = []
def collect(function):
    HANDLERS.append(function)
    return function
def route(path, **options):
    def decorate(function):
        app.add_api_route(path, function, **options)
        return function
    return decorate
@route("/x", methods=["POST"], dependencies=[Depends(a)])
def x(): ...
@collect
def first(one: None = Depends(b)): ...
@collect
def second(): ...
for handler in HANDLERS:
    app.add_api_route("/" + handler.__name__, handler)
def init(target, *routers, **options):
    for router in routers:
        target.include_router(router, **options)
one, two = APIRouter(prefix="/one"), APIRouter(prefix="/two")
@one.get("/y")
@two.get("/z")
def y(): ...
init(app, one, two, dependencies=[Depends(c)], prefix="/init")
""",
)

project(
    "specifications in data",
    FLAT
    + """
from dataclasses import dataclass
from typing import Callable, NamedTuple
@dataclass
class Spec:
    path: str
    endpoint: Callable
    guards: list
    methods: tuple = ("GET",)
class Part(NamedTuple):
    router: APIRouter
    prefix: str = "/default"
def one(): ...
def two(): ...
SPECS = [Spec("/one", one, [a, b]), Spec(path="/two", endpoint=two, guards=[], methods=("PUT", "delete"))]
app = FastAPI()
for spec in SPECS:
    needed = [Depends(guard) for guard in spec.guards]
    app.add_api_route(spec.path, spec.endpoint, methods=list(spec.methods), dependencies=needed)
router = APIRouter()
router.get("/r")(one)
for part in (Part(router), Part(router, prefix="/given")):
    app.include_router(part.router, prefix=part.prefix)
GUARDS = {"admin": c, "user": d}
@app.get("/admin", dependencies=[Depends(GUARDS["admin"]), Depends(GUARDS.get("user"))])
def admin(): ...
""",
)

project(
    "a default made by a factory",
    FLAT
    + """
from dataclasses import dataclass, field
@dataclass
class Spec:
    path: str
    guards: list = field(default_factory=list)
app = FastAPI()
for spec in (Spec("/none"), Spec("/one", [a])):
    app.add_api_route(spec.path, lambda: None, dependencies=[Depends(guard) for guard in spec.guards])
""",
    wrong="field(default_factory=list) of a dataclass is not known",
)

project(
    "changed lists of dependencies",
    FLAT
    + """
base = [Depends(a)]
copied = base.copy()
copied.insert(0, Depends(b))
sliced = base[:]
sliced.extend([Depends(c)])
base += [Depends(d)]
def secure(router: APIRouter) -> APIRouter:
    router.dependencies.append(Depends(e))
    return router
app = FastAPI()
def x(): ...
app.add_api_route("/base", x, dependencies=base)
app.add_api_route("/copied", x, dependencies=copied)
app.add_api_route("/sliced", x, dependencies=sliced)
app.add_api_route("/both", x, dependencies=[*base, *sliced])
app.add_api_route("/tuple", x, dependencies=tuple(base))
app.add_api_route("/or", x, dependencies=None or base)
secured = secure(APIRouter())
secured.get("/s")(x)
app.include_router(secured)
""",
)

project(
    "routers that change what they include",
    FLAT
    + """
class Versioned(APIRouter):
    def include_router(self, router, *, prefix="", **options):
        super().include_router(router, prefix="/v1" + prefix, **options)
class Guarded(APIRouter):
    def add_api_route(self, path, endpoint, *, dependencies=None, **options):
        super().add_api_route(path, endpoint, dependencies=[Depends(a), *(dependencies or [])], **options)
class Short(APIRouter):
    def read(self, path, **options):
        return self.get(path, dependencies=[Depends(b)], **options)
    def put(self, path, **options):
        return super().put("/pre" + path, dependencies=[Depends(c)], **options)
guarded, short, versioned = Guarded(), Short(prefix="/short"), Versioned()
def added(): ...
guarded.add_api_route("/g", added)
@short.read("/s")
@short.put("/s")
def s(): ...
versioned.include_router(guarded)
versioned.include_router(short, prefix="/sub")
app = FastAPI()
app.include_router(versioned)
""",
)

for method in ("add_api_route", "api_route"):
    project(
        f"a router with its own {method}",
        FLAT
        + f"""
class Guarded(APIRouter):
    def {method}(self, path, *given, **options):
        return super().{method}("/pre" + path, *given, **{{**options, "dependencies": [Depends(a)]}})
router = Guarded()
@router.get("/x")
def x(): ...
app = FastAPI()
app.include_router(router)
""",
        wrong="a decorator of a router does not go through the method that its class overrides",
    )

project(
    "an application in a class",
    FLAT
    + """
class Server:
    def __init__(self, *, title: str = "shop"):
        self.app = FastAPI(title=title, dependencies=[Depends(a)])
        self._routes()
        self.router = APIRouter(prefix="/r")
        self.router.add_api_route("/own", self.own)
        self.app.include_router(self.router)
    def _routes(self):
        @self.app.get("/health")
        async def health(): ...
        self.app.get("/status")(self.status)
        self.app.add_api_route("/static", Server.fixed, methods=["POST"])
    def status(self, x: None = Depends(b)): ...
    def own(self): ...
    @staticmethod
    def fixed(): ...
app = Server().app
""",
)

project(
    "a router in a class body",
    FLAT
    + """
class Items:
    router = APIRouter(prefix="/items")
    @router.get("/")
    def read(x: None = Depends(a)): ...
    @staticmethod
    @router.post("/")
    def add(): ...
app = FastAPI()
app.include_router(Items.router)
""",
)

project(
    "handlers that are not functions",
    FLAT
    + """
import functools
class Handler:
    def __init__(self, name): ...
    def __call__(self, x: None = Depends(a)): ...
    def run(self, x: None = Depends(b)): ...
    @classmethod
    def build(cls, x: None = Depends(c)): ...
def configured(name: str, x: None = Depends(d)): ...
app = FastAPI()
app.add_api_route("/instance", Handler("a"))
app.add_api_route("/method", Handler("b").run)
app.add_api_route("/class-method", endpoint=Handler.build)
app.add_api_route("/partial", functools.partial(configured, name="x"))
app.add_api_route("/lambda", lambda: None)
""",
)

project(
    "dependencies that inherit",
    FLAT
    + """
from dataclasses import dataclass
class Base:
    def __init__(self, x: None = Depends(a)): ...
    def __call__(self, y: None = Depends(b)): ...
class Child(Base): ...
class Silent(Base):
    def __init__(self): ...
@dataclass
class Role:
    name: str
    def __call__(self, z: None = Depends(c)): ...
app = FastAPI()
@app.get("/child")
def r1(c_: Child = Depends()): ...
@app.get("/call", dependencies=[Depends(Silent())])
def r2(): ...
@app.get("/dataclass", dependencies=[Depends(Role("admin")), Depends(Role(name="user"))])
def r3(): ...
@app.get("/level")
def r4(s=Depends(Silent)): ...
""",
)

project(
    "dependencies made in functions",
    FLAT
    + """
def build(guard) -> APIRouter:
    router = APIRouter()
    def local(x: None = Depends(guard)): ...
    @router.get("/x", dependencies=[Depends(local)])
    def x(y: None = Depends(local)): ...
    class Inner:
        def __call__(self, z: None = Depends(local)): ...
    router.add_api_route("/y", x, dependencies=[Depends(Inner())])
    return router
class Auth:
    def __init__(self, role):
        self.role = role
    @property
    def required(self):
        return self.check
    def check(self, x: None = Depends(a)): ...
    def needs(self, *roles):
        async def inner(y: None = Depends(self.check)): ...
        return inner
auth = Auth("admin")
app = FastAPI()
app.include_router(build(b), prefix="/b")
@app.get("/required", dependencies=[Depends(auth.required)])
def required(): ...
@app.get("/needs", dependencies=[Depends(auth.needs("x", "y"))])
def needs(): ...
""",
)

project(
    "loops in other words",
    FLAT
    + """
def x(): ...
app = FastAPI()
one, two = APIRouter(), APIRouter()
for number, router in enumerate((one, two)):
    router.add_api_route(f"/{number}", x)
[app.include_router(router, prefix="/comprehension") for router in (one, two)]
for prefix in ("/a", "/b"):
    for router, guard in ((one, a), (two, b)):
        app.include_router(router, prefix=prefix, dependencies=[Depends(guard)])
for index in range(2):
    app.include_router([one, two][index], prefix=f"/range{index}")
""",
)

MANY = {
    "a comprehension makes routers": (
        "routers = [APIRouter(prefix=f'/r{n}') for n in range(2)]\nfor router in routers:\n"
        "    router.add_api_route('/x', x)\n"
        "    app.include_router(router)\n",
        "the rounds of a comprehension make one and the same router",
    ),
    "a dictionary comprehension makes routers": (
        "routers = {n: APIRouter(prefix='/' + n) for n in ('a', 'b')}\nrouters['a'].get('/')(x)\n"
        "routers['b'].post('/')(x)\n"
        "for router in routers.values():\n    app.include_router(router)\n",
        "the rounds of a comprehension make one and the same router",
    ),
    "map includes": (
        "one = APIRouter()\none.add_api_route('/x', x)\nlist(map(app.include_router, [one]))\n",
        "map() calls nothing",
    ),
    "map makes routers": (
        "def make(n):\n    router = APIRouter(prefix='/' + n)\n    router.add_api_route('/x', x)\n    return router\n"
        "for router in map(make, ['a', 'b']):\n    app.include_router(router)\n",
        "map() calls nothing",
    ),
    "a generator makes routers": (
        "def make():\n    for n in 'ab':\n        router = APIRouter(prefix='/' + n)\n"
        "        router.add_api_route('/x', x)\n"
        "        yield router\nfor router in make():\n    app.include_router(router)\n",
        "a loop over a generator of the project is not followed",
    ),
    "a chain of lists": (
        "import itertools\none = APIRouter()\none.add_api_route('/x', x)\nfor router in itertools.chain([one], []):\n"
        "    app.include_router(router)\n",
        "itertools.chain is not followed",
    ),
    "a list taken from its end": (
        "one, two = APIRouter(), APIRouter()\none.add_api_route('/x', x)\ntwo.add_api_route('/y', x)\n"
        "waiting = [one, two]\n"
        "while waiting:\n    app.include_router(waiting.pop())\n",
        "a while loop runs once",
    ),
}
for title, (lines, why) in MANY.items():
    project(title, f"{START}def x(): ...\napp = FastAPI()\n{lines}", wrong=why)

project(
    "names made of names",
    {
        "api/__init__.py": "",
        "api/items.py": START + "router = APIRouter()\n@router.get('/i')\ndef items(): ...\n",
        "api/users.py": START + "router = APIRouter()\n@router.get('/u')\ndef users(): ...\n",
        "main.py": START
        + """
from importlib import import_module
from api import items, users
app = FastAPI()
for name in ("items", "users"):
    app.include_router(import_module("api." + name).router, prefix=f"/{name}")
for module in (items, users):
    app.include_router(module.router, prefix="/" + module.__name__.split(".")[-1].upper())
    app.include_router(getattr(module, "router"), prefix="/" + module.__name__.rsplit(".", 1)[1][:2])
""",
    },
)

project(
    "arguments in a dictionary",
    FLAT
    + """
COMMON = {"dependencies": [Depends(a)]}
COMMON["prefix"] = "/common"
router = APIRouter(**COMMON)
OPTIONS = dict(methods=["PUT"], dependencies=[Depends(b)])
@router.api_route("/x", **OPTIONS, include_in_schema=False)
def x(): ...
def options(guard=c):
    return {"dependencies": [Depends(guard)], "prefix": "/o"}
app = FastAPI(**{"title": "x", "docs_url": None})
app.include_router(**{"router": router, **options()})
app.include_router(router, **{**options(guard=d), "prefix": "/p"})
""",
)

project(
    "mounted factories",
    FLAT
    + """
def version(number: int) -> FastAPI:
    sub = FastAPI(openapi_url=None, dependencies=[Depends(a)])
    @sub.get("/x")
    def x(): ...
    return sub
app = FastAPI(openapi_url=None)
for number in (1, 2):
    app.mount(f"/v{number}", version(number))
inner = FastAPI(openapi_url=None)
inner.mount(path="/deep", app=version(3), name="deep")
app.mount("/outer", inner)
router = APIRouter()
router.add_api_route("/late", lambda: None)
inner.include_router(router)
""",
)

project(
    "security in a package of its own",
    {
        "app/__init__.py": "",
        "app/security/__init__.py": "from .current import *\nfrom .roles import Roles as RequireRoles\n",
        "app/security/current.py": """
from __future__ import annotations
from typing import TYPE_CHECKING, Annotated
from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from app.db import get_db
if TYPE_CHECKING:
    from app.models import User
oauth2 = OAuth2PasswordBearer(tokenUrl="/token")
Token = Annotated[str, Depends(oauth2)]
async def get_current_user(token: Token, db=Depends(get_db)): ...
CurrentUser = Annotated["User", Depends(get_current_user)]
""",
        "app/security/roles.py": """
from .current import get_current_user
from fastapi import Security
class Roles:
    def __init__(self, *names): self.names = names
    async def __call__(self, user=Security(get_current_user, scopes=["roles"])): ...
""",
        "app/models.py": "class User: ...\n",
        "app/db.py": "async def get_db():\n    yield None\n",
        "app/api/__init__.py": "",
        "app/api/items.py": """
from fastapi import APIRouter, Depends
from app import security
from app.security import RequireRoles, get_current_user
router = APIRouter(prefix="/items", dependencies=[Depends(RequireRoles("a", "b"))])
@router.get("/{item_id}")
async def read(item_id: int, user=Depends(security.get_current_user)): ...
""",
        "app/main.py": """
from fastapi import FastAPI
from .api import items
def get_application() -> FastAPI:
    application = FastAPI()
    application.include_router(items.router, prefix="/api")
    return application
app = get_application()
""",
    },
    "app.main:app",
)

project(
    "parameters of every kind",
    FLAT
    + """
from typing import Annotated
from fastapi import Body, Request, Response
def lazy(request: Request, q: str = "", *, x: Annotated[None, Depends(a)]): ...
def default(x=Depends(c), y: "int | None" = None): ...
class Ann:
    field: Annotated[None, Depends(d)]
Alias = Annotated[None, Depends(e), "text", 3]
Nested = Annotated[Alias, "more"]
Both = Annotated[None, Depends(f)]
app = FastAPI()
@app.get("/lazy")
def r1(l=Depends(lazy), response: Response = None): ...
@app.get("/default")
def r2(d_=Depends(default)): ...
@app.get("/nested")
def r3(n: Nested, m: "Nested"): ...
@app.get("/dependency-keyword")
def r4(n=Depends(dependency=a, use_cache=False)): ...
""",
)

project(
    "a generic class as dependency",
    FLAT
    + """
from typing import Generic, TypeVar
T = TypeVar("T")
class Page(Generic[T]):
    def __init__(self, x: None = Depends(a)): ...
app = FastAPI()
@app.get("/x")
def x(p: Page[int] = Depends(Page)): ...
""",
)

project(
    "a subscripted class as dependency",
    FLAT
    + """
from typing import Generic, TypeVar
T = TypeVar("T")
class Page(Generic[T]):
    def __init__(self, x: None = Depends(a)): ...
app = FastAPI()
@app.get("/x")
def x(p=Depends(Page[int])): ...
""",
    wrong="FastAPI reads the signature of the alias, (*args, **kwargs): the dependencies of the class do not run",
)

project(
    "routers given their routes",
    FLAT
    + """
from fastapi.routing import APIRoute
def x(one: None = Depends(a)): ...
router = APIRouter(dependencies=[Depends(b)], routes=[APIRoute("/x", x, methods=["POST"], dependencies=[Depends(c)])])
app = FastAPI(dependencies=[Depends(d)])
app.include_router(router, prefix="/p", dependencies=[Depends(e)])
""",
)

project(
    "routers given their routes and a prefix",
    START
    + """
from fastapi.routing import APIRoute
def x(): ...
app = FastAPI()
app.include_router(APIRouter(prefix="/r", routes=[APIRoute("/x", x)]), prefix="/p")
""",
    wrong="the router's own prefix is not put before routes that it was given",
)

project(
    "another application below a host name",
    FLAT
    + """
api = FastAPI(openapi_url=None, dependencies=[Depends(a)])
@api.get("/x")
def x(): ...
app = FastAPI(openapi_url=None)
app.host("api.example.org", api)
""",
)

project(
    "class attributes and partials as shorthand",
    FLAT
    + """
import functools
router = APIRouter()
get = functools.partial(router.get, dependencies=[Depends(a)])
post, put = router.post, router.put
@get("/x")
def x(): ...
@post("/x")
@put("/x")
def y(): ...
Needs = functools.partial(Depends, use_cache=False)
@router.get("/z", dependencies=[Needs(b)])
def z(v: None = Needs(c)): ...
app = FastAPI()
app.include_router(router)
""",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The tables that FastAPI builds, by project."""
    base = tmp_path_factory.mktemp("projects")
    work = [[str(write(base / str(n), case.files)), case.entry] for n, case in enumerate(PROJECTS.values())]
    (base / "work.json").write_text(json.dumps(work), encoding="utf-8")
    script = Path(__file__).with_name("runtime_table.py")
    done = subprocess.run(
        [sys.executable, str(script), str(base / "work.json")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(PROJECTS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", cases())
def test_the_tables_agree(name: str, built: dict[str, list[Any]], tmp_path: Path) -> None:
    case = PROJECTS[name]
    table = survey(tmp_path, case.files).table
    read = sorted(
        [
            row.path,
            list(row.methods),
            row.kind,
            "docs" if row.kind == "docs" else row.endpoint,
            sorted(row.dependencies),
        ]
        for row in table.routes
    )
    assert read == built[name]
    assert (table.unresolved == ()) is case.resolved
    assert [app.name for app in table.apps] == [case.entry]
