"""Guards that the configuration switches on, and outcomes that travel in tuples."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects_guarded import READ, protection, row

SETTINGS = """
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    api_key: str | None = None
    keys: list[str] = []
    auth_type: str = "none"
settings = Settings()
KEY = os.environ.get("API_KEY")
app = FastAPI(openapi_url=None, dependencies=[Depends(guard)])
"""


@pytest.mark.parametrize(
    "body",
    [
        "if KEY is None:\n        return\n    if sent != KEY:\n        raise HTTPException(401)",
        "if settings.api_key and sent != settings.api_key:\n        raise HTTPException(401)",
        "if not settings.keys:\n        return\n    for key in settings.keys:\n        if key == sent:\n"
        "            return\n    raise HTTPException(403)",
        "if settings.auth_type == 'none':\n        return\n    if sent != os.environ['MASTER']:\n"
        "        raise HTTPException(401)",
    ],
)
def test_a_guard_that_is_off_until_it_is_set_up_says_so(body: str, tmp_path: Path) -> None:
    head, _, rest = SETTINGS.partition("app = ")
    guard = f"def guard(sent: str | None = Header(None, alias='X-API-Key')):\n    {body}\n"
    found = row(tmp_path, head + guard + "app = " + rest + READ)
    assert (found.protection, found.reason) == ("open", "main.guard guards it only when configured")


def test_a_guard_whose_keys_are_not_known_is_one(tmp_path: Path) -> None:
    text = (
        "def guard(request: Request, sent: str | None = Header(None, alias='X-API-Key')):\n"
        "    config = request.app.state.config\n    if config.keys and sent not in config.keys:\n"
        "        raise HTTPException(401)\n@app.get('/x', dependencies=[Depends(guard)])\ndef x(): ...\n"
    )
    assert protection(tmp_path, text) == "protected"


OUTCOMES = """
def identify(request: Request):
    try:
        return True, jwt.decode(request.headers.get("Authorization") or "", os.environ["K"], algorithms=["HS256"])
    except jwt.PyJWTError:
        return False, None
@app.get("/x")
def x(request: Request):
    ok, user = identify(request)
    TEST
    return user
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("if not ok:\n        raise HTTPException(401)", "protected"),
        ("if user is None:\n        raise HTTPException(401)", "protected"),
        ("if ok:\n        print(user)", "open"),
    ],
)
def test_an_outcome_beside_what_was_found(test: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, OUTCOMES.replace("TEST", test)) == expected


@pytest.mark.parametrize(("call", "expected"), [("await check(request)", "protected"), ("check(request)", "open")])
def test_a_coroutine_that_nobody_awaits_checks_nothing(call: str, expected: str, tmp_path: Path) -> None:
    text = (
        "async def check(request: Request):\n    if request.headers.get('X-API-Key') != os.environ['K']:\n"
        f"        raise HTTPException(401)\n@app.get('/x')\nasync def x(request: Request):\n    {call}\n    return 1\n"
    )
    assert protection(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("field", "protection_", "reason"),
    [
        ("str | None = None", "open", "main.check guards it only when configured"),
        ("str = 'x'", "protected", ""),
    ],
)
def test_routers_that_a_configuration_guards(field: str, protection_: str, reason: str, tmp_path: Path) -> None:
    text = (
        f"from pydantic import BaseModel\nclass ServerConfig(BaseModel):\n    issuer: {field}\nrouter = APIRouter()\n"
        "@router.get('/x')\ndef x(): ...\ndef check(sent: str = Header('', alias='X-API-Key')):\n"
        "    if sent != os.environ['K']:\n        raise HTTPException(401)\ndef make(config: ServerConfig):\n"
        "    app = FastAPI(openapi_url=None)\n    guards = []\n    if config.issuer:\n"
        "        guards.append(Depends(check))\n    app.include_router(router, dependencies=guards)\n    return app\n"
    )
    found = row(tmp_path, text)
    assert (found.protection, found.reason) == (protection_, reason)


@pytest.mark.parametrize(("name", "expected"), [("session_api_key", "protected"), ("page_token", "open")])
def test_a_websocket_that_takes_a_key_from_its_query(name: str, expected: str, tmp_path: Path) -> None:
    text = (
        f"@app.websocket('/x')\nasync def x(websocket: WebSocket, {name}: str | None = None):\n"
        f"    if {name} != os.environ['K']:\n        await websocket.close(4001)\n        return\n"
        "    await websocket.accept()\n    await websocket.send_text('hello')\n"
    )
    assert protection(tmp_path, text) == expected


