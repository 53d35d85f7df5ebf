"""Calls of the project's own helpers on the way to a token, followed with the arguments they are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import GENERATOR, KEYWORD_ONLY, KEYWORDS, VARIADIC, Form, last_name
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, Function, Generic, Instance, options
from fastapi_seclint.subjects.code.implementations import implementations
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.payloads.asking import value_of
from fastapi_seclint.subjects.payloads.known import NOTHING, Claims, Known, Made, either, unknown
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.payloads.branching import Names
    from fastapi_seclint.subjects.payloads.flow import Flow, Given

_MOST_OVERRIDES = 4
_LONGEST = 12_000
_LENGTHS = frozenset({"int", "float", "timedelta", "datetime"})


def inlined(flow: Flow, form: Form) -> Known | None:
    """What a call of a function of the project gives; None for other calls and where it leads too far."""
    if flow.depth <= 0:
        return None
    found: Known | None = None
    for function, is_bound in _with_overrides(flow, form):
        if function.flags & GENERATOR or function.module.facts.size_of(function.number) > _LONGEST:
            return None
        given = arguments(flow, form)
        names = bound(flow, function, given, _receiver(flow, form), is_bound)
        one = _as_annotated(flow, function, result(flow, function, names))
        found = one if found is None else either(found, one)
    return found


def of_property(flow: Flow, form: Form) -> Known | None:
    """The dictionary that a property of an object gives, `user.claims`; None for everything else."""
    if flow.depth <= 0 or form[2][0] not in ("name", "call", "attr"):
        return None
    for option in options(ask(flow.program, flow.block, form[2])):
        cls = option.cls if isinstance(option, Instance) else None
        bases = [base for base in cls.lineage() if isinstance(base, Class)] if isinstance(cls, Class) else []
        method = next((base.namespace[form[3]] for base in bases if form[3] in base.namespace), None)
        known = isinstance(method, Function) and method.kind == "property" and method.number >= 0
        if known and isinstance(method, Function) and method.module.facts.size_of(method.number) <= _LONGEST:
            found = result(flow, method, bound(flow, method, _nothing_given(), flow.known(form[2]), True))
            return found if found.claims is not None else None
    return None


def _nothing_given() -> Given:
    from fastapi_seclint.subjects.payloads.flow import Given

    return Given()


def _with_overrides(flow: Flow, form: Form) -> Iterator[tuple[Function, bool]]:
    """The functions that a call may reach; what a method without a body leaves to a few subclasses is theirs.

    Where many write it, as models do with what stores them, none of them tells what the call gives.
    """
    for function, is_bound in called(flow.program, flow.block, form):
        overrides = implementations(flow.program, function)
        if not 0 < len(overrides) <= _MOST_OVERRIDES:
            yield function, is_bound
        else:
            yield from ((item, is_bound) for item in overrides)


def _as_annotated(flow: Flow, function: Function, known: Known) -> Known:
    """An object of the class that a function says it returns, where its body does not tell."""
    if function.returns is None:
        return known
    outside = Block(function.module, None, function.module.scope, NO_STATEMENTS)
    return annotated(flow.program, outside, function.returns, known)


def annotated(program: Program, block: Block, annotation: Form, known: Known) -> Known:
    """An object of the class that an annotation of a block names, where nothing else is known."""
    if known.claims is not None or known.made is not None or known.amounts or known.texts:
        return known
    for option in options(ask(program, block, annotation)):
        for member in option.members if isinstance(option, Generic) else [option]:
            if isinstance(member, Class) and not any(base.startswith("enum.") for base in member.external_bases()):
                return Known(made=Made(member, {}, True), opaque="object", complete=False)
    return known


def _receiver(flow: Flow, form: Form) -> Known:
    if form[2][0] == "attr":
        return flow.known(form[2][2])
    return unknown("object")


def arguments(flow: Flow, form: Form) -> Given:
    """The arguments of a call."""
    from fastapi_seclint.subjects.payloads.flow import Given

    given = Given()
    for argument in form[3]:
        if argument[0] == "star":
            given.open = True
        else:
            given.positional.append(flow.known(argument))
    for keyword, value, _ in form[4]:
        if keyword is None:
            held = flow.known(value).claims
            given.open = given.open or held is None or bool(held.open)
            items = held.items.items() if held is not None else ()
            given.keywords |= {key: value_of(claim) for key, claim in items}
        else:
            given.keywords[keyword] = flow.known(value)
    return given


def bound(flow: Flow, function: Function, given: Given, receiver: Known | None, is_bound: bool) -> Names:
    """The parameters of a function with what a call gives them."""
    positional = list(given.positional)
    if is_bound:
        positional.insert(0, receiver if receiver is not None else unknown("object"))
    keywords = dict(given.keywords)
    names: Names = {}
    for form, default in zip(function.parameters, function.defaults, strict=True):
        name, kind = form[0], form[1]
        if kind == VARIADIC:
            if not given.open:
                names[name] = Known(present=bool(positional), complete=False, parts=tuple(positional))
            positional = []
        elif kind == KEYWORDS:
            rest = Claims(open=frozenset({"parameter"}) if given.open else frozenset())
            for key, known in keywords.items():
                rest.set(key, known, known.written)
            names[name] = Known(claims=rest)
        elif kind != KEYWORD_ONLY and positional:
            names[name] = _or_annotated(flow, function, form, positional.pop(0))
        elif name in keywords:
            names[name] = _or_annotated(flow, function, form, keywords.pop(name))
        elif default is not None and not given.open:
            names[name] = of_value(default, function.place)
        else:
            names[name] = parameter(flow, function, form)
    return names


def _or_annotated(flow: Flow, function: Function, form: Form, given: Known) -> Known:
    """What a call gives a parameter, or an object of the class that this is annotated with where that is unknown."""
    if (
        form[2] is None
        or given.opaque not in ("call", "object", "parameter")
        or given.claims
        or given.made
        or given.amounts
        or given.texts
    ):
        return given
    annotated = parameter(flow, function, form)
    return annotated if annotated.made is not None else given


def parameter(flow: Flow, function: Function, form: Form) -> Known:
    """A parameter of which no caller is in sight."""
    block = body_of(flow.program, function)
    value = ask(flow.program, block, ["name", form[4], form[0]]) if block is not None else None
    for option in options(value):
        if isinstance(option, Instance) and isinstance(option.cls, Class):
            return Known(present=True, made=Made(option.cls, {}, True), opaque="object")
    return unknown("parameter")


def unseen(flow: Flow, function: Function) -> Names:
    """The parameters of a function that nobody calls in sight: anything, or the default; a length that has to be given
    is there.
    """
    names: Names = {}
    for form, default in zip(function.parameters, function.defaults, strict=True):
        found = parameter(flow, function, form)
        if form[1] == KEYWORDS:
            found = Known(claims=Claims(open=frozenset({"parameter"})))
        if default is not None and found.made is None:
            usual = of_value(default, function.place)
            found = either(found, usual)
        elif default is None and form[2] is not None and last_name(form[2]) in _LENGTHS:
            found = replace(found, present=True)
        names[form[0]] = found
    return names


def result(flow: Flow, function: Function, names: Names) -> Known:
    """What a function returns for arguments; dictionaries that it is given are changed as it changes them."""
    from fastapi_seclint.subjects.payloads.flow import Flow as Inner

    if function.number < 0:
        inner = Inner(flow.program, Block(function.module, None, function.scope, NO_STATEMENTS), names, 0, flow.budget)
        return inner.known(function.body) if function.body is not None else NOTHING
    block = body_of(flow.program, function)
    if block is None or flow.depth <= 0 or function.is_stub:
        return unknown("call")
    inner = Inner(flow.program, block, names, flow.depth - 1, flow.budget)
    inner.run()
    for name, known in names.items():
        after = inner.at_exit(name)
        if known.claims is not None and after is not None and after.claims is not None:
            known.claims.items, known.claims.open = after.claims.items, after.claims.open
    found: Known | None = None
    for one in inner.returned:
        found = one if found is None else either(found, one)
    return found if found is not None else NOTHING
