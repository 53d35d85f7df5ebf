"""Payloads of tokens that code decodes from base64 itself, so that no signature is checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.tokens.parts import (
    BASE64,
    gives_parts,
    is_second,
    kept_second,
    second_parts,
    takes_second,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def decoded_by_hand(program: Program) -> Iterator[tuple[Block, Form]]:
    """The calls that decode the middle part of a token from base64: `b64decode(token.split(".")[1])`."""
    names = _decoders(program)
    splitters: frozenset[str] | None = None
    for block in program.sites.blocks(names):
        kept = _kept(program, block)
        if not any(form[0] in ("const", "bytes") and form[2] == "." for form in block.forms.every) and not kept:
            splitters = _splitters(program) if splitters is None else splitters
            if not any(last_name(form[2]) in splitters for form in block.forms.of("call")):
                continue
        if _only_answers(block):
            continue
        parts, lists = second_parts(block, splitters or frozenset())
        for form in block.forms.every:
            decodes = form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] in names
            taken = decodes and (
                takes_second(form[3], parts, lists)
                or any(item[0] == "attr" and item[3] in kept and item[2][2:] == ["self"] for item in walk(form[3]))
            )
            if taken and _loads(block):
                yield block, form


def _splitters(program: Program) -> frozenset[str]:
    """The names of the functions of the project that take a token apart for those who call them."""
    found: set[str] = set()
    for block in program.sites.blocks(frozenset({"split"})):
        if block.function is not None and gives_parts(block.function):
            found.add(block.function.name)
    return frozenset(found)


def _kept(program: Program, block: Block) -> set[str]:
    """The attributes in which the object that a method belongs to keeps the second part of a token."""
    owner = block.function.owner if block.function is not None else None
    initializer = owner.namespace.get("__init__") if owner is not None else None
    inner = body_of(program, initializer) if isinstance(initializer, Function) else None
    return kept_second(inner) if inner is not None else set()


def _decoders(program: Program) -> frozenset[str]:
    """The names of functions that decode base64, those under which files import them included."""
    found = set(BASE64)
    for module in program.modules.by_file.values():
        if module.facts.words & BASE64:
            for form in module.facts.forms(MODULE).of("from"):
                found |= {alias for name, alias in form[4] if alias and name in BASE64}
    return frozenset(found)


def _only_answers(block: Block) -> bool:
    """Whether a function gives nothing but yes or no: whether something looks like a token."""
    given = [form[2] for form in block.forms.of("return") if form[2] is not None]
    return bool(given) and all(_is_answer(value) for value in given)


def _is_answer(form: Form) -> bool:
    match form:
        case ["const", _, bool()] | ["compare", *_]:
            return True
        case ["unary", _, "not", _]:
            return True
        case ["bool", _, _, values]:
            return all(_is_answer(value) for value in values)
        case ["call", _, ["name", _, "isinstance" | "bool" | "all" | "any"], *_]:
            return True
    return False


def decoded_by_helper(program: Program) -> Iterator[tuple[Block, Form]]:
    """The calls that hand the middle part of a token to a function of the project that decodes it."""
    decoders = BASE64
    if not any(module.facts.words & decoders for module in program.modules.by_file.values()):
        return
    for block in program.sites.blocks(frozenset({"split", "partition"})):
        parts, lists = second_parts(block)
        for form in block.forms.of("call"):
            if form[2][0] not in ("name", "attr") or form[2][-1] in decoders:
                continue
            if not any(is_second(item, parts, lists) for item in form[3]):
                continue
            loaded = _loads(block)
            if any(_decodes(program, function, loaded) for function, _ in called(program, block, form)):
                yield block, form
        yield from _of_kept(program, block)


def _of_kept(program: Program, block: Block) -> Iterator[tuple[Block, Form]]:
    """The same where a constructor keeps the middle part, and another method hands it on: `load(self.payload_part)`."""
    function = block.function
    if function is None or function.owner is None or function.name != "__init__" or not (kept := kept_second(block)):
        return
    methods = (item for item in function.owner.namespace.values() if isinstance(item, Function))
    for inner in (body for method in methods if (body := body_of(program, method)) is not None):
        for form in inner.forms.of("call"):
            given = any(item[0] == "attr" and item[3] in kept and item[2][2:] == ["self"] for item in form[3])
            runs = called(program, inner, form) if given else ()
            if any(_decodes(program, function, _loads(inner)) for function, _ in runs):
                yield inner, form


def _decodes(program: Program, function: Function, loaded: bool) -> bool:
    """Whether a function decodes base64 and loads JSON; `loaded` tells that its caller does the latter."""
    inner = body_of(program, function)
    if inner is None:
        return False
    names = {str(form[2][-1]) for form in inner.forms.every if form[0] == "call"}
    return bool(names & BASE64) and (loaded or "loads" in names)


def _loads(block: Block) -> bool:
    return any(
        last_name(form[2]) in _LOADERS or spelled(form[2]).endswith("json.decode") for form in block.forms.of("call")
    )


_LOADERS = frozenset({"loads", "json_loads", "model_validate_json", "validate_json", "parse_raw"})
"""What reads JSON: Python's own and its likes, the models and adapters of pydantic; msgspec says `json.decode`."""


def checks_by_hand(block: Block) -> bool:
    """Whether a block also compares a signature that it computes."""
    return any(
        form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] in ("compare_digest", "verify", "new")
        for form in block.forms.every
    )
