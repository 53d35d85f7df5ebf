"""Functions of a program that read a setting by its name, with a default: `env("SECRET_KEY", "text")`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, Forms, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.code.reads import Read

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KNOWN: WeakKeyDictionary[Program, dict[str, list[tuple[Function, int, int, bool]]]] = WeakKeyDictionary()


def helped_read(program: Program, block: Block, call: Form) -> Read | None:
    """The setting that a call of such a function reads, and the default that it is given."""
    name = name_of(call[2]) if call[2][0] in ("name", "attr") else ""
    known = _helpers(program).get(name, [])
    for function, bound in called(program, block, call) if known else ():
        for helper, key, default, verbatim in known:
            if (helper.module.file, helper.number) == (function.module.file, function.number):
                found = [_given(call, helper, number, bound=bound) for number in (key, default)]
                if found[0] is not None and found[1] is not None:
                    return Read(call, found[0], found[1], None, verbatim)
    return None


def _given(call: Form, function: Function, number: int, *, bound: bool) -> Form | None:
    name, position = function.parameters[number][0], number - int(bound)
    for keyword, value, _ in call[4]:
        if keyword == name:
            return value  # type: ignore[no-any-return]
    plain = call[3][: position + 1]
    return plain[position] if 0 <= position < len(plain) and not any(one[0] == "star" for one in plain) else None


def _helpers(program: Program) -> dict[str, list[tuple[Function, int, int, bool]]]:
    """By name: functions, their parameters for key and default by number, and whether the key is taken as it is."""
    if program not in _KNOWN:
        found: dict[str, list[tuple[Function, int, int, bool]]] = {}
        for module in program.modules.by_file.values():
            if program.is_test(module) or not module.facts.words & {"getenv", "environ"}:
                continue
            for number in module.facts.speaking(b'"getenv"', b'"environ"'):
                function = program.sites.function(module, number) if number >= 0 else None
                pair = _pair(function) if function is not None else None
                if function is not None and pair is not None:
                    found.setdefault(function.name, []).append((function, *pair))
        _KNOWN[program] = found
    return _KNOWN[program]


def _pair(function: Function) -> tuple[int, int, bool] | None:
    names = [parameter[0] for parameter in function.parameters]
    forms = function.forms
    keys = [(name, form[0] == "name") for form in _keys(forms) for name in _spoken(form) if name in names]
    keys = [pair for pair in keys if pair[0] not in ("self", "cls")]
    if not keys:
        return None
    key, verbatim = keys[0]
    given = {name for form in forms.of("return") if form[2] is not None for name in _returned(form[2], forms)}
    defaults = [name for name in names if name in given and name not in (key, "self", "cls")]
    return (names.index(key), names.index(defaults[0]), verbatim) if defaults else None


def _keys(forms: Forms) -> Iterator[Form]:
    """What the environment is asked for."""
    for form in forms.of("call", "sub"):
        match form:
            case ["call", _, ["attr", _, owner, "get"], [key, *_], _] if name_of(owner) == "environ":
                yield key
            case ["call", _, function, [key, *_], _] if name_of(function) == "getenv":
                yield key
            case ["sub", _, owner, key] if name_of(owner) == "environ":
                yield key


def _spoken(form: Form) -> Iterator[str]:
    return (item[2] for item in walk(form) if item[0] == "name")


def _returned(form: Form, forms: Forms) -> set[str]:
    """The names that what is returned is made of, those of a local name's values included."""
    names = set(_spoken(form))
    for item in forms.of("assign"):
        if any(target[0] == "name" and target[2] in names for target in item[2]):
            names |= set(_spoken(item[3]))
    return names
