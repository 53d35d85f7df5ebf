"""Look-ups by password: the account is found by the rest of the query, and its password is verified afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import (
    Edit,
    InsertStatements,
    RemoveDictItem,
    RemoveKeyword,
    ReplaceExpression,
    ReplaceStatement,
)
from fastapi_seclint.facts.forms import Form, awaited, last_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.passwords.fixes import VERIFYING, Hasher, hasher_for, used
from fastapi_seclint.subjects.passwords.found_by_statement import bears_more, fetched_by, without_password
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_FILTERS = frozenset({"filter", "where", "having", "and_"})
QUERIES = frozenset(
    {"find_one", "find", "filter_by", "filter", "get", "get_or_none", "find_first", "first", "count_documents"}
)
_SELECTING = frozenset({"select", "query", "with_entities", "exists"})
_MANY = frozenset({"count", "exists", "all", "fetchall", "fetchmany", "to_list", "scalars", "len", "bool", "list"})
"""What makes a number, an answer or a list of what a query finds."""
_ONE_OR_NONE = frozenset(
    {"first", "one_or_none", "scalar", "scalar_one_or_none", "get_or_none", "find_one", "fetchone", "find_first"}
)


@dataclass(frozen=True, slots=True)
class _Criterion:
    """What a query asks of a password: the query, the edit that drops it there, and how the row has the password.

    `shorter` is the query without it.
    """

    query: Form
    dropped: Edit
    kept: str
    shorter: Form


def is_column(known: Passwords, block: Block, stored: Form) -> bool:
    """Whether an expression is a column of a table, so that a comparison with it is a criterion: `User.password`."""
    if stored[0] != "attr" or stored[2][0] not in ("name", "attr"):
        return False
    return any(isinstance(item, Class) for item in options(ask(known.program, block, stored[2])))


def criteria(call: Form) -> Iterator[tuple[str, Form]]:
    """What a query asks for, by name: of `filter_by(email=email)` and of `find_one({"email": email})`."""
    yield from ((keyword, value) for keyword, value, _ in call[4] if keyword)
    for argument in call[3][:1]:
        pairs = argument[2] if argument[0] == "dict" else []
        yield from ((str(key[2]), value) for key, value in pairs if key is not None and key[0] == "const")


def found_by_column(known: Passwords, block: Block, compare: Form, plain: Form, stored: Form) -> Fix | None:
    """The fix of `filter(User.email == email, User.password == plain)`; None where the rest finds nobody.

    Nor is there one where the query gives no whole rows, which have the password: `select(User.id)`.
    """
    owner = code(stored[2])
    asked = [form[3] for form in block.forms.of("call") if last_name(form[2]) in _SELECTING]
    chosen = [given for given in asked if any(owner in _beginnings(item) for item in given)]
    if any(len(given) != 1 or code(given[0]) != owner for given in chosen):
        return None
    for call in block.forms.of("call"):
        if last_name(call[2]) not in _FILTERS or compare not in call[3]:
            continue
        rest = [item for item in call[3] if item is not compare]
        shorter = [*call[:3], rest, call[4]] if rest or call[4] else call[2][2] if call[2][0] == "attr" else None
        text = code(shorter) if shorter is not None and _asks_more(block, call, compare) else None
        if text is not None:
            edit = ReplaceExpression(block.module.path, span_of(call[1]), text)
            return _verified(known, block, plain, _Criterion(call, edit, f"{{}}.{stored[3]}", shorter or call))
    return None


def _beginnings(form: Form) -> set[str | None]:
    """What the names and attributes in an expression are of: `User` for `func.count(User.id)`."""
    return {code(item) for item in walk(form) if item[0] in ("name", "attr")}


def found_by_name(known: Passwords, block: Block, call: Form, asked: Form, plain: Form) -> Fix | None:
    """The fix of `filter_by(email=email, password=plain)` and of `find_one({"email": email, "password": plain})`.

    `asked` is what the query asks for, the password as it was typed or what was made of it.
    """
    path = block.module.path
    for keyword, value, _ in call[4]:
        if value is asked and keyword is not None and len(call[4]) > 1:
            edit: Edit = RemoveKeyword(path, span_of(call[1]), keyword)
            shorter = [*call[:4], [item for item in call[4] if item[1] is not asked]]
            return _verified(known, block, plain, _Criterion(call, edit, f"{{}}.{keyword}", shorter))
    for query in call[3]:
        names = [key[2] for key, value in query[2] if key and value is asked] if query[0] == "dict" else []
        if names and naming(str(names[0])) and len(query[2]) > 1:
            edit = RemoveDictItem(path, span_of(query[1]), str(names[0]))
            rest = [*query[:2], [item for item in query[2] if item[1] is not asked]]
            criterion = _Criterion(call, edit, f'{{}}["{names[0]}"]', exchanged(call, query, rest))
            return _verified(known, block, plain, criterion)
    statement = without_password(block, call, asked)
    text = code(statement) if statement is not None else None
    if statement is None or text is None:
        return None
    fetched = fetched_by(block, call)
    if not bears_more(block, fetched, block.function is not None and is_handler(known.program, block.function)):
        return None
    dropped = ReplaceExpression(path, span_of(call[1]), text)
    shorter = statement if fetched is call else fetched
    return _verified(known, block, plain, _Criterion(fetched, dropped, "{}[-1]", shorter))


def _asks_more(block: Block, call: Form, compare: Form) -> bool:
    """Whether a query has another criterion than a comparison: beside it, or in another call of its chain."""
    statements = [form for form in block.forms.of("assign", "return") if any(item is call for item in walk(form[2:]))]
    inside = [form for form in walk([form[-1] for form in statements]) if form[0] in ("compare", "call")]
    return any(
        (form[0] == "compare" and form is not compare) or (form[0] == "call" and last_name(form[2]) == "filter_by")
        for form in inside
    )


def _verified(known: Passwords, block: Block, plain: Form, criterion: _Criterion) -> Fix | None:
    """The criterion goes, and where nobody was found the password is verified, too."""
    hasher, typed = hasher_for(known, block.module), code(plain)
    found = _row(block, criterion.query)
    if hasher is None or typed is None:
        return None
    if found is None:
        return _returned(block, criterion, typed, hasher) or _before_the_test(block, criterion, typed, hasher)
    name, test, negated = found
    verifying = hasher.verifying(typed, criterion.kept.format(name))
    asked = f"not {name}" if test[0] == "unary" else code(test)
    text = f"{asked} or not {verifying}" if negated else f"{asked} and {verifying}"
    whole = _with_alternatives(block, test, text)
    edits = (*used(hasher, VERIFYING), criterion.dropped, ReplaceExpression(block.module.path, *whole))
    return Fix(f"find the account by its name, and verify its password{hasher.needs}", False, edits)


def _before_the_test(block: Block, criterion: _Criterion, typed: str, hasher: Hasher) -> Fix | None:
    """The same where the query stands in the test itself, `if not users.find_one(...):`, which has a name then."""
    names = block.forms.names_of(lambda _: True) | {form[2] for form in block.forms.of("name")}
    name = next((one for one in ("user", "account", "found") if one not in names), None)
    for form in block.forms.of("if"):
        asked, negated = _asked(form[2])
        if awaited(asked) is not criterion.query or any(form in other[4] for other in block.forms.of("if")):
            continue
        text = code(exchanged(asked, criterion.query, criterion.shorter))
        if name is None or text is None:
            return None
        path, verifying = block.module.path, hasher.verifying(typed, criterion.kept.format(name))
        test = f"{name} is None or not {verifying}" if negated else f"{name} is not None and {verifying}"
        edits = (
            *used(hasher, VERIFYING),
            *((criterion.dropped,) if criterion.shorter is criterion.query else ()),
            InsertStatements(path, span_of(form[1]), "before", f"{name} = {text}"),
            ReplaceExpression(path, span_of(form[2][1]), test),
        )
        return Fix(f"find the account by its name, and verify its password{hasher.needs}", False, edits)
    return None


def _returned(block: Block, criterion: _Criterion, typed: str, hasher: Hasher) -> Fix | None:
    """The same where a function returns who was found, or None: he gets a name, and is returned once he is verified."""
    path, taken = block.module.path, block.forms.names_of(lambda _: True) | {form[2] for form in block.forms.of("name")}
    free = next((one for one in ("user", "account", "found") if one not in taken), None)
    given = {
        form[2][0][2]: form[3]
        for form in block.forms.of("assign")
        if len(form[2]) == 1 and form[2][0][0] == "name" and any(item is criterion.query for item in walk(form[3]))
    }
    for form in block.forms.of("return"):
        if form[2] is None:
            continue
        inside = any(item is criterion.query for item in walk(form[2]))
        named = any(item[0] == "name" and item[2] in given for item in walk(form[2]))
        title = f"find the account by its name, and verify its password{hasher.needs}"
        if (called := block.module.facts.results.get(form[1])) is not None:  # `user = ...` is what stands there
            if not (_is_one_or_none(form[2]) and (inside or named)):
                continue
            refused = _refused(called, hasher.verifying(typed, criterion.kept.format(called)))
            edits = (criterion.dropped, InsertStatements(path, span_of(form[1]), "after", refused))
            return Fix(title, False, (*used(hasher, VERIFYING), *edits))
        if form[2][0] == "name" and form[2][2] in given and _is_one_or_none(given[form[2][2]]):
            name = form[2][2]
            refused = _refused(name, hasher.verifying(typed, criterion.kept.format(name)))
            edits = (criterion.dropped, InsertStatements(path, span_of(form[1]), "before", refused))
            return Fix(title, False, (*used(hasher, VERIFYING), *edits))
        text = code(exchanged(form[2], criterion.query, criterion.shorter)) if inside or named else None
        if text is not None and free is not None and _is_one_or_none(form[2]):
            refused = _refused(free, hasher.verifying(typed, criterion.kept.format(free)))
            changed = inside and criterion.shorter is not criterion.query
            whole = ReplaceStatement(path, span_of(form[1]), f"{free} = {text}\n{refused}\nreturn {free}")
            return Fix(title, False, (*used(hasher, VERIFYING), *(() if changed else (criterion.dropped,)), whole))
    return None


def _refused(name: str, verifying: str) -> str:
    return f"if {name} is None or not {verifying}:\n    return None"


def _is_one_or_none(form: Form) -> bool:
    """Whether a call gives one row, or None."""
    asked = awaited(form)
    return asked[0] == "call" and last_name(asked[2]) in _ONE_OR_NONE


def _asked(test: Form) -> tuple[Form, bool]:
    """What a test asks for, and whether for its being missing."""
    match test:
        case ["unary", _, "not", _]:
            return test[3], True
        case ["compare", _, _, ["is" | "is not"], [["const", _, None]]]:
            return test[2], test[3][0] == "is"
    return test, False


def _row(block: Block, query: Form, depth: int = 2) -> tuple[str, Form, bool] | None:
    """The local name of what a query finds, and the test of it; the query may have a name of its own before."""
    for statement in block.forms.of("assign"):
        targets = statement[2]
        if len(targets) != 1 or targets[0][0] != "name" or not any(item is query for item in walk(statement[3])):
            continue
        name = targets[0][2]
        given = awaited(statement[3])
        if given[0] == "call" and last_name(given[2]) in _MANY:
            return None
        tested = _tested(block, name, statement[1])
        if tested is not None:
            return name, *tested
        taking = (form for form in block.forms.of("call") if any(item[2:] == [name] for item in form[3]))
        return next((row for run in taking if depth and (row := _row(block, run, depth - 1)) is not None), None)
    return None


def _with_alternatives(block: Block, test: Form, text: str) -> tuple[Span, str]:
    """What to replace by which code: the test, or all alternatives that it is the first of."""
    for form in block.forms.of("bool"):
        if form[2] == "or" and form[3][0] is test:
            others = [code(item) for item in form[3][1:]]
            if None not in others:
                return span_of(form[1]), " or ".join([text, *map(str, others)])
    return span_of(test[1]), text


def _tested(block: Block, name: str, after: int) -> tuple[Form, bool] | None:
    """Where a name is first tested for being there, and whether that is a test for its being missing."""
    for form in block.forms.of("if"):
        if form[1] < after:
            continue
        for part in walk(form[2]):
            match part:
                case ["unary", _, "not", ["name", _, tested]] if tested == name:
                    return part, True
                case ["compare", _, ["name", _, tested], ["is" | "=="], [["const", _, None]]] if tested == name:
                    return part, True
                case ["compare", _, ["name", _, tested], ["is not" | "!="], [["const", _, None]]] if tested == name:
                    return part, False
        if form[2][0] == "name" and form[2][2] == name:
            return form[2], False
        return None
    return None
