"""Who is let in by dependencies, handlers and decorators: protected or open, wherever the guard is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import routes
from projects_guarded import READ, SIX, protection, row


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


@pytest.mark.parametrize(
    "body",
    [
        "if user is None:\n        raise HTTPException(401)",
        "if not user:\n        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED)",
        "if user is None:\n        return JSONResponse({}, status_code=401)",
        "if user is None:\n        return Response(status_code=401)",
        "if user is not None:\n        return user\n    raise HTTPException(403)",
        "if user is None:\n        deny()",
        "user = user or deny()",
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
    "a subclass of a scheme, which asks it the old way and lets nobody without credentials past": (
        "class G(HTTPBearer):\n    def __init__(self, auto_error: bool = True):\n"
        "        super(G, self).__init__(auto_error=auto_error)\n"
        "    async def __call__(self, request: Request):\n"
        "        found = await super(G, self).__call__(request)\n        if found:\n"
        "            if not self.fits(found.credentials):\n                raise HTTPException(403)\n"
        "            return found.credentials\n"
        "    def fits(self, token):\n        fine: bool = False\n        try:\n"
        "            claims = jwt.decode(token, 'k', algorithms=['HS256'])\n        except jwt.PyJWTError:\n"
        "            claims = None\n        if claims:\n            fine = True\n        return fine\n",
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


LONG = """
def allowed(*, keys: bool = False, path: bool = False):
{kinds}
    raise ValueError
Caller = Annotated[dict, allowed({given})]
@app.get("/x")
def x(caller: Caller): ...
"""
KIND = """
    if {asked}:
        def caller_{number}(request: Request, number: int = {number}, token: str = Depends(oauth2_scheme)):
            try:
                return jwt.decode(token, "key", algorithms=["HS256"], issuer=request.headers.get("x-issuer"))
            except jwt.PyJWTError:
                raise HTTPException(status_code=401, detail={{"number": number, "path": request.url.path}})
        return Depends(caller_{number})
"""


@pytest.mark.parametrize(("given", "number"), [("", 23), ("keys=True", 1), ("keys=True, path=True", 0)])
def test_a_long_function_that_makes_guards_is_followed_for_an_alias(given: str, number: int, tmp_path: Path) -> None:
    asked = ["keys and path", "keys", "path", *(f"path and keys == {other}" for other in range(2, 22)), "not path"]
    kinds = "".join(KIND.format(asked=item, number=place) for place, item in enumerate(asked))
    found = row(tmp_path, LONG.format(kinds=kinds, given=given))
    assert found.protection == "protected"
    assert f"main.allowed.<locals>.caller_{number}" in found.dependencies


@pytest.mark.parametrize("beside", ["away(1)", "gone", "TABLE['x']"])
def test_what_cannot_be_followed_beside_a_type_leaves_the_route_unknown(beside: str, tmp_path: Path) -> None:
    start = "import json\nfrom .nowhere import away\nTABLE = json.load(open('t'))\n"
    text = f"{start}@app.get('/x')\ndef x(user: Annotated[dict, {beside}]): ...\n"
    assert protection(tmp_path, text) == "unknown"


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


def test_a_runner_that_is_handed_another_runner_is_followed_once(tmp_path: Path) -> None:
    text = (
        "import asyncio\nfrom functools import partial\n"
        "async def guard(request: Request):\n    loop = asyncio.get_running_loop()\n"
        "    await loop.run_in_executor(None, partial(asyncio.run, out_of_sight(request)))\n"
        "@app.get('/x')\nasync def x(user = Depends(guard)): ...\n"
    )
    assert protection(tmp_path, text) in ("open", "unknown")


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


WRAPPED_GUARD = """
import contextlib, functools, os, time
def told(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        BODY
    return inner
@told
def guard(authorization: str = Header(None)):
    if authorization is None or not db.find(authorization):
        raise HTTPException(401)
@app.get('/x', dependencies=[Depends(guard)])
def x(): ...
"""


@pytest.mark.parametrize(
    ("body", "protects"),
    [
        ("return function(*args, **kwargs)", True),
        ("print(time.time())\n        try: return function(*args, **kwargs)\n        finally: print('done')", True),
        ("with contextlib.suppress(HTTPException): return function(*args, **kwargs)", False),
        ("if os.environ.get('GUARDED'): return function(*args, **kwargs)", False),
        ("found = None\n        try: found = function(*args, **kwargs)\n        finally: return found", False),
    ],
)
def test_a_guard_that_is_wrapped_protects_if_its_refusals_come_through(
    body: str, protects: bool, tmp_path: Path
) -> None:
    assert (protection(tmp_path, WRAPPED_GUARD.replace("BODY", body)) == "protected") is protects


# Views


SERVICE = """
from fastapi import APIRouter
from fastapi_utils.cbv import cbv
class Context:
    def __init__(self, app, user):
        self.app, self.user = app, user
def context(request: Request, key: str = Header(None)):
    return Context(request.app, db.find(key) if key else None)
class Items:
    def check(self, context):
        if context.user is None:
            raise HTTPException(401)
    def count(self, context):
        return context.app.state.items.count()
router = APIRouter()
@cbv(router)
class View:
    items: Items = Depends(Items)
    @router.get("/x")
    def x(self, context: Context = Depends(context)):
        BODY
app.include_router(router)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.items.check(context)", "protected"),
        ("return self.items.count(context)", "open"),
        ("return context.app.title", "open"),
        ("if not context.user:\n            raise HTTPException(401)", "protected"),
    ],
)
def test_a_context_that_holds_who_calls_is_there_for_strangers_too(body: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, SERVICE.replace("BODY", body)) == expected


