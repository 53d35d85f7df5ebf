"""Who is let in: each project has one route of interest, and the table says protected, open, unknown or public."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from textwrap import indent

import pytest
from projects import Files, routes

from fastapi_seclint.program.table import RouteRow

wrong = partial(pytest.mark.xfail, strict=True)

AUTH = """
from typing import Annotated
import jwt
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
def get_current_user(token: str = Depends(oauth2_scheme)):
    try:
        return jwt.decode(token, "key", algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401)
CurrentUser = Annotated[dict, Depends(get_current_user)]
"""
DB = "def get_db():\n    yield 1\n"
MAIN = """
import functools
import hmac
import os
from typing import Annotated, Optional
import jwt
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, HTTPException, Request, Response, Security
from fastapi import WebSocket, status
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from auth import CurrentUser, get_current_user, oauth2_scheme
from db import get_db
app = FastAPI(openapi_url=None)
"""
READ = "@app.get('/x')\ndef x(): ...\n"


def row(root: Path, text: str, **more: str) -> RouteRow:
    """The row of `/x` in a `main.py` with the usual imports, beside `auth.py` and `db.py`."""
    files = {
        "auth.py": AUTH,
        "db.py": DB,
        "main.py": MAIN + text,
        **{f"{name}.py": body for name, body in more.items()},
    }
    return routes(root, files)["/x"]


def protection(root: Path, text: str, **more: str) -> str:
    return row(root, text, **more).protection


# The six deletes: the same handler, guarded in six places

DELETE = """
from fastapi import APIRouter, Depends
from db import get_db
router = APIRouter()
@router.delete("/items/{item_id}")
def delete_item(item_id: int, db=Depends(get_db)): ...
"""
ITEMS = {"auth.py": AUTH, "db.py": DB, "items.py": DELETE}
SIX: dict[str, tuple[str, Files]] = {
    "nothing": (
        "open",
        {
            **ITEMS,
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "include in another file": (
        "protected",
        {
            **ITEMS,
            "main.py": """
            from fastapi import Depends, FastAPI
            from auth import get_current_user
            from items import router
            app = FastAPI()
            app.include_router(router, dependencies=[Depends(get_current_user)])
        """,
        },
    ),
    "alias from another module": (
        "protected",
        {
            **ITEMS,
            "items.py": DELETE.replace("item_id: int,", "item_id: int, user: CurrentUser,").replace(
                "from db", "from auth import CurrentUser\nfrom db"
            ),
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "application": (
        "protected",
        {
            **ITEMS,
            "main.py": """
            from fastapi import Depends, FastAPI
            from auth import get_current_user
            from items import router
            app = FastAPI(dependencies=[Depends(get_current_user)])
            app.include_router(router)
        """,
        },
    ),
    "dependency of a dependency": (
        "protected",
        {
            **ITEMS,
            "deps.py": (
                "from fastapi import Depends\nfrom auth import get_current_user\n"
                "def may_write(user=Depends(get_current_user)):\n    return user\n"
            ),
            "items.py": DELETE.replace("db=Depends(get_db)", "user=Depends(may_write)").replace(
                "from db", "from deps import may_write\nfrom db"
            ),
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "parent router": (
        "protected",
        {
            **ITEMS,
            "api.py": """
            from fastapi import APIRouter, Depends
            from auth import get_current_user
            from items import router as items
            api = APIRouter(dependencies=[Depends(get_current_user)])
            api.include_router(items)
        """,
            "main.py": "from fastapi import FastAPI\nfrom api import api\napp = FastAPI()\napp.include_router(api)\n",
        },
    ),
}


@pytest.mark.parametrize("name", SIX)
def test_a_delete_is_protected_wherever_the_guard_is_written(name: str, tmp_path: Path) -> None:
    expected, files = SIX[name]
    found = routes(tmp_path, files)["/items/{item_id}"]
    assert found.protection == expected
    assert ("auth.get_current_user" in found.guards.authentication) is (expected == "protected")


# Schemes verify nothing


@pytest.mark.parametrize(
    "text",
    [
        "@app.get('/x')\ndef x(token: str = Depends(oauth2_scheme)): ...",
        "@app.get('/x', dependencies=[Depends(HTTPBearer())])\ndef x(): ...",
        "@app.get('/x', dependencies=[Security(oauth2_scheme, scopes=['admin'])])\ndef x(): ...",
        "@app.get('/x')\ndef x(key: str = Depends(APIKeyHeader(name='k'))):\n    return key",
        "@app.get('/x')\ndef x(c: HTTPBasicCredentials = Depends(HTTPBasic())):\n    return c.username",
        "@app.get('/x')\ndef x(token: str = Depends(oauth2_scheme)):\n    print(token)",
        "@app.get('/x')\ndef x(authorization: str = Header()):\n    return authorization",
        "def g(token=Depends(oauth2_scheme)):\n    return jwt.decode(token, options={'verify_signature': False})\n"
        "@app.get('/x')\ndef x(u=Depends(g)): ...",
    ],
)
def test_a_scheme_alone_does_not_protect(text: str, tmp_path: Path) -> None:
    assert protection(tmp_path, text) == "open"


@pytest.mark.parametrize(
    "guard",
    [
        "def g(token=Depends(HTTPBearer(auto_error=False))):\n    return token",
        (
            "def g(token=Depends(HTTPBearer(auto_error=False))):\n    if token:\n"
            "        return jwt.decode(token, 'k', algorithms=['HS256'])"
        ),
        (
            "def g(token=Depends(HTTPBearer(auto_error=False))):\n    if token is None:\n"
            "        return None\n    return jwt.decode(token, 'k', algorithms=['HS256'])"
        ),
        (
            "def g(token: str | None = Header(None)):\n    if not token:\n        return None\n"
            "    return jwt.decode(token, 'k', algorithms=['HS256'])"
        ),
    ],
)
def test_credentials_that_may_be_missing_do_not_protect(guard: str, tmp_path: Path) -> None:
    text = f"{guard}\n@app.get('/x')\ndef x(user=Depends(g)):\n    return user\n"
    assert protection(tmp_path, text) in ("open", "unknown")


ANSWERED = wrong(reason="a response that refuses counts only when nothing came from a dependency")


@pytest.mark.parametrize(
    "body",
    [
        "if user is None:\n        raise HTTPException(401)",
        "if not user:\n        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED)",
        pytest.param("if user is None:\n        return JSONResponse({}, status_code=401)", marks=ANSWERED),
        pytest.param("if user is None:\n        return Response(status_code=401)", marks=ANSWERED),
        "if user is not None:\n        return user\n    raise HTTPException(403)",
        pytest.param("user = user or deny()", marks=wrong(reason="`or` with a call that never returns is no refusal")),
    ],
)
def test_an_optional_user_that_the_body_demands_protects(body: str, tmp_path: Path) -> None:
    guard = (
        "def optional(token=Depends(HTTPBearer(auto_error=False))):\n    if token is None:\n        return None\n"
        "    try:\n        return jwt.decode(token.credentials, 'k', algorithms=['HS256'])\n"
        "    except jwt.PyJWTError:\n        return None\n"
        "def deny():\n    raise HTTPException(401)\n"
    )
    assert (
        protection(tmp_path, f"{guard}@app.get('/x')\ndef x(user=Depends(optional)):\n    {body}\n    return user\n")
        == "protected"
    )


# Guards of every shape

VERIFY = "jwt.decode(token, 'k', algorithms=['HS256'])"
SHAPES = {
    "a function": (f"def g(token=Depends(oauth2_scheme)):\n    return {VERIFY}\n", "Depends(g)"),
    "a coroutine": (f"async def g(token=Depends(oauth2_scheme)):\n    return {VERIFY}\n", "Depends(g)"),
    "a generator": (f"def g(token=Depends(oauth2_scheme)):\n    {VERIFY}\n    yield 1\n", "Depends(g)"),
    "a closure": (
        (f"def make(role):\n    def g(token=Depends(oauth2_scheme)):\n        return {VERIFY}\n    return g\n"),
        "Depends(make('a'))",
    ),
    "an instance": (
        (
            "class G:\n    def __init__(self, role): ...\n"
            f"    def __call__(self, token=Depends(oauth2_scheme)):\n        return {VERIFY}\n"
        ),
        "Depends(G('a'))",
    ),
    "a bound method": (
        f"class G:\n    def check(self, token=Depends(oauth2_scheme)):\n        return {VERIFY}\n",
        "Depends(G().check)",
    ),
    "a class": (
        (f"class G:\n    def __init__(self, token=Depends(oauth2_scheme)):\n        self.user = {VERIFY}\n"),
        "Depends(G)",
    ),
    "a partial": (
        f"def g(role, token=Depends(oauth2_scheme)):\n    return {VERIFY}\n",
        "Depends(functools.partial(g, 'a'))",
    ),
    "a subclass of a scheme": (
        "class G(HTTPBearer):\n    async def __call__(self, request: Request):\n"
        "        found = await super().__call__(request)\n"
        "        return jwt.decode(found.credentials, 'k', algorithms=['HS256'])\n",
        "Depends(G())",
    ),
    "a header compared": (
        (
            "def g(x_api_key: str = Header()):\n    if x_api_key != os.environ['KEY']:\n"
            "        raise HTTPException(403)\n"
        ),
        "Depends(g)",
    ),
    "a constant-time comparison": (
        "def g(key: str = Depends(APIKeyHeader(name='k'))):\n    if not hmac.compare_digest(key, os.environ['KEY']):\n"
        "        raise HTTPException(403)\n",
        "Depends(g)",
    ),
    "the request's header": (
        "def g(request: Request):\n    token = request.headers.get('Authorization')\n"
        "    if not token:\n        raise HTTPException(401)\n"
        f"    return {VERIFY}\n",
        "Depends(g)",
    ),
    "a cookie": (
        "SESSIONS = {}\ndef g(session: str | None = Cookie(None)):\n    if session not in SESSIONS:\n"
        "        raise HTTPException(401)\n"
        "    return SESSIONS[session]\n",
        "Depends(g)",
    ),
    "a session": (
        (
            "def g(request: Request):\n    if 'user' not in request.session:\n"
            "        raise HTTPException(401)\n    return request.session['user']\n"
        ),
        "Depends(g)",
    ),
    "a look-up": (
        "def g(token=Depends(oauth2_scheme), db=Depends(get_db)):\n"
        "    user = db.query(User).filter(User.token == token).first()\n"
        "    if user is None:\n        raise HTTPException(401)\n    return user\n",
        "Depends(g)",
    ),
    "helpers in a row": (
        f"def one(token):\n    return two(token)\ndef two(token):\n    try:\n        return {VERIFY}\n"
        "    except Exception as error:\n"
        "        raise HTTPException(401) from error\ndef g(token=Depends(oauth2_scheme)):\n    return one(token)\n",
        "Depends(g)",
    ),
    "an error made elsewhere": (
        "DENIED = HTTPException(401)\ndef g(token=Depends(oauth2_scheme)):\n    try:\n"
        f"        return {VERIFY}\n    except jwt.PyJWTError:\n"
        "        raise DENIED\n",
        "Depends(g)",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("where", ["list", "parameter"])
def test_guards_of_every_shape_protect(name: str, where: str, tmp_path: Path) -> None:
    definition, depends = SHAPES[name]
    if where == "list":
        text = f"@app.get('/x', dependencies=[{depends}])\ndef x(): ...\n"
    else:
        text = f"@app.get('/x')\ndef x(user: Annotated[dict, {depends}]): ...\n"
    assert protection(tmp_path, definition + text) == "protected"


@pytest.mark.parametrize(
    "guard",
    [
        (
            "def g(token=Depends(oauth2_scheme)):\n    try:\n"
            "        jwt.decode(token, 'k', algorithms=['HS256'])\n    except Exception:\n"
            "        print('bad')"
        ),
        (
            "def g(token=Depends(oauth2_scheme)):\n    try:\n"
            "        return jwt.decode(token, 'k', algorithms=['HS256'])\n    except Exception:\n"
            "        return None"
        ),
        (
            "def g(token=Depends(oauth2_scheme)):\n    try:\n"
            "        return jwt.decode(token, 'k', algorithms=['HS256'])\n    finally:\n        return {}"
        ),
        (
            "import contextlib\ndef g(token=Depends(oauth2_scheme)):\n    with contextlib.suppress(Exception):\n"
            "        jwt.decode(token, 'k', algorithms=['HS256'])"
        ),
        "def g(request: Request):\n    print(request.headers.get('Authorization'))",
        (
            "def g(token=Depends(oauth2_scheme)):\n    user = check(token)\n    if not user:\n"
            "        print('no user')\n    return user\ndef check(token):\n    return None"
        ),
        "def g(token: str | None = Header(None)):\n    if token != 'secret':\n        return False\n    return True",
        "def g(token: str | None = Header(None)):\n    if token != 'secret':\n        return JSONResponse({}, 401)",
        "def g(token: str | None = Header(None)):\n    if token != 'secret':\n        return HTTPException(401)",
    ],
)
def test_a_guard_that_refuses_nobody_does_not_protect(guard: str, tmp_path: Path) -> None:
    assert protection(tmp_path, f"{guard}\n@app.get('/x', dependencies=[Depends(g)])\ndef x(): ...\n") in (
        "open",
        "unknown",
    )


@pytest.mark.parametrize(
    "guard",
    [
        "def g(limit: int = 10):\n    if limit > 100:\n        raise HTTPException(400)",
        "def g(db=Depends(get_db)):\n    if db is None:\n        raise HTTPException(503)",
        "class G:\n    page: int = 1\ng = G",
    ],
)
def test_a_dependency_that_refuses_for_other_reasons_is_no_guard(guard: str, tmp_path: Path) -> None:
    assert protection(tmp_path, f"{guard}\n@app.get('/x', dependencies=[Depends(g)])\ndef x(): ...\n") == "open"


def test_a_factory_that_is_not_called_does_not_protect(tmp_path: Path) -> None:
    text = (
        f"def make(role: str = 'a'):\n    def g(token=Depends(oauth2_scheme)):\n        return {VERIFY}\n    return g\n"
    )
    assert protection(tmp_path, text + "@app.get('/x', dependencies=[Depends(make)])\ndef x(): ...\n") == "open"


# In the handler


@pytest.mark.parametrize(
    "handler",
    [
        "def x(request: Request):\n    check(request)",
        "async def x(request: Request):\n    await check_soon(request)",
        "async def x(request: Request):\n    await run_in_threadpool(check, request)",
        "def x(request: Request):\n    helpers.check(request)",
        (
            "def x(request: Request):\n    user = helpers.current_user(request)\n    if user is None:\n"
            "        raise HTTPException(401)"
        ),
        (
            "def x(request: Request):\n    if request.headers.get('x-key') != os.environ['KEY']:\n"
            "        raise HTTPException(401)"
        ),
        (
            "def x(request: Request):\n    if request.headers.get('x-key') != os.environ['KEY']:\n"
            "        return JSONResponse({}, status_code=401)"
        ),
        (
            "def x(request: Request):\n    if request.headers.get('x-key') != os.environ['KEY']:\n"
            "        return JSONResponse({}, 401)"
        ),
        "def x(token: str = Depends(oauth2_scheme)):\n    jwt.decode(token, 'k', algorithms=['HS256'])",
    ],
)
def test_a_handler_may_guard_itself(handler: str, tmp_path: Path) -> None:
    helpers = (
        "import jwt\nfrom fastapi import HTTPException\n"
        "def current_user(request):\n    token = request.headers.get('Authorization', '')\n    try:\n"
        "        return jwt.decode(token, 'k', algorithms=['HS256'])\n    except jwt.PyJWTError:\n        return None\n"
        "def check(request):\n    if current_user(request) is None:\n        raise HTTPException(401)\n"
        "async def check_soon(request):\n    check(request)\n"
    )
    start = "from fastapi.concurrency import run_in_threadpool\nimport helpers\nfrom helpers import check, check_soon\n"
    assert protection(tmp_path, f"{start}@app.get('/x')\n{handler}\n", helpers=helpers) == "protected"


def test_a_helper_is_followed_whatever_its_name(tmp_path: Path) -> None:
    text = (
        "def caller_of(request):\n    key = request.headers.get('x-key')\n"
        "    return key if key == os.environ['KEY'] else None\n"
        "def ensure(request):\n    if caller_of(request) is None:\n        raise HTTPException(401)\n"
        "@app.get('/x')\ndef x(request: Request):\n    ensure(request)\n"
    )
    assert protection(tmp_path, text) == "protected"


GUARDING_DECORATOR = """
def guarded(function):
    @functools.wraps(function)
    async def inner(request: Request, *args, **kwargs):
        if request.headers.get("x-key") != os.environ["KEY"]:
            raise HTTPException(401)
        return await function(request, *args, **kwargs)
    return inner
