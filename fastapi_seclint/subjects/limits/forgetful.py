"""Limits that count in what every request makes anew, a dictionary or an object: nothing is ever counted together."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, Forms, arguments, last_name, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.statuses import LIMIT_REACHED
from fastapi_seclint.program.values import Class
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.limits.made_once import made_once

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_Anew = tuple[Location, str, Fix | None]
"""Where something is made for each request, the name of the code around it, and what makes it once."""
_MAKERS = frozenset({"dict", "defaultdict", "Counter", "OrderedDict"})


def forgetful(program: Program) -> Iterator[tuple[Block, Form]]:
    """The assignments of an empty dictionary that the refusal in the same function counts by."""
    words = frozenset({*_MAKERS, "HTTPException", "JSONResponse", "Response"})
    keeping = _keeping(program)
    for block in program.sites.blocks(words):
        if block.function is None or program.is_test(block.module):
            continue
        tests = [form[2] for form in block.forms.of("if") if _refuses(form[3])]
        if tests and (found := _counted_by(block, tests, keeping)) is not None:
            yield block, found


def made_for_each(program: Program) -> Iterator[_Anew]:
    """Where a dependency makes a new limiter for every request, a class of the project's own that counts in itself.

    FastAPI calls what `Depends` names for each request; only what caches its result gives the same object again.
    """
    limiting: set[str] | None = None
    asked: set[int] = set()
    for route in program.routes:
        for node in route.nodes():
            function = node.function
            if function is None or program.is_test(function.module):
                continue
            limiting = _limiting(program) if limiting is None else limiting
            if isinstance(node.call, Class):
                if node.call.name in limiting and node.written is not None:
                    yield node.written.location, function.dotted, None
                continue
            block = program.sites.block(function.module, function.number) if limiting else None
            if block is None or function.decorators:
                continue
            for form in block.forms.of("return", "expr"):
                value = form[2][2] if form[2] is not None and form[2][0] == "yield" else form[2]
                if value is not None and _is_made(value, limiting):
                    yield block.location(value), block.symbol, made_once(block, value)
            yield from _asked_at_once(block, limiting)
        yield from _asked_by_others(program, route, asked)
        if route.function is not None and not program.is_test(route.function.module):
            limiting = _limiting(program) if limiting is None else limiting
            body = program.sites.block(route.function.module, route.function.number) if limiting else None
            yield from _asked_at_once(body, limiting) if body is not None else ()


def _asked_by_others(program: Program, route: Route, asked: set[int]) -> Iterator[_Anew]:
    """Where a dependency makes an object that counts, which another one or the handler asks before it answers 429.

    `asked` are the functions that were looked at for other routes, by identity.
    """
    asking = [(node.function, node.children) for node in route.nodes()]
    asking.append((route.function, list(route.dependencies)))
    for function, given in asking if _keeping(program) else ():
        if id(function) in asked:
            continue
        asked.add(id(function))
        block = program.sites.block(function.module, function.number) if function is not None and given else None
        if block is None:
            continue
        tests = [form[2] for form in block.forms.of("if") if _refuses(form[3])]
        for child in given if tests else ():
            maker = child.function
            body = program.sites.block(maker.module, maker.number) if maker is not None else None
            if body is None or maker is None or maker.decorators or program.is_test(maker.module):
                continue
            for form in body.forms.of("return"):
                made = form[2] is not None and _is_made(form[2], _keeping(program))
                if made and _is_asked_to_count(program, block, tests, child.parameter, str(form[2][2][2])):
                    yield body.location(form[2]), body.symbol, made_once(body, form[2])


def _is_asked_to_count(program: Program, block: Block, tests: list[Form], parameter: str, cls: str) -> bool:
    """Whether tests depend on what a method of an object in a parameter tells, and that one counts in the object.

    A service that keeps a cache, and asks a store how often somebody came, counts nothing in itself.
    """
    names = _names(tests)
    called = {"__call__"} if any(form[2][2:] == [parameter] for form in block.forms.of("call")) else set[str]()
    called |= {form[3] for form in block.forms.of("attr") if form[2][2:] == [parameter]}
    for form in block.forms.of("assign"):
        if any(item[0] == "name" and item[2] in names for item in form[2]):
            names |= _names([form[3]])
    return parameter in names and bool(called & _counting(program, cls))


def _counting(program: Program, cls: str) -> set[str]:
    """The methods of a class that count something in its object, those that call one of them included."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        for form in module.facts.forms(MODULE).of("class"):
            methods = {item[3]: module.facts.forms(item[2]) for item in form[6] if item[0] == "def"}
            for name, forms in methods.items() if form[2] == cls else ():
                if name != "__init__" and _adds(forms):
                    found.add(name)
            for name, forms in methods.items() if form[2] == cls else ():
                if any(item[2][2:] == ["self"] and item[3] in found for item in forms.of("attr")):
                    found.add(name)
    return found


def _adds(forms: Forms) -> bool:
    """Whether a method counts up or down, or puts one more into what its object has."""
    if not any(item[2][2:] == ["self"] for item in forms.of("attr")):
        return False
    added = any(item[2] == "+" for item in forms.of("binop")) and bool(forms.of("assign"))
    called = (item[2][3] for item in forms.of("call") if item[2][0] == "attr")
    return added or bool(forms.of("augassign")) or any(name in ("append", "appendleft", "add") for name in called)


