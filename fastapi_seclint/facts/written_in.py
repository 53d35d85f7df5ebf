"""Functions in a function that it calls once, as the statements that run then.

`def work(): ...` and `return work()` below it do what the statements of `work` do there, and so do `found = work()`
and `work()` where what it gives back can be put into the name, or is not asked for. Rules need to know only one way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import (
    ASYNC,
    GENERATOR,
    KEYWORD_ONLY,
    KEYWORDS,
    POSITIONAL_ONLY,
    VARIADIC,
    Form,
    Forms,
    bounds,
    is_name,
    names_in,
    walk,
)

Give = Callable[[int, Form | None], list[Form]]
"""What a `return` at a place with a value comes to where a function is written in."""


@dataclass(slots=True)
class WrittenIn:
    """The statements of a function with those of inner ones in place of their calls.

    `gone` are the numbers of the inner functions, `told` the annotations of their parameters, by the places of the
    assignments that stand for them.
    """

    body: list[Form]
    gone: list[int] = field(default_factory=list)
    told: list[tuple[int, Form]] = field(default_factory=list)


def written_in(body: list[Form], parameters: list[Form], flags: int, bodies: dict[int, list[Form]]) -> WrittenIn:
    """The statements of a function without the inner ones that it only calls once, and how that came about.

    `bodies` are the statements of all functions inside, by number.
    """
    found = WrittenIn(body)
    for definition in [form for form in body if form[0] == "def"]:
        _, _, number, name, kind, own, decorators, _ = definition
        rest = [form for form in found.body if form is not definition]
        if decorators or kind & GENERATOR or kind & ASYNC > flags & ASYNC or not _is_asked_once(name, rest, bodies):
            continue
        call = next((form for form in Forms(rest).of("call") if is_name(form[2], name)), None)
        inner = bodies[number]
        taken = _taken(own, call) if call is not None and _follows(call, definition, rest) else None
        if taken is None or _clashes(inner, taken, names_in(rest) | {item[0] for item in parameters}):
            continue
        new = _Writing(name, bool(kind & ASYNC), taken, inner).block(rest)
        if new is not None:
            found.body = new
            found.gone.append(number)
            found.told += [(item[4], item[2]) for item in own if item[2] is not None]
            bodies = {key: each for key, each in bodies.items() if key != number}
    return found


def _follows(call: Form, definition: Form, rest: list[Form]) -> bool:
    """Whether nothing runs between a definition and the call, so that what is written in stands where it runs."""
    between = (bounds(form[1]) for form in Forms(rest).of(*_RUNNING))
    start, end = bounds(definition[1])[1], bounds(call[1])[0]
    return not any(start <= first and last <= end for first, last in between)


_RUNNING = ("expr", "assign", "augassign", "annassign", "if", "raise", "assert", "delete", "try", "for", "while")


def _clashes(inner: list[Form], taken: list[Form], outside: set[str]) -> bool:
    """Whether a name of an inner function means something else around it; `taken` assigns its parameters."""
    given = {form[2][0][2]: form[3][2:] for form in taken}
    shared = {name for name in (*bound_names(inner), *given) if name in outside}
    return any(given.get(name) != [name] for name in shared) or bool(Forms(inner).of("global", "nonlocal"))


def _is_asked_once(name: str, rest: list[Form], bodies: dict[int, list[Form]]) -> bool:
    defined = [form for form in Forms(rest).of("def") if form[3] == name]
    here = [form for form in Forms(rest).of("name") if form[2] == name]
    return len(here) == 1 and not defined and not any(name in names_in(each) for each in bodies.values())


def _taken(parameters: list[Form], call: Form) -> list[Form] | None:
    """What a call gives, as assignments to the parameters where these stand; None where that cannot be told."""
    if any(item[1] in (VARIADIC, KEYWORDS) for item in parameters) or any(item[0] == "star" for item in call[3]):
        return None
    positional = [item[0] for item in parameters if item[1] != KEYWORD_ONLY]
    named = {item[0] for item in parameters if item[1] != POSITIONAL_ONLY}
    if len(call[3]) > len(positional) or any(keyword not in named for keyword, _, _ in call[4]):
        return None
    given = {item[0]: item[3] for item in parameters if item[3] is not None}
    given.update(zip(positional, call[3], strict=False))
    given.update({keyword: value for keyword, value, _ in call[4]})
    if len(given) < len(parameters):
        return None
    return [["assign", item[4], [["name", item[4], item[0]]], given[item[0]]] for item in parameters]


@dataclass(slots=True)
class _Writing:
    """One inner function that is written in where it is called, which is once, and what it is given there."""

    name: str
    waits: bool
    taken: list[Form]
    inner: list[Form]

    def block(self, statements: list[Form]) -> list[Form] | None:
        """A block with the call in it written out; None where it is not called in a statement of its own."""
        for number, statement in enumerate(statements):
            written = self._statement(statement) or self._nested(statement)
            if written is not None:
                return [*statements[:number], *written, *statements[number + 1 :]]
        return None

    def _nested(self, statement: Form) -> list[Form] | None:
        for position, part in enumerate(statement):
            if not (isinstance(part, list) and part and isinstance(part[0], list)) or statement[0] in _PLAIN:
                continue
            if statement[0] == "try" and position == 3:
                for index, handler in enumerate(part):
                    if (block := self.block(handler[2])) is not None:
                        changed = [*handler[:2], block, *handler[3:]]
                        return [[*statement[:3], [*part[:index], changed, *part[index + 1 :]], *statement[4:]]]
            elif (block := self.block(part)) is not None:
                return [[*statement[:position], block, *statement[position + 1 :]]]
        return None

    def _statement(self, statement: Form) -> list[Form] | None:
        body: list[Form] | None
        match statement:
            case ["return", _, call] if self._is_meant(call):
                body = self.inner if ends(self.inner) else [*self.inner, ["return", statement[1], None]]
            case ["expr", _, call] if self._is_meant(call):
                body = giving(self.inner, lambda at, value: [["pass", at] if value is None else ["expr", at, value]])
            case ["assign", _, targets, call] if self._is_meant(call):
                body = giving(self.inner, lambda at, value: [["assign", at, targets, value or ["const", at, None]]])
            case _:
                return None
        if body is None:
            return None
        return [*(form for form in self.taken if form[3][2:] != [form[2][0][2]]), *body]

    def _is_meant(self, form: Form | None) -> bool:
        if form is not None and form[0] == "await":
            form = form[2]
        elif self.waits:
            return False
        return form is not None and form[0] == "call" and is_name(form[2], self.name)


_PLAIN = frozenset({"expr", "assign", "annassign", "augassign", "return", "raise", "assert", "delete", "def", "class"})


def giving(statements: list[Form], give: Give) -> list[Form] | None:
    """Statements with what `give` makes of them in place of their returns, the one at the end included.

    None where a return stands where nothing else can: in a loop, or before what would still run.
    """
    for number, statement in enumerate(statements):
        before, rest = statements[:number], statements[number + 1 :]
        if statement[0] == "return":
            return [*before, *give(statement[1], statement[2])]
        if any(form[0] == "return" for form in walk(statement)):
            last = _given_last(statement, rest, give)
            return [*before, last] if last is not None else None
    at = statements[-1][1] if statements else 0
    return [*statements, *give(at, None)] if statements else None


def _given_last(statement: Form, rest: list[Form], give: Give) -> Form | None:
    """A statement with returns in it, and what follows it, as the last statement."""
    match statement:
        case ["if", at, test, body, otherwise]:
            if rest and not ends(body) and not (otherwise and ends(otherwise)):
                return None
            first = giving(body if ends(body) else [*body, *rest], give)
            other = otherwise if otherwise and ends(otherwise) else [*otherwise, *rest]
            second = giving(other, give) if other else give(at, None)
            return ["if", at, test, first, second] if first is not None and second is not None else None
        case ["with", at, items, body] if not rest or ends(body):
            inner = giving(body, give)
            return ["with", at, items, inner] if inner is not None else None
        case ["try", _, _, _, _, final] if not _returns(final):
            return _tried(statement, rest, give)
    return None


_NOTHING: list[Form] = []


def _tried(statement: Form, rest: list[Form], give: Give) -> Form | None:
    """The same of a `try`: what follows it goes where nothing was caught, if all that is caught leaves."""
    _, at, body, handlers, otherwise, final = statement
    tried: list[Form] | None
    after: list[Form] | None
    if rest and not all(ends(handler[2]) for handler in handlers):
        return None
    if _returns(body):
        if otherwise or (rest and not ends(body)):
            return None
        tried, after = giving(body, give), _NOTHING
    else:
        tried, after = body, giving([*otherwise, *rest], give) if otherwise or rest else give(at, None)
    caught = [giving(handler[2], give) for handler in handlers]
    if tried is None or after is None or None in caught:
        return None
    made = [[*handler[:2], block, *handler[3:]] for handler, block in zip(handlers, caught, strict=True)]
    return ["try", at, tried, made, after, final]


def _returns(statements: list[Form]) -> bool:
    return any(form[0] == "return" for form in walk(statements))


def ends(statements: list[Form]) -> bool:
    """Whether nothing below a block runs after it, whatever happens in it."""
    last: Form = statements[-1] if statements else ["pass"]
    match last:
        case ["return" | "raise", *_]:
            return True
        case ["if", _, _, body, otherwise]:
            return ends(body) and ends(otherwise)
        case ["with", _, _, body]:
            return ends(body)
        case ["try", _, body, handlers, otherwise, final]:
            caught = all(ends(handler[2]) for handler in handlers)
            return ends(final) or (caught and (ends(body) or ends(otherwise)))
        case ["while", _, ["const", _, True | 1], body, _]:
            return not any(form[0] == "break" for form in walk(body))
    return False
