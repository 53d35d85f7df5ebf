"""Statements of SQL that ask for the row with a password: without it there, so that it can be verified afterwards.

`SELECT id FROM users WHERE name = ? AND password = ?` becomes `SELECT id, password FROM users WHERE name = ?`: the
stored hash is the last column, whatever kind of row the driver gives.
"""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.names import naming

_SELECT = re.compile(r"SELECT (?!DISTINCT\b|COUNT\b|EXISTS\b|1\b)(.+?) FROM (\w+) WHERE (.+?);?", re.I)
_PART = re.compile(r"(\w+) ?= ?(\?|%s|:\w+)")
_BY_NAME = frozenset({"RealDictCursor", "DictCursor", "dict_row", "dictionary", "text"})
"""What gives rows that have no numbers, or takes no plain text."""


def without_password(block: Block, call: Form, asked: Form) -> Form | None:
    """A call that runs a statement without the password that it asks for; the stored one is its last column then."""
    if len(call[3]) != 2 or call[4] or _BY_NAME & set(block.module.facts.words):
        return None
    written, given = call[3]
    if written[0] != "const" or not isinstance(written[2], str) or given[0] not in ("tuple", "list", "dict"):
        return None
    found = _SELECT.fullmatch(" ".join(written[2].split()))
    parts = re.split(r" AND ", found[3], flags=re.I) if found is not None else []
    asks = [_PART.fullmatch(part.strip()) for part in parts]
    if found is None or None in asks or len(parts) < 2:
        return None
    known = [ask for ask in asks if ask is not None]
    if given[0] == "dict":
        names = [str(key[2]) for key, value in given[2] if value is asked and key is not None and key[0] == "const"]
        gone = [number for number, ask in enumerate(known) if names and ask[2] == f":{names[0]}"]
        left = [*given[:2], [pair for pair in given[2] if pair[1] is not asked]]
    else:
        gone = [number for number, value in enumerate(given[2]) if value is asked]
        left = [*given[:2], [value for value in given[2] if value is not asked]]
        gone = gone if len(given[2]) == len(known) else []
    if len(gone) != 1 or not naming(known[gone[0]][1]):
        return None
    rest = " AND ".join(ask[0] for number, ask in enumerate(known) if number != gone[0])
    text = f"SELECT {found[1]}, {known[gone[0]][1]} FROM {found[2]} WHERE {rest}"
    return [*call[:3], [["const", written[1], text], left], []]


def fetched_by(block: Block, call: Form) -> Form:
    """The call that gives the row of a statement that was run on a cursor before; else the one that runs it."""
    alone = any(form[2] is call for form in block.forms.of("expr"))
    cursor = call[2][2][2:] if call[2][0] == "attr" and call[2][2][0] == "name" else []
    for form in block.forms.of("call") if alone and cursor else ():
        match form:
            case ["call", at, ["attr", _, ["name", _, name], "fetchone"], [], []] if [name] == cursor and at > call[1]:
                return form
    return call


def bears_more(block: Block, fetched: Form, answers: bool) -> bool:
    """Whether one more column does no harm to those who have the row: it is tested, returned, or read by column.

    `answers` says that what the function returns is sent to the client.
    """
    names: set[str] = set()
    for form in block.forms.of("assign"):
        if any(item is fetched for item in walk(form[3])):
            names |= {target[2] for target in form[2] if target[0] == "name"}
    fine: set[int] = set()
    for form in block.forms.every:
        match form:
            case ["unary", _, "not", ["name", at, _]] | ["compare", _, ["name", at, _], _, [["const", _, None]]]:
                fine.add(at)
            case ["sub", _, ["name", at, _], ["const", _, str()]]:
                fine.add(at)
            case ["sub", _, ["name", at, _], ["const", _, int() as number]] if number >= 0:
                fine.add(at)
            case ["if" | "ifexp", _, ["name", at, _], *_] | ["call", _, ["name", _, "bool"], [["name", at, _]], []]:
                fine.add(at)
            case ["bool", _, _, parts]:
                fine |= {part[1] for part in parts if part[0] == "name"}
            case ["return", _, given] if given is not None and answers:
                if any(item is fetched for item in walk(given)):
                    return False
            case ["return", _, ["name", at, _]]:
                fine.add(at)
    written = {target[1] for form in block.forms.of("assign") for target in form[2]}
    return all(form[1] in fine | written for form in block.forms.of("name") if form[2] in names)
