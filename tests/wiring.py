"""What rewrites of the wiring ask of a module: its applications and routers, their routes, what handlers depend on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from rewrites import Definition, after_future

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "websocket")
Parameter = tuple[ast.arg, ast.expr | None]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def code(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def value(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def text(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


def names_in(*nodes: ast.AST) -> set[str]:
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def taken(tree: ast.AST) -> set[str]:
    """The names that functions take as parameters, or that are assigned anywhere."""
    names = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(getattr(node, "ctx", None), ast.Store)
    ]
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {node.id for node in names}


def times(tree: ast.AST, name: str) -> int:
    return sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def imported(tree: ast.Module, lines: str) -> None:
    """Adds statements on top of a module."""
    at = after_future(tree)
    tree.body[at:at] = code(lines)


def owners(tree: ast.Module, *kinds: str) -> dict[str, ast.Call]:
    """The calls that make the applications and routers of a module, by name."""
    found: dict[str, ast.Call] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(func=ast.Name(kind)) as call):
                if kind in (kinds or ("FastAPI", "APIRouter")):
                    found[name] = call
    return found


@dataclass
class Route:
    """A handler on the module level, the decorator that makes it a route, and of what."""

    handler: Function
    call: ast.Call
    decorator: ast.Attribute
    owner: str

    @property
    def method(self) -> str:
        return self.decorator.attr

    @property
    def path(self) -> str:
        match self.call.args:
            case [ast.Constant(value=str(path))]:
                return path
        return ""

    @property
    def is_alone(self) -> bool:
        return len(self.handler.decorator_list) == 1

    def options(self) -> str:
        """The other arguments of the decorator, as they follow those of a call."""
        return "".join(f", {text(keyword)}" for keyword in self.call.keywords)


def routes(tree: ast.Module, *, sockets: bool = False) -> list[Route]:
    """The routes of a module whose handlers have one such decorator and a path that is written down."""
    known, found = owners(tree), []
    for statement in tree.body:
        here = []
        for item in statement.decorator_list if isinstance(statement, Definition) else ():
            match item:
                case ast.Call(func=ast.Attribute(value=ast.Name(owner), attr=method) as decorator) if owner in known:
                    if method in METHODS and isinstance(statement, Definition):
                        here.append(Route(statement, item, decorator, owner))
        if len(here) == 1 and here[0].path and (sockets or here[0].method != "websocket"):
            found += here
    return found


def movable(tree: ast.Module, owner: str, *, sockets: bool = False) -> list[Route]:
    """The routes of an owner, where nothing else names their handlers."""
    mine = [route for route in routes(tree, sockets=True) if route.owner == owner]
    named = any(times(tree, route.handler.name) for route in mine)
    others = not sockets and any(route.method == "websocket" for route in mine)
    return [] if named or others else mine


def taken_out(tree: ast.Module, mine: list[Route]) -> int:
    """Takes handlers out of a module; gives the place where the last of them was."""
    last = tree.body.index(mine[-1].handler)
    for route in mine:
        tree.body.remove(route.handler)
    return last - len(mine) + 1


def parameters(function: Function) -> list[Parameter]:
    args = function.args
    both = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [*[None] * (len(both) - len(args.defaults)), *args.defaults]
    return [*zip(both, defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]


def takes(function: Function, wanted: list[Parameter]) -> None:
    """Gives a function these parameters, those without a default first."""
    ordered = sorted(wanted, key=lambda item: item[1] is not None)
    defaults = [default for _, default in ordered if default is not None]
    arguments = [argument for argument, _ in ordered]
    function.args = ast.arguments([], arguments, function.args.vararg, [], [], function.args.kwarg, defaults)


def is_depends(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Depends", "Security")


def dependency(parameter: Parameter) -> ast.Call | None:
    """The `Depends(...)` of a parameter, wherever it stands."""
    argument, default = parameter
    if is_depends(default):
        assert isinstance(default, ast.Call)
        return default
    match argument.annotation:
        case ast.Subscript(value=ast.Name("Annotated"), slice=ast.Tuple([_, ast.Call() as call])) if is_depends(call):
            return call
    return None


def type_of(parameter: Parameter) -> ast.expr | None:
    match parameter[0].annotation:
        case ast.Subscript(value=ast.Name("Annotated"), slice=ast.Tuple([kind, *_])):
            return kind
    return parameter[0].annotation


def keyword_of(call: ast.Call, name: str) -> ast.keyword | None:
    return next((keyword for keyword in call.keywords if keyword.arg == name), None)


def listed(call: ast.Call) -> list[ast.expr] | None:
    """The dependencies of a call that lists them; a new empty list where it has none, None for anything else."""
    keyword = keyword_of(call, "dependencies")
    if keyword is None:
        keyword = ast.keyword("dependencies", ast.List([], ast.Load()))
        call.keywords.append(keyword)
    return keyword.value.elts if isinstance(keyword.value, ast.List) else None


def tidy(call: ast.Call) -> None:
    """Takes an empty list of dependencies away."""
    keyword = keyword_of(call, "dependencies")
    if keyword is not None and isinstance(keyword.value, ast.List) and not keyword.value.elts:
        call.keywords.remove(keyword)


def includes(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """`app.include_router(router, ...)` on the module level: the call and the router's name."""
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Call(func=ast.Attribute(attr="include_router"), args=[ast.Name(router)]) as call):
                yield call, router


def functions(tree: ast.Module) -> dict[str, Function]:
    return {node.name: node for node in tree.body if isinstance(node, Definition)}


def asked(tree: ast.AST) -> set[str]:
    """The names in `Depends(...)`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_depends(node) and node.args]
    return {call.args[0].id for call in calls if isinstance(call.args[0], ast.Name)}


def camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
