"""Who is let in by middleware, in all its forms, and by route classes."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from projects import routes
from projects_guarded import AUTH, DB, MAIN, READ, protection, row

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


@pytest.mark.parametrize("name", MIDDLEWARE)
def test_middleware_protects(name: str, tmp_path: Path) -> None:
    assert protection(tmp_path, MIDDLEWARE[name] + READ) == "protected"


GIVEN = """
from starlette.middleware.base import BaseHTTPMiddleware
class Keys:
    def __init__(self, kind):
        self.kind = kind
    async def authenticate(self, request):
        key = request.headers.get("x-key")
        if key is None or key not in os.environ["KEYS"].split(","):
            raise HTTPException(401)
class Guard(BaseHTTPMiddleware):
    def __init__(self, app, keys):
        super().__init__(app)
        self.keys = keys
    async def dispatch(self, request, call_next):
        try:
            await self.keys.authenticate(request)
        except HTTPException:
            return Response(status_code=401)
        return await call_next(request)
app.add_middleware(Guard, keys=Keys("static"))
"""


def test_middleware_may_be_given_what_authenticates(tmp_path: Path) -> None:
    assert protection(tmp_path, GIVEN + READ) == "protected"


FORGERY = """
from starlette.middleware.base import BaseHTTPMiddleware
class Forgery(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        token = request.headers.get("X-CSRF-Token")
        kept = await db.token_of(request.headers.get("X-CSRF-Client"))
        if token is None or not hmac.compare_digest(kept.value, token):
            return Response(status_code=403)
        return await call_next(request)
app.add_middleware(Forgery)
"""


def test_a_token_against_forgery_says_nothing_of_the_caller(tmp_path: Path) -> None:
    assert protection(tmp_path, FORGERY + READ) == "open"


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
    "compiled": "HEALTH.search(request.url.path)",
    "any match": "any(re.fullmatch(p, request.url.path) for p in OPEN)",
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("early", [True, False])
def test_middleware_with_a_table_of_exempt_paths(early: bool, name: str, tmp_path: Path) -> None:
    """Neither is the exempt path called protected, nor the other one open."""
    before = f"if {TABLE[name]}:\n        return await call_next(request)\n    if {CHECK}:"
    text = MIDDLEWARE["a function"].replace(f"if {CHECK}:", before if early else f"if not {TABLE[name]} and {CHECK}:")
    tables = "import re\nOPEN = ['/health', '/login']\nHEALTH = re.compile(r'^/hea.*$')\n"
    main = f"{MAIN}{tables}{text}{READ}@app.get('/health')\ndef health(): ...\n"
    found = routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": main})
    assert {path: item.protection for path, item in found.items()} == {"/x": "protected", "/health": "open"}


LOOPS = """
import jwt
from starlette.middleware.base import BaseHTTPMiddleware
OPEN = ("/docs", "/login")
METHODS = {"/users": ["POST"], "/health": ["GET"]}
def claims_of(token):
    try:
        return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "invalid token") from error
