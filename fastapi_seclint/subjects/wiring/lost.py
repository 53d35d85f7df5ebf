"""How a dependency gets lost in a signature: no `Depends`, a union around an alias, a model in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program.callables import dotted_name, parameters, running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import (
    Annotated,
    Bound,
    Class,
    Const,
    Dependency,
    External,
    Function,
    Generic,
    Instance,
    Partial,
    Place,
    Unknown,
    Value,
    bare_type,
    options,
)
from fastapi_seclint.rule import Confidence, Evidence, Fix, Severity
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.owners.identity import names_unseen_guard
from fastapi_seclint.subjects.wiring.dependencies import DEPENDS, Consumer, asks, is_dependency, wiring
from fastapi_seclint.subjects.wiring.guard_models import CALLER, stands_for_caller, wired
from fastapi_seclint.subjects.wiring.lost_fixes import (
    default_form,
    depending,
    naming_guard,
    outside_union,
    returning_guard,
    with_guard,
    wrapped,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_UNIONS = ("typing.Optional", "typing.Union", "types.UnionType", "|")


@dataclass(frozen=True, slots=True)
class Loss:
    """A dependency that FastAPI does not see, and where it is written."""

    location: Location
    message: str
    severity: Severity = "critical"
    confidence: Confidence = "high"
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None


@lru_cache(maxsize=1)
def lost(program: Program) -> list[tuple[Consumer, Loss]]:
    """The dependencies that are lost anywhere in a project, with the parameters that lose them."""
    return [(consumer, loss) for consumer in wiring(program).consumers for loss in losses(program, consumer)]


def losses(program: Program, consumer: Consumer) -> Iterator[Loss]:
    """The dependencies that are lost in a parameter."""
    parameter = consumer.parameter
    if parameter.kind in (VARIADIC, KEYWORDS):
        return
    annotation = program.walker.resolver.annotation(parameter)
    found = list(_in_metadata(program, consumer, annotation)) if isinstance(annotation, Annotated) else []
    found += _out_of_sight(program, consumer)
    found += [*_in_union(program, consumer, annotation), *_as_default(program, consumer)]
    yield from found or _model(program, consumer, annotation)


def _in_metadata(program: Program, consumer: Consumer, annotation: Annotated) -> Iterator[Loss]:
    """`Annotated[User, get_user]`, and `Annotated[User, Depends(a), Depends(b)]`."""
    given = [list(options(item)) for item in annotation.metadata]
    wired = [item for item in given if any(isinstance(option, Dependency) for option in item)]
    place = annotation.place or consumer.parameter.place
    if wired:
        first = next(option for option in wired[0] if isinstance(option, Dependency))
        if len(wired) > 1 and first.place is not None:
            name = _name(first.call)
            yield Loss(
                first.place.location,
                f"FastAPI takes the last Depends of an Annotated, so `{name}` never runs and guards nothing: "
                "put it into the `dependencies=` of the route",
            )
        return
    for item in given:
        if any(_is_meant(program, option) for option in item):
            yield _plain(place.location, consumer.parameter.name, item[0], wrapped(program, place, _name(item[0])))


def _out_of_sight(program: Program, consumer: Consumer) -> Iterator[Loss]:
    """`Annotated[User, get_user]` where nothing in sight defines or imports what stands there."""
    match consumer.parameter.annotation:
        case ["sub", at, ["name" | "attr", *_] as outer, ["tuple", _, [_, *metadata]]] if outer[-1] == "Annotated":
            for form in metadata:
                name = spelled(form) if form[0] in ("name", "attr") else ""
                if (
                    name
                    and names_unseen_guard(name)
                    and isinstance(program.interpreter.ask(form, consumer.parameter.scope), Unknown)
                ):
                    place = Place(consumer.parameter.place.module, at)
                    yield _spelled(place.location, consumer.parameter.name, name, None)


def _plain(location: Location, parameter: str, value: Value, fix: Fix | None) -> Loss:
    """The loss of a callable, or of Depends itself, that is written where a call of Depends should be."""
    name = _name(value)
    if isinstance(value, External) and value.name in DEPENDS:
        said, how, fix = f"`{name}` without a call", f"`{name}(...)` with the function that authenticates", None
        message = f"{said} is no dependency, so the client sends `{parameter}` as it likes: write {how}"
        return Loss(location, message, fix=fix)
    return _spelled(location, parameter, name, fix)


def _spelled(location: Location, parameter: str, name: str, fix: Fix | None) -> Loss:
    message = f"`{name}` without Depends is no dependency, so the client sends `{parameter}` as it likes: "
    return Loss(location, f"{message}write `Depends({name})`", fix=fix)


def _is_meant(program: Program, value: Value) -> bool:
    """Whether something in an Annotated or a default can only have been meant as a dependency."""
    if isinstance(value, Function | Bound | Partial):
        return running(value) is not None
    if isinstance(value, External):
        if (value.name in DEPENDS and not value.called) or scheme_of(value) is not None:
            return True
        return (
            not value.called
            and not value.name.startswith(("fastapi.", "starlette."))
            and names_unseen_guard(value.name)
        )
    if isinstance(value, Instance):
        call = method_of(value, "__call__")
        return scheme_of(value) is not None or (call is not None and is_dependency(program, Bound(value, call)))
    if isinstance(value, Class):
        return any(asks(program, parameter) for parameter in parameters(value))
    return False


def _in_union(program: Program, consumer: Consumer, annotation: Value | None) -> Iterator[Loss]:
    """`CurrentUser | None` where the alias has the Depends: FastAPI looks for it at the top only (semantics 23)."""
    for option in options(annotation):
        if not isinstance(option, Generic) or not option.origin.endswith(_UNIONS):
            continue
        for member in option.members:
            found = _dependency_in(member)
            if found is not None and not isinstance(consumer.parameter.default, Dependency):
                name = _name(found.call) if found.call is not None else "it"
                evidence = () if found.place is None else (Evidence(found.place.location, "the dependency is here"),)
                form = next(
                    (item[2] for item in consumer.function.parameters if item[4] == consumer.parameter.place.at), None
                )
                text = form is not None and form[0] == "const"
                place = consumer.parameter.place if text else option.place or consumer.parameter.place
                yield Loss(
                    place.location,
                    f"inside a union FastAPI does not see the Depends of `{name}`, so it never runs and the client may "
                    f"send `{consumer.parameter.name}` itself: write `Annotated[... | None, Depends(...)]` with a "
                    "dependency that gives None to anonymous callers",
                    evidence=evidence,
                    fix=outside_union(program, consumer.function, consumer.parameter, member)
                    if isinstance(member, Annotated)
                    else None,
                )


def _dependency_in(value: Value) -> Dependency | None:
    if isinstance(value, Annotated):
        for item in value.metadata:
            for option in options(item):
                if isinstance(option, Dependency):
                    return option
    return None


def _as_default(program: Program, consumer: Consumer) -> Iterator[Loss]:
    """`user: User = get_user`."""
    parameter = consumer.parameter
    for option in options(parameter.default):
        form = default_form(consumer.function, parameter)
        if isinstance(option, Unknown) and form is not None and names_unseen_guard(spelled(form)):
            yield _spelled(parameter.place.location, parameter.name, spelled(form), depending(parameter.place, form))
        if isinstance(option, Class) or not _is_meant(program, option):
            continue
        fix = None if form is None else depending(parameter.place, form)
        yield _plain(parameter.place.location, parameter.name, option, fix)


def _model(program: Program, consumer: Consumer, annotation: Value | None) -> Iterator[Loss]:
    """`user: User = Depends()`, `Depends(factory())` where the factory returns nothing, and `user: User` alone."""
    parameter = consumer.parameter
    base = bare_type(annotation)
    found = program.walker.resolver.dependency_of(parameter)
    classes = [option for option in options(base) if isinstance(option, Class)]
    if found is not None and found[1] is not base and not any(found[1] is item for item in classes):
        return
    made = classes[0] if classes else None
    if found is not None:
        given = found[0].arguments.get("dependency", 0)
        nothing = isinstance(given, Const) and given.value is None and given.place is None
        if isinstance(given, Const) and not nothing:
            return  # an attribute that is None until the guard is set
        if nothing or (made is not None and stands_for_caller(program, consumer, made)):
            yield _of_model(program, consumer, found[0], made, nothing)
    elif made is not None and parameter.default is None and _forgotten(program, consumer, made):
        sibling = wired(program)[(parameter.name, id(made))]
        evidence = () if sibling.place is None else (Evidence(sibling.place.location, "other routes ask for it"),)
        yield Loss(
            parameter.place.location,
            f"`{parameter.name}` is read from the request's body here, so the client is whoever it says; other routes "
            f"get it from `{_name(sibling.call)}`: write `Depends({_name(sibling.call)})`",
            confidence="medium",
            evidence=evidence,
            fix=with_guard(program, consumer.function, parameter, sibling.call),
        )


def _of_model(program: Program, consumer: Consumer, dependency: Dependency, made: Class | None, nothing: bool) -> Loss:
    place = dependency.place or consumer.parameter.place
    name = consumer.parameter.name
    if nothing:
        message = (
            f"what Depends is given here returns None, so FastAPI makes `{name}` from the client's query and no guard "
            "runs: return the guard from its factory"
        )
        fix = returning_guard(program, dependency)
    else:
        assert made is not None
        message = (
            f"Depends calls the class {made.name} itself, so the client sends `{name}` in the query, role and all: "
            "name the function that authenticates"
        )
        fix = naming_guard(program, dependency, made)
    return Loss(place.location, message, fix=fix)


def _forgotten(program: Program, consumer: Consumer, made: Class) -> bool:
    """Whether a route takes from the body what a guard gives to other routes under the same name."""
    route = consumer.route
    if route is None or (consumer.parameter.name, id(made)) not in wired(program):
        return False
    others = [item for item in parameters(route.endpoint) if item.name != consumer.parameter.name]  # type: ignore[arg-type]
    resolver = program.walker.resolver
    more = any(_is_model(resolver.annotation(item)) for item in others if resolver.dependency_of(item) is None)
    return more or not {"POST", "PUT", "PATCH"} & set(route.methods) or bool(CALLER.match(consumer.parameter.name))


def _is_model(annotation: Value | None) -> bool:
    return any(isinstance(option, Class) and option.fields for option in options(annotation))


def _name(value: Value | None) -> str:
    if isinstance(value, Instance) or (isinstance(value, External) and scheme_of(value) is not None):
        return _bound_name(value) or "it"
    full = dotted_name(value) if value is not None else None
    return (full or "it").rpartition(".")[2]


def _bound_name(value: Instance | External) -> str | None:
    names = value.place.module.scope.names if value.place is not None else {}
    return next((name for name, known in names.items() if known is value), None)
