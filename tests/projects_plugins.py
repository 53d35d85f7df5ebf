"""Projects whose routes are found at start: handlers by a mark, plugins by their group."""

from __future__ import annotations

from cases_of_tables import FLAT, START, Cases

PROJECTS = Cases()
project = PROJECTS.add

project(
    "handlers that a decorator marks and their class registers",
    FLAT
    + """
class Handler:
    def names(self):
        return dir(self)
    def register(self, router: APIRouter):
        for name in self.names():
            if name.startswith("_"):
                continue
            member = getattr(self, name)
            if settings := getattr(member, "__settings", None):
                router.add_api_route(endpoint=member, **settings)
def handler(**settings):
    def mark(function):
        settings["operation_id"] = function.__name__
        function.__settings = settings
        return function
    return mark
class Zones(Handler):
    TAGS = ["zones"]
    @handler(path="/zones", methods=["GET"], tags=TAGS, dependencies=[Depends(a)])
    async def all(self, size: int = 0): ...
    @handler(path="/zones/{zone_id}", methods=["DELETE"], dependencies=[Depends(b)])
    async def drop(self, zone_id: int): ...
    def helper(self): ...
class Teams(Handler):
    @handler(path="/teams", methods=["POST"])
    async def make(self): ...
class Group:
    def __init__(self, prefix, handlers):
        self.prefix, self.handlers = prefix, handlers
    def register(self, router):
        inner = APIRouter()
        for each in self.handlers:
            each.register(inner)
        router.include_router(inner, prefix=self.prefix)
app = FastAPI(openapi_url=None)
for group in [Group("/v1", [Zones(), Teams()])]:
    group.register(app.router)
""",
)

project(
    "members that inspect gives by kind",
    FLAT
    + """
import inspect
def route(path, method="GET", **settings):
    def mark(function):
        function._route = (path, method, settings)
        return function
    return mark
class View:
    prefix = ""
    def __init__(self):
        self.router = APIRouter(prefix=self.prefix)
        for name, member in inspect.getmembers(self, inspect.ismethod):
            if hasattr(member, "_route"):
                path, method, settings = member._route
                self.router.add_api_route(path, member, methods=[method], **settings)
class Items(View):
    prefix = "/items"
    @route("/")
    def all(self): ...
    @route("/{item_id}", "DELETE", dependencies=[Depends(a)])
    def drop(self, item_id: int): ...
    def helper(self): ...
class Plain:
    limit = 5
    @route("/other")
    def other(): ...
app = FastAPI(openapi_url=None)
app.include_router(Items().router)
for name, member in vars(Plain).items():
    if callable(member) and getattr(member, "_route", None) and inspect.isfunction(member):
        app.add_api_route(member._route[0], member)
""",
)

project(
    "plugins of a group that the project declares",
    {
        "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
        "shop-1.0.dist-info/entry_points.txt": (
            "[shop.plugins]\nitems = shop.items\nusers = shop.users:Plugin\n\n[console_scripts]\nshop = shop:run\n"
        ),
        "shop/__init__.py": "",
        "shop/items.py": START
        + """
from shop.guards import a
router = APIRouter()
@router.get("/items")
def items(): ...
def init_app(app):
    app.include_router(router, dependencies=[Depends(a)])
""",
        "shop/users.py": START
        + """
class Plugin:
    def __init__(self):
        self.router = APIRouter(prefix="/users")
        @self.router.get("/")
        def users(): ...
""",
        "shop/guards.py": "def a() -> None: ...\n",
        "main.py": START
        + """
try:
    from importlib.metadata import entry_points
except ImportError:
    from importlib_metadata import entry_points
def load(app):
    for plugin in entry_points(group="shop.plugins"):
        found = plugin.load()
        if plugin.name == "items":
            found.init_app(app)
        else:
            app.include_router(found().router)
app = FastAPI(openapi_url=None)
load(app)
""",
    },
)
