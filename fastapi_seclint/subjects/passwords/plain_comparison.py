"""Comparisons of a request's password with what is stored: as it is, or after a hash that has a salt of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, named_arguments
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Environment, options
from fastapi_seclint.subjects.code.entries import accounts_of, is_entry, is_kept_in_code
from fastapi_seclint.subjects.code.origins import ask, called
from fastapi_seclint.subjects.code.properties import given_by_property
from fastapi_seclint.subjects.code.sql import hashed_there, written_out
from fastapi_seclint.subjects.passwords.columns import column_of
from fastapi_seclint.subjects.passwords.configured import is_configured
from fastapi_seclint.subjects.passwords.names import is_of_machine, naming
from fastapi_seclint.subjects.passwords.parameters import brings_data
from fastapi_seclint.subjects.passwords.plain_storage import other_columns
from fastapi_seclint.subjects.passwords.stages import Where
from fastapi_seclint.subjects.passwords.statements import given_values, statement_of
from fastapi_seclint.subjects.passwords.stores import is_of_a_server, is_store
from fastapi_seclint.subjects.passwords.told_objects import told_when_made
from fastapi_seclint.subjects.passwords.whole_bodies import Kept

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords

_DEPTH = 5
_COMPARERS = frozenset({"compare_digest"})
_RUNNERS = frozenset({"execute", "fetch_one", "fetchrow"})
"""What runs a statement; with none it is some command of the program's own: `register_user.execute(password=...)`."""
_READING = re.compile(r"\bselect\b.*\bwhere\b.*\bpassw\w*\s*=", re.I | re.S)
_WRITTEN: WeakKeyDictionary[Program, set[str]] = WeakKeyDictionary()
_BESIDE = frozenset({"values", "info", "info.data", "values.data"})
"""What a validator of pydantic calls the other fields of the same body."""


def pairs(known: Passwords) -> Iterator[tuple[Block, Form, Form, Form]]:
    """Comparisons for equality in blocks that speak of passwords: block, the whole, and the two sides."""
    for block in known.blocks:
        for form in block.forms.of("compare", "call"):
            match form:
                case ["compare", _, left, ["==" | "!="], [right]]:
                    yield block, form, left, right
                case ["call", _, ["name" | "attr", *_] as function, [left, right], _] if function[-1] in _COMPARERS:
                    yield block, form, left, right


def comparisons(known: Passwords) -> Iterator[Kept]:
    """Comparisons of a password as it was typed with one that is stored."""
    for block, form, left, right in pairs(known):
        for typed, stored in ((left, right), (right, left)):
            text = known.text(block, typed)
            named = typed[0] == "name" or (typed[0] == "attr" and typed[2][0] == "name" and brings_data(typed[2][2]))
            if text is None or text.kind != "plain" or not (text.sure or named):
                continue
            if is_stored(known, block, stored) or _is_given_stored(known, block, stored):
                yield Kept(block, form[1], typed, text.sure, stored=stored)
                break
            entry = entry_of_written(known, block, stored)
            if entry is not None:
                yield Kept(block, form[1], bare(typed), text.sure, stored=entry, optional=entry[0] != "sub")
                break
    yield from _queries(known)


def _queries(known: Passwords) -> Iterator[Kept]:
    """A look-up by password: `filter_by(password=...)`, `WHERE password = ?`, `find_one({"password": ...})`."""
    for block in known.blocks:
        for form in block.forms.of("call"):
            if form[2][0] != "attr":
                continue
            if form[2][3] in ("filter_by", "get", "filter", "get_or_none", "find_one", "find", "execute", "fetch_one",
                              "fetchrow", "first"):  # fmt: skip
                yield from _in_query(known, block, form)
            elif any(argument[0] == "dict" for argument in form[3]):
                yield from _handed_queries(known, block, form)


