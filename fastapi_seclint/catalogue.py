"""The catalogue: every rule is a module of `checks/` with a `RULE` and a page of the same name in `rules/`."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fastapi_seclint import checks
from fastapi_seclint.rule import Rule

PACKAGE = Path(__file__).parent


class UnknownRule(LookupError):
    """No rule has this code, name or prefix; the text names the nearest one."""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code."""
    modules = (module.name for module in pkgutil.iter_modules(checks.__path__))
    return tuple(sorted(map(_rule_in, modules), key=lambda rule: rule.code))


def rule_named(name: str) -> Rule:
    """The rule with this name, importing no other module; raises `UnknownRule`."""
    try:
        return _rule_in(name.replace("-", "_"))
    except ModuleNotFoundError:
        raise UnknownRule(f"unknown rule `{name}`") from None


def find(word: str) -> Rule:
    """The rule with this code or name; raises `UnknownRule` with the nearest name."""
    for rule in rules():
        if word in (rule.code, rule.name):
            return rule
    raise UnknownRule(_unknown(word))


def select(words: Sequence[str]) -> frozenset[str]:
    """The codes that codes, names, prefixes (`FSL3`) or `ALL` stand for; raises `UnknownRule` for a word of no rule."""
    return frozenset(code for word in words for code in _matching(word))


def page(rule: Rule) -> str:
    """The Markdown page of a rule, from the wheel or beside the package; FileNotFoundError when there is none."""
    for folder in (PACKAGE / "rules", PACKAGE.parent / "rules"):
        file = folder / f"{rule.name}.md"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"no page rules/{rule.name}.md")


def _matching(word: str) -> frozenset[str]:
    codes = frozenset(rule.code for rule in rules())
    if word == "ALL":
        return codes
    named = frozenset(rule.code for rule in rules() if word in (rule.code, rule.name))
    prefixed = frozenset(code for code in codes if word.startswith("FSL") and code.startswith(word))
    if not named | prefixed:
        raise UnknownRule(_unknown(word))
    return named | prefixed


def _unknown(word: str) -> str:
    """What to say of a word of no rule; codes that are near each other have nothing else in common."""
    if re.fullmatch(r"FSL\d*", word):
        return f"unknown rule `{word}`, `seclint rules` lists them"
    known = [text for rule in rules() for text in (rule.name, rule.code)]
    near = difflib.get_close_matches(word.lower(), known, n=1) or difflib.get_close_matches(word.upper(), known, n=1)
    return f"unknown rule `{word}`" + (f", did you mean `{near[0]}`?" if near else "")


def _rule_in(module: str) -> Rule:
    found = importlib.import_module(f"{checks.__name__}.{module}").RULE
    if not isinstance(found, Rule):
        raise TypeError(f"RULE of checks/{module}.py is no Rule")
    return found
