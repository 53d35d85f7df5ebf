"""How guards find the user of a token, and whether they look at what they found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, is_none, last_name, mentions, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Mapping, options
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.implementations import has_no_body
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.tokens.looking import looks_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

STORE = re.compile(r"user|account|member|^db$|_db$|database|session|repo|dao|crud", re.I)
"""What a store of users, or a database, is named."""
LOOKUP = re.compile(
    r"^(first|one|one_or_none|scalar\w*|execute|exec|query|select|find_one|fetchone|fetchrow|exists|authenticate\w*)$"
    r"|^is_(active|enabled|known|registered|blocked|banned|disabled|locked|closed|deleted)(_|$)"
    r"|(^|_)(user|account|member|customer|employee|principal|person|profile|by_id|by_email|by_name|by_username|by_sub)",
    re.I,
)
"""What a call is named that finds the user of a token; classes such as `UserOut(...)` are none."""
_MAYBE = frozenset({"first", "one_or_none", "scalar", "scalar_one_or_none", "find_one", "get_or_none", "fetchone"})
_FINDING = re.compile(
    r"^(get|find|fetch|load|lookup|read)_(\w+_)?(user|account|member|customer)(?!\w*(404|fail|raise|or_))"
)


def is_lookup(form: Form) -> bool:
    """Whether an expression finds something by what it is given: a call by its name, an item of a store."""
    match form:
        case ["call", _, ["name" | "attr", *_] as function, positional, keywords]:
            name = str(function[-1])
            owner = function[2] if function[0] == "attr" else function
            stored = function[0] == "attr" and owner[0] in ("name", "attr") and STORE.search(str(owner[-1]))
            if stored and name.startswith(("get", "find", "load", "fetch", "read", "select")):
                return True
            given = bool(positional or keywords)
            return given and not name[:1].isupper() and LOOKUP.search(name) is not None
        case ["sub", _, ["name" | "attr", *_] as owner, index] if index[0] != "const":
            return STORE.search(str(owner[-1])) is not None
    return False


def is_subject(form: Form) -> bool:
    """Whether an expression takes the subject out of the claims: `claims["sub"]`, `claims.get("sub")`."""
    match form:
        case ["sub", _, _, ["const", _, "sub"]] | ["call", _, ["attr", _, _, "get"], [["const", _, "sub"], *_], _]:
            return True
    return False


def is_claims_model(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression makes a model of claims that has the subject: `Identity(**claims)`, `model_validate`."""
    match form:
        case ["call", _, ["attr", _, owner, "model_validate" | "parse_obj"], [_], _]:
            made = owner
        case ["call", _, ["name" | "attr", *_] as owner, [], [[None, _, _]]]:
            made = owner
        case _:
            return False
    found = options(ask(program, block, made))
    return any(isinstance(cls, Class) and any(name == "sub" for name, _, _ in cls.fields) for cls in found)


def is_sought(program: Program, function: Function, subject: Form) -> bool:
    """Whether a subject, or a name that holds it, is the key of something: `x.get(s)`, `x[s]`, `find_one(id=s)`.

    What a function of the project looks up by what it is given counts, whatever it is called: `find_guest(s)`.
    """
    names = {
        target[2]
        for form in function.forms.of("assign", "annassign", "walrus")
        if form[-1] is not None and _holds(form[-1], subject)
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "name"
    }
    if _is_key(function, subject, names):
        return True
    block = body_of(program, function)
    for call in function.forms.of("call") if block is not None else ():
        known = [["name", item[1], _SUBJECT] if _holds(item, subject) else item for item in call[3]]
        plain: Form = ["call", call[1], call[2], known, call[4]]
        handed = handed_to(program, block, plain, {*names, _SUBJECT}) if block is not None else []
        if any(_is_key(inner, None, given) for inner, given in handed):
            return True
    return False


def finds(program: Program, block: Block, call: Form) -> bool:
    """Whether a call hands something to a function of the project that looks it up, whatever it is called."""
    return any(_is_key(inner, None, given) for inner, given in _given(program, block, call))


def refuses(program: Program, block: Block, call: Form) -> bool:
    """Whether all that a call leads to finds somebody, raises for one who is not there, and gives him."""
    given = _given(program, block, call)
    return bool(given) and all(_refuses(program, inner, names) for inner, names in given)


def _refuses(program: Program, function: Function, names: set[str]) -> bool:
    body = body_of(program, function)
    tests = [form[2] for form in function.forms.of("if") if any(inner[0] == "raise" for inner in form[3])]
    given = [form[2] for form in function.forms.of("return")]
    found = _is_key(function, None, names) or any(map(is_lookup, function.forms.every))
    return (
        found
        and body is not None
        and bool(tests)
        and bool(given)
        and all(
            value is not None
            and not is_none(value)
            and value[0] == "name"
            and any(mentions(test, {value[2]}) for test in tests)
            for value in given
        )
    )


