"""Finding and reading the configuration of a project: lookup, `extend`, types, and the nearest name for a wrong key."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli

from fastapi_seclint.config import (
    AuthConfig,
    Config,
    ConfigError,
    FixConfig,
    Origin,
    PublicRoute,
    RateLimitConfig,
    SecretsConfig,
    SuppressionsConfig,
    display,
)
from fastapi_seclint.config_keys import KEYS, TABLES, WITHOUT_EFFECT, Kind, fault, kind_of, nearest
from fastapi_seclint.toml_lines import KeyPath, item_line, key_lines, nearest_line


@dataclass(frozen=True, slots=True)
class _File:
    """One TOML file: its text, the lines of its keys and the path of the section inside it."""

    path: Path
    display: str
    text: str
    section: Mapping[str, Any]
    prefix: KeyPath
    lines: Mapping[KeyPath, int]

    def origin(self, *path: str | int) -> Origin:
        return Origin(self.display, nearest_line(self.lines, (*self.prefix, *path)))

    def item_origin(self, item: str, *path: str | int) -> Origin:
        return Origin(self.display, item_line(self.text, self.lines, (*self.prefix, *path), item))


def load(start: Path, *, cwd: Path, file: Path | None = None, isolated: bool = False) -> Config:
    """The configuration of the project at `start` (a directory, absolute).

    `file` (from `--config`) is taken instead of looking one up; `isolated` takes none. Raises `ConfigError` for a file
    that cannot be read, broken TOML, an unknown key, a wrong type, a public route without reason, a cycle of `extend`.
    """
    if isolated:
        return Config()
    found = _read(file, cwd) if file else find(start, cwd)
    if found is None and file is not None:
        raise ConfigError("no [tool.seclint] section", Origin(display(file, cwd), 1))
    return _config(found, cwd, ()) if found else Config()


def find(start: Path, cwd: Path) -> _File | None:
    """The nearest file with a configuration from `start` up to the repository's root."""
    for directory in (start, *start.parents):
        for name in ("seclint.toml", "pyproject.toml"):
            if (directory / name).is_file() and (found := _read(directory / name, cwd)):
                return found
        if (directory / ".git").exists():
            return None
    return None


def _read(path: Path, cwd: Path) -> _File | None:
    """The file, or None when it is a pyproject.toml without the section."""
    shown = display(path, cwd)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomli.loads(text)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8", Origin(shown, line)) from None
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"is not valid TOML: {error}", Origin(shown, getattr(error, "lineno", 1))) from None
    tool = data.get("tool")
    section = tool.get("seclint") if isinstance(tool, dict) else None
    lines = key_lines(text.replace("\r\n", "\n"))
    if section is not None:
        if not isinstance(section, dict):
            raise ConfigError("`tool.seclint` must be a table", Origin(shown, nearest_line(lines, ("tool", "seclint"))))
        return _File(path, shown, text, section, ("tool", "seclint"), lines)
    return None if path.name == "pyproject.toml" else _File(path, shown, text, data, (), lines)


def _config(file: _File, cwd: Path, seen: tuple[Path, ...]) -> Config:
    """The values of a file laid over those of the file that it extends."""
    resolved = file.path.resolve()
    values, origins, notes = dict[str, Any](), dict[str, Origin](), list[str]()
    _flatten(file, values, origins, notes)
    chain = [file]
    while (base := values.pop("extend", None)) is not None:
        place = origins.pop("extend")
        seen = (*seen, resolved)
        path = Path(os.path.normpath(chain[-1].path.parent / str(base)))
        resolved = path.resolve()
        if resolved in seen:
            raise ConfigError(f"`extend` goes round in a circle through {display(path, cwd)}", place)
        if not path.is_file():
            raise ConfigError(f"`extend` names {display(path, cwd)}, which is no file", place)
        extended = _read(path, cwd)
        if extended is None:
            raise ConfigError(f"`extend` names {display(path, cwd)}, which has no [tool.seclint] section", place)
        chain.append(extended)
        below_values, below_origins = dict[str, Any](), dict[str, Origin]()
        _flatten(extended, below_values, below_origins, notes)
        values = {**below_values, **values}
        if "extend" in below_values:
            values["extend"] = below_values["extend"]
        origins = {**below_origins, **origins}
        if "extend" in below_origins:
            origins["extend"] = below_origins["extend"]
    return _assembled(file, values, origins, tuple(notes))


