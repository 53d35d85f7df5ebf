"""Fixes that refuse where a dependency gave nothing: in the handler that goes on, in the look-up that finds nobody."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression, ReplaceStatement
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered

_REFUSAL = 'raise {}(status_code=401, detail="Not authenticated", headers={{"WWW-Authenticate": "Bearer"}})'


def demanded(function: Function, name: str, test: str = "{} is None") -> Fix | None:
    """The fix that lets a handler refuse when it got nobody for a parameter; `test` is true then, with `{}` for it."""
    if function.number < 0 or function.name == "<lambda>":
        return None
    error, imports = http_exception(function.module)
    code = f"if {test.replace('{}', name)}:\n    {_REFUSAL.format(error)}"
    edit = InsertStatements(function.module.path, span_of(function.at), "first-in-body", code)
    return Fix("refuse who is not logged in", False, (edit, *imports))


def asked_in_place(function: Function, name: str) -> Fix | None:
    """The same where one condition asks both: `if key is not None and key != KEY:` gets `key is None or key != KEY`."""
    for form in function.forms.of("if"):
        match form[2], form[3]:
            case [["bool", at, "and", [first, *rest]], [["raise", *_], *_]]:
                match first:
                    case ["compare", _, ["name", _, asked], ["is not"], [["const", _, None]]]:
                        missing = f"{name} is None"
                    case ["name", _, asked]:
                        missing = f"not {name}"
                    case _:
                        continue
                tests = [rendered(test) for test in rest]
                if asked == name and None not in tests:
                    wrong = " and ".join(map(str, tests))
                    code = f"{missing} or {wrong if len(tests) == 1 else f'({wrong})'}"
                    edit = ReplaceExpression(function.module.path, span_of(at), code)
                    return Fix("refuse who sends nothing, too", False, (edit,))
    return None


def asked_for(function: Function, name: str) -> Fix | None:
    """The fix that lets a guard refuse who sends nothing as it refuses what is wrong."""
    title = "refuse who sends nothing, too"
    path = function.module.path
    if (fix := asked_in_place(function, name)) is not None:
        return fix
    raised = next((rendered(form[2]) for form in function.forms.of("raise") if form[2] is not None), None)
    error, imports = http_exception(function.module)
    refusal, imports = (f"raise {raised}", ()) if raised is not None else (_REFUSAL.format(error), imports)
    for form in function.forms.of("if"):
        match form[2], form[3]:
            case [
                ["compare", _, ["name", _, asked], ["is"], [["const", _, None]]]
                | ["unary", _, "not", ["name", _, asked]],
                [["return", at, _]],
            ] if asked == name:
                return Fix(title, False, (ReplaceStatement(path, span_of(at), refusal), *imports))
    code = f"if {name} is None:\n    {refusal}"
    return Fix(title, False, (InsertStatements(path, span_of(function.at), "first-in-body", code), *imports))


def found_or_refused(function: Function, lookups: list[Form]) -> Fix | None:
    """The fix that refuses where a dependency gives back what it looked up, and found nothing."""
    error, imports = http_exception(function.module)
    taken = names_in([function.parameters, function.statements()])
    taken |= {item[0] for item in function.parameters}
    edits: list[Edit] = []
    for statement in lookups:
        value, path = statement[2], function.module.path
        if value[0] == "name":
            code = f"if {value[2]} is None:\n    {_REFUSAL.format(error)}"
            edits.append(InsertStatements(path, span_of(statement[1]), "before", code))
            continue
        awaited = value[0] == "await"
        looked_up = rendered(value[2] if awaited else value)
        name = next(free for free in ("found", "known", "caller", "found_caller") if free not in taken)
        if looked_up is None:
            return None
        lines = [
            f"{name} = {'await ' if awaited else ''}{looked_up}",
            f"if {name} is None:",
            f"    {_REFUSAL.format(error)}",
            f"return {name}",
        ]
        edits.append(ReplaceStatement(path, span_of(statement[1]), "\n".join(lines)))
    return Fix("refuse when nobody is found", False, (*edits, *imports)) if edits else None


def http_exception(module: Module) -> tuple[str, tuple[Edit, ...]]:
    """How a file names HTTPException, and the import that it needs for that."""
    for name, value in module.scope.names.items():
        for option in options(value):
            if not isinstance(option, External) or option.called:
                continue
            if option.name.endswith(".HTTPException") and option.name.startswith(("fastapi.", "starlette.")):
                return name, ()
            if option.name == "fastapi":
                return f"{name}.HTTPException", ()
    name = local_name(module, "HTTPException", "fastapi")
    return name, (AddImport(module.path, "fastapi", "HTTPException", None if name == "HTTPException" else name),)
