"""Which files of a project are one program: applications that share no file are read apart.

A folder of examples, exercises or services has many applications in it, and what one of them does says nothing about
the others: a login of one is no way into another, and the tokens that one makes are not those that another reads.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_seclint.discovery import is_test_path
from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.library_names import is_common_library
from fastapi_seclint.program.modules import Module, Modules

if TYPE_CHECKING:
    from fastapi_seclint.discovery import SourceFile

Files = list[tuple["SourceFile", FileFacts]]

WRITTEN = "What keeps this application's doors shut, taken from the reference implementations of fastapi_seclint."
"""The docstring of a package that a fix writes: every application may use it, and it says nothing of any of them."""
_MAKERS = frozenset({"FastAPI", "Starlette"})
_LOADERS = frozenset(
    {
        "import_module",
        "__import__",
        "iter_modules",
        "walk_packages",
        "run_path",
        "run_module",
        "spec_from_file_location",
    }
)
_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian"})
_NAMED = re.compile(rb'"([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\w*"')
"""An application by its name, as servers are told: `uvicorn.run("shop.main:app")`."""
_TOLD = re.compile(rb'"([A-Za-z_]\w*(?:\.\w+)+)(?::\w+)?"')
"""What a text names with dots, as those are told who load modules: `FEATURES = ["features.orders"]`."""


def apart(root: Path, files: Files) -> list[Files]:
    """The files of each program, in the order of the first of them.

    Files belong together where one imports or names the other, or where they lie in a package that is imported by its
    name. What no application imports belongs to the one whose own folder holds it, or to the one that loads files by
    name, where there is just one such. A package that says nothing is read with all that lies in it. A project of one
    application, or of none, is one program.
    """
    served = (facts for source, facts in files if not is_test_path(os.path.relpath(source.path, root)))
    if sum(map(_makes_application, served)) < 2:
        return [files]
    modules = Modules(root.as_posix(), [(source.path.as_posix(), facts) for source, facts in files], is_common_library)
    groups = _Groups(modules)
    homes = _homes(modules, groups)
    loaders = [module for module in modules.by_file.values() if len(homes) > 1 and _loads(modules, module)]
    if loaders:
        groups.join_told({groups.of(module) for module in loaders})
        homes = _homes(modules, groups)
    if len(homes) < 2:
        return [files]
    loading = homes.keys() & {groups.of(module) for module in loaders}
    members: dict[str, Files] = defaultdict(list)
    packages, written = Files(), Files()
    for source, facts in files:
        module = modules.by_file[source.path.as_posix()]
        if _is_written(modules, module):
            written.append((source, facts))
        elif _is_mute(module):
            packages.append((source, facts))
        else:
            members[_program_of(module, groups, homes, loading)].append((source, facts))
    own = [members[name] for name in sorted(members)]
    return [[*_around(part, packages), *part, *_beside(part, written)] for part in own]


def in_folders_of_their_own(programs: Sequence[Files]) -> bool:
    """Whether programs lie in different folders, as exercises and services do."""
    folders = {os.path.commonpath([source.path.parent for source, _ in files]) for files in programs if files}
    return len(folders) > 1


def _around(files: Files, packages: Files) -> Files:
    """The packages that these files lie in, of those that only are there."""
    around = {folder for source, _ in files for folder in source.path.parents}
    return [(source, facts) for source, facts in packages if source.path.parent in around]


def _beside(files: Files, written: Files) -> Files:
    """The files that fixes wrote into packages beside these files, or above them."""
    around = {folder for source, _ in files for folder in source.path.parents}
    return [(source, facts) for source, facts in written if source.path.parent.parent in around]


def _is_mute(module: Module) -> bool:
    """Whether a file does no more than make its folder a package."""
    return module.package and all(form[0] == "expr" and form[2][0] == "const" for form in module.facts.module)


def _loads(modules: Modules, module: Module) -> bool:
    """Whether a file may load others by names that are known when it runs."""
    return not _LOADERS.isdisjoint(module.facts.words) and not modules.is_test(module)


def _makes_application(facts: FileFacts) -> bool:
    return not _MAKERS.isdisjoint(facts.words) and any(
        last_name(call[2]) in _MAKERS
        for number in facts.speaking(*(f'"{name}"'.encode() for name in sorted(_MAKERS)))
        for call in facts.forms(number).of("call")
    )


def _homes(modules: Modules, groups: _Groups) -> dict[str, set[str]]:
    """By group, the folders in which files of it make applications; tests make none that is served."""
    homes: dict[str, set[str]] = defaultdict(set)
    for module in modules.by_file.values():
        if not modules.is_test(module) and _makes_application(module.facts):
            homes[groups.of(module)].add(module.folder)
    return homes


def _program_of(module: Module, groups: _Groups, homes: dict[str, set[str]], loading: set[str]) -> str:
    """The group that a file is read with; `loading` are those with applications that load files by name."""
    own = groups.of(module)
    if own in homes:
        return own
    folder = posixpath.dirname(own)
    while len(folder) > 1:
        here = [group for group, folders in homes.items() if folder in folders]
        if here:
            return here[0] if len(here) == 1 else own
        folder = posixpath.dirname(folder)
    return next(iter(loading)) if len(loading) == 1 else own


def _is_written(modules: Modules, module: Module) -> bool:
    """Whether a file is of a package that a fix wrote."""
    package = modules.by_file.get(posixpath.join(module.folder, "__init__.py"))
    match package.facts.module if package is not None else []:
        case [["expr", _, ["const", _, text]]]:
            return bool(text == WRITTEN)
    return False


class _Groups:
    """The files of a project in groups, each named after the first of its files."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._first = {file: file for file in modules.by_file}
        for module in modules.by_file.values():
            for other in _needed(modules, module):
                if other.file in self._first and not _is_written(modules, other):
                    self._join(module.file, other.file)
        for folder in {folder for module in modules.by_file.values() for folder in _named_folders(modules, module)}:
            inside = [module for module in modules.by_file.values() if f"{module.folder}/".startswith(f"{folder}/")]
            for module in inside:
                if not _is_written(modules, module):
                    self._join(inside[0].file, module.file)

    def of(self, module: Module) -> str:
        """The group of a file."""
        return self._find(module.file)

    def join_told(self, loading: set[str]) -> None:
        """Join the modules that are named in texts of groups which load files by name."""
        for module in [module for module in self._modules.by_file.values() if self.of(module) in loading]:
            for name in sorted(set(_TOLD.findall(module.facts.dumps()))):
                if (found := self._modules.absolute(name.decode(), module)) is not None and found.file in self._first:
                    self._join(module.file, found.file)

    def _find(self, file: str) -> str:
        while self._first[file] != file:
            self._first[file] = file = self._first[self._first[file]]
        return file

    def _join(self, one: str, other: str) -> None:
        first, second = sorted((self._find(one), self._find(other)))
        self._first[second] = first


