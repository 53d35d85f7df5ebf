"""The route table: what a row says, in which order, and what is said of things that cannot be followed.

That paths, methods, handlers and sets of dependencies are FastAPI's own is test_routes_against_fastapi.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import Files, routes, survey

START = "from fastapi import APIRouter, Depends, FastAPI\n"
GUARDS = "".join(f"def {name}() -> None: ...\n" for name in "abcdefgh")
FLAT = START + GUARDS
ROUTER = START + (
    "def guard(): ...\nrouter = APIRouter(dependencies=[Depends(guard)])\n@router.get('/x')\ndef x(): ...\n"
)


def unresolved(root: Path, files: Files) -> list[tuple[str, int, str]]:
    found = survey(root, files).table.unresolved
    return [(item.location.path, item.location.span.line, item.reason) for item in found]


# Rows


def test_dependencies_come_in_the_order_in_which_they_run(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        FLAT
        + """
inner = APIRouter(dependencies=[Depends(e)])
def with_own(x: None = Depends(h)): ...
@inner.get("/x", dependencies=[Depends(f)])
def x(value: None = Depends(g), other: None = Depends(with_own)): ...
outer = APIRouter(dependencies=[Depends(c)])
outer.include_router(inner, dependencies=[Depends(d)])
app = FastAPI(dependencies=[Depends(a)])
app.include_router(outer, dependencies=[Depends(b)])
""",
    )
    assert found["/x"].dependencies == (*(f"main.{name}" for name in "abcdefg"), "main.with_own", "main.h")


def test_a_row_says_where_the_handler_is_and_how_it_was_reached(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        {
            "users.py": (
                "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get(\n    '/x',\n)\n"
                "@staticmethod\ndef x():\n    ...\n"
            ),
            "api.py": START + "import users\napi = APIRouter()\n\napi.include_router(users.router)\n",
            "main.py": "from fastapi import FastAPI\nfrom api import api\napp = FastAPI()\n\napp.include_router(api)\n",
        },
    )
    row = found["/x"]
    assert row.location is not None
    assert (row.location.path, row.location.span.line) == ("users.py", 8)
    assert row.included_through == ("main.py:5", "api.py:5")


def test_rows_are_sorted_and_methods_too(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        START
        + """
