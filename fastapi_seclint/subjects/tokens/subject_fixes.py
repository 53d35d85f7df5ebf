"""Fixes for believed subjects: refuse when no user was found, or find the user with what the project has for that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import ASYNC, Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Function, Mapping, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.activity import active_guards
from fastapi_seclint.subjects.payloads.encodings import tokens
from fastapi_seclint.subjects.tokens.connected import closed_by, connected, when_closed
from fastapi_seclint.subjects.tokens.found_users import LOOKUP, STORE, is_subject, may_be_none
from fastapi_seclint.subjects.tokens.guards_way import can_wait, guards_way
from fastapi_seclint.subjects.tokens.kept_people import kept_people
from fastapi_seclint.subjects.tokens.logins_way import logins_way
from fastapi_seclint.subjects.tokens.refusing import refusal

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SIMPLE = ("assign", "annassign", "return", "expr")
_WHY = "no such user"
_BY_SUBJECT = frozenset({"sub"})
"""By what a dictionary of users is asked that a guard asks for the subject of a token."""
_TITLE = "refuse the token of a user who is not there any more"


@dataclass(frozen=True, slots=True)
class _Finder:
    """What finds a user: code before and after what he is found by, what that is called, the edits that bring it."""

    before: str
    after: str
    by: str
    is_async: bool
    edits: tuple[Edit, ...]
    closed: str = ""
    """The test that is true of a user of this name whose account is closed, where users have such a state."""


def refused(block: Block, statement: Form, value: Form) -> Fix | None:
    """The refusal below the statement that finds a user, or in place of returning what was found untested."""
    path, span = block.module.path, span_of(statement[1])
    raised, imports = refusal(block, statement, _WHY)
    known = statement[2][0][2] if statement[0] == "assign" else block.module.facts.results.get(statement[1])
    if known is not None:
        test = f"if {known} is None:\n    {raised}"
        return Fix(_TITLE, False, (InsertStatements(path, span, "after", test), *imports))
    written = code(value)
    names = {form[2] for form in walk([*block.statements, *(block.function.parameters if block.function else ())])
             if form[0] == "name"}  # fmt: skip
    name = next((name for name in ("user", "found_user") if name not in names), None)
    if written is None or name is None:
        return None
    lines = f"{name} = {written}\nif {name} is None:\n    {raised}"
    replaced = ReplaceExpression(path, span_of(value[1]), name)
    return Fix(_TITLE, False, (InsertStatements(path, span, "before", lines), replaced, *imports))


def looked_up(program: Program, block: Block, subject: Form) -> Fix | None:
    """The test that a subject still names a user, where a guard or a route that refreshes takes it from the claims."""
    read = [subject, *(form for form in block.forms.every if is_subject(form) and form[1] > subject[1])]
    statement, subject = next(
        ((form, one) for one in read for form in block.forms.of(*_SIMPLE) if any(inner is one for inner in walk(form))),
        (None, subject),
    )
    written = code(subject)
    if statement is None or written is None or block.function is None:
        return None
    assigned = statement[0] in ("assign", "annassign") and statement[-1] is subject
    name = _name(statement) if assigned else ""
    spoken = {*_BY_SUBJECT, *_spoken(program), *words_of(name or _key(block, subject))[-1:]}
    finder = None
    if is_subject(subject):
        finder = (
            _finder(program, block.module, spoken) or connected(program, block) or _kept(program, block, subject, name)
        )
    if finder is None:
        return _as_others(program, block, statement, subject, name or written, bool(name))
    if finder.is_async and not can_wait(block):
        return None
    raised, imports = refusal(block, statement, _WHY)
    found = f"{'await ' if finder.is_async else ''}{finder.before}{name or written}{finder.after}"
    test = f"if {found} is None:\n    {raised}"
    free = next((one for one in ("user", "found_user") if one not in block.forms.names_of(lambda _: True)), "")
    if finder.closed and free and not active_guards(program):
        test = f"{free} = {found}\nif {free} is None or {finder.closed.format(free)}:\n    {raised}"
    anchor = (_presence(block, statement, name) or statement) if name else statement
    edit = InsertStatements(block.module.path, span_of(anchor[1]), "after" if name else "before", test)
    return Fix(_TITLE, False, (*finder.edits, edit, *imports))


def _kept(program: Program, block: Block, subject: Form, name: str) -> _Finder | None:
    """A dictionary of such people as the function makes of the subject alone, asked for the one of that name.

    None where there are several: one may have the administrators only.
    """
    several = list(kept_people(program, block, subject, name))
    for kept in several if len({(one.name, one.module.file) for one in several}) == 1 else ():
        found = _brought(kept.name, kept.module, block.module, (".get(", ")"), [], False)
        return replace(found, closed=closed_by(kept.cls))
    return None


def _presence(block: Block, statement: Form, name: str) -> Form | None:
    """The refusal of a token without a subject that follows where it gets its name: `if email is None: ...`."""
    below = [form for form in block.forms.of("if", *_SIMPLE, "raise", "for", "with") if form[1] > statement[1]]
    following = min(below, key=lambda form: int(form[1]), default=None)
    if following is None or following[0] != "if" or following[4] or following[3][-1][0] != "raise":
        return None
    match following[2]:
        case ["compare", _, ["name", _, tested], ["is" | "=="], [["const", _, None]]] | [
            "unary", _, "not", ["name", _, tested]
        ] if tested == name:  # fmt: skip
            return following
    return None


def _as_others(program: Program, block: Block, statement: Form, claim: Form, subject: str, below: bool) -> Fix | None:
    """The look-up and the test that a guard of the project has in its own body, or the look-up of its login."""
    way = (guards_way(program, block) if is_subject(claim) else None) or logins_way(program, block, claim)
    taken = {form[2] for form in block.forms.of("name")}
    if way is None or way.name in taken or (way.is_async and not can_wait(block)):
        return None
    raised, imports = refusal(block, statement, _WHY)
    found = f"{way.before}{subject}{way.after}"
    lines = f"{way.name} = {found}\nif {way.refused}:\n    {raised}" if way.refused else found
    imports = imports if way.refused else ()
    anchor = (_presence(block, statement, subject) or statement) if below else statement
    edit = InsertStatements(block.module.path, span_of(anchor[1]), "after" if below else "before", lines)
    return Fix(_TITLE, False, (*way.edits, edit, *imports))


def _key(block: Block, subject: Form) -> str:
    """What a dictionary or an object that the subject is put into calls it."""
    for form in block.forms.every:
        if form[0] == "dict":
            pairs = [(key[2], value) for key, value in form[2] if key is not None and key[0] == "const"]
        else:
            pairs = [(keyword, value) for keyword, value, _ in form[4]] if form[0] == "call" else []
        for key, value in pairs:
            if value is subject and isinstance(key, str):
                return key
    return ""


def _name(statement: Form) -> str:
    targets = statement[2] if statement[0] == "assign" else [statement[2]]
    return str(targets[0][2]) if len(targets) == 1 and targets[0][0] == "name" else ""


def _spoken(program: Program) -> Iterator[str]:
    """What the makers of tokens put into the subject, by its last word: `user.email`, `form.username`."""
    for token in tokens(program):
        claim = token.claims.get("sub")
        for written in claim.written if claim is not None else ():
            for form in walk(written.form):
                if form[0] in ("name", "attr"):
                    yield from words_of(str(form[-1]))[-1:]
                if form[0] == "sub" and form[3][0] == "const" and isinstance(form[3][2], str):
                    yield from words_of(form[3][2])[-1:]


def _finder(program: Program, module: Module, spoken: set[str]) -> _Finder | None:
    """What finds a user by what the subject is: a function of the project, or a dictionary of users."""
    found = [
        finder
        for other in sorted(program.modules.by_file.values(), key=lambda item: (item is not module, item.path))
        if not program.is_test(other)
        for finder in _finders(program, other, module)
        if finder.by in spoken
    ]
    found += [finder for finder in _out_of_sight(program, module) if finder.by in spoken]
    return min(found, key=lambda finder: finder.after != ")" or ".get(" in finder.before, default=None)


_BY = re.compile(r"^(get|find|fetch|load|lookup|read)_\w*by_(\w+)$")


def _out_of_sight(program: Program, module: Module) -> Iterator[_Finder]:
    """What the file calls elsewhere to find somebody, `get_user_by_email(...)`, where that is out of sight."""
    for block in program.sites.speaking(module, b"_by_"):
        for form in block.forms.of("call"):
            name = form[2][2] if form[2][0] == "name" else ""
            match = _BY.match(name) if LOOKUP.search(name) and len(form[3]) == 1 and not form[4] else None
            if match and not any(isinstance(item, Function) for item in options(module.scope.find(name))):
                waited = any(one[2] is form for one in block.forms.of("await"))
                yield _Finder(f"{name}(", ")", words_of(match[2])[-1], waited, ())


def _finders(program: Program, other: Module, module: Module) -> Iterator[_Finder]:
    for name, value in sorted(other.scope.names.items()):
        for option in options(value):
            if isinstance(option, Function) and option.module is other and option.name == name and option.owner is None:
                needed = [item for item in option.parameters if item[3] is None]
                call = ["call", option.at, ["name", option.at, name], [], []]
                place = Block(other, None, other.scope, NO_STATEMENTS)
                if len(needed) == 1 and LOOKUP.search(name) and may_be_none(program, place, call):
                    by = words_of(needed[0][0])[-1:]
                    found = _brought(name, other, module, ("(", ")"), by, bool(option.flags & ASYNC))
                    yield replace(found, closed=when_closed(program, option))
            elif isinstance(option, Mapping):
                asked = _keys(program, name) if STORE.search(name) else (_BY_SUBJECT & set(_keys(program, name)))
                yield from (_brought(name, other, module, (".get(", ")"), [by], False) for by in asked)


def _keys(program: Program, name: str) -> Iterator[str]:
    """What users are found by in a dictionary, by what it is asked for elsewhere."""
    for block in program.sites.blocks(frozenset({name})):
        for form in block.forms.every:
            match form:
                case ["sub", _, ["name", _, owner], key] if owner == name:
                    pass
                case ["call", _, ["attr", _, ["name", _, owner], "get"], [key, *_], _] if owner == name:
                    pass
                case ["compare", _, key, ["in" | "not in"], [["name", _, owner]]] if owner == name:
                    pass
                case _:
                    continue
            if is_subject(key):
                yield from _BY_SUBJECT
            if key[0] in ("name", "attr"):
                yield from words_of(str(key[-1]))[-1:]


def _brought(
    name: str, other: Module, module: Module, around: tuple[str, str], by: list[str], is_async: bool
) -> _Finder:
    local = name
    edits: tuple[Edit, ...] = ()
    if other is not module:
        local = local_name(module, name, other.name)
        edits = (
            AddImport(module.path, other.name, name, local if local != name else None, local=True, target=other.path),
        )
    return _Finder(local + around[0], around[1], by[0] if by else "", is_async, edits)
