"""What belongs to persons and hangs on something else, by whose id it is read: the expenses of a journey."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.guards import access

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PRIVATE = re.compile(
    r"^((\w+[-_])?(orders?|invoices?|payments?|transactions?)|messages?|conversations?|expenses|incomes|appointments"
    r"|bookings|reservations|salar(y|ies)|payrolls?|prescriptions?)$",
    re.I,
)
"""What nobody publishes, one by one or by the thing that it belongs to."""
_PERSON = re.compile(r"(by[-_])?(user|member|customer|client|patient|student|owner|author|employee)s?$", re.I)
_PEOPLE = re.compile(r"user|member|customer|client|patient|student|owner|person|employee|account", re.I)
_PERSON_OUT = re.compile(
    r"^(user|member|customer|client|patient|student|owner|person|employee)_?(out|response|read|schema|dto)$", re.I
)
_LISTING = re.compile(r"^(all|list|search|filter(ed)?|paginated?)$", re.I)
_SOMEBODY = re.compile(r"^(user|member|customer|client|patient|student|owner|person|employee|account)_(id|email|name)$")
_REACHED_BY = frozenset({"email", "phone", "phone_number", "address", "birthday", "date_of_birth", "mobile"})


def hanging(program: Program, route: Route) -> str:
    """The word of a GET's path that says what somebody's is read by the id of what it hangs on, or an empty string.

    `GET /expenses/journey/{journey_id}` whatever it answers, `GET /journeys/user/{user_id}` where the answer has more
    of a person in it than an id and a name.
    """
    found = access.segments(route.path)
    variables = path_variables(route.path)
    if "GET" not in route.methods or len(variables) != 1 or len(found) < 2 or not route.path.rstrip("/").endswith("}"):
        return ""
    kind = re.sub(r"^(by|por|par|pelo|pela|nach|per)_", "", found[-1].lower().replace("-", "_"))
    own = () if kind == found[-1].lower() else (kind,)  # `/by-email/{email}`
    if variables[0] not in (f"{kind}_id", f"{kind.rstrip('s')}_id", "id", *own):
        return ""
    if _PRIVATE.match(found[-2]) and variables[0] != "id":
        return found[-2]
    return found[-1] if _PERSON.fullmatch(found[-1]) and _tells_of_people(program, route) else ""


def _tells_of_people(program: Program, route: Route) -> bool:
    """Whether a route's response model has people in it, with how they are reached: `owner: Owner`."""
    values = [route.registration.arguments.get("response_model")] if route.registration is not None else []
    if route.function is not None and route.function.returns is not None:
        values.append(program.interpreter.ask(route.function.returns, route.function.scope))
    return any(_has_people(program, cls) for value in values for one in options(value) for cls in access.classes(one))


def carried_people(program: Program, route: Route) -> str:
    """The class of what a GET answers with that has people in it and how they are reached, where that is theirs.

    `GET /appointments` with `AppointmentOut.customer.user.phone`, `GET /owners` with `OwnerOut.user.email`; whose post
    it is may be shown to everybody.
    """
    words = [word for word in access.segments(route.path) if not _LISTING.match(word)]
    own = bool(words) and access.is_somebodys(words[-1])
    if "GET" not in route.methods:
        return ""
    found = (cls for cls in access.answered(program, route) if own or _PERSON_OUT.match(cls.name))
    return next((cls.name for cls in found if _has_people(program, cls)), "")


def asks_for_callers_own(route: Route) -> bool:
    """Whether a GET of what is its caller's own is told by himself who he is: `GET /discounts/me?customer_id=`."""
    words = access.segments(route.path)
    if "GET" not in route.methods or not words or words[-1] not in ("me", "my", "mine") or route.function is None:
        return False
    return any(_SOMEBODY.match(parameter[0]) for parameter in route.function.parameters)


def _has_people(program: Program, cls: Class, depth: int = 2) -> bool:
    for _, annotation, _ in cls.fields:
        named = {str(item[-1]) for item in walk(annotation) if item[0] in ("name", "attr")} if annotation else set()
        if not any(_PEOPLE.search(name) for name in named):
            continue
        value = program.interpreter.ask(annotation, cls.module.scope)
        for inner in (each for one in options(value) for each in access.classes(one)):
            if _PEOPLE.search(inner.name) and any(name in _REACHED_BY for name, _, _ in inner.fields):
                return True
            if depth > 1 and inner is not cls and _has_people(program, inner, depth - 1):
                return True
    return False