app = FastAPI(openapi_url=None)
@app.api_route("/b", methods=["POST", "get"])
def b(): ...
@app.delete("/a")
def a2(): ...
@app.post("/a")
@app.get("/a")
def a1(): ...
""",
    ).table
    assert [(row.path, row.methods) for row in table.routes] == [
        ("/a", ("DELETE",)),
        ("/a", ("GET",)),
        ("/a", ("POST",)),
        ("/b", ("GET", "POST")),
    ]


def test_a_route_that_is_shadowed_by_an_earlier_one_is_still_listed(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        START + ("app = FastAPI()\n@app.get('/u/{name}')\ndef u(name): ...\n@app.get('/u/admin')\ndef admin(): ...\n"),
    )
    assert set(found) == {"/u/{name}", "/u/admin"}


def test_an_application_of_several_in_one_directory_has_its_own_rows(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        {
            "users.py": ROUTER,
            "public.py": (
                "from fastapi import FastAPI\nimport users\npublic = FastAPI(openapi_url=None)\n"
                "public.include_router(users.router)\n"
            ),
            "internal.py": START
            + (
                "import users\ninternal = FastAPI(openapi_url=None, dependencies=[Depends(users.guard)])\n"
                "internal.include_router(users.router, prefix='/i')\n"
            ),
        },
    ).table
    assert [(row.app, row.path) for row in table.routes] == [("internal:internal", "/i/x"), ("public:public", "/x")]
    assert [app.name for app in table.apps] == ["internal:internal", "public:public"]


# Applications


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app = FastAPI()\n", "main:app"),
        ("def create_app():\n    app = FastAPI()\n    app.get('/x')(x)\n    return app\n", "main:create_app()"),
        ("def create_app():\n    app = FastAPI()\n    return app\napplication = create_app()\n", "main:application"),
        (
            (
                "def create_app():\n    app = FastAPI()\n    return app\nif __name__ == '__main__':\n"
                "    app = create_app()\n"
            ),
            "main:app",
        ),
        ("async def create_app():\n    app = FastAPI()\n    app.get('/x')(x)\n    return app\n", "main:create_app()"),
        ("class Service(FastAPI): ...\napp = Service()\n", "main:app"),
        (
            (
                "from functools import lru_cache\n@lru_cache\ndef get_app():\n    app = FastAPI()\n"
                "    app.get('/x')(x)\n    return app\n"
            ),
            "main:get_app()",
        ),
    ],
)
def test_an_application_is_named_by_what_holds_it(tmp_path: Path, text: str, name: str) -> None:
    assert [app.name for app in survey(tmp_path, f"{START}def x(): ...\n{text}").table.apps] == [name]


def test_a_factory_in_a_class_is_named_by_the_method(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        START
        + (
            "class Server:\n    def build(self):\n        app = FastAPI(openapi_url=None)\n"
            "        app.get('/x')(self.x)\n        return app\n    def x(self): ...\n"
        ),
    ).table
    assert [app.name for app in table.apps] == ["main:Server.build()"]
    assert [(row.path, row.endpoint) for row in table.routes] == [("/x", "main.Server.x")]


def test_a_router_without_application_is_listed_by_itself(tmp_path: Path) -> None:
    table = survey(tmp_path, {"users.py": ROUTER}).table
    assert [(row.path, row.dependencies) for row in table.routes] == [("/x", ("users.guard",))]


def test_a_mounted_application_is_no_application_of_its_own(tmp_path: Path) -> None:
    table = survey(
        tmp_path, START + "sub = FastAPI(openapi_url=None)\napp = FastAPI(openapi_url=None)\napp.mount('/s', sub)\n"
    ).table
    assert [app.name for app in table.apps] == ["main:app"]


# Registered where a run gets to later


@pytest.mark.parametrize(
    "text",
    [
        "app = FastAPI()\n@app.on_event('startup')\nasync def start():\n    app.include_router(router)\n",
        "app = FastAPI()\ndef start():\n    app.include_router(router)\napp.add_event_handler('startup', start)\n",
        "def start():\n    app.include_router(router)\napp = FastAPI(on_startup=[start])\n",
        (
            "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def lifespan(app):\n"
            "    app.include_router(router)\n    yield\napp = FastAPI(lifespan=lifespan)\n"
        ),
        "app = FastAPI()\ndef setup(target):\n    target.include_router(router)\nsetup(app)\n",
        "app = FastAPI()\nif __name__ == '__main__':\n    app.include_router(router)\n",
        "app = FastAPI()\ndef main():\n    app.include_router(router)\nif __name__ == '__main__':\n    main()\n",
    ],
)
def test_includes_in_functions_and_at_start_are_found(tmp_path: Path, text: str) -> None:
    found = routes(tmp_path, {"users.py": ROUTER, "main.py": START + "from users import router\n" + text})
    assert found["/x"].dependencies == ("users.guard",)


@pytest.mark.parametrize(
    "condition", ["os.getenv('DEBUG')", "os.environ.get('MODE', 'prod') == 'dev'", "settings.debug", "input()"]
)
def test_an_include_on_a_condition_is_listed(tmp_path: Path, condition: str) -> None:
    found = routes(
        tmp_path,
        {
            "users.py": ROUTER,
            "main.py": START + "import os\nfrom pydantic_settings import BaseSettings\nfrom users import router\n"
            "class Settings(BaseSettings):\n    debug: bool = False\nsettings = Settings()\napp = FastAPI()\n"
            f"if {condition}:\n    app.include_router(router)\n",
        },
    )
    assert list(found) == ["/x"]


def test_an_include_that_is_switched_off_in_the_code_is_not_listed(tmp_path: Path) -> None:
    text = START + (
        "from users import router\nENABLED = False\napp = FastAPI()\nif ENABLED:\n    app.include_router(router)\n"
    )
    assert routes(tmp_path, {"users.py": ROUTER, "main.py": text}) == {}


def test_a_guard_on_a_condition_does_not_count_as_certain(tmp_path: Path) -> None:
    """`AUTH_ENABLED` decides when the program runs, and by default there is no guard."""
    text = (
        FLAT
        + """
import os
from fastapi import HTTPException, Header
def deny(x_key: str = Header()):
    if x_key != os.environ["KEY"]:
        raise HTTPException(401)
