"""What an exception or a response says, in a form that can be compared: constants for names, places left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, last_name, names_in, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Collection, Const, External, Function, Instance, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of, written_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def said(program: Program, block: Block, form: Form) -> tuple[object, str, Class | None]:
    """What an expression says, the name of the exception that it makes, and its class when the project has it."""
    form = awaited(form)
    made = _made(block, form)
    block, form = (block, made) if made is not None else _constant(program, block, form) or (block, form)
    callee = form[2] if form[0] == "call" else form
    name = str(callee[-1]) if callee[0] in ("name", "attr") else ""
    cls = next((option for option in options(ask(program, block, callee)) if isinstance(option, Class)), None)
    return _plain(program, block, form), cls.name if cls is not None else name, cls


def is_text(form: Form) -> bool:
    """Whether an expression is a sentence for people, which a statement for a database is not."""
    if form[0] == "fstr":
        return not any(part[0] == "const" and _STATEMENT.match(str(part[2])) for part in form[2][:1])
    written = form[0] == "const" and isinstance(form[2], str) and " " in form[2].strip()
    return written and _STATEMENT.match(form[2]) is None


_STATEMENT = re.compile(
    r"\s*(select\s.*\sfrom|insert\s+into|update\s.*\sset|delete\s+from|with\s+\w+\s+as)\s", re.I | re.S
)


def is_error(form: Form) -> bool:
    """Whether an answer is an error by its status or by a key of its body: `{"error": "invalid_password"}`."""
    if form[0] == "call" and last_name(form[2]).endswith("Response"):
        given = [value for keyword, value, _ in form[4] if keyword == "status_code"] + form[3][1:2]
        return any(map(_is_refusing, given))
    if form[0] == "dict":
        spoken = (value for key, value in form[2] if key is not None and key[0] == "const" and key[2] in _SPEAKING)
        return any(map(says, spoken))
    return False


def _is_refusing(status: Form) -> bool:
    """Whether a status is one of an error, or as it went: `status_code=outcome.status`."""
    match status:
        case ["const", _, int() as code]:
            return bool(code >= 400)
        case ["attr", _, _, str() as name] if name.startswith("HTTP_"):
            return bool(name.startswith(("HTTP_4", "HTTP_5")))
        case ["attr", _, owner, _]:
            return last_name(owner) != "HTTPStatus"
    return bool(status[0] == "sub")


_SPEAKING = frozenset({"error", "detail", "reason", "message", "msg"})


def says(value: Form) -> bool:
    """Whether a value is a text, a member or entry that stands for one, or a display with a text in it."""
    if value[0] in ("attr", "sub") and value[2][0] in ("name", "attr"):
        return last_name(value[2])[:1].isupper()
    if value[0] == "const":
        return isinstance(value[2], str) and bool(value[2])
    return value[0] in ("fstr", "dict") and any(is_text(inner) for inner in walk(value))


def told(call: Form, function: Function, raised: Form) -> list[Form]:
    """The arguments of a helper's call that are in what it raises."""
    names = names_in(raised)
    for form in function.forms.of("assign"):
        if any(target[0] == "name" and target[2] in names for target in form[2]):
            names |= names_in(form[3])
    parameters = [item[0] for item in function.parameters]
    if function.owner is not None and function.kind != "static":
        parameters = parameters[1:]
    given = [value for name, value in zip(parameters, call[3], strict=False) if name in names]
    return given + [value for keyword, value, _ in call[4] if keyword in names]


def _made(block: Block, form: Form) -> Form | None:
    """The call behind a local name, when there is just one."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return None
    found = block.scope.assignments(form[2])
    if len(found) == 1 and found[0][0] in ("assign", "annassign") and found[0][-1] is not None:
        value: Form = found[0][-1]
        return value if value[0] == "call" else None
    return None


def _constant(program: Program, block: Block, form: Form) -> tuple[Block, Form] | None:
    """The call that makes an exception which a name of a module holds, with its block: `raise NO_SUCH_USER`."""
    for option in options(ask(program, block, form)) if form[0] in ("name", "attr") else ():
        if isinstance(option, External) and option.called and option.place is not None:
            return written_at(program, option.place, ("call",))
    return None


def _is_inside(keyword: str) -> bool:
    """Whether what is given under a name never reaches the client's eyes: headers, texts for a log."""
    return keyword == "headers" or keyword.startswith(("log_", "internal_", "debug_"))


