"""Functions of a program that read a setting by its name, with a default: `env("SECRET_KEY", "text")`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, Forms, names_in, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.reads import Read

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LIBRARIES = ("decouple", "environs", "starlette.config")
_SPOKEN = (b'"getenv"', b'"environ"', b'"get"')
_MANY = 40
"""Of how many functions only those are looked at that speak of the environment."""


def helped_read(program: Program, block: Block, call: Form) -> Read | None:
    """The setting that a call of such a function reads, and the default that it is given."""
    name = name_of(call[2]) if call[2][0] in ("name", "attr") else ""
    known = _helpers(program).get(name, [])
    for function, bound in called(program, block, call) if known else ():
        for helper, key, default, verbatim in known:
            if (helper.module.file, helper.number) == (function.module.file, function.number):
                found = [_given(call, helper, number, bound=bound) for number in (key, default)]
                if found[0] is not None and found[1] is not None:
                    given = found[1][3] if found[1][0] == "lambda" else found[1]  # `lambda: "text"` is called for it
                    return Read(
                        call, found[0], given, None, verbatim, demands=_demands(helper, default, empty=not verbatim)
                    )
    return None


def in_full(program: Program, block: Block, call: Form) -> Form:
    """A call of a reader that has a shorter name, as it is in full: `get("KEY", "")` after `get = os.environ.get`."""
    if call[2][0] != "name" or not call[3]:
        return call
    local = block.is_local(call[2][2])
    forms = block.forms if local else program.sites.top(block.module).forms
    given = [form[3] for form in forms.of("assign") if [one[2:] for one in form[2]] == [call[2][2:]]]
    return [*call[:2], given[0], *call[3:]] if len(given) == 1 and given[0][0] == "attr" else call


def _demands(function: Function, number: int, *, empty: bool) -> bool:
    """Whether a function may be called without a default, and raises when it has found nothing then.

    One that takes an `empty` value for something counts only where that is told.
    """
    name, default = function.parameters[number][0], function.parameters[number][3]
    if default is None or not (default[0] in ("name", "attr") or default[2:] in ([None], [""])):
        return False
    read = {form[2][2] for form in function.forms.of("return") if form[2] is not None and form[2][0] == "name"} | {name}
    for form in function.forms.of("if"):
        match form[2]:
            case ["unary", _, "not", ["name", _, asked]]:
                refuses = True
            case ["compare", _, ["name", _, asked], ["is"], [_]]:
                refuses = empty and default[2:] != [""]
            case _:
                continue
        if refuses and asked in read and form[3][-1][0] == "raise":
            return True
    return False


def _given(call: Form, function: Function, number: int, *, bound: bool) -> Form | None:
    name, position = function.parameters[number][0], number - int(bound)
    for keyword, value, _ in call[4]:
        if keyword == name:
            return value  # type: ignore[no-any-return]
    plain = call[3][: position + 1]
    return plain[position] if 0 <= position < len(plain) and not any(one[0] == "star" for one in plain) else None


@answered_once
def _helpers(program: Program) -> dict[str, list[tuple[Function, int, int, bool]]]:
    """By name: functions, their parameters for key and default by number, and whether the key is taken as it is."""
    found: dict[str, list[tuple[Function, int, int, bool]]] = {}
    for module in program.modules.by_file.values():
        libraries = any(name.startswith(_LIBRARIES) for name in module.facts.imports)
        if program.is_test(module) or not (libraries or module.facts.words & {"getenv", "environ"}):
            continue
        for number in range(len(module.facts.functions)):
            if len(module.facts.functions) > _MANY and number not in module.facts.speaking(*_SPOKEN):
                continue
            function = program.sites.function(module, number)
            pair = _pair(program, function) if function is not None and function.parameters else None
            if function is not None and pair is not None:
                found.setdefault(function.name, []).append((function, *pair))
    return found


def _pair(program: Program, function: Function) -> tuple[int, int, bool] | None:
    names = [parameter[0] for parameter in function.parameters if parameter[0] not in ("self", "cls")]
    if len(names) < 2:
        return None
    forms = function.forms
    keys = [(name, form[0] == "name") for form in _keys(program, function) for name in _spoken(form) if name in names]
    if not keys:
        return None
    key, verbatim = keys[0]
    given = {name for form in forms.of("return") if form[2] is not None for name in _returned(form[2], forms)}
    defaults = [name for name in names if name in given and name != key]
    every = [parameter[0] for parameter in function.parameters]
    return (every.index(key), every.index(defaults[0]), verbatim) if defaults else None


def _keys(program: Program, function: Function) -> Iterator[Form]:
    """What the environment is asked for."""
    for form in function.forms.of("call", "sub"):
        match form:
            case ["call", _, ["attr", _, owner, "get"], [key, *_], _] if _is_environment(function, owner):
                yield key
            case ["call", _, called_, [key, *_], _] if name_of(called_) == "getenv":
                yield key
            case ["call", _, ["name" | "attr", *_] as called_, [key, *_], _] if _is_library(program, function, called_):
                yield key
            case ["sub", _, owner, key] if _is_environment(function, owner):
                yield key


def _is_environment(function: Function, owner: Form) -> bool:
    """Whether something is `os.environ`, or what an object was made with in its place: `source=os.environ`."""
    if name_of(owner) == "environ":
        return True
    if owner[0] != "attr" or owner[2][2:] != ["self"] or function.owner is None:
        return False
    initializer = function.owner.namespace.get("__init__")
    for form in initializer.forms.of("assign") if isinstance(initializer, Function) else ():
        if isinstance(initializer, Function) and any(
            target[0] == "attr" and target[3] == owner[3] for target in form[2]
        ):
            given = [form[3], *(one[3] for one in initializer.parameters if one[3] and one[0] in names_in(form[3]))]
            return any(item[0] == "attr" and item[3] == "environ" for item in walk(given))
    return False


def _is_library(program: Program, function: Function, called_: Form) -> bool:
    """Whether a library that reads settings is asked: decouple, environs, Starlette's Config."""
    block = body_of(program, function)
    found = options(ask(program, block, called_)) if block is not None else ()
    return any(isinstance(item, External) and item.name.startswith(_LIBRARIES) for item in found)


def _spoken(form: Form) -> Iterator[str]:
    return (item[2] for item in walk(form) if item[0] == "name")


def _returned(form: Form, forms: Forms) -> set[str]:
    """The names that what is returned is made of, those of a local name's values included."""
    names = set(_spoken(form))
    for item in forms.of("assign"):
        if any(target[0] == "name" and target[2] in names for target in item[2]):
            names |= set(_spoken(item[3]))
    return names
