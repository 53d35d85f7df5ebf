"""Where a right that the client sent is believed: stored with a user, signed in a token, or decided by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form, last_name, named_arguments, span_of, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.handing import takers
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.at_the_door import handed_on_without
from fastapi_seclint.subjects.rights.following import follow
from fastapi_seclint.subjects.rights.free_bodies import free_rights
from fastapi_seclint.subjects.rights.sent import Input, Sent, carried, dumped, source
from fastapi_seclint.subjects.rights.withholding import not_given, withheld
from fastapi_seclint.subjects.rights.words import names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PERSON = re.compile(
    r"(^|_)(users?|accounts?|members?|profiles?|persons?|people|employees?|customers?|admins?|staff|regist\w*|sign_?up"
    r"|signup|login|tokens?|jwt|claims|payload|to_encode|me|auth\w*|usuari[oa]s?|clientes?|empleados?|funcionarios?"
    r"|cadastr\w*|utilisateurs?|benutzer|nutzer)(_|$)"
)
_CALLER = re.compile(r"super_?users?(?=_|$)")
_TALK = re.compile(r"(^|_)(messages?|chats?|conversations?|completions?|prompts?|llm|threads?)(_|$)")
_STORES = re.compile(
    r"^_*(create|add|insert|save|store|register|new|make|update|patch|edit|put|upsert|sign_up|signup|from|build|set|write"
    r"|append|push|values|setdefault|model_validate|parse_obj|model_construct|construct|from_orm|sqlmodel_update|encode|merge"
    r"|find_one_and_(update|replace)|find_and_modify)(_|$)"
)
_ANY_MODEL = re.compile(r"^_*(orm_?)?(model|entity|table)(_?(class|cls|type))?_*$", re.I)
_LEVELS = 2


@dataclass(frozen=True, slots=True)
class Belief:
    """A place where the client's word counts. `how` says what becomes of it, `sure` whether that is seen.

    `test` is the condition that it decides.
    """

    location: Location
    sent: Sent
    how: str
    symbol: str
    decides: bool = False
    sure: bool = True
    fix: Fix | None = None
    test: Form | None = None
    brought: Location | None = None
    """What takes it from the client, where that is another function."""


def believed(program: Program, function: Function, found: Input, context: str, level: int = 0) -> Iterator[Belief]:
    """Where a function, or one that it hands the body on to, stores or signs what the client sent of his rights."""
    block = body_of(program, function)
    if block is None or not found:
        return
    about = snake(" ".join([context.replace("/", "_"), function.name, *found.classes]).replace(" ", "_"))
    answers = _answers(block.statements)
    told, made = set[str](), list[Belief]()
    for form in block.forms.every:
        further = (
            list(_further(program, block, form, found, context, level)) if form[0] == "call" and level < _LEVELS else []
        )
        if further and _hands_made(form, found):
            made += further
            further = []
        yield from further
        stored = (
            [*_stored(program, block, form, found, about), *free_rights(program, block, form, found)]
            if not further and id(form) not in answers
            else []
        )
        for sent, how, sure in stored:
            place = Location(block.module.path, span_of(_place(form, sent)))
            kept = _is_row_of_any(form) or _is_given_inside(program, found, sent.name)
            fix = withheld(program, block, form, found) if not kept else None
            told.add(sent.name)
            yield Belief(place, sent, how, block.symbol, sure=sure, fix=fix)
    yield from (belief for belief in made if belief.sent.name not in told)


def _is_given_inside(program: Program, found: Input, right: str) -> bool:
    """Whether the project itself makes such bodies with the right in them, for the first administrator perhaps."""
    for block in program.sites.blocks(frozenset(found.classes)) if found.classes else ():
        for call in block.forms.of("call") if not program.is_test(block.module) else ():
            if last_name(call[2]) in found.classes and any(
                keyword == right and value[0] == "const" and value[2] for keyword, value, _ in call[4]
            ):
                return True
    return False


def _hands_made(call: Form, found: Input) -> bool:
    """Whether what a call hands on is an object that was made of what was sent, and nothing else of it."""
    given = [*call[3], *(value for _, value, _ in call[4])]
    whole = any(dumped(found, value) or source(found, value) for value in given)
    return not whole and any(carried(found, value) for value in given)


def _answers(statements: list[Form]) -> set[int]:
    """The dictionaries, by identity, that a function only gives back."""
    pending = [form[2] for form in walk(statements) if form[0] == "return" and form[2] is not None]
    found = set()
    while pending:
        form = pending.pop()
        if form[0] == "dict":
            found.add(id(form))
            pending += [value for _, value in form[2]]
    return found


def _place(form: Form, sent: Sent) -> int:
    """The argument or item that carries the right, else the whole form."""
    if form[0] == "call":
        for name, _, at in form[4]:
            if name is not None and name == sent.name:
                return int(at)
    return int(form[1])


def _is_personal(right: str, *words: str) -> bool:
    """Whether a right is somebody's: a flag always is, a role when the words around speak of people, not of talk."""
    text = _CALLER.sub("", "_".join(words))
    if snake(right).startswith("is_"):
        return True
    return _PERSON.search(text) is not None and _TALK.search(text) is None