ABSTRACT = """
class Store:
    def is_visible(self, item, user):
        raise NotImplementedError("a store says it")
    def visible(self, item, user):
        if not self.is_visible(item, user):
            raise HTTPException(403)
        return item
class Items(Store):
    pass
@app.get("/x")
def x(user=Depends(user_or_none)):
    return Items().visible(1, user=user)
"""


def test_a_method_that_other_classes_have_to_write_refuses_nobody(tmp_path: Path) -> None:
    optional = """
def user_or_none(token=Depends(OAuth2PasswordBearer(tokenUrl="t", auto_error=False))):
    return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"]) if token else None
"""
    assert protection(tmp_path, optional + ABSTRACT) != "protected"


# Who the authentication middleware says is calling

CONNECTION = """
from typing import cast
from starlette.authentication import BaseUser
from starlette.requests import HTTPConnection
class Member(BaseUser):
    @property
    def is_authenticated(self):
        return True
def claims_of(connection: HTTPConnection):
    if not isinstance((user := connection.user), MEMBER):
        raise HTTPException(status_code=401, detail="who are you")
    return user
def member(request: Request = cast(Request, None), websocket: WebSocket = cast(WebSocket, None)):
    assert request or websocket
    connection: HTTPConnection = request if request is not None else websocket
    return claims_of(connection)
@app.get("/x", dependencies=[Depends(member)])
def x(): ...
"""


@pytest.mark.parametrize(("kind", "expected"), [("Member", "protected"), ("BaseUser", "open")])
def test_an_anonymous_caller_is_no_object_of_the_class_of_users(kind: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, CONNECTION.replace("MEMBER", kind)) == expected


# Objects that a function says it returns, that the application keeps, that are made when they are configured

PROVIDERS = """
from abc import ABC, abstractmethod
class Provider(ABC):
    @abstractmethod
    async def verify(self, token: str) -> dict | None: ...
class Sessions(Provider):
    async def verify(self, token: str) -> dict | None:
        return db.find(token)
class Accounts:
    def __init__(self, provider: Provider):
        self.provider = provider
    async def user_of(self, token: str | None) -> dict | None:
        if token is None:
            return None
        return await self.provider.verify(token)
    async def caller(self, request):
        return await self.user_of(request.headers.get("authorization"))
_accounts: Accounts | None = None
def get_accounts() -> Accounts:
    if _accounts is None:
        raise RuntimeError("not started")
    return _accounts
async def member(request: Request):
    user = await GET.caller(request)
    if user is None:
        raise HTTPException(status_code=401, detail="who are you")
    return user
@app.get("/x")
async def x(user=Depends(member)): ...
"""


def test_a_function_that_says_what_it_returns_is_followed(tmp_path: Path) -> None:
    assert protection(tmp_path, PROVIDERS.replace("GET", "get_accounts()")) == "protected"


