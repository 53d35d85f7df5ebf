"""Statements of SQL that stand in the code as text: which column each of the values meets that are given with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import options, string
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HOLDER = r"\?|%s|\$\d+|:\w+|%\(\w+\)s"
_HOLDERS = re.compile(rf"(?<!:)(?:{_HOLDER})")
_EQUAL = re.compile(rf"[\"`\[]?(\w+)[\"`\]]?\s*(?:=|<=>|\blike\b|\bis\b)\s*(?<!:)({_HOLDER})", re.I)
_INSERT = re.compile(r"^\s*(?:insert|replace)\b.*?\binto\s+([\w.\"`]+)\s*\(([^)]*)\)\s*values\s*\((.*?)\)", re.I | re.S)
_FUNCTION = re.compile(
    r"\b(md5|sha|sha1|sha2|sha224|sha256|sha384|sha512|hashbytes|digest|crypt|password)\s*\(\s*(?:'[^']*'\s*,\s*)?"
    rf"(?:(?:concat|convert_to|cast)\s*\(\s*)?(?:(?:[\w.]+|'[^']*')\s*\|\|\s*)?(?<!:)({_HOLDER})",
    re.I,
)
"""Functions of databases that hash what they are given, PostgreSQL's pgcrypto, MySQL's and SQL Server's."""
_TABLE = re.compile(r"\b(?:from|update|into|join)\s+(?:[\"`]?\w+[\"`]?\.)?[\"`]?(\w+)", re.I)
_UPDATE = re.compile(r"^\s*update\b", re.I)
_VERB = re.compile(r"\s*(select|insert|update|delete|replace|with)\b", re.I)
_WHERE = re.compile(r"\bwhere\b", re.I)


@dataclass(frozen=True, slots=True)
class Met:
    """A value that a statement compares a column with, or puts into it (`written`)."""

    table: str
    column: str
    value: Form
    written: bool


_RUNNING = frozenset(
    {"execute", "executemany", "exec", "fetch", "fetchrow", "fetchval", "fetch_one", "fetch_all", "fetch_val", "query"}
)
"""Methods of drivers and engines that run a statement."""
_FIRST = ("query", "statement", "sql", "operation", "stmt")
_SECOND = ("values", "params", "parameters", "args", "vars")


def in_order(call: Form) -> list[Form]:
    """What a call that runs a statement is given, the statement first, by position or by its usual names.

    Those of `databases` are `execute(query=..., values=...)`, of SQLAlchemy `statement` and `params`, of drivers
    `sql` or `operation` and `parameters`.
    """
    named = {keyword: value for keyword, value, _ in call[4] if keyword is not None}
    first = call[3][:1] or [named[name] for name in _FIRST if name in named][:1]
    rest = call[3][1:] or [named[name] for name in _SECOND if name in named][:1]
    return [*first, *rest] if first else []


def written_out(program: Program, block: Block, call: Form) -> Form:
    """A call with the text of its statement in it, where that has a name: `db.execute(FIND, {"key": key})`."""
    given = in_order(call) if last_name(call[2]) in _RUNNING else []
    text = _named_text(program, block, given[0]) if given else None
    if text is None:
        return call
    if call[3]:
        return [*call[:3], [text, *call[3][1:]], *call[4:]]
    return [*call[:4], [[key, text if value is given[0] else value, at] for key, value, at in call[4]], *call[5:]]


def _named_text(program: Program, block: Block, form: Form) -> Form | None:
    """The text of a statement that a name stands for, alone or in `text(...)`."""
    match form:
        case ["call", _, function, [inner, *_], _] if last_name(function) == "text":
            return _named_text(program, block, inner)
        case ["name" | "attr", at, *_]:
            found = [string(option) for option in options(ask(program, block, form))]
            return ["const", at, found[0]] if len(found) == 1 and found[0] and _VERB.match(found[0]) else None
    return None


def met(call: Form) -> Iterator[Met]:
    """The values given with a statement of SQL, each with the column that it meets, as far as that is plain to see."""
    statement = _statement(call)
    if statement is None:
        return
    named = _TABLE.search(statement)
    table = named[1] if named else ""
    insert = _INSERT.match(statement)
    if insert:
        columns = [column.strip(' \n\t"`') for column in insert[2].split(",")]
        values = [value.strip() for value in insert[3].split(",")]
        offset = insert.start(3)
        for column, text in zip(columns, values, strict=False):
            value = _given(call, statement, text, statement.find(text, offset)) if _HOLDERS.fullmatch(text) else None
            offset = statement.find(text, offset) + len(text)
            if value is not None:
                yield Met(table, column, value, True)
    where = _WHERE.search(statement)
    for found in _EQUAL.finditer(statement):
        value = _given(call, statement, found[2], found.start(2))
        if value is not None:
            written = _UPDATE.match(statement) is not None and (where is None or found.start() < where.start())
            yield Met(table, found[1], value, written)


def hashed_there(call: Form) -> Iterator[tuple[str, Form]]:
    """The values that the database itself hashes, `md5(:password)`, `crypt($1, gen_salt('bf'))`: function and value."""
    statement = _statement(call)
    for found in _FUNCTION.finditer(statement) if statement is not None else ():
        value = _given(call, statement or "", found[2], found.start(2))
        if value is not None:
            yield found[1].lower(), value


def _statement(call: Form) -> str | None:
    """The text of a statement, alone or in `text(...)`."""
    for form in walk(in_order(call)[:1]):
        if form[0] == "const" and isinstance(form[2], str) and _VERB.match(form[2]):
            return form[2]
    return None


def _given(call: Form, statement: str, holder: str, at: int) -> Form | None:
    """The value for a placeholder: by its name, its number, or how many come before it."""
    arguments = in_order(call)[1:]
    first = arguments[0] if arguments else None
    name = holder[1:] if holder[0] == ":" else holder[2:-2] if holder.startswith("%(") else ""
    if name:
        return next((value for key, value in _pairs(first) if key == name), None)
    items = first[2] if first is not None and len(arguments) == 1 and first[0] in ("tuple", "list") else arguments
    number = int(holder[1:]) - 1 if holder[0] == "$" else len(_HOLDERS.findall(statement[:at]))
    return items[number] if 0 <= number < len(items) else None


def _pairs(form: Form | None) -> Iterator[tuple[str, Form]]:
    if form is not None and form[0] == "dict":
        for key, value in form[2]:
            if key is not None and key[0] == "const":
                yield str(key[2]), value
