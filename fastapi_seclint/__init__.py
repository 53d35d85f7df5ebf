"""fastapi_seclint: a static security linter for FastAPI codebases.

`check` and `routes` are the same pipeline as the commands of these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi_seclint.config import FailOn
    from fastapi_seclint.engine.planning import Options
    from fastapi_seclint.outcome import Report, Survey
    from fastapi_seclint.rule import Confidence, Persona, Severity

__version__ = "0.1.0"

__all__ = ["__version__", "check", "routes"]

AnyPath = str | PathLike[str]


def check(
    path: AnyPath | Iterable[AnyPath] = ".",
    *,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    persona: Persona | None = None,
    min_severity: Severity | None = None,
    min_confidence: Confidence | None = None,
    fail_on: FailOn | None = None,
    include_tests: bool = False,
    suppressions: bool = True,
    strict: bool = False,
    replacements: bool = False,
    config: AnyPath | None = None,
    isolated: bool = False,
    cache: bool = False,
    cwd: AnyPath | None = None,
    overlay: Mapping[Any, str] | None = None,
) -> Report:
    """The findings of one or more files and directories, as `seclint check` gives them; the code is never run.

    Arguments replace the project's configuration, None leaves it. Paths are shown relative to `cwd`.
    `overlay` gives texts that stand in for files, by path; `replacements` asks what each fix comes to; `suppressions`
    obeys comments; `strict` looks for configuration that matches nothing, too. Raises
    `config.ConfigError` for a configuration that cannot be used and `discovery.NoSuchPath` for a missing path.
    """
    from fastapi_seclint import engine
    from fastapi_seclint.config import Overrides

    overrides = Overrides(
        select=None if select is None else tuple(select),
        ignore=None if ignore is None else tuple(ignore),
        persona=persona,
        min_severity=min_severity,
        min_confidence=min_confidence,
        fail_on=fail_on,
    )
    options = _options(
        cwd,
        config,
        overrides=overrides,
        isolated=isolated,
        cache=cache,
        include_tests=include_tests,
        suppressions=suppressions,
        strict=strict,
        replacements=replacements,
    )
    return engine.analyse(_paths(path), options, overlay=overlay or {})


def routes(
    path: AnyPath | Iterable[AnyPath] = ".",
    *,
    config: AnyPath | None = None,
    isolated: bool = False,
    cache: bool = False,
    cwd: AnyPath | None = None,
) -> Survey:
    """The route table of one or more files and directories, as `seclint routes` gives it; raises as `check` does."""
    from fastapi_seclint import engine

    return engine.survey(_paths(path), _options(cwd, config, isolated=isolated, cache=cache))


def _options(cwd: AnyPath | None, config: AnyPath | None, **given: Any) -> Options:
    from pathlib import Path

    from fastapi_seclint.engine.planning import Options

    directory = Path.cwd() if cwd is None else Path(cwd).absolute()
    return Options(cwd=directory, config_file=None if config is None else directory / config, **given)


def _paths(path: AnyPath | Iterable[AnyPath]) -> list[Any]:
    from pathlib import Path

    return [Path(path)] if isinstance(path, str | PathLike) else [Path(item) for item in path]
