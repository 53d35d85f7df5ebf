"""Fixes that leave a right to the server: what the client sent of it is no longer stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import (
    Edit,
    InsertStatements,
    RemoveKeyword,
    RemoveStatement,
    ReplaceExpression,
    SetDictItem,
    SetKeyword,
)
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.calls import field_default
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Const, External, Function, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.sent import Input, dumped, names_sent_right, source
from fastapi_seclint.subjects.rights.words import is_role

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DUMPS = ("model_dump", "dict")
_COLUMNS = ("Column()", "mapped_column()")


def withheld(program: Program, block: Block, form: Form, found: Input) -> Fix | None:
    """The edits that keep a right of the client's out of what is stored; None where the server has no value for it."""
    if form[0] == "assign":
        return _assigned(program, block, form, found) or _kept_without(program, block, form, form[3], found)
    if form[0] == "for":
        return _excluded(block, form[3], found)
    if form[0] == "dict":
        return _given_by_server(program, block, form, found)
    if form[0] != "call":
        return None
    names = [keyword for keyword, value, _ in form[4] if keyword is not None and source(found, value) is not None]
    others = [value for _, value, _ in form[4] if source(found, value) is None]
    if names and any(source(found, inner) is not None for inner in walk(others)):
        return None  # `role=body.role, is_superuser=body.role == "admin"`: half a fix is none
    constructed = _constructed(program, block, form)
    if names and constructed is not None and all(_has_default(constructed, name) for name in names):
        edits: tuple[Edit, ...] = tuple(RemoveKeyword(block.module.path, span_of(form[1]), name) for name in names)
        return left_to_server(names, edits)
    for value in (*form[3], *(item[1] for item in form[4])):
        rights = dumped(found, value)
        if rights and (
            _updates(form) or (constructed is not None and all(_has_default(constructed, r) for r in rights))
        ):
            return _excluded(block, value, found)
    if (updated := _validated(program, block, form, found)) is not None:
        return updated
    names_kept = [value for value in form[3] if value[0] == "name"]
    kept = (_kept_without(program, block, form, value, found) for value in names_kept)
    return _given_by_server(program, block, form, found) or next((fix for fix in kept if fix is not None), None)


def _is_sent(block: Block, key: Form) -> bool:
    """Whether the client sends the key of what is stored, `users[user_id] = row`: it is there, and has its rights."""
    taken = {item[0] for item in block.function.parameters} if block.function is not None else set()
    return key[0] == "name" and key[2] in taken


def _takes_out(form: Form, name: str, rights: list[str]) -> bool:
    """Whether one of the rights is taken out of a dictionary: `row["role"]`, `row.pop("role")`."""
    match form:
        case ["sub", _, ["name", _, owner], ["const", _, key]] | [
            "call",
            _,
            ["attr", _, ["name", _, owner], "pop"],
            [["const", _, key], *_],
            _,
        ]:
            return owner == name and key in rights
    return False


def _validated(program: Program, block: Block, form: Form, found: Input) -> Fix | None:
    """SQLModel's `User.model_validate(body, update={...})` with the least rights in what it updates."""
    if form[2][0] != "attr" or form[2][3] != "model_validate" or len(form[3]) != 1:
        return None
    if not _is_sqlmodel(program, block, form[2][2]):
        return None
    rights = sorted(dumped(found, form[3][0]))
    codes = [least_right(program, block, name) for name in rights]
    update = next((value for keyword, value, _ in form[4] if keyword == "update"), None)
    if not rights or None in codes or (update is not None and update[0] != "dict"):
        return None
    path = block.module.path
    if update is not None:
        items = zip(rights, codes, strict=True)
        return left_to_server(
            rights, tuple(SetDictItem(path, span_of(update[1]), name, str(code)) for name, code in items)
        )
    written = ", ".join(f'"{name}": {code}' for name, code in zip(rights, codes, strict=True))
    return left_to_server(rights, (SetKeyword(path, span_of(form[1]), "update", f"{{{written}}}"),))


