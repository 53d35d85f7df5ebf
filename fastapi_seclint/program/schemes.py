"""Security schemes of FastAPI as strangers meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import ABSENT, CLEAN, JUNK
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, constant

if TYPE_CHECKING:
    pass


def scheme_of(value: Value) -> External | Instance | None:
    """The security scheme of FastAPI that a dependency is, when it is nothing more than that."""
    if isinstance(value, External) and value.name.startswith("fastapi.security.") and value.called:
        return value
    if not isinstance(value, Instance) or not isinstance(value.cls, Class) or method_of(value, "__call__") is not None:
        return None
    return value if any(base.startswith("fastapi.security.") for base in value.cls.external_bases()) else None


def is_built_on_scheme(value: Value | None) -> bool:
    """Whether something is an object of a class of the project that is built on one of FastAPI's schemes."""
    return (
        isinstance(value, Instance)
        and isinstance(value.cls, Class)
        and any(base.startswith("fastapi.security.") for base in value.cls.external_bases())
    )


def base_may_be_quiet(receiver: Value | None) -> bool:
    """Whether the scheme that a class is built on may give None for missing credentials, `auto_error=False`.

    Asked of an object of the class: it passes `auto_error` on to the scheme, or leaves it at what FastAPI has, `True`.
    """
    return _auto_error(receiver) is not True


def raises_by_itself(receiver: Value | None) -> bool | None:
    """What `self.auto_error` is in a class that is built on one of FastAPI's schemes, which keeps it; None for others.

    `fastapi.security.oauth2.OAuth2.__init__` and its like: `self.auto_error = auto_error`.
    """
    return _auto_error(receiver) if is_built_on_scheme(receiver) else None


def _auto_error(receiver: Value | None) -> bool | None:
    """What the scheme below an object is told by `auto_error`; None where that is not known."""
    if not isinstance(receiver, Instance) or receiver.arguments is None:
        return None
    initializer = method_of(receiver, "__init__")
    if initializer is None or initializer.number < 0:
        given = receiver.arguments.keywords.get("auto_error")
        return True if given is None else _said(given)
    for form in initializer.forms.of("call"):
        if form[2][0] == "attr" and form[2][3] == "__init__":
            passed = next((value for keyword, value, _ in form[4] if keyword in ("auto_error", None)), None)
            return True if passed is None else _passed_on(receiver, initializer, passed)
    return None


def _passed_on(receiver: Instance, initializer: Function, passed: Form) -> bool | None:
    """What an initializer passes on: a constant that stands there, or a parameter that was given or left out."""
    if passed[0] == "const":
        return passed[2] if isinstance(passed[2], bool) else None
    names = [item[0] for item in initializer.parameters]
    if passed[0] != "name" or passed[2] not in names or receiver.arguments is None:
        return None
    position, given = names.index(passed[2]) - 1, receiver.arguments
    value = given.keywords.get(passed[2])
    if value is None:
        value = given.positional[position] if position < len(given.positional) else initializer.defaults[position + 1]
    return _said(value)


def _said(value: Value | None) -> bool | None:
    found = constant(value) if value is not None else None
    return found if isinstance(found, bool) else None


def meet_scheme(scheme: External | Instance, stranger: Stranger) -> Encounter:
    """A scheme refuses missing credentials unless `auto_error=False`, and never looks at junk (semantics E41-E43)."""
    place = scheme.place
    given = scheme.arguments.keywords if scheme.arguments is not None else {}
    if stranger.junk:
        return Encounter([Ending(False, JUNK, None, False, place)])
    if "auto_error" in given and constant(given["auto_error"]) is False:
        return Encounter([Ending(False, ABSENT, None, False, place)])
    return Encounter([Ending(True, CLEAN, 401, False, place)], checked=True)
