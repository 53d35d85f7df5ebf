"""The statuses of HTTP by number and by the names that `http.HTTPStatus` has for them.

RFC 9110 renamed four of them, and Python 3.13 followed; what is found must not depend on the interpreter that looks.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi_seclint.facts.forms import Form

_RENAMED = {
    413: ("REQUEST_ENTITY_TOO_LARGE", "CONTENT_TOO_LARGE"),
    414: ("REQUEST_URI_TOO_LONG", "URI_TOO_LONG"),
    416: ("REQUESTED_RANGE_NOT_SATISFIABLE", "RANGE_NOT_SATISFIABLE"),
    422: ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT"),
}
_NUMBERS = {
    **{name: int(member) for name, member in HTTPStatus.__members__.items()},
    **{name: number for number, names in _RENAMED.items() for name in names},
}
_NUMBER = re.compile(r"^HTTP_(\d{3})_")
_PHRASES = {
    **{int(member): member.phrase for member in HTTPStatus},
    **{number: new.replace("_", " ").title().replace("Uri", "URI") for number, (_, new) in _RENAMED.items()},
}
TOO_MANY = frozenset({"HTTP_429_TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"})
"""The names of 429, in FastAPI and in the standard library."""
LIMIT_REACHED = TOO_MANY | {"RateLimitExceeded"}
"""What code calls a refusal of those who ask too often; the exception is slowapi's."""


def status_named(name: str) -> int | None:
    """The number of a member of `HTTPStatus`, `UNPROCESSABLE_CONTENT` as well as `UNPROCESSABLE_ENTITY`, or None."""
    return _NUMBERS.get(name)


def phrase_of(number: int) -> str:
    """What RFC 9110 calls a status, `Not Found`; empty for a number that is none."""
    return _PHRASES.get(number, "")


def number_of(form: Form) -> int:
    """The status of a refusal that an expression is, as a number or by its name in FastAPI; 0 for everything else."""
    number = 0
    match form:
        case ["const", _, int() as number]:
            pass
        case ["name", _, str() as name] | ["attr", _, _, str() as name]:
            written = _NUMBER.match(name)
            number = int(written[1]) if written else status_named(name) or 0
    return number if number >= 400 and phrase_of(number) else 0
