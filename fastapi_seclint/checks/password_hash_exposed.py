"""FSL903: a route's answer has the password hash of a user in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.models import field_default
from fastapi_seclint.program.routers import strings
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Arguments, Class, Const, External, Function, Generic, Value, options
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.named_answers import named_answer, type_arguments
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.records import classes_in, field_names
from fastapi_seclint.subjects.passwords.enveloped import given_to_open_fields, unwrapped
from fastapi_seclint.subjects.passwords.exposure_fixes import Taking
from fastapi_seclint.subjects.passwords.exposure_models import other_model
from fastapi_seclint.subjects.passwords.fields import Givers
from fastapi_seclint.subjects.passwords.left_out import leaves_out, tells_new_one
from fastapi_seclint.subjects.passwords.made_models import made_of
from fastapi_seclint.subjects.passwords.names import is_password, logs_in_elsewhere, naming
from fastapi_seclint.subjects.passwords.never_filled import (
    is_never_given,
    refused_when_sent,
    selected_without,
    sent_back,
)
from fastapi_seclint.subjects.passwords.showing import password_field
from fastapi_seclint.subjects.passwords.told_apart import is_told_apart

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL903",
    name="password-hash-exposed",
    summary="a user is sent with his password hash, which can be cracked at leisure",
    severity="high",
    cwe=(200, 522),
    owasp=("API3",),
    guide="2, 5",
    fixable="unsafe",
)

_UNFILTERED = ("builtins.", "typing.", "collections.")
_PLAIN = ("builtins.str", "builtins.int", "builtins.float", "builtins.bool", "builtins.bytes")
"""What FastAPI makes no row or dictionary of."""
_ELSEWHERE = frozenset({"registry", "server", "server_url", "base_url", "endpoint", "repository"})
_PICKING = frozenset({"response_model_include", "response_model_exclude"})
_DEPTH = 3


@RULE.check
def password_hash_exposed(program: Program) -> Iterator[Finding]:
    """One finding for each handler."""
    givers = Givers(program)
    seen: set[tuple[str, int]] = set()
    for route in program.routes:
        function = route.function
        if route.kind != "http" or function is None or program.is_test(function.module):
            continue
        key = (function.module.file, function.number)
        if key not in seen and function.number >= 0:
            seen.add(key)
            yield from _of_route(program, givers, route, function)


def _of_route(program: Program, givers: Givers, route: Route, function: Function) -> Iterator[Finding]:
    arguments = route.registration.arguments if route.registration is not None else None
    if arguments is None or arguments.open:
        return
    picked = bool(_PICKING & set(arguments.keywords))
    block = body_of(program, function)
    if block is None:
        return
    declared = None if _answers_by_hand(block) else _declared(program, arguments.get("response_model"), function)
    for cls in classes_in(declared) if declared is not None else ():
        name, holder = _shown_by(program, cls)
        if name and (_is_asked_for(route, holder) or (picked and not (holder is cls and _is_picked(arguments, name)))):
            return
        if name and _is_filled(program, route, block, cls, name):
            fix = other_model(program, route, block, cls) if is_password(name, True) else None
            sent = naming(name) != "kept" and bool(sent_back(program, route, block, cls))
            confidence: Confidence = "high" if holder is cls else "medium"
            yield _finding(program, route, block, block.location(function.at), name, cls, confidence, fix, holder, sent)
            return
    if picked:
        return
    for cls in type_arguments(program, route, function) if declared is not None else ():
        name, holder = _shown_by(program, cls)
        if name and _is_filled(program, route, block, cls, name):
            yield _finding(program, route, block, block.location(function.at), name, cls, "medium", None, holder)
            return
    for name, cls in made_of(declared) if declared is not None else ():
        yield _finding(program, route, block, block.location(function.at), name, cls, "high", None)
        return
    if leaves_out(block):
        return
    shown = named_answer(route, function)
    models = list(classes_in(declared)) if declared is not None else []
    for form in block.forms.of("return"):
        if form[2] is None:
            continue
        parts = _parts(form[2])
        if parts is None and declared is not None:
            parts = [one for cls in models for one in given_to_open_fields(program, block, form[2], cls, shown)]
        for part in parts if parts is not None else [form[2]]:
            found = givers.shown(block, part)
            if found is not None and not is_told_apart(program, block, form, found[1]):
                confidence = "high" if found[1] is not None else "medium"
                inner = unwrapped(program, givers, block, part)
                fix = Taking(program, givers, route, block).fix(inner, filtered=parts is None and inner is part)
                name, held = found
                sent = held is not None and naming(name) != "kept" and bool(sent_back(program, route, block, held))
                yield _finding(program, route, block, block.location(form), name, held, confidence, fix, sent=sent)
                return


def _is_picked(arguments: Arguments, name: str) -> bool:
    """Whether a route that says which fields of its model it sends is seen to send this one."""
    wanted, unwanted = (arguments.keywords.get(key) for key in ("response_model_include", "response_model_exclude"))
    if wanted is not None and name not in (strings(wanted) or ()):
        return False
    known = strings(unwanted) if unwanted is not None else ()
    return known is not None and name not in known


def _is_asked_for(route: Route, holder: Class) -> bool:
    """Whether a route is there to give the credentials of accounts at other servers, which are what is kept there."""
    words = set(words_of(holder.name))
    asked = any(words_of(part)[-1:] in (["credential"], ["credentials"]) for part in access.segments(route.path))
    return asked and bool(words & {"credential", "credentials"}) and logs_in_elsewhere(field_names(holder))


def _is_filled(program: Program, route: Route, block: Block, cls: Class, name: str) -> bool:
    """Whether a field for a password may hold one that is not news to be told once."""
    if tells_new_one(program, block, cls, name):
        return False
    if block.function is not None and selected_without(program, block.function, name):
        return False
    sent = sent_back(program, route, block, cls)
    return not (sent and refused_when_sent(block, sent, name))


def _parts(value: Form) -> list[Form] | None:
    """What is put into a response that is made by hand, which no model filters; None for other values."""
    if value[0] != "call" or not last_name(value[2]).endswith("Response"):
        return None
    given = [*value[3][:1], *(item for keyword, item, _ in value[4] if keyword == "content")]
    encoded = [item for item in given if item[0] == "call" and last_name(item[2]) in _ENCODING]
    return given if encoded or last_name(value[2]).endswith("JSONResponse") else None


_ENCODING = frozenset({"dumps", "encode", "model_dump_json", "dump_json"})
"""What makes the JSON that a plain `Response` is given: json, msgspec, models and adapters of pydantic."""


def _answers_by_hand(block: Block) -> bool:
    """Whether all that a handler returns are responses made by hand, of which FastAPI makes no model."""
    given = [form[2] for form in block.forms.of("return") if form[2] is not None]
    return bool(given) and all(_parts(value) is not None for value in given)


def _declared(program: Program, given: Value | None, function: Function) -> Value | None:
    """The model that filters what a handler returns; None where there is none."""
    value = given
    if value is None and function.returns is not None:
        outside = Block(function.module, function, function.module.scope, NO_STATEMENTS)
        value = ask(program, outside, function.returns)
    return None if value is None or _lets_through(value) else value


def _lets_through(value: Value) -> bool:
    """Whether an annotation is no model: None, `dict`, `Any`, `dict[str, Any]`."""
    for option in options(value):
        match option:
            case Const():
                continue
            case Class() if any(base.endswith("Response") for base in option.external_bases()):
                continue
            case External() if option.name.startswith(_UNFILTERED) and option.name not in _PLAIN:
                continue
            case Generic(members=found) if _is_mapping(option) and all(_is_plain(i) or _lets_through(i) for i in found):
                continue
            case Generic() if option.members and all(_lets_through(member) for member in option.members):
                continue
            case _:
                return False
    return True


def _is_plain(value: Value) -> bool:
    return all(isinstance(option, External) and option.name in _PLAIN for option in options(value))


def _is_mapping(value: Generic) -> bool:
    return value.origin.rpartition(".")[2] in ("dict", "Dict", "Mapping", "MutableMapping")


@answered_once
def _shown_by(program: Program, cls: Class) -> tuple[str, Class]:
    """The password field that a model, or a model in one of its fields, shows, and whose it is; nearest first."""
    seen: set[int] = set()
    pending = [(cls, 0)]
    for item, level in pending:
        if id(item) in seen:
            continue
        seen.add(id(item))
        if name := password_field(item):
            return name, item
        for base in item.lineage() if level < _DEPTH else ():
            for field, annotation, value in base.fields if isinstance(base, Class) else ():
                if (
                    isinstance(base, Class)
                    and not _is_relation(value)
                    and not _is_left_empty(program, item, field, value)
                ):
                    inner = classes_in(program.interpreter.ask(annotation, base.scope))
                    pending += [(found, level + 1) for found in inner if id(found) not in seen]
    return "", cls


def _is_left_empty(program: Program, cls: Class, field: str, value: Value | None) -> bool:
    default = field_default(value) if value is not None else None
    return isinstance(default, Const) and default.value is None and is_never_given(program, cls, field)


def _is_relation(value: Value | None) -> bool:
    """Whether a field is a relation to other rows, which SQLModel leaves out of what it sends."""
    return isinstance(value, External) and value.called and value.name.lower().endswith(".relationship()")


def _finding(
    program: Program,
    route: Route,
    block: Block,
    location: Location,
    name: str,
    cls: Class | None,
    confidence: Confidence,
    fix: Fix | None,
    holder: Class | None = None,
    sent: bool = False,
) -> Finding:
    fields = field_names(holder or cls) if cls is not None else []
    gets = "a password hash to crack" if naming(name) == "kept" else "a password, or the hash of one to crack"
    elsewhere = logs_in_elsewhere(fields) or bool(_ELSEWHERE.intersection(fields))
    if elsewhere:
        gets = "the password of an account at another server"
    elif sent:
        gets = "the password back as it was sent"
    what = f"{cls.name} has the field {name}" if cls is not None else f"it has the field {name}"
    evidence = [Evidence(cls.place.location, "the class with the field")] if cls is not None else []
    return RULE.finding(
        location,
        f"everybody who may call this route gets {gets}, since {what}: answer with a model without it",
        confidence=confidence,
        persona="pedantic" if elsewhere and program.guarding(route).protection == "protected" else None,
        symbol=block.symbol,
        route=access.key(route),
        evidence=evidence,
        fix=fix,
        masks=("unprotected-route", "unprotected-router"),
    )
