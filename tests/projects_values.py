"""Projects whose routes come from loops, values, conditions and other modules."""

from __future__ import annotations

from cases_of_tables import FLAT, START, Cases

PROJECTS = Cases()
project = PROJECTS.add

project("no documentation", "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n")

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
    "members that number themselves",
    START
    + """
from enum import Enum, Flag, IntEnum, StrEnum, auto
class End(StrEnum):
    START_RUN = auto()
    STOP = auto()
    OTHER = "elsewhere"
class Version(IntEnum):
    FIRST = auto()
    SECOND = auto()
    TENTH = 10
    LATER = auto()
class Right(Flag):
    READ = auto()
    WRITE = auto()
    SHARE = auto()
class Named(str, Enum):
    def _generate_next_value_(name, start, count, last_values):
        return name.replace("_", "-")
class Kind(Named):
    open_house = auto()
    closed = auto()
app = FastAPI()
def handler(): ...
for member in End:
    app.add_api_route(f"/all/{member}", handler)
app.add_api_route("/" + End.STOP, handler)
app.add_api_route(f"/{End.START_RUN.value}/{{id}}", handler)
for version in Version:
    app.add_api_route(f"/v{version.value}", handler)
app.add_api_route(f"/share{Right.SHARE.value}", handler)
for kind in Kind:
    app.add_api_route(f"/kind/{kind.value}", handler)
""",
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
)

project(
    "modules found by name, packages in packages",
    {
        "plugins/__init__.py": """
import importlib
import pkgutil
def load(app, **options):
    for _, name, is_package in pkgutil.walk_packages(__path__, prefix=f"{__name__}."):
        if not is_package:
            app.include_router(importlib.import_module(name).router, **options)
""",
        "plugins/one.py": START + "router = APIRouter(prefix='/one')\n@router.get('/x')\ndef x(): ...\n",
        "plugins/more/__init__.py": "",
        "plugins/more/two.py": START + "router = APIRouter(prefix='/two')\n@router.get('/y')\ndef y(): ...\n",
        "main.py": FLAT + "import plugins\napp = FastAPI()\nplugins.load(app, dependencies=[Depends(a)])\n",
    },
)

