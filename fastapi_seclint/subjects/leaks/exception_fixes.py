"""The fix of an exception's text in an answer: a constant takes its place, and the exception goes to the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements, RemoveDictItem, RemoveExceptName, RemoveStatement
from fastapi_seclint.edits import ReplaceExpression as Replace
from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, span_of, walk
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.loggers import logger
from fastapi_seclint.subjects.code.unread import unread
from fastapi_seclint.subjects.leaks.constant_texts import (
    json_without,
    phrase,
    status,
    streamed,
    written_around,
    written_before,
)
from fastapi_seclint.subjects.leaks.exception_texts import TRACES, Caught, has_trace, tells
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.leaks.own_statuses import own_status

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NESTING = ("if", "for", "while", "with", "try")
_CONVERTING = frozenset({"str", "repr", "getattr", "format", "ascii", "join"})
_DUMPING = frozenset({"dict", "json", "copy", "model_dump", "model_dump_json"})


def constant_text(program: Program, found: Caught, form: Form) -> Fix:
    """The fix for an expression of an answer that has the text of a caught exception in it."""
    path, statements = found.block.module.path, found.block.statements
    edits: list[Edit] = []
    gone: list[Form] = []
    text = ""
    own = own_status(program, found.block, statements, form)
    for leaf, holder in _all_leaves(found, form):
        gone.append(leaf)
        source = found.texts[leaf[2]] if leaf[0] == "name" and leaf[2] in found.texts else leaf
        written = written_before(source)
        text = text or ("" if written.startswith("<") else written)
        message = json_without(source)
        key = _key_of(holder, leaf) if has_trace(leaf) else None
        if key is not None and holder is not None:
            edits.append(RemoveDictItem(path, span_of(holder[1]), key))
        elif holder is not None and holder[0] == "augassign" and not written:
            edits.append(RemoveStatement(path, span_of(holder[1])))
        else:
            plain = streamed(statements, leaf) or f'"{written_around(source) or phrase(statements, form, own)}"'
            edits.append(Replace(path, span_of(leaf[1]), message or plain))
    edits += _logged(program, found, gone, text, own or status(statements, form))
    edits += _tidied(found, gone)
    return Fix("answer with a constant text and log the exception", False, tuple(edits))


def _all_leaves(found: Caught, form: Form) -> Iterator[tuple[Form, Form | None]]:
    """The expressions to replace, each with the dictionary or statement it stands in, where that matters."""
    container = next((name for name in sorted(found.containers - found.since.keys()) if found.texts[name] is form), "")
    if container:
        for value, statement in _put(found, container):
            yield from _leaves(found, value, statement)
        return
    for leaf, holder in _leaves(found, form):
        name = leaf[2] if leaf[0] == "name" and leaf[2] in found.texts else ""
        if name and (name in found.containers or _is_object(found.texts[name]) or _is_for_answer(found, name, leaf)):
            for value, statement in _put(found, name):
                yield from _leaves(found, value, statement)
        else:
            yield leaf, holder


def _is_object(form: Form) -> bool:
    """Whether an expression makes something that has the text in it, and that no text can stand in for."""
    return form[0] in ("dict", "list", "tuple", "set") or (form[0] == "call" and _is_made(form[2]))


def _is_for_answer(found: Caught, name: str, use: Form) -> bool:
    """Whether a name for a text is used for the answer only, or for other texts as well."""
    if not any(holds(item[1], use[1]) for item in found.statements):
        return True
    given = [target for form in walk(found.statements) for target, _ in _targets(form)]
    uses = [form for form in found.block.forms.every if form[0] == "name" and form[2] == name]
    return [form for form in uses if not any(form is target for target in given)] == [use]


def _put(found: Caught, name: str) -> Iterator[tuple[Form, Form]]:
    """What a name is given, or a container of this name gets, that has the text in it; with the statement."""
    for form in walk(found.statements):
        for target, value in _targets(form):
            while target[0] in ("sub", "attr"):
                target = target[2]
            if target[0] == "name" and target[2] == name and tells(found, value):
                yield value, form


def _targets(form: Form) -> Iterator[tuple[Form, Form]]:
    match form:
        case ["assign", _, targets, value]:
            for target in targets:
                yield target, value
        case ["annassign", _, target, _, value] if value is not None:
            yield target, value
        case ["augassign", _, _, target, value]:
            yield target, value
        case ["call", _, ["attr", _, owner, "append" | "update" | "extend"], [value], _]:
            yield owner, value


def _leaves(found: Caught, form: Form, holder: Form | None = None) -> Iterator[tuple[Form, Form | None]]:
    """The smallest expressions that are nothing but text of the exception."""
    match form:
        case ["list" | "tuple" | "set", _, items]:
            inside, holder = items, None
        case ["dict", _, pairs]:
            inside, holder = [value for _, value in pairs], form
        case ["ifexp", _, _, body, otherwise]:
            inside = [body, otherwise]
        case ["await" | "star", _, inner] | ["call", _, ["attr", _, inner, "encode"], *_]:
            inside = [inner]
        case ["binop", _, "+", body, ["bytes", *_]] | ["binop", _, "+", ["bytes", *_], body]:
            inside = [body]
        case ["call", _, function, positional, keywords] if _is_made(function):
            values = [*positional, *(value for _, value, _ in keywords)]
            owner = [function[2]] if function[-1] in _DUMPING and function[0] == "attr" else []
            inside = [item for item in [*owner, *values] if item[0] != "name" or item[2] != found.name]
        case _:
            yield form, holder
            return
    for item in inside:
        if tells(found, item):
            yield from _leaves(found, item, holder)


def _is_made(function: Form) -> bool:
    """Whether a call puts a text into something else: it is neither a conversion nor a method of a text."""
    if function[0] == "name":
        return function[2] not in _CONVERTING | TRACES
    owner = function[2] if function[0] == "attr" else function
    if last_name(function) in TRACES | _CONVERTING:
        return False
    return last_name(function) in _DUMPING or owner[0] in ("name", "attr")


def _key_of(holder: Form | None, leaf: Form) -> str | None:
    """The key of a traceback in a dictionary that has something else in it, too."""
    if holder is None or holder[0] != "dict" or len(holder[2]) < 2:
        return None
    return next((key[2] for key, value in holder[2] if value is leaf and key is not None and key[0] == "const"), None)


def _logged(program: Program, found: Caught, gone: list[Form], text: str, code: int) -> list[Edit]:
    """The edits that log the exception, where the code does not do that by itself."""
    if any(_logs(found, form, gone) for form in walk(found.statements)) or _logged_above(found):
        return []
    log = logger(program, found.block)
    function = found.block.function
    what = "unhandled exception" if found.handler or found.passed or function is None else f"{function.name} failed"
    said = f'"{text or what}"'
    path = found.block.module.path
    if (found.handler or found.passed) and function is not None:
        line = log.error(said, found.name)
        return [*log.edits, InsertStatements(path, span_of(function.at), "first-in-body", line)]
    line = log.warning(said) if code < 500 else log.exception(said)
    return [*log.edits, InsertStatements(path, span_of(_first_beside(found.statements, gone)[1]), "before", line)]


def _first_beside(statements: list[Form], gone: list[Form]) -> Form:
    """The statement above which to log: in the branch that all leaks are in, below what may have left before them."""
    first = statements[0]
    for number, statement in enumerate(statements):
        if not _holds_all(statement, gone):
            continue
        above = [index for index in range(number) if statements[index][0] in _NESTING]
        first = statements[above[-1] + 1] if above else first
        for branch in statement[3:5] if statement[0] == "if" else ():
            if any(_holds_all(one, gone) for one in branch) and not _asked_in(branch, gone):
                return _first_beside(branch, gone)
    return first


def _holds_all(form: Form, gone: list[Form]) -> bool:
    return all(holds(form[1], leaf[1]) for leaf in gone)


def _asked_in(branch: list[Form], gone: list[Form]) -> bool:
    """Whether the leaks stand in the test of what may be an `elif`: nothing can be put above that."""
    return len(branch) == 1 and branch[0][0] == "if" and any(holds(branch[0][2][1], leaf[1]) for leaf in gone)


def _logged_above(found: Caught) -> bool:
    """Whether what hands the exception on to this function logs it there."""
    return found.giver is not None and any(is_log_call(call) for call in found.giver.forms.of("call"))


def _logs(found: Caught, form: Form, gone: list[Form]) -> bool:
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("print_exc", "print_exception"):
        return True
    if not (is_log_call(form) or is_print(form)):
        return False
    if form[2][-1] == "exception" or any(keyword == "exc_info" for keyword, _, _ in form[4]):
        return True
    given = arguments(form)
    return any(tells(found, item) for item in given if not _changed(found, item, gone))


def _changed(found: Caught, item: Form, gone: list[Form]) -> bool:
    """Whether an expression is about a name that is given a constant now."""
    names = {name for name, text in found.texts.items() if any(holds(text[1], leaf[1]) for leaf in gone)}
    return mentions(item, names)


def _tidied(found: Caught, gone: list[Form]) -> list[Edit]:
    """The edits that take away what nothing uses any more: names, that of the exception."""
    edits: list[Edit] = []
    if not found.name or found.handler or found.passed:
        return edits
    left = unread(found.block, gone)
    edits += [RemoveStatement(found.block.module.path, span_of(form[1])) for form in left]
    gone = [*gone, *left]
    uses = [form for form in walk(found.statements) if form[0] == "name" and form[2] == found.name]
    if any(not any(holds(leaf[1], use[1]) for leaf in gone) for use in uses):
        return edits
    return [*edits, RemoveExceptName(found.block.module.path, span_of(found.at))]
