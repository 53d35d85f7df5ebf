"""Factories and classes of guards that a `Depends(...)` names without calling them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import VARIADIC, Form, walk
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Dependency,
    External,
    Function,
    Instance,
    Partial,
    Unknown,
    Value,
    iterate,
    options,
)
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import ask, body_of, callers
from fastapi_seclint.subjects.owners.identity import known_as
from fastapi_seclint.subjects.wiring.dependencies import (
    Consumer,
    asks,
    fillings,
    handled_as,
    is_dependency,
    returned,
    wiring,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Factory:
    """Something that makes guards: its name, the parameters that it makes them from, and the guard."""

    name: str
    parameters: list[Parameter]
    value: Value
    guard: Function | None
    sure: bool = True


@lru_cache(maxsize=1)
def uncalled(program: Program) -> list[tuple[Call, Argument | None, Factory]]:
    """Each `Depends(...)` that names a factory or a class of guards: the call, its argument, and the factory.

    No argument where that names one guard after the other: `[Depends(guard) for guard in (current_user, has_role)]`.
    """
    found: list[tuple[Call, Argument | None, Factory]] = []
    consumers: dict[tuple[object, int], list[Consumer]] | None = None
    for call in wiring(program).calls:
        argument = call.argument("dependency", 0)
        if argument is None:
            consumers = fillings(program) if consumers is None else consumers
        place = (call.block.module.file, call.form[1])
        factory = _factory(program, call, argument, (consumers or {}).get(place, []))
        if factory is None:
            found += _handed_in(program, call, argument) if argument is not None else ()
            continue
        consumers = fillings(program) if consumers is None else consumers
        if not _meant(program, factory, consumers.get(place, [])):
            found.append((call, None if argument is not None and _is_each(call, argument) else argument, factory))
    return found


def _factory(program: Program, call: Call, argument: Argument | None, consumers: list[Consumer]) -> Factory | None:
    """The factory that a Depends names, or whose annotation does; where several may stand there, all of them are."""
    if argument is None:
        named = [program.walker.resolver.dependency_of(consumer.parameter) for consumer in consumers]
        classes = [option for pair in named if pair is not None for option in options(pair[1])]
        made = [_of_value(program, item) for item in classes if isinstance(item, Class)]
        return made[0] if made and all(made) else None
    value = call.value(argument)
    found = [_of_value(program, option) for option in options(value)]
    if _is_each(call, argument):
        each = (one for listed in _gone_through(program, call, argument) if (one := _of_value(program, listed)))
        return next(each, None)
    first = found[0] if found and all(found) else None
    if first is None and any(isinstance(option, External | Unknown) for option in options(value)):
        return _called_elsewhere(program, call, argument)
    return first


def _handed_in(program: Program, call: Call, argument: Argument) -> Iterator[tuple[Call, Argument | None, Factory]]:
    """What callers hand to a helper that gives each to Depends: `require(current_user, has_role)`, at their calls.

    `def require(*guards): return [Depends(guard) for guard in guards]`.
    """
    function = call.block.function
    around = _around(call, argument.form[2]) if argument.form[0] == "name" else []
    rest = {item[0]: place for place, item in enumerate(function.parameters) if item[1] == VARIADIC} if function else {}
    taken = [rest[form[2]] for form in around if form[0] == "name" and form[2] in rest]
    for block, form, bound in callers(program, function) if function is not None and taken else ():
        for given in form[3][taken[0] - bound :]:
            made = [_of_value(program, option) for option in options(ask(program, block, given))]
            if made and all(made) and made[0] is not None:
                yield Call(block, form, call.name, program.interpreter), None, made[0]


def _is_each(call: Call, argument: Argument) -> bool:
    """Whether an argument is the name of a loop or comprehension: all that it goes through is given to Depends."""
    return argument.form[0] == "name" and bool(_around(call, argument.form[2]))


def _around(call: Call, name: str) -> list[Form]:
    """What the loops and comprehensions around a call go through that give a name its values."""
    found: list[Form] = []
    for form in call.block.forms.of("for", "comp"):
        turns = [[form[2], form[3]]] if form[0] == "for" else form[5]
        given = [turn[1] for turn in turns if turn[0][0] == "name" and turn[0][2] == name]
        inside = form[4] if form[0] == "for" else form[3:5]
        if given and any(item is call.form for item in walk([part for part in inside if part is not None])):
            found += given
    return found


def _gone_through(program: Program, call: Call, argument: Argument) -> Iterator[Value]:
    """What the name of a loop or comprehension stands for, one after the other."""
    for iterable in _around(call, argument.form[2]):
        for option in options(ask(program, call.block, iterable)):
            yield from iterate(option) or ()


def _of_value(program: Program, value: Value) -> Factory | None:
    if isinstance(value, Class):
        return _guard_class(program, value)
    if not isinstance(value, Function | Bound | Partial | Instance):
        return None
    function = running(value)
    if function is None or any(asks(program, parameter) for parameter in parameters(value)):
        return None
    name = known_as(function) if isinstance(value, Instance) else function.name
    for made in returned(program, function):
        if isinstance(made, Dependency):
            return Factory(name, parameters(value), value, None)
        if isinstance(made, Function | Bound | Partial | Instance) and is_dependency(program, made):
            return Factory(name, parameters(value), value, running(made))
    return None


def _guard_class(program: Program, cls: Class) -> Factory | None:
    """A class whose objects are guards, and which is none itself."""
    guard = method_of(Instance(cls), "__call__")
    if guard is None or not is_dependency(program, Bound(Instance(cls), guard)):
        return None
    signature = parameters(cls)
    if any(asks(program, parameter) for parameter in signature):
        return None
    return Factory(cls.name, signature, cls, guard)


def _called_elsewhere(program: Program, call: Call, argument: Argument) -> Factory | None:
    """A name out of sight that other calls of Depends in the same file call with arguments first."""
    name = spelled(argument.form)
    if argument.form[0] not in ("name", "attr") or "?" in name:
        return None
    for other in wiring(program).calls:
        if other.block.module is not call.block.module:
            continue
        given = other.argument("dependency", 0)
        made = given.form if given is not None and given.form[0] == "call" else None
        if made is not None and spelled(made[2]) == name and (made[3] or made[4]):
            return Factory(name, [], call.value(argument), None, sure=False)
    return None


def _meant(program: Program, factory: Factory, consumers: list[Consumer]) -> bool:
    """Whether whoever gets the guard runs it by hand: then the dependency gives a function on purpose."""
    own = factory.guard is not None and any(asks(program, item) for item in parameters(factory.guard))
    return any(_runs(program, factory, consumer.function, consumer.parameter.name, own) for consumer in consumers)


def _runs(program: Program, factory: Factory, function: Function, name: str, own: bool, depth: int = 2) -> bool:
    """Whether a function, or one that it hands the guard to, runs it; `own`: it asks for more than plain input."""
    for form, how in handled_as(function, name):
        if how == "called" or (how == "passed" and not own):
            return True
        if how == "read" and isinstance(factory.value, Class) and _has(factory.value, form[3]):
            return True
        block = body_of(program, function) if how == "passed" and depth else None
        for inner, given in handed_to(program, block, form, {name}) if block is not None else []:
            if any(_runs(program, factory, inner, one, own, depth - 1) for one in given):
                return True
    return False


def _has(cls: Class, name: str) -> bool:
    return any(isinstance(base, Class) and name in base.namespace for base in cls.lineage())