def _flatten(file: _File, values: dict[str, Any], origins: dict[str, Origin], notes: list[str]) -> None:
    """Check one file and put its values under dotted keys; what is wrong is told of all of them, a line each."""
    faults = []
    for path, value in _keys(file.section):
        try:
            if path == ("public-routes",):
                values[path[0]] = _public_routes(file, value)
                origins[path[0]] = file.origin(*path)
            elif path[0] in TABLES and len(path) == 1:
                raise ConfigError(f"`{path[0]}` must be a table", file.origin(*path))
            else:
                _put(file, path, value, values, origins, notes)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))


def _keys(section: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every key of a section with its value; those of tables by themselves."""
    for key, value in section.items():
        if key in TABLES and isinstance(value, dict):
            yield from (((key, name), inner) for name, inner in value.items())
        else:
            yield (key,), value


def _put(
    file: _File,
    path: tuple[str, ...],
    value: object,
    values: dict[str, Any],
    origins: dict[str, Origin],
    notes: list[str],
) -> None:
    key = ".".join(path)
    kind = kind_of(path)
    if kind is None:
        raise ConfigError(f"unknown key `{key}`{nearest(key, [*KEYS, *TABLES, 'public-routes'])}", file.origin(*path))
    _check(file, path, value, kind)
    place = file.origin(*path)
    if key.startswith(WITHOUT_EFFECT):
        notes.append(f"{place}: `{key}` has no effect in this version")
    values[key] = tuple(value) if isinstance(value, list) else value
    if key == "cache-dir":
        values[key] = Path(os.path.normpath(file.path.parent / str(value)))
    origins[key] = place
    if isinstance(value, list):
        origins.update({f"{key}[{item}]": file.item_origin(item, *path) for item in value})


def _check(file: _File, path: KeyPath, value: object, kind: Kind) -> None:
    """Raise `ConfigError` unless the value is of the kind."""
    if found := fault(value, kind):
        name = ".".join(part for part in path if isinstance(part, str))
        raise ConfigError(f"`{name}` {found}", file.origin(*path))


def _public_routes(file: _File, value: object) -> tuple[PublicRoute, ...]:
    """The entries of `[[tool.seclint.public-routes]]`; each must say why the route is open."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ConfigError("`public-routes` must be an array of tables", file.origin("public-routes"))
    routes = []
    for index, entry in enumerate(value):
        for key, inner in entry.items():
            kind = KEYS.get(f"public-routes.{key}")
            if kind is None:
                near = nearest(key, ["path", "methods", "reason"])
                raise ConfigError(f"unknown key `public-routes.{key}`{near}", file.origin("public-routes", index, key))
            _check(file, ("public-routes", index, key), inner, kind)
        place = file.origin("public-routes", index)
        if not entry.get("path"):
            raise ConfigError("a public route needs a `path`", place)
        if not entry.get("reason", "").strip():
            raise ConfigError(f"the public route {entry['path']!r} needs a `reason`", place)
        methods = tuple(sorted(method.upper() for method in entry.get("methods", [])))
        routes.append(PublicRoute(entry["path"], methods, entry["reason"].strip(), place))
    return tuple(routes)


def _assembled(file: _File, values: Mapping[str, Any], origins: Mapping[str, Origin], notes: tuple[str, ...]) -> Config:
    def table(name: str) -> dict[str, Any]:
        return {key[len(name) + 1 :]: value for key, value in values.items() if key.startswith(f"{name}.")}

    def keywords(name: str) -> dict[str, Any]:
        return {key.replace("-", "_"): value for key, value in table(name).items()}

    fix = {key: value for key, value in keywords("fix").items() if key != "password_backend"}
    suppressions = {key: value for key, value in keywords("suppressions").items() if key != "honor_foreign"}
    plain = {
        key.replace("-", "_"): value
        for key, value in values.items()
        if "." not in key and key not in ("target-version", "src", "apps", "baseline")
    }
    return Config(
        **plain,
        auth=AuthConfig(**keywords("auth")),
        rate_limit=RateLimitConfig(**keywords("rate-limit")),
        secrets=SecretsConfig(**keywords("secrets")),
        severity=tuple(table("severity").items()),
        per_path_ignores=tuple(table("per-path-ignores").items()),
        suppressions=SuppressionsConfig(**suppressions),
        fix=FixConfig(**fix),
        file=file.path,
        origins=MappingProxyType(dict(origins)),
        notes=notes,
    )
