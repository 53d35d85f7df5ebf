"""How a test of the origin by hand is tightened, so that the names that were meant still pass it."""

from __future__ import annotations

import re

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.cors.origin_patterns import looseness
from fastapi_seclint.subjects.cors.own_tests import Test

_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?")
_BEGINS = re.compile(r"[(?:]*(http|\.[*+])")
_ORIGIN = re.compile(r"https?://[\w.-]+(:\d+)?")


def mended(test: Test) -> Fix | None:
    """The whole origin asked for in place of its beginning, its end, a piece of it or what a pattern begins with."""
    path = test.block.module.path
    match test.form:
        case ["call", _, ["attr", at, owner, "match" | "search"], [*_], []]:
            written = code(owner)
            if written is None or not test.plain or not all(map(_is_of_whole, test.plain)):
                return None
            return Fix("match the whole origin", False, (ReplaceExpression(path, span_of(at), f"{written}.fullmatch"),))
        case ["call", _, ["attr", _, _, "endswith"], [["const", at, str(text)]], []] if _DOMAIN.fullmatch(text):
            edit = ReplaceExpression(path, span_of(at), _ends(text))
            return Fix("ask for the domain with what stands before it", False, (edit,))
        case ["call", at, ["attr", _, owner, "startswith"], [["const", _, str(text)]], []] if _ORIGIN.fullmatch(text):
            return _instead(path, at, owner, f' == "{text}"')
        case ["compare", at, ["const", _, str(text)], ["in"], [owner]] if _DOMAIN.fullmatch(text):
            return _instead(path, at, owner, f".endswith({_ends(text)})")
    return None


def _is_of_whole(pattern: str) -> bool:
    """Whether a pattern fits whole origins, none of a stranger's among them: `\\.example\\.com` fits none."""
    return _BEGINS.match(pattern) is not None and looseness(pattern) is None


def _instead(path: str, at: int, owner: Form, asked: str) -> Fix | None:
    written = code(owner)
    if written is None or owner[0] not in ("name", "attr", "sub", "call"):
        return None
    title = "compare the whole origin" if asked.startswith(" ") else "ask for the domain with what stands before it"
    return Fix(title, False, (ReplaceExpression(path, span_of(at), f"{written}{asked}"),))


def _ends(domain: str) -> str:
    """How origins end that have a domain or one below it."""
    return f'(".{domain}", "://{domain}")'
