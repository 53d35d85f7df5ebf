"""Where guards and middleware stand: parameters, names of types, decorators, routers, includes, lists, services."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rewrites import Definition, Rewrite, each_file
from wiring import (
    Function,
    Parameter,
    asked,
    camel,
    code,
    dependency,
    functions,
    imported,
    includes,
    is_depends,
    keyword_of,
    listed,
    names_in,
    owners,
    parameters,
    routes,
    takes,
    text,
    tidy,
    times,
    type_of,
    value,
)


@each_file
def callers_named(tree: ast.Module) -> bool:
    """`user: User = Depends(find)` as `user: FindDep`, with `FindDep = Annotated[User, Depends(find)]`."""
    made: dict[str, str] = {}
    body: list[ast.stmt] = []
    for statement in tree.body:
        after: list[Parameter] = []
        for parameter in parameters(statement) if isinstance(statement, Definition) else ():
            call, kind = dependency(parameter), type_of(parameter)
            if call is None or kind is None or call.keywords or not call.args or not isinstance(call.args[0], ast.Name):
                after.append(parameter)
                continue
            whole = f"Annotated[{text(kind)}, {text(call)}]"
            if whole not in made:
                made[whole] = f"{camel(call.args[0].id)}Dep{len(made) or ''}"
                body += code(f"{made[whole]} = {whole}")
            parameter[0].annotation = ast.Name(made[whole])
            after.append((parameter[0], None if parameter[1] is call else parameter[1]))
        if isinstance(statement, Definition) and made:
            takes(statement, after)
        body.append(statement)
    tree.body = body
    if made:
        imported(tree, "from typing import Annotated")
    return bool(made)


@each_file
def asked_in_parameters(tree: ast.Module) -> bool:
    """`dependencies=[Depends(check)]` of a decorator as a parameter that nobody reads."""
    changed = False
    for route in routes(tree):
        found = listed(route.call)
        if found and all(map(is_depends, found)):
            unread = [(ast.arg(f"_guard{number or ''}"), item) for number, item in enumerate(found)]
            takes(route.handler, [*parameters(route.handler), *unread])
            found.clear()
            changed = True
        tidy(route.call)
    return changed


@each_file
def asked_on_each_route(tree: ast.Module) -> bool:
    """`APIRouter(dependencies=[...])`, and what includes of routers ask for, on the decorator of each route."""
    changed = False
    for name, making in owners(tree).items():
        mine = [route for route in routes(tree) if route.owner == name]
        included = [call for call, router in includes(tree) if router == name]
        if not mine or times(tree, name) != 1 + len(mine) + len(included) or len(included) > 1:
            continue
        lists = [keyword_of(call, "dependencies") for call in (making, *included)]
        wanted = [
            item for one in lists if one is not None and isinstance(one.value, ast.List) for item in one.value.elts
        ]
        own = [found for route in mine if (found := listed(route.call)) is not None]
        if wanted and len(own) == len(mine):
            for found in own:
                found += wanted
            for call in (making, *included):
                call.keywords = [keyword for keyword in call.keywords if keyword.arg != "dependencies"]
            changed = True
        for route in mine:
            tidy(route.call)
    return changed


@each_file
def security_for_depends(tree: ast.Module) -> bool:
    """`Depends(f)` as `Security(f)`."""
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and text(node.func) == "Depends" and node.args
    ]
    for node in found:
        node.func = ast.Name("Security")
    if found:
        imported(tree, "from fastapi import Security")
    return bool(found)


def _moves(function: Function) -> bool:
    """Whether the body of a function may stand somewhere else, and is worth it."""
    inner = [node for node in ast.walk(function) if node is not function]
    bound = (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, *Definition.__args__)
    plain = all(isinstance(item, ast.Expr | ast.Pass) for item in function.body)
    return not plain and not any(isinstance(node, bound) for node in inner) and not function.decorator_list


def moved(function: Function) -> tuple[Function, str]:
    """A function of the same name that does the work of one, and how that one hands over what it needs."""
    used = [item for item in parameters(function) if item[0].arg in names_in(*function.body)]
    taken = [ast.arg(argument.arg, type_of((argument, None))) for argument, _ in used]
    given = ", ".join(f"{argument.arg}={argument.arg}" for argument in taken)
    args = ast.arguments([], taken, None, [], [], None, [])
    return type(function)(function.name, args, function.body, [], function.returns), given


def hand_over(function: Function, call: str) -> None:
    """Lets a function do nothing but call."""
    awaits = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    function.body = code(f"return {awaits}{call}")


@each_file
def guards_handed_over(tree: ast.Module) -> bool:
    """The work of dependencies in the methods of a service: `return AuthService().current_user(token=token)`."""
    wanted = asked(tree)
    found = [item for name, item in functions(tree).items() if name in wanted and _moves(item) and item.args.args]
    if not found or "AuthService" in text(tree):
        return False
    methods = []
    for function in found:
        method, given = moved(function)
        method.args.args.insert(0, ast.arg("self"))
        hand_over(function, f"AuthService().{function.name}({given})")
        methods.append(method)
    (service,) = code("class AuthService:\n    pass")
    assert isinstance(service, ast.ClassDef)
    service.body = [*methods]
    tree.body.append(service)
    return True


def _added(tree: ast.Module) -> Iterator[tuple[ast.Expr, str, ast.Call]]:
    """`app.add_middleware(X, ...)` of the only application of a module: the statement, what is added, and the call."""
    apps = owners(tree, "FastAPI")
    for statement in tree.body if len(apps) == 1 else ():
        match statement:
            case ast.Expr(ast.Call(func=ast.Attribute(attr="add_middleware"), args=[ast.Name(kind)]) as call):
                if isinstance(statement, ast.Expr) and all(keyword.arg for keyword in call.keywords):
                    yield statement, kind, call


@each_file
def middleware_listed(tree: ast.Module) -> bool:
    """`app.add_middleware(X, a=1)` as `FastAPI(middleware=[Middleware(X, a=1)])`, where the last of them was added."""
    found = [*_added(tree)]
    if not found or text(tree).count("middleware(") != len(found):
        return False
    ((name, making),) = owners(tree, "FastAPI").items()
    made = next(item for item in tree.body if isinstance(item, ast.Assign) and item.value is making)
    last = tree.body.index(found[-1][0])
    statements = [item for item, _, _ in found]
    if any(name in names_in(item) for item in tree.body[tree.body.index(made) + 1 : last] if item not in statements):
        return False
    rows = [f"Middleware({kind}, {', '.join(map(text, call.keywords))})" for _, kind, call in reversed(found)]
    making.keywords.append(ast.keyword("middleware", value(f"[{', '.join(rows)}]")))
    tree.body[last] = made
    tree.body = [
        item for number, item in enumerate(tree.body) if item not in statements and (item is not made or number == last)
    ]
    imported(tree, "from starlette.middleware import Middleware")
    return True


@each_file
def middleware_in_a_loop(tree: ast.Module) -> bool:
    """Middleware with its options in a loop over pairs."""
    found = [*_added(tree)]
    if not found:
        return False
    (name,) = owners(tree, "FastAPI")
    options = [", ".join(f"{item.arg!r}: {text(item.value)}" for item in call.keywords) for _, _, call in found]
    pairs = ", ".join(f"({kind}, {{{given}}})" for (_, kind, _), given in zip(found, options, strict=True))
    last = tree.body.index(found[-1][0])
    tree.body[last : last + 1] = code(f"for kind, options in [{pairs}]:\n    {name}.add_middleware(kind, **options)")
    tree.body = [item for item in tree.body if all(item is not statement for statement, _, _ in found)]
    return True


@each_file
def middleware_dispatched(tree: ast.Module) -> bool:
    """`@app.middleware("http")` over a function as `app.add_middleware(BaseHTTPMiddleware, dispatch=function)`."""
    changed = False
    for function in functions(tree).values():
        match function.decorator_list:
            case [ast.Call(func=ast.Attribute(value=ast.Name(owner), attr="middleware"))]:
                function.decorator_list = []
                at = tree.body.index(function) + 1
                line = f"{owner}.add_middleware(BaseHTTPMiddleware, dispatch={function.name})"
                tree.body[at:at] = code(line)
                changed = True
    if changed:
        imported(tree, "from starlette.middleware.base import BaseHTTPMiddleware")
    return changed


REWRITES: tuple[Rewrite, ...] = (
    callers_named,
    asked_in_parameters,
    asked_on_each_route,
    security_for_depends,
    guards_handed_over,
    middleware_listed,
    middleware_in_a_loop,
    middleware_dispatched,
)
