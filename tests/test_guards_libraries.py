"""Guards of libraries, what cannot be resolved, rights and rates, and what the configuration declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import routes
from projects_guarded import AUTH, DB, MAIN, READ, protection, row

from fastapi_seclint.program.table import RouteRow

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
            "from fastapi_csrf_protect import CsrfProtect\n@app.get('/x')\ndef x(csrf: CsrfProtect = Depends()):\n"
            "    token, signed = csrf.generate_csrf_tokens()\n    return token",
            "open",
        ),
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
                "from supertokens_python.recipe.session.asyncio import get_session\n@app.get('/x')\n"
                "async def x(request: Request):\n    session = await get_session(request)\n"
                "    return session.get_user_id()"
            ),
            "protected",
        ),
        (
            (
                "from supertokens_python.recipe.session.asyncio import get_session\n@app.get('/x')\n"
                "async def x(request: Request):\n    session = await get_session(request, session_required=False)\n"
                "    return {'known': session is not None}"
            ),
            "open",
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


@pytest.mark.parametrize(
    "body",
    [
        "role = db.get(role_id)\n    if not role:\n        raise HTTPException(404)",
        "if role_id in db.roles:\n        raise HTTPException(status_code=status.HTTP_409_CONFLICT)",
    ],
)
def test_a_role_that_is_not_there_or_there_already_is_no_authorization(body: str, tmp_path: Path) -> None:
    text = f"@app.get('/x')\ndef x(role_id: int, user: CurrentUser, db=Depends(get_db)):\n    {body}\n"
    assert row(tmp_path, text).guards.authorization == ()


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


@pytest.mark.parametrize(
    "text",
    [
        "from database import get_session\n@app.get('/x')\ndef x(db=Depends(get_session)): ...",
        "from app.db.session import SessionLocal\n@app.get('/x')\ndef x(db=Depends(SessionLocal)): ...",
        "from app.deps import injected_session_scope\n@app.get('/x')\ndef x(db=Depends(injected_session_scope)): ...",
        "@app.get('/x')\ndef x(db=Depends(get_db)): ...",
        "@app.post('/x')\ndef x(item: ItemCreate): ...",
    ],
)
def test_a_database_or_a_body_out_of_sight_is_no_guard(text: str, tmp_path: Path) -> None:
    assert protection(tmp_path, text + "\n") == "open"


@pytest.mark.parametrize(
    "text",
    [
        "from auth import get_session\n@app.get('/x')\ndef x(who=Depends(get_session)): ...",
        "@app.get('/x')\ndef x(who=Depends(get_logged_in_user)): ...",
        "@app.post('/x')\ndef x(who: LoggedInUser): ...",
    ],
)
def test_a_guard_out_of_sight_leaves_the_route_unknown(text: str, tmp_path: Path) -> None:
    assert protection(tmp_path, text + "\n") == "unknown"


OUTSIDE = """
from somewhere import accounts, InvalidTicket
def member(token=Depends(HTTPBearer(auto_error=False))):
    if token is None:
        raise HTTPException(401)
    BODY
@app.get("/x")
def x(user=Depends(member)):
    return user
"""


@pytest.mark.parametrize(
    ("call", "answer", "expected"),
    [
        ("return accounts.verify_token(token)", "InvalidTicket:\n        raise HTTPException(401)", "protected"),
        (
            "user = accounts.user_from_token(token)",
            "InvalidTicket:\n        raise HTTPException(403)",
            "protected",
        ),
        ("return accounts.verify_token(token)", "InvalidTicket:\n        return None", "unknown"),
        ("return accounts.verify_token(token)", "ConnectionError:\n        raise HTTPException(503)", "unknown"),
        ("accounts.log_token(token)", "InvalidTicket:\n        raise HTTPException(401)", "unknown"),
    ],
)
def test_a_check_out_of_sight_whose_failure_is_answered_with_a_refusal_refuses(
    call: str, answer: str, expected: str, tmp_path: Path
) -> None:
    body = f"try:\n        {call}\n    except {answer}\n    return user"
    assert protection(tmp_path, OUTSIDE.replace("BODY", body)) == expected


ASKED = """
from somewhere import plugins
def caller(request: Request):
    plugin = plugins.get("sso")
    user = plugin.get_current_user(request)
    BODY
    return user
def member(user=Depends(caller)):
    MORE
    return user
@app.get("/x")
def x(user=Depends(member)):
    return user
"""


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ("if not user:\n        raise HTTPException(401)", "pass", "protected"),
        ("pass", "if user is None:\n        raise HTTPException(401)", "protected"),
        ("pass", "print(user.name)", "unknown"),
        ("if user is None:\n        print('nobody')", "pass", "unknown"),
    ],
)
def test_a_check_out_of_sight_that_has_to_give_somebody_refuses(
    body: str, more: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, ASKED.replace("BODY", body).replace("MORE", more)) == expected


def test_a_way_in_is_open_whoever_tests_the_password(tmp_path: Path) -> None:
    text = (
        "from somewhere import accounts\n@app.post('/x')\n"
        "async def x(request: Request, name: str, password: str):\n"
        "    user = await accounts.authenticate_user(name, password, request)\n"
        "    if not user:\n        raise HTTPException(401)\n    return user\n"
    )
    assert protection(tmp_path, text) == "open"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("if user is None:\n        raise HTTPException(401)\n    return user", "protected"),
        ("who, token = user\n    if who is None or token is None:\n        raise HTTPException(401)", "protected"),
        ("if user is None:\n        raise HTTPException(404)\n    return user", "unknown"),
        ("if user is None:\n        return False\n    return user", "unknown"),
    ],
)
def test_nobody_passes_without_what_an_unknown_library_gives_where_that_is_a_401(
    test: str, expected: str, tmp_path: Path
) -> None:
    outside = "from company_auth import accounts\noptional = accounts.current_user(optional=True)\n"
    guard = f"def guard(user=Depends(optional)):\n    {test}\n"
    guarded = "@app.get('/x', dependencies=[Depends(guard)])\ndef x(): ...\n"
    assert protection(tmp_path, outside + guard + guarded) == expected
    asked = f"@app.get('/x')\ndef x(user=Depends(optional)):\n    {test}\n"
    assert protection(tmp_path, outside + asked) == expected
