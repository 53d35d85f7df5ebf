"""CORS by hand: code that sets `Access-Control-Allow-Origin` itself, and what it lets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, Function, Place, options, settled
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.origins import ask, blocks_of, body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

ORIGIN, _CREDENTIALS = "access-control-allow-origin", "access-control-allow-credentials"
SPOKEN = re.compile(rf'"{ORIGIN}"'.encode())


@dataclass(frozen=True, slots=True)
class Header:
    """One header for everybody: where it is set, whether it is a star or the origin that asks, and with credentials.

    `chosen` says that it is set for some paths only, `if request.url.path in PUBLIC`.
    """

    block: Block
    at: int
    star: bool
    credentials: bool
    chosen: bool = False


@answered_once
def headers(program: Program) -> list[Header]:
    """The headers that let every website in, development and tests left out; found once a program."""
    return [header for header in _headers(program) if not only_in_development(Place(header.block.module, header.at))]


def _headers(program: Program) -> Iterator[Header]:
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        speaks = facts.words & {"fastapi", "starlette"}  # else it only has constants for those that do
        numbers = range(-1, len(facts.functions) if speaks else 0)
        if program.is_test(module):
            continue
        if any(SPOKEN.search(facts.lowered(number)) for number in numbers):
            for block in blocks_of(program, module):
                yield from _in_block(program, block)


def _in_block(program: Program, block: Block) -> Iterator[Header]:
    found = list(header_values(block.statements, ORIGIN))
    if not found:
        return
    around = blocks_around(program, block)
    seen = any(map(_is_middleware, around)) or _is_dependency(program, block)
    if not seen and not _is_given_everywhere(program, block):
        return
    credentials = any(
        _is_text(value) and value[2].lower() == "true" for value, _ in header_values(block.statements, _CREDENTIALS)
    )
    for value, at in found:
        if (_is_text(value) and value[2] == "*") or any(_stands_for_star(program, one, value) for one in around):
            yield Header(block, at, True, credentials, _is_for_some_paths(block, at))
        elif is_asking(around, value) and not any(map(_is_checked, around)):
            yield Header(block, at, False, credentials)


def _stands_for_star(program: Program, block: Block, value: Form) -> bool:
    """Whether a constant, a setting by default, or what an object is made with by default is the star.

    What is the star in one case and a website in another is chosen: `"*" if debug else origin`.
    """
    found = list(options(ask(program, block, value))) if value[0] in ("name", "attr") else []
    stars = [any(isinstance(item, Const) and item.value == "*" for item in settled(option)) for option in found]
    return bool(stars) and all(stars)


def _is_for_some_paths(block: Block, at: int) -> bool:
    """Whether something is only done below a condition that looks at the path of the request."""
    return any(
        any(part[0] == "attr" and part[3] == "path" for part in walk([form[2]]))
        and any(inner[1] == at for inner in walk(form[3]))
        for form in block.forms.of("if")
    )


def _is_given_everywhere(program: Program, block: Block) -> bool:
    """Whether the headers are a named dictionary that a middleware speaks of: `response.headers.update(HEADERS)`."""
    if block.function is not None:
        return False
    named = {
        str(target[-1])
        for form in block.forms.of("assign", "annassign")
        if form[-1] is not None and any(True for _ in header_values([form[-1]], ORIGIN))
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] in ("name", "attr")
    }
    readers = program.sites.blocks(frozenset(named)) if named else []
    return any(
        any(form[-1] in named for form in reader.forms.of("name", "attr"))
        and (any(map(_is_middleware, blocks_around(program, reader))) or _is_of_middleware(program, reader))
        for reader in readers
        if reader.function is not None
    )


def _is_of_middleware(program: Program, block: Block) -> bool:
    """Whether a block is of a class one of whose methods sees every response: its `__init__`, say."""
    owner = block.function.owner if block.function is not None else None
    methods = owner.namespace.values() if isinstance(owner, Class) else ()
    bodies = (body_of(program, method) for method in methods if isinstance(method, Function))
    return any(body is not None and _is_middleware(body) for body in bodies)


def blocks_around(program: Program, block: Block) -> list[Block]:
    """A block of a function and those of the functions around it, innermost first."""
    found = [block]
    if block.function is not None and block.number >= 0:
        numbers = block.module.facts.around(block.function.place.line)
        outer = [program.sites.block(block.module, number) for number in reversed(numbers) if number != block.number]
        found += [item for item in outer if item is not None]
    return found


def _is_middleware(block: Block) -> bool:
    """Whether a block sees the response of every route: it gets the next layer, or the messages of one."""
    parameters = {item[0] for item in block.function.parameters} if block.function is not None else set()
    return bool(parameters & {"call_next", "send", "message"})


def _is_dependency(program: Program, block: Block) -> bool:
    """Whether routes depend on a function that fills the headers of their response."""
    function = block.function
    if function is None or "response" not in {item[0] for item in function.parameters}:
        return False
    return any(node.function is function for route in program.routes for node in route.nodes())


def _is_text(form: Form) -> bool:
    return form[0] in ("const", "bytes") and isinstance(form[2], str)


def header_values(statements: list[Form], name: str) -> Iterator[tuple[Form, int]]:
    """What code gives to a header: by index, in a dictionary or a pair, or with a method such as `setdefault`."""
    for form in walk(statements):
        match form:
            case ["assign", at, [["sub", _, _, key]], value] if _names(key, name):
                yield value, at
            case ["dict", _, pairs]:
                for key, value in pairs:
                    if key is not None and _names(key, name):
                        yield value, key[1]
            case ["tuple" | "list", _, [key, value]] if _names(key, name):
                yield value, key[1]
            case ["call", at, ["attr", *_], [key, value, *_], _] if _names(key, name):
                if form[2][3] in ("setdefault", "append", "__setitem__"):
                    yield value, at


def _names(form: Form, name: str) -> bool:
    return _is_text(form) and form[2].lower() == name


def is_asking(blocks: list[Block], value: Form, depth: int = 3) -> bool:
    """Whether a value is the `Origin` header of the request, in a block or one around it."""
    match value:
        case ["bool", _, "or", values]:
            return is_asking(blocks, values[0], depth)
        case ["call", _, ["attr", _, _, "get"], [key, *_], _] if _names(key, "origin"):
            return True
        case ["sub", _, _, key]:
            return _names(key, "origin")
        case ["call", _, ["name", _, "next"], [["comp", *_] as comp, *_], _]:
            return any(_picks(item) for item in walk(comp))
        case ["call", _, ["attr", _, inner, "encode" | "decode" | "strip" | "lower"], _, _]:
            return is_asking(blocks, inner, depth)
        case ["name", _, "origin"] if any(_is_header(block, "origin") for block in blocks):
            return True
        case ["name", _, name] if depth:
            given = [form[-1] for block in blocks for form in block.forms.every if _assigns(form, name)]
            return bool(given) and all(is_asking(blocks, form, depth - 1) for form in given)
    return False


def _picks(form: Form) -> bool:
    """Whether a condition picks the header out of those of a scope: `name == b"origin"`."""
    return form[0] == "compare" and form[3] == ["=="] and any(_names(side, "origin") for side in (form[2], *form[4]))


def _is_header(block: Block, name: str) -> bool:
    """Whether a parameter of this name is filled from the header of the same name: `origin: str = Header()`."""
    found = [item for item in block.function.parameters if item[0] == name] if block.function is not None else []
    return any(part[0] == "call" and last_name(part[2]) == "Header" for part in walk([item[2:4] for item in found]))


def _assigns(form: Form, name: str) -> bool:
    targets = form[2] if form[0] == "assign" else [form[2]] if form[0] in ("annassign", "walrus") else []
    return any(target[0] == "name" and target[2] == name for target in targets)


def _is_checked(block: Block) -> bool:
    """Whether the code around looks the origin up, compares it, or asks a function about it."""
    for form in block.forms.every:
        match form:
            case ["if", _, test, *_] | ["ifexp", _, test, *_]:
                for part in walk([test]):
                    if part[0] == "call" and not _reads_headers(part):
                        return True
                    asks = part[0] == "compare" and set(part[3]) - {"is", "is not"} and not _picks(part)
                    if asks and _mentions_origin(part):
                        return True
    return False


def _mentions_origin(form: Form) -> bool:
    return any("origin" in str(item[-1]).lower() for item in walk([form]) if item[0] in ("name", "attr", "const"))


def _reads_headers(call: Form) -> bool:
    return bool(call[2][0] == "attr" and call[2][3] == "get")
