"""The same program in other people's style: what is found in it, or not, stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from pages import concerning, manual, write_files
from rewrites import REWRITES as OF_STATEMENTS
from rewrites import Rewrite
from rewrites_of_checks import REWRITES as OF_CHECKS
from rewrites_of_expressions import REWRITES as OF_EXPRESSIONS
from rewrites_of_guards import REWRITES as OF_GUARDS
from rewrites_of_helpers import REWRITES as OF_HELPERS
from rewrites_of_names import REWRITES as OF_NAMES

import fastapi_seclint
from fastapi_seclint import catalogue
from fastapi_seclint.rule import Rule

REWRITES = (*OF_STATEMENTS, *OF_CHECKS, *OF_EXPRESSIONS, *OF_GUARDS, *OF_HELPERS, *OF_NAMES)
RULES = {rule.name: rule for rule in catalogue.rules() if rule.run}
PROJECTS = 2
"""How many wrong and how many right projects of a page are written anew."""


def rewritten() -> Iterator[ParameterSet]:
    """The first projects of every page of the manual, by each way of writing them anew that changes them."""
    for page, kind, number, project in manual(RULES, PROJECTS):
        for rewrite in REWRITES:
            if (files := rewrite(project.files)) is not None:
                name = f"{page.rule}:{kind}-{number}:{rewrite.__name__}"
                yield pytest.param(RULES[page.rule], project.files, files, id=name)


def found(rule: Rule, files: Mapping[str, str], folder: Path) -> Counter[str]:
    """How often each rule finds something in a project, as the page of `rule` wants it."""
    write_files(folder, files)
    report = fastapi_seclint.check(folder, persona=rule.persona, include_tests=True, cwd=folder)
    assert [failure.message for failure in report.failures] == []
    counts = concerning(rule)
    return Counter(finding.rule.name for finding in report.findings if counts(finding))


@pytest.mark.parametrize(("rule", "before", "after"), [*rewritten()])
def test_the_same_is_found(rule: Rule, before: Mapping[str, str], after: Mapping[str, str], tmp_path: Path) -> None:
    assert found(rule, after, tmp_path / "after") == found(rule, before, tmp_path / "before")


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_every_rewrite_rewrites_something(rewrite: Rewrite) -> None:
    name = rewrite.__name__
    assert any(str(item.id).endswith(name) for item in rewritten())
