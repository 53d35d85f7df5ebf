"""CORS by hand behind a test of the origin that is too wide: a pattern, a beginning, an end, a piece of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, External, Place, settled, string
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.cors.headers import ORIGIN, SPOKEN, blocks_around, header_values, is_asking
from fastapi_seclint.subjects.cors.origin_patterns import Looseness, looseness

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MATCHING = ("match", "fullmatch", "search")


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the origin that asks: where it stands, and what a stranger's origin passes it by.

    `plain` are the patterns that it asks with, as they are for a match of the whole origin.
    """

    block: Block
    at: int
    found: Looseness
    form: Form
    plain: tuple[str, ...]


def loose_tests(program: Program) -> Iterator[Test]:
    """The tests that let strangers in where the origin that asks is let in after one, development left out."""
    seen: set[tuple[str, int]] = set()
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        if program.is_test(module) or not facts.words & {"fastapi", "starlette"}:
            continue
        if not any(SPOKEN.search(facts.lowered(number)) for number in range(-1, len(facts.functions))):
            continue
        for block in blocks_of(program, module):
            around = blocks_around(program, block)
            if any(is_asking(around, value) for value, _ in header_values(block.statements, ORIGIN)):
                for test in _of_blocks(program, around):
                    key = (module.file, test.at)
                    if key not in seen and not only_in_development(Place(module, test.at)):
                        seen.add(key)
                        yield test


def _of_blocks(program: Program, around: list[Block]) -> Iterator[Test]:
    """The loose tests, unless a strict one stands above or below them, or leaves."""
    told: list[tuple[Form, list[Test], bool]] = []
    for block in around:
        for form in block.forms.of("if", "ifexp"):
            told.append((form, *_judged(program, block, around, form[2])))
    strict = [form for form, _, is_strict in told if is_strict]
    for form, tests, _ in told:
        if not any(_goes_with(form, other) for other in strict):
            yield from tests


def _goes_with(form: Form, other: Form) -> bool:
    """Whether whoever passes one condition has to pass the other as well."""
    if form[0] == "ifexp" or other[0] == "ifexp" or form is other:
        return False
    leaves = bool(other[3]) and other[3][-1][0] in ("return", "raise")
    return leaves or any(item is form for item in walk(other[3])) or any(item is other for item in walk(form[3]))


def _judged(program: Program, block: Block, around: list[Block], test: Form) -> tuple[list[Test], bool]:
    """The loose tests of the origin in a condition, and whether it has a strict one that has to hold as well."""
    match test:
        case ["unary", _, "not", inner]:
            return _judged(program, block, around, inner)
        case ["bool", _, symbol, items]:
            parts = [_judged(program, block, around, item) for item in items]
            strict = [is_strict for _, is_strict in parts]
            if symbol == "and" and any(strict):
                return [], True
            return [found for tests, _ in parts for found in tests], all(strict)
    asked = list(_patterns(program, block, around, test))
    plain, patterns = tuple(text for text, _ in asked), [whole for _, whole in asked]
    loose = [found for pattern in patterns if (found := looseness(pattern)) is not None]
    asks = test[0] in ("call", "compare") and any(is_asking(around, item) for item in walk(test[2:]))
    return [Test(block, test[1], found, test, plain) for found in loose[:1]], not loose and asks and not _is_presence(
        test
    )


def _is_presence(test: Form) -> bool:
    return test[0] == "compare" and all(item[0] == "const" and not item[2] for item in test[4])


def _patterns(program: Program, block: Block, around: list[Block], form: Form) -> Iterator[tuple[str, str]]:
    """What a condition asks with, and the patterns of whole origins that it comes to."""
    match form:
        case ["call", _, ["attr", _, owner, "startswith" | "endswith" as end], [given], []] if is_asking(around, owner):
            for text in _texts(program, block, given):
                yield text, f"{re.escape(text)}.*" if end == "startswith" else f".*{re.escape(text)}"
        case ["call", _, ["attr", _, owner, way], [pattern, sent], []] if way in _MATCHING and is_asking(around, sent):
            if owner[0] == "name" and owner[2] in ("re", "regex"):
                yield from ((_bare(text), _whole(text, way)) for text in _texts(program, block, pattern))
        case ["call", _, ["attr", _, owner, way], [sent], []] if way in _MATCHING and is_asking(around, sent):
            for known in settled(ask(program, block, owner)):
                if isinstance(known, External) and known.name == "re.compile()" and known.arguments is not None:
                    given = string(known.arguments.get("pattern", 0))
                    yield from [(_bare(given), _whole(given, way))] if given else ()
        case ["compare", _, piece, ["in"], [sent]] if is_asking(around, sent):
            yield from ((text, f".*{re.escape(text)}.*") for text in _texts(program, block, piece))


def _texts(program: Program, block: Block, form: Form) -> Iterator[str]:
    for known in settled(ask(program, block, form)):
        for item in known.items if isinstance(known, Collection) else [known]:
            if text := string(item):
                yield text


def _whole(pattern: str, way: str) -> str:
    """The pattern of a whole origin: `match` asks for no end, `search` for no beginning either."""
    if way == "fullmatch":
        return pattern
    ends = pattern.endswith(("$", "\\Z"))
    begins = way == "match" or pattern.startswith(("^", "\\A"))
    return ("" if begins else ".*") + f"(?:{_bare(pattern)})" + ("" if ends else ".*")


def _bare(pattern: str) -> str:
    """A pattern without what asks for a beginning or an end."""
    return pattern.removesuffix("\\Z").removesuffix("$").removeprefix("\\A").removeprefix("^")
