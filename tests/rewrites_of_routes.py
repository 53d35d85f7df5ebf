"""How routes come to an application: by classes, functions, loops, objects; how modules name libraries."""

from __future__ import annotations

import ast

from rewrites import Rewrite, each_file
from wiring import (
    Route,
    camel,
    code,
    functions,
    imported,
    is_depends,
    movable,
    names_in,
    owners,
    parameters,
    routes,
    taken,
    taken_out,
    takes,
    text,
    value,
)

_LIBRARIES = ("fastapi", "starlette", "slowapi", "jwt", "jose", "passlib", "pwdlib", "argon2")


@each_file
def class_based_views(tree: ast.Module) -> bool:
    """The handlers of a router as methods of a class with `@cbv(router)`."""
    changed = False
    for owner in owners(tree):
        mine = movable(tree, owner)
        if not mine:
            continue
        at = taken_out(tree, mine)
        (made,) = code(f"@cbv(views_of_{owner})\nclass ViewsOf{camel(owner)}:\n    pass")
        assert isinstance(made, ast.ClassDef)
        for route in mine:
            route.decorator.value = ast.Name(f"views_of_{owner}")
            takes(route.handler, [(ast.arg("self"), None), *parameters(route.handler)])
        made.body = [route.handler for route in mine]
        is_router = owner in owners(tree, "APIRouter")
        head = f"views_of_{owner} = {owner if is_router else 'APIRouter()'}"
        tail = "" if is_router else f"{owner}.include_router(views_of_{owner})"
        tree.body[at:at] = [*code(head), made, *code(tail)]
        changed = True
    if changed:
        imported(tree, "from fastapi import APIRouter\nfrom fastapi_utils.cbv import cbv")
    return changed


@each_file
def class_with_router(tree: ast.Module) -> bool:
    """The handlers of a router as methods of a class that adds them to its `self.router`."""
    changed = False
    for owner, making in owners(tree).items():
        mine = movable(tree, owner)
        if not mine or not all(route.is_alone for route in mine):
            continue
        is_router, at = owner in owners(tree, "APIRouter"), taken_out(tree, mine)
        lines = [f"self.router = {text(making) if is_router else 'APIRouter()'}", *map(_added, mine)]
        body = "".join(f"        {line}\n" for line in lines)
        (made,) = code(f"class {camel(owner)}Api:\n    def __init__(self):\n{body}")
        assert isinstance(made, ast.ClassDef)
        for route in mine:
            route.handler.decorator_list = []
            takes(route.handler, [(ast.arg("self"), None), *parameters(route.handler)])
        made.body += [route.handler for route in mine]
        call = f"{camel(owner)}Api().router"
        tree.body[at:at] = [made, *code(f"{owner} = {call}" if is_router else f"{owner}.include_router({call})")]
        _without(tree, making if is_router else None)
        changed = True
    if changed:
        imported(tree, "from fastapi import APIRouter")
    return changed


def _added(route: Route) -> str:
    given = f"{text(route.call.args[0])}, self.{route.handler.name}, methods=['{route.method.upper()}']"
    return f"self.router.add_api_route({given}{route.options()})"


def _without(tree: ast.Module, making: ast.Call | None) -> None:
    """Takes the assignment away that makes a router."""
    tree.body = [item for item in tree.body if not (isinstance(item, ast.Assign) and item.value is making)]


@each_file
def routes_registered(tree: ast.Module) -> bool:
    """The routes inside `def register(app)`, which is called with the application."""
    changed = False
    for owner in owners(tree):
        mine = movable(tree, owner, sockets=True)
        if not mine:
            continue
        at = taken_out(tree, mine)
        (made,) = code(f"def register_{owner}({owner}):\n    pass")
        assert isinstance(made, ast.FunctionDef)
        made.body = [route.handler for route in mine]
        tree.body[at:at] = [made, *code(f"register_{owner}({owner})")]
        changed = True
    return changed


@each_file
def router_made_with_guards(tree: ast.Module) -> bool:
    """The routes inside `def create_router(guard)`, which is handed the guards."""
    changed = False
    for owner, making in owners(tree).items():
        mine = movable(tree, owner, sockets=True)
        if not mine:
            continue
        is_router, at, known = owner in owners(tree, "APIRouter"), taken_out(tree, mine), functions(tree)
        calls = [node for route in mine for node in ast.walk(route.handler) if is_depends(node)]
        guards = sorted(names_in(*calls) & {*known})
        for route in mine:
            route.decorator.value = ast.Name("made")
            _handed(route.handler, {*guards})
        (made,) = code(f"def create_{owner}({', '.join(f'given_{guard}' for guard in guards)}):\n    pass")
        assert isinstance(made, ast.FunctionDef)
        first = code(f"made = {text(making) if is_router else 'APIRouter()'}")
        made.body = [*first, *(route.handler for route in mine), *code("return made")]
        call = f"create_{owner}({', '.join(guards)})"
        tree.body[at:at] = [made, *code(f"{owner} = {call}" if is_router else f"{owner}.include_router({call})")]
        _without(tree, making if is_router else None)
        changed = True
    if changed:
        imported(tree, "from fastapi import APIRouter")
    return changed


