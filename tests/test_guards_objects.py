"""Objects that a dependency makes of a request and whose methods handlers ask: `rules.assert_user()`."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import program, routes
from projects_guarded import protection

from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.values import Function

RULES = """
    from fastapi import Depends, HTTPException, Request
    from shop.database import Key, User, get_db

    class Rules:
        def __init__(self, api_key, session, db):
            self.api_key = api_key
            self.session = session
            self.db = db

        def user_id(self):
            if self.api_key:
                found = self.db.query(Key).filter(Key.text == self.api_key).one_or_none()
                return found.user_id if found else None
            return self.session.get("user_id")

        def assert_user(self):
            found = self.user_id()
            if not found or not self.db.query(User).filter(User.id == found).count():
                raise HTTPException(401, "not logged in")
            return found

        def assert_owner(self, owner):
            if self.assert_user() != owner:
                raise HTTPException(403, "no permission")

        def assert_known_role(self, role):
            if role not in ("owner", None):
                raise HTTPException(422, "no such role")

    def rules_for(request: Request, db=Depends(get_db)):
        return Rules(request.headers.get("x-api-key"), request.session, db)
"""

HANDLER = """
    import os
    from fastapi import Depends, FastAPI
    from starlette.middleware.sessions import SessionMiddleware
    from rules import Rules, rules_for
    from shop.database import Job, get_db

    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=os.environ["KEY"])

    def ask(rules, job):
        rules.assert_owner(job.owner_id)

    def ask_later(rules, job):
        rules.assert_owner(job.owner_id)

    def ask_any(rules, job):
        rules.assert_owner(job.owner_id)

    LATER = [ask_later]

    class Nobody:
        def assert_owner(self, owner):
            print(owner)

    def clean():
        ask_any(Nobody(), None)

    @app.delete("/jobs/{job_id}")
    def end_job(job_id: int, rules: Rules = Depends(rules_for), db=Depends(get_db)):
        job = db.get(Job, job_id)
        BODY
        db.delete(job)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("rules.assert_user()", "protected"),
        ("rules.assert_owner(job.owner_id)", "protected"),
        ("ask(rules, job)", "protected"),
        ("ask_later(rules, job)", "unknown"),
        ("ask_any(rules, job)", "unknown"),
        ("print(rules.user_id())", "open"),
        ("rules.assert_known_role('owner')", "open"),
        ("pass", "open"),
    ],
)
def test_methods_that_refuse_are_guards_in_a_handler(body: str, expected: str, tmp_path: Path) -> None:
    found = routes(tmp_path, {"rules.py": RULES, "main.py": HANDLER.replace("BODY", body)})
    assert found["/jobs/{job_id}"].protection == expected


INJECTED = """
    from abc import abstractmethod
    from typing import Final, Protocol
    from dishka import Provider, Scope
    from fastapi import Request
    from shop.store import rows

    class NotKnown(Exception):
        pass

    class Transport(Protocol):
        @abstractmethod
        def extract(self) -> str | None: ...

    class CookieTransport(Transport):
        def __init__(self, request: Request) -> None:
            self._request: Final[Request] = request

        def extract(self) -> str | None:
            return self._request.cookies.get("session")

    class MetadataTransport(Transport):
        def __init__(self, context: object) -> None:
            self._context = context

        def extract(self) -> str | None:
            return self._context.get("authorization")

    class Sessions:
        def __init__(self, transport: Transport) -> None:
            self._transport: Final[Transport] = transport
            self._cached: str | None = None

        async def current(self) -> str:
            if self._cached is not None:
                return self._cached
            found = self._transport.extract()
            if found is None:
                raise NotKnown("no session")
            session = await rows.session(found)
            if session is None:
                raise NotKnown("no session")
            self._cached = session
            return session

    class CurrentUser:
        def __init__(self, sessions: Sessions) -> None:
            self._sessions: Final[Sessions] = sessions

        async def get(self) -> str:
            return await self._sessions.current()

    class DropThing:
        def __init__(self, current: CurrentUser) -> None:
            self._current: Final[CurrentUser] = current

        async def __call__(self, number: int) -> None:
            me = await self._current.get()
            await rows.drop(me, number)

    class AddThing(DropThing):
        async def __call__(self, number: int) -> None:
            await rows.add(number)

    class LogIn:
        def __init__(self, current: CurrentUser) -> None:
            self._current: Final[CurrentUser] = current

        async def __call__(self, name: str) -> None:
            try:
                await self._current.get()
                raise ValueError("you are in")
            except NotKnown:
                pass
            await rows.enter(name)

    def provider() -> Provider:
        found = Provider(scope=Scope.REQUEST)
        found.from_context(provides=Request, scope=Scope.REQUEST)
        found.provide_all(CurrentUser, DropThing, AddThing, LogIn)
        found.provide(source=Sessions)
        found.provide(source=CookieTransport, provides=Transport)
        return found
"""