app = FastAPI(dependencies=[Depends(deny)] if os.getenv("AUTH_ENABLED", "") else [])
@app.get("/x")
def x(): ...
"""
    )
    row = routes(tmp_path, text)["/x"]
    assert row.dependencies == ()
    assert row.protection in ("open", "unknown")


# Found by name


@pytest.mark.parametrize(
    "loop",
    [
        "for name in ['one', 'two']:\n    app.include_router(importlib.import_module(f'api.{name}').router)\n",
        (
            "for name in ['one', 'two']:\n"
            "    app.include_router(importlib.import_module('.' + name, package='api').router)\n"
        ),
        (
            "for info in pkgutil.iter_modules(api.__path__):\n"
            "    app.include_router(importlib.import_module(f'api.{info.name}').router)\n"
        ),
        (
            "for _, name, _ in pkgutil.walk_packages(api.__path__, api.__name__ + '.'):\n"
            "    app.include_router(importlib.import_module(name).router)\n"
        ),
        (
            "for file in Path(api.__file__).parent.glob('*.py'):\n    if file.stem != '__init__':\n"
            "        app.include_router(importlib.import_module(f'api.{file.stem}').router)\n"
        ),
        (
            "for file in sorted((Path(__file__).resolve().parent / 'api').iterdir()):\n"
            "    if file.suffix == '.py' and not file.name.startswith('_'):\n"
            "        app.include_router(importlib.import_module(f'api.{file.stem}').router)\n"
        ),
        (
            "for file in Path('.').rglob('*.py'):\n    if file.is_file() and file.parts[0] == 'api':\n"
            "        name = '.'.join(file.with_suffix('').parts)\n        module = importlib.import_module(name)\n"
            "        if hasattr(module, 'router'):\n            app.include_router(module.router)\n"
        ),
        (
            "for empty in [*Path('api').glob('**/'), *Path('api').glob('.')]:\n    print(empty)\n"
            "for file in Path('api').glob('[!_]*.py'):\n"
            "    app.include_router(importlib.import_module(f'api.{file.stem}').router)\n"
        ),
        (
            "for file in os.listdir('api'):\n    if file.endswith('.py') and file[0] != '_':\n"
            "        app.include_router(importlib.import_module(f'api.{file[:-3]}').router)\n"
        ),
        "for name in os.environ['PLUGINS'].split(','):\n    app.include_router(importlib.import_module(name).router)\n",
    ],
)
def test_routers_found_by_name_are_listed(tmp_path: Path, loop: str) -> None:
    """With the place and the reason where the names are made at run time, and then not called open."""
    one = ROUTER.replace("/x", "/one")
    files = {
        "api/__init__.py": "",
        "api/one.py": one,
        "api/two.py": ROUTER.replace("/x", "/two"),
        "main.py": START
        + (
            "import importlib\nimport os\nimport pkgutil\nfrom pathlib import Path\nimport api\n"
            "app = FastAPI(openapi_url=None)\n"
        )
        + loop,
    }
    table = survey(tmp_path, files).table
    assert {row.path: row.dependencies for row in table.routes} == {
        "/one": ("api.one.guard",),
        "/two": ("api.two.guard",),
    }
    sure = any(word in loop for word in ("['one', 'two']", "pkgutil", "Path(", "listdir"))
    assert (table.unresolved == ()) is sure
    assert {row.protection for row in table.routes} == {"open" if sure else "unknown"}


# What cannot be followed


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("app.include_router(no_such_name)", "no_such_name"),
        ("app.include_router(input())", ""),
        ("import lib\napp.include_router(lib.router)", "lib"),
        ("app.add_api_route('/x', no_such_handler)", "no_such_handler"),
        ("app.add_api_route(input(), app)", "path"),
        ("app.add_api_route('/x', app, dependencies=input())", "dependencies"),
        ("app.get('/x', dependencies=[Depends(no_such_guard)])(print)", "no_such_guard"),
        ("r = APIRouter()\nr.get('/x')(print)\napp.include_router(r, dependencies=no_such_list)", "dependencies"),
        ("app.mount('/m', no_such_app)", "no_such_app"),
        ("for router in input():\n    app.include_router(router)", ""),
        ("getattr(app, input())('/x')(print)", "chosen at run time"),
    ],
)
def test_what_cannot_be_followed_is_listed_with_place_and_reason(tmp_path: Path, line: str, word: str) -> None:
    text = f"{START}app = FastAPI(openapi_url=None)\n{line}\n"
    found = unresolved(tmp_path, text)
    assert found
    assert all(path == "main.py" and at >= 3 and reason for path, at, reason in found)
    assert word in " ".join(reason for _, _, reason in found)


@pytest.mark.parametrize("prefix", ["input()", "f'/{input()}'", "os.environ['PREFIX']"])
def test_a_path_that_is_not_known_shows_what_is(tmp_path: Path, prefix: str) -> None:
    text = (
        f"{START}import os\nrouter = APIRouter(prefix={prefix})\n@router.get('/x')\ndef x(): ...\n"
        "app = FastAPI()\napp.include_router(router)\n"
    )
    (path,) = routes(tmp_path, text)
    assert path.endswith("{?}/x")


def test_routers_that_include_each_other_end(tmp_path: Path) -> None:
    text = START + (
        "one, two = APIRouter(), APIRouter()\none.include_router(two)\ntwo.include_router(one)\n"
        "app = FastAPI()\napp.include_router(one)\n"
    )
    assert unresolved(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    return f()\nx = f()\n",
        "class A(A): ...\n",
        "own = []\nown.append(own)\nfor item in own:\n    own.append(item)\n",
        "while True:\n    x = 1\n",
        "d = {}\nd['d'] = d\nX = [d, *d.values()]\n",
        "from main import *\nfrom main import app as app2\n",
        "x = lambda: x()\nx()\n",
        "def g(n):\n    g(n + 1)\n    g(n + 2)\ng(0)\n",
        "import itertools\nfor n in itertools.count():\n    app.get(f'/{n}')(print)\n    break\n",
        "X = [[[[[[[[[[0] * 99] * 99] * 99] * 99] * 99] * 99] * 99] * 99] * 99]\n",
    ],
)
def test_strange_code_neither_crashes_nor_hides_the_routes(tmp_path: Path, text: str) -> None:
    found = routes(
        tmp_path, f"{FLAT}app = FastAPI()\n{text}\n@app.get('/x', dependencies=[Depends(a)])\ndef x(): ...\n"
    )
    assert found["/x"].dependencies == ("main.a",)


# Applications that others make


def test_an_application_that_a_function_leaves_empty_is_filled_by_its_callers(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        START
        + """
