"""What a run says about itself: comments that hide findings, and configuration that matches nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_seclint import catalogue, selection
from fastapi_seclint.config import Config, Origin
from fastapi_seclint.engine.stored import Examined
from fastapi_seclint.outcome import Failure
from fastapi_seclint.rule import Finding
from fastapi_seclint.spans import Location, Span
from fastapi_seclint.suppressions import Comment, Hiding, RunFacts, Scope, Stale
from fastapi_seclint.suppressions.reading import read

if TYPE_CHECKING:
    from fastapi_seclint.engine.planning import Options, Unit


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The findings of a project that no comment hides, those about the run among them, and the hidden ones.

    `failures` are rules about the run that crashed.
    """

    findings: tuple[Finding, ...]
    hidden: tuple[Finding, ...]
    failures: tuple[Failure, ...] = ()


def review(unit: Unit, options: Options, examined: Examined, paths: Sequence[str]) -> Reviewed:
    """Hide what comments suppress and add what the rules about the run find; `paths` are the project's, inside it."""
    config = unit.config
    comments, scopes = _comments(examined) if options.suppressions else ([], [])
    today = _today(options) if any(comment.until for comment in comments) else None
    hiding = Hiding(scopes, today=today, need_reason=config.suppressions.require_reason == "error")
    findings = [finding for finding in examined.findings if finding.rule.code not in examined.idle]
    kept, hidden = hiding.split(findings)
    facts = RunFacts(
        comments=tuple(comments),
        unused=hiding.unused(examined.ran),
        stale=tuple(_stale(unit, options, examined, paths)),
        today=today,
        reasons=config.suppressions.require_reason != "off",
        strict=options.strict,
    )
    failures: list[Failure] = []
    for name in examined.reviews:
        look = catalogue.rule_named(name).review
        try:
            kept.extend(look(facts) if look else ())
        except Exception as error:
            failures.append(Failure.of(name, error))
    return Reviewed(tuple(kept), tuple(hidden), tuple(failures))


def words_in(comments: Iterable[tuple[str, Sequence[Sequence[object]]]], config: Config) -> dict[str, tuple[str, str]]:
    """For each word in the brackets of comments the code of its rule and a complaint, either of which may be empty."""
    found: dict[str, tuple[str, str]] = {}

    def note(word: str) -> tuple[str, str]:
        return found.setdefault(word, _resolved(word, config))

    for path, rows in comments:
        read(path, rows, note)
    return found


def wants_stale(options: Options, config: Config) -> bool:
    """Whether a run looks for configuration that matches nothing."""
    return options.strict or config.persona != "regular"


def _resolved(word: str, config: Config) -> tuple[str, str]:
    try:
        rule = catalogue.find(word)
    except catalogue.UnknownRule as error:
        return "", str(error)
    if rule.review is not None:
        return "", f"`{word}` is left out with `ignore` in the configuration, not by a comment"
    forbidden = config.suppressions.unsuppressible
    if forbidden and rule.code in catalogue.select(forbidden):
        origin = config.origin("suppressions.unsuppressible")
        return "", f"`{word}` must not be suppressed" + (f" ({origin})" if origin else "")
    return rule.code, ""


def _comments(examined: Examined) -> tuple[list[Comment], list[Scope]]:
    comments: list[Comment] = []
    scopes: list[Scope] = []
    for path, rows in examined.comments:
        own, covered = read(path, rows, lambda word: examined.words.get(word, ("", "")))
        comments += own
        scopes += covered
    return comments, scopes


def _today(options: Options) -> date | None:
    """The date by which comments expire: none in an isolated run, which asks no clock."""
    return options.today or (None if options.isolated else date.today())


def _stale(unit: Unit, options: Options, examined: Examined, paths: Sequence[str]) -> Iterator[Stale]:
    """The entries of the configuration that match nothing; judged only when all that it is for is in sight."""
    config, root = unit.config, unit.project.root
    if config.file is None or not wants_stale(options, config) or not config.file.parent.is_relative_to(root):
        return
    own = Path(os.path.relpath(config.file, options.cwd)).as_posix()
    ran = frozenset((*examined.ran, *examined.idle))
    found = [
        *_declared(examined, config),
        *_path_ignores(config, examined.findings, ran, paths, _inside(unit, options)),
    ]
    found += _ignores(config, examined)
    for origin, message in found:
        if origin is not None and origin.path == own:
            yield Stale(Location(origin.path, Span(origin.line, 1, origin.line, 1)), message)


def _inside(unit: Unit, options: Options) -> Callable[[str], str]:
    """The path inside the project of a display path."""
    return lambda path: Path(os.path.relpath(options.cwd / path, unit.project.root)).as_posix()


Entry = tuple[Origin | None, str]


def _declared(examined: Examined, config: Config) -> Iterator[Entry]:
    """Public routes and guards that match nothing."""
    for key in examined.unmatched:
        name, _, item = key.removesuffix("]").partition("[")
        if name == "public-routes":
            route = config.public_routes[int(item)]
            methods = "/".join(route.methods)
            yield route.origin, f"no route matches the public route {f'{methods} {route.path}'.strip()}"
        else:
            what = "middleware" if name == "auth.middleware" else "dependency or decorator of a route"
            yield config.origin(key) or config.origin(name), f"`{name}`: no {what} is named {item}"


def _path_ignores(
    config: Config,
    findings: Sequence[Finding],
    ran: frozenset[str],
    paths: Sequence[str],
    inside: Callable[[str], str],
) -> Iterator[Entry]:
    """Patterns that match no file, and rules that find nothing in the files of their pattern."""
    places: Mapping[str, list[str]] = {}
    for finding in findings:
        places.setdefault(inside(finding.location.path), []).append(finding.rule.code)  # type: ignore[attr-defined]
    for pattern, words in config.per_path_ignores:
        key = f"per-path-ignores.{pattern}"
        matches = selection.pattern(pattern)
        if not any(map(matches, paths)):
            yield config.origin(key), f"`per-path-ignores`: no file matches {pattern}"
            continue
        there = {code for path, codes in places.items() if matches(path) for code in codes}
        for word in words:
            codes = _checking(word) & ran
            if codes and not codes & there:
                origin = config.origin(f"{key}[{word}]") or config.origin(key)
                yield origin, f"`per-path-ignores`: {word} finds nothing in {pattern}"


def _ignores(config: Config, examined: Examined) -> Iterator[Entry]:
    """Rules that are ignored and would find nothing, or would not run anyway."""
    there = {finding.rule.code for finding in examined.findings}
    for word in config.ignore:
        origin = config.origin(f"ignore[{word}]")
        codes = _checking(word)
        if codes and not codes & frozenset(examined.idle):
            yield origin, f"`ignore`: {word} is not selected anyway"
        elif codes and not codes & there:
            yield origin, f"`ignore`: {word} finds nothing in this project"


def _checking(word: str) -> frozenset[str]:
    """The codes of the rules of a word that check code; none when it names rules about the run, too."""
    codes = catalogue.select([word])
    return frozenset() if any(catalogue.find(code).review for code in codes) else codes
