"""Which names the statements of a block bind, and the blocks that statements hold."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi_seclint.facts.forms import Form

_NESTING = frozenset({"if", "while", "for", "with", "try"})


def bound_names(statements: list[Form]) -> dict[str, list[Form]]:
    """The statements that bind each name in a block, nested blocks of `if`, `try`, `for` and `with` included."""
    found: dict[str, list[Form]] = {}
    _note_bound(statements, found)
    return found


def _note_bound(statements: list[Form], found: dict[str, list[Form]]) -> None:
    for statement in statements:
        for name in _binds(statement):
            found.setdefault(name, []).append(statement)
        if statement[0] in _NESTING:
            for block in blocks(statement):
                _note_bound(block, found)


def blocks(statement: Form) -> list[list[Form]]:
    """The blocks nested in a statement, those of definitions left out."""
    match statement:
        case ["if" | "while", _, _, body, otherwise] | ["for", _, _, _, body, otherwise]:
            return [body, otherwise]
        case ["with", _, _, body]:
            return [body]
        case ["try", _, body, handlers, otherwise, final]:
            return [body, *[handler[2] for handler in handlers], otherwise, final]
    return []


def targets(form: Form) -> Iterable[str]:
    """The plain names that an assignment target binds."""
    match form:
        case ["name", _, name]:
            yield name
        case ["tuple" | "list", _, items]:
            for item in items:
                yield from targets(item)
        case ["star", _, inner]:
            yield from targets(inner)


def _binds(statement: Form) -> Iterable[str]:
    match statement:
        case ["assign", _, names, _]:
            for name in names:
                yield from targets(name)
        case ["annassign", _, target, _, _] | ["augassign", _, _, target, _] | ["for", _, target, *_]:
            yield from targets(target)
        case ["def", _, _, name, *_] | ["class", _, name, *_]:
            yield name
        case ["import", _, names]:
            for name, alias in names:
                yield alias or name.partition(".")[0]
        case ["from", _, _, _, names]:
            for name, alias in names:
                yield alias or name
        case ["with", _, items, _]:
            for _, target in items:
                if target is not None:
                    yield from targets(target)
        case ["try", _, _, handlers, *_]:
            for handler in handlers:
                if handler[1]:
                    yield handler[1]
