"""Why rules fire at a line or do not: the findings there, what was decided about each, and what the model knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fastapi_seclint import catalogue, selection
from fastapi_seclint.config import Config
from fastapi_seclint.explanation import Excused, ExplainedFinding, ExplainedRoute, ExplainedValue, Explanation
from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, line_of, span_of
from fastapi_seclint.program import Program, describing
from fastapi_seclint.program.apart import Files
from fastapi_seclint.program.chains import explained
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block, Call, Sites
from fastapi_seclint.rule import Finding, Rule
from fastapi_seclint.spans import Location, Span

MOST_ROUTES = 12


class NotExplained(Exception):
    """A place that nothing can be said about; the text says why."""


def read_with(path: str, programs: Sequence[Files]) -> Files:
    """The files of the program that a file is part of."""
    return next((files for files in programs if any(facts.path == path for _, facts in files)), programs[0])


@dataclass(slots=True)
class Watch:
    """Which rules are seen to look at a line: at a call on it, or at the routes of the project."""

    path: str
    line: int
    rule: str = ""
    at_calls: list[str] = field(default_factory=list)
    at_routes: list[str] = field(default_factory=list)

    def at(self, rule: str) -> None:
        """Note which rule runs next."""
        self.rule = rule


class _WatchedSites(Sites):
    """The same places, noting who asks for a call on the line that is watched."""

    watch: Watch

    def calls(self, *names: str) -> Iterator[Call]:
        for call in super().calls(*names):
            span = call.location.span
            here = call.location.path == self.watch.path and span.line <= self.watch.line <= span.end_line
            if here and self.watch.rule:
                self.watch.at_calls.append(self.watch.rule)
            yield call


class WatchedProgram(Program):
    """The same program, noting which rule asks for what."""

    watch: Watch

    @cached_property
    def sites(self) -> Sites:
        sites = _WatchedSites(self.interpreter, sorted(self.modules.by_file.values(), key=lambda module: module.path))
        sites.watch = self.watch
        return sites

    @property
    def routes(self) -> list[Route]:
        if self.watch.rule:
            self.watch.at_routes.append(self.watch.rule)
        return super().routes


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided about findings: by comments (`hidden`, with `suppressed_by`), by configuration, by options."""

    config: Config
    hidden: Sequence[Finding]
    inside: Any
    is_test: bool

    def of(self, finding: Finding) -> ExplainedFinding:
        """A finding with its status."""
        chosen = selection.Filter(self.config)
        why = selection.why_not_selected(self.config, finding.rule) or chosen.why_not(finding, self.inside)
        shown = next(chosen.kept([finding], self.inside), finding)
        if why:
            return ExplainedFinding(finding, "left out", why)
        for hidden in self.hidden:
            if replace(hidden, suppressed_by=None) == finding and (by := hidden.suppressed_by):
                reason = f': "{by.reason}"' if by.reason else ", without a reason"
                return ExplainedFinding(hidden, "suppressed", f"`{by.kind}` at {by.location}{reason}")
        if self.is_test:
            return ExplainedFinding(finding, "left out", "it is in a test (--include-tests shows it)")
        changed = f"severity {shown.severity} by configuration" if shown.severity != finding.severity else ""
        return ExplainedFinding(shown, "shown", changed)


def explanation(
    program: Program, findings: Iterable[Finding], decisions: Decisions, watch: Watch, rules: int, asked: Rule | None
) -> Explanation:
    """The explanation of a line; `findings` are those of all rules before any decision."""
    module = next((item for item in program.modules.by_file.values() if item.path == watch.path), None)
    if module is None:
        reason = next((f": {error.message}" for error in program.unreadable if error.path == watch.path), "")
        raise NotExplained(f"{watch.path} is not part of what is checked{reason}")
    definition = describing.enclosing(module.facts.module, watch.line, module.facts)
    header = definition is not None and describing.on_header(definition, watch.line, module.facts)
    lines = _lines(definition, header, watch.line)
    routes = list(_routes(program, module, definition, lines))
    around = line_of(definition[1]) if definition is not None and routes else watch.line
    there = [
        finding
        for finding in findings
        if _touches(finding, watch.path, lines) or _touches(finding, watch.path, (around, around))
    ]
    own = [finding for finding in there if asked is None or finding.rule == asked]
    block = _block(program, module, watch.line)
    looked = [*watch.at_calls, *(watch.at_routes if routes else ()), *(finding.rule.name for finding in there)]
    return Explanation(
        location=Location(watch.path, Span(watch.line, 1, watch.line, 1)),
        there=(
            *_comment(decisions.hidden, watch),
            *_what_stands(program, module, definition, header, watch.line),
        ),
        findings=tuple(decisions.of(finding) for finding in own),
        routes=tuple(_with_excuses(program, route, there) for route in routes[:MOST_ROUTES]),
        values=_values(program, block, watch.line),
        looked=tuple(sorted(set(looked))),
        rules=rules,
        asked=asked.name if asked else "",
        asked_says=_of_asked(asked, own, looked, decisions.config) if asked else "",
    )