def _plain(program: Program, block: Block, form: Form | None) -> object:
    if form is None:
        return None
    if form[0] == "call" and (made := _by_constructor(program, block, form)) is not None:
        return made
    if form[0] == "call":
        positional = [_plain(program, block, item) for item in form[3]]
        named = {str(key): _plain(program, block, value) for key, value, _ in form[4] if not _is_inside(str(key))}
        callee = form[2]
        if callee[0] in ("name", "attr") and callee[-1] == "HTTPException":
            named |= dict(zip(("status_code", "detail"), positional, strict=False))
            positional = []
        return ("call", _plain(program, block, callee), tuple(positional), tuple(sorted(named.items(), key=str)))
    if form[0] in ("name", "attr"):
        for option in options(ask(program, block, form)):
            if isinstance(option, Const):
                return option.value
            if isinstance(option, Instance) and (member := _of_member(option.attributes.get("value"))) is not None:
                return member
            if isinstance(option, External | Class):
                return option.name
        return form[-1] if form[0] == "name" else (_plain(program, block, form[2]), form[3])
    if form[0] == "const":
        return form[2]
    if form[0] == "sub" and (entry := _entry(program, block, form)) is not None:
        return entry
    return (form[0], *(_rest(program, block, item) for item in form[2:]))


def _entry(program: Program, block: Block, form: Form) -> object | None:
    """What a table of answers has for a member or text: `ANSWERS[Outcome.UNKNOWN]`."""
    found = [_of_member(option) for option in options(ask(program, block, form))]
    return found[0] if len(found) == 1 else None


def _of_member(value: Value | None) -> object | None:
    """What the value of a member of an enumeration says, part by part: `(404, "no such user")`."""
    if isinstance(value, Const):
        return value.value
    parts = [_of_member(item) for item in value.items] if isinstance(value, Collection) else []
    return tuple(parts) if parts and None not in parts else None


def _by_constructor(program: Program, block: Block, form: Form) -> object | None:
    """What an `HTTPException` of the project says: what its constructor hands on, whatever else it is told."""
    for cls in (option for option in options(ask(program, block, form[2])) if isinstance(option, Class)):
        maker = method_of(Instance(cls), "__init__")
        if maker is None or not any(name.endswith(".HTTPException") for name in cls.external_bases()):
            continue
        body = body_of(program, maker)
        handed = [item for item in body.forms.of("call") if _is_of_super(item)] if body is not None else []
        if body is None or len(handed) != 1:
            continue
        names = names_in(handed[0][3:])
        parameters = [item[0] for item in maker.parameters[1:]]
        given = [value for name, value in zip(parameters, form[3], strict=False) if name in names]
        given += [value for keyword, value, _ in form[4] if keyword in names]
        arguments = [*handed[0][3], *(value for keyword, value, _ in handed[0][4] if keyword != "headers")]
        return (
            cls.dotted,
            tuple(_plain(program, body, item) for item in arguments),
            tuple(_plain(program, block, item) for item in given),
        )
    return None


def _is_of_super(call: Form) -> bool:
    match call:
        case ["call", _, ["attr", _, ["call", _, ["name", _, "super"], *_], "__init__"], *_]:
            return True
    return False


def _rest(program: Program, block: Block, item: object) -> object:
    if isinstance(item, list):
        if item and isinstance(item[0], str) and len(item) > 1 and isinstance(item[1], int):
            return _plain(program, block, item)
        return tuple(_rest(program, block, inner) for inner in item)
    return item
