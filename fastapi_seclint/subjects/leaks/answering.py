"""The functions that are registered to answer for exceptions: decorators, calls, tables, and the last layer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import blocks_of, called, callers
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.modules import Module

_WORDS = frozenset(
    {
        "exception_handler", "add_exception_handler", "exception_handlers", "error_handlers", "errorhandler",
        "ServerErrorMiddleware",
    }
)  # fmt: skip


@lru_cache(maxsize=1)
def registered(program: Program) -> dict[str, tuple[Block, Form]]:
    """The names of functions that answer exceptions, with the class of those exceptions (or a status) and where."""
    found: dict[str, tuple[Block, Form]] = {}
    for module in program.modules.by_file.values():
        for block in blocks_of(program, module) if module.facts.words & _WORDS or _names_keyword(module) else ():
            for form in block.forms.of("def", "call", "assign", "annassign"):
                for name, kind in [*_in_form(form), *_made(program, block, form)]:
                    if name not in found or last_name(found[name][1]) not in _ALL:
                        found[name] = (block, kind)
    return found


def _names_keyword(module: Module) -> bool:
    """Whether a file gives an application its handlers, `FastAPI(exception_handlers=...)`: no keyword is a word."""
    return "FastAPI" in module.facts.words and bool(module.facts.speaking(b'"exception_handlers"'))


_ALL = ("Exception", "BaseException")


def _made(program: Program, block: Block, form: Form) -> list[tuple[str, Form]]:
    """The functions inside one that makes handlers: `app.add_exception_handler(Exception, answering(500))`."""
    match form:
        case ["call", _, ["attr", _, _, "add_exception_handler"], [kind, ["call", *_] as made, *_], _]:
            makers = [maker for maker, _ in called(program, block, made)]
            inside = [(maker, number) for maker in makers for number in maker.module.facts.inside(maker.number)]
            names = [maker.module.facts.functions[number][0].rpartition(".")[2] for maker, number in inside]
            return [(name, kind) for name in names]
    return []


def _in_form(form: Form) -> list[tuple[str, Form]]:
    match form:
        case ["def", *_]:
            given = [item for item in form[6] if item[0] == "call" and item[3]]
            named = ("exception_handler", "errorhandler")
            return [(form[3], item[3][0]) for item in given if last_name(item[2]) in named]
        case ["call", _, ["attr", _, _, "add_exception_handler"], [kind, handler, *_], _]:
            return [(last_name(handler), kind)] if last_name(handler) else []
        case ["call", _, ["call", _, ["attr", _, _, "exception_handler"], [kind, *_], _], [handler], _]:
            return [(last_name(handler), kind)] if last_name(handler) else []
        case ["call", _, _, arguments, keywords]:
            tables = [pair for key, value, _ in keywords if key == "exception_handlers" for pair in _in_table(value)]
            return tables or _last_layer(arguments, keywords)
        case ["assign", _, [["name", _, name]], table] | ["annassign", _, ["name", _, name], _, table]:
            return _in_table(table) if name.lower().endswith(("exception_handlers", "error_handlers")) else []
    return []


def _in_table(table: Form | None) -> list[tuple[str, Form]]:
    """`{NotFound: not_found_handler, 500: oops}`."""
    if table is None or table[0] != "dict":
        return []
    return [(last_name(value), key) for key, value in table[2] if key is not None and last_name(value)]


def _last_layer(arguments: list[Form], keywords: list[Form]) -> list[tuple[str, Form]]:
    """`app.add_middleware(ServerErrorMiddleware, handler=oops)`: it is given what nobody else answers for."""
    if not any(last_name(item) == "ServerErrorMiddleware" for item in arguments):
        return []
    handlers = [value for key, value, _ in keywords if key == "handler" and last_name(value)]
    return [(last_name(value), ["const", value[1], 500]) for value in handlers]


def unheard(program: Program, function: Function) -> bool:
    """Whether whoever calls a function throws away what it gives back: `await reset(data)` as a statement."""
    found = list(callers(program, function)) if not is_handler(program, function) else []
    return bool(found) and all(
        any(call is item[2] or (item[2][0] == "await" and call is item[2][2]) for item in block.forms.of("expr"))
        for block, call, _ in found
    )