@pytest.mark.parametrize(
    ("interactor", "expected"), [("DropThing", "protected"), ("AddThing", "open"), ("LogIn", "open")]
)
def test_what_a_container_makes_of_the_request_guards_where_it_is_asked(
    interactor: str, expected: str, tmp_path: Path
) -> None:
    main = f"""
        from dishka.integrations.fastapi import DishkaRoute, FromDishka
        from fastapi import APIRouter, FastAPI
        from parts import {interactor}

        router = APIRouter(route_class=DishkaRoute)

        @router.post("/things")
        async def act(number: int, interactor: FromDishka[{interactor}]):
            await interactor(number)

        app = FastAPI()
        app.include_router(router)
    """
    assert routes(tmp_path, {"parts.py": INJECTED, "main.py": main})["/things"].protection == expected


def test_what_a_container_gives_is_no_dependency_of_fastapi(tmp_path: Path) -> None:
    text = """
        from dishka import Provider, Scope, provide
        from dishka.integrations.fastapi import DishkaRoute, FromDishka
        from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request

        class Settings: ...
        class Member: ...

        class Provision(Provider):
            @provide(scope=Scope.APP)
            def settings(self) -> Settings:
                return Settings()

            @provide(scope=Scope.REQUEST)
            def member(self, request: Request, settings: Settings) -> Member:
                if request.headers.get("x-key") != settings.key:
                    raise HTTPException(401)
                return Member()

        def database(): ...

        router = APIRouter(route_class=DishkaRoute)

        @router.get("/things")
        async def things(member: FromDishka[Member], found: dict = Depends(database)): ...

        app = FastAPI()
        app.include_router(router)
    """
    found = routes(tmp_path, text)["/things"]
    assert found.dependencies == ("main.database",)
    assert found.protection == "protected"


def test_a_function_that_calls_another_one_first_does_not_leave_all_its_work_to_the_last(tmp_path: Path) -> None:
    text = """
    def check(token): ...
    def load(token): ...
    def both(token):
        check(token)
        return load(token)
    def last(token):
        \"\"\"What the token stands for.\"\"\"
        return load(token)
    """
    found = program(tmp_path, text)
    both, last, load = (found.interpreter.attribute_of_module(found.modules.by_name["main"], name)
                        for name in ("both", "last", "load"))  # fmt: skip
    assert isinstance(both, Function)
    assert isinstance(last, Function)
    assert worker(found.interpreter, both) is both
    assert worker(found.interpreter, last) is load


OPTIONAL = """
def optional_user(token: str | None = Header(None, alias="Authorization")):
    if token is None:
        return None
    try:
        return jwt.decode(token, "key", ["HS256"])["sub"]
    except jwt.PyJWTError:
        return None
@app.get("/x")
def x(number: int, user=Depends(optional_user)):
    post = posts[number]
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if post.public:\n        return post\n    if user is None:\n        raise HTTPException(401)", "unknown"),
        ("if post.public or user == post.owner:\n        return post\n    raise HTTPException(403)", "unknown"),
        ("if not post.public and user != post.owner:\n        raise HTTPException(403)", "unknown"),
        ("if user is None:\n        raise HTTPException(401)", "protected"),
        (
            "if not post:\n        raise HTTPException(404)\n    if not user:\n        raise HTTPException(401)",
            "protected",
        ),
    ],
)
def test_what_a_handler_serves_on_some_condition_it_serves_to_strangers(
    body: str, expected: str, tmp_path: Path
) -> None:
    assert protection(tmp_path, f"{OPTIONAL}    {body}\n    return post\n") == expected


SESSIONS = """
class Session:
    def __init__(self, authenticated: bool = True, sub: str = ""):
        self.authenticated = authenticated
        self.sub = sub
def session(token: str | None) -> Session:
    if token:
        return Session(sub=jwt.decode(token, "key", ["HS256"])["sub"])
    return Session(authenticated=False)
class Settings(BaseSettings):
    anybody_reads: bool = True
settings = Settings()
def current(request: Request, token: str | None = Header(None, alias="Authorization")):
    found = session(token)
    if found.authenticated or (settings.anybody_reads and request.method.lower() in ("get", "head")):
        return found
    raise HTTPException(401)
