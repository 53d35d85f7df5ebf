"""What handlers do in files of its own, errors of the project's own."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from rewrites import Files, Rewrite, each_file, parsed
from rewrites_of_layout import bound_by, is_import, needed
from rewrites_of_wiring import hand_over, moved
from wiring import (
    Function,
    asked,
    code,
    imported,
    names_in,
    owners,
    parameters,
    routes,
    taken,
    takes,
    text,
    times,
    value,
)

_ERRORS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict"}


def single(files: Mapping[str, str]) -> ast.Module | None:
    """The tree of a project that is one file without global statements."""
    if [path for path in files if path.endswith(".py")] != ["main.py"]:
        return None
    tree = parsed(files["main.py"])
    return None if tree is None or any(isinstance(node, ast.Global) for node in ast.walk(tree)) else tree


def _in_services(files: Mapping[str, str], *, injected: bool) -> Files | None:
    """The work of handlers in `services.py`, what both need in `common.py`."""
    tree = single(files)
    mine = [route.handler for route in routes(tree) if not _says_little(route.handler)] if tree is not None else []
    if tree is None or not mine or {"services", "service", "Service"} & names_in(tree):
        return None
    handlers = {id(route.handler) for route in routes(tree, sockets=True)}
    pairs = [moved(handler) for handler in mine]
    imports, rest = [item for item in tree.body if is_import(item)], [item for item in tree.body if not is_import(item)]
    common = _closure(rest, names_in(*(work for work, _ in pairs)))
    speaking = {*owners(tree), *(handler.name for handler in mine)}
    if any(id(item) in handlers or names_in(item) & speaking or bound_by(item) & speaking for item in common):
        return None
    for handler, (_, given) in zip(mine, pairs, strict=True):
        hand_over(handler, f"{'service' if injected else 'services'}.{handler.name}({given})")
        if injected:
            argument = ast.arg("service", ast.Name("Service"))
            takes(handler, [*parameters(handler), (argument, value("Depends()"))])
    statements: list[ast.stmt] = [work for work, _ in pairs]
    if injected:
        (service,) = code("class Service:\n    pass")
        assert isinstance(service, ast.ClassDef)
        for work, _ in pairs:
            work.args.args.insert(0, ast.arg("self"))
        service.body, statements = statements, [service]
    names = {name for item in common for name in bound_by(item)}
    head = "from fastapi import Depends\nfrom services import Service" if injected else "import services"
    main = [item for item in rest if item not in common]
    return {
        **{path: written for path, written in files.items() if path != "main.py"},
        "main.py": _module(imports, names, main, head),
        "services.py": _module(imports, names, statements),
        **({"common.py": _module(imports, set(), common)} if common else {}),
    }


def _says_little(handler: Function) -> bool:
    """Whether a handler only says what is written down, or cannot be taken apart."""
    odd = (ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.FunctionDef, ast.AsyncFunctionDef)
    inner = [node for statement in handler.body for node in ast.walk(statement)]
    plain = all(isinstance(item, ast.Expr | ast.Pass | ast.Return) and not names_in(item) for item in handler.body)
    return plain or any(isinstance(node, odd) for node in inner) or handler.args.kwarg is not None


def _closure(rest: list[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """The statements of a module that bind names, and what those speak of, in order."""
    found: list[ast.stmt] = []
    while more := [item for item in rest if item not in found and bound_by(item) & names]:
        found += more
        names = names | names_in(*more)
    return [item for item in rest if item in found]


def _module(imports: list[ast.stmt], names: set[str], statements: list[ast.stmt], head: str = "") -> str:
    nodes = [node for item in statements for node in ast.walk(item)]
    quoted = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    used = names_in(*statements) | quoted
    tree = ast.Module([*needed(imports, used), *statements], [])
    shared = sorted(names & used)
    imported(tree, "\n".join([head, f"from common import {', '.join(shared)}" if shared else ""]))
    return text(tree) + "\n"


def handled_by_functions(files: Mapping[str, str]) -> Files | None:
    """Handlers that only call: `return services.find(name=name)`."""
    return _in_services(files, injected=False)


def handled_by_a_service(files: Mapping[str, str]) -> Files | None:
    """Handlers that only call what they depend on: `return service.find(name=name)`."""
    return _in_services(files, injected=True)


def _refusals(tree: ast.Module) -> list[tuple[ast.Call, int]]:
    """The calls that make an `HTTPException` where it is raised, with the status where that is written down."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and text(node.exc.func) == "HTTPException":
            given = [keyword.value for keyword in node.exc.keywords if keyword.arg == "status_code"] + node.exc.args[:1]
            status = given[0].value if given and isinstance(given[0], ast.Constant) else 0
            found.append((node.exc, status if isinstance(status, int) else 0))
    return found