"""


def test_a_decorator_below_the_route_protects(tmp_path: Path) -> None:
    assert (
        protection(tmp_path, GUARDING_DECORATOR + "@app.get('/x')\n@guarded\nasync def x(request: Request): ...\n")
        == "protected"
    )


def test_a_decorator_above_the_route_does_not_protect(tmp_path: Path) -> None:
    assert (
        protection(tmp_path, GUARDING_DECORATOR + "@guarded\n@app.get('/x')\nasync def x(request: Request): ...\n")
        == "open"
    )


# Middleware

CHECK = "request.headers.get('x-key') != os.environ['KEY']"
MIDDLEWARE = {
    "a function": (
        f"@app.middleware('http')\nasync def guard(request: Request, call_next):\n    if {CHECK}:\n"
        "        return JSONResponse({}, status_code=401)\n    return await call_next(request)\n"
    ),
    "a class": (
        "from starlette.middleware.base import BaseHTTPMiddleware\nclass Guard(BaseHTTPMiddleware):\n"
        f"    async def dispatch(self, request, call_next):\n        if {CHECK}:\n"
        "            return Response(status_code=401)\n        return await call_next(request)\n"
        "app.add_middleware(Guard)\n"
    ),
    "given to the application": (
        "from starlette.middleware import Middleware\nfrom starlette.middleware.base import BaseHTTPMiddleware\n"
        "class Guard(BaseHTTPMiddleware):\n"
        f"    async def dispatch(self, request, call_next):\n        if {CHECK}:\n"
        "            return Response(status_code=401)\n        return await call_next(request)\n"
        "app = FastAPI(openapi_url=None, middleware=[Middleware(Guard)])\n"
    ),
    "plain ASGI": (
        "class Guard:\n    def __init__(self, app):\n        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n"
        "        request = Request(scope)\n"
        f"        if {CHECK}:\n            response = JSONResponse({{}}, status_code=401)\n"
        "            await response(scope, receive, send)\n            return\n"
        "        await self.app(scope, receive, send)\napp.add_middleware(Guard)\n"
    ),
}
ASGI = wrong(reason="a plain ASGI middleware is never seen to refuse")
WRITTEN_AS = [pytest.param(name, marks=ASGI if name == "plain ASGI" else []) for name in MIDDLEWARE]


@pytest.mark.parametrize("name", WRITTEN_AS)
def test_middleware_protects(name: str, tmp_path: Path) -> None:
    assert protection(tmp_path, MIDDLEWARE[name] + READ) == "protected"


ASGI_BODIES = {
    "a response at once": (
        "request = Request(scope, receive)\n"
        f"if {CHECK}:\n    return await JSONResponse({{}}, status_code=401)(scope, receive, send)\n"
    ),
    "a dictionary of headers": (
        "headers = dict(scope['headers'])\nif headers.get(b'x-key') != b'secret':\n"
        "    response = Response(status_code=401)\n    await response(scope, receive, send)\n    return\n"
    ),
    "an object of headers": (
        "from starlette.datastructures import Headers\n"
        "if Headers(scope=scope).get('authorization') != os.environ['KEY']:\n"
        "    response = Response(status_code=401)\n    await response(scope, receive, send)\n    return\n"
    ),
    "messages sent": (
        "headers = dict(scope['headers'])\nif headers.get(b'x-key') != b'secret':\n"
        "    await send({'type': 'http.response.start', 'status': 401, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': b''})\n    return\n"
    ),
}


@ASGI
@pytest.mark.parametrize("name", ASGI_BODIES)
def test_plain_asgi_middleware_may_refuse_in_many_ways(name: str, tmp_path: Path) -> None:
    start = "if scope['type'] != 'http':\n    await self.app(scope, receive, send)\n    return\n"
    body = indent(start + ASGI_BODIES[name] + "await self.app(scope, receive, send)\n", " " * 8)
    head = (
        "class Guard:\n    def __init__(self, app):\n        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n"
    )
    assert protection(tmp_path, f"{head}{body}app.add_middleware(Guard)\n{READ}") == "protected"


@pytest.mark.parametrize("name", [name for name in MIDDLEWARE if name != "plain ASGI"])
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("request.url.path in ('/x', '/login')", "open"),
        ("request.url.path.startswith('/x')", "open"),
        ("request.url.path in ('/login', '/health')", "protected"),
        ("request.url.path.startswith('/public')", "protected"),
        ("request.method == 'OPTIONS'", "protected"),
        ("request.method == 'GET'", "open"),
    ],
)
def test_middleware_with_exempt_paths_protects_the_others(
    name: str, condition: str, expected: str, tmp_path: Path
) -> None:
    text = MIDDLEWARE[name].replace(f"if {CHECK}:", f"if not ({condition}) and {CHECK}:")
    assert text != MIDDLEWARE[name]
    assert protection(tmp_path, text + READ) == expected


TABLE = {
    "in": "request.url.path in OPEN",
    "startswith": "request.url.path.startswith(tuple(OPEN))",
    "any startswith": "any(request.url.path.startswith(p) for p in OPEN)",
    "any equal": "any([request.url.path == p for p in OPEN])",
    "match": "re.match('/health', request.url.path)",
}
PATTERN = wrong(reason="a pattern over the path is not computed: both routes are called open")


@pytest.mark.parametrize("name", [pytest.param(n, marks=PATTERN if n == "match" else []) for n in TABLE])
@pytest.mark.parametrize("early", [True, False])
def test_middleware_with_a_table_of_exempt_paths(early: bool, name: str, tmp_path: Path) -> None:
    """Neither is the exempt path called protected, nor the other one open."""
    before = f"if {TABLE[name]}:\n        return await call_next(request)\n    if {CHECK}:"
    text = MIDDLEWARE["a function"].replace(f"if {CHECK}:", before if early else f"if not {TABLE[name]} and {CHECK}:")
    main = f"{MAIN}import re\nOPEN = ['/health', '/login']\n{text}{READ}@app.get('/health')\ndef health(): ...\n"
    found = routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": main})
    assert {path: item.protection for path, item in found.items()} == {"/x": "protected", "/health": "open"}


def test_middleware_of_functions_does_not_see_websockets(tmp_path: Path) -> None:
    text = (
        MIDDLEWARE["a function"]
        + "@app.websocket('/x')\nasync def x(websocket: WebSocket):\n    await websocket.accept()\n"
    )
    assert protection(tmp_path, text) == "open"


def test_middleware_that_only_measures_does_not_protect(tmp_path: Path) -> None:
    text = (
        "@app.middleware('http')\nasync def timing(request: Request, call_next):\n"
        "    print(request.headers.get('x-key'))\n    return await call_next(request)\n"
    )
    assert protection(tmp_path, text + READ) == "open"


def test_middleware_covers_what_is_mounted_and_dependencies_do_not(tmp_path: Path) -> None:
    sub = "sub = FastAPI(openapi_url=None)\n@sub.get('/in')\ndef inside(): ...\n"
    wrapped = routes(
        tmp_path / "a",
        {"auth.py": AUTH, "db.py": DB, "main.py": MAIN + MIDDLEWARE["a function"] + sub + "app.mount('/sub', sub)\n"},
    )
    depends = "app = FastAPI(openapi_url=None, dependencies=[Depends(get_current_user)])\n"
    mounted = routes(
        tmp_path / "b", {"auth.py": AUTH, "db.py": DB, "main.py": MAIN + depends + sub + "app.mount('/sub', sub)\n"}
    )
    assert wrapped["/sub/in"].protection == "protected"
    assert mounted["/sub/in"].protection == "open"


def test_a_route_class_protects_the_routes_of_its_own_router(tmp_path: Path) -> None:
    text = """
