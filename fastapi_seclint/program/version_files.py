"""The files that say which libraries a project uses: lock files, requirements, pyproject.toml, Pipfile, setup.cfg."""

from __future__ import annotations

import codecs
import configparser
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import tomli

from fastapi_seclint.program.specifiers import Range, exactly, parse

MAX_BYTES = 20_000_000


class Rank(IntEnum):
    """How much a file is worth in its directory, best first."""

    LOCK = 0
    REQUIREMENTS = 1
    OTHER_REQUIREMENTS = 2
    PROJECT = 3
    EXTRA = 4


@dataclass(frozen=True, slots=True)
class Declaration:
    """A library that a file names: normalized name (PEP 503), allowed releases, and where; `line` starts at 1.

    `declares` is False for what only narrows versions: locks, which list what others need too, and constraints.
    """

    name: str
    allowed: Range
    rank: Rank
    path: Path
    line: int
    declares: bool = True


class Broken(Exception):
    """A file that cannot be understood."""


Read = Callable[[Path, str], Iterator[Declaration]]

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_LOCKED = re.compile(r"^\[\[packages?\]\]\n((?:[\w-]+ *=.*\n)*)", re.MULTILINE)
_LOCKED_KEY = re.compile(r'^(name|version) *= *"([^"\\]*)"', re.MULTILINE)
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(\S.*)")


def normalized(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def files_of(directory: Path) -> list[Path]:
    """The files of a directory that `read` understands, sorted; links are left out."""
    found = []
    for folder in (directory, directory / "requirements"):
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        except OSError:
            continue
        inside = folder is not directory
        found += [folder / name for name in names if (name.endswith(".txt") if inside else _reader(name))]
    return found


def text_of(path: Path) -> str:
    """The text of a file; raises Broken."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise Broken(f"larger than {MAX_BYTES:,} bytes")
        utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if utf16 else "utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise Broken(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise Broken(f"not {error.encoding}") from error


def read(path: Path, text: str) -> list[Declaration]:
    """What a file declares; files that a requirements file includes are not read here. Raises Broken."""
    reader = _reader(path.name) or _requirements
    try:
        return list(reader(path, text))
    except (tomli.TOMLDecodeError, json.JSONDecodeError, configparser.Error, RecursionError) as error:
        raise Broken(str(error).split("\n")[0]) from error


def included(path: Path, text: str) -> Iterator[tuple[Path, bool]]:
    """The files that a requirements file includes, and whether they only constrain."""
    for _, line in _logical_lines(text):
        found = _INCLUDE.match(line)
        if found:
            target = os.path.normpath(path.parent / found[2].strip().strip("\"'"))
            yield Path(target), found[1] in ("-c", "--constraint")


def _reader(name: str) -> Read | None:
    known: dict[str, Read] = {
        "uv.lock": _toml_lock,
        "poetry.lock": _toml_lock,
        "pdm.lock": _toml_lock,
        "pylock.toml": _toml_lock,
        "Pipfile.lock": _pipfile_lock,
        "Pipfile": _pipfile,
        "pyproject.toml": _pyproject,
        "setup.cfg": _setup_cfg,
    }
    if name in known:
        return known[name]
    if name.startswith("pylock.") and name.endswith(".toml"):
        return _toml_lock
    return _requirements if "requirements" in name and name.endswith(".txt") else None


def _requirement(text: str, rank: Rank, path: Path, line: int) -> Iterator[Declaration]:
    """A PEP 508 requirement; nothing if the text is none."""
    found = _NAME.match(text)
    if found:
        rest = found[2].split(";")[0]
        allowed = Range() if rest.startswith("@") else parse(rest)
        yield Declaration(normalized(found[1]), allowed, rank, path, line)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a requirements file with their numbers: continued ones joined, comments and blanks left out."""
    start, pending = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        start = start if pending else number
        line = re.sub(r"(^|\s)#.*", "", line)
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        whole, pending = (pending + line).strip(), ""
        if whole:
            yield start, whole
    if pending.strip():
        yield start, pending.strip()


def _requirements(path: Path, text: str) -> Iterator[Declaration]:
    rank = Rank.REQUIREMENTS if path.name == "requirements.txt" else Rank.OTHER_REQUIREMENTS
    for number, line in _logical_lines(text):
        if not line.startswith("-"):
            yield from _requirement(re.split(r"\s--?[a-z]", line)[0], rank, path, number)


def _toml_lock(path: Path, text: str) -> Iterator[Declaration]:
    """A lock with an array of tables; its machine-made form is read without a TOML parser, which takes far longer."""
    line, last = 1, 0
    tables = list(_LOCKED.finditer(text))
    for table in tables:
        line, last = line + text.count("\n", last, table.start()), table.start()
        keys = dict(_LOCKED_KEY.findall(table[1]))
        if "name" in keys and "version" in keys:
            yield _locked(keys["name"], keys["version"], path, line)
    if not tables:
        packages = tomli.loads(text)
        for package in _tables(packages.get("package", packages.get("packages"))):
            if isinstance(package.get("name"), str) and isinstance(package.get("version"), str):
                yield _locked(package["name"], package["version"], path, _line_of(text, package["name"]))


def _pipfile_lock(path: Path, text: str) -> Iterator[Declaration]:
    content = json.loads(text)
    for section in ("default", "develop"):
        for name, package in table_of(table_of(content).get(section)).items():
            version = table_of(package).get("version")
            if isinstance(version, str):
                yield _locked(name, version.removeprefix("=="), path, _line_of(text, name))


def _locked(name: str, version: str, path: Path, line: int) -> Declaration:
    return Declaration(normalized(name), exactly(version), Rank.LOCK, path, line, declares=False)


def _pipfile(path: Path, text: str) -> Iterator[Declaration]:
    content = tomli.loads(text)
    yield from _constraints(table_of(content.get("packages")), Rank.PROJECT, path, text)
    yield from _constraints(table_of(content.get("dev-packages")), Rank.EXTRA, path, text)


def _pyproject(path: Path, text: str) -> Iterator[Declaration]:
    content = tomli.loads(text)
    project, tool = table_of(content.get("project")), table_of(content.get("tool"))
    poetry = table_of(tool.get("poetry"))
    yield from _requirement_list(project.get("dependencies"), Rank.PROJECT, path, text)
    yield from _constraints(table_of(poetry.get("dependencies")), Rank.PROJECT, path, text)
    extras = [
        *table_of(project.get("optional-dependencies")).values(),
        *table_of(content.get("dependency-groups")).values(),
        *table_of(table_of(tool.get("pdm")).get("dev-dependencies")).values(),
        table_of(tool.get("uv")).get("dev-dependencies"),
    ]
    for extra in extras:
        yield from _requirement_list(extra, Rank.EXTRA, path, text)
    groups = [poetry.get("dev-dependencies")]
    groups += [table_of(group).get("dependencies") for group in table_of(poetry.get("group")).values()]
    for group in groups:
        yield from _constraints(table_of(group), Rank.EXTRA, path, text)


def _requirement_list(items: object, rank: Rank, path: Path, text: str) -> Iterator[Declaration]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, str):
            yield from _requirement(item, rank, path, _line_of(text, item))