@pytest.mark.parametrize("made", ["Accounts(Sessions())", "make()"])
@pytest.mark.parametrize("where", ["app.accounts", "app.state.accounts"])
def test_what_the_application_keeps_is_found_by_the_request(where: str, made: str, tmp_path: Path) -> None:
    text = f"def make():\n    return Accounts(Sessions())\n{where} = {made}\n"
    assert protection(tmp_path, PROVIDERS.replace("GET", f"request.{where}") + text) == "protected"


LATER = """
class Settings(BaseSettings):
    provider: str | None = None
    secure: bool = True
settings = Settings()
class Server:
    def __init__(self):
        self.provider = None
        if TEST:
            self.provider = outside.load(settings.provider)
    def check(self, request: Request):
        if not self.provider:
            return
        self.provider.authenticate_or_raise(request.headers)
server = Server()
@app.get("/x", dependencies=[Depends(server.check)])
def x(): ...
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [("settings.provider", "open"), ("settings.secure", "unknown"), ("outside.wanted()", "unknown")],
)
def test_a_provider_that_has_to_be_configured_guards_nothing_by_itself(
    test: str, expected: str, tmp_path: Path
) -> None:
    text = "from pydantic_settings import BaseSettings\nimport outside\n" + LATER.replace("TEST", test)
    assert protection(tmp_path, text) == expected


DECLARED = """
from abc import ABC, abstractmethod
class Auth(ABC):
    @abstractmethod
    def verify_request(self, request: Request) -> None:
        \"\"\"Raise when nobody is known.\"\"\"
class Checks:
    def __init__(self, auth: Auth):
        self.auth = auth
    def __call__(self, request: Request):
        self.auth.verify_request(request)
checks = Checks(load())
@app.get("/x", dependencies=[Depends(checks)])
def x(): ...
"""


def test_a_check_that_another_class_has_to_write_leaves_the_route_unknown(tmp_path: Path) -> None:
    assert protection(tmp_path, "from outside import load\n" + DECLARED) == "unknown"


@pytest.mark.parametrize(
    ("call", "expected"),
    [("stream(served, scope, request.receive)", "unknown"), ("stream(served, request.url, request.receive)", "open")],
)
def test_an_application_that_a_handler_is_to_call_may_be_a_guard(call: str, expected: str, tmp_path: Path) -> None:
    text = (
        "async def stream(application, scope, receive):\n    sent = []\n"
        "    await application(scope, receive, sent.append)\n    return Response(sent)\n"
        "@app.get('/x')\nasync def x(request: Request):\n    from outside import served\n"
        f"    scope = dict(request.scope)\n    return await {call}\n"
    )
    assert protection(tmp_path, text) == expected


PARTS = """
def parts_of(cookies):
    parts, number = [], 0
    while True:
        key = f"access_token_{number}"
        if key not in cookies:
            break
        parts.append(cookies[key])
        number += 1
    return "".join(parts) or None
def user(request: Request):
    token = request.cookies.get("access_token") or parts_of(request.cookies)
    if token is None:
        return None
    try:
        return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401)
@app.get("/x")
def x(user=Depends(user)): ...
"""


def test_a_loop_without_end_is_left_where_it_breaks(tmp_path: Path) -> None:
    assert protection(tmp_path, PARTS) == "open"


# WebSockets, whose guards close the connection

SOCKET = """
import jwt
async def member(websocket: WebSocket, token: str | None = None):
    try:
        return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
    except jwt.PyJWTError:
        CLOSE
@app.websocket("/x")
async def x(websocket: WebSocket, user=Depends(member)):
    TEST
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())
"""


@pytest.mark.parametrize(
    ("close", "test", "expected"),
    [
        ("await websocket.close(code=1008)", "pass", "protected"),
        ("await websocket.close(code=status.WS_1008_POLICY_VIOLATION)", "pass", "protected"),
        ("return None", "if user is None:\n        await websocket.close(4401)\n        return", "protected"),
        ("return None", "if not user:\n        return await websocket.close(code=1008, reason='who?')", "protected"),
        ("return None", "if not user:\n        await websocket.close(code=1011)", "open"),
        ("return None", "pass", "open"),
    ],
)
def test_a_connection_that_is_closed_is_refused(close: str, test: str, expected: str, tmp_path: Path) -> None:
    text = "from starlette import status\n" + SOCKET.replace("CLOSE", close).replace("TEST", test)
    assert protection(tmp_path, text) == expected


FIRST = """
import json
import jwt
from pydantic import BaseModel, TypeAdapter
class Hello(BaseModel):
    token: str
