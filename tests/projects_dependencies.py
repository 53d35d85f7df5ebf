"""Projects that show which callables FastAPI takes for dependencies."""

from __future__ import annotations

from cases_of_tables import FLAT, Cases

PROJECTS = Cases()
project = PROJECTS.add

project(
    "every sort of callable",
    FLAT
    + """
import functools
class Query:
    def __init__(self, x: None = Depends(a)): ...
class Checker:
    def __init__(self, role: str) -> None:
        self.role = role
    def __call__(self, x: None = Depends(b)): ...
    def method(self, x: None = Depends(c)): ...
    @classmethod
    def of_class(cls, x: None = Depends(d)): ...
    @staticmethod
    def static(x: None = Depends(e)): ...
def needs(role: str, x: None = Depends(f)): ...
def factory(role: str):
    def check(x: None = Depends(g)): ...
    return check
checker = Checker("admin")
app = FastAPI()
@app.get("/class")
def r1(q: Query = Depends()): ...
@app.get("/instance", dependencies=[Depends(checker)])
def r2(): ...
@app.get("/made", dependencies=[Depends(Checker("user"))])
def r3(): ...
@app.get("/method", dependencies=[Depends(checker.method), Depends(Checker.of_class), Depends(Checker.static)])
def r4(): ...
@app.get("/partial", dependencies=[Depends(functools.partial(needs, "admin"))])
def r5(): ...
@app.get("/closure", dependencies=[Depends(factory("admin"))])
def r6(): ...
@app.get("/lambda", dependencies=[Depends(lambda: None)])
def r7(): ...
@app.get("/uncalled", dependencies=[Depends(Checker)])
def r8(): ...
""",
)

project(
    "annotations",
    {
        "deps.py": FLAT
        + """
from typing import Annotated
class User: ...
def current(x: Annotated[None, Depends(a)]) -> User: ...
CurrentUser = Annotated[User, Depends(current)]
""",
        "main.py": """
from __future__ import annotations
from typing import Annotated, Optional, Union
from fastapi import Depends, FastAPI
import deps
from deps import CurrentUser, b, c
app = FastAPI()
@app.get("/alias")
def alias(user: CurrentUser): ...
@app.get("/dotted")
def through_module(user: deps.CurrentUser): ...
@app.get("/quoted")
def quoted(user: "CurrentUser"): ...
@app.get("/last")
def last(x: Annotated[None, Depends(b), Depends(c)]): ...
@app.get("/nested")
def nested(x: Annotated[Annotated[None, Depends(b)], "a note"]): ...
@app.get("/inside")
def inside(x: Annotated[str | None, Depends(c)]): ...
@app.get("/keyword")
def keyword(*, x: str = "", user: CurrentUser): ...
""",
    },
)

project(
    "a marker after Depends",
    FLAT
    + """
from typing import Annotated
from fastapi import Header
Guarded = Annotated[str, Depends(a)]
app = FastAPI()
@app.get("/marked")
def marked(x: Annotated[str, Depends(a), Header()]): ...
@app.get("/alias")
def alias(x: Annotated[Guarded, Header()] = ""): ...
""",
)

project(
    "an alias in Optional is no dependency",
    """
from typing import Annotated, Optional
from pydantic import BaseModel
from fastapi import Depends, FastAPI
class User(BaseModel):
    name: str
def current() -> User: ...
CurrentUser = Annotated[User, Depends(current)]
app = FastAPI()
@app.post("/optional")
def optional(user: Optional[CurrentUser] = None): ...
@app.post("/union")
def union(user: CurrentUser | None = None): ...
@app.post("/right")
def right(user: Annotated[User | None, Depends(current)]): ...
""",
)

project(
    "the annotation names the callable",
    FLAT
    + """
from typing import Annotated
from dataclasses import dataclass
class Page:
    def __init__(self, x: None = Depends(a), limit: int = 10): ...
@dataclass
class Filters:
    page: Annotated[Page, Depends()]
    query: str = ""
class Narrow(Page): ...
app = FastAPI()
@app.get("/page")
def page(p: Annotated[Page, Depends()]): ...
@app.get("/filters")
def filters(f: Filters = Depends()): ...
@app.get("/inherited")
def inherited(n: Narrow = Depends(Narrow)): ...
""",
)