def _handed(handler: ast.AST, guards: set[str]) -> None:
    """Names the parameters in place of the guards in what a handler depends on."""
    for call in [node for node in ast.walk(handler) if is_depends(node)]:
        for node in ast.walk(call):
            if isinstance(node, ast.Name) and node.id in guards:
                node.id = f"given_{node.id}"


@each_file
def routers_by_path(tree: ast.Module) -> bool:
    """The routes of an application on routers with a prefix, which it includes in a loop over a list."""
    changed = False
    for owner in owners(tree, "FastAPI"):
        groups: dict[str, list[Route]] = {}
        for route in movable(tree, owner, sockets=True):
            groups.setdefault(route.path.split("/")[1] if route.path.startswith("/") else "", []).append(route)
        groups = {word: mine for word, mine in groups.items() if word.isidentifier()}
        if not groups or any(f"{word}_router" in names_in(tree) for word in groups):
            continue
        for word, mine in groups.items():
            at = tree.body.index(mine[0].handler)
            tree.body[at:at] = code(f"{word}_router = APIRouter(prefix='/{word}', tags=['{word}'])")
            for route in mine:
                route.decorator.value = ast.Name(f"{word}_router")
                route.call.args[0] = ast.Constant(route.path[len(word) + 1 :])
        last = max(tree.body.index(mine[-1].handler) for mine in groups.values()) + 1
        every = "".join(f"{word}_router, " for word in groups)
        tree.body[last:last] = code(f"for included in ({every}):\n    {owner}.include_router(included)")
        changed = True
    if changed:
        imported(tree, "from fastapi import APIRouter")
    return changed


@each_file
def api_routes(tree: ast.Module) -> bool:
    """`@app.get("/x")` as `@app.router.api_route("/x", methods=["GET"])`."""
    mine = routes(tree)
    for route in mine:
        method = route.method.upper()
        route.decorator.attr = "api_route"
        route.call.keywords.append(ast.keyword("methods", ast.List([ast.Constant(method)], ast.Load())))
        if route.owner in owners(tree, "FastAPI"):
            route.decorator.value = value(f"{route.owner}.router")
    return bool(mine)


@each_file
def route_objects(tree: ast.Module) -> bool:
    """`@app.get("/x")` as an `APIRoute` in a list of which a router is made."""
    changed = False
    for owner in owners(tree, "FastAPI"):
        mine = [route for route in routes(tree) if route.owner == owner]
        if not mine or not all(route.is_alone for route in mine):
            continue
        rows = []
        for route in mine:
            given = f"{text(route.call.args[0])}, {route.handler.name}, methods=['{route.method.upper()}']"
            rows.append(f"APIRoute({given}{route.options()})")
            route.handler.decorator_list = []
        last = tree.body.index(mine[-1].handler) + 1
        lines = f"listed = [{', '.join(rows)}]\n{owner}.include_router(APIRouter(routes=listed))"
        tree.body[last:last] = code(lines)
        changed = True
    if changed:
        imported(tree, "from fastapi import APIRouter\nfrom fastapi.routing import APIRoute")
    return changed


@each_file
def decorated_by_call(tree: ast.Module) -> bool:
    """`@app.get("/x")` above a function as `app.get("/x")(function)` below it."""
    mine = [route for route in routes(tree) if route.is_alone]
    for route in mine:
        route.handler.decorator_list = []
        at = tree.body.index(route.handler) + 1
        tree.body[at:at] = [ast.Expr(ast.Call(route.call, [ast.Name(route.handler.name)], []))]
    return bool(mine)


class _Whole(ast.NodeTransformer):
    """Writes names that are imported from modules as attributes of those."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return value(self.names[node.id]) if node.id in self.names and isinstance(node.ctx, ast.Load) else node


@each_file
def libraries_by_module(tree: ast.Module) -> bool:
    """`from fastapi import Depends` and `Depends` as `import fastapi` and `fastapi.Depends`, all libraries likewise."""
    found = [item for item in tree.body if isinstance(item, ast.ImportFrom) and item.level == 0]
    known = taken(tree)
    names: dict[str, str] = {}
    for statement in found:
        module = statement.module or ""
        if module.partition(".")[0] not in _LIBRARIES or module.partition(".")[0] in known:
            continue
        kept = [alias for alias in statement.names if alias.name == "*" or (alias.asname or alias.name) in known]
        moved = [alias for alias in statement.names if alias not in kept]
        names |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in moved}
        statement.names = kept
    _Whole(names).visit(tree)
    tree.body = [item for item in tree.body if not isinstance(item, ast.ImportFrom) or item.names]
    if names:
        modules = {name.rpartition(".")[0] for name in names.values()}
        imported(tree, "\n".join(f"import {module}" for module in sorted(modules)))
    return bool(names)


REWRITES: tuple[Rewrite, ...] = (
    class_based_views,
    class_with_router,
    routes_registered,
    router_made_with_guards,
    routers_by_path,
    api_routes,
    route_objects,
    decorated_by_call,
    libraries_by_module,
)
