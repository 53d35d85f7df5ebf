"""`try` statements as a stranger's request meets them: what their body raises, and what their handlers answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.kinds import BAD, CLEAN, FALSE, REFUSED, Names, merged
from fastapi_seclint.program.stranger_errors import catches

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def attempt(walk_: Walk, form: Form) -> bool:
    """A try statement: handlers run when the body may raise for a stranger, and catch what it raises."""
    _, _, body, handlers, otherwise, final = form
    before = dict(walk_.names)
    kept, walk_.encounter.endings = walk_.encounter.endings, []
    outer, walk_.may_raise = walk_.may_raise, False
    outside, walk_.may_fail = walk_.may_fail, False
    hidden = len(walk_.encounter.opaque)
    outer_trial, walk_.on_trial = walk_.on_trial, walk_.on_trial or answers_with_refusal(walk_, handlers)
    goes_on = walk_.block(body)
    walk_.on_trial = outer_trial
    inside, walk_.encounter.endings = walk_.encounter.endings, kept
    if len(walk_.encounter.opaque) > hidden and answers_with_refusal(walk_, handlers):
        del walk_.encounter.opaque[hidden:]
        inside, goes_on = [ending for ending in inside if ending.denies], False
    caught = [ending for ending in inside if ending.denies and handlers and catches(handlers, ending.code)]
    walk_.encounter.endings += [ending for ending in inside if ending not in caught]
    certain = walk_.may_raise or any(ending.checked or not ending.conditional for ending in caught)
    failing = walk_.may_fail or bool(caught)
    walk_.may_raise, walk_.may_fail = outer, outside
    ways = []
    if goes_on and walk_.block(otherwise):
        ways.append(walk_.names)
    certain = certain or (not goes_on and not inside)
    if certain or failing:
        empty = dict.fromkeys(_filled(body) & walk_.empty, BAD)
        ways += answers(walk_, handlers, {**before, **empty} if certain else before, bool(caught), certain)
    if not ways:
        walk_.block(final)
        return False
    walk_.names = merged(ways)
    return walk_.block(final)


def answers(walk_: Walk, handlers: list[Form], before: Names, refused: bool, certain: bool) -> list[Names]:
    """Walk the handlers of a try statement, in doubt where what raises has nothing to do with who calls."""
    ways, after, outer = [], walk_.names, walk_.failed
    walk_.doubt += 0 if certain else 1
    for _, name, statements, _ in handlers:
        walk_.failed = name or ""
        walk_.names = {**after, **before, **({name: REFUSED if refused else CLEAN} if name else {})}
        start = len(walk_.encounter.endings)
        if walk_.block(statements):
            ways.append({**walk_.names, **_in_its_place(walk_, statements)} if certain else walk_.names)
        elif refused and walk_.function is walk_.follower.handler:
            turned_away(walk_, start)
    walk_.doubt -= 0 if certain else 1
    walk_.failed = outer
    return ways


def _filled(body: list[Form]) -> set[str]:
    """The names that statements of a `try` give a value, which they keep without when it raises."""
    return {target[2] for form in body if form[0] == "assign" for target in form[2] if target[0] == "name"}


def _in_its_place(walk_: Walk, statements: list[Form]) -> Names:
    """The names to which a handler gives an empty value in place of what could not be read, which is as bad as that."""
    given = [form for form in statements if form[0] == "assign" and is_empty(form[3])]
    names = [target[2] for form in given for target in form[2] if target[0] == "name"]
    return {name: BAD for name in names if walk_.names.get(name) in (CLEAN, FALSE)}


def is_empty(value: Form) -> bool:
    """Whether an expression is an empty text, dictionary or list."""
    return (value[0] == "const" and value[2] == "") or (value[0] in ("dict", "list") and not value[2])


def answers_with_refusal(walk_: Walk, handlers: list[Form]) -> bool:
    """Whether a handler raises 401 or 403: then a check out of sight in the body raises for bad credentials."""
    endings = [handler[2][-1] for handler in handlers if handler[2]]
    return any(item[0] == "raise" and walk_.code_of(item[2]) in (401, 403) for item in endings)


def turned_away(walk_: Walk, start: int) -> None:
    """A handler that answers by itself when a guard has raised: its ways out from `start` on refuse."""
    ways = walk_.encounter.endings[start:]
    walk_.encounter.endings[start:] = [way if way.denies else replace(way, denies=True, code=401) for way in ways]
