"""FSL509: a factory of guards is given to Depends without being called, so the guard that it makes never runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.dependencies import Parameter, parameters, running
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
    options,
)
from fastapi_seclint.rule import Confidence, Evidence, Finding, Rule, Severity
from fastapi_seclint.subjects.wiring.dependencies import (
    Consumer,
    asks,
    fillings,
    handled_as,
    is_dependency,
    returned,
    wiring,
)
from fastapi_seclint.subjects.wiring.factory_calls import call_for

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL509",
    name="dependency-factory-not-called",
    summary="a guard is never run, since the factory that makes it was not called",
    severity="critical",
    cwe=(285, 862),
    owasp=("API5",),
    guide="5",
    fixable="unsafe",
)


@dataclass(frozen=True, slots=True)
class _Factory:
    """Something that makes guards: its name, the parameters that it makes them from, and the guard."""

    name: str
    parameters: list[Parameter]
    value: Value
    guard: Function | None
    sure: bool = True


@RULE.check
def dependency_factory_not_called(program: Program) -> Iterator[Finding]:
    """A finding on each `Depends(...)` that names a factory or a class of guards instead of a guard."""
    consumers: dict[tuple[object, int], list[Consumer]] | None = None
    for call in wiring(program).calls:
        argument = call.argument("dependency", 0)
        if argument is None:
            consumers = fillings(program) if consumers is None else consumers
        place = (call.block.module.file, call.form[1])
        factory = _factory(program, call, argument, (consumers or {}).get(place, []))
        if factory is None:
            continue
        consumers = fillings(program) if consumers is None else consumers
        if not _meant(program, factory, consumers.get(place, [])):
            yield _finding(program, call, argument, factory)


def _factory(program: Program, call: Call, argument: Argument | None, consumers: list[Consumer]) -> _Factory | None:
    """The factory that a Depends names, or whose annotation does; where several may stand there, all of them are."""
    if argument is None:
        named = [program.walker.resolver.dependency_of(consumer.parameter) for consumer in consumers]
        classes = [option for pair in named if pair is not None for option in options(pair[1])]
        made = [_of_value(program, item) for item in classes if isinstance(item, Class)]
        return made[0] if made and all(made) else None
    value = call.value(argument)
    found = [_of_value(program, option) for option in options(value)]
    first = found[0] if found and all(found) else None
    if first is None and any(isinstance(option, External | Unknown) for option in options(value)):
        return _called_elsewhere(program, call, argument)
    return first


def _of_value(program: Program, value: Value) -> _Factory | None:
    if isinstance(value, Class):
        return _guard_class(program, value)
    if not isinstance(value, Function | Bound | Partial):
        return None
    function = running(value)
    if function is None or any(asks(program, parameter) for parameter in parameters(value)):
        return None
    for made in returned(program, function):
        if isinstance(made, Dependency):
            return _Factory(function.name, parameters(value), value, None)
        if isinstance(made, Function | Bound | Partial | Instance) and is_dependency(program, made):
            return _Factory(function.name, parameters(value), value, running(made))
    return None


def _guard_class(program: Program, cls: Class) -> _Factory | None:
    """A class whose objects are guards, and which is none itself."""
    guard = method_of(Instance(cls), "__call__")
    if guard is None or not is_dependency(program, Bound(Instance(cls), guard)):
        return None
    signature = parameters(cls)
    if any(asks(program, parameter) for parameter in signature):
        return None
    return _Factory(cls.name, signature, cls, guard)


def _called_elsewhere(program: Program, call: Call, argument: Argument) -> _Factory | None:
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
            return _Factory(name, [], call.value(argument), None, sure=False)
    return None


def _meant(program: Program, factory: _Factory, consumers: list[Consumer]) -> bool:
    """Whether whoever gets the guard runs it by hand: then the dependency gives a function on purpose."""
    own = factory.guard is not None and any(asks(program, item) for item in parameters(factory.guard))
    for consumer in consumers:
        for form, how in handled_as(consumer.function, consumer.parameter.name):
            if how == "called" or (how == "passed" and not own):
                return True
            if how == "read" and isinstance(factory.value, Class) and _has(factory.value, form[3]):
                return True
    return False


def _has(cls: Class, name: str) -> bool:
    return any(isinstance(base, Class) and name in base.namespace for base in cls.lineage())


def _finding(program: Program, call: Call, argument: Argument | None, factory: _Factory) -> Finding:
    severity: Severity = "critical"
    confidence: Confidence = "high" if factory.sure else "medium"
    required = [item.name for item in factory.parameters if item.default is None and item.kind not in _MANY]
    if not required and any(item.kind in _MANY for item in factory.parameters):
        severity = "medium"
    wanted = "is a class of guards" if isinstance(factory.value, Class) else "only makes the guard"
    client = f", with `{required[0]}` from the client's query" if required else ""
    evidence = []
    if factory.guard is not None:
        evidence.append(Evidence(factory.guard.place.location, "this is the check that never runs"))
    fix = None
    if argument is not None:
        fix = call_for(program, call, argument, factory.value, factory.parameters)
    spoken = factory.name if argument is None else spelled(argument.form)
    return RULE.finding(
        call.location,
        f"`{factory.name}` {wanted}: FastAPI calls it{client} and never runs the check, so everybody gets in; "
        f"call it yourself, `Depends({spoken}(...))`",
        severity=severity,
        confidence=confidence,
        symbol=call.block.symbol,
        evidence=evidence,
        fix=fix,
    )


_MANY = (VARIADIC, KEYWORDS)
