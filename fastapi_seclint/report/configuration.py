"""The effective configuration and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from fastapi_seclint.config import Config, PublicRoute, display
from fastapi_seclint.report.words import harmless
from fastapi_seclint.rule import Finding

DEFAULT = "default"
NOT_SHOWN = ("file", "origins", "notes")


def render_text(config: Config, cwd: Path) -> str:
    """A line a value: key, value as TOML has it, and where it was written."""
    rows = [(key, _toml(value), origin) for key, value, origin in _rows(config)]
    file = harmless(display(config.file, cwd)) if config.file else "none, so every value is the default"
    width = max(len(f"{key} = {value}") for key, value, _ in rows)
    width = min(width, 60)
    lines = [f"{f'{key} = {value}':<{width}}  # {origin}" for key, value, origin in rows]
    return "\n".join([f"# configuration file: {file}", *map(harmless, lines)]) + "\n"


def render_json(config: Config, cwd: Path) -> str:
    """The same as one JSON object."""
    values = {key: {"value": _plain(value), "origin": origin} for key, value, origin in _rows(config)}
    file = display(config.file, cwd) if config.file else None
    return json.dumps({"schema_version": 1, "file": file, "values": values}, indent=2) + "\n"


def stale(findings: Iterable[Finding]) -> str:
    """A line for each entry that matches nothing, or a sentence when there is none."""
    lines = [harmless(f"{finding.location}: {finding.message}") for finding in findings]
    return "".join(f"{line}\n" for line in lines) or "Every entry of the configuration matches something.\n"


def _rows(config: Config) -> Iterator[tuple[str, Any, str]]:
    """Key, value and origin of every value, tables flattened."""
    for item in fields(config):
        key = item.name.replace("_", "-")
        value = getattr(config, item.name)
        if item.name in NOT_SHOWN:
            continue
        if item.name in ("severity", "per_path_ignores"):
            for name, inner in value:
                yield _row(config, f"{key}.{name}", inner)
        elif item.name == "public_routes":
            for route in value:
                yield f"{key}[{route.path}]", route, str(route.origin or DEFAULT)
        elif is_dataclass(value):
            for inner_item in fields(value):
                yield _row(config, f"{key}.{inner_item.name.replace('_', '-')}", getattr(value, inner_item.name))
        else:
            yield _row(config, key, value)


def _row(config: Config, key: str, value: Any) -> tuple[str, Any, str]:
    return key, value, str(config.origin(key) or DEFAULT)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, PublicRoute):
        return {"path": value.path, "methods": list(value.methods), "reason": value.reason}
    return str(value) if isinstance(value, Path) else value


def _toml(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, dict):
        return "{" + ", ".join(f"{key} = {json.dumps(inner)}" for key, inner in plain.items() if inner) + "}"
    return "(unset)" if plain is None else json.dumps(plain, ensure_ascii=False)


RENDERERS: Mapping[str, Callable[[Config, Path], str]] = {"text": render_text, "json": render_json}
