"""Abstract values: constants, objects, functions, what a library gives, what cannot be known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from fastapi_seclint.facts.forms import Form, Forms, line_of, span_of
from fastapi_seclint.program.values.standing import (
    Annotated,
    Bound,
    Dependency,
    Generic,
    ModuleValue,
    Native,
    Partial,
    RouteDecorator,
    Super,
)
from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.program.callables import Parameter
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.routers import Router
    from fastapi_seclint.program.scopes import Scope


class Place(NamedTuple):
    """Where a value was written."""

    module: Module
    at: int

    @property
    def location(self) -> Location:
        return Location(self.module.path, span_of(self.at))

    @property
    def line(self) -> int:
        return line_of(self.at)

    def __str__(self) -> str:
        return f"{self.module.path}:{self.line}"


@dataclass(slots=True, eq=False)
class Unknown:
    """Something that cannot be known; `reason` says why, for people."""

    reason: str
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Const:
    """A string, number, bool, None or bytes."""

    value: str | int | float | bool | bytes | None
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Text:
    """A string of which only parts are known."""

    parts: list[str | Value]
    place: Place | None = None


Perhaps = Literal["", "unknown", "unlikely"]
"""How what a list or dictionary holds got there: for certain, in a branch that may not be taken, in one that is not
taken by default."""


@dataclass(slots=True, eq=False)
class Collection:
    """A list, tuple or set; `open` when it may hold more than its items, `perhaps` when it may hold none of them."""

    kind: str
    items: list[Value]
    open: bool = False
    place: Place | None = None
    perhaps: Perhaps = ""


@dataclass(slots=True, eq=False)
class Mapping:
    """A dictionary; `open` when it may hold more than its items, `perhaps` when it may hold none of them."""

    items: list[tuple[Value, Value]]
    open: bool = False
    place: Place | None = None
    perhaps: Perhaps = ""

    def get(self, key: object) -> Value | None:
        """The last value under a constant key."""
        for name, value in reversed(self.items):
            if isinstance(name, Const) and name.value == key:
                return value
        return None

    def set(self, key: Value, value: Value) -> None:
        """Assign as Python does, when the key is known; else the dictionary becomes open."""
        if isinstance(key, Const):
            kept = [item for item in self.items if not (isinstance(item[0], Const) and item[0].value == key.value)]
            self.items[:] = [*kept, (key, value)]
        elif isinstance(key, Instance | External | Class) or (isinstance(key, Collection) and not key.open):
            if isinstance(key, External) and "()" in key.name:
                self.overlay()  # a key that was read: what a file of settings names
            self.items.append((key, value))
        else:
            self.overlay()
            self.items.append((key, value))

    def overlay(self) -> None:
        """Lay something unknown over it, as a configuration over its defaults: switches may stand otherwise then."""
        self.open = True
        for number, (key, value) in enumerate(self.items):
            if isinstance(key, Const) and isinstance(value, Const) and isinstance(value.value, bool):
                self.items[number] = (key, Environment(str(key.value), value, value.place))
            elif isinstance(key, Const) and isinstance(value, Mapping):
                below = Mapping(list(value.items), value.open, value.place, value.perhaps)
                below.overlay()
                self.items[number] = (key, below)


@dataclass(slots=True, eq=False)
class Environment:
    """A setting read when the program runs: an environment variable, a settings field, a command-line option.

    `optional`: reading it gives None where it is not set.
    """

    name: str
    default: Value | None = None
    place: Place | None = None
    optional: bool = False


@dataclass(slots=True, eq=False)
class Choice:
    """One of several values, depending on something that is not known."""

    options: list[Value]
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Arguments:
    """The arguments of a call. `open` when `*` or `**` of something unknown was passed."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    open: bool = False

    def get(self, name: str, position: int | None = None) -> Value | None:
        """The argument passed under a keyword or, failing that, at a position."""
        if name in self.keywords:
            return self.keywords[name]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None


@dataclass(slots=True, eq=False)
class External:
    """A library's symbol by its canonical dotted name; a call adds `()`: `fastapi_users.FastAPIUsers().current_user`.

    `arguments` are those of the last call in the name, `parent` is what it was called on or taken from, `attributes`
    what the project assigned to it.
    """

    name: str
    arguments: Arguments | None = None
    parent: External | None = None
    place: Place | None = None
    attributes: dict[str, Value] | None = None

    @property
    def called(self) -> bool:
        return self.arguments is not None


