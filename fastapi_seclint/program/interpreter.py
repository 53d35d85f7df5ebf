"""Follows the project's own set-up code: what importing every module does to routers and applications.

Modules run as Python would run them, imports first. A test that cannot be decided takes both branches; a loop over
something unknown runs once; every call has a budget. Objects are known by where and in which call they were made, so
running a statement twice makes nothing twice.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import execution, expressions
from fastapi_seclint.program.handed import Handed
from fastapi_seclint.program.modules import Module, Modules
from fastapi_seclint.program.names import external
from fastapi_seclint.program.rehearsal import Rehearsal
from fastapi_seclint.program.routers import Router
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import (
    Arguments,
    Class,
    Collection,
    Const,
    Function,
    Instance,
    ModuleValue,
    Place,
    Unknown,
    Value,
    iterate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi_seclint.program.wrappings import Wrapping

MAX_DEPTH = 40
MAX_STEPS_IN_ALL = 3_000_000
MAX_STEPS_A_CALL = 20_000
MAX_STEPS_BUILDING = 100_000
MAX_DEPTH_ASKING = 4
MAX_STEPS_ASKING = 600
MAX_OBJECTS = 20


class BudgetSpent(Exception):
    """A call took more steps than set-up code does."""


class Interpreter:
    """Runs modules and answers what names, expressions and calls are."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.routers: list[Router] = []
        self.unresolved: list[tuple[Place, str]] = []
        self.deferred: list[tuple[Value, Arguments, Place]] = []
        self.open_includes: list[tuple[Router, Arguments, Place]] = []
        self.wrappings: dict[int, Wrapping] = {}
        self.functions: dict[tuple[str, int], Function] = {}
        self.invoked: set[tuple[str, int]] = set()
        self.endless: set[tuple[str, int]] = set()
        self.rehearsal: Rehearsal | None = None
        self.handed = Handed()
        self.recording = True
        self.importing = 0
        self.starting = False
        self.uncertain = 0
        self.unlikely = 0
        self.against = 0
        self.conditions: list[Form] = []
        self.depth = 0
        self.deepest = MAX_DEPTH
        self.context: list[object] = []
        self.calls: list[str] = []
        self.objects: dict[int, list[Instance]] = {}
        self.lifespans: list[Function] = []
        self.lent: tuple[int, dict[str, Value]] = (0, {})
        self.made_later: dict[int, tuple[Class, list[Instance]]] = {}
        self.unmade: dict[tuple[int, str], Value | None] = {}
        self.implementers: dict[int, tuple[Class, Class]] = {}
        self.classes: dict[str, tuple[int, dict[str, list[Class]]]] = {}
        self.kept: list[Function] = []
        self.closures: dict[object, tuple[Function, Function, list[Value]]] = {}
        self.plugins: dict[str, dict[str, str]] | None = None
        self.plugins_at: dict[tuple[Place, str, str | None], Collection] = {}
        self._asking = 0
        self._sites: dict[object, Instance] = {}
        self._steps = 0
        self._apart = 0
        self._limit = MAX_STEPS_IN_ALL
        self._early: set[tuple[Module, str]] = set()
        self._names: dict[Module, dict[str, list[Form]]] = {}

    # Modules

    def run_module(self, module: Module) -> None:
        """Run a module's statements once; a module that is already running is left to finish.

        What it takes counts for the program, and not for the module that imports it.
        """
        if module.state != "new":
            return
        module.state = "running"
        names = module.scope.names
        names["__name__"] = Const(module.name)
        names["__file__"] = Const(module.file)
        if module.package:
            names["__path__"] = Collection("list", [Const(module.folder)])
        names["__package__"] = Const(module.name if module.package else module.name.rpartition(".")[0])
        context, calls, uncertain, depth = self.context, self.calls, self.uncertain, self.depth
        limit, started = self._limit, self._steps
        self._limit = min(MAX_STEPS_IN_ALL, started + 40 * MAX_STEPS_A_CALL)
        self.context, self.calls, self.uncertain, self.depth = [], [], 0, 0
        importing, self.importing = self.importing, self.importing + 1
        starting, self.starting = self.starting, False
        try:
            execution.run(self, module.facts.module, module.scope)
        except BudgetSpent:
            self.give_up(Place(module, 0), "the module does more than can be followed")
        finally:
            module.state = "done"
            self.importing, self.starting = importing, starting
            self.context, self.calls, self.uncertain, self.depth = context, calls, uncertain, depth
            self._limit = min(MAX_STEPS_IN_ALL, limit + self._steps - started)

    def attribute_of_module(self, module: Module, name: str) -> Value | None:
        """What a module calls by this name: its own, one of a star import, or a submodule."""
        self.run_module(module)
        found = module.scope.local(name)
        if found is None and module.state == "running":
            found = self._ahead(module, name)
        if found is None:
            for star in module.stars:
                if star is not module and self._offers(star, name):
                    found = self.attribute_of_module(star, name)
                if found is not None:
                    break
        if found is None and (child := self.modules.child(module, name)) is not None:
            found = ModuleValue(child)
        if found is None and "__getattr__" in module.scope.names:
            found = Unknown(f"{module.name}.{name} is made by the module's __getattr__")
        return found

    def _offers(self, module: Module, name: str) -> bool:
        """Whether `from module import *` brings a name that is there: one that `__all__` lists, else a public one."""
        self.run_module(module)
        listed = module.scope.local("__all__")
        if listed is None:
            return not name.startswith("_")
        items = iterate(listed)
        return items is None or any(isinstance(item, Const) and item.value == name for item in items)

    def _ahead(self, module: Module, name: str) -> Value | None:
        """A name that a running module binds further down: an import cycle that another order would not have."""
        if (module, name) in self._early:
            return None
        if module not in self._names:
            self._names[module] = bound_names(module.facts.module)
        statements = self._names[module].get(name)
        if not statements:
            return None
        self._early.add((module, name))
        context, self.context = self.context, []
        try:
            execution.run(self, statements[-1:], module.scope)
            return module.scope.local(name)
        finally:
            self.context = context
            self._early.discard((module, name))

    # Names and expressions

    def name(self, name: str, scope: Scope, place: Place) -> Value:
        """The value of a name as code in a scope sees it."""
        found = scope.find(name)
        if found is None:
            found = self.attribute_of_module(scope.module, name)
            if isinstance(found, ModuleValue) and name not in scope.module.scope.names:
                found = None
        if found is not None:
            return found
        if name in expressions.BUILTINS:
            return external(f"builtins.{name}", place)
        return Unknown(f"{name} is not defined anywhere in sight", place)

    def evaluate(self, form: Form | None, scope: Scope) -> Value:
        """The value of an expression."""
        return expressions.evaluate(self, form, scope)

    def ask(self, form: Form, scope: Scope) -> Value:
        """The value of an expression in code that is not run; unknown when it takes too much to say."""
        if self._asking > MAX_DEPTH:
            return Unknown("one thing leads to another without end", Place(scope.module, form[1]))
        self._asking += 1
        before = self.enter()
        try:
            return expressions.evaluate(self, form, scope)
        except BudgetSpent:
            return Unknown("it takes too many steps to say", Place(scope.module, form[1]))
        finally:
            self.leave(before)
            self._asking -= 1

    # Bookkeeping

    def step(self) -> None:
        """Count one statement or call; raises when the budget is spent."""
        self._steps += 1
        if self._steps > self._limit:
            raise BudgetSpent

    @contextmanager
    def budget(self, steps: int) -> Iterator[bool]:
        """A smaller budget for what runs inside; gives whether all these steps are left."""
        limit, self._limit = self._limit, min(self._limit, self._steps + steps)
        try:
            yield self._limit == self._steps + steps
        finally:
            self._limit = limit

    @contextmanager
    def own_budget(self) -> Iterator[bool]:
        """A budget that nobody around has a share in: what makes an application is not left out for what came before.

        What is used of it counts for all such calls together.
        """
        limit, started = self._limit, self._steps
        steps = min(MAX_STEPS_BUILDING, MAX_STEPS_IN_ALL - self._apart)
        self._limit = started + steps
        try:
            yield steps == MAX_STEPS_BUILDING
        finally:
            self._apart += self._steps - started
            self._limit, self._steps = limit, started

    def site(self, place: Place) -> object:
        """What tells one object made at a place from another: the calls and rounds of loops around."""
        return (place.module.file, place.at, tuple(self.context))

    def made(self, place: Place) -> Instance | None:
        """The router or application that this place already made in these calls."""
        return self._sites.get(self.site(place))

    def remember(self, place: Place, instance: Instance) -> None:
        """Note what a place made; static questions about function bodies leave no trace."""
        if self.recording:
            self._sites[self.site(place)] = instance
            if instance.native is not None:
                instance.native.made_in = self.calls[-1] if self.calls else ""
                instance.native.conditional = self.uncertain > 0
                self.routers.append(instance.native)

    def note(self, instance: Instance) -> None:
        """Note an object of a class of the project that the set-up code makes, for questions about its methods."""
        set_up = self.recording or self.importing > 0
        for base in instance.cls.lineage() if set_up and isinstance(instance.cls, Class) else ():
            made = self.objects.setdefault(id(base), [])
            made += [instance] if len(made) < MAX_OBJECTS else []

    def application(self) -> Instance | None:
        """The application, where there is only one that requests can have come to, or one function makes all."""
        apps = [router for router in self.routers if router.kind == "app"]
        return apps[0].instance if apps and len({app.place for app in apps}) == 1 else None

    def give_up(self, place: Place, reason: str) -> Unknown:
        """Something that matters to the route table could not be followed: list it."""
        if self.recording:
            self.unresolved.append((place, reason))
        return Unknown(reason, place)

    def run_deferred(self) -> None:
        """Run what applications run at start: lifespans and start-up handlers."""
        from fastapi_seclint.program import calls

        while self.deferred:
            function, arguments, place = self.deferred.pop(0)
            self.starting = True
            try:
                calls.call(self, function, arguments, place)
            finally:
                self.starting = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Inside, nothing that is evaluated registers routes or makes applications, and calls are followed less far."""
        before = self.enter(steps=MAX_STEPS_IN_ALL)
        try:
            yield
        finally:
            self.leave(before)

    @contextmanager
    def for_all(self) -> Iterator[None]:
        """Inside, what is asked is the same whoever asks, however deep and with whatever budget left."""
        before, depth, context = self.enter(), self.depth, self.context
        self.depth, self.deepest, self.context = 0, MAX_DEPTH_ASKING, []
        try:
            with self.own_budget():
                yield
        finally:
            self.depth, self.context = depth, context
            self.leave(before)

    def enter(self, steps: int = MAX_STEPS_ASKING) -> tuple[bool, int, int, int, Rehearsal | None]:
        """Begin as `asking` and `budget` do; gives what `leave` needs. They cost too much for every single question.

        What is asked while a handler is rehearsed is no part of the rehearsal.
        """
        before = (self.recording, self.importing, self.deepest, self._limit, self.rehearsal)
        self.importing, self.rehearsal = 0, None
        if self.recording:
            self.recording = False
            self.deepest = min(MAX_DEPTH, self.depth + MAX_DEPTH_ASKING)
        self._limit = min(self._limit, self._steps + steps)
        return before

    def leave(self, before: tuple[bool, int, int, int, Rehearsal | None]) -> None:
        """End what `enter` began."""
        self.recording, self.importing, self.deepest, self._limit, self.rehearsal = before