def _asked_at_once(block: Block, limiting: AbstractSet[str]) -> Iterator[_Anew]:
    """A limiter that is made where it is asked: `LoginLimit()(request)`, `LoginLimit().hit(key)`."""
    for form in block.forms.of("call"):
        match form:
            case ["call", _, ["call", *_] as made, *_] | ["call", _, ["attr", _, ["call", *_] as made, _], *_]:
                if _is_made(made, limiting):
                    yield block.location(made), block.symbol, made_once(block, made)


def _limiting(program: Program) -> set[str]:
    """The names of the classes that count in a dictionary of their own and answer with 429 themselves."""
    found = _keeping(program)
    refusing: set[str] = set()
    for module in program.modules.by_file.values() if found else ():
        for form in module.facts.forms(MODULE).of("class"):
            methods = [item[2] for item in form[6] if item[0] == "def"] if form[2] in found else []
            if any(_refuses(item[3]) for number in methods for item in module.facts.forms(number).of("if")):
                refusing.add(form[2])
    return refusing


def _refuses(statements: list[Form]) -> bool:
    """Whether statements answer with 429."""
    return any(
        form[0] in ("raise", "return")
        and any(item[-1] == 429 or (item[0] in ("attr", "name") and item[-1] in LIMIT_REACHED) for item in walk(form))
        for form in statements
    )


def _counted_by(block: Block, tests: list[Form], keeping: AbstractSet[str]) -> Form | None:
    """The assignment of an empty dictionary that a test depends on, when nothing but this request fills it."""
    names = _names(tests)
    assigned = block.forms.of("assign", "annassign")
    for _ in range(3):
        for form in assigned:
            targets = form[2] if form[0] == "assign" else [form[2]]
            if form[-1] is not None and any(item[0] == "name" and item[2] in names for item in targets):
                names |= _names([form[-1]])
    for form in assigned:
        targets = form[2] if form[0] == "assign" else [form[2]]
        if form[-1] is None or len(targets) != 1 or targets[0][0] != "name" or targets[0][2] not in names:
            continue
        if (_is_empty(form[-1]) or _is_made(form[-1], keeping)) and _is_counting(block, targets[0][2]):
            return form
    return None


@lru_cache(maxsize=1)
def _keeping(program: Program) -> frozenset[str]:
    """The names of the project's classes whose objects count in a dictionary or a number of their own."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        for form in module.facts.forms(MODULE).of("class"):
            methods = [(item[3], module.facts.forms(item[2])) for item in form[6] if item[0] == "def"]
            start = next((forms for name, forms in methods if name == "__init__"), None)
            if start is not None and (_keeps(start.of("assign")) or _counts(start, [forms for _, forms in methods])):
                found.add(form[2])
    return frozenset(found)


def _counts(start: Forms, methods: list[Forms]) -> bool:
    """Whether a number that an object begins with goes up or down in its methods: `self.left -= 1`."""
    begun = {target[3] for form in start.of("assign") for target in _parts(form[2]) if target[0] == "attr"}
    changed = (form[3] for forms in methods for form in forms.of("augassign") if form[2] in ("+", "-"))
    return any(target[0] == "attr" and target[2][2:] == ["self"] and target[3] in begun for target in changed)


def _parts(targets: list[Form]) -> Iterator[Form]:
    for target in targets:
        yield from target[2] if target[0] in ("tuple", "list") else [target]


def _keeps(assignments: list[Form]) -> bool:
    stores = [form for form in assignments if any(target[0] == "attr" for target in form[2])]
    return any(_is_empty(form[3]) for form in stores)


def _is_made(form: Form, keeping: AbstractSet[str]) -> bool:
    return form[0] == "call" and form[2][0] == "name" and form[2][2] in keeping


def _is_empty(form: Form) -> bool:
    if form[0] == "dict":
        return not form[2]
    made = form[0] == "call" and last_name(form[2]) in _MAKERS
    return made and all(item[0] in ("name", "lambda") for item in form[3])


def _is_counting(block: Block, name: str) -> bool:
    """Whether a name is assigned once, is looked into by a key, and is neither filled in a loop nor handed on."""
    stores = [form for form in block.forms.of("assign", "annassign") for target in _targets(form) if target == name]
    if len(stores) != 1 or any(name in form[2] for form in block.forms.of("global", "nonlocal")):
        return False
    looked = any(form[2][0] == "name" and form[2][2] == name for form in block.forms.of("sub")) or any(
        form[2][0] == "attr" and form[2][2][0] == "name" and form[2][2][2] == name for form in block.forms.of("call")
    )
    looped = any(name in _names(form[4]) for form in block.forms.of("for"))
    handed = any(item[0] == "name" and item[2] == name for form in block.forms.of("call") for item in arguments(form))
    given = [form[2] for form in block.forms.of("return") if form[2] is not None]
    returned = any(value[0] == "name" and value[2] == name for value in given)
    return looked and not (looped or handed or returned)


def _targets(form: Form) -> list[str]:
    targets = form[2] if form[0] == "assign" else [form[2]]
    return [str(item[2]) for item in targets if item[0] == "name"]


def _names(forms: list[Form]) -> set[str]:
    return {str(item[2]) for form in forms for item in walk(form) if item[0] == "name"}