def base():
    return FastAPI(openapi_url=None)
def from_project(path):
    app = base()
    @app.get("/x")
    def x(): ...
    return app
""",
    ).table
    assert [(app.name, [row.path for row in table.routes]) for app in table.apps] == [("main:base()", ["/x"])]


def test_an_application_is_made_with_what_the_callers_of_its_maker_give(tmp_path: Path) -> None:
    """Where the caller is only called at the start, too: `build` in a lifespan."""
    found = routes(
        tmp_path,
        {
            "server.py": """
                from fastapi import APIRouter, FastAPI

                class Server:
                    def __init__(self, users: APIRouter, prefix: str):
                        self.app = FastAPI()
                        self.app.include_router(users, prefix=prefix)
                """,
            "building.py": """
                from fastapi import APIRouter, Depends
                from server import Server

                def guard(): ...

                class Users:
                    def __init__(self):
                        self.router = APIRouter(dependencies=[Depends(guard)])

                        @self.router.get("/users")
                        def users(): ...

                class Builder:
                    async def build(self, name=None) -> Server:
                        given = {"users": Users().router}
                        return Server(prefix="/v1", **given)
                """,
            "main.py": """
                from building import Builder

                async def start():
                    return await Builder().build()
                """,
        },
    )
    assert found["/v1/users"].dependencies == ("building.guard",)


def test_a_subclass_of_the_application_that_nobody_makes_is_made(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        FLAT
        + """
class Core(FastAPI):
    def __init__(self, settings, **options):
        super().__init__(openapi_url=None, dependencies=[Depends(a)])
        self.add_api_route("/x", b)
""",
    ).table
    rows = [(row.app, row.path, row.dependencies) for row in table.routes]
    assert rows == [("main:Core()", "/x", ("main.a",))]


ATTRS = """
import attr
@attr.define
class Service:
    app: attr.field
    router: APIRouter = attr.ib(default=attr.Factory(APIRouter))
    def read(self): ...
    def __attrs_post_init__(self):
        self.router.add_api_route(path="/read", endpoint=self.read, methods=["GET"])
        self.app.include_router(router=self.router, prefix="/s")
service = Service(app=FastAPI(openapi_url=None))
app = service.app
"""


def test_what_an_attrs_class_makes_and_does_when_it_is_made_counts(tmp_path: Path) -> None:
    assert list(routes(tmp_path, START + ATTRS)) == ["/s/read"]


FACTORY = """
def made(strict):
    def guard(): ...
    return guard