"""


@pytest.mark.parametrize(("method", "expected"), [("get", "open"), ("post", "protected")])
def test_a_session_of_nobody_may_read(method: str, expected: str, tmp_path: Path) -> None:
    text = f"from pydantic_settings import BaseSettings\n{SESSIONS}"
    assert (
        protection(tmp_path, f"{text}@app.{method}('/x', dependencies=[Depends(current)])\ndef x(): ...\n") == expected
    )


HELPERS = """
def find_caller(token: str | None):
    if not token:
        raise HTTPException(403)
    caller = callers.by_token(token)
    if caller:
        return caller
    raise HTTPException(403)
async def auth(websocket: WebSocket, token: str | None):
    await websocket.accept()
    if not token:
        await websocket.close(code=1002)
        return None
    try:
        return find_caller(token)
    except HTTPException:
        await websocket.close(code=1002)
        return None
@app.websocket("/x")
async def x(websocket: WebSocket, token: str | None = None):
    caller = await auth(websocket, token)
    if caller is None:
        return
    await websocket.send_json(caller.secrets)
"""


def test_a_guard_that_a_handler_calls_by_hand_is_one(tmp_path: Path) -> None:
    assert protection(tmp_path, HELPERS) == "protected"


VIEWS = """
    import os
    import jwt
    from fastapi import FastAPI, HTTPException, Request

    class Base:
        def __init__(self, request: Request):
            self.request = request
        @classmethod
        async def create(cls, request):
            return cls(request=request)

    class Known(Base):
        @classmethod
        async def create(cls, request):
            instance = await super().create(request=request)
            return instance
        def payload(self):
            header = self.request.headers.get("Authorization")
            if not header or not header.startswith("Bearer "):
                raise HTTPException(400)
            try:
                return jwt.decode(header.split(" ")[1], os.environ["KEY"], algorithms=["HS256"])
            except jwt.PyJWTError:
                raise HTTPException(400)

    class Read(Known):
        async def __call__(self):
            return self.payload()
        async def run(self):
            return self.payload()

    class Free(Known):
        async def __call__(self):
            return 1
        async def run(self):
            return 1

    def created(cls):
        async def wrapper(request: Request):
            view = await cls.create(request=request)
            return await view()
        return wrapper

    def called(cls):
        async def wrapper(request: Request):
            return await cls(request)()
        return wrapper

    def run(cls):
        async def wrapper(request: Request):
            view = cls(request)
            return await view.run()
        return wrapper

    app = FastAPI()
    for make in (created, run, called):
        app.add_api_route(f"/{make.__name__}/read", make(Read))
        app.add_api_route(f"/{make.__name__}/free", make(Free))
"""


@pytest.mark.parametrize("way", ["created", "run", "called"])
def test_an_object_made_of_the_request_looks_at_it_where_its_class_inherits_that(tmp_path: Path, way: str) -> None:
    found = routes(tmp_path, VIEWS)
    assert found[f"/{way}/read"].protection == "protected"
    assert found[f"/{way}/free"].protection == "open"


CLAIMS = """
    from fastapi import Depends, FastAPI, HTTPException, Request, Security
    from fastapi.security import HTTPBearer
    from team_tokens.auth.fastapi import access_token
    bearer = HTTPBearer(auto_error=False)

    class Auth:
        def __init__(self, request: Request, token=Security(bearer)):
            self.client = request.app.state.client
            self.bearer_token = token
        async def claims(self):
            if not self.bearer_token:
                raise HTTPException(401)
            try:
                return await access_token("user", audience="shop")(self.bearer_token)
            except Exception:
                raise HTTPException(401)
        async def token(self):
            return self.bearer_token

    app = FastAPI()
    @app.get("/claims")
    async def claims(auth=Depends(Auth)):
        return (await auth.claims()).get("name")
    @app.get("/token")
    async def token(auth=Depends(Auth)):
        return await auth.token()
    @app.post("/by-hand")
    async def by_hand(sent=Security(bearer)):
        check = access_token("user", audience="shop")
        try:
            return await check(sent)
        except Exception:
            raise HTTPException(401)
"""


def test_a_method_of_the_project_is_what_it_does_not_what_it_is_called(tmp_path: Path) -> None:
    """`auth.claims()` may refuse; a library's function of tokens whose failure is answered with 401 verifies them."""
    found = routes(tmp_path, CLAIMS)
    assert {path: row.protection for path, row in found.items()} == {
        "/claims": "protected", "/token": "open", "/by-hand": "protected"
    }  # fmt: skip


