"""Ways of writing a program anew that mean the same: other people's style for the same code.

A rewrite takes the files of a project and gives them rewritten, or None where it has nothing to do.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from keyword import iskeyword

Files = dict[str, str]
Rewrite = Callable[[Mapping[str, str]], Files | None]
Definition = ast.FunctionDef | ast.AsyncFunctionDef

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def each_file(rewrite: Callable[[ast.Module], bool]) -> Rewrite:
    """A rewrite of every file by itself; the function changes a tree and says whether it did."""

    @wraps(rewrite)
    def run(files: Mapping[str, str]) -> Files | None:
        written, changed = dict(files), False
        for path in files:
            tree = parsed(files[path]) if path.endswith(".py") else None
            if tree is not None and rewrite(tree):
                written[path], changed = _written(tree.body), True
        return written if changed else None

    return run


def _single_file(rewrite: Callable[[ast.Module], dict[str, list[ast.stmt]] | None]) -> Rewrite:
    """A rewrite of a project that is one file; the function gives the statements of the files it becomes."""

    @wraps(rewrite)
    def run(files: Mapping[str, str]) -> Files | None:
        tree = parsed(files["main.py"]) if [path for path in files if path.endswith(".py")] == ["main.py"] else None
        made = rewrite(tree) if tree is not None else None
        if made is None:
            return None
        return {**files, **{path: _written(statements) for path, statements in made.items()}}

    return run


def parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _written(statements: list[ast.stmt]) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(statements, []))) + "\n"


def _statements(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, Definition | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    stored = (inner for inner in ast.walk(statement) if isinstance(inner, ast.Name))
    return {inner.id for inner in stored if isinstance(inner.ctx, ast.Store)}


def _application(tree: ast.Module) -> str | None:
    """The name of the only application that a module makes."""
    found = [
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.value).startswith("FastAPI(")
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
    return found[0] if len(found) == 1 else None


def _decorator(statement: ast.stmt, owner: str) -> tuple[ast.Call, ast.Attribute] | None:
    """The decorator that makes a function a route of an application, and the method that it calls."""
    for item in statement.decorator_list if isinstance(statement, Definition) else ():
        if not isinstance(item, ast.Call) or not isinstance(item.func, ast.Attribute):
            continue
        if item.func.attr in _METHODS and isinstance(item.func.value, ast.Name) and item.func.value.id == owner:
            return item, item.func
    return None


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The blocks of all functions, inner ones included."""
    for function in ast.walk(tree):
        for node in ast.walk(function) if isinstance(function, Definition) else ():
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block


def _leaves(block: list[ast.stmt]) -> bool:
    return isinstance(block[-1], ast.Return | ast.Raise)


@each_file
def refusal_behind_else(tree: ast.Module) -> bool:
    """`if bad: raise` and what follows as `if not bad: ... else: raise`."""
    changed = False
    for function in [node for node in ast.walk(tree) if isinstance(node, Definition)]:
        body = function.body
        for number, statement in enumerate(body[:-1]):
            if isinstance(statement, ast.If) and not statement.orelse and _leaves(statement.body):
                body[number:] = [ast.If(ast.UnaryOp(ast.Not(), statement.test), body[number + 1 :], statement.body)]
                changed = True
                break
    return changed


@each_file
def error_made_before(tree: ast.Module) -> bool:
    """`raise Error()` as `error = Error()` and `raise error`."""
    changed = False
    for block in list(_blocks(tree)):
        for number, statement in reversed([*enumerate(block)]):
            if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
                made = ast.Assign([ast.Name("made_before", ast.Store())], statement.exc)
                statement.exc = ast.Name("made_before", ast.Load())
                block.insert(number, made)
                changed = True
    return changed


def refusals_elsewhere(files: Mapping[str, str]) -> Files | None:
    """`raise HTTPException(401, "no")` as `turn_away(401, "no")`, which another file defines."""
    written, changed = dict(files), False
    for path in files:
        tree = parsed(files[path]) if path.endswith(".py") else None
        if tree is None or not any(map(_imports_exception, tree.body)):
            continue
        for block in list(_blocks(tree)):
            for number, statement in enumerate(block):
                match statement:
                    case ast.Raise(exc=ast.Call(func=ast.Name(id="HTTPException"), args=given, keywords=named)):
                        block[number] = ast.Expr(ast.Call(ast.Name("turn_away"), given, named))
                        changed = True
        at = after_future(tree)
        written[path] = _written([*tree.body[:at], *_statements("from refusing import turn_away"), *tree.body[at:]])
    return {**written, "refusing.py": _REFUSING} if changed else None


_REFUSING = """\
from fastapi import HTTPException

def turn_away(status_code, detail=None, headers=None):
    raise HTTPException(status_code=status_code, detail=detail, headers=headers)
"""


