"""Cookies that a function sets with what its callers give it: `def put(response, **kw): response.set_cookie(**kw)`.

A method sets one for each object that it is called on: `VISIT = Cookie("visit")`, `SESSION = Cookie("session")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def handed_on(program: Program, block: Block, form: Form) -> list[Call]:
    """A call of `set_cookie` as the callers of its function fill it, each in its own place.

    Empty where the function hands no `**` of its own on, or nobody calls it.
    """
    function = block.function
    if function is None:
        return []
    rest = next((item[0] for item in function.parameters if item[1] == KEYWORDS), None)
    spread = any(keyword is None and value[:1] == ["name"] and value[2] == rest for keyword, value, _ in form[4])
    if rest is None or not spread:
        return []
    return [
        Call(outer, _filled(function, rest, form, call, bound), "set_cookie", program.interpreter)
        for outer, call, bound in callers(program, function)
        if not program.is_test(outer.module)
    ]


def _filled(function: Function, rest: str, form: Form, call: Form, bound: bool) -> Form:
    """The call with the arguments of a caller in place of the parameters, and with what the caller adds."""
    given = dict(_arguments(function, call, bound))
    names = {item[0] for item in function.parameters}

    def put_in(value: Form) -> Form:
        return given.get(value[2], value) if value[0] == "name" else value

    own = [[keyword, put_in(value), at] for keyword, value, at in form[4] if keyword or value[2:] != [rest]]
    added = [item for item in call[4] if item[0] is None or item[0] not in names]
    return ["call", call[1], form[2], [put_in(value) for value in form[3]], [*own, *added]]


def _arguments(function: Function, call: Form, bound: bool) -> Iterator[tuple[str, Form]]:
    names = [item[0] for item in function.parameters if item[1] < KEYWORDS][int(bound) :]
    yield from zip(names, call[3], strict=False)
    yield from ((keyword, value) for keyword, value, _ in call[4] if keyword in names)


_FLAGS = frozenset({"httponly", "secure", "samesite"})


def without_rest(program: Program, block: Block, form: Form) -> Form:
    """A call that spreads a dictionary with its function's `**` in it, without that where no caller gives flags."""
    function = block.function
    rest = next((item[0] for item in function.parameters if item[1] == KEYWORDS), "") if function is not None else ""
    mixed = [value for keyword, value, _ in form[4] if keyword is None and value[0] == "dict"]
    if function is None or not any(key is None and value[2:] == [rest] for one in mixed for key, value in one[2]):
        return form
    given = [keyword for _, call, _ in callers(program, function) for keyword, _, _ in call[4]]
    if not given or None in given or _FLAGS.intersection(given):
        return form
    keywords = [[keyword, _left(value, rest) if value in mixed else value, at] for keyword, value, at in form[4]]
    return [*form[:4], keywords]


def _left(display: Form, rest: str) -> Form:
    return [*display[:2], [pair for pair in display[2] if pair[0] is not None or pair[1][2:] != [rest]]]


def of_objects(program: Program, block: Block, form: Form) -> list[Call]:
    """A call of `set_cookie` in a method as each object makes it, with what that object keeps.

    Empty where neither the key nor the options are the object's, or no object of the class is in sight. Where only the
    key is, one object is as the class says.
    """
    function = block.function
    owner = function.owner if function is not None else None
    key = next((value for keyword, value, _ in form[4] if keyword == "key"), form[3][0] if form[3] else form)
    kept = [value for keyword, value, _ in form[4] if keyword is None and _is_kept(value)]
    if function is None or owner is None or not (kept or _is_kept(key)):
        return []
    objects = _objects(program, function, owner)
    calls = []
    for receiver in objects if kept or len(objects) > 1 else ():
        scope = FunctionScope(program.interpreter, function, receiver)
        calls.append(Call(replace(block, scope=scope), form, "set_cookie", program.interpreter))
    return calls


def _is_kept(form: Form) -> bool:
    return bool(form[0] == "attr" and form[2][2:] == ["self"])


def is_made(call: Call) -> bool:
    """Whether a call is that of an object which is in sight where it is made."""
    receiver = call.block.scope.receiver
    return isinstance(receiver, Instance) and receiver.arguments is not None


def set_by_methods(block: Block, spread: Form, name: str) -> bool:
    """Whether a method of the object that keeps options sets one of them: `self.options["secure"] = True`."""
    owner = block.function.owner if block.function is not None and _is_kept(spread) else None
    bases = [base for base in owner.lineage() if isinstance(base, Class)] if owner is not None else []
    methods = [item for base in bases for item in base.namespace.values() if isinstance(item, Function)]
    return any(_sets(form, spread[3], name) for method in methods for form in method.forms.of("assign", "call"))


def _sets(form: Form, kept: str, name: str) -> bool:
    match form:
        case ["assign", _, targets, _]:
            keys = [target[3] for target in targets if target[0] == "sub" and _is_kept(target[2])
                    and target[2][3] == kept]  # fmt: skip
            return any(key[0] != "const" or key[2] == name for key in keys)
        case ["call", _, ["attr", _, held, "update" | "setdefault"], *_]:
            return _is_kept(held) and bool(held[3] == kept)
    return False


def _objects(program: Program, function: Function, owner: Class) -> list[Instance]:
    """The objects of a class, or of one below it, on which a method is called or that modules have under names."""
    scopes = [module.scope.names for module in program.modules.by_file.values() if not program.is_test(module)]
    held = [value for names in scopes for value in names.values()]
    inner = [item for value in held if isinstance(value, Class) for item in value.namespace.values()]
    for outer, call, _ in callers(program, function):
        if call[2][0] == "attr" and not program.is_test(outer.module):
            held.append(ask(program, outer, call[2][2]))
    found: dict[int, Instance] = {}
    for value in (*held, *inner):
        for option in options(value):
            made = option.cls if isinstance(option, Instance) and option.arguments is not None else None
            if isinstance(option, Instance) and isinstance(made, Class) and owner in made.lineage():
                found[id(option)] = option
    return list(found.values())
