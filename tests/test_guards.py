"""Who is let in by dependencies, handlers and decorators: protected or open, wherever the guard is written."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from projects import routes
from projects_guarded import SIX, protection

wrong = partial(pytest.mark.xfail, strict=True)


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


ANSWERED = wrong(reason="where a dependency reads the credentials, only a `raise` in the handler counts as refusal")


@pytest.mark.parametrize(
    "body",
    [
        "if user is None:\n        raise HTTPException(401)",
        "if not user:\n        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED)",
        "if user is None:\n        return JSONResponse({}, status_code=401)",
        "if user is None:\n        return Response(status_code=401)",
        "if user is not None:\n        return user\n    raise HTTPException(403)",
        pytest.param("if user is None:\n        deny()", marks=ANSWERED),
        pytest.param("user = user or deny()", marks=ANSWERED),
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
