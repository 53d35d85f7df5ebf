"""Rights that a middleware or dependency takes from a header or cookie and notes for guards.

The note is in the request's state or in a context variable, alone or as a field of an object.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, named_arguments, span_of, walk
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Instance, options
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.rights.believed import Belief
from fastapi_seclint.subjects.rights.sent import Input, Sent, names_groups, source
from fastapi_seclint.subjects.rights.tested import tested_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STORES = ("headers", "cookies")


def noted(program: Program) -> Iterator[Belief]:
    """Where `request.state.role = request.headers.get("x-role")` is written, when a condition asks for that note."""
    found = Input(rights=tested_rights(program))
    for module in program.modules.by_file.values():
        named = {*_STORES, "Headers"} & module.facts.words
        if not named or program.is_test(module) or not module.facts.speaking(b'"state"', b'"set"'):
            continue
        for block in program.sites.speaking(module, b'"headers"', b'"cookies"', b'"Headers"'):
            for form, name, value in _notes(program, block):
                for field, sent in _rights(program, found, block, value):
                    if _is_asked(program, name, field):
                        place = Location(block.module.path, span_of(form[1]))
                        yield Belief(place, sent, "decided by", block.symbol, decides=True)


def _notes(program: Program, block: Block) -> Iterator[tuple[Form, str, Form]]:
    """What a block notes for those after it: the statement, the name of the note, what it is given."""
    for form in block.forms.of("assign"):
        if name := next((name for target in form[2] if (name := _note(target))), ""):
            yield form, name, form[3]
    for form in block.forms.of("call"):
        match form:
            case ["call", _, ["attr", _, ["name", _, name] as variable, "set"], [value], []]:
                known = options(ask(program, block, variable))
                if any(isinstance(one, External) and one.name == "contextvars.ContextVar()" for one in known):
                    yield form, name, value


def _rights(program: Program, found: Input, block: Block, value: Form) -> Iterator[tuple[str, Sent]]:
    """The rights in what is noted, each with the field that has it; an empty one where it is the right itself."""
    if (sent := _sent(found, block, value)) is not None:
        yield "", sent
        return
    for made in options(ask(program, block, value[2])) if value[0] == "call" else ():
        names = [name for name, _, _ in made.fields] if isinstance(made, Class) else []
        own = method_of(Instance(made), "__init__") if isinstance(made, Class) else None
        names = [item[0] for item in own.parameters[1:]] if own is not None and own.parameters else names
        for name, given in named_arguments(value, names):
            if (sent := _sent(found, block, given)) is not None:
                yield name, sent


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


def _is_asked(program: Program, note: str, field: str) -> bool:
    """Whether a condition of the project asks for a note, or for a field of it."""
    for module in program.modules.by_file.values():
        for block in program.sites.speaking(module, f'"{note}"'.encode()) if not program.is_test(module) else ():
            held = block.forms.names_of(lambda form: _is_read(form, note))
            for form in block.forms.of("if", "assert", "ifexp"):
                if any(_is_asked_for(inner, note, field, held) for inner in walk(form[2])):
                    return True
    return False


def _is_asked_for(form: Form, note: str, field: str, held: Container[str]) -> bool:
    if field:
        if form[0] != "attr" or form[3] != field:
            return False
        form = form[2]
    return _is_read(form, note) or (form[0] == "name" and form[2] in held)


def _is_read(form: Form, note: str) -> bool:
    """Whether an expression reads a note: `request.state.role`, `role.get()`."""
    match form:
        case ["call", _, ["attr", _, ["name", _, name], "get"], [], []]:
            return bool(name == note)
    return _note(form) == note