def claims_of(token: str):
    try:
        return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
    except jwt.PyJWTError:
        return None
@app.websocket("/x")
async def x(websocket: WebSocket):
    await websocket.accept()
    READ
    if claims_of(SENT) is None:
        await websocket.close(code=1008)
        return
    await websocket.send_json({})
"""


@pytest.mark.parametrize(
    ("read", "sent", "expected"),
    [
        ("first = await websocket.receive_json()", "first['token']", "protected"),
        ("first = json.loads(await websocket.receive_text())", "first.get('token', '')", "protected"),
        ("token = await websocket.receive_text()", "token", "protected"),
        ("hello = Hello.model_validate(await websocket.receive_json())", "hello.token", "protected"),
        ("hello = Hello(**await websocket.receive_json())", "hello.token", "protected"),
        ("hello = TypeAdapter(Hello).validate_json(await websocket.receive_text())", "hello.token", "protected"),
        ("first = await websocket.receive_json()", "first['room']", "open"),
    ],
)
def test_the_first_message_of_a_connection_may_bring_the_token(
    read: str, sent: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, FIRST.replace("READ", read).replace("SENT", sent)) == expected


# Objects made of credentials that test them when they are asked to

CONTEXT = """
class Caller:
    def __init__(self, token, accounts):
        self._token, self._accounts = token, accounts
    async def enforce(self):
        if self._token is None or not await self._accounts.is_member(self._token):
            raise HTTPException(403)
class Guard:
    def __init__(self, enforce):
        self._enforce = enforce
    async def __call__(self, token=Depends(HTTPBearer(auto_error=False)), accounts=Depends(get_db)):
        caller = Caller(token=token.credentials if token is not None else None, accounts=accounts)
        if self._enforce:
            await caller.enforce()
        return caller
@app.get("/x")
async def x(caller: Annotated[Caller, Depends(Guard(ENFORCE))]):
    BODY