def _is_sqlmodel(program: Program, block: Block, form: Form) -> bool:
    """Whether a class is one of SQLModel, whose `model_validate` alone takes an `update`."""
    classes = [option for option in options(ask(program, block, form)) if isinstance(option, Class)]
    return bool(classes) and all(any("SQLModel" in base for base in cls.external_bases()) for cls in classes)


def _kept_without(program: Program, block: Block, form: Form, value: Form, found: Input) -> Fix | None:
    """What is dumped under a name and then stored, `row = body.model_dump()`, without the rights and with the least."""
    statement = next(
        (item for item in block.forms.of("assign", "expr") if any(one is form for one in walk(item))), None
    )
    rights = sorted(dumped(found, value)) if value[0] == "name" and statement is not None else []
    excluded = _excluded(block, value, found) if rights else None
    codes = [least_right(program, block, name) for name in rights]
    if statement is None or excluded is None or None in codes or (form[0] == "call" and _changes(form)):
        return None
    if form[0] == "assign" and (len(form[2]) != 1 or form[2][0][0] != "sub" or _is_sent(block, form[2][0][3])):
        return None
    if any(_takes_out(inner, value[2], rights) for inner in block.forms.of("sub", "call")):
        return None
    lines = "\n".join(f'{value[2]}["{name}"] = {code}' for name, code in zip(rights, codes, strict=True))
    edit = InsertStatements(block.module.path, span_of(statement[1]), "before", lines)
    return left_to_server(rights, (*excluded.edits, edit))


def _given_by_server(program: Program, block: Block, form: Form, found: Input) -> Fix | None:
    """The least right in place of what the client sent, where the server has no default of its own for it."""
    path = block.module.path
    if any(_changes(call) for call in block.forms.of("call") if holds(call[1], form[1])):
        return None
    keywords = [] if form[0] == "dict" else form[4]
    values = [(keyword, value) for keyword, value, _ in keywords if keyword is not None]
    given = [form] if form[0] == "dict" else [*form[3], *(value for _, value, _ in keywords)]
    displays = [item for item in given if item[0] == "dict"]
    values += [(key[2], value) for item in displays for key, value in item[2] if key is not None and key[0] == "const"]
    taken = [(str(name), value) for name, value in values if source(found, value) is not None]
    least = [(name, value, least_right(program, block, name)) for name, value in taken]
    if least:
        edits = tuple(ReplaceExpression(path, span_of(value[1]), code) for _, value, code in least if code is not None)
        return left_to_server([name for name, _ in taken], edits) if len(edits) == len(least) else None
    return _spread_without(program, block, form, displays, found)


def _spread_without(program: Program, block: Block, form: Form, displays: list[Form], found: Input) -> Fix | None:
    """A body that is spread into a call or a dictionary, without the rights, and the least of them beside it."""
    path = block.module.path
    keywords = [] if form[0] == "dict" else form[4]
    for holder, value in [
        *((form, value) for keyword, value, _ in keywords if keyword is None),
        *((item, value) for item in displays for key, value in item[2] if key is None),
    ]:
        rights = sorted(dumped(found, value))
        excluded = _excluded(block, value, found) if rights else None
        codes = [least_right(program, block, name) for name in rights]
        if excluded is None or None in codes:
            continue
        edits: list[Edit] = [*excluded.edits]
        for name, code in zip(rights, codes, strict=True):
            span = span_of(holder[1])
            edits.append((SetDictItem if holder[0] == "dict" else SetKeyword)(path, span, name, str(code)))
        return left_to_server(rights, tuple(edits))
    return None


def _changes(call: Form) -> bool:
    """Whether a call changes what is stored already, where the least right would take one away."""
    texts = [item[2].lower() for item in walk(call[3]) if item[0] == "const" and isinstance(item[2], str)]
    name = str(call[2][-1])
    changing = name != "setdefault" and name.startswith(("update", "set", "patch", "edit", "modify", "change"))
    return changing or any(text.lstrip().startswith("update") or text == "$set" for text in texts)