project(
    "security schemes and scopes",
    """
from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBearer, OAuth2PasswordBearer, SecurityScopes
oauth2 = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
class Bearer(HTTPBearer):
    async def __call__(self, request: Request): ...
def current(scopes: SecurityScopes, token: str = Depends(oauth2)): ...
def active(user=Security(current, scopes=["me"])): ...
app = FastAPI(dependencies=[Security(APIKeyHeader(name="x-key"))])
@app.get("/a", dependencies=[Security(active, scopes=["admin"])])
def a(): ...
@app.get("/b", dependencies=[Depends(Bearer())])
def b(basic=Depends(HTTPBasic())): ...
""",
)

project(
    "dependencies of dependencies",
    FLAT
    + """
from typing import Annotated, AsyncIterator
async def session(x: None = Depends(a)) -> AsyncIterator[int]:
    yield 1
class Repository:
    def __init__(self, s: Annotated[int, Depends(session)]): ...
class Service:
    def __init__(self, repository: Repository = Depends(), other: None = Depends(b, use_cache=False)): ...
class Authorize:
    async def __call__(self, service: Annotated[Service, Depends()]): ...
Allowed = Annotated[None, Depends(Authorize())]
app = FastAPI()
@app.get("/deep")
async def deep(allowed: Allowed): ...
""",
)

project(
    "handlers that are not functions",
    FLAT
    + """
import functools
class Handler:
    def __init__(self, name): ...
    def __call__(self, x: None = Depends(a)): ...
    def run(self, x: None = Depends(b)): ...
    @classmethod
    def build(cls, x: None = Depends(c)): ...
def configured(name: str, x: None = Depends(d)): ...
app = FastAPI()
app.add_api_route("/instance", Handler("a"))
app.add_api_route("/method", Handler("b").run)
app.add_api_route("/class-method", endpoint=Handler.build)
app.add_api_route("/partial", functools.partial(configured, name="x"))
app.add_api_route("/lambda", lambda: None)
""",
)

project(
    "dependencies that inherit",
    FLAT
    + """
from dataclasses import dataclass
class Base:
    def __init__(self, x: None = Depends(a)): ...
    def __call__(self, y: None = Depends(b)): ...
class Child(Base): ...
class Silent(Base):
    def __init__(self): ...
@dataclass
class Role:
    name: str
    def __call__(self, z: None = Depends(c)): ...
app = FastAPI()
@app.get("/child")
def r1(c_: Child = Depends()): ...
@app.get("/call", dependencies=[Depends(Silent())])
def r2(): ...
@app.get("/dataclass", dependencies=[Depends(Role("admin")), Depends(Role(name="user"))])
def r3(): ...
@app.get("/level")
def r4(s=Depends(Silent)): ...
""",
)

project(
    "dependencies made in functions",
    FLAT
    + """
def build(guard) -> APIRouter:
    router = APIRouter()
    def local(x: None = Depends(guard)): ...
    @router.get("/x", dependencies=[Depends(local)])
    def x(y: None = Depends(local)): ...
    class Inner:
        def __call__(self, z: None = Depends(local)): ...
    router.add_api_route("/y", x, dependencies=[Depends(Inner())])
    return router
class Auth:
    def __init__(self, role):
        self.role = role
    @property
    def required(self):
        return self.check
    def check(self, x: None = Depends(a)): ...
    def needs(self, *roles):
        async def inner(y: None = Depends(self.check)): ...
        return inner
auth = Auth("admin")
app = FastAPI()
app.include_router(build(b), prefix="/b")
@app.get("/required", dependencies=[Depends(auth.required)])
def required(): ...
@app.get("/needs", dependencies=[Depends(auth.needs("x", "y"))])
def needs(): ...
""",
)

project(
    "security in a package of its own",
    {
        "app/__init__.py": "",
        "app/security/__init__.py": "from .current import *\nfrom .roles import Roles as RequireRoles\n",
        "app/security/current.py": """
from __future__ import annotations
from typing import TYPE_CHECKING, Annotated
from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer
from app.db import get_db
if TYPE_CHECKING:
    from app.models import User
oauth2 = OAuth2PasswordBearer(tokenUrl="/token")
Token = Annotated[str, Depends(oauth2)]
async def get_current_user(token: Token, db=Depends(get_db)): ...
CurrentUser = Annotated["User", Depends(get_current_user)]
""",
        "app/security/roles.py": """
from .current import get_current_user
from fastapi import Security
class Roles:
    def __init__(self, *names): self.names = names
    async def __call__(self, user=Security(get_current_user, scopes=["roles"])): ...
""",
        "app/models.py": "class User: ...\n",
        "app/db.py": "async def get_db():\n    yield None\n",
        "app/api/__init__.py": "",
        "app/api/items.py": """
from fastapi import APIRouter, Depends
from app import security
from app.security import RequireRoles, get_current_user
router = APIRouter(prefix="/items", dependencies=[Depends(RequireRoles("a", "b"))])
@router.get("/{item_id}")
async def read(item_id: int, user=Depends(security.get_current_user)): ...
""",
        "app/main.py": """
from fastapi import FastAPI
from .api import items
def get_application() -> FastAPI:
    application = FastAPI()
    application.include_router(items.router, prefix="/api")
    return application
app = get_application()
""",
    },
    "app.main:app",
)

