"""FSL002: a suppression comment that hides nothing: the mistake is gone, or the comment stands at the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceComment
from fastapi_seclint.rule import Finding, Fix, Rule

if TYPE_CHECKING:
    from fastapi_seclint.suppressions import Comment, RunFacts, Scope

RULE = Rule(
    code="FSL002",
    name="unused-suppression",
    summary="a suppression comment hides nothing, so it waits to hide the next mistake there",
    severity="low",
    fixable="safe",
)


@RULE.reviews
def unused_suppression(run: RunFacts) -> Iterator[Finding]:
    """One finding a comment, with the rules that it names in vain; judged only for rules that ran."""
    scopes: dict[Comment, list[Scope]] = {}
    for scope in run.unused:
        scopes.setdefault(scope.comment, []).append(scope)
    for comment, vain in scopes.items():
        codes = {scope.code for scope in vain}
        words = [word for word, code in zip(comment.words, comment.codes, strict=True) if code in codes]
        yield RULE.finding(
            comment.location,
            f"this comment hides no finding of {', '.join(words)}, and would hide the next one there without a word;"
            " remove it",
            fix=_fix(comment, vain),
        )


def _fix(comment: Comment, vain: list[Scope]) -> Fix:
    """The comment, and every `enable` that ends it, without the rules named in vain."""
    gone = {scope.code for scope in vain}
    edits = [ReplaceComment(comment.location.path, comment.location.span, comment.without(gone))]
    for end in dict.fromkeys(scope.closed_by for scope in vain if scope.closed_by is not None):
        closed = {scope.code for scope in vain if scope.closed_by == end}
        edits.append(ReplaceComment(end.location.path, end.location.span, end.without(closed)))
    return Fix("remove the suppression that hides nothing", True, tuple(edits))
