"""Rows that a statement of SQL asks for, or gives back: whether a password's column is among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Value, string
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.passwords.dumping import dumped
from fastapi_seclint.subjects.passwords.names import MENTIONS, is_of_people, naming
from fastapi_seclint.subjects.passwords.tables import bound_texts, declared_tables, filled_tables, statement_text

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SELECT = re.compile(r"^\s*select\s+(?:distinct\s+)?(.*?)\s+from\s+[\"`\[]?(?:\w+\.)?(\w+)", re.I | re.S)
_RETURNING = re.compile(
    r"^\s*(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from)\s+[\"`\[]?(?:\w+\.)?(\w+).*\breturning\s+([^;]*)",
    re.I | re.S,
)
_COLUMNS = re.compile(
    r"\b(?:create\s+table\s+(?:if\s+not\s+exists\s+)?|insert\s+(?:or\s+\w+\s+)?into\s+)[\"`\[]?(?:\w+\.)?(\w+)[\"`\]]?\s*"
    r"\(([^;]*)",
    re.I | re.S,
)
_CONSTRAINTS = frozenset({"primary", "foreign", "unique", "check", "constraint", "key", "index"})
_GOING_ON = frozenset({"fetchall", "fetchone", "fetchmany", "all", "first", "one", "one_or_none", "mappings", "fetch"})
_RUNS = frozenset({"execute", "fetch", "fetchrow", "fetch_all", "fetch_one", "fetchone", "fetchall", "query", "exec"})
_STEPS = 6


def selects(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is such rows themselves, of which nobody sees whether they are dictionaries or tuples.

    A function of the project that gives them counts, too.
    """
    value = _followed(block, form)
    while value[0] == "await":
        value = value[2]
    if value[0] != "call":
        return False
    bodies = [body for function, _ in called(program, block, value) if (body := body_of(program, function)) is not None]
    given = [(body, item[2]) for body in bodies for item in body.forms.of("return") if item[2] is not None]
    return any(one[0] == "call" and bool(selected(program, at, one)) for at, one in [(block, value), *given])


def selected(program: Program, block: Block, call: Form) -> str:
    """The password's column in the rows that a call gives, as they are; empty when there is none.

    The call runs the statement itself, or is of a function that is told the table: `get_all("users")`.
    """
    if column := _shown(program, block, call, {}):
        return column
    for function, bound in called(program, block, call):
        given = bound_texts(block, call, function, bound)
        body = body_of(program, function) if given else None
        for form in body.forms.of("return") if body is not None else ():
            if body is not None and form[2] is not None and (column := _of_rows(program, body, form[2], given)):
                return column
    return ""


def _of_rows(program: Program, block: Block, value: Form, given: Mapping[str, str]) -> str:
    """The password's column in what a function returns: rows as they are, or each made a dictionary."""
    value = _followed(block, value)
    match value:
        case ["await", _, inner] | ["call", _, ["name", _, "dict" | "list"], [inner], []]:
            return _of_rows(program, block, inner, given)
        case ["comp", _, _, element, None, [[["name", _, each], rows, _]]]:
            return _of_rows(program, block, rows, given) if dumped(element) == each else ""
        case ["ifexp", _, _, body, _]:
            return _of_rows(program, block, body, given)
    return _shown(program, block, value, given)


def _shown(program: Program, block: Block, call: Form, given: Mapping[str, str]) -> str:
    statement = statement_behind(block, call, given, program)
    found = _SELECT.match(statement) if statement else None
    returned = _RETURNING.match(statement) if statement and found is None else None
    if (found is None and returned is None) or _makes_objects(block):
        return ""
    columns, table = (found[1], found[2]) if found is not None else (returned[2], returned[1]) if returned else ("", "")
    if columns.strip().rpartition(".")[2] == "*":
        return _tables(program).get(table.lower(), "")
    names = [re.split(r"\s+|\.", column.strip())[-1].strip('"`[]') for column in columns.split(",")]
    return next((name for name in names if _is_password(name, table)), "")


def _makes_objects(block: Block) -> bool:
    """Whether a block has a cursor that makes objects of its rows, which have the fields of their class only."""
    return any(last_name(form[2]) in ("class_row", "kwargs_row", "args_row") for form in block.forms.of("call"))