def _stored(program: Program, block: Block, form: Form, found: Input, about: str) -> Iterator[tuple[Sent, str, bool]]:
    match form:
        case ["call", _, called_, positional, keywords]:
            name = snake(_last(called_))
            yield from _of_keywords(program, block, form, found, about, name)
            for item in met(written_out(program, block, form)):
                sent = source(found, item.value) if item.written and names_right(item.column) else None
                if sent is not None and _is_personal(sent.name, about, snake(item.table)):
                    yield sent, f"written to {item.table}", True
            for value in (*positional, *(value for key, value, _ in keywords)):
                yield from _of_dump(program, block, form, found, about, name, value)
        case ["dict", _, pairs]:
            for key, value in pairs:
                if key is not None and key[0] == "const" and isinstance(key[2], str) and found.names_right(key[2]):
                    sent = source(found, value)
                    if sent is not None and _is_personal(sent.name, about, *_roots(value)):
                        yield sent, "written down for the user", True
        case ["assign", _, targets, value]:
            sent = source(found, value)
            for target in targets if sent is not None else ():
                written = target[0] in ("attr", "sub") and _writes(target, found)
                if sent is not None and written and _is_personal(sent.name, about, _last(target[2])):
                    yield sent, "written to the user", True
            for target in targets if sent is None else ():
                rights = dumped(found, value)
                if target[0] == "sub" and rights and _is_personal(min(rights), about, snake(_last(target[2]))):
                    yield Sent(min(rights), "body"), "stored with the rest of the body", True
        case ["for", _, ["tuple", _, [["name", _, key], _]], iterable, statements, _]:
            rights = dumped(found, iterable[2][2]) if _is_items(iterable) else frozenset()
            if rights and _sets_attributes(statements, key) and _is_personal(min(rights), about):
                yield Sent(min(rights), "body"), "written to the user with the rest of the body", True


def _last(form: Form) -> str:
    return str(form[-1]) if form[0] in ("name", "attr") else _last(form[2]) if form[0] in ("call", "sub") else ""


def _roots(form: Form) -> list[str]:
    return [snake(inner[2]) for inner in walk(form) if inner[0] == "name"]


def _writes(target: Form, found: Input) -> bool:
    """Whether a target is a right of something that is not the body itself."""
    owner = target[2]
    name = target[3] if target[0] == "attr" else target[3][2] if target[3][0] == "const" else ""
    mine = owner[0] == "name" and owner[2] in found.bodies
    return isinstance(name, str) and found.names_right(name) and not mine


def _is_items(form: Form) -> bool:
    return bool(form[0] == "call" and form[2][0] == "attr" and form[2][3] == "items")


def _sets_attributes(statements: list[Form], key: str) -> bool:
    if any(form[0] == "if" and any(inner[0] == "const" for inner in walk(form[2])) for form in walk(statements)):
        return False
    for form in walk(statements):
        match form:
            case ["call", _, ["name", _, "setattr"], [_, ["name", _, used], _], _] if used == key:
                return True
            case ["assign", _, [["sub", _, _, ["name", _, used]]], _] if used == key:
                return True
    return False


def _of_keywords(
    program: Program, block: Block, form: Form, found: Input, about: str, name: str
) -> Iterator[tuple[Sent, str, bool]]:
    if name in ("filter_by", "where", "filter", "get", "find", "find_one", "get_or_none", "exists", "count", "list"):
        return
    for keyword, value in _named(program, block, form, found):
        sent = source(found, value) if found.names_right(keyword) else None
        if sent is None or not (_STORES.match(name) or _last(form[2])[:1].isupper()):
            continue
        if _is_personal(sent.name, about, name, *_roots(form[2])) and _has_field(program, block, form, keyword):
            yield sent, f"given to {_last(form[2])}", True


def _named(program: Program, block: Block, form: Form, found: Input) -> list[tuple[str, Form]]:
    """What a call gives by keyword, and by position to the constructor of a class: `User(data.name, data.role)`."""
    named = [(keyword, value) for keyword, value, _ in form[4] if keyword is not None]
    if any(source(found, value) is not None for value in form[3]):
        for made in options(ask(program, block, form[2])):
            own = method_of(Instance(made), "__init__") if isinstance(made, Class) else None
            if own is not None and own.parameters:
                named += zip((parameter[0] for parameter in own.parameters[1:]), form[3], strict=False)
                break
    return named


