"""What a stranger meets: a function followed for a request without credentials, and for one with made-up ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.kinds import CLEAN, Kinds
from fastapi_seclint.program.leavings import Leavings
from fastapi_seclint.program.values import Class, Function, Value
from fastapi_seclint.program.walks import Walk

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

MAX_DEPTH = 8
MAX_FUNCTIONS = 300
"""How many functions are followed for one dependency or middleware."""
MAX_STATEMENTS = 4000
MAX_FUNCTIONS_OF_A_HANDLER = 12
MAX_STATEMENTS_OF_A_HANDLER = 150


class Follower:
    """Follows functions. Encounters are kept by function, stranger, what was left behind and kinds of arguments.

    One that did not ask for the path or method is the same on every path, unless it ended for want of patience.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._known: dict[object, tuple[Encounter, Leavings]] = {}
        self._scopes: dict[tuple[int, int], FunctionScope] = {}
        self._busy: set[object] = set()
        self._kept: list[object] = []
        self.local_forms: dict[int, bool] = {}
        self.compared: dict[int, frozenset[str]] = {}
        self.depth = 0
        self.allowance = MAX_FUNCTIONS
        self.patience = MAX_STATEMENTS
        """How many statements are still walked: who lets a stranger do that much lets him in."""
        self.left = Leavings()
        """What those whom the request met before have left behind."""
        self.nobodies: dict[str, Class] = {}
        """The classes of such objects, by the kind that says so."""
        self.at_middleware = False
        """While the middleware is walked whose leavings all guards behind it find."""
        self.handler: Function | None = None
        """The route's own function while it is walked."""
        self.relayed: Function | None = None
        """The function that a websocket's handler calls last, giving it the connection."""
        self.in_handler = False
        """In a handler, what a look-up by a stranger's identity gives is data: whether it is there guards nothing."""

    def keep(self, item: object) -> None:
        """Keep something whose identity is a key."""
        self._kept.append(item)

    def scope(self, function: Function, receiver: Value | None = None) -> FunctionScope:
        """The names inside a function, as a method of an object when one is given."""
        key = (id(function), id(receiver))
        if key not in self._scopes:
            self._scopes[key] = FunctionScope(self.interpreter, function, receiver)
        return self._scopes[key]

    @contextmanager
    def as_guard(self, by_hand: bool) -> Iterator[None]:
        """Inside, a guard that a handler calls by hand is one: what it finds by bad credentials is nothing."""
        before, self.in_handler = self.in_handler, self.in_handler and not by_hand
        try:
            yield
        finally:
            self.in_handler = before

    def meet(
        self, function: Function, stranger: Stranger, arguments: dict[str, Kinds], receiver: Value | None = None
    ) -> Encounter:
        """What happens when a function runs for a stranger with these arguments, on this object if it is a method."""
        given = tuple(sorted((name, tuple(sorted(found))) for name, found in arguments.items()))
        who = (stranger.junk, stranger.websocket, stranger.configured, self.left)
        where = (self.in_handler, function is self.relayed, stranger.path, stranger.method)
        key = (id(function), who, where, given, id(receiver))
        anywhere = (id(function), who, function is self.relayed, stranger.path is None, given, id(receiver))
        known = self._known.get(key) or (None if self.in_handler else self._known.get(anywhere))
        if known is not None:
            encounter, self.left = known
            return encounter
        self._kept += [function, receiver]
        self.allowance -= 1
        if key in self._busy or self.depth > MAX_DEPTH or self.allowance < 0:
            return Encounter([Ending(False, CLEAN, None, True, function.place)])
        self._busy.add(key)
        self.depth += 1
        try:
            encounter = Walk(self, function, stranger, arguments, receiver).run()
        finally:
            self.depth -= 1
            self._busy.discard(key)
        self._known[key] = known = encounter, self.left
        if not (encounter.by_path or self.in_handler) and self.allowance >= 0 and self.patience >= 0:
            self._known[anywhere] = known
        return encounter
