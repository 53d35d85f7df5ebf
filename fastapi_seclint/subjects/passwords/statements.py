"""Statements of SQL that are put together from texts and values: what they say, and the values that are in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.sql import in_order, written_out
from fastapi_seclint.subjects.owners.records import has_own_ways
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_DEPTH = 4
_RUNS = word_set("execute executemany executescript exec fetch fetch_one fetch_all fetchrow fetchval raw query run")


def statement_of(known: Passwords, block: Block, call: Form) -> tuple[str, list[Form]]:
    """The text of the statement that a call is given first, and the values that were written into the text itself.

    A value stands in an f-string, behind `+` or `%`, or in `.format(...)`; a local name stands for what it was given.
    A call that is not named after running statements says what its first text says. SQLAlchemy's `insert(table)` is a
    statement, and the values are those of the rows beside it: `execute(insert(users), [row])`.
    """
    call = written_out(known.program, block, call)
    given = in_order(call) if last_name(call[2]) in _RUNS else call[3]
    if last_name(call[2]) == "execute" and len(given) > 1 and _is_insert(given[0]):
        return "insert into", [value for row in given[1:] for value in _row(known, block, row, _DEPTH)]
    parts = list(_parts(known, block, given[0], _DEPTH)) if given and last_name(call[2]) in _RUNS else []
    text = " ".join(part for part in parts if isinstance(part, str))
    if not text:
        first = walk(given[0]) if given else ()
        return " ".join(form[2] for form in first if form[0] == "const" and isinstance(form[2], str)), []
    return text, [part for part in parts if not isinstance(part, str)]


def _is_insert(form: Form) -> bool:
    """`insert(table)`, `update(table).where(...)`, `table.insert()`."""
    while form[0] == "call":
        if last_name(form[2]) in ("insert", "update"):
            return True
        form = form[2][2] if form[2][0] == "attr" else form[2]
    return False


def _row(known: Passwords, block: Block, form: Form, depth: int) -> Iterator[Form]:
    """The values of passwords in a row, or in a list of rows, by whatever name it goes."""
    match form:
        case ["list" | "tuple", _, items] if depth:
            for item in items:
                yield from _row(known, block, item, depth - 1)
        case ["dict", _, pairs]:
            yield from (value for key, value in pairs if key is not None and key[0] == "const" and naming(str(key[2])))
        case ["name", _, name] if depth:
            for value in list(known.assigned(block, name, form))[-1:]:
                yield from _row(known, block, value, depth - 1) if value is not None else ()


def _parts(known: Passwords, block: Block, form: Form, depth: int) -> Iterator[str | Form]:
    if depth == 0:
        return
    match form:
        case ["const", _, str() as text]:
            yield text
        case ["fstr", _, items]:
            for item in items:
                if item[0] == "fmt":
                    yield item[2]
                else:
                    yield from _parts(known, block, item, depth - 1)
        case ["binop", _, "+", left, right]:
            for side in (left, right):
                found = list(_parts(known, block, side, depth - 1))
                yield from found or [side]
        case ["binop", _, "%", left, right]:
            yield from _parts(known, block, left, depth - 1)
            yield from right[2] if right[0] == "tuple" else [right]
        case ["call", _, ["attr", _, inner, "format"], positional, keywords]:
            yield from _parts(known, block, inner, depth - 1)
            yield from (*positional, *(value for _, value, _ in keywords))
        case ["call", _, ["name" | "attr", *_] as function, [inner, *_], _] if function[-1] == "text":
            yield from _parts(known, block, inner, depth - 1)
        case ["name", _, name]:
            for value in known.assigned(block, name, form):
                if value is not None:
                    yield from _parts(known, block, value, depth - 1)


_ROWS = ("tuple", "list", "dict", "call")


def given_values(known: Passwords, block: Block, argument: Form) -> list[Form]:
    """The values in an argument after a statement: those of a tuple, list or dictionary, else the argument itself.

    Also those of the rows in a list or comprehension, and of an object that is a row: `Row(login, password)`. What is
    made of a password elsewhere, `PBKDF2(password, salt)`, or by a class with code of its own, is a value itself.
    """
    match argument:
        case ["tuple" | "list", _, items]:
            rows = [given_values(known, block, item) if item[0] in _ROWS else [item] for item in items]
            return [value for row in rows for value in row]
        case ["dict", _, pairs]:
            return [value for _, value in pairs]
        case ["comp", _, _, element, None, _]:
            return given_values(known, block, element)
        case ["call", _, function, given, keywords] if len(given + keywords) > 1 and _is_row(known, block, function):
            return [*given, *(value for _, value, _ in keywords)]
    return [argument]


def _is_row(known: Passwords, block: Block, function: Form) -> bool:
    """Whether what is called is a class of the project that keeps what it is given, without code of its own."""
    made = options(ask(known.program, block, function)) if last_name(function)[:1].isupper() else ()
    return any(isinstance(option, Class) and not has_own_ways(option) and not _makes(option) for option in made)


def _makes(cls: Class) -> bool:
    bases = [base for base in cls.lineage() if isinstance(base, Class)]
    return any(isinstance(base.namespace.get(name), Function) for base in bases for name in ("__init__", "__new__"))