class Guard(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if self.is_public(request.scope["path"], request.method):
            return await call_next(request)
        try:
            claims_of(request.headers.get("authorization", ""))
        except HTTPException as error:
            return JSONResponse({"detail": error.detail}, status_code=error.status_code)
        return await call_next(request)
    def is_public(self, path, method):
        for prefix in OPEN:
            if path.startswith(prefix):
                return True
        for prefix, methods in METHODS.items():
            if path.startswith(prefix) and method in methods:
                return True
        return False
app.add_middleware(Guard)
@app.METHOD("PATH")
def x():
    print(1)
"""


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("post", "/login", "open"),
        ("post", "/users", "open"),
        ("get", "/users", "protected"),
        ("delete", "/users/{name}", "protected"),
        ("get", "/orders", "protected"),
    ],
)
def test_middleware_that_goes_through_its_exemptions(method: str, path: str, expected: str, tmp_path: Path) -> None:
    main = MAIN + LOOPS.replace("METHOD(", f"{method}(").replace("PATH", path)
    assert routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": main})[path].protection == expected


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


TO_HTTPS = {
    "plain ASGI": (
        "from starlette.datastructures import URL\nfrom starlette.responses import RedirectResponse\n"
        "class Secure:\n    def __init__(self, app):\n        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n"
        "        url = URL(scope=scope) if scope['type'] in ('http', 'websocket') else None\n"
        "        if url is None or url.scheme in ('https', 'wss') or url.hostname == 'localhost':\n"
        "            return await self.app(scope, receive, send)\n"
        "        await RedirectResponse(url.replace(scheme='https'), status_code=307)(scope, receive, send)\n"
        "app.add_middleware(Secure)\n"
    ),
    "a function": (
        "from starlette.responses import RedirectResponse\n"
        "@app.middleware('http')\nasync def secure(request: Request, call_next):\n"
        "    if request.url.scheme != 'https' and request.url.hostname != 'localhost':\n"
        "        return RedirectResponse(request.url.replace(scheme='https'))\n"
        "    return await call_next(request)\n"
    ),
}


@pytest.mark.parametrize("name", TO_HTTPS)
def test_middleware_that_redirects_to_https_does_not_protect(name: str, tmp_path: Path) -> None:
    assert protection(tmp_path, TO_HTTPS[name] + READ) == "open"


HEADERS = {
    "headers that a loop goes through": """
from starlette.middleware.gzip import GZipMiddleware
class Zip(GZipMiddleware):
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope["headers"] = list(without_encoding(scope["headers"]))
        await super().__call__(scope, receive, send)
def without_encoding(headers):
    return (pair for pair in headers if pair[0].decode().lower() != "accept-encoding")
app.add_middleware(Zip)
""",
    "headers that name the page": """
from urllib.parse import urlparse
@app.middleware("http")
async def origins(request: Request, call_next):
    for key in "origin", "referer":
        if (url := request.headers.get(key)) and urlparse(url).hostname not in os.environ["HOSTS"]:
            return Response(f"untrusted {key}", status_code=401)
    return await call_next(request)
""",
    "a host that a method refuses": """
class Hosts:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and not known(Request(scope).headers.get("host", "")):
            await self.refuse(scope, receive, send)
            return
        await self.app(scope, receive, send)
    async def refuse(self, scope, receive, send):
        await JSONResponse({}, status_code=400)(scope, receive, send)
def known(host):
    return "." not in host or host in hosts()
def hosts():
    return os.environ["HOSTS"].split(",")
app.add_middleware(Hosts)
""",
    "an origin that a method refuses": """
class Origins:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and not known(Request(scope)):
            await self.refuse(scope, receive, send)
            return
        await self.app(scope, receive, send)
    async def refuse(self, scope, receive, send):
        response = JSONResponse({}, status_code=403)
        await response(scope, receive, send)
def known(request):
    return is_ours(request.headers.get("origin"), request.headers.get("host", ""))
def is_ours(origin, host):
    return origin is None or origin.partition("://")[2] == host
app.add_middleware(Origins)
""",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_are_no_credentials_guard_nothing(name: str, tmp_path: Path) -> None:
    assert protection(tmp_path, HEADERS[name] + READ) == "open"


TENANT = """
@app.middleware("http")
async def tenant(request: Request, call_next):
    name = request.headers.get("x-tenant"DEFAULT)
    if not name.isalnum():
        return JSONResponse({}, status_code=400)
    if name != "main" and name not in await known_tenants():
        return JSONResponse({}, status_code=403)
    return await call_next(request)
"""


@pytest.mark.parametrize(("default", "expected"), [(', "main"', "open"), (", None", "protected"), ("", "protected")])
def test_a_header_that_has_a_default_tells_nobody_apart(default: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, TENANT.replace("DEFAULT", default) + READ) == expected


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
late = FastAPI()
late.router.route_class = Guarded
@late.get("/late")
def z(): ...
"""
    found = routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": MAIN + text})
    told = {path: item.protection for path, item in found.items()}
    assert told == {"/x": "protected", "/child": "open", "/late": "protected"}


SWITCH = """
import outside
import sys
from starlette.middleware.base import BaseHTTPMiddleware
class Password(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.headers.get("x-password") != os.environ["PASSWORD"]:
            return JSONResponse({}, status_code=401)
        return await call_next(request)
if TEST:
    app.add_middleware(Password)
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("os.getenv('SECURE') == 'true' or '--secure' in sys.argv", "open"),
        ("os.getenv('PASSWORD')", "open"),
        ("os.getenv('PASSWORD') is not None", "open"),
        ("os.getenv('SECURE', 'true') == 'true'", "protected"),
        ("not os.getenv('INSECURE')", "protected"),
        ("'--insecure' not in sys.argv", "protected"),
        ("outside.secure()", "unknown"),
        ("os.getenv('TOKENS'):\n    app.add_middleware(outside.TokenMiddleware)\nif os.getenv('SECURE')", "open"),
    ],
)
def test_middleware_that_has_to_be_switched_on_guards_nothing_by_itself(
    test: str, expected: str, tmp_path: Path
) -> None:
    found = row(tmp_path, SWITCH.replace("TEST", test) + READ)
    assert found.protection == expected
    assert bool(found.reason) is (expected != "protected")


ASGI = """
class Guard:
    def __init__(self, app, key="KEY"):
        self.app = app
        self.key = key
    async def __call__(self, scope, receive, send):
        if Request(scope).headers.get("x-key") != os.environ["KEY"]:
            await JSONResponse({}, status_code=401)(scope, receive, send)
            return
        await self.app(scope, receive, send)
"""
SUB = """
router = APIRouter()
@router.get("/in")
def inside(): ...
sub = FastAPI(openapi_url=None)
sub.include_router(router)
"""
AROUND = {
    "at the mount": "app.mount('/sub', Guard(sub))\n",
    "by keyword": "app.mount('/sub', Guard(app=sub, key='OTHER'))\n",
    "by a partial": "guarded = functools.partial(Guard, key='OTHER')\napp.mount('/sub', guarded(sub))\n",
    "under another": "class Plain(Guard):\n    ...\napp.mount('/sub', Plain(Plain(sub)))\n",
    "of the mounted application": "sub.add_middleware(Guard)\napp.mount('/sub', sub)\n",
}


@pytest.mark.parametrize("name", AROUND)
def test_middleware_around_a_mounted_application_protects_what_it_includes(name: str, tmp_path: Path) -> None:
    found = routes(tmp_path, {"auth.py": AUTH, "db.py": DB, "main.py": MAIN + READ + ASGI + SUB + AROUND[name]})
    assert (found["/sub/in"].protection, found["/x"].protection) == ("protected", "open")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app = Guard(app)\n", "protected"),
        ("app = Guard(Guard(app))\n", "protected"),
        ("served = Guard(app)\n", "unknown"),
        ("def serve():\n    return Guard(app)\n", "open"),
    ],
)
def test_middleware_put_around_the_application_itself(text: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, READ + ASGI + text) == expected


BACKEND = """
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
class Backend(AuthenticationBackend):
    async def authenticate(self, conn):
        if "Authorization" not in conn.headers:
            {answer}
        try:
            claims = jwt.decode(conn.headers["Authorization"], os.environ["KEY"], algorithms=["HS256"])
        except jwt.PyJWTError as error:
            raise AuthenticationError("bad token") from error
        return AuthCredentials(["authenticated"]), SimpleUser(claims["sub"])
app.add_middleware(AuthenticationMiddleware, backend=Backend())
"""


@pytest.mark.parametrize(
    ("answer", "expected"), [("raise AuthenticationError('no token')", "protected"), ("return None", "open")]
)
def test_a_backend_that_raises_protects_and_one_that_gives_nobody_does_not(
    answer: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, BACKEND.format(answer=answer) + READ) == expected


def test_a_backend_of_a_library_leaves_the_route_unknown(tmp_path: Path) -> None:
    text = (
        "from starlette.middleware.authentication import AuthenticationMiddleware\nfrom vendor import Sessions\n"
        "app.add_middleware(AuthenticationMiddleware, backend=Sessions(admin_only=True))\n"
    )
    assert protection(tmp_path, text + READ) == "unknown"


NOBODY = """
class Anonymous: ...
class User: ...
class Caller:
    def __init__(self, person, scopes):
        self.person = person
        self.scopes = scopes
def is_anonymous(caller: Caller) -> bool:
    return isinstance(caller.person, Anonymous)
def find(request: Request) -> Caller:
    token = request.headers.get("Authorization")
    if token is not None:
        found = SESSIONS.get(token)
        if found is None:
            raise HTTPException(401)
        return Caller(found.user, found.scopes)
    return Caller(Anonymous(), set())
class Callers:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        scope["state"]["caller"] = find(Request(scope))
        await self.app(scope, receive, send)
app.add_middleware(Callers)
class Allowed:
    def __init__(self, *people):
        self.people = frozenset(people)
    def __call__(self, request: Request):
        caller = request.state.caller
        if type(caller.person) not in self.people:
            caller = Caller(Anonymous(), set())
        if is_anonymous(caller):
            if Anonymous in self.people:
                return caller
            raise HTTPException(401)
        return caller
"""


@pytest.mark.parametrize(("people", "expected"), [("User", "protected"), ("User, Anonymous", "open")])
def test_an_object_may_say_that_nobody_is_known(people: str, expected: str, tmp_path: Path) -> None:
    text = f"{NOBODY}@app.get('/x', dependencies=[Depends(Allowed({people}))])\ndef x(): ...\n"
    assert protection(tmp_path, text) == expected


def test_an_attribute_of_nobody_refuses_nobody(tmp_path: Path) -> None:
    text = f"{NOBODY}@app.get('/x')\ndef x(request: Request):\n    return request.state.caller.person.name\n"
    assert protection(tmp_path, text) == "open"


RENEWING = """
@app.middleware("http")
async def renew(request: Request, call_next):
    {first}
    {second}
    return response
"""
HANDED_ON = "response = await call_next(request)"
ASKED = (
    "if request.cookies.get('session'):\n        request.app.state.sessions.verify_token(request.cookies['session'])"
)


@pytest.mark.parametrize(("first", "second", "expected"), [(HANDED_ON, ASKED, "open"), (ASKED, HANDED_ON, "unknown")])
def test_what_is_asked_when_the_request_is_served_guards_nothing(
    first: str, second: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, RENEWING.format(first=first, second=second) + READ) == expected


ASKING = """
import asyncer
from fastapi.security import utils
from starlette.middleware.base import BaseHTTPMiddleware
def name_in(token):
    try:
        return jwt.decode(token, "key", algorithms=["HS256"])["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401)
async def caller(request):
    if request.cookies.get("token"):
        return (await asyncer.asyncify(name_in)(request.cookies["token"])).strip()
    scheme, token = utils.get_authorization_scheme_param(request.headers.get("Authorization"))
    match scheme.lower():
        case "bearer":
            return name_in(token)
        case _:
            raise HTTPException(401)
class Naming(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try:
            request.state.name = await caller(request)
        except HTTPException:
            {otherwise}
        return await call_next(request)
app.add_middleware(Naming)
"""


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [("request.state.name = 'anonymous'", "open"), ("return JSONResponse({}, status_code=401)", "protected")],
)
def test_middleware_that_asks_who_is_there_may_serve_everybody(otherwise: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, ASKING.replace("{otherwise}", otherwise) + READ) == expected
