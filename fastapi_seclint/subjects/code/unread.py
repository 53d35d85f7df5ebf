"""Local names that nothing reads any more once a fix has taken expressions away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi_seclint.edits import Edit, RemoveStatement
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block

_ASKING = frozenset({"str", "repr", "get", "getattr", "format", "join", "strip", "split", "lower", "upper", "replace"})
"""What a call may do and still be left out unseen."""


def unread(block: Block, gone: Sequence[Form]) -> list[Form]:
    """The assignments of names that are read in `gone` and nowhere else, where leaving them out changes nothing."""
    function = block.function
    if function is None or function.module.facts.inside(function.number):
        return []
    taken = [form for leaf in gone for form in walk(leaf) if form[0] == "name"]
    found = [form for name in dict.fromkeys(form[2] for form in taken) for form in _only(block, name, taken)]
    return [form for form in found if not any(leaf is inner for leaf in gone for inner in walk(form))]


def without(block: Block, gone: Sequence[Form]) -> list[Edit]:
    """The edits that leave these assignments out."""
    return [RemoveStatement(block.module.path, span_of(form[1])) for form in unread(block, gone)]


def _only(block: Block, name: str, taken: Sequence[Form]) -> Iterator[Form]:
    """The one statement that gives a name its value, when only what is taken away reads it."""
    given = [form for form in block.forms.of("assign", "annassign") if name in _names(form)]
    uses = [form for form in block.forms.every if form[0] == "name" and form[2] == name]
    read = [use for use in uses if not any(use is one for one in taken)]
    if len(given) == 1 and len(_names(given[0])) == 1 and len(read) == 1 and _is_plain(given[0][-1]):
        yield given[0]


def _names(form: Form) -> list[str]:
    targets = form[2] if form[0] == "assign" else [form[2]]
    return [target[2] if target[0] == "name" else "" for target in targets]


def _is_plain(value: Form | None) -> bool:
    """Whether evaluating an expression does nothing but give a value."""
    return value is not None and all(
        form[0] not in ("await", "yield", "walrus", "call")
        or (form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] in _ASKING)
        for form in walk(value)
    )
