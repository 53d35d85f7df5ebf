"""Settings that a program has below the environment: `ChainMap(os.environ, DEFAULTS)`, `{**DEFAULTS, **os.environ}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import origins

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ENVIRONMENTS = frozenset({"environ", "dotenv_values"})
_COPIES = frozenset({"dict", "OrderedDict", "MappingProxyType", "copy", "deepcopy"})
_DEPTH = 4


class Layer(NamedTuple):
    """A setting of a dictionary that answers where the environment does not: its key and value, and the dictionary."""

    block: Block
    key: str
    value: Form
    display: Form


def layered(program: Program) -> Iterator[Layer]:
    """Every setting that is below the environment in some dictionary of settings, wherever it is written."""
    for block in program.sites.blocks(_ENVIRONMENTS):
        if program.is_test(block.module):
            continue
        for form in block.forms.of("call", "dict", "binop"):
            for lower in _below(form):
                yield from _entries(program, block, lower, _DEPTH)


def _below(form: Form) -> list[Form]:
    """The dictionaries of a merge that the environment comes before."""
    match form:
        case ["call", _, function, [first, *others], _] if last_name(function) == "ChainMap" and _is_environment(first):
            return others
        case ["call", _, ["name", _, "dict"], [first], keywords]:
            return [first] if any(name is None and _is_environment(value) for name, value, _ in keywords) else []
        case ["call", _, ["attr", _, owner, "update"], [given], []] if _is_environment(given):
            return [owner] if not _is_environment(owner) else []
        case ["binop", _, "|", left, right] if _is_environment(right):
            return [left]
        case ["dict", at, pairs]:
            spread = [number for number, (key, value) in enumerate(pairs) if key is None and _is_environment(value)]
            return [["dict", at, pairs[: spread[-1]]]] if spread else []
    return []


def _is_environment(form: Form) -> bool:
    """Whether an expression is the environment, or a part of it: its variables with some prefix."""
    match form:
        case ["name", _, "environ"] | ["attr", _, _, "environ"]:
            return True
        case ["call", _, function, given, _]:
            copied = last_name(function) in _COPIES and len(given) == 1 and _is_environment(given[0])
            return copied or last_name(function) == "dotenv_values"
        case ["comp", _, "dict", _, _, [[_, iterable, _]]]:
            return any(item[0] in ("name", "attr") and item[-1] == "environ" for item in walk(iterable))
        case ["dict", _, [*pairs]]:
            return bool(pairs) and all(key is None and _is_environment(value) for key, value in pairs)
    return False


def _entries(program: Program, block: Block, form: Form, depth: int) -> Iterator[Layer]:
    for origin in origins(program, block, form) if depth else ():
        match origin.form:
            case ["dict", _, pairs]:
                for key, value in pairs:
                    if key is None:
                        yield from _entries(program, origin.block, value, depth - 1)
                    elif key[0] == "const" and isinstance(key[2], str):
                        yield Layer(origin.block, key[2], value, origin.form)
            case ["call", _, function, given, keywords] if last_name(function) in _COPIES:
                for inner in given:
                    yield from _entries(program, origin.block, inner, depth - 1)
                named = ((name, value) for name, value, _ in keywords if name is not None)
                yield from (Layer(origin.block, name, value, origin.form) for name, value in named)
