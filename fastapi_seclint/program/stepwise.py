"""What a local dictionary holds when a function has put things into it, one after the other: `kwargs["key"] = ...`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Const, Mapping, Unknown, Value, join

_MOST = 40


def filled(statements: list[Form], name: str, made: Mapping, ask: Callable[[Form], Value]) -> Mapping:
    """The dictionary that a name has in the end: as it was made, with what the statements of a body put into it.

    What is put in only on some paths is there perhaps. The dictionary itself is left alone: it may be a module's.
    """
    steps = list(_steps(statements, name, False))[:_MOST]
    if not steps:
        return made
    found = Mapping(list(made.items), made.open, made.place, made.perhaps)
    for key, form, perhaps in steps:
        value, before = ask(form), found.get(key)
        if perhaps:
            value = join([before or Unknown(f"{key} may be missing"), value])
        found.set(Const(key), value)
    return found


def _steps(statements: list[Form], name: str, perhaps: bool) -> Iterator[tuple[str, Form, bool]]:
    """What is put under which key, and whether only on some paths."""
    for statement in statements:
        match statement:
            case ["assign", _, targets, value]:
                for target in targets:
                    if target[0] == "sub" and target[2][2:] == [name] and isinstance(_text(target[3]), str):
                        yield str(_text(target[3])), value, perhaps
            case ["expr", _, ["call", _, ["attr", _, ["name", _, owner], "update"], given, keywords]] if owner == name:
                for argument in given:
                    pairs = argument[2] if argument[0] == "dict" else []
                    named = ((_text(key), value) for key, value in pairs if key is not None)
                    yield from ((key, value, perhaps) for key, value in named if key is not None)
                yield from ((keyword, value, perhaps) for keyword, value, _ in keywords if keyword is not None)
        there = _asked_for(statement, name)  # `if "token" in sent: sent["token"] = "***"` leaves no other
        inside = statement[0] != "with"
        for block in blocks(statement):
            for key, value, often in _steps(block, name, False):
                yield key, value, perhaps or often or (inside and key != there)


def _asked_for(statement: Form, name: str) -> str | None:
    """The key that a branch asks a dictionary for before it goes on."""
    match statement:
        case ["if", _, ["compare", _, key, ["in"], [["name", _, owner]]], _, _] if owner == name:
            return _text(key)
    return None


def _text(form: Form) -> str | None:
    return form[2] if form[0] == "const" and isinstance(form[2], str) else None
