"""FSL102: a secret that is not configured is replaced by one that everybody can read in the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.trials import for_trying, run_by_hand, when_run
from fastapi_seclint.subjects.secrets.closed_ways import shut
from fastapi_seclint.subjects.secrets.emptiness import refusing_nothing, works_empty
from fastapi_seclint.subjects.secrets.fallback_fixes import fix_of, of_own_variable
from fastapi_seclint.subjects.secrets.fallbacks import Fallback, fallbacks
from fastapi_seclint.subjects.secrets.names import usable
from fastapi_seclint.subjects.secrets.needs import Use
from fastapi_seclint.subjects.secrets.refusals import demanded, refused
from fastapi_seclint.subjects.secrets.set_here import set_at_random
from fastapi_seclint.subjects.secrets.uses import OF_A_SERVICE, uses
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL102",
    name="default-secret",
    summary="a secret that is not configured falls back to one that everybody knows",
    severity="high",
    cwe=(1392, 798),
    owasp=("API2", "API8"),
    guide="10",
    fixable="unsafe",
)

_HARM = {
    "signing key": "anybody can sign a token or cookie for any user",
    "password": "anybody can log in with it",
    "API key": "anybody can call with it",
    "token": "anybody can call with it",
    "secret": "anybody can use it",
}
_SHOWN = frozenset({"redacted", "masked", "obfuscated", "censored"})
"""What names say of a text that is shown in a secret's place."""


@RULE.check
def default_secret(program: Program) -> Iterator[Finding]:
    """One finding a fallback, at the assignment, argument or field that has it."""
    used = uses(program)
    seen: set[tuple[str, int]] = set()
    for item in fallbacks(program):
        key = (item.block.module.file, item.at)
        if key in seen or for_trying(program, item.block.module) or _is_trial(item):
            continue
        use = _use(used, item)
        if (
            _mistake(program, item, use)
            and not _for_development(item)
            and not demanded(item.block, {item.name, item.written})
        ):
            seen.add(key)
            yield _finding(program, item, use)


def _is_trial(item: Fallback) -> bool:
    """Whether a fallback is for tests by its name, or for whoever runs a file by hand: `if __name__ == "__main__":`.

    A file that is run by hand and serves others is none.
    """
    words = words_of(item.name)
    if words and {"test", "tests"} & {words[0], words[-1]}:
        return True
    imported = {name.partition(".")[0] for name in item.block.module.facts.imports}
    return not imported & {"fastapi", "starlette", "uvicorn"} and when_run(item.block, item.whole)


def _is_typed(item: Fallback) -> bool:
    """Whether a fallback is that of an option which somebody types on the command line."""
    return item.whole[0] == "call" and last_name(item.whole[2]) in ("add_argument", "Option", "option")


def _for_development(item: Fallback) -> bool:
    return any(only_in_development(Place(item.block.module, at)) for at in (item.at, item.whole[1]))


def _use(used: dict[str, dict[int, Use]], item: Fallback) -> Use | None:
    known = used.get(item.elsewhere or item.block.module.file, {})
    return next((known[at] for _, at in item.found if at in known), None)


def _mistake(program: Program, item: Fallback, use: Use | None) -> bool:
    if item.name in set_at_random(program):
        return False
    if item.weak:
        return True
    kind = use.kind if use is not None else item.kind
    words = vocabulary(program)
    names = [item.name, item.written, item.target]
    if _SHOWN & {word for name in (item.target, item.written) for word in words_of(name)}:
        return False
    return any(
        usable(text, kind, item.name, used=use is not None and use.what != OF_A_SERVICE)
        and not words.allows(text)
        and not refused(program, names, text)
        for text, _ in item.found
    )


def _finding(program: Program, item: Fallback, use: Use | None) -> Finding:
    location = item.block.location(item.at)
    harm = _HARM[use.kind if use is not None else item.kind]
    what = "can be guessed" if item.weak else "stands in the code"
    message = (
        f"without configuration `{item.name}` falls back to a value that {what}, so {harm}: "
        "drop the fallback, so that the program refuses to start without it"
    )
    evidence = []
    if use is not None and use.location.span.line != location.span.line:
        evidence.append(Evidence(use.location, f"used as {use.what} here"))
    return RULE.finding(
        location,
        message,
        confidence=_confidence(item, use),
        persona="pedantic" if _is_typed(item) and run_by_hand(item.block.module) else None,
        symbol=item.symbol or item.block.symbol,
        evidence=evidence,
        fix=_fix(program, item, use),
        masks=("hardcoded-secret",),
    )


def _fix(program: Program, item: Fallback, use: Use | None) -> Fix | None:
    """The setting without its fallback, and where a key signs with nothing in it, not without a value either."""
    if (closed := shut(item)) is not None:
        return closed
    kind = "signing key" if use is not None and use.kind == "signing key" else item.kind
    names = (item.name, item.written, item.target)
    filled = works_empty(program, kind, names)
    fix = fix_of(item, filled, program)
    read = item.read if item.how == "read" else None
    own = read is not None and of_own_variable(program, item.block, read) is not None
    if own or item.how in ("field", "below", "told"):
        return fix
    return refusing_nothing(program, item.block.module, item.at, kind, fix, names)


def _confidence(item: Fallback, use: Use | None) -> Confidence:
    if use is not None or item.how == "field" or (item.read is not None and item.read.environment):
        return "high"
    return "medium"
