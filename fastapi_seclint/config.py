"""`[tool.seclint]` in pyproject.toml, or seclint.toml, read into one frozen object whose values know their origin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from fastapi_seclint.rule import Confidence, Persona, Severity

FailOn = Literal["critical", "high", "medium", "low", "never"]
RequireReason = Literal["off", "warn", "error"]
REQUIRE_REASON: tuple[RequireReason, ...] = ("off", "warn", "error")
FAIL_ON: tuple[FailOn, ...] = ("critical", "high", "medium", "low", "never")


def display(path: Path, cwd: Path) -> str:
    """A path as people are shown it: from the working directory, with `/`."""
    return Path(os.path.relpath(path, cwd)).as_posix()


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """Where a value was written: display path of the file and line, from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class ConfigError(Exception):
    """A configuration that cannot be used: a line for each fault, with `file:line: ` before it where that is known."""

    def __init__(self, message: str, origin: Origin | None = None) -> None:
        super().__init__(f"{origin}: {message}" if origin else message)
        self.origin = origin
        self.message = message


@dataclass(frozen=True, slots=True)
class AuthConfig:
    """`[tool.seclint.auth]`: dotted names (or `*.name`) that count as guards whatever their code says."""

    dependencies: tuple[str, ...] = ()
    optional_dependencies: tuple[str, ...] = ()
    admin_dependencies: tuple[str, ...] = ()
    middleware: tuple[str, ...] = ()
    factories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicRoute:
    """A route that is open on purpose: path pattern (`/webhooks/**`), methods (empty: all) and the reason."""

    path: str
    methods: tuple[str, ...]
    reason: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class RateLimitConfig:
    """`[tool.seclint.rate-limit]`: what limits rates; `proxy` says that something in front of the application does."""

    decorators: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    proxy: bool = False
    auth_routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """`[tool.seclint.secrets]`: values that are no secrets, more names of secrets, least entropy (bits a character)."""

    allow_values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    min_entropy: float = 3.0


@dataclass(frozen=True, slots=True)
class SuppressionsConfig:
    """`[tool.seclint.suppressions]`: what a missing reason means, and rules that no comment may suppress.

    `require_reason`: `off`, `warn` (a finding) or `error` (the comment does not act either).
    """

    require_reason: RequireReason = "warn"
    unsuppressible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixConfig:
    """`[tool.seclint.fix]`: whether unsafe fixes are applied, and rules whose fixes never are."""

    unsafe: bool = False
    unfixable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """Every effective value of one project; `None` where the built-in default of the reader applies.

    `file` is the configuration file or None, `origins` maps a key (`auth.dependencies`) to where it was written,
    `notes` are sentences about keys that are accepted and have no effect yet.
    """

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    persona: Persona = "regular"
    min_severity: Severity = "low"
    min_confidence: Confidence | None = None
    fail_on: FailOn = "low"
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    cache_dir: Path | None = None
    auth: AuthConfig = AuthConfig()
    public_routes: tuple[PublicRoute, ...] = ()
    rate_limit: RateLimitConfig = RateLimitConfig()
    secrets: SecretsConfig = SecretsConfig()
    severity: tuple[tuple[str, Severity], ...] = ()
    per_path_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    suppressions: SuppressionsConfig = SuppressionsConfig()
    fix: FixConfig = FixConfig()
    file: Path | None = None
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    notes: tuple[str, ...] = ()

    def origin(self, key: str) -> Origin | None:
        """Where a key was written, or None when it is a default or an argument."""
        return self.origins.get(key)

    def fingerprint(self) -> str:
        """A text equal for equal values, for cache keys; arguments included, notes and places of definition too."""
        shown = [f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.name != "origins"]
        return "\n".join([*shown, *(f"{key}@{place}" for key, place in sorted(self.origins.items()))])


@dataclass(frozen=True, slots=True)
class Overrides:
    """What arguments say in place of the configuration; None leaves its value."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    persona: Persona | None = None
    min_severity: Severity | None = None
    min_confidence: Confidence | None = None
    fail_on: FailOn | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    respect_gitignore: bool | None = None
    cache_dir: Path | None = None

    def applied(self, config: Config) -> Config:
        """The configuration with these values, which then have no origin in a file any more."""
        given: dict[str, Any] = {
            item.name: value for item in fields(self) if (value := getattr(self, item.name)) is not None
        }
        if "extend_exclude" in given:
            given["extend_exclude"] = (*config.extend_exclude, *given["extend_exclude"])
        if not given:
            return config
        written = {key.replace("_", "-") for key in given}
        origins = {key: place for key, place in config.origins.items() if key.partition("[")[0] not in written}
        return replace(config, **given, origins=MappingProxyType(origins))
