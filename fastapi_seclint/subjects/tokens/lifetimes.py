"""How long tokens may live, and lifetimes that are declared for a library or that nothing in sight reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Place, Value
from fastapi_seclint.rule import Evidence, Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Known
from fastapi_seclint.subjects.payloads.moments import UNITS
from fastapi_seclint.subjects.payloads.values import of_value
from fastapi_seclint.subjects.tokens.dates import timedelta_name
from fastapi_seclint.subjects.tokens.purposes import Purpose

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

LIMITS: dict[Purpose, float] = {"access": 3600.0, "refresh": 30 * 86400.0}
"""Seconds. The guide, section 3: 15 to 30 minutes and 7 to 30 days; an access token of an hour is let pass."""

_USUAL: dict[Purpose, float] = {"access": 1800.0, "refresh": 7 * 86400.0}
_PRODUCTS = {1800: "30 * 60", 604800: "7 * 24 * 60 * 60", 10080: "7 * 24 * 60"}
"""The usual lengths in seconds and minutes, for those who write `60 * 60 * 24`."""
_LIBRARIES: dict[str, tuple[tuple[str, int | None, Purpose], ...]] = {
    "fastapi_users.authentication.JWTStrategy": (("lifetime_seconds", 1, "access"),),
    "fastapi_users.authentication.strategy.JWTStrategy": (("lifetime_seconds", 1, "access"),),
    "fastapi_login.LoginManager": (("default_expiry", None, "access"),),
    "fastapi_login.LoginManager().create_access_token": (("expires", None, "access"),),
    "fastapi_jwt.JwtAccessBearer().create_access_token": (("expires_delta", None, "access"),),
    "authx.AuthX().create_access_token": (("expiry", None, "access"),),
    "authx.AuthX().create_refresh_token": (("expiry", None, "refresh"),),
    "fastapi_jwt.JwtAccessBearer": (
        ("access_expires_delta", None, "access"),
        ("refresh_expires_delta", None, "refresh"),
    ),
    "fastapi_jwt.JwtAccessBearerCookie": (("access_expires_delta", None, "access"),),
    "fastapi_jwt.JwtRefreshBearer": (("refresh_expires_delta", None, "refresh"),),
    "authx.AuthXConfig": (
        ("JWT_ACCESS_TOKEN_EXPIRES", None, "access"),
        ("JWT_REFRESH_TOKEN_EXPIRES", None, "refresh"),
    ),
    **{
        f"{library}.AuthJWT().create_{purpose}_token": (("expires_time", None, purpose),)
        for library in ("fastapi_jwt_auth", "another_fastapi_jwt_auth", "async_fastapi_jwt_auth")
        for purpose in LIMITS
    },
}  # fmt: skip
_LIFE = frozenset({"expire", "expires", "expiry", "expiration", "exp", "lifetime", "ttl", "validity", "life", "age"})
_TOKENS = frozenset({"token", "jwt"})
_SPELLED_UNITS = {
    **{unit: seconds for unit, seconds in UNITS.items() if seconds >= 1},
    **{unit.removesuffix("s"): seconds for unit, seconds in UNITS.items() if seconds >= 1},
    "min": 60.0, "mins": 60.0, "sec": 1.0, "secs": 1.0, "hrs": 3600.0, "hour": 3600.0, "m": 60.0, "s": 1.0,
    "h": 3600.0, "d": 86400.0, "w": 604800.0,
}  # fmt: skip
OTHER = re.compile(
    r"reset|verif|confirm|invit|email|magic|csrf|cookie|state|leeway|cache|share|download|file|activation|"
    r"registration|signup|api_?key|long_?lived|remember", re.I
)  # fmt: skip
"""Names of lifetimes that are neither an access token's nor a refresh token's."""
_SIGNED = re.compile(r"jwt|^(jose|authlib|joserfc|fastapi_users|fastapi_login|authx|paseto|itsdangerous|branca)$", re.I)
"""What makes or reads signed tokens: libraries, and names that speak of them."""
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w|minutes?|hours?|days?|weeks?)")


@dataclass(frozen=True, slots=True)
class Declared:
    """A lifetime that is given to a library, or by a constant or setting whose name says what it is."""

    place: Place
    seconds: float
    scale: float
    purpose: Purpose
    sure: bool
    given: Location | None = None
    """Where a library gets it, when that is another place."""


def configured(program: Program) -> Iterator[Declared]:
    """Too long lifetimes that libraries are given."""
    for call in program.sites.calls(*_LIBRARIES):
        for name, position, purpose in _LIBRARIES[call.name]:
            argument = call.argument(name, position) or call.setting(name)
            if argument is None:
                continue
            whole = Place(call.block.module, argument.form[1])
            for amount in of_value(call.value(argument), whole).amounts:
                if amount.kind != "moment" and amount.number > LIMITS[purpose]:
                    place = amount.place or whole
                    given = None if place == whole else Location(call.block.module.path, argument.span)
                    yield Declared(place, amount.number, amount.scale, purpose, True, given)


def declared(program: Program) -> Iterator[Declared]:
    """Too long lifetimes that a constant or setting declares by its name, where no token's life is known otherwise."""
    made = [token for token in tokens(program) if not program.is_test(token.encoding.call.block.module)]
    if any(map(_is_dated, made)):
        return
    elsewhere = any(token.claims.get("exp") is not None for token in made) or _signs_nothing(program)
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        names = [word for word in module.facts.words if _purpose(word) is not None]
        if not names or program.is_test(module):
            continue
        program.interpreter.run_module(module)
        for name, value in _named(module):
            found = _declared(module, name, value)
            if found is not None and not (elsewhere and _is_left_over(program, module, name)):
                yield found