def _constraints(table: dict[str, Any], rank: Rank, path: Path, text: str) -> Iterator[Declaration]:
    """Poetry's and Pipfile's form: name = constraint, name = {version = constraint}, or a list of such tables."""
    for name, value in table.items():
        if normalized(name) == "python":
            continue
        for item in value if isinstance(value, list) else [value]:
            constraint = item if isinstance(item, str) else table_of(item).get("version")
            allowed = parse(constraint) if isinstance(constraint, str) else Range()
            yield Declaration(normalized(name), allowed, rank, path, _line_of(text, name, key=True))


def _setup_cfg(path: Path, text: str) -> Iterator[Declaration]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    listed = [(Rank.PROJECT, parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += [(Rank.EXTRA, value) for _, value in parser.items("options.extras_require")]
    for rank, value in listed:
        for line in filter(None, map(str.strip, value.split("\n"))):
            yield from _requirement(line, rank, path, _line_of(text, line))


def table_of(value: object) -> dict[str, Any]:
    """A table of a TOML file; an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _line_of(text: str, wanted: str, *, key: bool = False) -> int:
    """The line, from 1, where a text stands first; as a key at the start of its line if asked."""
    pattern = rf"^[ \t]*[\"']?{re.escape(wanted)}[\"']?\s*=" if key else re.escape(wanted)
    found = re.search(pattern, text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1
