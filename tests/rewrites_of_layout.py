"""A project of one file as a package, as larger projects are laid out; a rewrite for each way of importing."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping

from rewrites import Definition, Files, Rewrite, parsed
from wiring import Route, asked, code, dependency, imported, names_in, owners, parameters, routes, taken, text, value

CONFIG, SCHEMAS, SECURITY, DEPS, ROUTES, MAIN = range(6)
MODULES = {
    CONFIG: "app.core.config",
    SCHEMAS: "app.schemas",
    SECURITY: "app.core.security",
    DEPS: "app.api.deps",
    MAIN: "app.main",
}
_SETTLED = ("os.getenv", "os.environ.get", "int", "str", "float", "bool", "set", "frozenset", "timedelta")


def bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module binds."""
    if isinstance(statement, Definition | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    stored = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(getattr(node, "ctx", None), ast.Store)
    ]
    return {node.id for node in stored} if not isinstance(statement, ast.Expr) else set()


def is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def needed(imports: list[ast.stmt], used: set[str]) -> list[ast.stmt]:
    """What is left of imports where only some names are used."""
    found = []
    for statement in imports:
        kept = copy.deepcopy(statement)
        assert isinstance(kept, ast.Import | ast.ImportFrom)
        kept.names = [
            alias for alias in kept.names
            if alias.name in ("*", "annotations") or (alias.asname or alias.name.partition(".")[0]) in used
        ]  # fmt: skip
        found += [kept] if kept.names else []
    return found


