"""The cookie of Starlette's SessionMiddleware, where flags are switched off (starlette/middleware/sessions.py).

The middleware always sets `httponly`. `https_only` is off and `same_site` lax by default, and a default is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.program.values import Const
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.cookies.setting import Flag, flag_of
from fastapi_seclint.subjects.hardening.middleware import Configuration, Kind, Option, configurations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SESSIONS = Kind(
    "starlette.middleware.sessions.SessionMiddleware",
    ("secret_key", "session_cookie", "max_age", "path", "same_site", "https_only", "domain"),
)
_FLAGS = {"https_only": "secure", "same_site": "samesite"}


def session_layers(program: Program) -> Iterator[tuple[Configuration, str, Flag]]:
    """The configurations of the middleware with an option that switches a flag off, and the name of that option."""
    for configuration in configurations(program, _SESSIONS):
        for name, flag in _FLAGS.items():
            option = configuration.options.get(name)
            found = _of_option(program, option, flag) if option is not None else None
            if found is not None and not only_in_development(configuration.place):
                yield configuration, name, found


def _of_option(program: Program, option: Option, flag: str) -> Flag | None:
    value = option.value
    if isinstance(value, Const) and option.form[0] == "compare":
        return None  # `ENV == Env.PROD` is off where nobody says what it runs in
    if isinstance(value, Const):
        off = value.value is False if flag == "secure" else value.value == "none"
        if not off:
            return None
        if value.place is not None and only_in_development(value.place):
            return None
        where = value.place.location if value.place is not None else option.location
        wanted = "True" if flag == "secure" else '"lax"'
        edit = ReplaceExpression(where.path, where.span, wanted) if value.place is not None else None
        return Flag(flag, "off", where, edit=edit)
    found = flag_of(program, option.block, flag, option.form, option.location)
    return found if found is not None and found.state == "by default" and flag == "secure" else None
