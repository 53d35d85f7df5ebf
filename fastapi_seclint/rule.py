"""What a rule is, what it reports and how it is mended: `Rule`, `Finding`, `Fix`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.edits import Edit
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.routes import Route
    from fastapi_seclint.suppressions import RunFacts

Severity = Literal["critical", "high", "medium", "low"]
Confidence = Literal["high", "medium", "low"]
Persona = Literal["regular", "pedantic", "auditor"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")
PERSONAS: tuple[Persona, ...] = ("regular", "pedantic", "auditor")
BEHIND_AUTHENTICATION = (
    "missing-authorization", "missing-ownership-check", "inactive-user-accepted", "jwt-subject-unchecked"
)  # fmt: skip
"""Rules that speak of routes whose callers are known and of guards that know them.

What they find comes up once a guard is mended, or guards a route for the first time.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A further place that led to a finding, and what it says there."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair as data: what it does in a few words, and the named edits that do it.

    Safe means that callers who were rightly accepted stay accepted and that nothing new must be configured.
    """

    title: str
    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class SuppressedBy:
    """The comment that hides a finding: where it stands, how (`ignore`, `ignore-file`, `disable`), and its reason."""

    location: Location
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake at one place.

    `location` is the place to mend. `symbol` is the dotted name of the enclosing function, class or module;
    `route` the method and path it concerns. `masks` names rules whose findings on the same route or token this one
    hides, so that mending it may rightly bring them up. `suppressed_by` is the comment that hides it in a report.
    """

    rule: Rule
    location: Location
    message: str
    severity: Severity
    confidence: Confidence
    persona: Persona
    symbol: str = ""
    route: tuple[str, str] | None = None
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    masks: tuple[str, ...] = ()
    suppressed_by: SuppressedBy | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        span = self.location.span
        return (self.location.path, span.line, span.column, self.rule.code, self.message)


Check = Callable[["Program"], Iterable[Finding]]
Excuse = Callable[["Program", "Route"], str]
Review = Callable[["RunFacts"], Iterable[Finding]]


@dataclass(slots=True)
class Rule:
    """One documented mistake. The module in `checks/` declares it as `RULE` and decorates its check with `@RULE.check`.

    `guide` is the section of the security guide that documents the mistake, `fixable` the best applicability its fixes
    can have, `after` the rules whose fixes it waits for, `cwe` the weakness numbers, `owasp` the entries of the OWASP
    API Security Top 10 2023 (`API2`).
    A rule that judges routes may have an excuse, decorated with `@RULE.excuses`: why it leaves a route alone, for
    people who ask. A rule about the run itself has a review in place of a check: it looks at suppressions and
    configuration after all checks ran, and cannot be suppressed by a comment.
    """

    code: str
    name: str
    summary: str
    severity: Severity
    confidence: Confidence = "high"
    persona: Persona = "regular"
    cwe: tuple[int, ...] = ()
    owasp: tuple[str, ...] = ()
    guide: str = ""
    fixable: Literal["safe", "unsafe", "none"] = "none"
    after: tuple[str, ...] = ()
    run: Check | None = field(default=None, repr=False)
    excuse: Excuse | None = field(default=None, repr=False)
    review: Review | None = field(default=None, repr=False)

    def check(self, function: Callable[[Program], Iterator[Finding]]) -> Callable[[Program], Iterator[Finding]]:
        """Register the function that looks for this mistake; it takes the program and yields findings."""
        self.run = function
        return function

    def excuses(self, function: Excuse) -> Excuse:
        """Register the function that says why the rule leaves a route alone; an empty string where it has no words."""
        self.excuse = function
        return function

    def reviews(self, function: Callable[[RunFacts], Iterator[Finding]]) -> Callable[[RunFacts], Iterator[Finding]]:
        """Register the function that judges a run; it takes what the run knows of itself and yields findings."""
        self.review = function
        return function

    def finding(
        self,
        location: Location,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        persona: Persona | None = None,
        symbol: str = "",
        route: tuple[str, str] | None = None,
        evidence: Iterable[Evidence] = (),
        fix: Fix | None = None,
        masks: Iterable[str] = (),
    ) -> Finding:
        """A finding of this rule; severity, confidence and persona default to the rule's own."""
        return Finding(
            rule=self,
            location=location,
            message=message,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            persona=persona or self.persona,
            symbol=symbol,
            route=route,
            evidence=tuple(evidence),
            fix=fix,
            masks=tuple(masks),
        )

    def __hash__(self) -> int:
        return hash(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and other.code == self.code
