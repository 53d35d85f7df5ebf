"""Where names live: modules, functions and classes while they are followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi_seclint.program.values import Class, Value

if TYPE_CHECKING:
    from fastapi_seclint.program.modules import Module


class Pending:
    """A name imported from a module of the project, looked up when it is first used."""

    __slots__ = ("_look_up", "busy")

    def __init__(self, look_up: Callable[[], Value]) -> None:
        self._look_up = look_up
        self.busy = False

    def resolve(self) -> Value:
        """The value behind the name; while it is looked up the name is not there, as in an import cycle."""
        self.busy = True
        try:
            return self._look_up()
        finally:
            self.busy = False


class Scope:
    """One namespace. A class's scope is not seen from the functions in it, as in Python."""

    __slots__ = (
        "globals", "kind", "module", "names", "owner", "parent", "prefix", "receiver", "returned", "shared", "unlikely",
        "yielded",
    )  # fmt: skip

    def __init__(
        self,
        module: Module,
        kind: str,
        parent: Scope | None = None,
        prefix: str = "",
        owner: Class | None = None,
    ) -> None:
        self.module = module
        self.kind = kind
        self.parent = parent
        self.prefix = prefix
        self.owner = owner
        self.receiver: Value | None = None
        self.names: dict[str, Any] = {}
        self.shared: set[str] = set()
        self.globals: set[str] = set()
        self.returned: list[Value] = []
        self.unlikely: list[Value] = []
        self.yielded: list[Value] | None = None

    def find(self, name: str) -> Value | None:
        """The value of a name here or in the scopes around, or None."""
        if name in self.globals:
            return self.module.scope.local(name)
        found = self.local(name)
        if found is not None:
            return found
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                found = scope.local(name)
                if found is not None:
                    return found
            scope = scope.parent
        return None

    def local(self, name: str) -> Value | None:
        """The value of a name in this scope alone."""
        found: Value | Pending | None = self.names.get(name)
        if isinstance(found, Pending):
            if found.busy:
                return None
            found = self.names[name] = found.resolve()
        return found

    def known(self) -> list[tuple[str, Value]]:
        """The names of this scope alone, sorted, with their values, those of imports looked up."""
        found = ((name, self.local(name)) for name in sorted(self.names))
        return [(name, value) for name, value in found if value is not None]

    def bind(self, name: str, value: Value | Pending) -> None:
        """Assign a name, where `global` and `nonlocal` say."""
        if name in self.globals:
            self.module.scope.names[name] = value
            return
        if name in self.shared:
            scope = self.parent
            while scope is not None:
                if scope.kind == "function" and name in scope.names:
                    scope.names[name] = value
                    return
                scope = scope.parent
        self.names[name] = value