def least_right(program: Program, block: Block, name: str) -> str | None:
    """The least right of a name, as code: of the file's enumeration of roles where it has one; None when unknown."""
    plain = snake(name).removeprefix("user_").removeprefix("account_").removeprefix("member_")
    if plain in ("permissions", "privileges"):
        return "[]"
    if plain in ("role", "roles", "role_name"):
        known = list(_members(block))
        least = [code for code, text in known if text in _LEAST] if known else _usual_or_asked(program, block, name)
        return None if not least else f"[{least[0]}]" if plain == "roles" else least[0]
    told = plain.endswith(("level", "id")) or "rol" in plain
    return "False" if names_sent_right(name) and not told else None


def _usual_or_asked(program: Program, block: Block, name: str) -> list[str]:
    """The role that new rows have, or the least of those that the program asks for; `"user"` where it asks for none."""
    if usual := _usual(block, name):
        return [usual]
    asked = _asked(program)
    return [f'"{text}"' for text in sorted(asked) if text.lower() in _LEAST] if asked else ['"user"']


@answered_once
def _asked(program: Program) -> frozenset[str]:
    """The texts that the program compares roles with: `user["role"] != "Teacher"`."""
    found = set[str]()
    for block in program.sites.blocks(frozenset({"role"})):
        for form in block.forms.of("compare") if not program.is_test(block.module) else ():
            sides = [form[2], *form[4]]
            if any(map(_reads_role, sides)):
                found |= {item[2] for side in sides for item in _items(side) if isinstance(item[2], str)}
    return frozenset(text for text in found if text)


def _reads_role(form: Form) -> bool:
    match form:
        case ["attr", _, _, "role"] | ["sub", _, _, ["const", _, "role"]] | ["name", _, "role" | "user_role"]:
            return True
        case ["call", _, ["attr", _, _, "get"], [["const", _, "role"], *_], _]:
            return True
    return False


def _items(form: Form) -> list[Form]:
    """The constants that a side of a comparison is or lists."""
    inner = form[2] if form[0] in ("list", "tuple", "set") else [form]
    return [item for item in inner if item[0] == "const"]


_LEAST = ("user", "member", "customer", "viewer", "reader", "guest", "basic", "regular", "normal", "standard")
"""What the role is called that everybody has."""


def _usual(block: Block, name: str) -> str:
    """What models that a file knows have for a role where none is sent, as code."""
    for _, value in block.module.scope.known():
        for base in value.lineage() if isinstance(value, Class) else ():
            default = base.namespace.get(name) if isinstance(base, Class) else None
            if isinstance(default, Const) and default.value in _LEAST:
                return f'"{default.value}"'
    return ""


def _members(block: Block) -> Iterator[tuple[str, str]]:
    """The members of the enumerations of roles that a file knows, as code, with their texts."""
    for local, value in block.module.scope.known():
        bases = value.external_bases() if isinstance(value, Class) and "role" in local.lower() else []
        if isinstance(value, Class) and any("Enum" in base for base in bases):
            for key, member in value.namespace.items():
                if isinstance(member, Const):
                    yield f"{local}.{key}", str(member.value).lower()


def not_given(block: Block, form: Form, found: Input, function: Function) -> Fix | None:
    """The call of a function without the rights that it has harmless defaults for, which are given by keyword."""
    names = [keyword for keyword, value, _ in form[4] if keyword is not None and source(found, value) is not None]
    defaults = {item[0]: default for item, default in zip(function.parameters, function.defaults, strict=True)}
    if not names or not all(is_harmless(defaults.get(name)) for name in names):
        return None
    return left_to_server(names, tuple(RemoveKeyword(block.module.path, span_of(form[1]), name) for name in names))


def left_to_server(names: list[str], edits: tuple[Edit, ...]) -> Fix:
    """The fix that leaves rights of these names to the server."""
    return Fix(f"leave {' and '.join(sorted(names))} to the server", False, edits)


