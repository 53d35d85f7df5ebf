"""Projects whose functions and classes make applications and routers."""

from __future__ import annotations

from cases_of_tables import FLAT, GUARDS, START, Cases

PROJECTS = Cases()
project = PROJECTS.add

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
    "an application that is asked for by its name",
    {
        "shop/__init__.py": "",
        "shop/main.py": (
            "from fastapi import FastAPI\nfrom shop.serving import Serving\napp = FastAPI()\nServing().fill()\n"
        ),
        "shop/serving.py": START
        + """
import pkgutil
from uvicorn.importer import import_from_string
from shop.guards import a, b
class Serving:
    def fill(self) -> None:
        app = import_from_string("shop.main:app")
        app.add_api_route("/live", self.live, dependencies=[Depends(pkgutil.resolve_name("shop.guards.b"))])
        app.include_router(pkgutil.resolve_name("shop.items:router"))
    def live(self, x: None = Depends(a)): ...
""",
        "shop/guards.py": GUARDS,
        "shop/items.py": START + "router = APIRouter()\n@router.get('/items')\ndef items(): ...\n",
    },
    entry="shop.main:app",
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

VIEWS = """
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
"""

project(
    "views as classes",
    {
        "views.py": VIEWS,
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
    "views made in a function and given to a call",
    {
        "views.py": VIEWS,
        "main.py": FLAT
        + """
from views import cbv
class Router(APIRouter):
    @property
    def view(self):
        return cbv(self)
router, other = Router(), APIRouter()
def tags_of(router, kind):
    class Tags:
        x: None = Depends(a)
        @router.get(f"/{kind}/tags")
        def index(self, y: None = Depends(b)): ...
        @router.put(f"/{kind}/tags")
        def put(self): ...
    return Tags
for kind in ("books", "films"):
    router.view(tags_of(router, kind))
cbv(other)(tags_of(other, "songs"))
app = FastAPI()
app.include_router(router, prefix="/v")
app.include_router(other)
""",
    },
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
        wrong="",
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
    "a router that adds aliases, and classes as views",
    FLAT
    + """
from enum import Enum
class Verb(str, Enum):
    get = "GET"
    put = "PUT"
class Aliased(APIRouter):
    def add_all(self, verb: Verb, path, alias=None, **options):
        admin = options.pop("admin", False)
        if admin:
            options["dependencies"] = [*options.pop("dependencies", []), Depends(a)]
        def adding(one):
            def add(function):
                self.add_api_route(one, endpoint=function, methods=[verb], **options)
                return function
            return add
        adders = [adding(one) for one in self.aliases(path, alias)]
        def decorate(function):
            for add in adders:
                function = add(function)
            return function
        return decorate
    @staticmethod
    def aliases(path, alias):
        yield path
        if alias:
            yield from (alias, alias + "/")
    def get(self, *args, **options):
        return self.add_all(Verb.get, *args, **options)
    def put(self, *args, **options):
        return self.add_all(Verb.put, *args, **options)
router = Aliased()
@router.get("/x", alias="/old-x", dependencies=[Depends(b)])
def x(): ...
@router.put("/y", admin=True, dependencies=[Depends(c)])
def y(): ...
app = FastAPI()
app.include_router(router)
""",
)

project(
    "objects of route classes of the project",
    FLAT
    + """
from fastapi import WebSocket
from fastapi.routing import APIRoute, APIWebSocketRoute
class Route(APIRoute):
    def __init__(self, *args, response_model_exclude_none=True, **kwargs):
        super().__init__(*args, response_model_exclude_none=response_model_exclude_none, **kwargs)
class Socket(APIWebSocketRoute):
    pass
class Endpoints:
    async def read(self): ...
    async def write(self): ...
    async def talk(self, websocket: WebSocket): ...
def create_app() -> FastAPI:
    endpoints = Endpoints()
    table = [Route("/things", endpoints.read), Route("/things", endpoints.write, methods=["POST"])]
    table += [APIRoute("/plain", endpoints.read, dependencies=[Depends(a)]), Socket("/talk", endpoints.talk)]
    return FastAPI(openapi_url=None, routes=table)
app = create_app()
""",
)

project(
    "routes taken from another router one by one",
    FLAT
    + """
from fastapi.routing import APIRoute
inner = APIRouter(prefix="/inner", dependencies=[Depends(a)])
@inner.get("/read", dependencies=[Depends(b)])
def read(): ...
@inner.post("/write")
def write(): ...
@inner.get("/left/{item_id}")
def left(): ...
outer = APIRouter(prefix="/outer")
for route in inner.routes:
    if isinstance(route, APIRoute) and not route.path.endswith("}"):
        outer.add_api_route(route.path, route.endpoint, methods=list(route.methods), dependencies=[Depends(c)])
app = FastAPI(openapi_url=None)
app.include_router(outer)
for route in inner.routes:
    app.router.routes.append(route)
spare = APIRouter()
@spare.get("/spare", dependencies=[Depends(d)])
def extra(): ...
app.routes.extend(spare.routes)
""",
)

project(
    "a factory called after much other work, and one that does some itself",
    {
        "work.py": "".join(f"def step{n}(): {f'step{n + 1}(); ' * 4}\n" for n in range(9)) + "def step9(): ...\n",
        "shop.py": START
        + """
import work
def create_app():
    work.step0()
    app = FastAPI()
    @app.get("/x")
    def x(): ...
    return app
""",
        "main.py": """
import work
from shop import create_app
def main():
    work.step4()
    return create_app()
def start():
    work.step4()
    return main()
app = start()
""",
    },
)
