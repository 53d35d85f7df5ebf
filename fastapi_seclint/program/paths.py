"""Objects of `pathlib` over the files of the project, as far as code that finds its routers by file needs them.

A path is the library's `pathlib.Path()` with known parts; relative ones start at the project's root, where it is run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fastapi_seclint.program.builtin_methods import lift
from fastapi_seclint.program.values import Arguments, Collection, Const, External, Place, Value, string

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_NAMES = frozenset({"pathlib.Path()", "pathlib.PurePath()", "pathlib.PosixPath()"})
_SAME = frozenset({"resolve", "absolute", "expanduser"})


def is_path(value: Value | None) -> bool:
    """Whether a value is a path object."""
    return isinstance(value, External) and value.name in _NAMES


def attribute(value: External, name: str, place: Place) -> Value | None:
    """What `path.parent`, `path.stem` and the like are, or None where that is not known."""
    path = _known(value) if name in ("parent", "name", "stem", "suffix", "parts", "parents") else None
    if path is None:
        return None
    if name == "parent":
        return _made(posixpath.dirname(path), place)
    if name == "parents":
        return Collection("tuple", [_made(str(one), place) for one in PurePosixPath(path).parents], place=place)
    return lift(getattr(PurePosixPath(path), name), place)


def call(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """What a method of a known path gives, or None where that is not known."""
    owner, _, name = function.name.rpartition(".")
    path = _known(function.parent) if owner in _NAMES and function.parent is not None else None
    if path is None:
        return None
    if name in _SAME:
        return _made(path, place)
    given = [_known(item) for item in arguments.positional]
    if name in _CHANGES and given and all(item is not None for item in given):
        return _made(_CHANGES[name](path, [item for item in given if item is not None]), place)
    absolute = posixpath.normpath(posixpath.join(interpreter.modules.root, path))
    if name in ("iterdir", "glob", "rglob"):
        pattern = string(arguments.get("pattern", 0)) if name != "iterdir" else "*"
        found = None if pattern is None else sorted(_below(interpreter, absolute, pattern, name == "rglob"))
        items: list[Value] = [_made(posixpath.join(path, item), place) for item in found or ()]
        return Collection("list", items, place=place) if items else None
    if name in ("exists", "is_file", "is_dir") and absolute.startswith(f"{interpreter.modules.root}/"):
        is_file, is_folder = absolute in interpreter.modules.by_file, interpreter.modules.is_folder(absolute)
        sure = is_file or is_folder or absolute.endswith(".py")
        answers = {"exists": is_file or is_folder, "is_file": is_file, "is_dir": is_folder}
        return Const(answers[name], place) if sure else None
    return None


_CHANGES: dict[str, Callable[[str, list[str]], str]] = {
    "joinpath": lambda path, given: posixpath.join(path, *given),
    "with_name": lambda path, given: posixpath.join(posixpath.dirname(path), given[0]),
    "with_suffix": lambda path, given: posixpath.splitext(path)[0] + given[0],
    "relative_to": lambda path, given: posixpath.relpath(path, given[0]),
}


def _made(path: str, place: Place) -> External:
    return External("pathlib.Path()", Arguments([Const(path, place)]), None, place)


def _known(value: Value) -> str | None:
    """A path, or a text that is a part of one."""
    if not isinstance(value, External):
        return string(value)
    if not is_path(value) or value.arguments is None or value.arguments.open or value.arguments.keywords:
        return None
    parts = [_known(item) for item in value.arguments.positional]
    known = [part for part in parts if part is not None]
    return posixpath.normpath(posixpath.join(".", *known)) if len(known) == len(parts) else None


def _below(interpreter: Interpreter, folder: str, pattern: str, deep: bool) -> Iterator[str]:
    """The paths from a folder of the files and folders of the project in it that fit a pattern."""
    seen = set()
    for file in interpreter.modules.by_file:
        if not file.startswith(f"{folder}/"):
            continue
        inside = PurePosixPath(file[len(folder) + 1 :])
        for part in (inside, *inside.parents[:-1]):
            if str(part) not in seen and _fits(part, pattern, deep):
                seen.add(str(part))
                yield str(part)


def _fits(path: PurePosixPath, pattern: str, deep: bool) -> bool:
    last = pattern.removeprefix("**/")
    anywhere = deep or last != pattern
    if "**" in last or not PurePosixPath(last).parts:
        return False
    return path.match(last) and (anywhere or len(path.parts) == last.count("/") + 1)