class Package:
    """The modules that the statements of one file go to."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imports = [statement for statement in tree.body if is_import(statement)]
        self.rest = [statement for statement in tree.body if not is_import(statement)]
        self.where: dict[str, str] = {}
        self.modules: dict[str, list[ast.stmt]] = {}
        self.routers: list[str] = []

    def split(self) -> bool:
        """Whether every statement finds its place: the one for its kind, or that of what it speaks of."""
        apps = owners(self.tree, "FastAPI")
        made = {id(route.handler): route for route in routes(self.tree, sockets=True)}
        names = [name for statement in self.rest for name in bound_by(statement)]
        odd = any(isinstance(node, ast.Global) for node in ast.walk(self.tree)) or owners(self.tree, "APIRouter")
        if len(apps) != 1 or not made or len(names) != len(set(names)) or odd:
            return False
        (app,) = apps
        layers = self._layers(app, apps[app], made)
        for statement in self.rest:
            if id(statement) in made and (
                layers[id(statement)] != ROUTES or app in names_in(*made[id(statement)].handler.body)
            ):
                return False
            if id(statement) not in made and layers[id(statement)] == ROUTES:
                return False
        for statement in self.rest:
            module = MODULES.get(layers[id(statement)]) or self._of_route(made[id(statement)])
            self.modules.setdefault(module, []).append(statement)
            self.where |= dict.fromkeys(bound_by(statement), module)
        for module in self.routers:
            self.modules[module][:0] = code("router = APIRouter()")
        included = "\n".join(f"{app}.include_router({module.rpartition('.')[2]}.router)" for module in self.routers)
        self.modules["app.main"] += code(included)
        return True

    def _layers(self, app: str, making: ast.expr, made: Mapping[int, Route]) -> dict[int, int]:
        binder = {name: statement for statement in self.rest for name in bound_by(statement)}
        layers = {id(statement): self._kind(statement, app, making, made) for statement in self.rest}
        for _ in self.rest:
            for statement in self.rest:
                used = names_in(statement) - bound_by(statement) - ({app} if id(statement) in made else set())
                below = [layers[id(binder[name])] for name in used if name in binder]
                layers[id(statement)] = max([layers[id(statement)], *below])
        return layers

    def _kind(self, statement: ast.stmt, app: str, making: ast.expr, made: Mapping[int, Route]) -> int:
        if id(statement) in made:
            return ROUTES
        if isinstance(statement, Definition):
            if any(app in names_in(item) for item in statement.decorator_list):
                return MAIN
            depends = statement.name in asked(self.tree) or any(dependency(item) for item in parameters(statement))
            return DEPS if depends else SECURITY
        if isinstance(statement, ast.ClassDef):
            return SCHEMAS
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            calls = [node for node in ast.walk(statement.value) if isinstance(node, ast.Call)]
            settled = all(text(call.func) in _SETTLED for call in calls)
            return MAIN if statement.value is making else CONFIG if settled else SECURITY
        return CONFIG

    def _of_route(self, route: Route) -> str:
        """The module of a route, by the first word of its path."""
        word = route.path.strip("/").partition("/")[0].replace("-", "_").replace(".", "_")
        module = f"app.api.routes.{word if word.isidentifier() else 'root'}_routes"
        route.decorator.value = ast.Name("router")
        if module not in self.routers:
            self.routers.append(module)
        return module

    def wanted(self, module: str) -> dict[str, list[str]]:
        """The names of other modules that a module uses, quoted annotations included."""
        own = {name for statement in self.modules[module] for name in bound_by(statement)}
        nodes = [node for statement in self.modules[module] for node in ast.walk(statement)]
        classes = {name for name, where in self.where.items() if where == "app.schemas"}
        quoted = {
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        } & classes
        found: dict[str, list[str]] = {}
        for name in sorted((names_in(*self.modules[module]) | quoted) - own):
            if name in self.where:
                found.setdefault(self.where[name], []).append(name)
        return found

    def written(self, style: _Style) -> Files:
        """The files, with imports in one style."""
        files = {}
        for module, found in self.modules.items():
            statements = copy.deepcopy(found)
            lines = ["from fastapi import APIRouter"] if module in self.routers else []
            for other, names in self.wanted(module).items():
                lines += style(self, module, other, names, statements)
            if module == "app.main":
                lines += [f"from app.api.routes import {one.rpartition('.')[2]}" for one in self.routers]
            tree = ast.Module([*needed(self.imports, names_in(*statements)), *statements], [])
            imported(tree, "\n".join(lines))
            files[f"{module.replace('.', '/')}.py"] = text(tree) + "\n"
        folders = {path.rpartition("/")[0] for path in files} | {"app", "app/api"}
        return {**files, **{f"{folder}/__init__.py": self._offered(folder) for folder in folders}}

    def _offered(self, folder: str) -> str:
        """What a package offers of the modules in it, for those who import from the package."""
        lines = []
        for module in (MODULES[CONFIG], MODULES[SECURITY], MODULES[DEPS]):
            names = sorted(name for name, where in self.where.items() if where == module)
            if names and module.startswith(f"{folder.replace('/', '.')}.") and folder != "app":
                lines.append(f"from .{module.rpartition('.')[2]} import {', '.join(names)}\n")
        return "".join(lines)


_Style = Callable[[Package, str, str, list[str], list[ast.stmt]], list[str]]


def _absolute(package: Package, module: str, other: str, names: list[str], statements: list[ast.stmt]) -> list[str]:
    return [f"from {other} import {', '.join(names)}"]


def _relative(package: Package, module: str, other: str, names: list[str], statements: list[ast.stmt]) -> list[str]:
    dots = "." * module.count(".")
    return [f"from {dots}{other.removeprefix('app.')} import {', '.join(names)}"]


def _from_package(package: Package, module: str, other: str, names: list[str], statements: list[ast.stmt]) -> list[str]:
    """`from app.core import find`, which the package offers; modules of the same package import one another."""
    folder = other.rpartition(".")[0]
    outside = folder != "app" and not module.startswith(f"{folder}.")
    return [f"from {folder if outside else other} import {', '.join(names)}"]


class _Attributes(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return value(self.names[node.id]) if node.id in self.names else node


def _by_module(package: Package, module: str, other: str, names: list[str], statements: list[ast.stmt]) -> list[str]:
    """`from app.core import security` and `security.find`."""
    folder, _, last = other.rpartition(".")
    known = taken(package.tree) | {name for item in package.imports for name in bound_by(item)}
    quoted = {node.value for item in statements for node in ast.walk(item) if isinstance(node, ast.Constant)}
    by_name = [name for name in names if name in known or name in quoted]
    attributes = _Attributes({name: f"{last}_module.{name}" for name in names if name not in by_name})
    for statement in statements:
        attributes.visit(statement)
    lines = [f"from {folder} import {last} as {last}_module"] if attributes.names else []
    return [*lines, *([f"from {other} import {', '.join(by_name)}"] if by_name else [])]


def _late(package: Package, module: str, other: str, names: list[str], statements: list[ast.stmt]) -> list[str]:
    """Imports inside the functions that need them, as those write who fear circles."""
    outer = [item.args if isinstance(item, Definition) else item for item in statements]
    heads = [
        part for item in statements if isinstance(item, Definition) for part in (*item.decorator_list, item.returns)
    ]
    above = names_in(*outer, *(part for part in heads if part is not None))
    inside = [name for name in names if name not in above and other != "app.schemas"]
    for statement in statements:
        used = sorted(names_in(*statement.body) & {*inside}) if isinstance(statement, Definition) else []
        if used and isinstance(statement, Definition):
            at = int(ast.get_docstring(statement) is not None)
            statement.body[at:at] = code(f"from {other} import {', '.join(used)}")
    rest = [name for name in names if name not in inside]
    return [f"from {other} import {', '.join(rest)}"] if rest else []


def _rewrite(name: str, style: _Style) -> Rewrite:
    def run(files: Mapping[str, str]) -> Files | None:
        if [path for path in files if path.endswith(".py")] != ["main.py"]:
            return None
        tree = parsed(files["main.py"])
        package = Package(tree) if tree is not None else None
        if package is None or not package.split():
            return None
        return {**{path: written for path, written in files.items() if path != "main.py"}, **package.written(style)}

    run.__name__ = f"package_{name}"
    return run


REWRITES: tuple[Rewrite, ...] = (
    _rewrite("absolute", _absolute),
    _rewrite("relative", _relative),
    _rewrite("from_package", _from_package),
    _rewrite("by_module", _by_module),
    _rewrite("late", _late),
)