def _is_password(name: str, table: str) -> bool:
    return naming(name) == "kept" or (naming(name) == "plain" and is_of_people(table))


@answered_once
def _tables(program: Program) -> dict[str, str]:
    """The tables that statements of the program create or fill, with the password's column of each."""
    found: dict[str, str] = {}
    for text in _texts(program):
        for table, rest in _COLUMNS.findall(text):
            column = next((word for word in re.findall(r"\w+", rest) if _is_password(word, table)), "")
            if column:
                found.setdefault(table.lower(), column)
    for table, keys in (*filled_tables(program), *declared_tables(program)):
        column = next((key for key in keys if _is_password(key, table)), "")
        if column:
            found.setdefault(table.lower(), column)
    return found


def created(program: Program, table: str) -> list[str]:
    """The columns of a table in their order, as the statement that creates it lists them."""
    start = re.compile(rf"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?[\"`\[]?(?:\w+\.)?{table}[\"`\]]?\s*\(", re.I)
    for text in _texts(program):
        found = start.search(text)
        if found is not None:
            listed = _columns(text[found.end() :])
            return [name for name in listed if name.lower() not in _CONSTRAINTS]
    return []


def _columns(text: str) -> list[str]:
    """The first word of each item up to the bracket that closes the list."""
    depth, items = 1, [""]
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            break
        if sign == "," and depth == 1:
            items.append("")
        else:
            items[-1] += sign
    return [word[1] for item in items if (word := re.match(r"\s*[\"`\[]?(\w+)", item))]


def _texts(program: Program) -> Iterator[str]:
    for module in program.modules.by_file.values():
        for number in module.facts.speaking(*MENTIONS, folded=True):
            forms = module.facts.forms(number if number >= 0 else MODULE)
            yield from (form[2] for form in forms.of("const") if isinstance(form[2], str) and "(" in form[2])


def statement_behind(
    block: Block, call: Form, given: Mapping[str, str] | None = None, program: Program | None = None
) -> str:
    """The text of the statement that a call runs, or whose result it goes on with; `program` finds those elsewhere."""
    at = call
    for _ in range(_STEPS):
        if at[0] == "call" and at[2][0] in ("name", "attr") and at[2][-1] in _RUNS and at[3]:
            forms = list(walk([_followed(block, at[3][0])]))
            texts = [statement_text(form, given or {}) for form in forms]
            named = [form for form in forms if form[0] in ("name", "attr", "sub")] if program is not None else []
            texts += [text for form in named if program and (text := _constant(ask(program, block, form)))]
            return next((text for text in texts if _SELECT.match(text) or _RETURNING.match(text)), "")
        if at[0] == "call" and at[2][0] == "attr" and at[2][3] in _GOING_ON:
            owner = at[2][2]
            at = owner if owner[0] != "name" else _executed(block, owner, call) or _followed(block, owner)
        elif at[0] == "await":
            at = at[2]
        else:
            return ""
    return ""


def _constant(value: Value) -> str:
    """The text that a value is, one that SQLAlchemy's `text` marks as a statement too."""
    if isinstance(value, External) and value.name.endswith(".text()") and value.arguments is not None:
        return string(value.arguments.get("text", 0)) or ""
    return string(value) or ""


def _followed(block: Block, form: Form) -> Form:
    """What a local name was assigned last, or is in a `with` statement."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return form
    above = (item for item in block.scope.assignments(form[2]) if item[0] in ("assign", "with") and item[1] < form[1])
    found = [item for item in above if item[0] == "with" or not holds(item[1], form[1])]  # `row = dict(row)`
    if not found or found[-1][0] == "assign":
        return found[-1][3] if found else form
    opened = next((context for context, target in found[-1][2] if target is not None and target[-1] == form[2]), form)
    closes = opened[0] == "call" and opened[2][-1] == "closing" and len(opened[3]) == 1
    return opened[3][0] if closes else opened


def _executed(block: Block, cursor: Form, use: Form) -> Form | None:
    """The last statement that a cursor ran before it is asked for rows: `cursor.execute(...)`."""
    runs = [
        form
        for form in block.forms.of("call")
        if form[2][0] == "attr" and form[2][3] == "execute" and form[2][2][0] == "name"
        and form[2][2][2] == cursor[2] and form[1] < use[1]
    ]  # fmt: skip
    return runs[-1] if runs else None