def _signs_nothing(program: Program) -> bool:
    """Whether a project logs its users in and no file of it speaks of tokens that are signed."""
    if not any(purpose == "login" for _, purpose in auth_routes(program)):
        return False
    return not any(_SIGNED.search(word) for module in program.modules.by_file.values() for word in module.facts.words)


def _is_left_over(program: Program, module: Module, name: str) -> bool:
    """Whether nothing in sight but its declaration speaks of a lifetime."""
    if any(name in other.facts.words for other in program.modules.by_file.values() if other is not module):
        return False
    facts = module.facts
    spoken = (form for number in range(-1, len(facts.functions)) for form in facts.forms(number).of("name", "attr"))
    return len([form for form in spoken if form[-1] == name]) < 2


def _is_dated(token: Token) -> bool:
    claim = token.claims.get("exp")
    return claim is not None and any(not isnan(amount.number) for value in claim.values for amount in value.amounts)


def _purpose(name: str) -> Purpose | None:
    words = set(words_of(name))
    if not (words & _LIFE and words & _TOKENS) or OTHER.search(name):
        return None
    return "refresh" if "refresh" in words else "access"


def _named(module: Module) -> Iterator[tuple[str, Value]]:
    for name, value in list(module.scope.names.items()):
        if isinstance(value, Class) and value.module is module:
            for inner, default in value.namespace.items():
                if _purpose(inner) is not None:
                    yield inner, default
        elif _purpose(name) is not None and not hasattr(value, "resolve"):
            yield name, value


def _declared(module: Module, name: str, value: Value) -> Declared | None:
    place = getattr(value, "place", None)
    purpose = _purpose(name)
    if place is None or purpose is None or place.module is not module:
        return None
    known = of_value(value, place)
    for seconds, scale, where in _lengths(name, known):
        if seconds > LIMITS[purpose]:
            return Declared(where or place, seconds, scale, purpose, False)
    return None


def _lengths(name: str, known: Known) -> Iterator[tuple[float, float, Place | None]]:
    unit = next((_SPELLED_UNITS[word] for word in reversed(words_of(name)) if word in _SPELLED_UNITS), None)
    unit = 1.0 if name.startswith("authjwt_") else unit  # fastapi_jwt_auth/auth_config.py counts seconds
    for amount in known.amounts:
        if amount.kind == "length":
            yield amount.number, amount.scale, amount.place
        elif amount.kind == "number" and unit is not None:
            yield amount.number * unit, unit, amount.place
    for text in known.texts:
        found = _SPAN.fullmatch(text.strip().lower())
        if found is not None:
            yield float(found[1]) * _SPELLED_UNITS[found[2]], 0.0, None


