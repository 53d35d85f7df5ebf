"""Code that reads rights and lets everybody pass: conditions that only note something, answers nobody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, awaited, is_none, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.lost_conditions import lost_conditions
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.rights.account_kinds import picking_tables
from fastapi_seclint.subjects.rights.always import always_passing
from fastapi_seclint.subjects.rights.words import names_check_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KNOWN: WeakKeyDictionary[Program, dict[tuple[str, int], frozenset[int]]] = WeakKeyDictionary()
_PLAIN = frozenset(
    {
        "all", "any", "bool", "dict", "getattr", "hasattr", "int", "isinstance", "len", "list", "max", "min", "set",
        "sorted", "str", "tuple", "wraps", "endswith", "get", "items", "keys", "lower", "split", "startswith", "strip",
        "upper", "values",
    }
)  # fmt: skip
"""Functions and methods of Python that tell something and do nothing."""
_FILTERS = frozenset({"where", "filter", "having"})
_MOST = 20


def without_effect(program: Program, function: Function) -> frozenset[int]:
    """The identities of the forms of a function that decide nothing, whatever they speak of.

    `if user.role != "admin": print("no admin")`, `is_admin(user)` as a statement of its own where that only returns
    something, and what a query says of all rows that it wants.
    """
    known = _KNOWN.setdefault(program, {})
    key = (function.module.file, function.number)
    if key not in known:
        known[key] = frozenset()  # for one that meets itself
        block = body_of(program, function)
        found = _found(program, block) if block is not None else ()
        known[key] = frozenset(id(inner) for form in found for inner in walk(form))
        known[key] |= frozenset(id(form) for form in always_passing(function)) | lost_conditions(function)
        known[key] |= frozenset(id(form) for form in picking_tables(function))
    return known[key]


def _found(program: Program, block: Block) -> Iterator[Form]:
    for form in block.forms.of("expr", "if", "for"):
        if _only_notes(program, block, form) or _is_unasked(program, block, form):
            yield form
    for form in block.forms.of("assign"):
        if _is_put_down(program, block, form):
            yield form
    for form in block.forms.of("expr", "assign", "return", "for"):
        yield from _of_all_rows(form[3] if form[0] == "for" else form[-1])


def _is_put_down(program: Program, block: Block, form: Form) -> bool:
    """Whether what a function gives is put into something that nobody asks: `claims["rights"] = rights_of(role)`.

    `request.state.boss = is_boss(me)` is for those who say `if not request.state.boss`.
    """
    keys = [_key(item) for item in form[2]]
    if form[3] is None or form[3][0] != "call" or not all(keys):
        return False
    functions = [one for one, _ in called(program, block, form[3])]
    if not functions or not all(is_powerless(program, one) for one in functions):
        return False
    asking = (block, *program.sites.blocks(frozenset(keys)))
    tests = (inner for one in asking for test in one.forms.of("if", "ifexp", "assert") for inner in walk(test[2]))
    return not any(test[0] in ("const", "attr") and test[-1] in keys for test in tests)


def _key(target: Form) -> str:
    """Under which name something is put into an object or dictionary."""
    match target:
        case ["attr", _, _, name] | ["sub", _, _, ["const", _, str(name)]]:
            return str(name)
    return ""


def is_powerless(program: Program, function: Function) -> bool:
    """Whether neither a function nor what it calls can refuse anybody but by what it returns, nor mark anything.

    What is not in sight may do so; a body that is not written, too. What a decorator wraps is not looked at.
    """
    seen: list[Function] = []
    given: set[str] = set()
    pending = [function]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.append(current)
        given |= {parameter[0] for parameter in current.parameters}
        block = body_of(program, current)
        if block is None or len(seen) > _MOST or not (_is_plain(block) or _is_left_empty(block)):
            return False
        for call in block.forms.of("call"):
            if call[2][0] == "name" and call[2][2] in given:
                continue
            found = [one for one, _ in called(program, block, call)]
            if not found and not _tells(call):
                return False
            pending += found
        inner = (program.sites.function(block.module, number) for number in block.module.facts.inside(current.number))
        pending += [one for one in inner if one is not None]
    return True


def _is_left_empty(block: Block) -> bool:
    """Whether a function that is no method, and so stands for no other, does nothing: `def ensure(user): pass`."""
    return block.function is not None and block.function.owner is None and [f[0] for f in block.statements] == ["pass"]


def _is_plain(block: Block) -> bool:
    """Whether the statements of a body do nothing but to compute, and there are some."""
    if all(form[0] in ("expr", "pass") and _is_text(form) for form in block.statements):
        return False
    if block.forms.of("raise", "assert", "with", "yield", "annassign", "augassign", "delete"):
        return False
    return all(target[0] == "name" for form in block.forms.of("assign") for target in form[2])


def _tells(call: Form) -> bool:
    """Whether a call out of sight only tells or makes something: an object of a class, raised by nobody, is nothing."""
    name = last_name(call[2])
    return name in _PLAIN or logs(call) or (name[:1].isupper() and not names_check_of_rights(name))


def _is_text(form: Form) -> bool:
    return form[0] == "pass" or form[2][0] in ("const", "ellipsis")


def _only_notes(program: Program, block: Block, form: Form) -> bool:
    """Whether all that a statement comes to is a note, whatever its condition asks."""
    match form:
        case ["pass", *_] | ["expr", _, ["const", *_]]:
            return True
        case ["expr", _, value]:
            call = awaited(value)
            noted = call[0] == "call" and logs(call)
            return noted and all(is_powerless(program, one) for one, _ in called(program, block, call))
        case ["if", _, _, body, otherwise]:
            return all(_only_notes(program, block, inner) for inner in (*body, *otherwise))
        case ["for", _, _, _, body, otherwise]:
            return all(_only_notes(program, block, inner) for inner in (*body, *otherwise))
    return False


def _is_unasked(program: Program, block: Block, form: Form) -> bool:
    """Whether a statement asks a function of the project that can only answer, and nobody hears the answer."""
    call = awaited(form[2]) if form[0] == "expr" else None
    if call is None or call[0] != "call":
        return False
    functions = [one for one, _ in called(program, block, call)]
    if functions and _TELLS_OTHERS.match(snake(last_name(call[2]))):
        return not any(inner.forms.of("raise") for inner in functions)
    return bool(functions) and all(is_powerless(program, one) for one in functions)


_TELLS_OTHERS = re.compile(r"^_*(send|notify|publish|emit|broadcast|push|log|write_log|record|track|audit)_")
"""How functions are called that tell others what happened, whatever they look at for that."""


def _of_all_rows(statement: Form | None) -> Iterator[Form]:
    """What a query asks of all rows, where it looks for nobody: `select(User).where(User.role == "guest")`."""
    if statement is None or not any(form[0] == "call" and last_name(form[2]) in _FILTERS for form in walk(statement)):
        return
    asked = [form for form in walk(statement) if form[0] == "compare"]
    if all(_is_fixed(form) for form in asked):
        yield from asked


def _is_fixed(compare: Form) -> bool:
    """Whether a comparison is of a column with something written down."""
    column = compare[2]
    of_class = column[0] == "attr" and column[2][0] == "name" and column[2][2][:1].isupper()
    return bool(of_class) and all(_is_written(side) for side in compare[4])


def _is_written(form: Form) -> bool:
    if form[0] in ("list", "tuple", "set"):
        return all(_is_written(item) for item in form[2])
    named = form[0] == "attr" and form[2][0] in ("name", "attr") and str(form[2][-1])[:1].isupper()
    return named or form[0] == "const" or is_none(form)