"""


@pytest.mark.parametrize(
    ("enforce", "body", "expected"),
    [
        ("True", "return 1", "protected"),
        ("False", "return 1", "open"),
        ("False", "await caller.enforce()", "protected"),
    ],
)
def test_an_object_made_of_credentials_tests_them(enforce: str, body: str, expected: str, tmp_path: Path) -> None:
    found = protection(tmp_path, CONTEXT.replace("ENFORCE", enforce).replace("BODY", body))
    assert found == expected or (expected == "open" and found == "unknown")


# What is refused for other reasons than who calls

REASONS = {
    "a workspace that may be missing": (
        "def workspace(request: Request):\n    if request.headers.get('host') == 'one':\n        return Workspace()\n"
        "    return None\n"
        "def session(workspace=Depends(workspace)):\n    try:\n        with connect(workspace.name) as found:\n"
        "            yield found\n    except ConnectionError:\n        raise HTTPException(status_code=503)\n"
        "@app.get('/x')\ndef x(db=Depends(session)): ...\n"
    ),
    "an option that may be missing": (
        "def colours(name: str | None = None):\n    if name:\n        return outside.load(name)\n    return None\n"
        "@app.get('/x')\ndef x(colours=Depends(colours)):\n    return Response(colours.encode())\n"
    ),
    "what is not supported": "@app.get('/x')\ndef x():\n    raise HTTPException(status_code=501, detail='not yet')\n",
    "what the state of the request holds": (
        "@app.middleware('http')\nasync def measure(request: Request, call_next):\n    try:\n"
        "        return await call_next(request)\n    finally:\n        print(request.state.metrics['start'])\n"
        "def engine(request: Request):\n    return request.state.engines['main']\n"
        "@app.get('/x')\ndef x(engine=Depends(engine)):\n    return engine.name\n"
    ),
    "a store of another kind": (
        "class Store: ...\nclass Files(Store): ...\ndef find() -> Store:\n    return outside.find()\n"
        "def check(store: Store):\n    if not isinstance(store, Files):\n        raise HTTPException(500)\n"
        "@app.get('/x')\ndef x(request: Request):\n    check(find())\n    return request.url.path\n"
    ),
    "fields that are not there": (
        "def validate_fields(fields):\n    for field in fields:\n        if field not in KNOWN:\n"
        "            raise ValueError(field)\n"
        "@app.get('/x')\ndef x(request: Request, fields: list[str], short: bool = False):\n"
        "    user = request.session.get('user')\n    mine = user['id'] if user is not None else None\n"
        "    try:\n        validate_fields(fields)\n    except ValueError:\n        raise HTTPException(400)\n"
        "    if short:\n        return mine\n    return [mine, fields]\n"
    ),
}


@pytest.mark.parametrize("name", REASONS)
def test_who_is_refused_for_another_reason_is_no_stranger(name: str, tmp_path: Path) -> None:
    assert protection(tmp_path, "import outside\n" + REASONS[name]) in ("open", "unknown")


def test_what_a_browser_says_of_itself_is_no_credential(tmp_path: Path) -> None:
    text = (
        "@app.middleware('http')\nasync def old(request: Request, call_next):\n"
        "    if 'Old/' in request.headers['User-Agent']:\n        return JSONResponse({}, status_code=400)\n"
        "    return await call_next(request)\n" + READ
    )
    assert protection(tmp_path, text) == "open"


def test_nobody_is_refused_where_nobody_has_to_log_in(tmp_path: Path) -> None:
    text = (
        "def login_required():\n    return bool(os.environ.get('LOGIN'))\n"
        "def member(token=Depends(HTTPBearer(auto_error=False))):\n    if not login_required():\n        return None\n"
        "    return jwt.decode(token.credentials, os.environ['KEY'], algorithms=['HS256'])\n"
        "@app.delete('/x')\ndef x(user=Depends(member)):\n    if not user:\n        raise HTTPException(401)\n"
    )
    assert protection(tmp_path, text) == "protected"


@pytest.mark.parametrize(
    ("between", "expected"),
    [("", "protected"), ("    await cursor.execute('SELECT open FROM houses')\n", "open")],
)
def test_a_cursor_finds_nobody_by_the_credentials_that_it_was_sent_last(
    between: str, expected: str, tmp_path: Path
) -> None:
    text = (
        "import outside\n"
        "async def caller(x_api_key: str = Header()):\n    cursor = outside.connect().cursor()\n"
        "    await cursor.execute('SELECT name FROM users WHERE api_key = %s', (x_api_key,))\n"
        f"{between}    row = await cursor.fetchone()\n"
        "    if not row:\n        raise HTTPException(401)\n    return row\n"
        "@app.delete('/x')\ndef x(user=Depends(caller)):\n    return user\n"
    )
    assert protection(tmp_path, text) == expected


# Handlers that leave the answer to others, and connections that are never accepted

HELPERS = """
from starlette.responses import JSONResponse
def token_of(values):
    if len(values) != 1:
        return None
    scheme, _, rest = values[0].strip().partition(" ")
    if rest and scheme.lower() != "bearer":
        return None
    return rest or None
def is_known(values, expected):
    if not expected:
        return False
    token = token_of(values)
    if token is None:
        return False
    return hmac.compare_digest(token.encode(), expected.encode())
def is_there(token):
    if not token:
        return False
    return True
def refused():
    return JSONResponse({}, status_code=401)
"""
RELAY = """
async def relay(request):
    if not TEST:
        return refused()
    return JSONResponse({})
@app.post("/x")
async def x(request: Request):
    return await relay(request)
"""
RAISES = """
def guard(request: Request):
    if not TEST:
        raise HTTPException(401)
@app.post("/x", dependencies=[Depends(guard)])
async def x(): ...
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("is_known(request.headers.getlist('authorization'), os.environ['KEY'])", "protected"),
        ("is_there(request.headers.get('authorization'))", "open"),
    ],
)
@pytest.mark.parametrize("text", [RELAY, RAISES])
def test_a_helper_that_says_no_refuses_and_one_that_says_yes_does_not(
    text: str, test: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, HELPERS + text.replace("TEST", test)) == expected


