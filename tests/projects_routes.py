"""Projects that show how routes are registered, included and mounted."""

from __future__ import annotations

from cases_of_tables import FLAT, START, Cases

PROJECTS = Cases()
project = PROJECTS.add

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

project(
    "a second path for each of many routes that are shown",
    FLAT
    + """
from fastapi.routing import APIRoute
app = FastAPI(dependencies=[Depends(a)])
for number in range(70):
    @app.get(f"/v1/flows/{number}", dependencies=[Depends(b)])
    def flow(): ...
    @app.post(f"/v1/flows/{number}", include_in_schema=False)
    def secret(): ...
@app.get("/other")
def other(): ...
def agents(application: FastAPI) -> None:
    def renamed(path: str) -> str:
        return "/".join("agents" if part == "flows" else part for part in path.split("/"))
    known = {(route.path, frozenset(route.methods)) for route in application.routes if isinstance(route, APIRoute)}
    for route in list(application.router.routes):
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        path = renamed(route.path)
        if path == route.path or (path, frozenset(route.methods)) in known:
            continue
        given = route.dependencies[1:]
        application.router.add_api_route(path, route.endpoint, methods=route.methods, dependencies=given)
agents(app)
""",
)

project(
    "paths that an application has by default",
    FLAT
    + """
class Shop(FastAPI):
    def __init__(self, *args, connect=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.connect = connect
app = Shop(docs_url=None, redoc_url=None)
if app.swagger_ui_oauth2_redirect_url is None:
    app.swagger_ui_oauth2_redirect_url = "back"
@app.get(app.swagger_ui_oauth2_redirect_url, include_in_schema=False)
def back(): ...
@app.get(f"/copy{app.openapi_url}", dependencies=[Depends(a)])
def copy(): ...
""",
)
