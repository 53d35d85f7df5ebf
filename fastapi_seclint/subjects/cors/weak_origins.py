"""Origins that somebody else can be: without TLS, or on the visitor's own computer; and lists without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from fastapi_seclint.edits import Edit, RemoveListItem, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Const, Place, Value, options, settled
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.cors.replacement import display_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "::1")


class Weak(NamedTuple):
    """A weak origin, where its list is written, and where it stands itself."""

    text: str
    listed: Place | None
    place: Place | None

    @property
    def local(self) -> bool:
        """Whether it is any program on the visitor's own computer."""
        return urlsplit(self.text).hostname in _LOCAL


def weak_origins(value: Value | None) -> Iterator[Weak]:
    """The weak origins of a list, but for what only holds while somebody develops."""
    for option in options(value):
        if not isinstance(option, Collection):
            continue
        for item in option.items:
            if isinstance(item, Const) and isinstance(item.value, str) and _is_weak(item.value):
                place = item.place or option.place
                if place is None or not only_in_development(place):
                    yield Weak(item.value, option.place, place)


def _is_weak(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "http" or (parts.scheme == "https" and host in _LOCAL)


def without(program: Program, weak: Sequence[Weak]) -> Fix | None:
    """Each list with https in place of http; None where one is put together of what stands elsewhere.

    None for origins on the visitor's own computer, too: whoever develops needs them, and only he knows when.
    """
    if any(origin.local for origin in weak):
        return None
    lists: dict[Place, list[Weak]] = {}
    for origin in weak:
        if origin.listed is None:
            return None
        lists.setdefault(origin.listed, []).append(origin)
    fixes = []
    for place, origins in lists.items():
        found = display_at(program, place)
        fix = None if found is None else _without(*found, origins)
        if fix is None:
            return None
        fixes.append(fix)
    edits = (edit for fix in fixes for edit in fix.edits)
    return Fix(fixes[0].title, False, tuple(dict.fromkeys(edits))) if fixes else None


def _without(block: Block, display: Form, weak: Sequence[Weak]) -> Fix | None:
    if display[0] not in ("list", "tuple", "set"):
        return None
    texts = [item[2] if item[0] == "const" else None for item in display[2]]
    named = {origin.text for origin in weak}
    if not named <= set(texts):
        return None
    path, span = block.module.path, span_of(display[1])
    edits: list[Edit] = []
    for number, (text, item) in enumerate(zip(texts, display[2], strict=True)):
        if text in named:
            secured = str(text).replace("http://", "https://", 1)
            other = ReplaceExpression(path, span_of(item[1]), f'"{secured}"')
            edits.append(other if secured not in texts else RemoveListItem(path, span, number))
    return Fix("let in websites with https only", False, tuple(edits))


def without_null(program: Program, given: Sequence[Value | None]) -> Fix | None:
    """Lists of origins without `null`; None where one is put together of what stands elsewhere."""
    edits: dict[Edit, None] = {}
    for known in (one for value in given for one in settled(value)):
        items = known.items if isinstance(known, Collection) else ()
        if not any(isinstance(item, Const) and item.value == "null" for item in items):
            continue
        place = known.place if isinstance(known, Collection) else None
        block, display = (display_at(program, place) if place is not None else None) or (None, None)
        if block is None or display is None or display[0] not in ("list", "tuple", "set"):
            return None
        at = [number for number, item in enumerate(display[2]) if item[0] == "const" and item[2] == "null"]
        if not at:
            return None
        path, span = block.module.path, span_of(display[1])
        edits |= dict.fromkeys(RemoveListItem(path, span, number) for number in at)
    return Fix("take `null` out of the list", False, tuple(edits)) if edits else None
