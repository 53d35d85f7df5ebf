"""Refusals in functions of their own: `if wrong: raise ...` as `ensure_this(what)`, or as a method of an object."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rewrites import Definition, Rewrite, each_file

_BINDING = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda, ast.comprehension, ast.Global, ast.Nonlocal)


def _locals(function: Definition) -> set[str]:
    args = function.args
    given = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    names = {item.arg for item in given if item is not None}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler | Definition | ast.ClassDef) and node is not function:
            names.add(node.name or "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _blocks(function: Definition) -> Iterator[list[ast.stmt]]:
    """The blocks of a function, those of inner functions left out."""
    waiting: list[ast.AST] = [function]
    while waiting:
        node = waiting.pop()
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block
                waiting += [item for item in block if not isinstance(item, Definition | ast.ClassDef)]
        waiting += getattr(node, "handlers", [])


def _is_check(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(body=[ast.Raise(exc=ast.Call())], orelse=[]):
            return not any(isinstance(node, _BINDING) for node in ast.walk(statement))
    return False


def _moved(tree: ast.Module, owner: str) -> list[Definition]:
    """The checks of the functions of a module as functions of their own; what stands in their place calls them."""
    made: list[Definition] = []
    for function in [item for item in tree.body if isinstance(item, Definition)]:
        known = _locals(function)
        if any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(function)):
            continue
        for block in _blocks(function):
            for number, statement in enumerate(block):
                if not _is_check(statement):
                    continue
                used = [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
                given = [name for name in dict.fromkeys(used) if name in known]
                if not given:
                    continue
                name = f"ensure_{function.name}_{len(made)}"
                parameters = ast.arguments([], [ast.arg(item) for item in given], None, [], [], None, [])
                made.append(ast.FunctionDef(name, parameters, [statement], []))
                handed: list[ast.expr] = [ast.Name(item, ast.Load()) for item in given]
                block[number] = ast.Expr(ast.Call(ast.Name(f"{owner}{name}", ast.Load()), handed, []))
    return made


@each_file
def checks_called(tree: ast.Module) -> bool:
    """`if wrong: raise ...` as `ensure_this(what)`, a function at the end of the file."""
    made = _moved(tree, "")
    tree.body += made
    return bool(made)


@each_file
def checks_of_an_object(tree: ast.Module) -> bool:
    """`if wrong: raise ...` as `checks.ensure_this(what)`, a method of an object that the file makes."""
    made = _moved(tree, "checks.")
    if not made or "checks" in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
        return False
    for function in made:
        function.args.args.insert(0, ast.arg("self"))
    tree.body.append(ast.ClassDef("Checks", [], [], [*made], []))
    tree.body += ast.parse("checks = Checks()").body
    return True


@each_file
def errors_handed(tree: ast.Module) -> bool:
    """`if wrong: raise ...` as `ensure(not wrong, ...)`, a function at the end of the file."""
    changed = False
    for function in [item for item in tree.body if isinstance(item, Definition)]:
        for block in _blocks(function):
            for number, statement in enumerate(block):
                match statement:
                    case ast.If(test, [ast.Raise(exc=ast.Call() as error, cause=None)], []) if _is_check(statement):
                        handed = [ast.UnaryOp(ast.Not(), test), error]
                        block[number] = ast.Expr(ast.Call(ast.Name("ensure", ast.Load()), handed, []))
                        changed = True
    if changed:
        tree.body += ast.parse("def ensure(fits, error):\n    if not fits:\n        raise error").body
    return changed


REWRITES: tuple[Rewrite, ...] = (checks_called, checks_of_an_object, errors_handed)