def made_elsewhere(token: Token, place: Place) -> list[Evidence]:
    """Where a token is made, for a finding about it at a place that is another one."""
    call = token.encoding.call
    there = (place.module, place.line) == (call.block.module, call.place.line)
    return [] if there else [Evidence(call.location, "the token is made here")]


# The fix


def shorter(place: Place, seconds: float, scale: float, purpose: Purpose) -> Fix | None:
    """A usual length in place of the number, in its unit; None where the place holds something else."""
    form = _form_at(place)
    usual = _USUAL.get(purpose)
    if form is None or usual is None:
        return None
    code: str | None = None
    if scale and form[0] in ("const", "binop"):
        if all(_is_number(item) or (item[0] == "name" and item[2].isupper()) for item in walk(form)):
            code = _in_unit(usual, scale, LIMITS[purpose], form) or _part_of_day(place, scale, purpose)
    elif not scale and form[0] == "call" and form[2][-1] == "timedelta":
        code = f"{timedelta_name(form)}({'minutes=30' if purpose == 'access' else 'days=7'})"
    elif scale and form[0] == "call":
        inside = [item for item in walk(form) if item[0] == "const" and _as_number(item[2]) == seconds / scale]
        spelled = [item for item in walk(form) if item[0] == "call" and item[2][2:] == ["str"]]
        if len(inside) == 1:
            form, code = inside[0], _in_unit(usual, scale, LIMITS[purpose], inside[0])
        elif len(spelled) == 1:  # `os.getenv("LIFE", str(2 * DAY))`
            form, code = spelled[0], _in_unit(usual, scale, LIMITS[purpose], ["const", 0, ""])
    whole = _of_whole_days(place, scale, purpose) if code is None else None
    if code is None and whole is None:
        return None
    edit = ReplaceExpression(place.module.path, span_of(form[1]), code or _HALF_AN_HOUR)
    edits = (edit,) if whole is None else (edit, whole)
    return Fix(f"let it live {'30 minutes' if purpose == 'access' else '7 days'}", False, edits)


def _in_unit(usual: float, scale: float, limit: float, form: Form) -> str | None:
    """A usual length in the unit of a number, written as text or as a product where the number is."""
    count = usual / scale if usual >= scale else float(scale <= limit)
    if count != int(count) or count <= 0:
        return None
    if form[0] == "const" and isinstance(form[2], str):
        return f'"{int(count)}"'
    spelled_out = any(item[0] == "const" and item[2] == 60 for item in walk(form)) and form[0] == "binop"
    return _PRODUCTS.get(int(count), str(int(count))) if spelled_out else str(int(count))


_HALF_AN_HOUR = "30 / (24 * 60)"


def _of_whole_days(place: Place, scale: float, purpose: Purpose) -> Edit | None:
    """The annotation of a setting that counts whole days, which has to take parts of one: `token_days: int = 14`."""
    for form in place.module.facts.forms(-1).of("annassign") if scale == 86400.0 and purpose == "access" else ():
        if form[4] is not None and form[4][1] == place.at and form[3][2:] == ["int"] and form[3][0] == "name":
            return ReplaceExpression(place.module.path, span_of(form[3][1]), "float")
    return None


def _part_of_day(place: Place, scale: float, purpose: Purpose) -> str | None:
    """Half an hour where a constant of the code counts days, which have no whole number for it."""
    named = any(form[0] == "assign" and form[3][1] == place.at for form in place.module.facts.module)
    return _HALF_AN_HOUR if named and scale == 86400.0 and purpose == "access" else None


def _as_number(value: object) -> float | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_number(form: Form) -> bool:
    return form[0] == "binop" or (form[0] == "const" and isinstance(form[2], int | float | str))


def _form_at(place: Place) -> Form | None:
    facts = place.module.facts
    for number in range(-1, len(facts.functions)):
        for form in walk(facts.module if number < 0 else facts.body(number)):
            if form[1] == place.at and form[0] in ("const", "binop", "call"):
                return form
    return None
