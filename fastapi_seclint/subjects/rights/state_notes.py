"""Rights that a middleware or dependency takes from a header or cookie and notes in the request's state for guards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.rights.believed import Belief
from fastapi_seclint.subjects.rights.sent import Input, Sent, names_groups, source
from fastapi_seclint.subjects.rights.tested import tested_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STORES = ("headers", "cookies")


def noted(program: Program) -> Iterator[Belief]:
    """Where `request.state.role = request.headers.get("x-role")` is written, when a condition asks for that note."""
    found = Input(rights=tested_rights(program))
    asked: set[str] | None = None
    for module in program.modules.by_file.values():
        words = module.facts.words
        if not {*_STORES, "Headers"} & words or program.is_test(module) or not module.facts.speaking(b'"state"'):
            continue
        for block in program.sites.speaking(module, b'"headers"', b'"cookies"', b'"Headers"'):
            for form in block.forms.of("assign"):
                name = next((name for target in form[2] if (name := _note(target))), "")
                sent = _sent(found, block, form[3]) if name else None
                if sent is None:
                    continue
                asked = _asked(program) if asked is None else asked
                if name in asked:
                    place = Location(block.module.path, span_of(form[1]))
                    yield Belief(place, sent, "decided by", block.symbol, decides=True)


def _note(target: Form) -> str:
    """The name of a note in the state of a request: `state.role`, `scope["state"]["role"]`; else nothing."""
    match target:
        case ["attr", _, ["attr", _, _, "state"], name]:
            return str(name)
        case ["sub", _, owner, ["const", _, str(name)]] if _is_state(owner):
            return name
    return ""


def _is_state(form: Form) -> bool:
    match form:
        case ["sub", _, _, ["const", _, "state"]]:
            return True
        case ["call", _, ["attr", _, _, "setdefault" | "get"], [["const", _, "state"], *_], _]:
            return True
    return False


def _sent(found: Input, block: Block, value: Form) -> Sent | None:
    """The right that is taken from a header or cookie, `Headers(scope=scope)` under a local name included."""
    direct = source(found, value)
    if direct is not None:
        return direct if direct.origin in ("header", "cookie") else None
    match value:
        case ["call", _, ["attr", _, ["name", _, held], "get"], [["const", _, str(name)], *_], _]:
            if (found.names_right(name) or names_groups(name)) and held in block.forms.names_of(_are_headers):
                return Sent(name, "header")
    return None


def _are_headers(form: Form) -> bool:
    match form:
        case ["attr", _, _, "headers"]:
            return True
        case ["call", _, ["name" | "attr", *_] as called, _, _]:
            return str(called[-1]) in ("Headers", "MutableHeaders")
    return False


def _asked(program: Program) -> set[str]:
    """The notes in the state of a request that conditions of the project ask for."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for block in program.sites.speaking(module, b'"state"'):
            for form in block.forms.of("if", "assert", "ifexp"):
                found.update(name for inner in walk(form[2]) if (name := _note(inner)))
    return found
