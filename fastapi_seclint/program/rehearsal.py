"""What is seen while a function is run with values of its parameters: calls, comparisons, and what is put where.

Whatever the code does with a value on its way, in helpers, records, tuples and closures, is followed as Python would.
What the run changes is put back afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    External,
    Function,
    Instance,
    Mapping,
    ModuleValue,
    Native,
    Unknown,
    Value,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.modules import Module
    from fastapi_seclint.program.scopes import Scope

_MOST = 4000
"""How many things are noted of one run."""


@dataclass(frozen=True, slots=True)
class Act:
    """A call of a library or class (`callee` and `arguments`), a comparison of two values, or a store's new item."""

    kind: Literal["call", "comparison", "item"]
    module: Module
    form: Form
    callee: Value | None
    arguments: Arguments
    """Of a comparison both sides, of an item what is put there."""


@dataclass(slots=True)
class Rehearsal:
    """One run: what `judge` calls by some name when it happens, and how to undo what the run changed."""

    judge: Callable[[Act], str]
    acts: list[tuple[str, Act]] = field(default_factory=list)
    ran: frozenset[tuple[str, int]] = frozenset()
    """The functions that were run, by file and number."""
    _undo: list[Callable[[], None]] = field(default_factory=list)

    def called(self, module: Module, form: Form, callee: Value, arguments: Arguments) -> None:
        """Note a call of anything but a function of the project."""
        for option in options(callee):
            if isinstance(option, External | Unknown | Class | Native):
                self._note(Act("call", module, form, option, arguments))

    def compared(self, module: Module, form: Form, left: Value, right: Value) -> None:
        """Note a comparison of two values."""
        self._note(Act("comparison", module, form, None, Arguments([left, right])))

    def put(self, module: Module, form: Form, value: Value) -> None:
        """Note that a value is put under a key of a dictionary: `form` is the target."""
        self._note(Act("item", module, form, None, Arguments([value])))

    def changes(self, value: Value) -> None:
        """Keep how something is that is about to change."""
        for one in options(value):
            match one:
                case Collection() | Mapping():
                    self._undo.append(_contents(one))
                case Instance() | Function():
                    self._undo.append(_entries(one.attributes))
                case Class():
                    self._undo.append(_entries(one.namespace))
                case ModuleValue():
                    self._undo.append(_entries(one.module.scope.names))

    def binds(self, scope: Scope, name: str) -> None:
        """Keep what a name of the module, or of a function around, stands for that is about to be bound anew."""
        if name in scope.globals:
            self._undo.append(_entries(scope.module.scope.names))
        around = scope.parent if name in scope.shared else None
        while around is not None:
            if around.kind == "function" and name in around.names:
                self._undo.append(_entries(around.names))
            around = around.parent

    def undo(self) -> None:
        """Put back what was changed, the last change first."""
        while self._undo:
            self._undo.pop()()

    def _note(self, act: Act) -> None:
        if len(self.acts) < _MOST and (name := self.judge(act)):
            self.acts.append((name, act))


def _contents(value: Collection | Mapping) -> Callable[[], None]:
    items, opened, perhaps = list(value.items), value.open, value.perhaps

    def put_back() -> None:
        value.items[:] = items  # type: ignore[assignment]
        value.open, value.perhaps = opened, perhaps

    return put_back


def _entries(entries: dict[str, Value]) -> Callable[[], None]:
    kept = dict(entries)

    def put_back() -> None:
        entries.clear()
        entries.update(kept)

    return put_back