@pytest.mark.parametrize(
    "test", ["config.type == 'none'", "not config.auth_enabled", "config.disable_auth", "config.allow_anonymous"]
)
def test_a_switch_that_is_kept_out_of_sight_leaves_a_guard(test: str, tmp_path: Path) -> None:
    text = (
        "@app.middleware('http')\nasync def gate(request: Request, call_next):\n"
        f"    config = request.app.state.config\n    if not ({test}):\n"
        "        if request.headers.get('X-API-Key') != os.environ['K']:\n"
        "            return JSONResponse({}, status_code=401)\n    return await call_next(request)\n"
    )
    assert protection(tmp_path, text + READ) == "protected"


def test_a_key_in_the_first_message_of_a_websocket(tmp_path: Path) -> None:
    text = """
import asyncio, json
async def greet(websocket):
    await websocket.accept()
    try:
        hello = json.loads(await asyncio.wait_for(websocket.receive_text(), timeout=10))
    except TimeoutError:
        await websocket.close(4001)
        return False
    if not isinstance(hello, dict) or hello.get("session_api_key") not in os.environ["KEYS"].split():
        await websocket.close(4001)
        return False
    return True
@app.websocket('/x')
async def x(websocket: WebSocket):
    if not await greet(websocket):
        return
    await websocket.send_text("hello")
"""
    assert protection(tmp_path, text) == "protected"


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("jwt.decode(request.cookies.get('t') or '', os.environ['K'], algorithms=['HS256'])", "protected"),
        ("request.cookies.get('t', '').encode().decode('utf-8')", "open"),
    ],
)
def test_a_token_in_a_cookie_of_any_name(read: str, expected: str, tmp_path: Path) -> None:
    text = (
        f"def who(request: Request):\n    try:\n        return {read}\n    except jwt.PyJWTError:\n"
        "        return None\n"
        "@app.get('/x')\ndef x(request: Request):\n    user = who(request)\n    if user is None:\n"
        "        raise HTTPException(401)\n    return user\n"
    )
    assert protection(tmp_path, text) == expected


def test_a_verifier_that_may_be_off(tmp_path: Path) -> None:
    text = (
        "class Verifier:\n    def __init__(self, key):\n        self.key = key\n    @property\n"
        "    def enabled(self):\n        return self.key is not None\nverifier = Verifier(os.environ.get('KEY'))\n"
        "def guard(request: Request, sent: str | None = Header(None, alias='X-API-Key')):\n"
        "    verifier = request.app.state.verifier\n    if verifier.enabled and sent != verifier.key:\n"
        "        raise HTTPException(401)\n"
    )
    assert protection(tmp_path, text + READ.replace("'/x'", "'/x', dependencies=[Depends(guard)]")) == "protected"


@pytest.mark.parametrize("code", [429, 413])
def test_what_a_middleware_refuses_for_other_reasons_is_no_guard(code: int, tmp_path: Path) -> None:
    text = (
        f"from starlette.middleware.base import BaseHTTPMiddleware\ndef refusal(request):\n"
        f"    return JSONResponse({{}}, status_code={code})\nclass Gate(BaseHTTPMiddleware):\n"
        "    async def dispatch(self, request, call_next):\n"
        "        if request.headers.get('X-Internal-Token') == os.environ['K']:\n"
        "            return await call_next(request)\n"
        "        if not await self.allowed(request.client.host):\n            return refusal(request)\n"
        "        return await call_next(request)\n"
        "    async def allowed(self, key):\n        return await self.store.count(key) < 10\n"
        "app = FastAPI(openapi_url=None)\napp.add_middleware(Gate)\n"
    )
    assert protection(tmp_path, text + READ) == "open"


def test_a_first_message_without_a_key_ends_the_connection_through_a_helper(tmp_path: Path) -> None:
    text = """
async def hang_up(websocket, code):
    try:
        await websocket.close(code=code)
    except RuntimeError:
        pass
async def greet(websocket, token):
    await websocket.accept()
    if token is None:
        token = (await websocket.receive_json()).get("token")
    if not token or token not in os.environ["KEYS"].split():
        await hang_up(websocket, code=4001)
        return False
    return True
@app.websocket('/x')
async def x(websocket: WebSocket, token: str | None = None):
    if not await greet(websocket, token):
        return
    await websocket.send_text("hello")
"""
    assert protection(tmp_path, text) == "protected"


