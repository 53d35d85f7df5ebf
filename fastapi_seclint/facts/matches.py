"""A `match` statement read as the chain of `if` statements that it stands for (Python reference, 8.6).

The subject is kept once, under a name that no code can have, or item by item where it is a display: every case is a
test of it and assignments of what its pattern captures. What a test cannot say is an `opaque` form.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from fastapi_seclint.facts.forms import Form, line_of, walk


class Converter(Protocol):
    """What turns the parts of a syntax tree into forms."""

    def expression(self, node: ast.expr | None) -> Form | None:
        """The form of an expression, or None for none."""

    def statements(self, nodes: list[ast.stmt]) -> list[Form]:
        """The forms of a block."""


@dataclass(slots=True)
class _Case:
    """What a pattern asks of its subject, all of it, and what it captures."""

    tests: list[Form] = field(default_factory=list)
    captured: dict[str, Form] = field(default_factory=dict)


class Matching:
    """Converts one statement; `at` gives the place of a node."""

    def __init__(self, converter: Converter, at: Callable[[ast.AST], int]) -> None:
        self._converter = converter
        self._at = at
        self._before: list[Form] = []

    def form(self, node: ast.Match) -> Form:
        """The statement as one form."""
        subject = self._subject(node.subject)
        statements = self._chain(node, subject)
        if not self._before and len(statements) == 1 and statements[0][0] == "if":
            return statements[0]
        at = self._at(node)
        return ["if", at, ["const", at, True], [*self._before, *statements], []]

    def _chain(self, node: ast.Match, subject: Form) -> list[Form]:
        chain: list[Form] = []
        converted = [(case, *self._case(case, subject)) for case in node.cases]
        for case, test, body in reversed(converted):
            at = self._at(node) if case is node.cases[0] else self._at(case.pattern)
            chain = body if test is None else [["if", at, test, body, chain]]
        return chain

    def _case(self, case: ast.match_case, subject: Form) -> tuple[Form | None, list[Form]]:
        """The test of a case (None for one that always fits), and what it does."""
        found = _Case()
        self._match(case.pattern, _read_at(subject, self._at(case.pattern)), found)
        guard = self._converter.expression(case.guard)
        if guard is not None:
            found.tests.append(_with_names(guard, found.captured))
        at = self._at(case.pattern)
        renewed = {inner[2][2] for inner in walk(guard) if inner[0] == "walrus"} if guard is not None else set()
        captured = [
            ["assign", at, [["name", at, name]], form] for name, form in found.captured.items() if name not in renewed
        ]
        return _all_of(found.tests, at), [*captured, *self._converter.statements(case.body)]

    def _subject(self, node: ast.expr) -> Form:
        """A form that stands for the subject wherever a test asks for it."""
        form = self._converter.expression(node)
        assert form is not None
        if isinstance(node, ast.Tuple | ast.List) and not any(isinstance(item, ast.Starred) for item in node.elts):
            return [form[0], form[1], [self._named(item) for item in form[2]]]
        return self._named(form)

    def _named(self, form: Form) -> Form:
        if form[0] == "name" or (form[0] == "attr" and form[2][0] == "name"):
            return form
        at = form[1]
        name = ["name", at, f"{_SUBJECT}{line_of(at)}.{len(self._before)}>"]
        self._before.append(["assign", at, [name], form])
        return name

    def _match(self, pattern: ast.pattern | None, subject: Form, found: _Case) -> None:
        match pattern:
            case ast.MatchValue(value=value):
                found.tests.append(["compare", self._at(pattern), subject, ["=="], [self._converter.expression(value)]])
            case ast.MatchSingleton(value=value):
                at = self._at(pattern)
                found.tests.append(["compare", at, subject, ["is"], [["const", at, value]]])
            case ast.MatchOr(patterns=patterns):
                self._either(pattern, patterns, subject, found)
            case ast.MatchAs(pattern=inner, name=name):
                self._match(inner, subject, found)
                if name is not None:
                    found.captured[name] = subject
            case ast.MatchSequence(patterns=patterns):
                self._sequence(pattern, patterns, subject, found)
            case ast.MatchMapping():
                self._mapping(pattern, subject, found)
            case ast.MatchClass():
                self._class(pattern, subject, found)

    def _either(self, pattern: ast.pattern, patterns: list[ast.pattern], subject: Form, found: _Case) -> None:
        at = self._at(pattern)
        values = [item.value for item in patterns if isinstance(item, ast.MatchValue)]
        if len(values) == len(patterns):
            items = [self._converter.expression(value) for value in values]
            found.tests.append(["compare", at, subject, ["in"], [["tuple", at, items]]])
            return
        tests = []
        for item in patterns:
            one = _Case()
            self._match(item, subject, one)
            tests.append(_all_of(one.tests, at))
            found.captured.update(one.captured)
        if None not in tests:
            found.tests.append(["bool", at, "or", tests])

    def _sequence(self, pattern: ast.pattern, patterns: list[ast.pattern], subject: Form, found: _Case) -> None:
        at = self._at(pattern)
        if subject[0] in ("tuple", "list") and len(subject[2]) == len(patterns) and not _has_star(patterns):
            for inner, item in zip(patterns, subject[2], strict=True):
                self._match(inner, item, found)
            return
        least, exact = len(patterns) - _has_star(patterns), not _has_star(patterns)
        length = ["call", at, ["name", at, "len"], [subject], []]
        found.tests.append(["compare", at, length, ["==" if exact else ">="], [["const", at, least]]])
        for number, inner in enumerate(patterns):
            if isinstance(inner, ast.MatchStar):
                if inner.name is not None:
                    found.captured[inner.name] = subject
                break
            self._match(inner, ["sub", at, subject, ["const", at, number]], found)

    def _mapping(self, pattern: ast.MatchMapping, subject: Form, found: _Case) -> None:
        at = self._at(pattern)
        if not pattern.keys:
            found.tests.append(["opaque", at])
        for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
            name = self._converter.expression(key)
            found.tests.append(["compare", at, name, ["in"], [subject]])
            self._match(inner, ["sub", at, subject, name], found)
        if pattern.rest is not None:
            found.captured[pattern.rest] = subject

    def _class(self, pattern: ast.MatchClass, subject: Form, found: _Case) -> None:
        at = self._at(pattern)
        kind = self._converter.expression(pattern.cls)
        found.tests.append(["call", at, ["name", at, "isinstance"], [subject, kind], []])
        whole = len(pattern.patterns) == 1 and isinstance(pattern.cls, ast.Name) and pattern.cls.id in _WHOLE
        for number, inner in enumerate(pattern.patterns):
            self._match(inner, subject if whole else ["attr", at, subject, f"{FIELD}{number}>"], found)
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            self._match(inner, ["attr", at, subject, name], found)


_SUBJECT = "<subject "
FIELD = "<field "
"""How the attribute is called that a positional pattern of a class matches, by its number: `Denied(reason)`."""
_WHOLE = frozenset({"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"})
"""Classes whose single positional pattern is matched against the whole subject."""


def _read_at(subject: Form, at: int) -> Form:
    """The subject as a case reads it: a name that was made for it is read there, after what gives it a value."""
    if subject[0] == "name" and subject[2].startswith(_SUBJECT):
        return ["name", at, subject[2]]
    if subject[0] in ("tuple", "list"):
        return [subject[0], subject[1], [_read_at(item, at) for item in subject[2]]]
    return subject


def _has_star(patterns: list[ast.pattern]) -> bool:
    return any(isinstance(item, ast.MatchStar) for item in patterns)


def _all_of(tests: list[Form], at: int) -> Form | None:
    """One test that holds when all of them do; None when there is nothing to test."""
    if len(tests) < 2:
        return tests[0] if tests else None
    return ["bool", at, "and", tests]


def _with_names(form: Form, captured: dict[str, Form]) -> Form:
    """A guard with what the pattern captures in place of the names, which are not assigned yet."""
    if len(form) == 3 and form[0] == "name" and form[2] in captured:
        return captured[form[2]]
    if len(form) == 4 and form[0] == "walrus":
        return [*form[:3], _with_names(form[3], captured)]  # the name is what it was, `(text := text.strip())`
    return [_with_names(item, captured) if isinstance(item, list) else item for item in form]
