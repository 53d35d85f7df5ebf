"""The keys of `[tool.seclint]`: which there are, and what a value of each has to look like."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi_seclint.config import FAIL_ON, REQUIRE_REASON
from fastapi_seclint.rule import CONFIDENCES, PERSONAS, SEVERITIES

Kind = str | tuple[str, ...]
"""A word of `_KINDS`, or the words that are allowed."""

KEYS: Mapping[str, Kind] = {
    "extend": "string",
    "target-version": "string",
    "src": "strings",
    "apps": "strings",
    "exclude": "strings",
    "extend-exclude": "strings",
    "respect-gitignore": "bool",
    "select": "strings",
    "ignore": "strings",
    "extend-select": "strings",
    "persona": PERSONAS,
    "min-severity": SEVERITIES,
    "min-confidence": CONFIDENCES,
    "fail-on": FAIL_ON,
    "baseline": "string",
    "cache-dir": "string",
    "auth.dependencies": "names",
    "auth.optional-dependencies": "names",
    "auth.admin-dependencies": "names",
    "auth.middleware": "names",
    "auth.factories": "names",
    "public-routes.path": "path",
    "public-routes.methods": "strings",
    "public-routes.reason": "string",
    "rate-limit.decorators": "names",
    "rate-limit.dependencies": "names",
    "rate-limit.proxy": "bool",
    "rate-limit.auth-routes": "paths",
    "secrets.allow-values": "strings",
    "secrets.names": "strings",
    "secrets.min-entropy": "number",
    "severity.*": SEVERITIES,
    "per-path-ignores.*": "strings",
    "suppressions.require-reason": REQUIRE_REASON,
    "suppressions.unsuppressible": "strings",
    "suppressions.honor-foreign": "strings",
    "fix.unsafe": "bool",
    "fix.unfixable": "strings",
    "fix.password-backend": ("keep", "passlib", "pwdlib"),
}
TABLES = ("auth", "rate-limit", "secrets", "severity", "per-path-ignores", "suppressions", "fix")
WITHOUT_EFFECT = ("target-version", "src", "apps", "baseline", "suppressions.honor-foreign", "fix.password-backend")

_KINDS = {
    "string": "a string",
    "strings": "a list of strings",
    "names": "a list of strings",
    "path": "a string",
    "paths": "a list of strings",
    "bool": "true or false",
    "number": "a number from 0 on",
}
"""What a value of a kind is called."""


def kind_of(path: Sequence[str]) -> Kind | None:
    """The kind of the key at a path of tables (`auth`, `dependencies`), or None for one that is not known."""
    of_table = KEYS.get(f"{path[0]}.*") if len(path) == 2 else None
    return of_table or (KEYS.get(".".join(path)) if "." not in path[-1] else None)


def fault(value: Any, kind: Kind) -> str:
    """What is wrong with a value of a key of this kind, as the end of a sentence; empty when nothing is."""
    if isinstance(kind, tuple):
        return "" if value in kind else f"must be one of {', '.join(kind)}, not {value!r}{nearest(str(value), kind)}"
    if not _is_of(value, kind):
        return f"must be {_KINDS[kind]}"
    for text in value if isinstance(value, list) else [value]:
        if kind == "names" and (not text or any(map(str.isspace, text))):
            return f"must hold dotted names, not {text!r}"
        if kind in ("path", "paths") and not text.startswith(("/", "*")):
            return f"must {'be a path' if kind == 'path' else 'hold paths'} from `/` on, not {text!r}"
    return ""


def nearest(word: str, known: Sequence[str]) -> str:
    """`, did you mean ...?` or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f", did you mean `{near[0]}`?" if near else ""


def _is_of(value: object, kind: str) -> bool:
    if kind in ("strings", "names", "paths"):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return isinstance(value, str)
