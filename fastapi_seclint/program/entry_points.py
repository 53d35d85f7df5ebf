"""Plugins that a project declares for itself: `[project.entry-points."shop.plugins"]`, loaded by their group at start.

A declaration is a name and an object reference, `package.module` or `package.module:attribute`, below a group
(packaging.python.org, "Entry points specification"). Poetry calls the table `[tool.poetry.plugins]`, setuptools has it
in setup.cfg, and what is installed has it in the `entry_points.txt` of its metadata.
"""

from __future__ import annotations

import configparser
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    Const,
    External,
    Instance,
    Partial,
    Place,
    Value,
    string,
)
from fastapi_seclint.program.version_files import Broken, table_of, text_of
from fastapi_seclint.program.versions import upwards

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

Groups = dict[str, dict[str, str]]
"""References by name by group."""

_NAMES = ("pyproject.toml", "setup.cfg")
_HINTS = ("entry-points", "entry_points", "plugins")


def sources(root: Path, files: Iterable[str]) -> list[tuple[str, str]]:
    """The files that may declare plugins, with their texts: those above a project, in its folders, and of metadata."""
    folders = {Path(folder) for folder in _folders(root.as_posix(), files)}
    found = [folder / name for folder in sorted({*folders, *upwards(root)}) for name in _NAMES]
    for folder in (root, root.parent):
        found += sorted(folder.glob("*.dist-info/entry_points.txt"))
    return [(path.as_posix(), text) for path in found if (text := _text(path)) and any(hint in text for hint in _HINTS)]


def _folders(root: str, files: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for file in files:
        folder = posixpath.dirname(file)
        while folder not in found and (folder == root or folder.startswith(f"{root}/")):
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _text(path: Path) -> str:
    """The text of a file, of metadata with what tells it from others; empty where there is none that can be read."""
    try:
        text = text_of(path) if path.is_file() else ""
    except (Broken, OSError):
        return ""
    return f"# entry_points\n{text}" if path.suffix == ".txt" else text


def declared(texts: Iterable[tuple[str, str]]) -> Groups:
    """What files declare."""
    groups: Groups = {}
    for path, text in texts:
        try:
            found = dict(_of_toml(tomli.loads(text)) if path.endswith(".toml") else _of_sections(path, text))
        except (tomli.TOMLDecodeError, configparser.Error, RecursionError):
            continue
        for group, references in found.items():
            groups.setdefault(group, {}).update(references)
    return groups


def _of_toml(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    tool = table_of(data.get("tool"))
    for tables in (table_of(data.get("project")).get("entry-points"), table_of(tool.get("poetry")).get("plugins")):
        for group, references in table_of(tables).items():
            yield group, {name: text for name, text in table_of(references).items() if isinstance(text, str)}


def _of_sections(path: str, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    if path.endswith(".txt"):
        yield from ((group, dict(parser[group])) for group in parser.sections())
        return
    for group, lines in parser["options.entry_points"].items() if "options.entry_points" in parser else ():
        pairs = (line.partition("=") for line in lines.splitlines() if "=" in line)
        yield group, {name.strip(): reference.strip() for name, _, reference in pairs}


def call(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """`entry_points(group="shop.plugins")` and its older forms: the plugins of a group that the project declares.

    None for a group that it does not declare: who brings plugins to that is not in sight. One call gives one list, by
    whichever of its modules it is imported.
    """
    if name not in _CALLS:
        return None
    group = string(arguments.get("group", _CALLS[name]))
    if interpreter.plugins is None:
        root, files = Path(interpreter.modules.root), interpreter.modules.by_file
        interpreter.plugins = declared(sources(root, files))
    references = interpreter.plugins.get(group or "")
    wanted = arguments.get("name", 1) if name in _NAMED else None
    if references is None or (wanted is not None and string(wanted) is None):
        return None
    made = interpreter.plugins_at.get((place, group or "", string(wanted)))
    if made is None:
        chosen = {key: text for key, text in references.items() if wanted is None or key == string(wanted)}
        made = Collection("list", [_plugin(key, text, place) for key, text in chosen.items()], False, place)
        interpreter.plugins_at[place, group or "", string(wanted)] = made
    return made


_CALLS: dict[str, int | None] = {
    **{f"{module}.entry_points": None for module in ("importlib.metadata", "importlib_metadata")},
    **{f"{module}.entry_points().select": None for module in ("importlib.metadata", "importlib_metadata")},
    **{f"{module}.entry_points().get": 0 for module in ("importlib.metadata", "importlib_metadata")},
    "pkg_resources.iter_entry_points": 0,
}
"""The calls that give plugins, and where the group stands in them."""
_NAMED = frozenset(name for name in _CALLS if not name.endswith(".get"))


def _plugin(name: str, reference: str, place: Place) -> Instance:
    reference = reference.partition("[")[0].strip()
    module, _, attribute = reference.partition(":")
    load = Partial(External("pkgutil.resolve_name"), Arguments([Const(reference.replace(" ", ""))]), place)
    texts = {"name": name, "value": reference, "module": module, "attr": attribute, "module_name": module}
    held: dict[str, Value] = {key: Const(text, place) for key, text in texts.items()}
    return Instance(External("importlib.metadata.EntryPoint"), {**held, "load": load, "resolve": load}, place=place)