CONNECTED = """
class Connections:
    async def join(self, websocket):
        await websocket.accept()
connections = Connections()
def is_known(token):
    return token == os.environ["KEY"]
@app.websocket("/x")
async def x(websocket: WebSocket, token: str = Query(...)):
    FIRST
    if not is_known(token):
        LAST
        return
    await websocket.accept()
    await websocket.send_text("hello")
"""


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("pass", "pass", "protected"),
        ("await websocket.accept()", "pass", "protected"),
        ("await connections.join(websocket)", "await websocket.close()", "protected"),
        ("await websocket.accept()", "await websocket.send_text('no')\n        await websocket.close()", "protected"),
        ("await websocket.accept()\n    await websocket.send_text(str(os.environ))", "pass", "open"),
        ("await websocket.accept()", "await websocket.send_text(str(os.environ))", "open"),
    ],
)
def test_a_connection_that_ends_before_anything_is_said_is_refused(
    first: str, last: str, expected: str, tmp_path: Path
) -> None:
    text = "from fastapi import Query\n" + CONNECTED.replace("FIRST", first).replace("LAST", last)
    assert protection(tmp_path, text) == expected


QUIET = """
SCOPES = ["read", "write"]
class Accounts:
    async def find(self, token: str | None):
        if token is None:
            raise HTTPException(401)
        return jwt.decode(token, "k", algorithms=["HS256"])
class Guard(HTTPBearer):
    def __init__(self, token_required: bool = True):
        super().__init__(auto_error=token_required)
    async def look(self, request: Request, scopes: SecurityScopes, accounts: Accounts):
        for scope in scopes.scopes:
            if scope not in SCOPES:
                raise ValueError(scope)
        return await accounts.find(await super().__call__(request))
    async def __call__(self, request: Request, scopes: SecurityScopes, accounts: Accounts = Depends()):
        try:
            return await self.look(request, scopes, accounts)
        except HTTPException:
            if self.auto_error:
                raise
            return None
@app.get("/x")
async def x(user=Security(Guard(GIVEN))): ...
"""


@pytest.mark.parametrize(
    ("given", "expected"), [("", "protected"), ("False", "open"), ("token_required=False", "open")]
)
def test_a_scheme_of_the_project_does_what_it_was_told_when_it_was_made(
    given: str, expected: str, tmp_path: Path
) -> None:
    text = "from fastapi import Security\nfrom fastapi.security import SecurityScopes\n" + QUIET.replace("GIVEN", given)
    assert protection(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [("== 0", "protected"), ("< 1", "protected"), ("!= 0", "open"), (">= 0", "protected"), ("> 5", "open")],
)
def test_made_up_credentials_are_counted_as_none(count: str, expected: str, tmp_path: Path) -> None:
    text = (
        f"from store import redis\ndef g(key: str = Depends(APIKeyHeader(name='k'))):\n"
        f"    if redis.sismember('keys', key) {count}:\n        raise HTTPException(401)\n    return key\n"
        "@app.get('/x')\ndef x(key=Depends(g)): ...\n"
    )
    assert protection(tmp_path, text) == expected


def test_middleware_that_tests_add_is_not_the_application_s(tmp_path: Path) -> None:
    refusing = (
        "from main import app\nfrom starlette.responses import Response\n@app.middleware('http')\n"
        "async def nobody(request, call_next):\n    if request.headers.get('authorization') != KEY:\n"
        "        return Response(status_code=401)\n    return await call_next(request)\n"
    )
    app = "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n@app.get('/x')\ndef x(): ...\n"
    assert routes(tmp_path, {"main.py": app, "tests/test_main.py": refusing})["/x"].protection == "open"


BELOW = """
def get_token(request: Request):
    token = request.headers.get("Authorization") or request.query_params.get("key")
    if not token and os.environ["MODE"] not in find_modes(request.url.port):
        raise HTTPException(401, "sign in")
    return token
def get_target(bucket: str, token: str | None = Depends(get_token)):
    return {"bucket": bucket}
@app.get("/x")
def x(target: dict = Depends(get_target)): ...
"""


def test_what_refuses_some_below_a_dependency_leaves_the_route_unknown(tmp_path: Path) -> None:
    assert protection(tmp_path, BELOW) == "unknown"
    assert protection(tmp_path, BELOW.replace("Depends(get_target)", "Depends(get_token)")) == "unknown"
