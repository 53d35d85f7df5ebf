"""The fix that makes two answers of a login one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements, RemoveStatement, ReplaceExpression, ReplaceStatement
from fastapi_seclint.facts.forms import Form, last_name, names_in, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.refusing import as_it_stands
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.logins.choices import conditions
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.handlers import looks_strictly

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ANY = frozenset({"Exception", "BaseException"})
_OF_BOTH = re.compile(
    r"\bcredentials?\b|\b(log[ -]?in|sign[ -]?in|authentication) (failed|details|data)\b"
    r"|\b(e-?mail|user ?name|user|login|phone)( address| number)? (or|and|/) (the )?password\b"
    r"|\bpassword (or|and|/) (the )?(e-?mail|user ?name|login|phone)\b",
    re.I,
)
"""What is said of a name and its password together."""
_OF_SOME = re.compile(r"\balready\b", re.I)
"""What is only said of some accounts that exist, `already verified`, and is no answer for all others."""


def as_if_sent(end: Outcome, usual: Sequence[Outcome]) -> Fix | None:
    """What the handler answers when it knows the address in place of the answer that tells."""
    code = _usual_answer(end, usual)
    if code is None or end.form[0] != ("raise" if end.kind == "raise" else "return") or end.of_any is not None:
        return None
    if end.form[0] == "return" and does_more(end):
        return None
    edit = ReplaceStatement(end.block.module.path, span_of(end.form[1]), code)
    return Fix("answer as if the mail had been sent", False, (edit,))


def does_more(end: Outcome) -> bool:
    """Whether a statement that answers does something as well, in a call that makes no object: `await start(mail)`."""
    answer = next((form for form in end.block.forms.of("return") if form[1] == end.form[1]), end.form)
    calls = [form for form in walk(answer) if form[0] == "call"]
    return any(form[0] == "await" for form in walk(answer)) or any(not _last(form[2])[:1].isupper() for form in calls)


def _last(called: Form) -> str:
    return str(called[-1]) if called[0] in ("name", "attr") else ""


def _usual_answer(end: Outcome, usual: Sequence[Outcome]) -> str | None:
    """The statement that gives the one good answer of a function; None where it says more than can be said here."""
    here = [one for one in usual if one.kind != "raise" and one.block.function is end.block.function]
    if not here and _is_asked_first(end):
        return None
    forms = [one.form for one in here if one.form[0] == "return"] or _returns_at_the_end(end.block.statements[-1])
    forms = [form for form in forms if form is not end.form]
    if not forms and end.form[0] == "return":
        return None
    found: set[str | None] = set()
    for form in forms:
        value = None if form[2] is not None and form[2][2:] == [None] else form[2]
        code = _written(end.block, value) if value is not None else ""
        found.add(None if code is None else f"return {code}".rstrip())
    return found.pop() if len(found) == 1 else None if found else "return"


def _is_asked_first(end: Outcome) -> bool:
    """Whether a function only refuses, or gives what others go on with: `ensure_known(mail)`, `user = find(mail)`."""
    last = end.block.statements[-1]
    gives = last[0] == "return" and last[2] is not None and last[2][2:] != [None]
    return gives or _only_raises(last, end.form)


def _returns_at_the_end(last: Form) -> list[Form]:
    """The answers in the last statement of a function, which may be a block."""
    return [form for form in walk(last) if form[0] == "return"]


def told_later(early: Outcome, wrong: Outcome) -> Fix | None:
    """The test of an account's state put below that of its password, so that only who knows it is told."""
    block = early.block
    for statements in _lists(block.statements):
        for number, statement in enumerate(statements):
            below = next((one for one in statements[number + 1 :] if _only_raises(one, wrong.form)), None)
            if below is None or not _only_raises(statement, early.form):
                continue
            test, refusal = rendered(statement[2]), rendered(statement[3][0][2])
            if test is None or refusal is None:
                return None
            path, lines = block.module.path, f"if {test}:\n    raise {refusal}"
            edits = (
                RemoveStatement(path, span_of(statement[1])),
                InsertStatements(path, span_of(below[1]), "after", lines),
            )
            return Fix("test the password first", False, edits)
    return None


def _lists(statements: list[Form]) -> Iterator[list[Form]]:
    """The statements of a function and of the blocks in it."""
    yield statements
    for statement in statements:
        for part in statement if statement[0] in ("if", "try", "with", "for", "while") else ():
            if isinstance(part, list) and part and isinstance(part[0], list):
                yield from _lists(part)


def _only_raises(statement: Form, raised: Form) -> bool:
    """Whether a statement is a test that does nothing but raise something, with no other branch."""
    match statement:
        case ["if", _, _, [["raise", at, value, *_]], []] if value is not None:
            return bool(at == raised[1])
    return False


def one_answer(absent: Outcome, wrong: Outcome) -> Fix | None:
    """The exception of a wrong password in place of the one that tells, where both are raised in one function."""
    if absent.form[1] == wrong.form[1] and absent.block.function is wrong.block.function:
        return _one_choice(absent, wrong)
    if _is_of_any_failure(absent) or _OF_SOME.search(str(wrong.said)):
        return None
    kinds = (absent.form[0], wrong.form[0])
    if kinds == ("assign", "assign") and absent.block.function is wrong.block.function:
        return _one_text(absent, wrong)
    if kinds not in (("raise", "raise"), ("return", "return")) or absent.block.function is not wrong.block.function:
        return None
    if kinds == ("raise", "raise") and _suits_both(absent, wrong) and not _suits_both(wrong, absent):
        edit = _in_place(wrong, absent)
        if edit is not None:
            return Fix("answer as for an unknown account", True, (edit,))
    edit = _in_place(absent, wrong)
    return Fix("answer as for a wrong password", True, (edit,)) if edit is not None else None


