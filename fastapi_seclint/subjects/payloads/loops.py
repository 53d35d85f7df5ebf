"""Loops whose rounds are known: over names that are written down, over the items of a dictionary in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Collection, Const, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads.asking import value_of
from fastapi_seclint.subjects.payloads.known import Known

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow

_MOST = 32
_DISPLAYS = ("list", "tuple", "set")


def rounds(flow: Flow, target: Form, iterable: Form) -> list[Callable[[], None]] | None:
    """For each round of a loop what gives its target a value; None where the rounds are not known."""
    if target[0] == "tuple" and len(target[2]) == 2 and iterable[0] == "call" and not iterable[3]:
        return _of_items(flow, target, iterable)
    elements = list(_elements(flow, iterable))
    if not 0 < len(elements) <= _MOST:
        return None
    if target[0] == "name" and all(known.texts for known, _ in elements):
        return [_assigning(flow, target, known, form) for known, form in elements]
    pairs = target[0] == "tuple" and all(form is not None and form[0] == "tuple" for _, form in elements)
    return [_assigning(flow, target, known, form) for known, form in elements] if pairs else None


def _assigning(flow: Flow, target: Form, known: Known, form: Form | None) -> Callable[[], None]:
    return lambda: flow.assign(target, known, form)


def _elements(flow: Flow, iterable: Form) -> Iterator[tuple[Known, Form | None]]:
    if iterable[0] in _DISPLAYS:
        yield from ((flow.known(item), item) for item in iterable[2][: _MOST + 1])
        return
    if iterable[0] not in ("name", "attr"):
        return
    if parts := flow.known(iterable).parts:
        yield from ((part, None) for part in parts[: _MOST + 1])
        return
    possible = list(options(ask(flow.program, flow.block, iterable)))
    if any(not isinstance(option, Collection) or option.open for option in possible):
        return
    for option in possible:  # several where subclasses write a list of their own: each may be the one
        for item in option.items[: _MOST + 1] if isinstance(option, Collection) else ():
            text = item.value if isinstance(item, Const) else None
            yield Known(texts=(text,) if isinstance(text, str) else ()), None


def written_texts(flow: Flow, iterable: Form) -> set[str] | None:
    """The texts of a collection that is written down; None where it holds something else, or may hold more."""
    elements = [known.texts for known, _ in _elements(flow, iterable)]
    return {texts[0] for texts in elements} if elements and all(len(texts) == 1 for texts in elements) else None


def _of_items(flow: Flow, target: Form, iterable: Form) -> list[Callable[[], None]] | None:
    """`for key, value in data.items()`"""
    if iterable[2][0] != "attr" or iterable[2][3] != "items":
        return None
    claims = flow.known(iterable[2][2]).claims
    if claims is None or claims.open or not 0 < len(claims.items) <= _MOST:
        return None
    key, value = target[2]
    named = [(Known(texts=(name,), present=True), value_of(claim)) for name, claim in claims.items.items()]
    return [_both(flow, key, name, value, known) for name, known in named]


def _both(flow: Flow, key: Form, name: Known, value: Form, known: Known) -> Callable[[], None]:
    def assign() -> None:
        flow.assign(key, name)
        flow.assign(value, known)

    return assign