project(
    "parameters of every kind",
    FLAT
    + """
from typing import Annotated
from fastapi import Body, Request, Response
def lazy(request: Request, q: str = "", *, x: Annotated[None, Depends(a)]): ...
def default(x=Depends(c), y: "int | None" = None): ...
class Ann:
    field: Annotated[None, Depends(d)]
Alias = Annotated[None, Depends(e), "text", 3]
Nested = Annotated[Alias, "more"]
Both = Annotated[None, Depends(f)]
app = FastAPI()
@app.get("/lazy")
def r1(l=Depends(lazy), response: Response = None): ...
@app.get("/default")
def r2(d_=Depends(default)): ...
@app.get("/nested")
def r3(n: Nested, m: "Nested"): ...
@app.get("/dependency-keyword")
def r4(n=Depends(dependency=a, use_cache=False)): ...
""",
)

project(
    "a generic class as dependency",
    FLAT
    + """
from typing import Generic, TypeVar
T = TypeVar("T")
class Page(Generic[T]):
    def __init__(self, x: None = Depends(a)): ...
app = FastAPI()
@app.get("/x")
def x(p: Page[int] = Depends(Page)): ...
""",
)

project(
    "a subscripted class as dependency",
    FLAT
    + """
from typing import Generic, TypeVar
T = TypeVar("T")
class Page(Generic[T]):
    def __init__(self, x: None = Depends(a)): ...
app = FastAPI()
@app.get("/x")
def x(p=Depends(Page[int])): ...
""",
    wrong="FastAPI reads the signature of the alias, (*args, **kwargs): the dependencies of the class do not run",
)

project(
    "a subclass of Depends",
    FLAT
    + """
from fastapi.params import Depends as Marker, Security
class Needs(Marker):
    def __init__(self, callable, kind):
        super().__init__(callable)
class Plain(Marker): ...
def needs(kind):
    def resolve(x: None = Depends(a)): ...
    return Needs(resolve, kind)
app = FastAPI(dependencies=[Marker(d)])
@app.get("/x")
def x(one: int = needs(int), two: None = Plain(b), three: None = Security(c, scopes=["s"])): ...
""",
)

project(
    "signatures that code writes",
    FLAT
    + """
import functools
import inspect
from inspect import Parameter, Signature
from typing import Annotated

def with_guards(function):
    async def inner(*args, **kwargs):
        return await function(*args, **kwargs)
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    del parameters[-1]
    for name, guard in {"one": a, "two": b}.items():
        given = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=Depends(guard))
        parameters.append(given)
    inner.__signature__ = signature.replace(parameters=parameters)
    return inner

def without_rest(function):
    @functools.wraps(function)
    async def inner(*args, **kwargs): ...
    signature = inspect.signature(function)
    kept = [item for item in signature.parameters.values() if item.kind != inspect.Parameter.VAR_KEYWORD]
    told = [item.replace(default=Depends(d)) if item.name == "told" else item for item in kept]
    inner.__signature__ = signature.replace(parameters=told)
    return inner

def typed(function):
    def inner(**kwargs): ...
    guard = Parameter("guard", kind=Parameter.POSITIONAL_OR_KEYWORD, annotation=Annotated[str, Depends(e)])
    setattr(inner, "__signature__", Signature([guard]))
    return inner

app = FastAPI()

@app.get("/guards")
@with_guards
async def guards(own: None = Depends(c), **filters): ...

@app.get("/rest")
@without_rest
async def rest(own: "Annotated[str, Depends(c)]", told: str = "", **filters): ...

@app.get("/typed")
@typed
def typed_one(own: None = Depends(c)): ...

class Query:
    def __init__(self, **kwargs): ...
Query.__signature__ = Signature([Parameter("f", Parameter.KEYWORD_ONLY, default=Depends(f))])

@app.get("/class")
def of_class(query: Query = Depends()): ...
""",
)

