"""Dictionaries of a program whose keys are API keys by how they are looked up: `TENANTS.get(x_api_key)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Mapping, Value, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.names import Reach, plausible
from fastapi_seclint.subjects.secrets.presented import presented
from fastapi_seclint.subjects.secrets.sent import Sent, core
from fastapi_seclint.subjects.secrets.use import Use
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def looked_up(program: Program) -> Iterator[tuple[Value, Use]]:
    """The keys, as a collection, of every dictionary that is asked for the API key that a caller sends."""
    names = frozenset(_displays(program))
    for block in program.sites.blocks(names) if names else ():
        if not isinstance(block.scope, FunctionScope) or program.is_test(block.module):
            continue
        for form in block.forms.of("call", "sub", "compare"):
            found = _lookup(form)
            if found is not None and found[0][2] in names and _is_sent_key(program, block, block.scope, found[1]):
                for option in options(ask(program, block, found[0])):
                    if isinstance(option, Mapping):
                        keys = Collection("list", [key for key, _ in option.items])
                        yield keys, Use("API key", "what a caller has to know", block.location(form))


def _displays(program: Program) -> Iterator[str]:
    """The names of dictionaries in modules whose keys are written texts that may be API keys."""
    for module in program.modules.by_file.values():
        for form in module.facts.forms(MODULE).of("assign", "annassign"):
            target = form[2][0] if form[0] == "assign" else form[2]
            if target[0] == "name" and form[-1] is not None and form[-1][0] == "dict" and form[-1][2]:
                keys = [key[2] if key is not None and key[0] == "const" else None for key, _ in form[-1][2]]
                texts = [key for key in keys if isinstance(key, str)]
                if len(texts) == len(keys) and all(
                    plausible(key, "API key", target[2], Reach.ASSIGNED, many=True) for key in texts
                ):
                    yield target[2]


def _lookup(form: Form) -> tuple[Form, Form] | None:
    """The dictionary and the key of a look-up: `NAME.get(key)`, `NAME[key]`, `key in NAME`."""
    match form:
        case ["call", _, ["attr", _, ["name", *_] as owner, "get"], [key, *_], _]:
            return owner, key
        case ["sub", _, ["name", *_] as owner, key]:
            return owner, key
        case ["compare", _, key, ["in" | "not in"], [["name", *_] as owner]]:
            return owner, key
    return None


def _is_sent_key(program: Program, block: Block, scope: FunctionScope, form: Form) -> bool:
    sent = Sent(program, vocabulary(program), block, scope)
    key = core(form)
    kind = sent.kind(key) or (presented(program, scope.function, key[2]) if key[0] == "name" else "")
    return kind in ("API key", "token") and sent.is_sent(key)
