"""Which calls are worth following: those that can build an application, and for a setting those that may give one."""

from __future__ import annotations

from fastapi_seclint.facts.forms import ASYNC
from fastapi_seclint.program.values import Arguments, Function, Instance

WEB_WORDS = frozenset(
    {"FastAPI", "APIRouter", "Starlette", "include_router", "add_api_route", "add_api_websocket_route"}
)
"""What a file that makes or fills an application or router has in it."""
_BUILDING = tuple(f'"{word}"'.encode() for word in sorted(WEB_WORDS))


def builds(function: Function) -> bool:
    """Whether the text of a function makes or fills an application or router."""
    facts = function.module.facts
    return function.number >= 0 and any(facts.body_mentions(function.number, word) for word in _BUILDING)


def touches_routes(function: Function, arguments: Arguments) -> bool:
    """Whether a call at start can add routes: it is given an application or router, or what fills one with them.

    Or its file speaks of them. `apply_all(modules, include)` does for each module what `include` does.
    """
    if function.module.facts.words & WEB_WORDS:
        return True
    given = [*arguments.positional, *arguments.keywords.values()]
    if any(isinstance(value, Instance) and value.native is not None for value in given):
        return True
    return any(isinstance(value, Function) and builds(value) for value in given)


_LONG_BODY = 6000


def _only_makes_an_object(function: Function) -> bool:
    """Whether all that a function does is to make an object: `async def client(): return Client(settings.URL)`."""
    statements = [item for item in function.statements() if item[0] != "expr" or item[2][0] != "const"]
    match statements:
        case [["return", _, ["call", _, ["name" | "attr", *_, str(name)], _, _]]]:
            return name[:1].isupper()
    return False


def gives_run_time_data(function: Function) -> bool:
    """Whether a function is not worth following for a setting: asynchronous or long ones give data, no settings.

    Class methods make objects of their class, also those that are awaited: `view = await View.create(request)`; so do
    functions that do nothing else. Long ones that define functions or speak of `Depends` make guards of many kinds.
    """
    if function.number < 0:
        return False
    awaited = function.flags & ASYNC and function.kind != "class" and not _only_makes_an_object(function)
    return bool(awaited) or (
        function.module.facts.size_of(function.number) > _LONG_BODY and not _makes_guards(function)
    )


def _makes_guards(function: Function) -> bool:
    return any(function.module.facts.body_mentions(function.number, said) for said in _GUARDS)


_GUARDS = (b'["def",', b'"Depends"', b'"Security"')
