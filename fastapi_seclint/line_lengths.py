"""The line length that a project states for its formatter or linter: ruff's, else black's, else flake8's."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from pathlib import Path

import tomli

_RUFF = ("ruff.toml", ".ruff.toml")
_INI = ("setup.cfg", "tox.ini", ".flake8")
_USUAL = 88
_LEAST, _MOST = 60, 320


def stated(folder: Path) -> int | None:
    """The line length for the files of a folder, from the nearest folder above that states one; None without one.

    A file that cannot be read states nothing. Ruff and black have 88 where they are configured without a length.
    """
    for place in (folder, *folder.parents):
        found = next((length for length in _lengths(place) if _LEAST <= length <= _MOST), None)
        if found is not None:
            return found
        if (place / ".git").exists():
            return None
    return None


def _lengths(folder: Path) -> Iterator[int]:
    for name in _RUFF:
        if (folder / name).is_file():
            yield _number(_toml(folder / name).get("line-length"), _USUAL)
    tools = _toml(folder / "pyproject.toml").get("tool")
    for name in ("ruff", "black"):
        table = tools.get(name) if isinstance(tools, Mapping) else None
        if isinstance(table, Mapping):
            yield _number(table.get("line-length", table.get("line_length")), _USUAL)
    for name in _INI:
        yield from _of_flake8(folder / name)


def _number(value: object, usual: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else usual


def _toml(path: Path) -> Mapping[str, object]:
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, RecursionError):
        return {}


def _of_flake8(path: Path) -> Iterator[int]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return
    for section in ("flake8", "pycodestyle"):
        for key in ("max-line-length", "max_line_length"):
            text = parser.get(section, key, fallback="").strip()
            if text.isdecimal():
                yield int(text)