def _with_excuses(program: Program, route: Route, there: Sequence[Finding]) -> ExplainedRoute:
    """A route with its chain, and why rules that find nothing there leave it alone."""
    found = {finding.rule.name for finding in there}
    silent = [rule for rule in catalogue.rules() if rule.excuse is not None and rule.name not in found]
    says = [(rule.name, rule.excuse(program, route)) for rule in silent if rule.excuse is not None]
    return replace(explained(program, route), excused=tuple(Excused(name, why) for name, why in says if why))


def _lines(definition: Form | None, header: bool, line: int) -> tuple[int, int]:
    """The lines that belong together: those of a definition above its body, or the line alone."""
    if definition is None or not header:
        return line, line
    return describing.first_line(definition), max(line, line_of(definition[1]))


def _touches(finding: Finding, path: str, lines: tuple[int, int]) -> bool:
    span = finding.location.span
    return finding.location.path == path and span.line <= lines[1] and span.end_line >= lines[0]


def _routes(program: Program, module: Module, definition: Form | None, lines: tuple[int, int]) -> Iterator[Route]:
    """The routes whose handler or registration stands there."""
    own = line_of(definition[1]) if definition is not None else 0
    for route in program.routes:
        registration = route.registration
        places = [route.place, registration.place if registration is not None else None]
        for place in places:
            here = place is not None and place.module is module
            if here and place is not None and (place.line == own or lines[0] <= place.line <= lines[1]):
                yield route
                break


def _block(program: Program, module: Module, line: int) -> Block:
    """The innermost block of statements that a line is in."""
    found = Block(module, None, module.scope, MODULE)
    for number in range(MODULE + 1, len(module.facts.functions)):
        body = module.facts.body(number)
        if body and line_of(body[0][1]) <= line <= span_of(body[-1][1]).end_line:
            scope = program.sites.scope(module, number)
            if scope is not None:
                found = Block(module, scope.function, scope, number)
    return found


def _values(program: Program, block: Block, line: int) -> tuple[ExplainedValue, ...]:
    with program.interpreter.asking():
        return tuple(describing.values_on(program, block, line))


def _what_stands(program: Program, module: Module, definition: Form | None, header: bool, line: int) -> Iterator[str]:
    """What is on the line, in a few sentences."""
    if definition is not None:
        kind = "the function" if definition[0] == "def" else "the class"
        name = definition[3] if definition[0] == "def" else definition[2]
        yield f"{'' if header else 'inside '}{kind} {name}, line {line_of(definition[1])}"
        yield from _as_dependency(program, module, line_of(definition[1]))
    includes = {
        str(include.place): route.router
        for route in program.routes
        for include in route.includes
        if include.place.module is module and _spans(include.place.at, line)
    }
    for place in includes:
        count = sum(any(str(include.place) == place for include in route.includes) for route in program.routes)
        yield f"an include, through which {count} {'route comes' if count == 1 else 'routes come'}"


def _spans(at: int, line: int) -> bool:
    return span_of(at).line <= line <= span_of(at).end_line


def _comment(hidden: Sequence[Finding], watch: Watch) -> Iterator[str]:
    """What a comment on the line suppresses."""
    for finding in hidden:
        by = finding.suppressed_by
        if by is not None and by.location.path == watch.path and by.location.span.line == watch.line:
            yield f"a comment that suppresses {finding.rule.name} at {finding.location}"


def _as_dependency(program: Program, module: Module, line: int) -> Iterator[str]:
    """What the function on a line does as a dependency of routes."""
    users = []
    for route in program.routes:
        for node in route.nodes():
            function = node.function
            if function is not None and function.module is module and function.place.line == line:
                users.append((route, node))
                break
    if users:
        route, node = users[0]
        link = next((one for one in explained(program, route).chain if one.name == node.name), None)
        effects = " and ".join(link.effects) if link is not None and link.effects else "lets everybody pass"
        note = f" ({link.note})" if link is not None and link.note else ""
        yield f"a dependency of {len(users)} {'route' if len(users) == 1 else 'routes'}; it {_verb(effects)}{note}"


def _verb(effects: str) -> str:
    words = {
        "optional": "is optional",
        "unknown": "cannot be judged",
        "scheme only": "is a scheme that verifies nothing",
        "optional scheme": "is a scheme that refuses nobody",
    }
    return words.get(effects, effects)


def _of_asked(rule: Rule, own: Sequence[Finding], looked: Sequence[str], config: Config) -> str:
    """What became of the rule that was asked for."""
    why = selection.why_not_selected(config, rule)
    if own:
        return f"it finds {len(own)} here" + (f", but it is {why}" if why else "")
    if why:
        return f"it is {why}; it would find nothing here either"
    if rule.name in looked:
        return "it looked here and found nothing wrong"
    return "it ran and found nothing here; nothing says that it has looked at this place"
