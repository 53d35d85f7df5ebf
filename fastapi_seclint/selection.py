"""What a configuration keeps: which rules run, and which of their findings are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from fastapi_seclint import catalogue
from fastapi_seclint.config import Config, ConfigError
from fastapi_seclint.rule import CONFIDENCES, PERSONAS, SEVERITIES, Confidence, Finding, Rule, Severity

Matches = Callable[[str], bool]
Ignores = list[tuple[Matches, frozenset[str]]]


def rules_of(config: Config) -> tuple[Rule, ...]:
    """The rules that the configuration selects, by code; raises `ConfigError` for a word that names no rule."""
    chosen = _selected(config) - _codes(config, "ignore", config.ignore)
    _codes(config, "fix.unfixable", config.fix.unfixable)
    _codes(config, "suppressions.unsuppressible", config.suppressions.unsuppressible)
    return tuple(rule for rule in catalogue.rules() if rule.code in chosen)


def ignored_rules(config: Config) -> tuple[Rule, ...]:
    """The rules that `ignore` keeps from running, by code."""
    chosen = _selected(config) & _codes(config, "ignore", config.ignore)
    return tuple(rule for rule in catalogue.rules() if rule.code in chosen)


def _selected(config: Config) -> frozenset[str]:
    return _codes(config, "select", config.select) | _codes(config, "extend-select", config.extend_select)


def pattern(text: str) -> Matches:
    """Whether a path inside the project fits a pattern of git ignores."""
    import pathspec

    return pathspec.GitIgnoreSpec.from_lines([text]).match_file


def kept_back(config: Config) -> tuple[str, ...]:
    """A sentence for each rule that is asked for by its own code or name and not shown, or one where none is left."""
    words = {*config.select, *config.extend_select} - {"ALL"}
    if config.select and not words and not config.ignore:
        return ()  # all rules are selected, and to load them takes longer than a run in which nothing changed
    if not rules_of(config):
        return ("no rule is selected, so nothing was looked for",)
    shown = PERSONAS[: PERSONAS.index(config.persona) + 1]
    return tuple(
        f"{rule.code} {rule.name} shows findings with --persona {rule.persona} only"
        for rule in catalogue.rules()
        if words & {rule.code, rule.name} and rule.persona not in shown
    )


def least_confidence(config: Config) -> Confidence:
    """The configured minimum, else what the persona shows: all for an auditor, high and medium for others."""
    return config.min_confidence or ("low" if config.persona == "auditor" else "medium")


class Filter:
    """Keeps the findings that a configuration shows, with its severities; knows what was left out as tests."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._personas = PERSONAS[: PERSONAS.index(config.persona) + 1]
        self._severities = SEVERITIES[: SEVERITIES.index(config.min_severity) + 1]
        self._confidences = CONFIDENCES[: CONFIDENCES.index(least_confidence(config)) + 1]
        self._severity = _severity_overrides(config)
        self._ignored = _path_ignores(config)

    def kept(self, findings: Iterable[Finding], inside: Callable[[str], str]) -> Iterator[Finding]:
        """The findings that are shown; `inside` gives a file's path relative to the project's root."""
        for finding in findings:
            severity = self._severity.get(finding.rule.code)
            shown = replace(finding, severity=severity) if severity else finding
            if self._shows(shown) and not self._ignores(shown.rule.code, finding.location.path, inside):
                yield shown

    def why_not(self, finding: Finding, inside: Callable[[str], str]) -> str:
        """Why a finding is not shown, with where that was configured; empty when it is."""
        config = self._config
        severity = self._severity.get(finding.rule.code, finding.severity)
        reasons = {
            f"persona {finding.persona}, and {config.persona} is asked for": finding.persona not in self._personas,
            f"severity {severity}, and `min-severity` is {config.min_severity}": severity not in self._severities,
            f"confidence {finding.confidence}, and {least_confidence(config)} is the least that is shown": (
                finding.confidence not in self._confidences
            ),
        }
        for reason, holds in reasons.items():
            if holds:
                return reason
        path = inside(finding.location.path)
        for (matches, codes), (text, _) in zip(self._ignored, config.per_path_ignores, strict=True):
            if finding.rule.code in codes and matches(path):
                return f"`per-path-ignores` for {text}" + _at(config, f"per-path-ignores.{text}")
        return ""

    def _shows(self, finding: Finding) -> bool:
        return (
            finding.persona in self._personas
            and finding.severity in self._severities
            and finding.confidence in self._confidences
        )

    def _ignores(self, code: str, path: str, inside: Callable[[str], str]) -> bool:
        return any(code in codes and matches(inside(path)) for matches, codes in self._ignored)


def why_not_selected(config: Config, rule: Rule) -> str:
    """Why a rule does not run under a configuration; empty when it does."""
    for word in config.ignore:
        if rule.code in catalogue.select([word]):
            return f"left out by `ignore`: {word}" + _at(config, f"ignore[{word}]")
    chosen = {rule.code for rule in rules_of(config)}
    return "" if rule.code in chosen else "not selected by `select`" + _at(config, "select")


def disabled(config: Config) -> dict[str, str]:
    """For each code that shows nothing under a configuration, why."""
    found = {}
    chosen = {rule.code for rule in rules_of(config)}
    shown = PERSONAS[: PERSONAS.index(config.persona) + 1]
    for rule in catalogue.rules():
        if rule.code not in chosen:
            found[rule.code] = why_not_selected(config, rule)
        elif rule.persona not in shown:
            found[rule.code] = f"shows findings with --persona {rule.persona} only"
    return found


def _at(config: Config, key: str) -> str:
    origin = config.origin(key)
    return f" ({origin})" if origin else ""


def at_least(severity: Severity, gate: str) -> bool:
    """Whether a severity reaches a `--fail-on` gate, which `never` closes."""
    return gate != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(gate)


def _codes(config: Config, key: str, words: Iterable[str]) -> frozenset[str]:
    codes: frozenset[str] = frozenset()
    for word in words:
        try:
            codes |= catalogue.select([word])
        except catalogue.UnknownRule as error:
            origin = config.origin(f"{key}[{word}]") or config.origin(key)
            raise ConfigError(str(error), origin) from None
    return codes


def _severity_overrides(config: Config) -> dict[str, Severity]:
    chosen: dict[str, Severity] = {}
    for word, severity in config.severity:
        chosen |= dict.fromkeys(_codes(config, f"severity.{word}", [word]), severity)
    return chosen


def _path_ignores(config: Config) -> Ignores:
    """The configured patterns, compiled, each with the codes that it silences."""
    return [
        (pattern(text), _codes(config, f"per-path-ignores.{text}", words)) for text, words in config.per_path_ignores
    ]
