"""The house keeps its order: imports point one way, syntax trees stay in their rooms, and everything fits a screen."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "fastapi_seclint"
NAME = PACKAGE.name

# What each room may import at run time. `table` is program/table.py, plain data that outcome and report share.
PLAIN = {"spans", "rule", "table", "outcome"}
SETTINGS = {"config", "config_file", "config_keys", "selection"}
ALLOWED: dict[str, set[str]] = {
    "spans": set(),
    "rule": {"spans"},
    "table": {"spans"},
    "outcome": {"spans", "rule", "table"},
    "syntax": {"spans"},
    "cache": set(),
    "edits": {"spans", "syntax"},
    "discovery": PLAIN,
    "toml_lines": set(),
    "line_lengths": set(),
    "config": {"rule"},
    "config_keys": {"rule", "config"},
    "config_file": {"rule", "config", "config_keys", "toml_lines"},
    "selection": {*PLAIN, "config", "catalogue"},
    "facts": {"spans", "syntax"},
    "explanation": {"spans", "rule", "table"},
    "suppressions": {"spans", "rule"},
    "program": {*PLAIN, "facts", "discovery", "config", "explanation"},
    "subjects": {*PLAIN, "edits", "program", "facts", "shipped", "suppressions"},
    "checks": {*PLAIN, "edits", "program", "facts", "shipped", "suppressions", "subjects"},
    "catalogue": {"rule", "checks"},
    "report": {*PLAIN, "edits", "catalogue", "explanation", "config"},
    "engine": {
        *PLAIN,
        *SETTINGS,
        "edits",
        "syntax",
        "cache",
        "discovery",
        "facts",
        "program",
        "checks",
        "catalogue",
        "suppressions",
        "explanation",
        "line_lengths",
    },
    "fixing": {*PLAIN, "edits", "syntax", "line_lengths"},
    "cli": {
        *PLAIN,
        *SETTINGS,
        "shipped",
        "discovery",
        "cache",
        "catalogue",
        "engine",
        "edits",
        "fixing",
        "report",
        "suppressions",
    },
    "api": {*PLAIN, *SETTINGS, "discovery", "engine", "cli", "fixing"},
    "reference": set(),
    "shipped": set(),
}
ONLY_IN = {
    "ast": {"syntax", "facts"},
    "libcst": {"syntax", "edits"},
    "click": {"cli"},
}
# The analysed tree is not trusted and never run, and nothing goes over a network.
NOWHERE = {"pickle", "marshal", "shelve", "socket", "ssl", "requests", "httpx", "smtplib", "ftplib"}
NETWORK = ("urllib.request", "http.client", "http.server")
RUNS_CODE = {"eval", "exec", "compile", "__import__"}
FUNCTION_LINES = 60
FILE_LINES = 400


def room(path: Path) -> str:
    """The room a file of the package lies in: a top-level module or folder; `api` is the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return room_of_module(".".join([NAME, *parts]).removesuffix(".__init__"))