def _needed(modules: Modules, module: Module) -> Iterator[Module]:
    """The files that a file is read with: what it imports, names or may load, and what runs before it."""
    for package in _packages(modules, module):
        if not _is_mute(package):
            yield package
    yield from _imported(modules, module)
    told = [] if _SERVERS.isdisjoint(module.facts.words) else _NAMED.findall(module.facts.dumps())
    for name in told:
        if (found := modules.absolute(name.decode(), module)) is not None:
            yield found
    below = f"{module.folder}/"
    if not _LOADERS.isdisjoint(module.facts.words):
        yield from _where(modules, lambda other: other.folder.startswith(below))
    if posixpath.basename(module.file) == "conftest.py":
        yield from _where(modules, lambda other: f"{other.folder}/".startswith(below) and modules.is_test(other))


def _where(modules: Modules, holds: Callable[[Module], bool]) -> Iterator[Module]:
    return (other for other in modules.by_file.values() if holds(other))


def _packages(modules: Modules, module: Module) -> Iterator[Module]:
    """The packages that a file is in, which Python runs before it."""
    folder = module.folder
    while (package := modules.by_file.get(posixpath.join(folder, "__init__.py"))) is not None:
        yield package
        folder = posixpath.dirname(folder)


def _named_folders(modules: Modules, module: Module) -> Iterator[str]:
    """The folders that a file's imports go through by name: all that lies in them is one package."""
    for name in module.facts.imports:
        top = modules.absolute(name.partition(".")[0], module) if "." in name else None
        if top is not None and top.package and modules.absolute(name, module) is not None:
            yield top.folder


def _imported(modules: Modules, module: Module) -> Iterator[Module]:
    facts = module.facts
    for number in sorted({MODULE, *facts.speaking(b'"from"', b'"import"')}):
        for form in facts.forms(number).of("import", "from"):
            match form:
                case ["import", _, names]:
                    found = [modules.absolute(name, module) for name, _ in names]
                case ["from", _, level, name, names]:
                    source = modules.relative(level, name, module) if level else modules.absolute(name, module)
                    inner = [modules.child(source, item) for item, _ in names] if source is not None else []
                    found = [source, *inner]
                case _:
                    found = []
            yield from (one for one in found if one is not None)
