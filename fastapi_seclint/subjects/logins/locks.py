"""Refusals that are about the state of an account, or about what was not sent: no answers to a wrong password."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.worlds import mentions_password

_LOCKED = (429, 423)
_LOCK = re.compile(r"lock|attempt|too many|later|captcha|锁|稍后|(\b|_)50[0-4](\b|_)", re.I)


def is_refused_for_now(end: Outcome) -> bool:
    """Whether the status is one for accounts that nobody gets into for a while."""
    return any(status in repr(end.said) for status in map(str, _LOCKED))


def is_lock(end: Outcome) -> bool:
    """Whether the status or the text is about a lock, or a service that is away."""
    return is_refused_for_now(end) or _LOCK.search(repr(end.said)) is not None


def branches(end: Outcome) -> list[Form]:
    """The `if` statements in whose branches an end is."""
    forms = end.block.forms.of("if") if end.block.function is not None else []
    return [form for form in forms if any(holds(item[1], end.form[1]) for item in form[3])]


def asks_for_a_password(end: Outcome) -> bool:
    """Whether an end is for whoever sends no password, which is no wrong one: `if not data.password: raise ...`."""
    tests = [form[2] for form in branches(end)]
    calls = [form for form in walk(tests[-1]) if form[0] == "call"] if tests else []
    return bool(tests) and mentions_password([tests[-1]]) and all(last_name(call[2]) in _PLAIN for call in calls)


_PLAIN = frozenset({"len", "strip"})


def told_of_some(refusals: list[Outcome], wrong: list[Outcome]) -> Iterator[tuple[Outcome, Outcome]]:
    """What is only said of some accounts that exist, each with the one answer for unknown ones and wrong passwords.

    What is said after a wrong password alone, as in the same branch, is for whoever has tried one.
    """
    absent = [end.said for end in refusals if "absent" in end.worlds]
    usual = next((end for end in reversed(wrong) if end.said in absent), None)
    if usual is None:
        return
    for end in wrong:
        if end.kind != "raise" or end.worlds != frozenset({"wrong"}) or end.said in absent or is_lock(end):
            continue
        apart = all(not any(holds(item[1], usual.form[1]) for item in form[3]) for form in branches(end))
        if end.block.function is usual.block.function and end.form[1] < usual.form[1] and apart:
            yield end, usual
