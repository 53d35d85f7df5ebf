"""Where a function decides by what the client says of his rights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.rights.believed import Belief
from fastapi_seclint.subjects.rights.sent import Input, Sent, names_groups, source
from fastapi_seclint.subjects.rights.words import is_role


def decided(function: Function, found: Input) -> Iterator[Belief]:
    """Conditions by which a function lets somebody in or not, on what a header, cookie or query says of his rights."""
    if not found and not function.module.facts.words & {"headers", "cookies", "query_params"}:
        return
    for form in function.forms.of("if", "assert"):
        refuses = form[0] == "assert" or any(inner[0] == "raise" for inner in walk(form[3:]))
        forbidden = refuses and any(str(part[-1]) in _FORBIDDEN for part in walk(form[3:]) if part[0] in _NAMED)
        for inner in _atoms(form[2]):
            sent = _tested(found, inner, forbidden=forbidden)
            if sent is None or sent.origin == "body":
                continue
            if not (refuses or sent.origin in ("header", "cookie") or _gives_more(function, form, inner)):
                continue
            if sent.origin == "query" and (_corrects(form) or _refuses_administrators(form, inner)):
                continue
            place = Location(function.module.path, span_of(inner[1]))
            yield Belief(place, sent, "decided by", function.dotted, decides=True, test=inner)


def _gives_more(function: Function, form: Form, test: Form) -> bool:
    """Whether nothing but a flag decides what is answered: `if not is_manager: return mine` before `return everybody`.

    A filter has the flag of what it looks for beside it: `if is_admin: return [u for u in users if u.is_admin]`.
    """
    if test[0] != "name" or form[0] != "if" or form[3][-1][0] != "return" or not snake(test[2]).startswith("is_"):
        return False
    named = [part for part in function.forms.of("name") if part[2] == test[2]]
    asked = (part for part in function.forms.of("attr", "const") if part[-1] == test[2])
    keywords = (keyword for call in function.forms.of("call") for keyword, _, _ in call[4])
    return len(named) == 1 and not any(asked) and test[2] not in keywords


def _corrects(form: Form) -> bool:
    """Whether a condition only says that an input is malformed: `if role not in ROLES: raise HTTPException(400)`."""
    raised = [inner for inner in walk(form[3:]) if inner[0] == "raise" and inner[2] is not None]
    return bool(raised) and all(
        any(str(part[-1]) in _MALFORMED for part in walk(item[2]) if part[0] in ("const", "name", "attr"))
        for item in raised
    )


def _refuses_administrators(form: Form, test: Form) -> bool:
    """Whether who says a high role is refused for it, so that nobody gains by saying so: a filter that is kept narrow.

    `if role == Role.OWNER: raise HTTPException(403)` before `query.where(User.role == role)`.
    """
    if test[0] != "compare" or test[3] != ["=="] or not any(inner[0] == "raise" for inner in walk(form[3])):
        return False
    said = [str(inner[-1]).lower() for side in (test[2], *test[4]) for inner in walk(side) if inner[0] != "call"]
    return any(_HIGH.search(word) for word in said)


_HIGH = re.compile(r"(^|_)(admin\w*|super\w*|owner|root|system)(_|$)")
_MALFORMED = frozenset(
    {"400", "422", "HTTP_400_BAD_REQUEST", "BAD_REQUEST", "HTTP_422_UNPROCESSABLE_ENTITY", "UNPROCESSABLE_ENTITY",
     "HTTP_422_UNPROCESSABLE_CONTENT", "UNPROCESSABLE_CONTENT", "ValueError"}
)  # fmt: skip


def _atoms(test: Form) -> Iterator[Form]:
    if test[0] == "bool":
        for value in test[3]:
            yield from _atoms(value)
    elif test[0] == "unary":
        yield from _atoms(test[3])
    else:
        yield test


_NAMED = ("const", "name", "attr")
_FORBIDDEN = frozenset({"403", "HTTP_403_FORBIDDEN", "FORBIDDEN", "Forbidden", "PermissionDenied"})


def _tested(found: Input, form: Form, *, forbidden: bool) -> Sent | None:
    """The sent right that a condition compares with a role, or tests for being true.

    Where it is `forbidden` to go on, every text that a role of a header or cookie is compared with is one.
    """
    if form[0] != "compare":
        sent = source(found, form)
        return sent if sent is not None and (sent.flag or _is_flag(sent.name)) else None
    sides = [form[2], *form[4]]
    named = [source(found, _ranked(side)) for side in sides]
    sent = next((item for item in named if item is not None), None)
    others = [side for side, item in zip(sides, named, strict=True) if item is None]
    if sent is None:
        return None
    member = names_groups(sent.name) and set(form[3]) <= {"in", "not in"}
    member = member or (_is_flag(sent.name) and any(side[0] == "const" and side[2] in _ON for side in others))
    wanted = any(_is_demand(inner) or (member and inner[0] == "const") for side in others for inner in walk(side))
    spoken = any(inner[0] == "const" for inner in walk(others)) or set(form[3]) <= _ORDER
    return sent if wanted or (forbidden and spoken and sent.origin in ("header", "cookie")) else None


_ORDER = frozenset({"<", "<=", ">", ">="})


def _ranked(form: Form) -> Form:
    """What a rank is looked up for: `role` of `ORDER.index(role)`, `RANK[role]` and `RANK.get(role, 0)`."""
    match form:
        case ["call", _, ["attr", _, ["name" | "attr", *_], "index" | "get"], [["name" | "attr", *_] as inner, *_], []]:
            return list(inner)
        case ["sub", _, ["name" | "attr", *_], ["name" | "attr", *_] as inner]:
            return list(inner)
    return form


_ON = frozenset({"1", "true", "True", "yes", "on", 1})


def _is_flag(name: str) -> bool:
    return snake(name).startswith("is_") or "admin" in name.lower()


def _is_demand(form: Form) -> bool:
    if form[0] == "const":
        return is_role(form[2]) or (isinstance(form[2], str) and "admin" in form[2].lower()) or form[2] is True
    names_role = form[0] in ("name", "attr") and isinstance(form[-1], str)
    words = ("admin", "role", "allowed", "staff", "superuser", "perm", "required", "needed", "scope")
    return names_role and any(word in form[-1].lower() for word in words)
