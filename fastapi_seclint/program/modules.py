"""Which file is which module: names and static import resolution over the files of one project.

A module is looked for where Python would find it when somebody runs the project: in the folder that holds the importing
file's top package, then in the folders above, then in the project's other source roots, at last beside the file itself;
what lies with the tests is for tests first.
"""

from __future__ import annotations

import os
import posixpath
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from fastapi_seclint.discovery import is_test_path
from fastapi_seclint.facts import FileFacts
from fastapi_seclint.program.scopes import Scope


@dataclass(eq=False)
class Module:
    """One file or namespace folder. `path` is for display, `file` the absolute path with `/`."""

    name: str
    path: str
    file: str
    facts: FileFacts
    package: bool
    scope: Scope = field(init=False)
    state: str = "new"
    stars: list[Module] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope(self, "module")

    def __hash__(self) -> int:
        return hash(self.file)

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.file)


def _packages_from(folder: str) -> list[str]:
    """The folders upwards from here that are packages on disk, for a project that is part of a package."""
    found = []
    while len(folder) > 1 and os.path.isfile(posixpath.join(folder, "__init__.py")):
        found.append(folder)
        folder = posixpath.dirname(folder)
    return found


_EMPTY = b'{"words":"","imports":"","decorators":"","functions":[]}\n[]'


