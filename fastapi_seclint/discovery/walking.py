"""Walking a directory for Python files: ignores and excludes prune, links do not lead out, loops are harmless."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fastapi_seclint.discovery.ignores import Ignores, of_text

_Level = tuple[Ignores, int]
"""Patterns, and how many characters of a path (from the file system's root) come before what they speak of."""


@dataclass(slots=True)
class Walked:
    """Absolute paths of Python files, unreadable directories with the reason, links that lead out of the tree."""

    files: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    outward: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Directory:
    """A directory to enter, and the ignores that hold in it, innermost first."""

    path: str
    levels: tuple[_Level, ...]


def walk(root: str, excludes: Ignores, base: str, *, respect_gitignore: bool) -> Walked:
    """The Python files below an absolute directory that is no link; `base` is where patterns of `excludes` start."""
    return _Walk(root, excludes, base, respect_gitignore).run()


class _Walk:
    def __init__(self, root: str, excludes: Ignores, base: str, respect_gitignore: bool) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._git = respect_gitignore
        self._excludes: tuple[_Level, ...] = ((excludes, _prefix(base if is_below(root, base) else root)),)
        self._links: list[str] = []
        self._found = Walked()

    def run(self) -> Walked:
        pending = [_Directory(self._root, _levels_above(self._root) if self._git else ())]
        while pending:
            pending.extend(self._enter(pending.pop()))
        self._add_links()
        self._found.files.sort()
        return self._found

    def _enter(self, directory: _Directory) -> Iterator[_Directory]:
        """Take the files of a directory and yield the directories in it."""
        try:
            with os.scandir(directory.path) as scan:
                entries = {entry.name: entry for entry in scan}
        except OSError as error:
            self._found.unreadable.append((directory.path, error.strerror or str(error)))
            return
        if directory.path != self._root and _is_generated(directory.path, entries):
            return
        levels = self._levels(directory, entries)
        prefix = directory.path.rstrip(os.sep) + os.sep
        for name, entry in entries.items():
            python = name.endswith(".py")
            is_directory = entry.is_dir(follow_symlinks=False)
            if not (python or is_directory or entry.is_symlink()):
                continue
            path = prefix + name
            if _is_ignored(self._excludes, name, path, is_directory) or _is_ignored(levels, name, path, is_directory):
                continue
            if is_directory:
                yield _Directory(path, levels)
            elif entry.is_symlink():
                self._links.append(path)
            elif entry.is_file():
                self._found.files.append(path)

    def _levels(self, directory: _Directory, entries: dict[str, os.DirEntry[str]]) -> tuple[_Level, ...]:
        """The ignores in a directory: a repository in the tree has its own, whatever lies around it."""
        if not self._git:
            return ()
        levels = directory.levels
        if ".git" in entries and directory.path != self._root:
            levels = _repository_levels(directory.path)
        if ".gitignore" in entries:
            levels = (*_level(os.path.join(directory.path, ".gitignore"), directory.path), *levels)
        return levels

    def _add_links(self) -> None:
        """Take linked files that are in the tree and not taken under a name of their own."""
        taken = {os.path.realpath(path) for path in self._found.files} if self._links else set()
        for path in sorted(self._links):
            target = os.path.realpath(path)
            if not is_below(target, self._real_root):
                if path.endswith(".py") or os.path.isdir(target):
                    self._found.outward.append(path)
            elif path.endswith(".py") and target not in taken and os.path.isfile(target):
                taken.add(target)
                self._found.files.append(path)


def _is_ignored(levels: Sequence[_Level], name: str, path: str, directory: bool) -> bool:
    for ignores, prefix in levels:
        relative = path[prefix:]
        verdict = ignores.verdict(name, relative if os.sep == "/" else relative.replace(os.sep, "/"), directory)
        if verdict is not None:
            return verdict
    return False


def _is_generated(path: str, entries: dict[str, os.DirEntry[str]]) -> bool:
    """Whether a directory is a virtual environment or the output of a build; a package may well be called `build`."""
    if "pyvenv.cfg" in entries:
        return True
    name = os.path.basename(path)
    if "__init__.py" in entries or name not in ("build", "dist"):
        return False
    if name == "dist":
        return any(entry.endswith((".whl", ".tar.gz")) for entry in entries)
    return any(entry == "lib" or entry.startswith(("lib.", "bdist.", "temp.")) for entry in entries)


def _levels_above(root: str) -> tuple[_Level, ...]:
    """The ignores that hold in the root of a walk from outside: of its repository, and of the directories between."""
    top = repository(root)
    if top is None:
        return ()
    levels = _repository_levels(top)
    between = []
    directory = root
    while directory != top:
        directory = os.path.dirname(directory)
        between.append(directory)
    for directory in reversed(between):
        levels = (*_level(os.path.join(directory, ".gitignore"), directory), *levels)
    return levels


def repository(directory: str) -> str | None:
    """The root of the git repository that a directory is in, or None."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return directory


def _repository_levels(top: str) -> tuple[_Level, ...]:
    return _level(os.path.join(_git_directory(top), "info", "exclude"), top)


def _git_directory(top: str) -> str:
    """Where git keeps what all work trees share; `.git` may be a file that says where."""
    git = os.path.join(top, ".git")
    if os.path.isdir(git):
        return git
    own = os.path.join(top, _text(git).removeprefix("gitdir:").strip())
    common = _text(os.path.join(own, "commondir")).strip()
    return os.path.join(own, common) if common else own


def _level(file: str, directory: str) -> tuple[_Level, ...]:
    """The patterns of a file, which speak of a directory; nothing if there are none."""
    ignores = of_text(_text(file))
    return ((ignores, _prefix(directory)),) if ignores else ()


def _prefix(directory: str) -> int:
    return len(directory.rstrip(os.sep)) + 1


def _text(file: str) -> str:
    """The text of a small file of git's; empty if there is none, or if it is a link, as git has it."""
    if os.path.islink(file) or not os.path.isfile(file):
        return ""
    try:
        with open(file, "rb") as stream:
            return os.fsdecode(stream.read(1_000_000))
    except OSError:
        return ""


def is_below(path: str, directory: str) -> bool:
    """Whether a path is a directory or something in it."""
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)