@each_file
def errors_of_their_own(tree: ast.Module) -> bool:
    """`raise HTTPException(404, "no")` as `raise NotFound("no")`, a class that knows its status."""
    found = [(call, status) for call, status in _refusals(tree) if status in _ERRORS]
    if {*_ERRORS.values()} & {name for item in tree.body for name in bound_by(item)}:
        return False
    for call, status in found:
        call.args = call.args[1:]
        call.keywords = [keyword for keyword in call.keywords if keyword.arg != "status_code"]
        call.func = ast.Name(_ERRORS[status])
    at = next((number for number, item in enumerate(tree.body) if not is_import(item)), 0)
    tree.body[at:at] = code("".join(_ERROR.format(_ERRORS[status], status) for status in {one for _, one in found}))
    return bool(found)


_ERROR = """
class {0}(HTTPException):
    def __init__(self, detail=None, headers=None):
        super().__init__(status_code={1}, detail=detail, headers=headers)
"""


@each_file
def errors_with_a_handler(tree: ast.Module) -> bool:
    """`raise HTTPException(...)` as `raise ApiError(...)`, which a handler of the application answers."""
    found, apps = _refusals(tree), owners(tree, "FastAPI")
    if not found or len(apps) != 1 or "exception_handler" in text(tree) or "except HTTPException" in text(tree):
        return False
    for call, _ in found:
        call.func = ast.Name("ApiError")
    ((app, making),) = apps.items()
    at = next(number for number, item in enumerate(tree.body) if isinstance(item, ast.Assign) and item.value is making)
    tree.body[at + 1 : at + 1] = code(_HANDLER.format(app))
    first = next(number for number, item in enumerate(tree.body) if not is_import(item))
    tree.body[first:first] = code(_API_ERROR)
    imported(tree, "from fastapi import Request\nfrom fastapi.responses import JSONResponse")
    return True


_API_ERROR = """
class ApiError(Exception):
    def __init__(self, status_code, detail=None, headers=None):
        self.status_code = status_code
        self.detail = detail
        self.headers = headers
"""
_HANDLER = """
@{0}.exception_handler(ApiError)
async def answer_error(request: Request, error: ApiError):
    return JSONResponse({{"detail": error.detail}}, status_code=error.status_code, headers=error.headers)
"""


@each_file
def handlers_async(tree: ast.Module) -> bool:
    """`def handler` as `async def handler`; dependencies, too."""
    changed, handlers = False, {id(route.handler) for route in routes(tree)}
    for number, item in enumerate(tree.body):
        if not isinstance(item, ast.FunctionDef) or not (id(item) in handlers or item.name in asked(tree)):
            continue
        called = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and text(node.func) == item.name]
        if not called and (id(item) in handlers or not item.decorator_list) and not _is_kept(tree, item):
            tree.body[number] = ast.AsyncFunctionDef(item.name, item.args, item.body, item.decorator_list, item.returns)
            changed = True
    return changed


def _is_kept(tree: ast.Module, function: ast.FunctionDef) -> bool:
    """Whether a function is handed to anything but `Depends(...)` and `Security(...)`."""
    depends = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and text(node.func) in ("Depends", "Security")
    ]
    named = sum(times(call, function.name) for call in depends)
    return times(tree, function.name) != named or function.name in taken(tree)


REWRITES: tuple[Rewrite, ...] = (
    handled_by_functions,
    handled_by_a_service,
    errors_of_their_own,
    errors_with_a_handler,
    handlers_async,
)