def _handed_queries(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    """What a function is told to look an account up by: `accounts.match({"nick": nick, "password": password})`."""
    for argument in call[3]:
        pairs = argument[2] if argument[0] == "dict" else []
        given = [value for key, value in pairs if key is not None and key[0] == "const" and naming(str(key[2]))]
        texts = [(value, text) for value in given if (text := known.text(block, value)) is not None]
        plain = next(((value, text) for value, text in texts if text.kind == "plain"), None)
        if plain is None:
            continue
        for function, bound in called(known.program, block, call):
            names = [item[0] for item in function.parameters][1 if bound else 0 :]
            taken = [name for name, value in named_arguments(call, names) if value is argument]
            if any(_looks_up_by(form, name) for form in function.forms.of("call") for name in taken):
                yield Kept(block, call[1], plain[0], plain[1].sure, handed=True)
                return


def _looks_up_by(call: Form, name: str) -> bool:
    """Whether a call asks a store for what a dictionary says: `self.collection.find_one(criteria)`."""
    if call[2][0] != "attr" or call[2][3] not in _BY_EXAMPLE:
        return False
    spread = [value for keyword, value, _ in call[4] if keyword is None]
    return any(value[2:] == [name] and value[0] == "name" for value in (*call[3][:1], *spread))


_BY_EXAMPLE = frozenset({"find_one", "find", "filter_by", "get_or_none", "filter", "find_first"})


def _in_query(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    asked = call[3] or call[2][3] not in _RUNNERS
    given = [value for keyword, value, _ in call[4] if asked and keyword is not None and naming(keyword)]
    statement, inside = statement_of(known, block, call)
    if _READING.search(statement):
        given += inside
        given += [item for argument in call[3][1:] for item in given_values(known, block, argument)]
    for argument in call[3]:
        if argument[0] == "dict":
            given += [
                value for key, value in argument[2] if key is not None and key[0] == "const" and naming(str(key[2]))
            ]
    there = [value for _, value in hashed_there(written_out(known.program, block, call))]
    for value in given:
        if any(value is item for item in there):
            continue
        text = known.text(block, value) if value[0] in ("name", "attr", "sub", "call") else None
        if text is not None and text.kind == "plain":
            yield Kept(block, call[1], value, text.sure)
            return


def bare(form: Form) -> Form:
    """What an expression is without `.encode()` and a default for what is missing: `(stored or "").encode()`."""
    match form:
        case ["call", _, ["attr", _, inner, "encode" | "strip"], _, _] | ["bool", _, "or", [inner, ["const", _, ""]]]:
            return bare(inner)
    return form


def entry_of_written(known: Passwords, block: Block, form: Form) -> Form | None:
    """What is taken out of a mapping of the program into which passwords are put as they are typed; None for others."""
    entry = looked_up = bare(form)
    if entry[0] == "name":
        values = [value for value in known.assigned(block, entry[2], form) if value is not None]
        looked_up = values[0] if len(values) == 1 else entry
    match looked_up:
        case ["sub", _, ["name" | "attr", *_] as owner, _] | ["call", _, ["attr", _, owner, "get"], [_, *_], _]:
            return entry if spelled(owner) in _written_to(known) else None
    return None


def _written_to(known: Passwords) -> set[str]:
    """The mappings of the program that get a password as it is typed for a value, as they are spelled."""
    if known.program not in _WRITTEN:
        found = set()
        for block in known.blocks:
            for form in block.forms.of("assign"):
                owner = accounts_of(form[2][0]) if form[2][0][0] == "sub" else None
                text = known.text(block, form[3]) if owner is not None and is_store(owner) else None
                if owner is not None and text is not None and text.kind == "plain":
                    found.add(spelled(owner))
        _WRITTEN[known.program] = found
    return _WRITTEN[known.program]


def _is_given_stored(known: Passwords, block: Block, form: Form) -> bool:
    """Whether a parameter is given what the application keeps: `matches(plain, hashed)` with `user.hashed_password`."""
    function = block.function
    if function is None or form[0] != "name":
        return False
    own = function.owner is not None and function.kind != "static"
    names = [parameter[0] for parameter in function.parameters][1 if own else 0 :]
    if form[2] not in names or len(names) != 2:
        return False
    return any(
        is_stored(known, other, chosen)
        for other, item, sure in known.requests.callers.given(function, form[2])
        for chosen in (item[3:5] if item[0] == "ifexp" else [item])
        if sure
    )


def is_stored(known: Passwords, block: Block, form: Form, depth: int = _DEPTH) -> bool:
    """Whether an expression is a password (or hash) that the application keeps: a field of something it looked up.

    `depth` is how many properties and fields are gone through: one may be made of itself.
    """
    if depth == 0:
        return False
    accounts = accounts_of(form)
    if accounts is not None and is_kept_in_code(accounts, ask(known.program, block, accounts)):
        return True
    kept = known.assigned(block, _unwrapped(form)[2], form) if _unwrapped(form)[0] == "name" else ()
    if any(is_stored(known, block, part, depth - 1) for value in kept if value is not None for part in _parts(value)):
        return True
    given = given_by_property(known.program, block, form) if form[0] == "attr" else ()
    if any(is_stored(known, body, value, depth - 1) for body, value in given):
        return True
    if any(is_stored(known, one.block, one.form, depth - 1) for one in told_when_made(known, block, _unwrapped(form))):
        return True
    name = field_of(form)
    if not name:
        return naming(column_of(known.program, block, _unwrapped(form))) != ""
    if not naming(name) and name not in other_columns(known):
        return False
    owner = form[2]
    if form[0] == "call":
        owner = form[2][2]
    if spelled(owner) in _BESIDE or is_of_machine(spelled(owner)) or is_configured(block, form, owner):
        return False
    if _is_beside(block, owner):
        return False
    if known.requests.source(Where(block), owner, 8) is not None or is_of_a_server(known, block, owner):
        return False
    own = Environment if is_entry(block, owner) else Const | Environment
    return not any(isinstance(item, own) for item in options(ask(known.program, block, form)))


def _is_beside(block: Block, owner: Form) -> bool:
    """Whether a validator of pydantic reads another field of the body, whatever its parameter is called."""
    root = owner
    while root[0] in ("attr", "call", "sub"):
        root = root[2]
    function = block.function
    if function is None or root[0] != "name" or root[2] not in [item[0] for item in function.parameters]:
        return False
    made = (str(getattr(item, "name", "")) for item in function.decorators)
    return any(name.startswith("pydantic.") and "validator" in name for name in made)


def _unwrapped(form: Form) -> Form:
    """A text without what makes bytes of it: `kept` of `kept.encode()`."""
    while form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("encode", "get_secret_value", "strip"):
        form = form[2][2]
    return form


def _parts(value: Form) -> list[Form]:
    """What a conditional expression or an `or` may give; anything else is itself."""
    match value:
        case ["ifexp", _, _, body, otherwise]:
            return [body, otherwise]
        case ["bool", _, "or", [first, *_]]:
            return [first]
    return [value]


def field_of(form: Form) -> str:
    """The name of the field that a stored password is read from; empty for what is no field."""
    match form:
        case ["attr", _, _, name]:
            return str(name)
        case ["sub", _, _, ["const", _, str() as name]]:
            return name
        case ["call", _, ["attr", _, _, "get"], [["const", _, str() as name], *_], _]:
            return name
        case ["call", _, ["attr", _, inner, "encode" | "get_secret_value" | "strip"], _, _]:
            return field_of(inner)
    return ""