def _of_dump(
    program: Program, block: Block, form: Form, found: Input, about: str, name: str, value: Form
) -> Iterator[tuple[Sent, str, bool]]:
    rights = dumped(found, value)
    given = {keyword for keyword, _, _ in form[4] if keyword is not None}
    updates = (value for keyword, value, _ in form[4] if keyword == "update" and value[0] == "dict")
    given |= {key[2] for update in updates for key, _ in update[2] if key is not None and key[0] == "const"}
    rights -= given
    if not rights:
        return
    right = min(rights)
    constructs = _last(form[2])[:1].isupper() or _is_row_of_any(form)
    if not (constructs or _STORES.match(name)) or not _is_personal(right, about, name, *_roots(form[2])):
        return
    if any(True for _ in called(program, block, form)) or not _has_field(program, block, form, right):
        return
    sure = constructs or name not in ("append", "setdefault")
    yield Sent(right, "body"), f"given to {_last(form[2])} with the rest of the body", sure and value[0] != "name"


def _is_row_of_any(form: Form) -> bool:
    """Whether a repository makes a row of the class that it was made for: `self.model(**data.model_dump())`."""
    named = form[0] == "call" and form[2][0] == "attr" and form[2][2][2:] in (["self"], ["cls"])
    return named and _ANY_MODEL.match(form[2][3]) is not None and any(key is None for key, _, _ in form[4])


def _has_field(program: Program, block: Block, form: Form, right: str) -> bool:
    """Whether what is called keeps the right, as far as its class is in sight."""
    target = form[2][2] if form[2][0] == "attr" and not form[2][3][:1].isupper() else form[2]
    for option in options(ask(program, block, target)):
        if isinstance(option, Class) and (names := [name for name, _, _ in fields(option)]):
            return right in names
    return True


def _of_message(program: Program, block: Block, form: Form, found: Input, context: str, level: int) -> Iterator[Belief]:
    """What handlers of messages do with one that a call is given: `await send(SignUp(body.email, body.role))`.

    Where a function that is called takes it itself, it is followed there.
    """
    rights = carried(found, form)
    outer = [call for call in block.forms.of("call") if rights and any(item is form for item in call[3])]
    direct = {(one.module.file, one.number) for call in outer for one, _ in called(program, block, call)}
    if not outer:
        return
    for cls in options(ask(program, block, form[2])) if rights and form[2][0] == "name" else ():
        for function, name in takers(program, cls) if isinstance(cls, Class) else ():
            if function.owner is not None and (function.module.file, function.number) not in direct:
                inner = Input({name: rights}, classes=set(found.classes), rights=found.rights)
                follow(function, inner)
                yield from believed(program, function, inner, context, level + 1)


def _further(program: Program, block: Block, form: Form, found: Input, context: str, level: int) -> Iterator[Belief]:
    """Functions of the project that get a body or a single right."""
    own = dumped(found, form[2][2]) if form[2][0] == "attr" else frozenset()
    given = [*form[3], *(item[1] for item in form[4])]
    if not own and not any(dumped(found, value) or source(found, value) or carried(found, value) for value in given):
        return
    yield from _of_message(program, block, form, found, context, level)
    for function, bound in called(program, block, form):
        names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        pairs = named_arguments(form, names)
        inner = Input(classes=set(found.classes), rights=found.rights)
        if own and bound:
            inner.bodies[function.parameters[0][0]] = own
        for name, value in pairs:
            if rights := dumped(found, value) or carried(found, value):
                inner.bodies[name] = rights
            elif (sent := source(found, value)) is not None:
                inner.values[name] = sent
        rest = next((parameter[0] for parameter in function.parameters if parameter[1] == KEYWORDS), None)
        spread = [rights for keyword, value, _ in form[4] if keyword is None and (rights := dumped(found, value))]
        if rest is not None and spread:
            inner.bodies[rest] = frozenset().union(*spread) - set(names)
        inner.words = {name: words for name, value in pairs if (words := _listed(found, value)) is not None}
        follow(function, inner)
        for belief in believed(program, function, inner, context, level + 1):
            fix = belief.fix or not_given(block, form, found, function)
            if fix is None and level == 0 and not belief.decides:
                fix = handed_on_without(program, block, form, found, context)
            yield belief if belief.fix is not None else replace(belief, fix=fix)


def _listed(found: Input, value: Form) -> frozenset[str] | None:
    """The texts of a collection that a call gives, written there or given to the caller; None for all else."""
    if value[0] == "name":
        return found.words.get(value[2])
    written = value[0] in ("set", "tuple", "list") and all(item[0] == "const" for item in value[2])
    return frozenset(str(item[2]) for item in value[2]) if written else None
