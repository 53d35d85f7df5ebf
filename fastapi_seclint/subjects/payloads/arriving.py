"""How code gets to a call, and what the arguments are then: once for each way, callers and factories followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function, Instance, Place, options
from fastapi_seclint.subjects.code.origins import ask, body_of, callers, partials
from fastapi_seclint.subjects.payloads import inlining
from fastapi_seclint.subjects.payloads.builders import assigned_once, chained
from fastapi_seclint.subjects.payloads.constructing import constructed
from fastapi_seclint.subjects.payloads.flow import Budget, Flow, Given
from fastapi_seclint.subjects.payloads.heirs import of_heirs, of_receiver
from fastapi_seclint.subjects.payloads.known import Known
from fastapi_seclint.subjects.payloads.values import of_value
from fastapi_seclint.subjects.payloads.ways import Step, Way

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

DEPTH = 3
"""How many calls are followed, outwards and inwards."""
_MOST_WAYS = 24


def arrivals(program: Program, block: Block, target: Form) -> Iterator[tuple[Way, Given]]:
    """What the arguments of a call are when code gets there, once for each way and each time."""
    for way in ways_to(program, block, target, DEPTH, Budget(20_000)):
        flow = Flow(program, block, way.names, DEPTH, Budget(), target)
        flow.run()
        yield from ((way, given) for given in flow.arrivals)


def ways_to(
    program: Program, block: Block, target: Form, depth: int, budget: Budget, beyond: bool = False
) -> list[Way]:
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
                receiver = _constructed(program, outer, form, way) or _receiver(program, outer, form)
                names = inlining.bound(probe, function, given, receiver, is_bound)
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
    return [Way(inlining.unseen(probe, function), (), bool(parameters))]


def _of_chains(program: Program, block: Block, function: Function, probe: Flow, target: Form) -> Iterator[Way]:
    """What an object keeps at the end of each chain of calls: `Builder().subject(x).sign()`."""
    if function.owner is None or function.kind == "static" or not any(item[2:] == ["self"] for item in walk(target[3])):
        return
    found = [(outer, form) for outer, form, _ in callers(program, function) if not program.is_test(outer.module)]
    chains = [(outer, form, chain) for outer, form in found if (chain := chained(form))]
    if chains and len(chains) == len(found) and not program.is_test(block.module):
        yield from (Way({**inlining.unseen(probe, function), **chain}, (Step(outer, form),))
                    for outer, form, chain in chains)  # fmt: skip


def _constructed(program: Program, block: Block, call: Form, way: Way) -> Known | None:
    """The object whose method a call is, where it is made in the same function: `DeviceToken(user).sign(key)`."""
    made = assigned_once(block, call[2][2]) if call[2][0] == "attr" else None
    if made is None or made[0] != "call" or block.function is None:
        return None
    return constructed(Flow(program, block, way.names, 2, Budget(700), call), made)


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
            yield Way(inlining.bound(probe, function, given, None, is_bound), (Step(outer, form),))


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
    own = inlining.unseen(probe, function)
    for outer, form, is_bound in callers(program, factory):
        given = _arrival(program, outer, form, Way({}))
        if given is not None and program.is_test(outer.module) is program.is_test(block.module):
            told = inlining.bound(probe, factory, given, None, is_bound)
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
    unseen = inlining.unseen(Flow(program, block, {}, 0, budget, form), block.function) if block.function else {}
    alone = Way(unseen, (), bool(unseen))
    given = _arrival(program, block, form, alone)
    if given is None:
        return []
    passed = [*given.positional, *given.keywords.values()]
    open_ = any(item.opaque == "parameter" or (item.claims and "parameter" in item.claims.open) for item in passed)
    if not open_ and not beyond:
        return [(alone, given)]
    ways = ways_to(program, block, form, depth - 1, budget)
    reached = ((way, _arrival(program, block, form, way)) for way in ways[:_MOST_WAYS])
    return [(way, given) for way, given in reached if given is not None]


def _arrival(program: Program, block: Block, form: Form, way: Way) -> Given | None:
    flow = Flow(program, block, way.names, 2, Budget(700), form)
    flow.run()
    return flow.arrivals[0] if flow.arrivals else None


def _same(one: Block, other: Block) -> bool:
    numbers = [block.function.number for block in (one, other) if block.function is not None]
    return one.module is other.module and len(numbers) == 2 and numbers[0] == numbers[1]