def answer_of_caller(program: Program, absent: Outcome, wrong: Outcome) -> Fix | None:
    """The exception of a wrong password where a function raises that only the one calls which tests the password.

    `def find(mail): raise HTTPException(404)`, `user = find(form.username)`: whoever else calls it means its own.
    """
    function, block = absent.block.function, wrong.block
    if (absent.form[0], wrong.form[0]) != ("raise", "raise") or function is None or function is block.function:
        return None
    calls = [found for found, _, _ in callers(program, function)]
    alone = len(calls) == 1 and block.function is not None and calls[0].function is block.function
    if not alone or block.module is not function.module or _is_of_any_failure(absent):
        return None
    scope = block.scope
    own = isinstance(scope, FunctionScope) and any(map(scope.is_local, names_in(wrong.form[2:])))
    if own or _OF_SOME.search(str(wrong.said)):
        return None
    edit = _in_place(absent, wrong)
    return Fix("answer as for a wrong password", True, (edit,)) if edit is not None else None


def _in_place(telling: Outcome, other: Outcome) -> ReplaceExpression | None:
    """What one end says in place of what another one says in the same function."""
    here, there = (as_it_stands(end.form) if end.form[0] == "raise" else end.form[2] for end in (telling, other))
    code = _written(other.block, there)
    given = here[3:] if here is not None and here[0] == "call" and here[2][0] == "name" else here
    if here is None or code is None or any(form[0] == "name" and form[2] == "error" for form in walk(given or [])):
        return None
    if telling.form[0] == "return" and there is not None and there[0] == "tuple" and len(there[2]) > 1:
        code = code.removeprefix("(").removesuffix(")")
    return ReplaceExpression(telling.block.module.path, span_of(here[1]), code)


def _suits_both(end: Outcome, other: Outcome) -> bool:
    """Whether a refusal says that a name or a password may be wrong, and nothing of either: `Invalid credentials`.

    Its status is one for failed logins, or that of the `other` as well.
    """
    named, beside = _named(end), _named(other)
    status = named.get("status_code")
    fits = status in (400, 401, 403) or (status is not None and status == beside.get("status_code"))
    return fits and _OF_BOTH.search(str(named.get("detail"))) is not None


def _named(end: Outcome) -> dict[str, object]:
    """What an `HTTPException` is told by keyword."""
    match end.said:
        case ("call", str(name), (), tuple(pairs)) if name.rpartition(".")[2] == "HTTPException":
            return {str(key): value for key, value in pairs}
    return {}


def _is_of_any_failure(end: Outcome) -> bool:
    """Whether an end is that of whatever goes wrong in a `try` that does more than look somebody up."""
    for form in walk(end.block.statements):
        for caught, _, statements, _ in form[3] if form[0] == "try" else ():
            inside = any(item[:2] == end.form[:2] for item in walk(statements))
            if inside and (caught is None or last_name(caught) in _ANY) and not looks_strictly(form[2]):
                return True
    return False


def _one_choice(absent: Outcome, wrong: Outcome) -> Fix | None:
    """What a wrong password is answered in place of the conditions that choose between two answers."""
    path = absent.block.module.path
    written = next(
        (form for form in absent.block.forms.of("raise", "assign", "return") if form[1] == absent.form[1]), None
    )
    chosen = [(span, rendered(branch)) for span, branch in conditions(written, wrong.form)] if written else []
    edits = tuple(ReplaceExpression(path, span, code) for span, code in chosen if code is not None)
    return Fix("answer as for a wrong password", True, edits) if edits and len(edits) == len(chosen) else None


def _one_text(absent: Outcome, wrong: Outcome) -> Fix | None:
    """The text for a wrong password in place of the one that tells, where both are kept under one name: `reason`."""
    match absent.form, wrong.form:
        case ["assign", _, [["name", _, name]], ["const", at, _]], ["assign", _, [["name", _, other]], ["const", *_]]:
            code = rendered(wrong.form[3])
            if name == other and code is not None:
                edit = ReplaceExpression(absent.block.module.path, span_of(at), code)
                return Fix("answer as for a wrong password", True, (edit,))
    return None


def _written(block: Block, exception: Form | None) -> str | None:
    """The code of an exception that means the same further up in its function: no local name is in it."""
    scope = block.scope
    if exception is None or not isinstance(scope, FunctionScope):
        return None
    if any(form[0] == "name" and scope.assignments(form[2]) for form in walk(exception)):
        return None
    if exception[0] != "call":
        return _display(exception)
    parts = [_display(item) for item in exception[3]]
    named = [(keyword, _display(value)) for keyword, value, _ in exception[4]]
    if rendered(exception[2]) is None or None in parts or any(None in pair for pair in named):
        return None
    return f"{rendered(exception[2])}({', '.join([*map(str, parts), *(f'{key}={code}' for key, code in named)])})"


def _display(form: Form) -> str | None:
    """The code of an argument, dictionaries of simple things included."""
    if form[0] != "dict":
        return rendered(form)
    pairs = [(rendered(key), rendered(value)) for key, value in form[2]]
    return (
        None if any(None in pair for pair in pairs) else f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"
    )
