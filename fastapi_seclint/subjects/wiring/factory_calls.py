"""How a factory of guards is to be called at a place: as it is called elsewhere, or without arguments."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, names_in, span_of, walk
from fastapi_seclint.program.callables import Parameter, running
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Class, Unknown, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.wiring.dependencies import wiring
from fastapi_seclint.subjects.wiring.meant_rights import fitted, meant_argument, routes_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def call_for(
    program: Program, call: Call, argument: Argument, factory: Value, signature: list[Parameter]
) -> Fix | None:
    """The fix that calls a factory where it is only named; None when nothing says with which arguments.

    Without required arguments the call is safe. With them it is as in the other places of the project, those of the
    same file first, provided that they all agree there; else with the role or permission that the route is named after.
    """
    if argument.form[0] == "lambda":
        return _unwrapped(call, argument)
    if argument.form[0] not in ("name", "attr"):
        return None
    path, name = call.block.module.path, spelled(argument.form)
    many = any(item.kind in (VARIADIC, KEYWORDS) for item in signature)
    if signature and not many and all(item.default is not None for item in signature):
        return _fix(path, argument, f"{name}()", safe=True)
    if not signature and not isinstance(factory, Unknown) and running(factory) is not None:
        return _fix(path, argument, f"{name}()", safe=True)
    if not signature and isinstance(factory, Class):
        return _fix(path, argument, f"{name}()", safe=True)
    elsewhere = _fitting(program, call, _as_elsewhere(program, call, name, factory))
    given = elsewhere or meant_argument(program, call, signature)
    return None if given is None else _fix(path, argument, f"{name}({given})", safe=False)


def _unwrapped(call: Call, argument: Argument) -> Fix | None:
    """The fix for a lambda that only gives a guard back: what it gives takes its place."""
    given = rendered(argument.form[3]) if not argument.form[2] else None
    known = call.block.module.scope.names
    below = (getattr(known.get(name), "at", 0) > argument.form[1] for name in names_in(argument.form[3]))
    if given is None or any(below):
        return None
    edit = ReplaceExpression(call.block.module.path, span_of(argument.form[1]), given)
    return Fix(f"depend on what the lambda gives: `Depends({given})`", False, (edit,))


def _fitting(program: Program, call: Call, code: str | None) -> str | None:
    """The same permission with the verb for what the route does: a reader needs no `"messages:write"`."""
    text = code[1:-1] if code is not None and code[:1] == '"' and code.count('"') == 2 else ""
    made = fitted(text, list(routes_of(program, call)), []) if text else None
    return f'"{made}"' if made is not None else code


def _fix(path: str, argument: Argument, code: str, *, safe: bool) -> Fix:
    edit = ReplaceExpression(path, span_of(argument.form[1]), code)
    return Fix(f"call the factory: `Depends({code})`", safe, (edit,))


def _as_elsewhere(program: Program, call: Call, name: str, factory: Value) -> str | None:
    """The arguments, as code, of the other calls of a factory."""
    found: list[tuple[Module, str]] = []
    for other in wiring(program).calls:
        for form in walk(other.form[3:]):
            if form[0] == "call" and form is not other.form and _is_of(other, form, factory, name):
                code = _arguments(program, call, form)
                if code is not None:
                    found.append((other.block.module, code))
    here = Counter(code for module, code in found if module is call.block.module)
    everywhere = here or Counter(code for _, code in found)
    return next(iter(everywhere)) if len(everywhere) == 1 else None


def _is_of(other: Call, form: Form, factory: Value, name: str) -> bool:
    if form[2][0] not in ("name", "attr") or form[2][-1] != name.rpartition(".")[2]:
        return False
    return any(option is factory or running(option) is running(factory) for option in options(other.ask(form[2])))


def _arguments(program: Program, call: Call, form: Form) -> str | None:
    """Arguments as code, if they mean the same in the file of a call."""
    parts = []
    for keyword, value in [*((None, item) for item in form[3]), *((key, item) for key, item, _ in form[4])]:
        code = _code(program, call, value)
        if code is None:
            return None
        parts.append(code if keyword is None else f"{keyword}={code}")
    return ", ".join(parts)


def _code(program: Program, call: Call, form: Form) -> str | None:
    match form:
        case ["const", _, str(text)]:
            return '"' + text + '"' if text.isprintable() and not set('"\\') & set(text) else repr(text)
        case ["const", _, value]:
            return repr(value)
        case ["name" | "attr", *_]:
            code = spelled(form)
            root = code.split(".")[0]
            known = call.block.module.scope.local(root)
            return code if known is not None and "?" not in code and "(" not in code else None
        case ["list" | "tuple" | "set", _, items]:
            inner = [_code(program, call, item) for item in items]
            if any(item is None for item in inner) or not inner:
                return None
            joined = ", ".join(item for item in inner if item is not None)
            return {"list": f"[{joined}]", "tuple": f"({joined},)", "set": f"{{{joined}}}"}[form[0]]
    return None