class Modules:
    """All modules of a project, found by file or by import."""

    def __init__(
        self, root: str, files: Iterable[tuple[str, FileFacts]], is_library: Callable[[str], bool] = lambda name: False
    ) -> None:
        self.root = root
        self._packages_above = _packages_from(posixpath.dirname(root))
        self._limit = posixpath.dirname(self._packages_above[-1]) if self._packages_above else posixpath.dirname(root)
        self._is_library = is_library
        self.by_file: dict[str, Module] = {}
        self._tests: dict[str, bool] = {}
        self._holders: dict[str, list[str]] = {}
        self._folders: set[str] = set()
        self._namespaces: dict[str, Module] = {}
        self.roots: dict[tuple[str, str], list[str]] = {}
        self._found: dict[tuple[str, str], Module | None] = {}
        for file, facts in files:
            package = posixpath.basename(file) == "__init__.py"
            self.by_file[file] = Module("", facts.path, file, facts, package)
            folder = posixpath.dirname(file)
            while folder not in self._folders and len(folder) > 1 and not self._limit.startswith(folder + "/"):
                self._folders.add(folder)
                folder = posixpath.dirname(folder)
        self._votes: Counter[str] = Counter()
        self._votes = self._count_votes()
        self._namespaces.clear()
        self._found.clear()
        self.by_name: dict[str, Module] = {}
        for module in self.by_file.values():
            module.name = self._name(module)
            self.by_name.setdefault(module.name, module)

    def speaking(self, words: Iterable[str]) -> list[Module]:
        """The modules whose files have at least one of these words, in the order of the files."""
        found = {number for word in words for number in self._by_word.get(word, ())}
        files = list(self.by_file.values()) if found else []
        return [files[number] for number in sorted(found)]

    def having_all(self, words: Iterable[str]) -> set[str]:
        """The files that have every one of these words; all files where there are none."""
        files = list(self.by_file)
        found = [{files[number] for number in self._by_word.get(word, ())} for word in words]
        return set.intersection(*found) if found else set(files)

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """By word, the numbers of the files that have it: rules ask for thousands of words."""
        found: dict[str, list[int]] = {}
        for number, module in enumerate(self.by_file.values()):
            for word in module.facts.words:
                found.setdefault(word, []).append(number)
        return found

    def absolute(self, name: str, importer: Module) -> Module | None:
        """The module that `import name` in `importer` gives, or None when it is not part of the project."""
        key = (importer.folder, name)
        if key not in self._found:
            self._found[key] = self._search(name, importer.folder)
        found = self._found[key]
        return None if found is importer and self._is_elsewhere(name) else found

    def relative(self, level: int, name: str, importer: Module) -> Module | None:
        """The module that `from ..name import` in `importer` gives."""
        folder = importer.folder
        for _ in range(level - 1):
            folder = posixpath.dirname(folder)
        return self._at(folder, name.split(".") if name else [])

    def child(self, module: Module, name: str) -> Module | None:
        """The submodule of a package or namespace folder."""
        return self._at(module.folder, [name]) if module.package else None

    def children(self, module: Module) -> list[Module]:
        """The modules directly in a package, by name."""
        inside = [
            other for other in self.by_file.values() if other is not module and self._parent(other) == module.folder
        ]
        return sorted(inside, key=lambda other: other.file)

    def _parent(self, module: Module) -> str:
        return posixpath.dirname(module.folder) if module.package else module.folder

    def _search(self, name: str, folder: str) -> Module | None:
        parts = name.split(".")
        key = (folder, parts[0])
        if key not in self.roots:
            self.roots[key] = list(self._candidates(folder, parts[0]))
        for root in self.roots[key]:
            found = self._at(root, parts)
            if found is not None:
                return found
        return None

    def _candidates(self, folder: str, top: str) -> Iterable[str]:
        """Folders where a top-level name may be found from a file in `folder`, best first."""
        inner = []
        outside = folder
        while self._is_package(outside):
            inner.append(outside)
            outside = posixpath.dirname(outside)
        above, elsewhere = outside, self._is_elsewhere(top)
        while len(above) >= len(self._limit) and len(above) > 1:
            installed = elsewhere and (self._is_bare(above, top) or above != self._source_root(folder))
            if self._holds(above, top) and not installed:
                yield above
            above = posixpath.dirname(above)
        if elsewhere:
            return
        others = self._holding(top)
        for_tests = [] if self._is_for_tests(folder) else [other for other in others if self._is_for_tests(other)]
        yield from (other for other in inner if self._holds(other, top))
        yield from (other for other in others if other not in for_tests)
        yield from for_tests

    def is_test(self, module: Module) -> bool:
        """Whether a file is a test by where it lies in the project."""
        known = self._tests.get(module.file)
        if known is None:
            known = self._tests[module.file] = is_test_path(posixpath.relpath(module.file, self.root))
        return known

    def reaches(self, importer: Module, folder: str) -> bool:
        """Whether a file can import what lies in a folder: they start at the same folder, or at one around the file's.

        Or files that start where it does import from there. Lessons that lie beside each other are programs of their
        own: `01_tokens/main.py`, `02_scopes/main.py`.
        """
        here, there = self._start(importer.folder), self._start(folder)
        return f"{here}/".startswith(f"{there}/") or (here, there) in self._bridges

    def _start(self, folder: str) -> str:
        """The folder at which the names begin that imports can have for the files in one."""
        root = self._source_root(folder)
        parts = posixpath.relpath(folder, root).split("/") if folder != root else []
        unspoken = [number for number, part in enumerate(parts, 1) if not part.isidentifier()]
        return posixpath.join(root, *parts[: max(unspoken, default=0)])

    @cached_property
    def _bridges(self) -> set[tuple[str, str]]:
        """Where files start, and where what they import does."""
        found: set[tuple[str, str]] = set()
        for module in self.by_file.values():
            here = self._start(module.folder)
            targets = (self.absolute(name, module) for name in module.facts.imports)
            found.update((here, self._start(target.folder)) for target in targets if target is not None)
        return found

    def _is_for_tests(self, folder: str) -> bool:
        return is_test_path(posixpath.relpath(folder, self.root) + "/")

    def is_folder(self, path: str) -> bool:
        """Whether files of the project lie below a folder."""
        return path in self._folders

    def _is_package(self, folder: str) -> bool:
        return folder in self._packages_above or posixpath.join(folder, "__init__.py") in self.by_file

    def _holds(self, folder: str, name: str) -> bool:
        path = posixpath.join(folder, name)
        return path + ".py" in self.by_file or path in self._folders

    def _holding(self, name: str) -> list[str]:
        """The folders that are no packages and hold a name, from the outermost: asked once for all that import it."""
        if name not in self._holders:
            found = [folder for folder in self._folders if self._holds(folder, name) and not self._is_package(folder)]
            self._holders[name] = sorted(found, key=lambda folder: (folder.count("/"), folder))
        return self._holders[name]

    def _is_elsewhere(self, top: str) -> bool:
        """Whether a top-level name is that of a library: the project's own goes before it where imports start."""
        return top in sys.stdlib_module_names or self._is_library(top)

    def _is_bare(self, folder: str, name: str) -> bool:
        """Whether a name is a folder without `__init__.py`, which an installed package goes before (PEP 420)."""
        path = posixpath.join(folder, name)
        return path + ".py" not in self.by_file and not self._is_package(path)

    def _at(self, folder: str, parts: list[str]) -> Module | None:
        path = posixpath.join(folder, *parts)
        package = self.by_file.get(posixpath.join(path, "__init__.py"))
        if package is not None:
            return package
        if parts and (module := self.by_file.get(path + ".py")) is not None:
            return module
        return self._namespace(path) if path in self._folders else None

    def _namespace(self, path: str) -> Module:
        if path not in self._namespaces:
            display = posixpath.relpath(path, self.root)
            module = Module("", display, path + "/", FileFacts(display, _EMPTY), True)
            module.name = self._dotted(path, self._source_root(path))
            module.state = "done"
            self._namespaces[path] = module
        return self._namespaces[path]

    def _count_votes(self) -> Counter[str]:
        """How many imports resolve from each folder: that tells source roots from folders that merely hold files."""
        votes: Counter[str] = Counter()
        seen: dict[tuple[str, str], str | None] = {}
        for module in self.by_file.values():
            if self.is_test(module):
                continue
            for name in module.facts.imports:
                key = (module.folder, name.partition(".")[0])
                if self._is_elsewhere(key[1]):
                    continue
                if key not in seen:
                    seen[key] = next(iter(self._candidates(*key)), None)
                root = seen[key]
                if root is not None and self._at(root, name.split(".")) is not None:
                    votes[root] += 1
        return votes

    def _source_root(self, folder: str) -> str:
        """The folder at which the dotted names of the files in `folder` start: where most imports find them.

        Without such imports: the folder around the top package, or the project's own folder. What a relative import
        names is in a package, with `__init__.py` or without.
        """
        outside, climbed = folder, False
        while self._is_package(outside) or (outside in self._climbed_to and outside != self.root):
            climbed = climbed or not self._is_package(outside)
            outside = posixpath.dirname(outside)
        best, most = (outside if climbed or self._is_package(folder) else ""), 0
        above = folder
        while len(above) >= len(self._limit) and len(above) > 1:
            if self._votes[above] >= max(most, 1):
                best, most = above, self._votes[above]
            if not posixpath.basename(above).isidentifier():
                break  # no import can name what lies below `packages/shop-api` by way of it
            above = posixpath.dirname(above)
        return best or (self.root if outside.startswith(self.root) else outside)

    @cached_property
    def _climbed_to(self) -> set[str]:
        """The folders that relative imports name, and those around the packages that they leave on their way."""
        found: set[str] = set()
        for module in self.by_file.values():
            levels = [form[2] for form in module.facts.module if form[0] == "from" and form[2]]
            folder = module.folder
            for _ in range(max(levels, default=0)):
                found.add(folder)
                folder = posixpath.dirname(folder)
        return found

    def _name(self, module: Module) -> str:
        stem = module.folder if module.package else module.file[: -len(".py")]
        return self._dotted(stem, self._source_root(module.folder)) or posixpath.basename(stem)

    def _dotted(self, path: str, root: str) -> str:
        relative = posixpath.relpath(path, root)
        return "" if relative == "." else relative.replace("/", ".")
