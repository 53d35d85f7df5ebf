"""Routes for machines and everybody: health, metrics, version, public pages, counters of visits."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, arguments, mentions
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access

_PROBE = re.compile(
    r"^(health([-_]?checks?)?|healthz|livez|readyz|ready|live|liveness|readiness|ping|heartbeat|metrics|status|version"
    r"|info|(\w+[-_])?(docs|redoc|openapi\.json)|openapi\.json|robots\.txt|favicon\.ico|manifest\.json|static|assets)$",
    re.I,
)
_FOR_EVERYBODY = re.compile(
    r"^(ping|heartbeat|health([-_]?checks?)?|healthz|public|contact|feedback|contact[-_](us|form|admins?|support|sales|team)|subscribe|unsubscribe"
    r"|newsletter([-_]\w+)?|(faq[-_])?[ie]nquir(y|ies)|waitlist|telemetry|analytics|track|events?|csp-report)$",
    re.I,
)
_MAKES = re.compile(r"^(create|add|make|new|insert|save|schedule|book)_")
_PUBLIC = re.compile(r"(^|[-_])(public|guests?|anonymous)([-_]|$)", re.I)
"""A path or handler that calls itself public says what its author means."""


def _is_of_a_plan(found: list[str]) -> bool:
    """Whether subscribing is to a plan that is paid for, not to a newsletter: `/subscriptions/subscribe`."""
    about = re.compile(r"^(subscriptions?|plans?|billing|memberships?)$", re.I)
    return found[-1:] in (["subscribe"], ["unsubscribe"]) and any(about.match(word) for word in found[:-1])


_COUNTS = re.compile(r"}/(views?|hits?|clicks?|impressions?)/?$")


def is_probe(route: Route) -> bool:
    """Whether a route is for machines and everybody: health, metrics, version, public pages, counters of visits."""
    found = access.segments(route.path)
    names = [*found, route.function.name if route.function is not None else ""]
    if _is_of_a_plan(found):
        return False
    if access.changes_state(route) and found and not any(_PUBLIC.search(name) for name in names):
        told = _FOR_EVERYBODY.match(found[-1]) is not None and not _keeps_events(route, found[-1])
        told = told and not checks_what_is_sent(route)
        return told or _COUNTS.search(route.path) is not None
    told = not found or any(pattern.match(found[-1]) for pattern in (_PROBE, _FOR_EVERYBODY))
    told = told and route.kind != "websocket" and not _is_of_somebody(route)
    return told or _COUNTS.search(route.path) is not None or any(_PUBLIC.search(name) for name in names)


_HEALTH = re.compile(r"^health([-_]?checks?|z)?$", re.I)
_SOMEBODY = re.compile(
    r"^((user|customer|patient|student|employee|member|account|doc|document)_?(id|uuid|pk)|uid|username|email)$",
    re.I,
)


def checks_what_is_sent(route: Route) -> bool:
    """Whether a POST asks for the health of something that the client describes, which the program then calls."""
    found = access.segments(route.path)
    return "POST" in route.methods and _HEALTH.match((found or [""])[-1]) is not None and _takes_body(route)


def _takes_body(route: Route) -> bool:
    """Whether a handler works with what it is sent: a check of something that the client describes, not of itself."""
    handler = route.function
    if handler is None:
        return False
    if any(form[3] in ("json", "form") for form in handler.forms.of("attr")):
        return True
    sent = {parameter[0] for parameter in _sent_to(route)} - {"request", "response"}
    return any(mentions(arguments(call), sent) for call in handler.forms.of("call"))


def _sent_to(route: Route) -> list[Form]:
    """The parameters of a handler that no dependency and no path fills."""
    handler = route.function
    filled = {node.parameter for node in route.dependencies} | set(path_variables(route.path))
    return [item for item in handler.parameters if item[0] not in filled] if handler is not None else []


_OF_A_THING = re.compile(r"^(status|info|metrics|analytics|events?)$", re.I)


def _is_of_somebody(route: Route) -> bool:
    """Whether a path asks for the state of one person's thing, or of any: `/mail/status/{user_id}`, `/jobs/{id}/info`.

    That is nothing about the application.
    """
    below = route.path.rstrip("/").rpartition("/")
    one = below[0].endswith("}") and _OF_A_THING.match(below[2]) is not None
    return one or any(_SOMEBODY.match(name) for name in path_variables(route.path))


def _keeps_events(route: Route, word: str) -> bool:
    """Whether events are things that people plan, not what a page reports: made by name, or changed by their id."""
    if word.lower().rstrip("s") != "event":
        return False
    name = route.function.name if route.function is not None else ""
    return set(route.methods) != {"POST"} or bool(path_variables(route.path)) or _MAKES.match(name) is not None


def calls_itself_public(route: Route) -> bool:
    """Whether a route's path or handler says that it is for everybody."""
    names = [*access.segments(route.path), route.function.name if route.function is not None else ""]
    return any(_PUBLIC.search(name) for name in names)
