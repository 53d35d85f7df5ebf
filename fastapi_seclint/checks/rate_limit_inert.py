"""FSL406: a rate limit that is written down and limits nobody, or everybody but the attacker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, MoveDecorator, RemoveKeyword, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.limits.activation import activated
from fastapi_seclint.subjects.limits.connection import by_connection
from fastapi_seclint.subjects.limits.forgetful import forgetful, made_for_each
from fastapi_seclint.subjects.limits.inert import DefaultLimits, decorators_above, inert_default_limits, is_uncalled
from fastapi_seclint.subjects.limits.keys import ClientKey, client_keys
from fastapi_seclint.subjects.limits.made_once import made_once
from fastapi_seclint.subjects.limits.stores import SharedStore, shared_stores
from fastapi_seclint.subjects.limits.uncounted import uncounted

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL406",
    name="rate-limit-inert",
    summary="a rate limit is written down and does not limit",
    severity="high",
    cwe=(799, 307),
    owasp=("API4",),
    guide="9",
    fixable="unsafe",
)

_TROUBLES = {
    "off": "`enabled=False` switches every limit off, so nobody is slowed down: leave it out",
    "no middleware": "limits for all routes take effect through `SlowAPIMiddleware` only, and no application adds it, "
    "so nothing is limited: add the middleware",
    "includes": "with this release of FastAPI slowapi's middleware does not see routes that come by `include_router`, "
    "so they are not limited: decorate them with `limiter.limit(...)`",
}
_UNCOUNTED = {
    "test": "`test` only asks whether a request would still pass and nothing calls `hit`, so nothing is ever counted: "
    "call `hit`, which counts and answers",
    "hit": "nobody looks at what `hit` answers, so requests pass however many there were: refuse where it is false",
}
_KIND = {False: ", a header", True: ""}


@RULE.check
def rate_limit_inert(program: Program) -> Iterator[Finding]:
    """One finding a limit."""
    seen: set[Location] = set()
    for route in program.routes:
        for finding in (*_above(program, route), *_uncalled(program, route)):
            if finding.location not in seen:
                seen.add(finding.location)
                yield finding
    yield from (_of_default(program, limits) for limits in inert_default_limits(program))
    yield from map(_of_key, client_keys(program))
    yield from map(_of_store, shared_stores(program))
    yield from _made_anew(program)
    for block, form, asked in uncounted(program):
        yield RULE.finding(block.location(form), _UNCOUNTED[asked], symbol=block.symbol)


def _above(program: Program, route: Route) -> Iterator[Finding]:
    handler = route.function
    if handler is None or program.is_test(handler.module):
        return
    for form in decorators_above(route):
        place = Location(handler.module.path, span_of(form[1]))
        edit = MoveDecorator(place.path, span_of(handler.at), place.span, "below-route")
        yield RULE.finding(
            place,
            f"FastAPI has registered {access.spoken(route)} before this limit wraps it, so the limit never runs: put "
            "it below the route's decorator",
            symbol=handler.dotted,
            route=access.key(route),
            fix=Fix("put the limit below the route's decorator", True, (edit,)),
        )


def _uncalled(program: Program, route: Route) -> Iterator[Finding]:
    for node in route.nodes():
        if is_uncalled(node) and node.written is not None and not program.is_test(node.written.module):
            yield RULE.finding(
                node.written.location,
                "the class is no limit: FastAPI makes an object of it with values from the query and never calls that; "
                "write `RateLimiter(times=5, seconds=60)`",
                route=access.key(route),
                symbol=access.symbol(route),
            )


def _of_default(program: Program, limits: DefaultLimits) -> Finding:
    path = limits.call.block.module.path
    fix = None
    if limits.trouble == "off" and limits.argument.keyword:
        edit = RemoveKeyword(path, limits.call.location.span, limits.argument.keyword)
        fix = Fix("switch the limits on", False, (edit,))
    elif limits.trouble == "no middleware":
        fix = activated(program, limits.call, limits.argument.form)
    return RULE.finding(
        Location(path, limits.argument.span), _TROUBLES[limits.trouble], symbol=limits.call.block.symbol, fix=fix
    )


def _of_key(key: ClientKey) -> Finding:
    evidence = []
    if key.limiter is not None and key.limiter != key.location:
        evidence.append(Evidence(key.limiter, "the limiter counts by it"))
    edits = tuple(_remote(key) if key.library else by_connection(key))
    fix = Fix("count by the address that the request came from", False, edits) if edits else None
    return RULE.finding(
        key.location,
        f"the limit counts by {key.header}{_KIND[key.header.startswith('the cookie')]} that the client writes, so an "
        "attacker sends another one with every request and is never limited: count by the address of the connection, "
        "or by what a trusted proxy says",
        confidence="high" if key.library else "medium",
        symbol=key.symbol,
        evidence=evidence,
        fix=fix,
    )


def _remote(key: ClientKey) -> Iterator[Edit]:
    path = key.location.path
    yield ReplaceExpression(path, key.location.span, "get_remote_address")
    yield AddImport(path, "slowapi.util", "get_remote_address")


def _of_store(store: SharedStore) -> Finding:
    return RULE.finding(
        store.location,
        f"all limits of {store.function.name} count in `{store.name}` under the same key, so the one with the shortest "
        "window forgets what the others counted: keep a store for each limit, or make the limit a part of the key",
        confidence="medium",
        symbol=store.function.dotted,
        evidence=[Evidence(place, "a limit that uses the store") for place in store.uses[:5]],
    )


def _made_anew(program: Program) -> Iterator[Finding]:
    """A store in memory that a handler or dependency makes anew for each request: it never counts further than one."""
    asked = [route.function for route in program.routes]
    asked += [node.function for route in program.routes for node in route.nodes()]
    running = {(function.module.file, function.number) for function in asked if function is not None}
    for call in program.sites.calls("limits.storage.MemoryStorage", "limits.aio.storage.MemoryStorage"):
        function = call.block.function
        here = (call.block.module.file, call.block.number)
        if function is not None and here in running and not program.is_test(call.block.module):
            yield RULE.finding(
                call.location,
                f"{function.name} makes a new store for every request, so nobody's requests are ever counted together: "
                "make it once, at the top of the module",
                symbol=function.dotted,
                fix=made_once(call.block, call.form),
            )
    for block, form in forgetful(program):
        yield RULE.finding(
            block.location(form),
            "every request makes this dictionary anew, so nobody's requests are ever counted together: make it once, "
            "at the top of the module",
            confidence="medium",
            symbol=block.symbol,
            fix=made_once(block, form),
        )
    for location, (symbol, fix) in {one[0]: one[1:] for one in made_for_each(program)}.items():
        yield RULE.finding(
            location,
            "every request makes this limiter anew, so nobody's requests are ever counted together: make it once, at "
            "the top of the module",
            confidence="medium",
            symbol=symbol,
            fix=fix,
        )
