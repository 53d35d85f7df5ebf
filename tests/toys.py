"""Rules that exist in tests only: modules put beside the real ones, found as those are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi_seclint import catalogue, checks

DANGER = """
from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.rule import Evidence, Fix, Rule
from fastapi_seclint.spans import Location, Span

RULE = Rule(code="FSL998", name="toy-danger", summary="danger", severity="high", persona="{persona}", fixable="safe")


@RULE.check
def toy_danger(program):
    files = [module.facts for module in program.modules.by_file.values()]
    for facts in files:
        if "danger" in facts.words:
            at = Location(facts.path, Span(1, 1, 1, 9))
            edit = ReplaceExpression(facts.path, at.span, "{after}()")
            fix = Fix("call safety", {safe}, (edit,))
            others = [Evidence(Location(other.path, at.span), "beside it") for other in files if other is not facts]
            route = ("GET", "/" + facts.path)
            yield RULE.finding(at, "danger is called", symbol="toy", route=route, evidence=others, fix=fix)
"""
CRASH = """
from fastapi_seclint.rule import Rule

RULE = Rule(code="FSL999", name="toy-crash", summary="crashes", severity="low")


@RULE.check
def toy_crash(program):
    raise KeyError("no such thing")
    yield
"""


INTERRUPT = """
import signal

from fastapi_seclint.rule import Rule

RULE = Rule(code="FSL997", name="toy-interrupt", summary="somebody presses a key", severity="low")


@RULE.check
def toy_interrupt(program):
    signal.raise_signal(signal.SIGINT)
    yield
"""


def danger(*, safe: bool = True, after: str = "safety", persona: str = "regular") -> str:
    """A rule that finds `danger()` at the start of a file and replaces it."""
    return DANGER.format(safe=safe, after=after, persona=persona)


@contextmanager
def rules(folder: Path, **modules: str) -> Iterator[None]:
    """With these modules as further rules, one file each in the folder."""
    folder.mkdir(exist_ok=True)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    checks.__path__.append(str(folder))
    catalogue.rules.cache_clear()
    try:
        yield
    finally:
        checks.__path__.remove(str(folder))
        catalogue.rules.cache_clear()
        for name in modules:
            sys.modules.pop(f"{checks.__name__}.{name}", None)


CALLS = """
from fastapi_seclint.facts.forms import span_of, walk
from fastapi_seclint.rule import Rule
from fastapi_seclint.spans import Location

RULE = Rule(code="{code}", name="toy-{name}", summary="{name} is called", severity="high")


@RULE.check
def toy(program):
    for block in program.sites.blocks(frozenset(["{name}"])):
        for form in walk(block.statements):
            if form[0] == "call" and form[2][0] == "name" and form[2][2] == "{name}":
                yield RULE.finding(block.location(form), "{name} is called", symbol=block.symbol)
"""


def calls(name: str, code: str) -> str:
    """A rule `toy-<name>` that finds every call of a function of that name, wherever it stands."""
    return CALLS.format(name=name, code=code)