def _imports_exception(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and any(alias.name == "HTTPException" for alias in statement.names)


class _Keywords(ast.NodeTransformer):
    """Writes displays of dictionaries as calls of `dict`."""

    changed = False

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        self.generic_visit(node)
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if not keys or not all(isinstance(key, str) and key.isidentifier() and not iskeyword(key) for key in keys):
            return node
        self.changed = True
        named = zip(keys, node.values, strict=True)
        return ast.Call(ast.Name("dict"), [], [ast.keyword(str(key), value) for key, value in named])


@each_file
def dictionaries_called(tree: ast.Module) -> bool:
    """`{"key": value}` as `dict(key=value)`."""
    keywords = _Keywords()
    keywords.visit(tree)
    return keywords.changed


@each_file
def annotated(tree: ast.Module) -> bool:
    """`user: User = Depends(find)` as `user: Annotated[User, Depends(find)]`."""
    changed = False
    for function in [node for node in ast.walk(tree) if isinstance(node, Definition)]:
        arguments = function.args
        first = len(arguments.args) - len(arguments.defaults)
        pairs: list[tuple[ast.arg, ast.expr | None]] = [*zip(arguments.args, [None] * first, strict=False)]
        for argument, default in zip(arguments.args[first:], arguments.defaults, strict=True):
            if argument.annotation is not None and ast.unparse(default).startswith(("Depends(", "Security(")):
                metadata = ast.Tuple([argument.annotation, default], ast.Load())
                argument.annotation = ast.Subscript(ast.Name("Annotated", ast.Load()), metadata, ast.Load())
                pairs.append((argument, None))
                changed = True
            else:
                pairs.append((argument, default))
        pairs.sort(key=lambda pair: pair[1] is not None)
        arguments.args = [argument for argument, _ in pairs]
        arguments.defaults = [default for _, default in pairs if default is not None]
    if changed:
        first = after_future(tree)
        tree.body[first:first] = _statements("from typing import Annotated")
    return changed


@each_file
def locals_annotated(tree: ast.Module) -> bool:
    """`user = find()` in a function as `user: object = find()`."""
    outside = {name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    changed = False
    for block in _blocks(tree):
        for number, statement in enumerate(block):
            match statement:
                case ast.Assign([ast.Name(name) as target], value) if name not in outside:
                    block[number] = ast.AnnAssign(target, ast.Name("object", ast.Load()), value, 1)
                    changed = True
    return changed


def after_future(tree: ast.Module) -> int:
    """Where the first import may stand."""
    heads = [
        number
        for number, statement in enumerate(tree.body)
        if (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    return heads[-1] + 1 if heads and heads[-1] <= 1 else 0


@each_file
def added_routes(tree: ast.Module) -> bool:
    """`@app.get("/")` as `app.add_api_route("/", handler, methods=["GET"])` below the handler."""
    owner, body, changed = _application(tree), [], False
    for statement in tree.body:
        body.append(statement)
        found = _decorator(statement, owner) if owner is not None else None
        if found is None or not isinstance(statement, Definition) or len(statement.decorator_list) > 1:
            continue
        call, method = found
        statement.decorator_list = []
        methods = ast.keyword("methods", ast.List([ast.Constant(method.attr.upper())], ast.Load()))
        handler = ast.Name(statement.name, ast.Load())
        adding = ast.Attribute(method.value, "add_api_route", ast.Load())
        body.append(ast.Expr(ast.Call(adding, [*call.args, handler], [*call.keywords, methods])))
        changed = True
    tree.body = body
    return changed


@_single_file
def factory(tree: ast.Module) -> dict[str, list[ast.stmt]] | None:
    """The application, and all that speaks of it, inside `create_app()`."""
    owner = _application(tree)
    if owner is None:
        return None
    outside: list[ast.stmt] = []
    inside: list[ast.stmt] = []
    moved = {owner}
    for statement in tree.body:
        if _names(statement) & moved or _bound(statement) & moved:
            inside.append(statement)
            moved |= _bound(statement)
        else:
            outside.append(statement)
    if any(isinstance(node, ast.Global | ast.ClassDef) for statement in inside for node in ast.walk(statement)):
        return None
    (create,) = _statements("def create_app():\n    pass")
    assert isinstance(create, ast.FunctionDef)
    create.body = [*inside, ast.Return(ast.Name(owner, ast.Load()))]
    return {"main.py": [*outside, create, *_statements(f"{owner} = create_app()")]}


@_single_file
def routes_of_their_own(tree: ast.Module) -> dict[str, list[ast.stmt]] | None:
    """The routes on a router in `routes.py`, what they share in `common.py`, the application in `main.py`."""
    owner = _application(tree)
    if owner is None or any("router" in _bound(statement) for statement in tree.body):
        return None
    parts: dict[str, list[ast.stmt]] = {"imports": [], "routes": [], "main": [], "common": []}
    speaking = {owner}
    for statement in tree.body:
        found = _decorator(statement, owner)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            parts["imports"].append(statement)
        elif found is not None:
            found[1].value = ast.Name("router", ast.Load())
            parts["routes"].append(statement)
        elif _names(statement) & speaking or _bound(statement) & speaking:
            parts["main"].append(statement)
            speaking |= _bound(statement)
        else:
            parts["common"].append(statement)
    if not parts["routes"] or any(_names(statement) & speaking for statement in parts["routes"]):
        return None
    shared = {name for statement in parts["common"] for name in _bound(statement)}

    def imports(statements: list[ast.stmt]) -> list[ast.stmt]:
        used = sorted(shared & {name for statement in statements for name in _names(statement)})
        return [*parts["imports"], *(_statements(f"from common import {', '.join(used)}") if used else [])]

    router = _statements("from fastapi import APIRouter\nrouter = APIRouter()")
    included = _statements(f"{owner}.include_router(router)")
    return {
        "common.py": [*parts["imports"], *parts["common"]],
        "routes.py": [*imports(parts["routes"]), *router, *parts["routes"]],
        "main.py": [
            *imports(parts["main"]),
            *_statements("from routes import router"),
            *parts["main"],
            *included,
        ],
    }


REWRITES: tuple[Rewrite, ...] = (
    refusal_behind_else,
    error_made_before,
    refusals_elsewhere,
    dictionaries_called,
    annotated,
    locals_annotated,
    added_routes,
    factory,
    routes_of_their_own,
)
