"""The intermediate form: every statement and expression of a file as JSON-able lists.

A form is a list whose first item names it and whose second is its packed place (`pack`, `span_of`). Consumers read
forms with `match`. Bodies of functions are kept apart (a `def` carries the number of its body) so that they load on
demand.

Expressions::

    ["name", at, id]                          ["const", at, value]            str, int, float, bool or None
    ["bytes", at, latin-1 text]               ["ellipsis", at]
    ["attr", at, value, name]                 ["sub", at, value, index]
    ["call", at, function, [argument], [[keyword or None, value, place of the keyword]]]
    ["star", at, value]                       ["list" | "tuple" | "set", at, [item]]
    ["dict", at, [[key or None, value]]]      ["slice", at, lower, upper, step]
    ["binop", at, operator, left, right]      ["unary", at, operator, value]
    ["bool", at, "and" | "or", [value]]       ["compare", at, left, [operator], [comparator]]
    ["ifexp", at, test, body, otherwise]      ["fstr", at, [part]]
    ["fmt", at, value, conversion]            ["lambda", at, [parameter], body]
    ["comp", at, "list" | "set" | "dict" | "generator", element, value or None, [[target, iterable, [condition]]]]
    ["await", at, value]                      ["yield", at, value or None]    ["yieldfrom", at, value]
    ["walrus", at, target, value]             ["opaque", at]

Statements::

    ["expr", at, value]                       ["assign", at, [target], value]
    ["annassign", at, target, annotation, value or None]      outside functions, or without a value
    ["augassign", at, operator, target, value]
    ["def", at, number, name, flags, [parameter], [decorator], returns]
    ["class", at, name, [base], [[keyword, value, at]], [decorator], [statement]]
    ["return", at, value or None]             ["raise", at, exception or None, cause or None]
    ["assert", at, test, message or None]     ["delete", at, [target]]
    ["if", at, test, [statement], [statement]]
    ["for", at, target, iterable, [statement], [statement]]
    ["while", at, test, [statement], [statement]]
    ["with", at, [[context, target or None]], [statement]]
    ["try", at, [statement], [[type or None, name or None, [statement], at]], [statement], [statement]]
    ["import", at, [[name, alias or None]]]   ["from", at, level, module, [[name, alias or None]]]
    ["global" | "nonlocal", at, [name]]       ["pass" | "break" | "continue", at]

A `match` statement is the chain of `if` statements that it stands for (`matches`), `dict(key=value)` is the display
`{"key": value}`, `f(**{"key": value})` is `f(key=value)`, `"a" + str(b)` and `"a{}".format(b)` are `f"a{b}"` (`texts`),
`typing.cast(Type, value)` is the value, `getattr(a, "b")` is `a.b`, what `asyncio.to_thread` and its like run is the
call that they make, and `await asyncio.gather(f(), g())` is the tuple of what is awaited. `return a if ok else b` is an
`if` and two returns (`ordered`), and a function inside that is called once stands where it is called (`written_in`).
A parameter is `[name, kind, annotation, default, at]`. The conversion of a `fmt` has its format behind a colon.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Set
from itertools import chain
from typing import Any

from fastapi_seclint.spans import Span

Form = list[Any]

ASYNC, GENERATOR = 1, 2
POSITIONAL_ONLY, POSITIONAL, VARIADIC, KEYWORD_ONLY, KEYWORDS = range(5)

_FIELD = 4096
MOST = _FIELD - 1
"""The largest column or number of lines that a place can hold; what is larger counts as this."""


def pack(line: int, column: int, end_line: int, end_column: int) -> int:
    """A place as one integer: 1-based lines, 0-based character columns, each field at most 4,095 but the line."""
    lines = end_line - line
    return (
        (line * _FIELD + (column if column < MOST else MOST)) * _FIELD + (lines if lines < MOST else MOST)
    ) * _FIELD + (end_column if end_column < MOST else MOST)


def span_of(at: int) -> Span:
    """The span that a packed place stands for."""
    rest, end_column = divmod(at, _FIELD)
    rest, lines = divmod(rest, _FIELD)
    line, column = divmod(rest, _FIELD)
    return Span(line, column + 1, line + lines, end_column + 1)


def bounds(at: int) -> tuple[int, int]:
    """Where a packed place starts and where it ends, as numbers that can be compared."""
    start, rest = divmod(at, _FIELD * _FIELD)
    lines, end_column = divmod(rest, _FIELD)
    return start, (start // _FIELD + lines) * _FIELD + end_column


def line_of(at: int) -> int:
    """The first line of a packed place."""
    return at // (_FIELD * _FIELD * _FIELD)


_LEAVES = frozenset({"name", "const", "bytes", "ellipsis", "opaque", "import", "from", "pass", "global", "nonlocal"})


def is_leaf(item: list[Any]) -> bool:
    """Whether a list is a form that has no others in it."""
    return len(item) > 1 and type(item[1]) is int and item[1] > KEYWORDS and type(item[0]) is str and item[0] in _LEAVES


def last_name(form: Form) -> str:
    """What a name or an attribute is called, `b` for `a.b`; empty for everything else that may be called."""
    return str(form[-1]) if form[0] in ("name", "attr") else ""


def is_name(form: Form, name: str) -> bool:
    """Whether an expression is nothing but this name."""
    return bool(form[0] == "name" and form[2] == name)


def arguments(call: Form) -> list[Form]:
    """What a call is given: by position first, then by keyword or `**`."""
    return [*call[3], *(value for _, value, _ in call[4])]


def named_arguments(call: Form, names: Iterable[str]) -> list[tuple[str, Form]]:
    """What a call gives, each under its parameter: by position, for which `names` are the parameters, then by keyword.

    What goes through `**` has no name and is left out.
    """
    return [*zip(names, call[3], strict=False), *((name, value) for name, value, _ in call[4] if name is not None)]


def awaited(form: Form) -> Form:
    """What stands behind `await`; the form itself where nothing is awaited."""
    while form[0] == "await":
        form = form[2]
    return form


def is_none(form: Form | None) -> bool:
    """Whether an expression is left out, or is None."""
    return form is None or (form[0] == "const" and form[2] is None)


CALLED = ("attr", "sub", "call")
"""The kinds of forms in a chain of attributes, items and calls, `a.b(c)["d"]`."""


def beginning(form: Form, through: Container[str] = ("attr", "sub")) -> str:
    """The name that a chain of attributes and items begins with, `a` for `a.b["c"]`; empty for all else.

    `through` are the kinds of forms that may be in the chain.
    """
    while form[0] in through:
        form = form[2]
    return str(form[2]) if form[0] == "name" else ""


def walk(form: Any) -> Iterator[Form]:
    """Every form in a form or a list of forms, itself included, in source order."""
    return iter((form,) if is_leaf(form) else _every([form]))


def names_in(form: Any) -> set[str]:
    """The plain names in a form or a list of forms."""
    return {inner[2] for inner in walk(form) if inner[0] == "name"}


def mentions(form: Any, names: Container[str]) -> bool:
    """Whether one of these plain names stands in a form or a list of forms."""
    return any(inner[0] == "name" and inner[2] in names for inner in walk(form))


class Forms:
    """Every form in a list of forms, in source order; they are gathered once, and sorted by kind when asked for."""

    __slots__ = ("_calls", "_of", "_parts", "_sorted", "every")

    def __init__(self, forms: list[Any]) -> None:
        self.every: list[Form] = _every(forms)
        self._sorted: dict[str, list[Form]] | None = None
        self._of: dict[tuple[str, ...], list[Form]] = {}
        self._calls: dict[str, list[tuple[int, Form]]] | None = None
        self._parts: dict[int, list[Form]] = {}

    def of(self, *kinds: str) -> list[Form]:
        """The forms of these kinds, in source order; an assignment of several values is followed by one for each."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], [])
        found = self._of.get(kinds)
        if found is None:
            present = {kind for kind in kinds if kind in self._by_kind}
            if len(present) > 1:
                found = [form for form in self.every if form[0] in present]
                if "assign" in present:
                    found = [one for form in found for one in (form, *self._parts.get(id(form), ()))]
            else:
                found = self._by_kind[present.pop()] if present else []
            self._of[kinds] = found
        return found

    def calls_of(self, names: Set[str]) -> list[Form]:
        """The calls of functions and methods that are called so, in source order."""
        if self._calls is None:
            self._calls = {}
            for place, call in enumerate(self.of("call")):
                if name := last_name(call[2]):
                    self._calls.setdefault(name, []).append((place, call))
        called = [self._calls[name] for name in names & self._calls.keys()]
        together = called[0] if len(called) == 1 else sorted(chain.from_iterable(called))
        return [call for _, call in together]

    def bindings(self) -> Iterator[tuple[str, Form]]:
        """The plain names that assignments give a value, `:=` among them, each with the value, in source order."""
        for form in self.of("assign", "annassign", "walrus"):
            for target in form[2] if form[0] == "assign" else (form[2],):
                if target[0] == "name" and form[-1] is not None:
                    yield target[2], form[-1]

    def names_of(self, holds: Callable[[Form], bool]) -> set[str]:
        """The plain names that an assignment gives a value of which `holds` is true."""
        return {name for name, value in self.bindings() if holds(value)}

    @property
    def _by_kind(self) -> dict[str, list[Form]]:
        """The forms of each kind: rules ask for many kinds of the same forms."""
        if self._sorted is None:
            self._sorted = {}
            for form in self.every:
                if form[0] in self._sorted:
                    self._sorted[form[0]].append(form)
                else:
                    self._sorted[form[0]] = [form]
            if "assign" in self._sorted:
                whole = self._sorted["assign"]
                self._parts = {id(form): parts for form in whole if (parts := _apart(form))}
                self._sorted["assign"] = [one for form in whole for one in (form, *self._parts.get(id(form), ()))]
        return self._sorted


