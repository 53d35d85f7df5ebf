"""What is raised to refuse a stranger, and who catches it."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.kinds import FALSE, TRUE, Kinds
from fastapi_seclint.program.values import External, Function, Value, constant, options

REFUSAL = re.compile(
    r"(forbid|unauthori[sz]ed|unauthenticated|access_?denied|permission_?(denied|error)|not_?allowed)", re.I
)
"""What exceptions are called that refuse somebody."""


def catches(handlers: list[Form], code: int | None) -> bool:
    """Whether one of the handlers catches what a guard raises: everything, or HTTPException by name."""
    broad = re.compile(
        r"^(Exception|BaseException)$"
        if code is None
        else r"^(Exception|BaseException|HTTPException|StarletteHTTPException)$"
    )
    for kind, *_ in handlers:
        names = [kind] if kind is None or kind[0] != "tuple" else kind[2]
        for name in names:
            if name is None or broad.match(str(name[-1]) if isinstance(name[-1], str) else ""):
                return True
            if code is None and name[-1] not in ("HTTPException", "StarletteHTTPException"):
                return True
    return False


def code_of_made(value: Value) -> int | None:
    """The status code of an HTTPException that is made elsewhere: `DENIED = HTTPException(401)`."""
    for option in options(value):
        if isinstance(option, External) and option.name.endswith("HTTPException()") and option.arguments is not None:
            code = constant(option.arguments.get("status_code", 0))
            return code if isinstance(code, int) else None
    return None


def remembered(value: Form, exception: str) -> Kinds:
    """What a handler of an exception notes for later (`failed = True`, `problem = str(error)`); empty for no note."""
    match value:
        case ["const", _, bool() | str() | int() as noted]:
            return TRUE if noted else FALSE
        case ["name", _, name] if name == exception:
            return TRUE
        case ["call", _, ["name", _, "str" | "repr"], [["name", _, name]], []] if name == exception:
            return TRUE
        case ["fstr", _, parts] if any(part[0] != "fmt" for part in parts):
            return TRUE
    return frozenset()


def lets_go(wrapper: Function, code: int | None) -> bool:
    """Whether a wrapper catches what the function that it hands its arguments to raises, and never raises itself."""
    for form in wrapper.forms.of("try"):
        hands_on = any(
            inner[0] == "call" and any(argument[0] == "star" for argument in inner[3]) for inner in walk(form[2])
        )
        raising = any(inner[0] == "raise" for handler in form[3] for inner in walk(handler[2]))
        if hands_on and not raising and catches(form[3], code):
            return True
    return False