project(
    "a guard that is there by default, kept by an object that makes the application",
    FLAT
    + """
import os
from fastapi import Security
class Service:
    def __call__(self, token: str): ...
class Api:
    def __init__(self) -> None:
        self.service = None
        if os.environ.get("A_SWITCH_THAT_NOBODY_SET", "true").lower() not in ("0", "false"):
            self.service = Service()
        self.router = APIRouter()
        self.app = FastAPI()
    def serve(self) -> None:
        guarded = self.service is not None
        self.router.add_api_route("/x", read, dependencies=[Security(self.service)] if guarded else None)
        if os.environ.get("ANOTHER_THAT_NOBODY_SET"):
            self.app.include_router(self.router)
        else:
            self.measured = True
            self.app.include_router(self.router)
def read(): ...
api = Api()
api.serve()
app = api.app
""",
)

project(
    "dependencies that decorators make of functions, imported when the application starts",
    {
        "main.py": FLAT
        + """
from contextlib import asynccontextmanager
@asynccontextmanager
async def lifespan(app: FastAPI):
    from shop import start
    start.begin()
    yield
app = FastAPI(lifespan=lifespan)
from shop.stock import stock
@app.get("/stock")
def read(found=Depends(stock)): ...
""",
        "shop/__init__.py": "",
        "shop/start.py": "from shop.stock import stock\ndef begin() -> None: ...\n",
        "shop/once.py": """
from typing import Callable, Generic, TypeVar
T = TypeVar("T")
class Once(Generic[T]):
    def __init__(self, factory: Callable[[], T]) -> None:
        self.factory = factory
    def __call__(self) -> T: ...
def once(factory: Callable[[], T]) -> Once[T]:
    return Once(factory)
""",
        "shop/stock.py": "from shop.once import once\n@once\ndef stock(): ...\n",
    },
)

project(
    "guards of a module that the configuration names",
    {
        "shop/__init__.py": "",
        "shop/ways/__init__.py": "",
        "shop/base.py": "class Guard:\n    def __init__(self, scopes): ...\n    def __call__(self, token: str): ...\n",
        "shop/ways/none_guard.py": "from shop.base import Guard\nclass NoGuard(Guard): ...\nclass Other: ...\n",
        "shop/ways/key_guard.py": "from shop.base import Guard\nclass KeyGuard(Guard): ...\n",
        "main.py": FLAT
        + """
import importlib
import os
def guard(scopes):
    way = renamed(os.environ.get("A_WAY_THAT_NOBODY_SET", "NONE").lower())
    try:
        module = importlib.import_module(f"shop.ways.{way}_guard")
    except ModuleNotFoundError:
        module = importlib.import_module(f"extras.ways.{way}_guard")
    for name in dir(module):
        if "guard" in name.lower() and name != "Guard":
            break
    return getattr(module, name)(scopes)
def renamed(way: str) -> str:
    if way == "old":
        return "key"
    return way
app = FastAPI()
@app.get("/x", dependencies=[Depends(guard(["read"]))])
def x(): ...
""",
    },
)

project(
    "functions that are compiled at run time",
    FLAT
    + """
import types
def filters(name: str, *fields: str):
    code = compile(f"def {name}({', '.join(fields)}): ...", "filters", "exec")
    made = types.FunctionType(code.co_consts[0], {**globals()}, name)
    made.__annotations__ = {field: str for field in fields}
    return made
by_name = filters("name_filters", "name", "alias")
app = FastAPI()
@app.get("/x")
def x(found=Depends(by_name)): ...
""",
)

project(
    "guards that are made once for each set of people",
    FLAT
    + """
class User: ...
class Robot: ...
made = {}
def asked(allowed):
    if allowed in made:
        return made[allowed]
    given = Depends(a) if Robot in allowed else Depends(b)
    async def person(token=given): ...
    made[allowed] = person
    return person
class Asked:
    def __init__(self, *people) -> None:
        self.allowed = frozenset(people)
        self.found = asked(self.allowed)
app = FastAPI()
@app.get("/user")
def user(found=Depends(Asked(User).found)): ...
@app.get("/both")
def both(found=Depends(Asked(User, Robot).found)): ...
@app.get("/again")
def again(found=Depends(Asked(Robot, User).found)): ...
""",
)
