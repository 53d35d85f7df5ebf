"""Which versions of its libraries a project uses, as its lock files, requirements and pyproject.toml tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from hashlib import blake2b
from itertools import groupby
from operator import or_
from pathlib import Path

from fastapi_seclint.program import version_files
from fastapi_seclint.program.specifiers import Range, Release, normal
from fastapi_seclint.program.version_files import Broken, Declaration, Rank, normalized


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version comes from: an absolute path and a line, from 1."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read, and how many directories above the project's root it counts.

    `constrains` says that it declares nothing, `primary` that it is requirements.txt or included there.
    """

    path: Path
    distance: int
    text: str
    constrains: bool = False
    primary: bool = False

    def declarations(self) -> Iterator[Declaration]:
        """What the file says; raises Broken."""
        for declaration in version_files.read(self.path, self.text):
            if self.primary and declaration.rank is Rank.OTHER_REQUIREMENTS:
                declaration = replace(declaration, rank=Rank.REQUIREMENTS)
            yield replace(declaration, declares=False) if self.constrains else declaration


class Versions:
    """What is known of the versions of libraries. Files are parsed when somebody asks.

    The nearest directory wins, in it locks over requirements over pyproject.toml; a range takes its exact version from
    a lock further up. Where that is silent the answer is None, or False to `surely_...`.
    """

    def __init__(self, files: tuple[_File, ...] = (), broken: tuple[str, ...] = ()) -> None:
        self._files = files
        self._broken = broken

    @classmethod
    def find(cls, root: Path) -> Versions:
        """The versions of the project in an absolute directory.

        Looked at are the directory and those above it up to the repository's root; without a repository up to where
        imports of the project's package start.
        """
        files: list[_File] = []
        broken: list[str] = []
        seen: set[Path] = set()
        directories = upwards(root)
        for distance, directory in enumerate(directories):
            for path in version_files.files_of(directory):
                primary = path.name == "requirements.txt" and path.parent == directory
                for item in _read(_File(path, distance, "", primary=primary), directories[-1], seen):
                    if isinstance(item, str):
                        broken.append(item)
                    else:
                        files.append(item)
        return cls(tuple(files), tuple(broken))

    def declared(self, name: str) -> bool:
        """Whether the project itself names a library; where it has nothing but locks, whether they do."""
        if self._declares:
            return any(declaration.declares for _, declaration in self._of(name))
        return bool(self._of(name))

    def exact(self, name: str) -> Release | None:
        """The release that is locked or pinned, without zeros at its end."""
        return self._chosen(name)[0].exact

    def at_least(self, name: str) -> Release | None:
        """The oldest release that is allowed."""
        return self._chosen(name)[0].lower

    def surely_at_least(self, name: str, version: Release) -> bool:
        """Whether every release that is allowed is this one or newer; False when unknown."""
        lower = self._chosen(name)[0].lower
        return lower is not None and lower >= normal(version)

    def surely_below(self, name: str, version: Release) -> bool:
        """Whether every release that is allowed is older than this one; False when unknown."""
        allowed, bound = self._chosen(name)[0], normal(version)
        return allowed.upper is not None and (allowed.upper < bound or (allowed.upper == bound and not allowed.closed))

    def source(self, name: str) -> Source | None:
        """Where the answers come from, or where the library is named without a version."""
        declaration = self._chosen(name)[1]
        return Source(declaration.path, declaration.line) if declaration else None

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each file that could not be used, with its path."""
        return (*self._broken, *self._parsed[1])

    def fingerprint(self) -> str:
        """A digest of everything that the answers depend on but the paths above the project."""
        digest = blake2b(digest_size=16)
        for file in self._files:
            name = f"{file.distance}/{file.path.parent.name}/{file.path.name}/{file.constrains}/{len(file.text)}/"
            digest.update(name.encode("utf-8", "surrogatepass") + file.text.encode("utf-8", "surrogatepass"))
        digest.update("".join(self._broken).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def _of(self, name: str) -> list[tuple[int, Declaration]]:
        return self._parsed[0].get(normalized(name), [])

    def _chosen(self, name: str) -> tuple[Range, Declaration | None]:
        """The range that holds for a library and a declaration to show for it."""
        found = self._of(name)
        groups = [list(group) for _, group in groupby(found, key=lambda item: (item[0], item[1].rank))]
        ranges = [(reduce(or_, (item.allowed for _, item in group)), group[0][1]) for group in groups]
        bounded = [(allowed, shown) for allowed, shown in ranges if allowed.is_bounded]
        if not bounded:
            return Range(), found[0][1] if found else None
        nearest = bounded[0][0]
        pinned = (item for item in bounded if item[0].exact is not None and item[0].exact in nearest)
        return next(pinned, bounded[0])

    @cached_property
    def _declares(self) -> bool:
        return any(item.declares for found in self._parsed[0].values() for _, item in found)

    @cached_property
    def _parsed(self) -> tuple[dict[str, list[tuple[int, Declaration]]], tuple[str, ...]]:
        """Declarations with their distance by library, best first, and notes."""
        table: dict[str, list[tuple[int, Declaration]]] = {}
        notes = []
        for file in self._files:
            try:
                for declaration in file.declarations():
                    table.setdefault(declaration.name, []).append((file.distance, declaration))
            except Broken as error:
                notes.append(f"{file.path} was ignored: {error}")
        for found in table.values():
            found.sort(key=lambda item: (item[0], item[1].rank))
        return table, tuple(notes)


def _read(wanted: _File, top: Path, seen: set[Path]) -> Iterator[_File | str]:
    """A file with its text and the files it includes, as far as they lie below `top`; a sentence for a broken one."""
    pending = [wanted]
    while pending:
        file = pending.pop(0)
        if file.path in seen:
            continue
        seen.add(file.path)
        try:
            file = replace(file, text=version_files.text_of(file.path))
        except Broken as error:
            yield f"{file.path} was ignored: {error}"
            continue
        yield file
        if file.path.suffix == ".txt":
            for path, constrains in version_files.included(file.path, file.text):
                if path.is_relative_to(top) and path.resolve().is_relative_to(top.resolve()):
                    pending.append(replace(file, path=path, text="", constrains=file.constrains or constrains))


def upwards(root: Path) -> list[Path]:
    """A directory and those above it that may hold files of the same project."""
    above = [root, *root.parents]
    for count, directory in enumerate(above, 1):
        if (directory / ".git").exists():
            return above[:count]
    plain = (number for number, directory in enumerate(above) if not (directory / "__init__.py").is_file())
    count = next(plain, 0)
    if above[count].name == "src":
        count += 1
    return above[: count + 1]