def test_words_in_a_tuple_that_say_what_went_wrong(tmp_path: Path) -> None:
    text = """
def read(token):
    try:
        claims = jwt.decode(token, os.environ["K"], algorithms=["HS256"])
        return claims["sub"], claims["scopes"]
    except jwt.PyJWTError:
        return "invalid token", []
def guard(authorization: str = Header()):
    who, scopes = read(authorization)
    if who == "invalid token":
        raise HTTPException(401)
    if not any(scope in scopes for scope in ("admin", "analyst")):
        raise HTTPException(403)
"""
    assert protection(tmp_path, text + READ.replace("'/x'", "'/x', dependencies=[Depends(guard)]")) == "protected"


ACCOUNTS = """
class Accounts:
    def __init__(self):
        self.keys = {}
        self.given = []
        if configured := KEYS:
            for account in configured.split(","):
                name, key = account.split(":", 1)
                self.keys[name] = key
                self.given.append(key)
accounts = Accounts()
is_on = ON
def guard(sent: str | None = Header(None, alias="X-API-Key")):
    if not is_on:
        return
    if sent not in accounts.given:
        raise HTTPException(401)
@app.get("/x", dependencies=[Depends(guard)])
def x(): ...
"""


@pytest.mark.parametrize("test", ["bool(accounts.keys)", "bool(accounts.given)", "accounts.keys"])
def test_keys_that_are_only_there_once_they_are_configured(test: str, tmp_path: Path) -> None:
    text = ACCOUNTS.replace("KEYS", 'os.environ.get("ACCOUNTS", "")').replace("ON", test)
    found = row(tmp_path, text)
    assert (found.protection, found.reason) == ("open", "main.guard guards it only when configured")


def test_keys_of_which_nobody_says_whether_they_are_there(tmp_path: Path) -> None:
    text = "from outside import given\n" + ACCOUNTS.replace("KEYS", "given()").replace("ON", "bool(accounts.keys)")
    assert protection(tmp_path, text) == "protected"


LAZY = """
class Options:
    api_key = os.environ.get("API_KEY")
class Lazy:
    def GETTER(self, name):
        return getattr(Options(), name)
options = Lazy()
def guard(sent: str | None = Header(None, alias="X-API-Key")):
    if options.api_key and sent != options.api_key:
        raise HTTPException(401)
@app.get("/x", dependencies=[Depends(guard)])
def x(): ...
"""


@pytest.mark.parametrize("getter", ["__getattr__", "__getattribute__"])
def test_options_behind_an_object_that_asks_for_them(getter: str, tmp_path: Path) -> None:
    found = row(tmp_path, LAZY.replace("GETTER", getter))
    assert (found.protection, found.reason) == ("open", "main.guard guards it only when configured")


COMPUTED = """
def is_on():
    if not (value := os.getenv("AUTH")):
        return False
    assert (lower := value.lower()) in ("true", "false")
    return lower == "true"
ON = is_on()
PLAIN = os.getenv("AUTH", "off").lower() == "on"
OFF = not PLAIN
app.state.on = is_on()
def guard(request: Request, sent: str | None = Header(None, alias="X-API-Key")):
    if TEST:
        return
    if sent != os.environ["KEY"]:
        raise HTTPException(401)
@app.get("/x", dependencies=[Depends(guard)])
def x(): ...
"""


@pytest.mark.parametrize("test", ["not ON", "not is_on()", "not PLAIN", "OFF", "not request.app.state.on"])
def test_a_switch_that_is_worked_out_of_a_setting(test: str, tmp_path: Path) -> None:
    found = row(tmp_path, COMPUTED.replace("TEST", test))
    assert (found.protection, found.reason) == ("open", "main.guard guards it only when configured")


@pytest.mark.parametrize("default", ["on", "yes"])
def test_a_switch_that_is_on_by_default_leaves_a_guard(default: str, tmp_path: Path) -> None:
    text = COMPUTED.replace('"AUTH", "off"', f'"AUTH", "{default}"').replace('== "on"', '!= "off"')
    assert protection(tmp_path, text.replace("TEST", "not PLAIN")) == "protected"


