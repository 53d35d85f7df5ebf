"""How a project's login finds a user in the database, so that a guard which reads a token can look him up as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit
from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.payloads.encodings import tokens
from fastapi_seclint.subjects.tokens.found_users import may_be_none
from fastapi_seclint.subjects.tokens.guards_way import SUBJECT, Way
from fastapi_seclint.subjects.tokens.sessions import known_as_there, session_taken
from fastapi_seclint.subjects.tokens.types import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def logins_way(program: Program, block: Block, subject: Form) -> Way | None:
    """The look-up of a login with the subject in place of the name that is typed; for a guard, or what it calls.

    The column that it asks for is called as what every maker of tokens puts into this claim.
    """
    if block.function is None:
        return None
    put = list(_put_into(program, _key(subject)))
    columns = set.intersection(*put) if put else set()
    for login in _logins(program) if columns else ():
        body = body_of(program, login)
        for name, value in _found(body) if body is not None else ():
            bare = _asked(value, columns)
            written = code(bare) if bare is not None else None
            if body is None or bare is None or written is None or written.count(SUBJECT) != 1:
                continue
            edits = _edits(program, block, login, bare) if may_be_none(program, body, value) else None
            if edits is not None:
                before, _, after = written.partition(SUBJECT)
                waits = any(form[0] == "await" for form in walk(bare))
                return Way(before, after, name, f"{name} is None", waits, tuple(edits))
    return None


def _key(subject: Form) -> str:
    """The claim that an expression reads: `sub` of `claims["sub"]` and `claims.get("sub")`."""
    found = [form[2] for form in walk(subject) if form[0] == "const" and isinstance(form[2], str)]
    return found[0] if found else ""


def _put_into(program: Program, key: str) -> Iterator[set[str]]:
    """The names in what each maker of a token gives a claim; one that resets a password may call people otherwise."""
    for token in tokens(program):
        claim = token.claims.get(key)
        if claim is not None and claim.written:
            forms = (form for written in claim.written for form in walk(written.form))
            yield {str(form[-1]) for form in forms if form[0] in ("name", "attr")}


def _logins(program: Program) -> Iterator[Function]:
    """The functions that log people in, and those that they call."""
    for route, purpose in auth_routes(program):
        if purpose in ("login", "token") and route.function is not None:
            yield from (one for one, _ in reached(program, route.function, 2))


def _found(body: Block) -> Iterator[tuple[str, Form]]:
    """What a function keeps under a name, with what it kept before in place of that name."""
    held: dict[str, Form] = {}
    for form in body.forms.of("assign"):
        if len(form[2]) == 1 and form[2][0][0] == "name":
            value = _with(form[3], held)
            held[form[2][0][2]] = value
            yield str(form[2][0][2]), value


def _with(form: Form, held: dict[str, Form]) -> Form:
    if form and form[0] == "name" and form[2] in held:
        return held[form[2]]
    return [_with(item, held) if isinstance(item, list) else item for item in form]


def _asked(value: Form, columns: set[str]) -> Form | None:
    """A look-up by one of the columns with the subject in place of what it is compared with; None for anything else."""
    compared = [form for form in walk(value) if form[0] == "compare"]
    match compared:
        case [["compare", _, ["attr", _, ["name" | "attr", *_] as owner, column], ["=="], [asked]]]:
            if column in columns and str(owner[-1])[:1].isupper():
                return _replaced(value, asked)
    return None


def _replaced(form: Form, old: Form) -> Form:
    """A form with the mark for the subject in place of one in it."""
    if form is old:
        return ["name", old[1], SUBJECT]
    return [_replaced(item, old) if isinstance(item, list) else item for item in form]


def _edits(program: Program, block: Block, login: Function, look_up: Form) -> list[Edit] | None:
    """What a function needs for the look-up: the session as a parameter, and the imports."""
    edits: list[Edit] = []
    assert block.function is not None
    own = {item[0] for item in block.function.parameters}
    for name in sorted(names_in(look_up) - {SUBJECT} - own):
        if any(item[0] == name for item in login.parameters):
            needed = session_taken(program, block, name)
        else:
            needed = known_as_there(program, login.module, name, block.module)
        if needed is None:
            return None
        edits += needed
    return edits
