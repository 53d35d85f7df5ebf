"""How a lost dependency is found again: `Depends` around what is there, or with the guard of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddArgument, AddImport, Edit, InsertStatements, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import NO_STATEMENTS, Block, Call
from fastapi_seclint.program.values import (
    Annotated,
    Class,
    Const,
    Dependency,
    External,
    Function,
    Instance,
    Place,
    Value,
    options,
)
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask, blocks_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.tokens.looking import looks_at
from fastapi_seclint.subjects.wiring.dependencies import DEPENDS, wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def wrapped(program: Program, place: Place, name: str) -> Fix | None:
    """Depends around the element of the Annotated that stands at a place."""
    for block in blocks_of(program, place.module):
        for form in block.forms.every:
            if form[0] == "sub" and form[1] == place.at and form[3][0] == "tuple":
                for item in form[3][2][1:]:
                    if item[0] in ("name", "attr") and item[-1] == name:
                        return depending(place, item)
    return None


def depending(place: Place, form: Form) -> Fix | None:
    """Depends around a name."""
    if form[0] not in ("name", "attr"):
        return None
    path = place.module.path
    depends, imports = _depends_in(place.module)
    edit = ReplaceExpression(path, span_of(form[1]), f"{depends}({spelled(form)})")
    return Fix(f"declare the dependency: `Depends({spelled(form)})`", True, (edit, *imports))


def default_form(function: Function, parameter: Parameter) -> Form | None:
    """The expression of a parameter's default."""
    for form in function.parameters:
        if form[0] == parameter.name and form[4] == parameter.place.at:
            found: Form | None = form[3]
            return found
    return None


def naming_guard(program: Program, dependency: Dependency, made: Class) -> Fix | None:
    """`Depends()` or `Depends(User)` with the function that authenticates and gives such a user.

    Safe when the project has one such function only.
    """
    call = _call_at(program, dependency.place)
    found = [function for function in givers(program, made) if "." not in function.qualname]
    found.sort(key=lambda function: -sum(_asks(program, function, other) for other in found))
    if call is None or not found:
        return None
    reached = _reached(call.block.module, found[0])
    if reached is None:
        return None
    code, imports = reached
    path = call.block.module.path
    argument = call.argument("dependency", 0)
    edit: Edit
    if argument is None:
        edit = AddArgument(path, span_of(call.form[1]), code)
    elif argument.keyword is not None:
        edit = SetKeyword(path, span_of(call.form[1]), argument.keyword, code)
    else:
        edit = ReplaceExpression(path, span_of(argument.form[1]), code)
    return Fix(f"authenticate the caller: `Depends({code})`", len(found) == 1, (edit, *imports))


def with_guard(program: Program, function: Function, parameter: Parameter, guard: Value | None) -> Fix | None:
    """The annotation of a plain parameter made `Annotated[..., Depends(guard)]`."""
    form = next((item for item in function.parameters if item[4] == parameter.place.at), None)
    named = running(guard) if guard is not None else None
    if form is None or form[2] is None or form[2][0] not in ("name", "attr") or named is None:
        return None
    module = function.module
    reached = _reached(module, named)
    if reached is None:
        return None
    code, imports = reached
    depends, more = _depends_in(module)
    new = f"Annotated[{spelled(form[2])}, {depends}({code})]"
    edit = ReplaceExpression(module.path, span_of(form[2][1]), new)
    title = f"ask the guard for it, as the other routes do: `Depends({code})`"
    return Fix(title, False, (edit, *imports, *more, AddImport(module.path, "typing", "Annotated")))