MADE = """
import inspect
from fastapi.security import OAuth2PasswordBearer
scheme = OAuth2PasswordBearer("token", auto_error=False)
async def find(*, anonymous: bool, token: str | None = None):
    user = None
    if token is not None:
        user = jwt.decode(token, KEY, ["HS256"])["sub"]
    if user is None:
        if not anonymous:
            raise HTTPException(401)
    return user
"""


@pytest.mark.parametrize(
    "guard",
    [
        "    async def user(token=Depends(scheme)):\n        return await find(anonymous=anonymous, token=token)\n",
        "    async def user(**sent):\n        return await find(anonymous=anonymous, token=sent.get('token'))\n"
        "    parameter = inspect.Parameter('token', inspect.Parameter.KEYWORD_ONLY, default=Depends(scheme))\n"
        "    user.__signature__ = inspect.Signature([parameter])\n",
        "    def user(**sent):\n        if sent['token'] is None and not anonymous:\n"
        "            raise HTTPException(401)\n"
        "        return None if sent['token'] is None else jwt.decode(sent['token'], KEY, ['HS256'])['sub']\n"
        "    parameter = inspect.Parameter('token', inspect.Parameter.KEYWORD_ONLY, default=Depends(scheme))\n"
        "    user.__signature__ = inspect.Signature([parameter])\n",
    ],
)
@pytest.mark.parametrize(("anonymous", "expected"), [(True, "open"), (False, "protected")])
def test_a_guard_is_made_for_strangers_or_against_them(
    guard: str, anonymous: bool, expected: str, tmp_path: Path
) -> None:
    text = MADE + f"def asked(*, anonymous: bool = True):\n{guard}    return user\n"
    text += f"@app.get('/x', dependencies=[Depends(asked(anonymous={anonymous}))])\ndef x(): ...\n"
    assert protection(tmp_path, text) == expected


def test_parameters_that_are_compiled_are_no_guard(tmp_path: Path) -> None:
    text = """
import types
def made(name):
    return types.FunctionType(compile(f"def {name}(): ...", "made", "exec").co_consts[0], globals(), name)
required = made("required_parameters")
@app.get('/x')
def x(found=Depends(required)): ...
"""
    assert protection(tmp_path, text) == "open"


@pytest.mark.parametrize("failure", ["Exception('no')", "HTTPException(500)", "RuntimeError"])
def test_who_sends_another_key_than_the_expected_one_is_refused_however_that_fails(
    failure: str, tmp_path: Path
) -> None:
    guard = f"def g(key: str | None = Header(None)):\n    if key != os.environ['KEY']:\n        raise {failure}\n"
    assert protection(tmp_path, f"{guard}{READ}".replace("x():", "x(who=Depends(g)):")) == "protected"


@pytest.mark.parametrize(("field", "expected"), [("token", "protected"), ("title", "open")])
def test_a_body_called_token_is_a_credential_where_it_has_one(field: str, expected: str, tmp_path: Path) -> None:
    text = f"""
from pydantic import BaseModel
class Sent(BaseModel):
    {field}: str
@app.post("/x")
def x(token: Sent):
    if token.{field} != os.environ["KEY"]:
        raise HTTPException(401)
"""
    assert protection(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("in GUARDED", "open"), ("not in GUARDED", "protected"), ("in FREE", "protected"), ("not in FREE", "open")],
)
def test_a_key_that_is_configured_is_there_as_it_is_by_default(asked: str, expected: str, tmp_path: Path) -> None:
    text = f"""
GUARDED, FREE = {{"live": 1, "stage": 2}}, {{"dev": 3}}
PLACE = os.getenv("PLACE", "dev")
@app.get("/x", dependencies=[Depends(get_current_user)] if PLACE {asked} else [])
def x(): ...
"""
    assert protection(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("first", "asked", "then", "expected"),
    [
        ("get_current_user", "os.getenv('OPEN')", "free", "protected"),
        ("free", "os.getenv('CLOSED')", "get_current_user", "open"),
        ("free", "not os.getenv('OPEN')", "get_current_user", "protected"),
    ],
)
def test_a_guard_that_an_object_keeps_is_the_one_of_the_default(
    first: str, asked: str, then: str, expected: str, tmp_path: Path
) -> None:
    text = f"""
def free(): ...
class Guards:
    def __init__(self):
        self.guard = {first}
        if {asked}:
            self.guard = {then}
@app.get("/x", dependencies=[Depends(Guards().guard)])
def x(): ...
"""
    assert protection(tmp_path, text) == expected