def room_of_module(module: str) -> str:
    parts = module.split(".")
    if parts[1:3] == ["program", "table"]:
        return "table"
    return "api" if len(parts) == 1 or parts[1].startswith("__") else parts[1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, without what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from at_run_time(child)


def imported(module: ast.Module, package: str = NAME) -> Iterator[tuple[int, str]]:
    """The line and full name of every module that is imported at run time; `from a import b` gives `a.b`."""
    for node in at_run_time(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def is_ours(module: str) -> bool:
    return module.split(".")[0] == NAME


def wrong_ways(here: str, module: ast.Module, package: str = NAME) -> list[str]:
    """Imports that the table does not allow from this room; the version in the package itself is anybody's."""
    faults = []
    for line, name in imported(module, package):
        if not is_ours(name) or name == f"{NAME}.__version__":
            continue
        known = {f"{NAME}.{target}" for target in ALLOWED} | {f"{NAME}.program.table"}
        target = "api" if name.count(".") == 1 and name not in known else room_of_module(name)
        if target != here and target not in ALLOWED.get(here, set()):
            faults.append(f"{line}: {here} imports {name}")
    return faults


def misplaced(here: str, module: ast.Module) -> list[str]:
    """Imports of outside modules that this room must not have."""
    faults = []
    for line, name in imported(module):
        top = name.split(".")[0]
        if here not in ONLY_IN.get(top, {here}) or top in NOWHERE or name.startswith(NETWORK):
            faults.append(f"{line}: {here} imports {name}")
    return faults


def speaks(module: ast.Module) -> list[str]:
    """Calls and names that print, leave the program, or run code given as text."""
    faults = []
    for node in at_run_time(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"print", "exit", "quit", "SystemExit", *RUNS_CODE}:
                faults.append(f"{node.lineno}: {node.func.id}()")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if f"{node.value.id}.{node.attr}" in {"sys.exit", "sys.stdout", "sys.stderr", "os._exit"}:
                faults.append(f"{node.lineno}: {node.value.id}.{node.attr}")
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id == "SystemExit":
            faults.append(f"{node.lineno}: raise SystemExit")
    return faults


def long_functions(module: ast.Module) -> list[str]:
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [((node.end_lineno or node.lineno) - node.lineno + 1, node) for node in functions]
    return [f"{node.lineno}: {node.name} has {lines} lines" for lines, node in lengths if lines > FUNCTION_LINES]


def files(without: Collection[str] = ()) -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if room(path) not in without]


def package_of(path: Path) -> str:
    return ".".join([NAME, *path.parent.relative_to(PACKAGE).parts])


def located(path: Path, faults: list[str]) -> list[str]:
    return [f"{path.relative_to(PACKAGE).as_posix()}:{fault}" for fault in faults]


def test_every_file_lies_in_a_known_room() -> None:
    assert [path.relative_to(PACKAGE).as_posix() for path in files() if room(path) not in ALLOWED] == []


def test_imports_point_one_way() -> None:
    faults = [located(path, wrong_ways(room(path), tree(path), package_of(path))) for path in files()]
    assert [*chain(*faults)] == []


def test_the_table_has_no_circle() -> None:
    above: dict[str, set[str]] = {name: set(targets) for name, targets in ALLOWED.items()}
    while free := {name for name, targets in above.items() if not targets}:
        above = {name: targets - free for name, targets in above.items() if name not in free}
    assert above == {}


def test_trees_stay_in_their_rooms_and_nothing_reaches_out() -> None:
    faults = [located(path, misplaced(room(path), tree(path))) for path in files({"reference"})]
    assert [*chain(*faults)] == []


def test_only_the_command_prints_or_exits() -> None:
    faults = [located(path, speaks(tree(path))) for path in files({"cli", "reference"}) if path.name != "__main__.py"]
    assert [*chain(*faults)] == []


def test_functions_fit_a_screen() -> None:
    assert [*chain(*(located(path, long_functions(tree(path))) for path in files()))] == []


def test_a_file_has_one_subject() -> None:
    lengths = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in files()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


@pytest.mark.parametrize(
    ("here", "source", "fault"),
    [
        ("facts", "from fastapi_seclint.program import Program", "1: facts imports fastapi_seclint.program.Program"),
        ("facts", "from ..program import Program", "1: facts imports fastapi_seclint.program.Program"),
        ("facts", "def f():\n    import fastapi_seclint.checks", "2: facts imports fastapi_seclint.checks"),
        ("engine", "from fastapi_seclint import cli", "1: engine imports fastapi_seclint.cli"),
        ("engine", "from fastapi_seclint import check", "1: engine imports fastapi_seclint.check"),
    ],
)
def test_a_wrong_way_is_seen(here: str, source: str, fault: str) -> None:
    assert wrong_ways(here, ast.parse(source), f"{NAME}.{here}") == [fault]


@pytest.mark.parametrize(
    ("here", "source"),
    [
        ("checks", "from fastapi_seclint.program import Program"),
        ("outcome", "from fastapi_seclint.program.table import RouteTable"),
        ("engine", "from fastapi_seclint import __version__, checks"),
        ("rule", "if TYPE_CHECKING:\n    from fastapi_seclint.program import Program"),
        ("facts", "from .build import extract"),
    ],
)
def test_a_right_way_is_left_alone(here: str, source: str) -> None:
    assert wrong_ways(here, ast.parse(source), f"{NAME}.{here}") == []


def test_what_must_not_be_imported_or_called_is_seen() -> None:
    assert misplaced("checks", ast.parse("import ast\nfrom libcst import parse_module\nimport pickle")) == [
        "1: checks imports ast",
        "2: checks imports libcst.parse_module",
        "3: checks imports pickle",
    ]
    assert misplaced("facts", ast.parse("import ast, json")) == []
    assert speaks(ast.parse("print(1)\nimport sys\nsys.exit(2)\nraise SystemExit\nre.compile('x')")) == [
        "1: print()",
        "3: sys.exit",
        "4: raise SystemExit",
    ]


def test_a_long_function_is_seen() -> None:
    body = "    pass\n"
    assert long_functions(ast.parse(f"def short():\n{body * (FUNCTION_LINES - 1)}")) == []
    assert long_functions(ast.parse(f"def long():\n{body * FUNCTION_LINES}")) == ["1: long has 61 lines"]