@dataclass(slots=True, eq=False)
class Function:
    """A function, lambda or closure of the project. `wraps` is what `functools.wraps` says it stands for.

    `signature` is what `callables.parameters` makes of its own parameters, once.
    """

    module: Module
    number: int
    name: str
    qualname: str
    flags: int
    parameters: list[Form]
    defaults: list[Value | None]
    scope: Scope
    at: int
    returns: Form | None = None
    body: Form | None = None
    owner: Class | None = None
    wraps: Value | None = None
    decorators: list[Value] = field(default_factory=list)
    kind: str = "function"
    attributes: dict[str, Value] = field(default_factory=dict)
    signature: tuple[Parameter, ...] | None = field(default=None, init=False, repr=False)

    @property
    def place(self) -> Place:
        return Place(self.module, self.at)

    @property
    def innermost(self) -> Function:
        """What the project wrote, wrappers taken off; itself when it wraps nothing in sight."""
        function = self
        while isinstance(function.wraps, Function) and function.wraps is not function:
            function = function.wraps
        return function

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.qualname}"

    @property
    def takes_object(self) -> bool:
        """Whether its first parameter is the object that it belongs to: of a method, of a property."""
        return self.owner is not None and self.kind in ("function", "property")

    def statements(self) -> list[Form]:
        """The statements of its body; a lambda returns its expression."""
        if self.number < 0:
            return [["return", self.at, self.body]]
        return self.module.facts.body(self.number)

    @property
    def is_stub(self) -> bool:
        """Whether its body is `...`, which stands for code that is elsewhere: of a protocol, of a stub."""
        body = self.statements()
        last = body[-1] if body and self.number >= 0 else ["pass"]
        return len(body) < 3 and last[0] == "expr" and last[2][0] == "ellipsis"

    @property
    def forms(self) -> Forms:
        """Every form of its body."""
        return Forms(self.statements()) if self.number < 0 else self.module.facts.forms(self.number)


_WITH_PARAMETERS = ("fastapi_users.", "builtins.dict", "collections.OrderedDict")
"""Where classes are from that are subclassed with types: `FastAPIUsers[User, UUID]`, `dict[str, Any]`."""


@dataclass(slots=True, eq=False)
class Class:
    """A class of the project. `fields` are its annotated names with annotation and default, in order.

    `view_of` is the router that its decorator was given: its methods are handlers that get the object by dependency.
    `signature` is what `callables.parameters` makes of a signature that code gives it, once. `mapped` says that code
    elsewhere maps it to a table.
    """

    module: Module
    name: str
    qualname: str
    bases: list[Value]
    namespace: dict[str, Value]
    at: int
    scope: Scope
    fields: list[tuple[str, Form, Value | None]] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    decorators: list[Value] = field(default_factory=list)
    view_of: Value | None = None
    signature: tuple[Parameter, ...] | None = field(default=None, init=False, repr=False)
    mapped: bool = False

    @property
    def place(self) -> Place:
        return Place(self.module, self.at)

    @property
    def dotted(self) -> str:
        return f"{self.module.name}.{self.qualname}"

    def lineage(self) -> Iterator[Class | External]:
        """The class and its bases, nearest first, each once (depth first, close enough to the real order)."""
        seen: set[int] = set()
        pending: list[Value] = [self]
        while pending:
            item = pending.pop(0)
            if isinstance(item, Choice):
                pending[:0] = item.options
            elif isinstance(item, Generic) and item.origin.startswith(_WITH_PARAMETERS):
                yield External(item.origin, None, None, item.place)
            elif isinstance(item, Class | External) and id(item) not in seen:
                seen.add(id(item))
                yield item
                if isinstance(item, Class):
                    pending[:0] = item.bases

    def external_bases(self) -> list[str]:
        """Canonical names of the library classes that it descends from."""
        return [base.name for base in self.lineage() if isinstance(base, External)]


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a project class, or a router or application of the library (`native`)."""

    cls: Class | External
    attributes: dict[str, Value] = field(default_factory=dict)
    arguments: Arguments | None = None
    native: Router | None = None
    place: Place | None = None


Value = (
    Unknown
    | Const
    | Text
    | Collection
    | Mapping
    | Environment
    | Choice
    | External
    | Function
    | Class
    | Instance
    | Bound
    | Native
    | Super
    | ModuleValue
    | Partial
    | Annotated
    | Generic
    | Dependency
    | RouteDecorator
)
NONE = Const(None)

MAX_TEXT = 20_000
MAX_ITEMS = 2_000
"""Longer strings and collections are not built: analysed code must not make the analysis grow."""