def outside_union(program: Program, function: Function, parameter: Parameter, alias: Annotated) -> Fix | None:
    """The alias without its union, or the project's dependency that gives None to anonymous callers.

    Nothing where the function asks whether there is a user, and the project has no such dependency.
    """
    form = next((item for item in function.parameters if item[4] == parameter.place.at), None)
    module = function.module
    written = form[2] if form is not None and form[2] is not None and form[2][0] in ("binop", "sub") else None
    if written is None:
        return None
    outside = Block(module, None, module.scope, NO_STATEMENTS)
    names = [item for item in walk(written) if item[0] in ("name", "attr")]
    name = next((item for item in names if alias in options(ask(program, outside, item))), None)
    if name is None:
        return None
    path, span = module.path, span_of(written[1])
    made = next((option for option in options(alias.base) if isinstance(option, Class)), None)
    optional = None if made is None else _optional_giver(program, made)
    reached = _reached(module, optional) if optional is not None else None
    local = next((key for key, value in module.scope.names.items() if value is made), None)
    if made is not None and reached is not None:
        depends, more = _depends_in(module)
        edits: list[Edit] = [*reached[1], *more, AddImport(path, "typing", "Annotated")]
        edits += [] if local else [AddImport(path, made.module.name, made.name, local=True, target=made.module.path)]
        code = f"Annotated[{local or made.name} | None, {depends}({reached[0]})]"
        return Fix(f"depend on {reached[0]}", True, (ReplaceExpression(path, span, code), *edits))
    if looks_at(function, {parameter.name}):
        return None
    return Fix("ask for a user", False, (ReplaceExpression(path, span, spelled(name)),))


def _optional_giver(program: Program, made: Class) -> Function | None:
    """The function that depends on something and gives such a user or None."""
    own = [
        (name, value)
        for module in program.modules.by_file.values()
        for name, value in sorted(module.scope.names.items())
        if isinstance(value, Function) and value.module is module and not program.is_test(module)
    ]
    for name, function in own:
        depends = any(program.walker.resolver.dependency_of(item) is not None for item in parameters(function))
        if function.returns is None or not depends or function.name != name:
            continue
        answer = program.interpreter.ask(function.returns, function.scope)
        members = [item for option in options(answer) for item in getattr(option, "members", [option])]
        none = any(isinstance(item, Const) and item.value is None for item in members)
        if none and any(item is made for item in members) and "." not in function.qualname:
            return function
    return None


def returning_guard(program: Program, dependency: Dependency) -> Fix | None:
    """`return check` at the end of the factory that makes a guard and forgets to return it."""
    call = _call_at(program, dependency.place)
    argument = call.argument("dependency", 0) if call is not None else None
    if call is None or argument is None or argument.form[0] != "call":
        return None
    for function, _ in called(program, call.block, argument.form):
        body = function.statements()
        inner = [form for form in body if form[0] == "def"]
        if len(inner) == 1 and body[-1] is inner[0]:
            edit = InsertStatements(function.module.path, span_of(function.at), "last-in-body", f"return {inner[0][3]}")
            return Fix(f"return the guard: `return {inner[0][3]}`", True, (edit,))
    return None


def givers(program: Program, made: Class) -> Iterator[Function]:
    """The functions of the project that authenticate a caller and return an object of a class."""
    for value in wiring(program).callables:
        function = running(value)
        if not isinstance(value, Function | Instance) or function is None or function.returns is None:
            continue
        answer = program.interpreter.ask(function.returns, function.scope)
        gives = any(made in cls.lineage() for option in options(answer) for cls in access.classes(option))
        if gives and program.guard_model.authenticates(value):
            yield function


def _asks(program: Program, function: Function, other: Function) -> bool:
    """Whether a guard depends on another one, and so demands more."""
    return any(node.runs is other for top in program.walker.resolver.of_callable(function) for node in top.walk())


def _call_at(program: Program, place: Place | None) -> Call | None:
    for call in wiring(program).calls:
        if place is not None and call.form[1] == place.at and call.block.module is place.module:
            return call
    return None


def _reached(module: Module, function: Function) -> tuple[str, tuple[Edit, ...]] | None:
    """How a file names a function of another one, and the import that it needs for that."""
    for name, value in module.scope.names.items():
        if value is function:
            return name, ()
    if "." in function.qualname or function.module is module or function.name in module.scope.names:
        return None
    return function.name, (
        AddImport(module.path, function.module.name, function.name, local=True, target=function.module.path),
    )


def _depends_in(module: Module) -> tuple[str, tuple[Edit, ...]]:
    """How a file calls Depends, and the import that it needs for that."""
    for name, value in module.scope.names.items():
        if isinstance(value, External) and value.name == DEPENDS[0] and not value.called:
            return name, ()
    fastapi = module.scope.local("fastapi")
    if isinstance(fastapi, External) and fastapi.name == "fastapi":
        return "fastapi.Depends", ()
    return "Depends", (AddImport(module.path, "fastapi", "Depends"),)