def _given(program: Program, block: Block, call: Form) -> list[tuple[Function, set[str]]]:
    """The functions of the project that a call hands its first argument to, each with the parameter that gets it."""
    if call[0] != "call" or not call[3]:
        return []
    known = [["name", call[3][0][1], _SUBJECT], *call[3][1:]]
    return handed_to(program, block, ["call", call[1], call[2], known, call[4]], {_SUBJECT})


_SUBJECT = "<subject>"
"""Stands for the expression that takes the subject out of the claims, where it is handed over as it is."""


def _is_key(function: Function, subject: Form | None, names: set[str]) -> bool:
    """Whether a function finds something by an expression, or by one of these names."""
    for form in function.forms.every:
        keys: list[Form] = []
        match form:
            case ["call", _, ["attr", _, _, "get"], [first, *others], _]:
                keys = [first, *others[:1]] if last_name(first)[:1].isupper() else [first]
            case ["call", _, ["attr", _, _, method], positional, keywords] if method in _FINDS:
                keys = [*positional, *(value for _, value, _ in keywords)]
            case ["sub", _, _, index]:
                keys = [index]
            case ["compare", _, left, ["in" | "not in"], _]:
                keys = [left]
        if any(_holds(key, subject) or (key[0] == "name" and key[2] in names) for key in keys):
            return True
    return False


_FINDS = frozenset({"get", "get_or_none", "get_or_404", "filter", "filter_by", "find", "find_one", "exists", "aget"})
"""The methods by which the object mappers find a row: Django's and Tortoise's, SQLAlchemy's, Beanie's, Piccolo's."""


def _holds(value: Form, subject: Form | None) -> bool:
    """Whether an expression is the subject, or the subject in another type: `int(claims["sub"])`."""
    if value[0] == "call" and value[2][0] == "name" and len(value[3]) == 1:
        return _holds(value[3][0], subject)
    return value is subject


def untested(program: Program, block: Block) -> tuple[Form, Form] | None:
    """The statement and expression by which a guard gives back a user whom it may not have found, untested.

    The statement assigns the user to a name that is returned, or returns it as it is found.
    """
    function = block.function
    if function is None or _is_optional(function):
        return None
    for form in block.forms.every:
        match form:
            case ["return", _, value] if value is not None and may_be_none(program, block, value):
                return form, value
            case ["assign", _, [["name", _, name]], value] if may_be_none(program, block, value):
                given = any(
                    one[0] == "return" and one[2] is not None and one[2][0] == "name" and one[2][2] == name
                    for one in block.forms.every
                )
                if given and not looks_at(function, {name}):
                    return form, value
    return None


def _is_optional(function: Function) -> bool:
    spoken = list(walk(function.returns or []))
    return "optional" in function.name.lower() or any(
        (item[0] == "const" and item[2] is None) or item[-1] == "Optional" for item in spoken
    )


def may_be_none(program: Program, block: Block, form: Form, depth: int = 2) -> bool:
    """Whether an expression finds a user, or gives None when there is none."""
    form = awaited(form)
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    name, function = str(form[2][-1]), form[2]
    if function[0] == "attr":
        owner = function[2]
        stored = owner[0] in ("name", "attr") and STORE.search(str(owner[-1])) is not None
        if name == "get" and (stored or _is_table(program, block, owner)):
            return len(form[3]) < 2 or last_name(form[3][0])[:1].isupper()
        if name in _OF_DOCUMENTS and _is_document(program, block, owner, name):
            return True
        if name in _MAYBE:
            return any(is_lookup(item) or item[-1] in ("query", "filter", "where") for item in walk(form))
    functions = [one for one, _ in called(program, block, form)]
    if not functions:
        return _FINDING.match(name) is not None
    return bool(depth) and all(_may_give_none(program, one, depth - 1) for one in functions)


_OF_DOCUMENTS = frozenset({"get", "find_one", "get_or_none"})


def _is_document(program: Program, block: Block, owner: Form, method: str) -> bool:
    """Whether a class of rows gives None for who is not there: Tortoise's and Peewee's `get_or_none`, Beanie's `get`.

    Source: https://beanie-odm.dev/tutorial/finding-documents/; `get` of Tortoise and Peewee raises.
    """
    for option in options(ask(program, block, owner)):
        bases = option.external_bases() if isinstance(option, Class) else []
        if any(base.startswith("beanie.") or (bool(base) and method == "get_or_none") for base in bases):
            return True
    return False


def _is_table(program: Program, block: Block, owner: Form) -> bool:
    """Whether something is a dictionary that stands in the module, whatever it is called."""
    if owner[0] != "name" or block.module.scope.find(owner[2]) is None:
        return False
    return any(isinstance(option, Mapping) for option in options(ask(program, block, owner)))


def _may_give_none(program: Program, function: Function, depth: int) -> bool:
    body = body_of(program, function)
    if body is None or any(form[0] == "raise" for form in body.forms.every):
        return False
    given = [form[2] for form in body.forms.every if form[0] == "return"]
    if not given and has_no_body(function):
        return _is_optional(function)  # a protocol's: its annotation is all that is said
    if not given or body.statements[-1][0] in ("if", "for", "while"):
        return bool(given)
    return any(is_none(value) or may_be_none(program, body, value, depth) for value in given)