router = APIRouter()
@router.get("/x")
def x(): ...
app = FastAPI(openapi_url=None)
if probed():
    app.include_router(router, dependencies=[Depends(made(True))])
else:
    app.include_router(router, dependencies=[Depends(made(False))])
"""
APART = """
router = APIRouter()
@router.get("/x")
def x(): ...
closed, free = FastAPI(openapi_url=None), FastAPI(openapi_url=None)
closed.include_router(router)
free.include_router(router)
app = FastAPI(openapi_url=None)
app.mount("/s", closed if probed() else free)
if probed():
    app.mount("/t", closed)
else:
    app.mount("/t", free)
"""


@pytest.mark.parametrize(("text", "path"), [(FACTORY, "/x"), (APART, "/t/x")])
def test_alternatives_that_only_look_alike_are_two_routes(text: str, path: str, tmp_path: Path) -> None:
    table = survey(tmp_path, f"{START}from elsewhere import probed\n{text}").table
    assert [row.path for row in table.routes if row.endpoint.endswith("x")].count(path) == 2


NESTED = """
one, other = [], []
one.append(one)
other.append(other)
left, right = [0], [0]
for _ in range(30):
    left, right = [left, left], [right, right]
app = FastAPI(openapi_url=None)
if one == other or left == right:
    print("alike")
@app.get("/x")
def x(): ...
"""


def test_lists_that_hold_themselves_are_compared_to_an_end(tmp_path: Path) -> None:
    assert list(routes(tmp_path, START + NESTED)) == ["/x"]


EMPTIED = """
known = {"x": 1}
known.clear()
app = FastAPI(openapi_url=None)
@app.get("/x", dependencies=[Depends(a)] if "x" in known else [])
def x(): ...
"""


def test_nothing_is_left_in_a_dictionary_that_is_cleared(tmp_path: Path) -> None:
    assert routes(tmp_path, START + "def a(): ...\n" + EMPTIED)["/x"].dependencies == ()


def test_an_application_is_made_of_what_the_object_that_makes_it_was_given(tmp_path: Path) -> None:
    """The method asks for nothing, but the constructor of its object does: whoever calls that knows the parts."""
    server = """
from fastapi import FastAPI
class Server:
    def __init__(self, title, parts):
        self.parts = parts
        self._app = self._build(title="any")
    def _build(self, title="none"):
        app = FastAPI(title=title)
        for part in self.parts:
            app.include_router(part.router)
        return app
"""
    parts = """
from fastapi import APIRouter
class Part:
    router = APIRouter()
    @router.get("/x")
    def x(): ...
"""
    start = """
from server import Server
from parts import Part
def public(settings):
    return Server("public", parts=[Part()])
def run():
    return public(object())
"""
    found = routes(tmp_path, {"server.py": server, "parts.py": parts, "start.py": start})
    assert list(found) == ["/x"]


def test_what_a_library_fills_is_not_empty(tmp_path: Path) -> None:
    """Both routers may be there: nobody sees what the library puts into the dictionary."""
    text = """
from fastapi import APIRouter, Depends, FastAPI
from registry import fill
def a(): ...
filled, empty = {}, {}
fill(filled)
app = FastAPI()
def add(name, table):
    router = APIRouter()
    @router.get(name)
    def x(): ...
    if "key" in table:
        app.include_router(router, dependencies=[Depends(a)])
    else:
        app.include_router(router)
add("/filled", filled)
add("/empty", empty)
"""
    rows = survey(tmp_path, text).table.routes
    assert [row.dependencies for row in rows if row.path == "/filled"] == [("main.a",), ()]
    assert [row.dependencies for row in rows if row.path == "/empty"] == [()]


def test_of_two_applications_that_one_function_makes_the_one_that_serves_more_is_listed(tmp_path: Path) -> None:
    text = """
from fastapi import FastAPI
class Kept: ...
class Fixed(Kept): ...
def build(registry):
    app = FastAPI()
    @app.get("/state")
    def state(): ...
    if not isinstance(registry, Fixed):
        @app.post("/deploy")
        def deploy(): ...
    return app
def create_fixed():
    return build(Fixed())
def create():
    return build(Kept())
"""
    found = {row.path for row in survey(tmp_path, text).table.routes if row.kind != "docs"}
    assert found == {"/state", "/deploy"}
