"""What the tokens that a project makes carry: each encoding call, and for each way of getting there its claims."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Argument, Block, Call
from fastapi_seclint.program.values import Function, Instance, Place, options
from fastapi_seclint.subjects.code.origins import ask, body_of, callers, partials
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads.builders import chained
from fastapi_seclint.subjects.payloads.flow import Budget, Flow, Given
from fastapi_seclint.subjects.payloads.heirs import of_heirs, of_receiver
from fastapi_seclint.subjects.payloads.known import (
    Amount,
    Claims,
    Known,
    as_claims,
    as_length,
    combine,
    either,
    unknown,
)
from fastapi_seclint.subjects.payloads.values import of_value
from fastapi_seclint.subjects.payloads.ways import Step, Way
from fastapi_seclint.subjects.tokens.jwt import ENCODERS, Library

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PAYLOAD: dict[Library, tuple[str, int]] = {
    "pyjwt": ("payload", 0), "jose": ("claims", 0), "authlib": ("payload", 1), "joserfc": ("claims", 1),
    "jwcrypto": ("claims", 1), "pyseto": ("payload", 1),
}  # fmt: skip
_KEY: dict[Library, int] = {"pyjwt": 1, "jose": 1, "authlib": 2, "joserfc": 2, "pyseto": 0}
_KINDS = re.compile(r"refresh|access", re.I)
_DEPTH = 3
_MOST_WAYS = 24


@dataclass(frozen=True, slots=True)
class Encoding:
    """A call that makes a token: `jwt.encode(...)`."""

    program: Program
    call: Call
    library: Library

    @property
    def payload(self) -> Argument | None:
        """The argument that holds the claims."""
        return self.call.argument(*_PAYLOAD[self.library])

    @property
    def key(self) -> Argument | None:
        """The argument that holds the key."""
        return self.call.argument("key", _KEY[self.library]) if self.library in _KEY else None

    @property
    def is_passed_on(self) -> bool:
        """Whether the call stands in a wrapper without more to it: `def sign(claims): return encode(claims, KEY)`.

        One that is named after a kind of token makes that kind.
        """
        function, payload = self.call.block.function, self.payload
        if function is None or payload is None or payload.form[0] != "name" or _KINDS.search(function.name):
            return False
        plain = all(_only_passes_on(form, payload.form[2]) for form in function.statements())
        return plain and any(parameter[0] == payload.form[2] for parameter in function.parameters)

    @property
    def algorithm(self) -> Argument | None:
        """The argument that names the algorithm (PyJWT and python-jose)."""
        return self.call.argument("algorithm", 2) if self.library in ("pyjwt", "jose") else None


def _only_passes_on(statement: Form, name: str) -> bool:
    match statement:
        case ["return", *_] | ["expr", _, ["const", *_]]:
            return True
        case ["assign", _, [["name", _, target]], _]:
            return bool(target != name)
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A kind of token: an encoding call, the calls that lead to it (nearest first), and the claims it then has.

    `unseen` says that the outermost function of the way has parameters and no caller in sight.
    """

    encoding: Encoding
    way: tuple[Step, ...]
    claims: Claims
    payload: Known
    unseen: bool

    @property
    def makers(self) -> tuple[Step, ...]:
        """The steps without the encoding call of a wrapper that only passes on the claims that it is given."""
        return self.way if self.way and self.encoding.is_passed_on else self.steps

    @property
    def handed_over(self) -> Form | None:
        """The claims as the first of the makers is given them."""
        payload, function = self.encoding.payload, self.encoding.call.block.function
        if payload is None or function is None or self.makers[0].form is self.encoding.call.form:
            return payload.form if payload is not None else None
        names = [parameter[0] for parameter in function.parameters]
        position = names.index(payload.form[2]) - (function.owner is not None and function.kind != "static")
        call = self.makers[0].form
        named = (value for keyword, value, _ in call[4] if keyword == payload.form[2])
        return call[3][position] if position < len(call[3]) else next(named, None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The encoding call and the calls that lead to it, nearest first."""
        return (Step(self.encoding.call.block, self.encoding.call.form), *self.way)


@answered_once
def encodings(program: Program) -> list[Encoding]:
    """Every call that makes a token with a known library, in order."""
    calls = program.sites.calls(*ENCODERS)
    made = (Encoding(program, call, ENCODERS[call.name]) for call in calls)
    return [item for item in made if item.library != "jwcrypto" or item.payload is not None]


@answered_once
def tokens(program: Program) -> list[Token]:
    """Every token that a project makes, once for each way that leads to its encoding call; found once a program."""
    return [token for encoding in encodings(program) for token in _tokens(encoding)]


def _tokens(encoding: Encoding) -> Iterator[Token]:
    program, call = encoding.program, encoding.call
    budget = Budget(20_000)
    depth = _DEPTH + encoding.is_passed_on
    for way in _ways(program, call.block, call.form, depth, budget, encoding.is_passed_on):
        flow = Flow(program, call.block, way.names, _DEPTH, Budget(), call.form)
        flow.run()
        payload = _payload(encoding, flow.arrivals)
        if payload is not None:
            yield Token(encoding, way.steps, as_claims(payload), payload, way.unseen)


def _payload(encoding: Encoding, arrivals: list[Given]) -> Known | None:
    name, position = _PAYLOAD[encoding.library]
    found: Known | None = None
    for given in arrivals:
        one = given.keywords.get(name)
        if one is None and position < len(given.positional):
            one = given.positional[position]
        if one is None:
            one = unknown("call")
        if encoding.library == "pyseto":
            one = _dated(one, given, encoding.call.place)
        found = one if found is None else either(found, one)
    return found


def _dated(payload: Known, given: Given, place: Place) -> Known:
    """Claims with the expiry that PASETO tokens get by an argument, in seconds from now.

    Source: pyseto/paseto.py, `encode(key, payload, footer, implicit_assertion, nonce, serializer, exp)`.
    """
    seconds = given.keywords.get("exp") or (given.positional[6] if len(given.positional) > 6 else None)
    if seconds is None:
        return payload
    claims = as_claims(payload).copy()
    now = Known(amounts=(Amount(0.0, "moment", "aware", clock_at=place),), present=True)
    claims.set("exp", combine("+", now, as_length(seconds, 1.0, place), place))
    return replace(payload, claims=claims)


def _ways(program: Program, block: Block, target: Form, depth: int, budget: Budget, beyond: bool = False) -> list[Way]:
    """What the parameters of a block's function may be, for each way of calling it, or its callers with `beyond`."""
    function = block.function
    if function is None:
        return [Way({})]
    probe = Flow(program, block, {}, 0, budget, target)
    parameters = [item[0] for item in function.parameters]
    if function.owner is not None and function.kind != "static":
        parameters = parameters[1:]
    ways: list[Way] = []
    if depth and any(name in probe.relevant for name in parameters):
        for outer, form, is_bound in callers(program, function):
            if program.is_test(outer.module) is not program.is_test(block.module) or _same(outer, block):
                continue
            for way, given in _calls(program, outer, form, depth, budget, beyond):
                names = _inlining.bound(probe, function, given, _receiver(program, outer, form), is_bound)
                names |= of_receiver(program, outer, form, function) | chained(form)
                ways.append(Way(names, (Step(outer, form), *way.steps), way.unseen))
            if len(ways) >= _MOST_WAYS:
                break
        ways += _partly_given(program, function, probe, budget)
    ways = ways or list(_of_chains(program, block, function, probe, target))
    ways = ways or list(_of_factory(program, block, function, probe, budget))
    ways = ways or list(of_heirs(program, block, function, probe, target))
    if ways:
        return ways[:_MOST_WAYS]
    return [Way(_inlining.unseen(probe, function), (), bool(parameters))]


def _of_chains(program: Program, block: Block, function: Function, probe: Flow, target: Form) -> Iterator[Way]:
    """What an object keeps at the end of each chain of calls: `Builder().subject(x).sign()`."""
    if function.owner is None or function.kind == "static" or not any(item[2:] == ["self"] for item in walk(target[3])):
        return
    found = [(outer, form) for outer, form, _ in callers(program, function) if not program.is_test(outer.module)]
    chains = [(outer, form, chain) for outer, form in found if (chain := chained(form))]
    if chains and len(chains) == len(found) and not program.is_test(block.module):
        yield from (Way({**_inlining.unseen(probe, function), **chain}, (Step(outer, form),))
                    for outer, form, chain in chains)  # fmt: skip


def _receiver(program: Program, block: Block, call: Form) -> Known | None:
    """The object whose method a call is, where it is one that the set-up code makes: `SESSION.issue(user)`."""
    if call[2][0] != "attr":
        return None
    found = list(options(ask(program, block, call[2][2])))
    if len(found) != 1 or not isinstance(found[0], Instance) or not found[0].attributes:
        return None
    return of_value(found[0], Place(block.module, call[1]))


def _partly_given(program: Program, function: Function, probe: Flow, budget: Budget) -> Iterator[Way]:
    """What the parameters are where `functools.partial` gives some of them."""
    for outer, form in partials(program, function):
        given = _arrival(program, outer, form, Way({}))
        if given is not None and not program.is_test(outer.module):
            given.positional, given.open = given.positional[1:], True
            is_bound = function.name == "__init__"
            yield Way(_inlining.bound(probe, function, given, None, is_bound), (Step(outer, form),))


def enclosing(program: Program, block: Block) -> Function | None:
    """The function that a block's own function is defined in."""
    around = block.module.facts.functions[block.number][2] if block.number >= 0 else -1
    return program.sites.function(block.module, around) if around >= 0 else None


def _of_factory(program: Program, block: Block, function: Function, probe: Flow, budget: Budget) -> Iterator[Way]:
    """What a function that another one makes gets from that: `access_token = maker(minutes=15)`."""
    factory = enclosing(program, block)
    made = _made_of_parameters(program, factory, probe) if factory is not None else {}
    if factory is None or not (made or any(item[0] in probe.relevant for item in factory.parameters)):
        return
    own = _inlining.unseen(probe, function)
    for outer, form, is_bound in callers(program, factory):
        given = _arrival(program, outer, form, Way({}))
        if given is not None and program.is_test(outer.module) is program.is_test(block.module):
            told = _inlining.bound(probe, factory, given, None, is_bound)
            body = body_of(program, factory)
            if body is not None and made:
                inner = Flow(program, body, dict(told), 2, Budget(700))
                told |= {name: inner.known(form) for name, form in made.items()}
            yield Way({**told, **own}, (Step(outer, form),), bool(function.parameters))


def _made_of_parameters(program: Program, factory: Function, probe: Flow) -> dict[str, Form]:
    """What a factory makes of its parameters for the function inside: `span = timedelta(**life)`.

    Nothing under a name that is given something twice: which of it the function finds is not said here.
    """
    body, given = body_of(program, factory), {item[0] for item in factory.parameters}
    if body is None or not isinstance(body.scope, FunctionScope):
        return {}
    return {
        form[2][0][2]: form[3]
        for form in body.forms.of("assign")
        if form[2][0][0] == "name" and form[2][0][2] in probe.relevant and mentions(form[3], given)
        if len(body.scope.assignments(form[2][0][2])) == 1
    }


def _calls(
    program: Program, block: Block, form: Form, depth: int, budget: Budget, beyond: bool
) -> list[tuple[Way, Given]]:
    """The arguments of a call, once for each way of getting to it; callers count where parameters are passed on."""
    unseen = _inlining.unseen(Flow(program, block, {}, 0, budget, form), block.function) if block.function else {}
    alone = Way(unseen, (), bool(unseen))
    given = _arrival(program, block, form, alone)
    if given is None:
        return []
    passed = [*given.positional, *given.keywords.values()]
    open_ = any(item.opaque == "parameter" or (item.claims and "parameter" in item.claims.open) for item in passed)
    if not open_ and not beyond:
        return [(alone, given)]
    ways = _ways(program, block, form, depth - 1, budget)
    reached = ((way, _arrival(program, block, form, way)) for way in ways[:_MOST_WAYS])
    return [(way, given) for way, given in reached if given is not None]


def _arrival(program: Program, block: Block, form: Form, way: Way) -> Given | None:
    flow = Flow(program, block, way.names, 2, Budget(700), form)
    flow.run()
    return flow.arrivals[0] if flow.arrivals else None


def _same(one: Block, other: Block) -> bool:
    numbers = [block.function.number for block in (one, other) if block.function is not None]
    return one.module is other.module and len(numbers) == 2 and numbers[0] == numbers[1]