def _apart(assignment: Form) -> list[Form]:
    """The assignments that one of several values is, `self.db, self.me = db, me`, each where its target stands."""
    match assignment:
        case ["assign", _, [["tuple" | "list", _, targets]], ["tuple" | "list", _, values]]:
            if len(targets) == len(values) and not any(item[0] == "star" for item in (*targets, *values)):
                return [["assign", target[1], [target], value] for target, value in zip(targets, values, strict=True)]
    return []


def _every(forms: list[Any]) -> list[Form]:
    found: list[Form] = []
    try:
        _gather(forms, found)
    except RecursionError:
        return list(_deep(forms))
    return found


def _gather(items: list[Any], found: list[Form]) -> None:
    for item in items:
        if type(item) is list and item:
            kind = item[0]
            if type(kind) is str and len(item) > 1 and type(item[1]) is int and item[1] > KEYWORDS:
                found.append(item)
                if kind in _LEAVES:
                    continue
            _gather(item, found)


def _deep(items: list[Any]) -> Iterator[Form]:
    """The same as `_gather`, however deep the forms are."""
    stack = [items]
    while stack:
        item = stack.pop()
        if len(item) > 1 and type(item[1]) is int and type(item[0]) is str and item[1] > KEYWORDS:
            yield item
        stack += [inner for inner in reversed(item) if type(inner) is list]


def is_put_together(text: Form) -> bool:
    """Whether what is read as an f-string is written as `"a" + b`, `"a%s" % b` or the like: its values stand alone."""
    return any(part[0] == "fmt" and part[1] == part[2][1] for part in text[2])