project(
    "routers in a dictionary by numbers and by classes",
    FLAT
    + """
app = FastAPI()
class Users: ...
class Groups: ...
VERSIONS, OF = {}, {}
def version(number):
    return VERSIONS.setdefault(number, APIRouter(prefix=f"/v{number}"))
def of(kind):
    if kind not in OF:
        OF[kind] = APIRouter(prefix=f"/{kind.__name__}")
    return OF.get(kind)
for number in (1, 2):
    @version(number).get("/x")
    def x(): ...
@of(Users).get("/list", dependencies=[Depends(a)])
def users(): ...
@of(Groups).get("/list")
def groups(): ...
for router in [*VERSIONS.values(), *OF.values()]:
    app.include_router(router)
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
        "",
    ),
    "a dictionary comprehension makes routers": (
        "routers = {n: APIRouter(prefix='/' + n) for n in ('a', 'b')}\nrouters['a'].get('/')(x)\n"
        "routers['b'].post('/')(x)\n"
        "for router in routers.values():\n    app.include_router(router)\n",
        "",
    ),
    "map includes": (
        "one = APIRouter()\none.add_api_route('/x', x)\nlist(map(app.include_router, [one]))\n",
        "",
    ),
    "map makes routers": (
        "def make(n):\n    router = APIRouter(prefix='/' + n)\n    router.add_api_route('/x', x)\n    return router\n"
        "for router in map(make, ['a', 'b']):\n    app.include_router(router)\n",
        "",
    ),
    "a generator makes routers": (
        "def make():\n    for n in 'ab':\n        router = APIRouter(prefix='/' + n)\n"
        "        router.add_api_route('/x', x)\n"
        "        yield router\nfor router in make():\n    app.include_router(router)\n",
        "",
    ),
    "a chain of lists": (
        "import itertools\none = APIRouter()\none.add_api_route('/x', x)\nfor router in itertools.chain([one], []):\n"
        "    app.include_router(router)\n",
        "",
    ),
    "a list taken from its end": (
        "one, two = APIRouter(), APIRouter()\none.add_api_route('/x', x)\ntwo.add_api_route('/y', x)\n"
        "waiting = [one, two]\n"
        "while waiting:\n    app.include_router(waiting.pop())\n",
        "",
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
    "settings inside settings",
    {
        "config.py": """
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
class Prefixes(BaseModel):
    users: str = "/users"
    api: str = "/api"
class Run(BaseModel):
    root: str = ""
class Settings(BaseSettings):
    name: str = "shop"
    prefixes: Prefixes = Prefixes()
    run: Run = Field(default_factory=Run)
settings = Settings()
""",
        "main.py": START
        + """
from config import settings
router = APIRouter(prefix=settings.prefixes.users)
@router.get("/one")
def one(): ...
app = FastAPI()
app.include_router(router, prefix=f"{settings.run.root}/{settings.name}" + settings.prefixes.api)
""",
    },
)

project(
    "entries of a configuration of one's own",
    {
        "config.py": """
import os
try:
    import decouple
except ImportError:
    decouple = type("decouple", (), {"undefined": object()})
class Entry:
    def __init__(self, key, default=None):
        self.key, self.default, self.value = key, default, decouple.undefined
class Configuration:
    def text(self, key, default):
        return Entry(key, default)
base = Configuration()
class Server(Configuration):
    DATA_ROUTE = base.text("DATA_ROUTE", "/data/config")
    def __init__(self):
        for name in dir(self):
            entry = getattr(self, name)
            if isinstance(entry, Entry):
                setattr(self, name, os.environ.get(entry.key, entry.default))
server = Server()
""",
        "main.py": START
        + """
from config import server
app = FastAPI()
@app.get(server.DATA_ROUTE)
def data(): ...
""",
    },
)

project(
    "a library's decorator that is called by hand",
    FLAT
    + """
from fastapi import APIRouter as Plain, Request
from starlette.authentication import requires
class Router(Plain):
    def api_route(self, path, **options):
        short, long = super().api_route(path, **options), super().api_route(path + "/", **options)
        def decorator(view):
            long(view)
            return short(view)
        return decorator
def scoped(method, path, *scopes):
    def decorator(view):
        return method(path, dependencies=[Depends(a)])(requires(list(scopes))(view))
    return decorator
router = Router(prefix="/things")
@scoped(router.get, "/{number}", "authenticated")
def read(request: Request, number: int): ...
def drop(request: Request, number: int): ...
router.add_api_route("/{number}/drop", requires("authenticated")(drop), methods=["DELETE"])
app = FastAPI()
app.include_router(router)
""",
)

project(
    "classes that calls make, and questions about classes",
    FLAT
    + """
class Base: ...
class Text(Base):
    def __init__(self, q: str = "", guard: None = Depends(a)): ...
class Other: ...

def endpoint(model):
    if isinstance(model, dict):
        def read(data: dict): ...
    elif issubclass(model, Base):
        def read(data=Depends(model)): ...
    elif issubclass(model, (Other, str)):
        def read(guard: None = Depends(b)): ...
    else:
        raise ValueError(model)
    return read

def joined(name, mixins):
    parts = [Text, *mixins]
    if all(issubclass(part, Base) for part in parts):
        return type(name, tuple(parts), {})
    elif any([issubclass(part, Other) for part in parts]):
        return Other
    return Base

app = FastAPI()
app.add_api_route("/text", endpoint(joined("Search", [])), methods=["GET"])
app.add_api_route("/other", endpoint(joined("Search", [Other])), methods=["GET"])
app.add_api_route("/dict", endpoint({}), methods=["POST"])
""",
)

project(
    "what a factory gives that raises with the defaults of settings which are read at start",
    FLAT
    + """
import tomllib
from typing import Optional, Union
from pydantic import BaseModel

class Config(BaseModel):
    provider: Optional[str] = None
class Guarding:
    def wrapper(self, public: bool = False):
        def check(token: None = Depends(a)): ...
        return check
class One(Guarding): ...
class Two(Guarding): ...

def make_one(config) -> One | Two:
    if config.provider == "one":
        return One()
    elif config.provider == "two":
        return Two()
    raise ValueError(config.provider)

def make_two(config) -> Union[One, Two]:
    if config.provider == "one":
        return One()
    raise ValueError(config.provider)

app = FastAPI()
def serve():
    config = Config(**tomllib.loads('provider = "one"'))
    one = make_one(config)
    two = make_two(config)
    @app.get("/one")
    def first(user=Depends(one.wrapper())): ...
    @app.get("/two", dependencies=[Depends(two.wrapper(public=True))])
    def second(): ...
serve()
""",
)

project(
    "parameters that depend on something only where it is configured",
    FLAT
    + """
import os
from typing import Annotated
from fastapi.security import APIKeyHeader
KEY = os.getenv("A_KEY_THAT_NOBODY_SET")
header = None
if KEY:
    header = APIKeyHeader(name="X-Key", auto_error=False)
app = FastAPI()
@app.get("/configured")
def configured(key: str | None = None if header is None else Depends(header)): ...
@app.get("/said")
def said(key: Annotated[str | None, Depends(b)] = None): ...
@app.get("/other")
def other(key: str | None = Depends(a) if header is None else Depends(header)): ...
""",
)