def _assigned(program: Program, block: Block, form: Form, found: Input) -> Fix | None:
    """`user.role = body.role` goes, with the condition for it, where it is not all that a block does.

    What is stored as a whole lacks the right: `PEOPLE[number] = row`, `row` being written out.
    """
    display = _display(block, form[3])
    if display is not None and form[2][0][0] == "sub":
        return _given_by_server(program, block, display, found)
    target = form[2][0]
    if len(form[2]) != 1 or target[0] != "attr" or source(found, form[3]) is None:
        return None
    gone = next((statement for statement in block.statements if statement is form or _only_asks(statement, form)), None)
    if gone is None or len(block.statements) < 2:
        return None
    return left_to_server([target[3]], (RemoveStatement(block.module.path, span_of(gone[1])),))


def _only_asks(statement: Form, form: Form) -> bool:
    """Whether a statement is a condition for nothing but another one: `if body.role: user.role = body.role`."""
    return statement[0] == "if" and len(statement[3]) == 1 and statement[3][0] is form and not statement[4]


def _display(block: Block, value: Form) -> Form | None:
    """The dictionary that is written out, here or for a local name that is given nothing else."""
    if value[0] == "name" and isinstance(block.scope, FunctionScope):
        given = block.scope.assignments(value[2])
        value = given[0][3] if len(given) == 1 and given[0][0] == "assign" else value
    return value if value[0] == "dict" else None


def _excluded(block: Block, value: Form, found: Input) -> Fix | None:
    """The dump of the body, where it is made, without the rights."""
    calls = [inner for inner in walk(value) if inner[0] == "call" and inner[2][0] == "attr" and inner[2][3] in _DUMPS]
    if value[0] == "name":
        for form in block.forms.every:
            if form[0] == "assign" and any(target[0] == "name" and target[2] == value[2] for target in form[2]):
                calls.append(form[3])
    if len(calls) != 1 or calls[0][0] != "call" or last_name(calls[0][2]) not in _DUMPS:
        return None
    call = calls[0]
    already: Form = next((value for keyword, value, _ in call[4] if keyword == "exclude"), ["set", 0, []])
    plain = already[0] in ("set", "list", "tuple") and all(item[0] == "const" for item in already[2])
    if not plain or any(keyword in ("include", None) for keyword, _, _ in call[4]):
        return None
    rights = sorted(dumped(found, call))
    if not rights:
        return None
    code = "{" + ", ".join(f'"{name}"' for name in [*(item[2] for item in already[2]), *rights]) + "}"
    return left_to_server(rights, (SetKeyword(block.module.path, span_of(call[1]), "exclude", code),))


def _updates(form: Form) -> bool:
    """Whether a call changes an object that is there already, so that what is left out stays as it was."""
    return form[2][0] == "attr" and form[2][3] in ("sqlmodel_update", "update") and form[2][2][0] == "name"


def _constructed(program: Program, block: Block, form: Form) -> Class | None:
    found = [option for option in options(ask(program, block, form[2])) if isinstance(option, Class)]
    return found[0] if len(found) == 1 else None


def _has_default(cls: Class, name: str) -> bool:
    """Whether a class gives a field a harmless value when nobody else does."""
    for field, _, default in fields(cls):
        if field == name and default is not None:
            return is_harmless(default_of(default))
    return False


def default_of(value: Value) -> Value | None:
    """What a field or column begins with where nobody gives it a value."""
    if isinstance(value, External) and value.name.endswith(_COLUMNS) and value.arguments is not None:
        return value.arguments.get("default") or value.arguments.get("server_default")
    return field_default(value)


def is_harmless(value: Value | None) -> bool:
    """Whether what a field begins with gives nobody more rights than everybody has."""
    constant = isinstance(value, Const) and value.value is not None
    return constant and not is_role(getattr(value, "value", None)) and getattr(value, "value", None) is not True
