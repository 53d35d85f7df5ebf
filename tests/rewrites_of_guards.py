"""Guards and helpers in other shapes: objects that are called, functions that a factory makes, values that are cast."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rewrites import Definition, Rewrite, after_future, each_file

_NOTHING = ast.arguments([], [], None, [], [], None, [])


def _guards(tree: ast.Module) -> Iterator[tuple[int, Definition]]:
    """The functions of a module that are only named in `Depends(...)`, with their places."""
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and _calls_depends(node)]
    wanted = {node.args[0].id for node in named if isinstance(node.args[0], ast.Name)}
    once = {name for name in wanted if _times(tree, name) == sum(_names(node, name) for node in named)}
    for number, statement in enumerate(tree.body):
        if isinstance(statement, Definition) and statement.name in once and not statement.decorator_list:
            yield number, statement


def _calls_depends(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("Depends", "Security")


def _names(call: ast.Call, *names: str) -> bool:
    return isinstance(call.args[0], ast.Name) and call.args[0].id in names


def _times(tree: ast.Module, name: str) -> int:
    return sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _renamed(function: Definition, name: str, first: str = "") -> Definition:
    """A function under another name, with one more parameter in front where one is given."""
    positional = [*([ast.arg(first)] if first else []), *function.args.args]
    args = function.args
    given = ast.arguments(
        args.posonlyargs, positional, args.vararg, args.kwonlyargs, args.kw_defaults, args.kwarg, args.defaults
    )
    return type(function)(name, given, function.body, [], function.returns)


@each_file
def guards_called(tree: ast.Module) -> bool:
    """`def user(...)` as `class UserGuard: def __call__(self, ...)` and `user = UserGuard()`."""
    found = [*_guards(tree)]
    for number, function in reversed(found):
        name = "".join(part.title() for part in function.name.split("_")) + "Guard"
        made = ast.Call(ast.Name(name, ast.Load()), [], [])
        tree.body[number : number + 1] = [
            ast.ClassDef(name, [], [], [_renamed(function, "__call__", "self")], []),
            ast.Assign([ast.Name(function.name, ast.Store())], made),
        ]
    return bool(found)


@each_file
def guards_made(tree: ast.Module) -> bool:
    """`def user(...)` as `def make_user(): def check(...): ...; return check`, and `Depends(make_user())`."""
    found = [*_guards(tree)]
    for number, function in found:
        given = ast.Return(ast.Name("check", ast.Load()))
        maker = ast.FunctionDef(f"make_{function.name}", _NOTHING, [_renamed(function, "check"), given], [])
        tree.body[number] = maker
    names = {function.name for _, function in found}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _calls_depends(node) and _names(node, *names):
            node.args[0] = ast.Call(ast.Name(f"make_{ast.unparse(node.args[0])}", ast.Load()), [], [])
    return bool(found)


@each_file
def values_cast(tree: ast.Module) -> bool:
    """`x = f()` in functions as `x = typing.cast("object", f())`."""
    changed = False
    for function in [node for node in ast.walk(tree) if isinstance(node, Definition)]:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.Subscript | ast.Await):
                cast = ast.Attribute(ast.Name("typing", ast.Load()), "cast", ast.Load())
                node.value = ast.Call(cast, [ast.Constant("object"), node.value], [])
                changed = True
    if changed:
        tree.body.insert(after_future(tree), ast.Import([ast.alias("typing")]))
    return changed


@each_file
def tokens_signed_elsewhere(tree: ast.Module) -> bool:
    """`return jwt.encode(claims, KEY)` as `return signed(claims)`, which does it."""
    makers = [node for node in ast.walk(tree) if isinstance(node, ast.Return) and _signs(node.value)]
    if len(makers) != 1 or not isinstance(call := makers[0].value, ast.Call):
        return False
    keys = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    if any(isinstance(node, ast.Name) and not node.id.isupper() for key in keys for node in ast.walk(key)):
        return False
    inner = ast.Call(call.func, [ast.Name("claims", ast.Load()), *call.args[1:]], call.keywords)
    makers[0].value = ast.Call(ast.Name("signed", ast.Load()), call.args[:1], [])
    given = ast.arguments([], [ast.arg("claims")], None, [], [], None, [])
    tree.body.append(ast.FunctionDef("signed", given, [ast.Return(inner)], []))
    return True


def _signs(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "jwt.encode" and bool(value.args)


REWRITES: tuple[Rewrite, ...] = (guards_called, guards_made, values_cast, tokens_signed_elsewhere)
