"""The same program with other wiring, in other files: what is found, and what guards each route, stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.mark import ParameterSet
from pages import concerning, manual, write_files
from rewrites import Rewrite
from rewrites_of_layout import REWRITES as OF_LAYOUT
from rewrites_of_routes import REWRITES as OF_ROUTES
from rewrites_of_services import REWRITES as OF_SERVICES
from rewrites_of_settings import REWRITES as OF_SETTINGS
from rewrites_of_wiring import REWRITES as OF_WIRING

import fastapi_seclint
from fastapi_seclint import catalogue
from fastapi_seclint.rule import Rule

REWRITES = (*OF_ROUTES, *OF_WIRING, *OF_LAYOUT, *OF_SERVICES, *OF_SETTINGS)
RULES = {rule.name: rule for rule in catalogue.rules() if rule.run}
Found = tuple[Counter[str], Counter[tuple[tuple[str, ...], str, str]]]

OTHERWISE = {
    ("settings_as_object", "api-key-matches-missing"): "a setting with another name is not known to be one text",
    ("settings_by_call", "api-key-matches-missing"): "a setting with another name is not known to be one text",
    ("handled_by_functions", "public-route-requires-token"): "only a handler's own test says that visitors may come",
    ("handled_by_a_service", "public-route-requires-token"): "only a handler's own test says that visitors may come",
    ("asked_on_each_route", "unprotected-router"): "with no guarded router beside it, each route is told by itself",
}
"""By rewrite and rule: why something else is found in the wrong project."""


def rewritten() -> Iterator[ParameterSet]:
    """The first wrong and the first right project of every page, by each rewrite that changes them."""
    for page, kind, _, project in manual(RULES, 1):
        for rewrite in REWRITES:
            if (files := rewrite(project.files)) is not None:
                why = OTHERWISE.get((rewrite.__name__, page.rule)) if kind == "wrong" else None
                marks = [pytest.mark.xfail(reason=why)] if why else []
                name = f"{page.rule}:{kind}:{rewrite.__name__}"
                yield pytest.param(page.rule, project.files, files, id=name, marks=marks)


def found(name: str, files: Mapping[str, str]) -> Found:
    """What each rule finds in a project, as the page of a rule wants it, and the protection of each route."""
    return _found(name, tuple(sorted(files.items())))


@lru_cache(maxsize=4)
def _found(name: str, files: tuple[tuple[str, str], ...]) -> Found:
    rule: Rule = RULES[name]
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_files(folder, dict(files))
        report = fastapi_seclint.check(folder, persona=rule.persona, include_tests=True, cwd=folder)
        table = fastapi_seclint.routes(folder, cwd=folder).table
    assert [failure.message for failure in report.failures] == []
    counts = concerning(rule)
    findings = Counter(finding.rule.name for finding in report.findings if counts(finding))
    return findings, Counter((row.methods, row.path, row.protection) for row in table.routes if row.kind != "docs")


@pytest.mark.parametrize(("name", "before", "after"), [*rewritten()])
def test_the_same_is_found_and_guarded(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    assert found(name, after) == found(name, before)


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_every_rewrite_rewrites_something(rewrite: Rewrite) -> None:
    assert any(str(item.id).endswith(f":{rewrite.__name__}") for item in rewritten())
