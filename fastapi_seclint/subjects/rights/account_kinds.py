"""Claims that only say in which table an account is: `if kind == "member": ... elif kind == "doctor": ...`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function


def picking_tables(function: Function) -> Iterator[Form]:
    """The conditions of a function, and the statements they are of, by which it looks accounts of several kinds up."""
    asked: dict[str, list[tuple[Form, bool, str]]] = {}
    for form in function.forms.of("if"):
        name, kind, same = _claim(form[2])
        if name:
            asked.setdefault(name, []).append((form, same, kind))
    for name, found in asked.items():
        several = len({kind for _, _, kind in found}) > 1 and any(same for _, same, _ in found)
        if several and _is_read(function, name) and all(_leads_on(form, same) for form, same, _ in found):
            for form, _, _ in found:
                yield form
                yield from walk(form[2])


def _claim(test: Form) -> tuple[str, str, bool]:
    """The name that a test compares with a text, the text, and whether it is to be the same."""
    match test:
        case ["unary", _, "not", inner]:
            name, kind, same = _claim(inner)
            return name, kind, not same
        case ["compare", _, ["name", _, str(name)], ["==" | "!=" as operator], [["const", _, str(kind)]]]:
            return name, kind, operator == "=="
    return "", "", False


def _is_read(function: Function, name: str) -> bool:
    """Whether a name only holds what was read out of a token: `claims.get("kind")`."""
    given = [form[3] for form in function.forms.of("assign") if form[2][0][::2] == ["name", name]]
    return bool(given) and all(map(_is_claim, given))


def _is_claim(value: Form) -> bool:
    match value:
        case ["sub", _, _, ["const", _, str()]] | ["call", _, ["attr", _, _, "get"], [["const", _, str()], *_], _]:
            return True
    return False


def _leads_on(form: Form, same: bool) -> bool:
    """Whether a condition leads to an account that is looked up, or turns away whose kind is none of those known."""
    first = form[3][0] if form[3] else None
    if first is None or not same:
        return first is not None and bool(first[0] == "raise")
    return first[0] in ("assign", "return") and any(one[0] == "call" for one in walk(first))