from fastapi.routing import APIRoute
class Guarded(APIRoute):
    def get_route_handler(self):
        original = super().get_route_handler()
        async def handler(request: Request):
            if request.headers.get("x-key") != os.environ["KEY"]:
                raise HTTPException(401)
            return await original(request)
        return handler
parent, child = APIRouter(route_class=Guarded), APIRouter()
@parent.get("/x")
def x(): ...
@child.get("/child")
def y(): ...
parent.include_router(child)
app.include_router(parent)
"""
    found = routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": MAIN + text})
    assert {path: item.protection for path, item in found.items()} == {"/x": "protected", "/child": "open"}


# Libraries

USERS = "from fastapi_users import FastAPIUsers\nusers = FastAPIUsers(None, [])\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (USERS + "@app.get('/x')\ndef x(u=Depends(users.current_user())): ...", "protected"),
        (
            USERS + "current = users.current_user(active=True)\n@app.get('/x')\ndef x(u=Depends(current)): ...",
            "protected",
        ),
        (USERS + "@app.get('/x')\ndef x(u=Depends(users.current_user(optional=True))): ...", "open"),
        (
            (
                "from authx import AuthX\na = AuthX()\n"
                "@app.get('/x', dependencies=[Depends(a.access_token_required)])\ndef x(): ..."
            ),
            "protected",
        ),
        (
            (
                "from fastapi_login import LoginManager\nm = LoginManager('s', '/t')\n@app.get('/x')\n"
                "def x(u=Depends(m)): ..."
            ),
            "protected",
        ),
        (
            (
                "from fastapi_jwt_auth import AuthJWT\n@app.get('/x')\ndef x(a: AuthJWT = Depends()):\n"
                "    a.jwt_required()"
            ),
            "protected",
        ),
        (
            (
                "from fastapi_jwt_auth import AuthJWT\ndef g(a: AuthJWT = Depends()):\n    a.jwt_required()\n"
                "    return a.get_jwt_subject()\n"
                "@app.get('/x')\ndef x(u=Depends(g)): ..."
            ),
            "protected",
        ),
        (
            (
                "from fastapi_jwt import JwtAccessBearer\na = JwtAccessBearer('s', auto_error=False)\n"
                "@app.get('/x')\ndef x(c=Security(a)): ..."
            ),
            "open",
        ),
        (
            "from supertokens_python.recipe.session.framework.fastapi import verify_session\n"
            "@app.get('/x')\ndef x(s=Depends(verify_session())): ...",
            "protected",
        ),
        (
            "from supertokens_python.recipe.session.framework.fastapi import verify_session\n"
            "@app.get('/x')\ndef x(s=Depends(verify_session(session_required=False))): ...",
            "open",
        ),
        (
            (
                "from starlette.authentication import requires\n@app.get('/x')\n@requires('authenticated')\n"
                "def x(request: Request): ..."
            ),
            "protected",
        ),
        (
            (
                "from slowapi import Limiter\nl = Limiter(key_func=str)\n@app.get('/x')\n@l.limit('5/minute')\n"
                "def x(request: Request): ..."
            ),
            "open",
        ),
        ("from sqlalchemy.orm import Session\n@app.get('/x')\ndef x(s=Depends(Session)): ...", "open"),
    ],
)
def test_guards_of_libraries_are_known(text: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, text + "\n") == expected


def test_jwt_auth_without_a_call_does_not_protect(tmp_path: Path) -> None:
    text = "from fastapi_jwt_auth import AuthJWT\n@app.get('/x')\ndef x(a: AuthJWT = Depends()): ...\n"
    assert protection(tmp_path, text) in ("open", "unknown")


@pytest.mark.parametrize(
    "guard",
    [
        "company_auth.verify_user",
        "company_auth.Guard()",
        "company_auth.require('admin')",
        "company_auth.client.get_current_user",
    ],
)
def test_a_guard_of_an_unknown_library_leaves_the_route_unknown_and_says_why(guard: str, tmp_path: Path) -> None:
    found = row(tmp_path, f"import company_auth\n@app.get('/x', dependencies=[Depends({guard})])\ndef x(): ...\n")
    assert found.protection == "unknown"
    assert "company_auth" in found.reason


def test_middleware_of_an_unknown_library_is_not_taken_for_a_guard(tmp_path: Path) -> None:
    found = row(tmp_path, "import company_auth\napp.add_middleware(company_auth.AuthMiddleware)\n" + READ)
    assert found.protection == "unknown"
    assert "company_auth" in found.reason


@pytest.mark.parametrize(
    "text",
    [
        "@app.get('/x', dependencies=[Depends(no_such_name)])\ndef x(): ...",
        "@app.get('/x', dependencies=no_such_list)\ndef x(): ...",
        "import plugins\napp = FastAPI(**plugins.options())\n@app.get('/x')\ndef x(): ...",
        "import plugins\nr = APIRouter(**plugins.options())\n@r.get('/x')\ndef x(): ...\napp.include_router(r)",
        "import plugins\nr = APIRouter()\n@r.get('/x')\ndef x(): ...\napp.include_router(r, **plugins.options())",
        "import plugins\n@app.get('/x', **plugins.options())\ndef x(): ...",
    ],
)
def test_what_cannot_be_resolved_is_never_open(text: str, tmp_path: Path) -> None:
    found = row(tmp_path, text + "\n")
    assert found.protection == "unknown"
    assert found.reason


# Rights and rates

ROLES = {
    "a key": "def g(user: CurrentUser):\n    if user.get('role') != 'admin':\n        raise HTTPException(403)",
    "an item": "def g(user: CurrentUser):\n    if user['role'] != 'admin':\n        raise HTTPException(403)",
    "an attribute": (
        "def g(user=Depends(get_current_user)):\n    if not user.is_superuser:\n        raise HTTPException(403)"
    ),
    "a list of roles": (
        "def roles(*allowed):\n    def g(user=Depends(get_current_user)):\n"
        "        if user.role not in allowed:\n            raise HTTPException(403)\n    return g\n"
        "g = roles('admin')"
    ),
    "an instance": (
        "class Roles:\n    def __init__(self, allowed):\n        self.allowed = allowed\n"
        "    def __call__(self, user=Depends(get_current_user)):\n"
        "        if user.role not in self.allowed:\n            raise HTTPException(403)\n"
        "g = Roles(['admin'])"
    ),
    "scopes": (
        "from fastapi.security import SecurityScopes\n"
        "def g(scopes: SecurityScopes, user=Depends(get_current_user)):\n"
        "    for scope in scopes.scopes:\n        if scope not in user['scopes']:\n"
        "            raise HTTPException(403)"
    ),
    "an owner": (
        "def g(item_id: int, db=Depends(get_db), user=Depends(get_current_user)):\n"
        "    item = db.get(item_id)\n    if item.owner_id != user.id:\n        raise HTTPException(403)"
    ),
}


@pytest.mark.parametrize("name", ROLES)
def test_checks_of_rights_are_named_as_authorization(name: str, tmp_path: Path) -> None:
    found = row(tmp_path, ROLES[name] + "\n@app.get('/x', dependencies=[Depends(g)])\ndef x(): ...\n")
    assert found.protection == "protected"
    assert len(found.guards.authorization) == 1
    assert found.guards.authorization[0].startswith("main.")


def test_an_owner_compared_in_the_handler_is_authorization(tmp_path: Path) -> None:
    text = (
        "@app.get('/x')\ndef x(item_id: int, user: CurrentUser, db=Depends(get_db)):\n"
        "    item = db.get(item_id)\n    if item.owner_id != user.id:\n"
        "        raise HTTPException(403)\n"
    )
    assert row(tmp_path, text).guards.authorization != ()


def test_authentication_alone_is_no_authorization(tmp_path: Path) -> None:
    assert row(tmp_path, "@app.get('/x')\ndef x(user: CurrentUser): ...\n").guards.authorization == ()


@pytest.mark.parametrize(
    "text",
    [
        (
            "from slowapi import Limiter\nl = Limiter(key_func=str)\n@app.get('/x')\n@l.limit('5/minute')\n"
            "def x(request: Request): ..."
        ),
        (
            "from fastapi_limiter.depends import RateLimiter\n"
            "@app.get('/x', dependencies=[Depends(RateLimiter(times=2))])\ndef x(): ..."
        ),
        (
            "HITS = {}\ndef g(request: Request):\n    if HITS.get(request.client.host, 0) > 5:\n"
            "        raise HTTPException(status_code=429)\n@app.get('/x', dependencies=[Depends(g)])\n"
            "def x(): ..."
        ),
        (
            "def g(request: Request):\n    if too_many(request):\n"
            "        raise HTTPException(status.HTTP_429_TOO_MANY_REQUESTS)\n"
            "@app.get('/x', dependencies=[Depends(g)])\ndef x(): ..."
        ),
        (
            "def limited(times):\n    def decorate(function):\n        @functools.wraps(function)\n"
            "        async def inner(*a, **k):\n            if times > 5:\n"
            "                raise HTTPException(429)\n            return await function(*a, **k)\n"
            "        return inner\n    return decorate\n@app.get('/x')\n@limited(3)\nasync def x(): ..."
        ),
    ],
)
def test_limits_of_rates_are_listed_and_protect_nobody(text: str, tmp_path: Path) -> None:
    found = row(tmp_path, text + "\n")
    assert len(found.guards.rate_limit) == 1
    assert found.protection in ("open", "unknown")


def test_a_limiter_above_the_route_limits_nothing(tmp_path: Path) -> None:
    text = (
        "from slowapi import Limiter\nl = Limiter(key_func=str)\n@l.limit('5/minute')\n@app.get('/x')\n"
        "def x(request: Request): ...\n"
    )
    assert row(tmp_path, text).guards.rate_limit == ()


# Configuration


def configured(root: Path, config: str, text: str) -> RouteRow:
    files = {"seclint.toml": config, "auth.py": AUTH, "db.py": DB, "main.py": MAIN + text}
    return routes(root, files)["/x"]


def test_a_route_may_be_declared_public_with_a_reason(tmp_path: Path) -> None:
    found = configured(tmp_path, '[[public-routes]]\npath = "/x"\nreason = "a health check"\n', READ)
    assert (found.protection, found.reason) == ("public", "a health check")


def test_a_public_route_of_another_method_stays_open(tmp_path: Path) -> None:
    found = configured(tmp_path, '[[public-routes]]\npath = "/x"\nmethods = ["POST"]\nreason = "a hook"\n', READ)
    assert found.protection == "open"


def test_a_declared_guard_protects_whatever_its_code_says(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        '[auth]\ndependencies = ["company_auth.verify_user"]\n',
        "import company_auth\n@app.get('/x', dependencies=[Depends(company_auth.verify_user)])\ndef x(): ...\n",
    )
    assert found.protection == "protected"


def test_a_guard_declared_optional_does_not_protect(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        '[auth]\noptional-dependencies = ["auth.get_current_user"]\n',
        "@app.get('/x', dependencies=[Depends(get_current_user)])\ndef x(): ...\n",
    )
    assert found.protection != "protected"
