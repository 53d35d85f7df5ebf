"""What the rules found earlier in this process: the run after `--fix` asks nothing of them that the proof has asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fastapi_seclint import catalogue, selection
from fastapi_seclint.config import Config
from fastapi_seclint.engine import reviewing
from fastapi_seclint.engine.gathering import Content
from fastapi_seclint.engine.stored import Examined

_MOST = 3

Asked = tuple[object, ...]
"""What the findings of a project depend on but for the selection of rules."""


def asked(root: object, config: Config, contents: Sequence[Content], unreadable: object) -> Asked:
    """What a run asks for: equal for runs that differ in nothing but which rules are selected and what is shown."""
    files = tuple((content.file.display, content.digest) for content in contents)
    return root, files, unreadable, replace(config, select=(), ignore=(), extend_select=(), min_severity="low")


@dataclass(slots=True)
class Remembered:
    """The last runs of all rules."""

    _runs: list[tuple[Asked, Examined]] = field(default_factory=list)

    def keep(self, what: Asked | None, config: Config, examined: Examined) -> None:
        """Remember a run, if all rules were in it."""
        if what and len(selection.rules_of(config)) == len(catalogue.rules()):
            self._runs = [(what, examined), *self._runs[: _MOST - 1]]

    def find(self, what: Asked, config: Config) -> Examined | None:
        """The run of the rules that a configuration selects, if all rules ran on the same files."""
        known = next((examined for one, examined in self._runs if one == what), None)
        if known is None:
            return None
        rules = selection.rules_of(config)
        codes, names = {rule.code for rule in rules}, {rule.name for rule in catalogue.rules()}
        left_out = names - {rule.name for rule in rules}
        return replace(
            known,
            findings=tuple(finding for finding in known.findings if finding.rule.code in codes),
            failures=tuple(failure for failure in known.failures if failure.name not in left_out),
            words=reviewing.words_in(known.comments, config),
            ran=tuple(code for code in known.ran if code in codes),
            reviews=tuple(rule.name for rule in rules if rule.review),
        )