MARKED = """
    import os
    from fastapi import APIRouter, FastAPI, HTTPException, Request
    from fastapi.routing import APIRoute

    def public(function):
        function.is_public = True
        return function

    class Guarded(APIRoute):
        def _check(self, request):
            if request.headers.get("x-key") != os.environ["KEY"]:
                raise HTTPException(401)
        def get_route_handler(self):
            original = super().get_route_handler()
            async def handler(request: Request):
                try:
                    self._check(request)
                except HTTPException:
                    if not getattr(self.endpoint, "is_public", False):
                        raise
                return await original(request)
            return handler

    class ByPath(APIRoute):
        def get_route_handler(self):
            original = super().get_route_handler()
            async def handler(request: Request):
                if self.path != "/login" and "GET" not in self.methods and not hasattr(self.endpoint, "is_public"):
                    if request.headers.get("x-key") != os.environ["KEY"]:
                        raise HTTPException(401)
                return await original(request)
            return handler

    marked, other = APIRouter(route_class=Guarded), APIRouter(route_class=ByPath)
    @marked.get("/guarded")
    def guarded(): ...
    @marked.get("/marked")
    @public
    def free(): ...
    @other.post("/login")
    def login(): ...
    @other.get("/read")
    def read(): ...
    @other.post("/write")
    def write(): ...
    @other.post("/other")
    @public
    def also_free(): ...
    app = FastAPI()
    app.include_router(marked)
    app.include_router(other)
"""


def test_a_route_class_knows_the_route_that_it_guards(tmp_path: Path) -> None:
    found = {path: row.protection for path, row in routes(tmp_path, MARKED).items()}
    assert {path for path, protection in found.items() if protection == "protected"} == {"/guarded", "/write"}
    assert set(found.values()) == {"protected", "open"}


BY_HAND = """
    import os
    from fastapi import FastAPI, HTTPException, Request
    SESSIONS = {os.environ["KEY"]: {"name": "ann"}}
    app = FastAPI()

    def NAME(request):
        token = request.headers.get("X-Key", "")
        try:
            found = SESSIONS[token]
        except KeyError:
            found = None
        return found

    @app.get("/x")
    def x(request: Request):
        found = NAME(request)
        if found is None:
            raise HTTPException(401)
        return found
"""


@pytest.mark.parametrize("name", ["guard", "_user", "current_session", "who_is_logged_in"])
def test_what_finds_the_caller_of_a_request_by_hand_finds_nobody_for_strangers(tmp_path: Path, name: str) -> None:
    assert routes(tmp_path, BY_HAND.replace("NAME", name))["/x"].protection == "protected"


ANSWERING = """
class Fast(JSONResponse):
    def render(self, content):
        return repr(content).encode()
class Refused(JSONResponse):
    def __init__(self, text):
        super().__init__({"detail": text}, status_code=403)
class Failed(JSONResponse):
    def __init__(self, text, code=status.HTTP_401_UNAUTHORIZED, **more):
        super().__init__({"detail": text}, status_code=code, **more)
def trusted(request):
    given = request.headers.get("x-key")
    return bool(given) and hmac.compare_digest(given, os.environ["KEY"])
@app.get("/x")
def x(request: Request):
    if not trusted(request):
        return <answer>
    return 1
"""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Fast({}, status_code=403)", "protected"),
        ("Fast({})", "open"),
        ("Refused('no')", "protected"),
        ("Failed('no')", "protected"),
        ("Failed('no', headers={})", "protected"),
        ("Failed('no', 403)", "protected"),
        ("Failed('no', code=200)", "open"),
    ],
)
def test_a_response_of_a_class_of_the_project_may_refuse(answer: str, expected: str, tmp_path: Path) -> None:
    assert protection(tmp_path, ANSWERING.replace("<answer>", answer)) == expected


CONTEXT = """
class Users(ABC):
    @property
    @abstractmethod
    def user(self): ...
    @property
    @abstractmethod
    def ready(self): ...
    @property
    def anonymous(self):
        return self.user is None
class Context(Users):
    def __init__(self, user=None):
        self._who = user
    user = property(lambda self: self._who)
    ready = True
    @property
    def busy(self):
        return len(os.environ) > 3
def found(key: str | None = Depends(APIKeyHeader(name="x-key", auto_error=False))):
    return {"t": "me"}.get(key) if key else None
def context(user=Depends(found)) -> Context:
    return Context(user)
def check_own(context: Users, number):
    if <asked>:
        raise HTTPException(403)
@app.get("/x")
def x(number: int, context: Context = Depends(context)):
    check_own(context, number)
    return number
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("context.anonymous", "protected"),
        ("context.anonymous or number > 3", "protected"),
        ("context.anonymous and number > 3", "unknown"),
        ("context.user is None", "protected"),
        ("not context.ready", "open"),
        ("context.busy", "open"),
    ],
)
def test_a_property_of_an_object_may_say_that_nobody_is_known(asked: str, expected: str, tmp_path: Path) -> None:
    start = "from abc import ABC, abstractmethod\n"
    assert protection(tmp_path, start + CONTEXT.replace("<asked>", asked)) == expected
