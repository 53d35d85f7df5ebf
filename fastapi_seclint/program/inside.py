"""What names mean inside a function that is not run: its parameters, its assignments, what is around it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.bindings import bound_names, targets
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import execution, subscripts
from fastapi_seclint.program.attributes import holds_data
from fastapi_seclint.program.callables import giving
from fastapi_seclint.program.handed import handed
from fastapi_seclint.program.implementers import standing_in
from fastapi_seclint.program.interpreter import BudgetSpent
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.stepwise import filled
from fastapi_seclint.program.values import (
    NONE,
    Annotated,
    Arguments,
    Class,
    Const,
    Dependency,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    Place,
    Unknown,
    Value,
    iterate,
    join,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_PROVIDED: WeakKeyDictionary[Interpreter, dict[tuple[str, int], Class | None]] = WeakKeyDictionary()


class FunctionScope(Scope):
    """The names of a function's body, each evaluated when it is asked for, from all of its assignments together.

    A parameter is an object of its annotated class, else unknown; `assume` gives some of them values.
    """

    __slots__ = ("_answers", "_bound", "_busy", "_interpreter", "_kept", "_parameters", "function")

    def __init__(
        self,
        interpreter: Interpreter,
        function: Function,
        receiver: Value | None = None,
        assume: dict[str, Value] | None = None,
    ) -> None:
        super().__init__(function.module, "function", function.scope, f"{function.qualname}.<locals>.", function.owner)
        self._interpreter = interpreter
        self.function = function
        self._parameters = frozenset(form[0] for form in function.parameters)
        self._busy: set[str] = set()
        self._answers: dict[int, Value] = {}
        self._kept: list[Form] = []
        if function.owner is not None and function.kind != "static":
            self.receiver = receiver or Instance(function.owner, place=function.place)
        self._bound: dict[str, list[Form]] | None = None
        self.names.update(assume or {})

    @property
    def _assigned(self) -> dict[str, list[Form]]:
        if self._bound is None:
            self._bound = bound_names(self.function.statements())
            for form in self.function.forms.of("walrus"):
                found = self._bound.setdefault(form[2][2], [])
                found.append(["assign", form[1], [form[2]], form[3]])
                found.sort(key=lambda statement: statement[1])
            self._note_turns(self._bound)
        return self._bound

    def _note_turns(self, bound: dict[str, list[Form]]) -> None:
        """Add the names of comprehensions that nothing else in sight has, each as that of a loop."""
        elsewhere = {*bound, *self._parameters, *self.module.scope.names}
        for form in self.function.forms.of("comp"):
            for target, iterable, _ in form[5]:
                for name in {*targets(target)} - elsewhere:
                    bound.setdefault(name, []).append(["for", form[1], target, iterable, [], []])

    def local(self, name: str) -> Value | None:
        """The value of a parameter or local name."""
        known = super().local(name)
        if known is not None:
            return known
        if name in self._busy or not (name in self._assigned or name in self._parameters):
            return None
        self._busy.add(name)
        before = self._interpreter.enter()
        try:
            found = self._of_parameter(name) or self._of_statements(name)
        except BudgetSpent:
            found = Unknown(f"it takes too many steps to say what {name} is")
        finally:
            self._interpreter.leave(before)
            self._busy.discard(name)
        if found is not None:
            self.names[name] = found
        return found

    def ask(self, form: Form) -> Value:
        """The value of an expression of the body; answers are kept, since the forms of a body are."""
        key = id(form)
        if key not in self._answers:
            self._answers[key] = self._interpreter.ask(form, self)
            self._kept.append(form)
        return self._answers[key]

    def is_local(self, name: str) -> bool:
        """Whether a name is a parameter or assigned in the body otherwise than by an import or definition."""
        if name in self._parameters:
            return True
        found = self._assigned.get(name)
        return found is not None and not any(item[0] in ("import", "from", "def", "class") for item in found)

    def assignments(self, name: str) -> list[Form]:
        """The statements that bind a local name; `name := value` is the assignment that it stands for."""
        return self._assigned.get(name, [])

    def _of_parameter(self, name: str) -> Value | None:
        function = self.function
        for number, (form, default) in enumerate(zip(function.parameters, function.defaults, strict=True)):
            if form[0] != name:
                continue
            if number == 0 and function.takes_object:
                return self.receiver
            if number == 0 and function.owner is not None and function.kind == "class":
                called_on = self.receiver.cls if isinstance(self.receiver, Instance) else self.receiver
                return called_on if isinstance(called_on, Class) else function.owner
            place = Place(function.module, form[4])
            given = self._typed(form[2]) if form[2] is not None else None
            provided = provided_by(self._interpreter, default, place)
            if given is not None and not (_plain(default) and _is_enumeration(given)):
                return provided if provided is not None and _is_one_of(provided, given) else given
            if isinstance(default, Dependency) and isinstance(default.call, Class):
                return Instance(default.call, place=place)
            if provided is not None:
                return provided
            says_nothing = form[2] is None and default is None
            told = handed(self._interpreter, function, name, self._beside) if says_nothing else None
            if told is not None:
                return told
            assigned = self._of_statements(name)
            unknown = (
                Environment(f"parameter {name}", default, place)
                if _plain(default)
                else Unknown(f"the parameter {name}", place)
            )
            return unknown if assigned is None else join([assigned, unknown])
        return None

    def _beside(self, function: Function) -> FunctionScope:
        """The names inside another function."""
        return FunctionScope(self._interpreter, function)

    def _typed(self, annotation: Form) -> Value | None:
        return object_of(self._interpreter, annotation, self.parent if self.parent is not None else self)

    def _of_statements(self, name: str) -> Value | None:
        found = [self._value(name, statement) for statement in self._assigned.get(name, [])[:12]]
        if len(found) == 1 and isinstance(found[0], Mapping):
            return filled(self.function.statements(), name, found[0], lambda form: self._interpreter.ask(form, self))
        return join(found) if found else None

    def _value(self, name: str, statement: Form) -> Value:
        match statement:
            case ["assign", _, targets, value]:
                plain = any(target[0] == "name" and target[2] == name for target in targets)
                whole = self._interpreter.evaluate(value, self)
                return whole if plain else self._unpacked(name, targets, whole)
            case ["annassign", _, _, annotation, value]:
                if value is not None:
                    return self._interpreter.evaluate(value, self)
                return self._typed(annotation) or Unknown(f"{name} is only declared")
            case ["with", _, items, _]:
                for context, target in items:
                    if target is not None and target[0] == "name" and target[2] == name:
                        return self._interpreter.evaluate(context, self)
            case ["for", _, target, iterable, *_]:
                items = iterate(self._interpreter.evaluate(iterable, self))
                if target[0] != "name":
                    items = [self._unpacked(name, [target], item) for item in items or ()]
                return join(items) if items else Unknown("an item of a loop")
            case ["def" | "class" | "import" | "from", *_]:
                execution.run(self._interpreter, [statement], self)
                return super().local(name) or NONE
        return Unknown(f"{name} is made in a way that is not followed")

    def _unpacked(self, name: str, targets: list[Form], whole: Value) -> Value:
        for target in targets:
            if target[0] in ("tuple", "list"):
                for number, item in enumerate(target[2]):
                    if item[0] == "name" and item[2] == name:
                        known = [iterate(option) for option in options(whole)]
                        parts = [items[number] for items in known if items is not None and len(items) == len(target[2])]
                        if parts and len(parts) == len(known):
                            return join(parts)
        return Unknown(f"{name} is unpacked from something unknown")


def provided_by(interpreter: Interpreter, default: Value | None, place: Place) -> Instance | None:
    """The object of a class of the project that `Depends(provider)` gives, by what the provider returns or yields."""
    provider = giving(default.call) if isinstance(default, Dependency) else None
    if provider is None or provider.number < 0:
        return None
    known = _PROVIDED.setdefault(interpreter, {})
    key = (provider.module.file, provider.number)
    if key not in known:
        known[key] = None
        known[key] = _provided(interpreter, provider)
    cls = known[key]
    return Instance(cls, place=place) if cls is not None else None


def _provided(interpreter: Interpreter, provider: Function) -> Class | None:
    scope = FunctionScope(interpreter, provider)
    results = [form[2] for form in provider.forms.of("return", "yield") if form[2] is not None]
    found = {option.cls for result in results for option in options(scope.ask(result)) if isinstance(option, Instance)}
    classes = [cls for cls in found if isinstance(cls, Class)]
    if len(classes) == 1:
        return classes[0]
    named = object_of(interpreter, provider.returns, provider.scope) if provider.returns is not None else None
    return named.cls if isinstance(named, Instance) and isinstance(named.cls, Class) and not classes else None


def _is_one_of(provided: Instance, given: Value) -> bool:
    """Whether what is provided is of a class below the one that an annotation names, as for an abstract service."""
    return (
        isinstance(given, Instance)
        and isinstance(provided.cls, Class)
        and provided.cls is not given.cls
        and given.cls in provided.cls.lineage()
    )


def object_of(interpreter: Interpreter, annotation: Form, scope: Scope) -> Value | None:
    """An object of the class that an annotation names, or None when it names none of the project or a library."""
    value = subscripts.annotation(interpreter, annotation, scope)
    if isinstance(value, Annotated):
        value = value.base
    for option in options(value):
        members = option.members if hasattr(option, "members") else [option]
        for member in members:
            if isinstance(member, Class):
                made = member if interpreter.recording else standing_in(interpreter, member)
                return Instance(made, place=Place(scope.module, annotation[1]))
            if isinstance(member, External) and _is_library_class(member):
                return External(f"{member.name}()", Arguments(), member, member.place)
    return None


def says_nothing(value: Value) -> bool:
    """Whether a value is only unknown or None."""
    return all(
        isinstance(option, Unknown) or (isinstance(option, Const) and option.value is None) for option in options(value)
    )


def declared(interpreter: Interpreter, function: Function) -> Value | None:
    """An object of the project's class that a function says it returns: `def get_auth() -> AuthManager`.

    None for a class that holds data, whose fields are not known, and for one that is not in sight.
    """
    form = function.returns
    if form is None or form[0] not in ("name", "attr", "const"):
        return None
    key = (id(function), "->")
    if key not in interpreter.unmade:
        interpreter.unmade[key] = None
        found = object_of(interpreter, form, function.scope)
        given = isinstance(found, Instance) and isinstance(found.cls, Class) and not holds_data(found.cls)
        interpreter.unmade[key] = found if given else None
        interpreter.kept.append(function)
    return interpreter.unmade[key]


def object_of_field(interpreter: Interpreter, cls: Class, name: str) -> Value | None:
    """What FastAPI puts into an annotated attribute of a view, `service: Service = Depends(...)`."""
    annotation = next((form for field, form, _ in cls.fields if field == name), None)
    if annotation is None:
        return None
    return object_of(interpreter, annotation, Scope(cls.module, "class", cls.scope))


def _is_library_class(value: External) -> bool:
    """Whether an annotation is a class of a library that is not one of Python's or a framework's plain types."""
    plain = ("builtins.", "typing.", "collections.", "datetime.", "uuid.", "starlette.", "fastapi.", "pydantic.")
    return not value.called and value.name.rpartition(".")[2][:1].isupper() and not value.name.startswith(plain)


def _is_enumeration(value: Value) -> bool:
    """Whether a parameter is a member of an enumeration: which one is not known, but for the default."""
    made = value.cls if isinstance(value, Instance) else None
    return isinstance(made, Class) and any(base.startswith("enum.") for base in made.external_bases())


def _plain(value: Value | None) -> bool:
    return value is not None and not isinstance(value, Dependency)
