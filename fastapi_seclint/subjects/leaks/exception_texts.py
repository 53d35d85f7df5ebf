"""Caught exceptions, and which expressions have their text in them: `str(e)`, `f"{e}"`, `e.args`, a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import VARIADIC, Form, arguments, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, External, Function, Mapping, Place, Value, iterate, options
from fastapi_seclint.subjects.code.development import holds, keeps_to_development, only_in_development
from fastapi_seclint.subjects.code.origins import ask, callers
from fastapi_seclint.subjects.leaks.answering import registered
from fastapi_seclint.subjects.leaks.exception_raising import raised
from fastapi_seclint.subjects.leaks.exceptions_passed import handed_on
from fastapi_seclint.subjects.leaks.looked_for import is_looked_for
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Sort = Literal["foreign", "doubtful", "own"]

DUMPS = frozenset({"model_dump", "model_dump_json", "dict", "json", "to_dict", "as_dict", "_asdict"})
"""The methods that make a dictionary or text of all that an object has."""
TRACES = frozenset({"format_exc", "format_exception", "format_exception_only", "format_tb", "format_stack"})
"""The functions of `traceback` that make text."""
_TELLING = frozenset({"args", "orig", "message", "msg", "strerror", "__cause__", "__context__"})
_WRITTEN_FOR_CLIENTS = re.compile(
    r"(HTTPException|ValidationError|RateLimitExceeded|WebSocketException|HttpException|AuthJWTException"
    r"|^builtins\.NotImplementedError)$"
)
"""What is raised for the client to read, or by whoever wrote a method down that is still to be written.

The `message` of fastapi-jwt-auth's `AuthJWTException` is made to be answered, as its manual does.
"""
_ALL = frozenset({"builtins.Exception", "builtins.BaseException"})
_OWN_PACKAGES = word_set(
    "api app backend common core domain errors exceptions models schemas server services src utils"
)
_OF_MACHINES = re.compile(
    r"^(OSError|IOError|Connection|Memory|Unicode|Import|ModuleNotFound|Attribute|Name|Syntax|Recursion)"
)
_TAKING_AWAY = re.compile(
    r"^(len|type|isinstance|issubclass|bool|int|float|hash|id|any|all|print|hasattr)$"
    r"|sanit|redact|mask|clean|friendly|safe|translat|scrub|classif|public|map_|_map|^get_|^is_|^_is_|^log|uuid"
)


@dataclass(frozen=True, slots=True)
class Caught:
    """An exception with a name (or none) in some statements of a block; `tried` is what may raise it.

    `where` the names of its types are read. `handler`: it is the argument of a function that answers exceptions.
    `passed`: it is the argument of another function of the project, called in `giver`. `texts` are names that hold its
    text, `containers` those that it is put in, `holders` those of objects in whose attributes or items it is put.
    """

    block: Block
    name: str
    types: list[Form]
    statements: list[Form]
    tried: list[Form]
    at: int
    where: Block | None = None
    handler: bool = False
    passed: bool = False
    giver: Block | None = None
    containers: set[str] = field(default_factory=set)
    since: dict[str, int] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)
    texts: dict[str, Form] = field(default_factory=dict)


def caught(program: Program) -> Iterator[Caught]:
    """Every `except` of the project, tests aside, and every exception handler."""
    answering = registered(program)
    handed: set[tuple[str, int, str]] = set()
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        facts = module.facts
        if program.is_test(module):
            continue
        trying = set(facts.speaking(b'["try"'))
        for number, (name, _, _) in enumerate(facts.functions):
            handled = answering.get(name.rpartition(".")[2])
            if handled is None and number not in trying:
                continue
            block = program.sites.block(module, number)
            if block is not None:
                own = [*_in_block(block), *(_argument(block, *handled) if handled is not None else ())]
                yield from own
                yield from (item for one in own for item in _handed(program, one, handed))


def _in_block(block: Block) -> Iterator[Caught]:
    for form in block.forms.of("try"):
        for kind, name, statements, at in form[3]:
            types = [] if kind is None else list(kind[2]) if kind[0] == "tuple" else [kind]
            found = Caught(block, name or "", types, statements, form[2], at)
            _note_texts(found)
            _note_answers(found)
            yield found


def _handed(program: Program, found: Caught, seen: set[tuple[str, int, str]]) -> Iterator[Caught]:
    """The same exception in the functions that it is handed to, once each."""
    for block, name, at in handed_on(program, found):
        key = (block.module.file, at, name)
        if key not in seen and not _TAKING_AWAY.search(block.function.name if block.function is not None else ""):
            seen.add(key)
            where = found.where or found.block
            inside = Caught(block, name, found.types, block.statements, [], at, where, passed=True, giver=found.block)
            _note_texts(inside)
            yield inside


def _argument(block: Block, where: Block, kind: Form) -> Iterator[Caught]:
    """The exception that a handler is given, its second parameter."""
    function = block.function
    given = [item for item in function.parameters if item[0] not in ("self", "cls")] if function is not None else []
    if len(given) >= 2 and function is not None:
        types = list(kind[2]) if kind[0] == "tuple" else [kind]
        found = Caught(block, given[1][0], types, block.statements, [], function.at, where, True)
        _note_texts(found)
        yield found


def _note_texts(found: Caught) -> None:
    """Names that are assigned the exception's text, or a container in which it is put."""
    for form in walk(found.statements):
        if form[0] in ("assign", "annassign", "augassign") and _is_for_developers(found, form):
            continue
        match form:
            case ["assign", _, targets, value] if tells(found, value):
                for target in targets:
                    if target[0] == "tuple" and len(target[2]) == 3 and target[2][1][0] == "name":
                        found.texts[target[2][1][2]] = value  # kind, error, trace = sys.exc_info()
                        continue
                    if target[0] in ("tuple", "list") and _is_taken_apart(value):
                        found.texts.update((part[-1], value) for part in walk(target[2]) if part[0] == "name")
                        continue
                    inside = target[0] != "name"
                    if inside and (value[0] == "name" and value[2] == found.name and is_looked_for(found.block)):
                        continue
                    while target[0] in ("sub", "attr") and target[2][0] in ("name", "sub"):
                        target = target[2]
                    if target[0] == "name" and target[2] != found.name:
                        found.texts[target[2]] = value
                        found.containers.update([target[2]] if inside else [])
            case ["annassign", _, ["name", _, name], _, value] if value is not None and tells(found, value):
                found.texts[name] = value
            case ["augassign", _, _, ["name", _, name], value] if tells(found, value):
                found.texts[name] = value
            case ["call", _, ["attr", _, owner, "append" | "update" | "extend"], [value], _]:
                name = _held_by(owner)
                if value[0] == "name" and value[2] == found.name and is_looked_for(found.block):
                    continue
                if name and tells(found, value) and (owner[0] == "name" or form[2][3] != "update"):
                    found.texts[name] = value
                    found.containers.add(name)
                    found.holders.update([name] if owner[0] != "name" else [])


def _note_answers(found: Caught) -> None:
    """Dictionaries below the `except` that get a container with the text: `result = {"errors": errors}`."""
    for form in found.block.forms.of("assign") if found.containers else ():
        match form:
            case ["assign", at, [["name", _, name]], ["dict", _, pairs]] if at > found.at and name not in found.texts:
                held = [value[2] for _, value in pairs if value[0] == "name" and value[2] in found.containers]
                below = not any(holds(own[1], at) for own in found.statements)
                if held and below and _is_text(found, held[0], form):
                    found.texts[name] = found.texts[held[0]]
                    found.containers.add(name)
                    found.since[name] = at


def _held_by(owner: Form) -> str:
    """The name of a container, or of what has it: `report` of `report.failed.append(...)`."""
    match owner:
        case ["name", _, str() as name] | ["attr" | "sub", _, ["name", _, str() as name], _] if name != "self":
            return name
    return ""


def _is_taken_apart(value: Form) -> bool:
    """Whether the parts of an expression are texts of the exception as well: `error.args`, `str(error).split(":")`."""
    if value[0] == "bool":
        return _is_taken_apart(value[3][0])
    if value[0] == "call" and value[2][0] == "attr":
        return value[2][3] in ("split", "rsplit", "partition", "rpartition", "splitlines")
    return bool(value[0] == "attr" and value[3] == "args")


def _is_for_developers(found: Caught, form: Form) -> bool:
    return tells(found, form[-1] or form) and only_in_development(Place(found.block.module, form[1]))


_BEHIND = frozenset({"__cause__", "__context__"})


def has_trace(form: Form) -> bool:
    """Whether an expression has the text of a whole traceback in it, or of what an exception was raised from."""
    named = (item[-1] for item in walk(form) if item[0] in ("name", "attr"))
    return any(name in TRACES or name in _BEHIND for name in named)


def tells(found: Caught, form: Form) -> bool:
    """Whether an expression has the exception's text in it, or is the exception itself."""
    match form:
        case ["name", _, name]:
            return (name == found.name and _is_bound(found, form)) or _is_text(found, name, form)
        case ["fmt", _, value, _]:
            return tells(found, value)
        case ["fstr" | "list" | "tuple" | "set", _, items] | ["bool", _, _, items]:
            return any(tells(found, item) for item in items)
        case ["dict", _, pairs]:
            return any(tells(found, value) for _, value in pairs)
        case ["binop", _, "+" | "%" | "|", left, right]:
            return tells(found, left) or tells(found, right)
        case ["ifexp", _, _, body, otherwise]:
            asked = any(item[0] == "name" and item[2] == "isinstance" for item in walk(form[2]))
            told = [item for item in (body, otherwise) if not keeps_to_development(form, item[1])]
            return not asked and any(tells(found, item) for item in told)
        case ["attr", _, ["name", _, name] as owner, attribute] if name == found.name:
            return attribute in _TELLING and _is_bound(found, owner)
        case ["attr", _, ["name", _, name], attribute] if (made := _made(found, name, form)) is not None:
            return any(keyword == attribute and tells(found, value) for keyword, value, _ in made[4])
        case ["sub", _, owner, _]:
            return (owner[0] != "name" and tells(found, owner)) or _is_text_name(found, owner)
        case ["await" | "star", _, value]:
            return tells(found, value)
        case ["comp", _, _, _, _, [[_, ["attr", _, _, "args"] as whole, _]]]:
            return tells(found, whole)
        case ["call", *_]:
            return _call_tells(found, form)
    return False


def _is_bound(found: Caught, use: Form) -> bool:
    """Whether a name is the exception here: Python unbinds it at the end of its `except`."""
    return any(form is use for form in walk(found.statements))


def _is_text_name(found: Caught, form: Form) -> bool:
    return bool(form[0] == "name" and form[2] in found.texts and found.texts[form[2]][0] not in ("dict", "list"))


def _made(found: Caught, name: str, use: Form) -> Form | None:
    """The call of a class that made the object with the text which has a name: `body = ErrorBody(message=str(e))`."""
    value = found.texts[name] if _is_text(found, name, use) else None
    made = value is not None and value[0] == "call" and value[2][0] in ("name", "attr")
    return value if made and value is not None and str(value[2][-1])[:1].isupper() else None


def _call_tells(found: Caught, call: Form) -> bool:
    function = call[2]
    name = str(function[-1]) if function[0] in ("name", "attr") else ""
    given = arguments(call)
    if name in TRACES:
        return True
    if name == "exc_info" and not call[3]:
        return any(holds(item[1], call[1]) for item in found.statements)
    if _TAKING_AWAY.search(name):
        return False
    if function[0] == "name" and name == "getattr" and len(given) > 1 and given[1][0] == "const":
        return tells(found, ["attr", call[1], given[0], given[1][2]]) or any(tells(found, item) for item in given[2:])
    if function[0] == "name" and name in ("str", "repr", "dict", "list", "getattr", "format", "ascii"):
        return any(tells(found, item) for item in given)
    if function[0] == "attr":
        owner = function[2]
        if owner == ["name", owner[1], found.name]:
            return name == "__str__"
        if name in ("format", "join"):
            return any(tells(found, item) for item in given)
        if owner[0] == "call" and owner[2][-1] in ("super",):
            return False
        if owner[0] != "name" and tells(found, owner):
            return True
        if owner[0] == "name" and name in DUMPS and _made(found, owner[2], call) is not None:
            return True
        if _is_text_name(found, owner):
            return name in ("strip", "lower", "upper", "split", "replace", "encode", "capitalize", "title")
    shown = found.texts.keys() - (
        set() if name[:1].isupper() or name in (*DUMPS, "jsonable_encoder") else found.holders
    )
    return any(item[0] != "name" or item[2] in shown for item in given if tells(found, item))


def _is_text(found: Caught, name: str, use: Form) -> bool:
    """Whether a name has the text where it is used: below the `except`, not assigned anew since."""
    if name not in found.texts:
        return False
    if any(holds(item[1], use[1]) for item in found.statements):
        return True
    scope = found.block.scope
    if not isinstance(scope, FunctionScope) or use[1] < found.at:
        return False
    return not any(
        found.since.get(name, found.at) < item[1] < use[1]
        and not any(holds(own[1], item[1]) for own in found.statements)
        for item in scope.assignments(name)
    )


def sort_of(program: Program, found: Caught, narrowed: list[Form] | None = None) -> Sort:
    """Whose text it is: a library's (`foreign`), the project's own, written for users (`own`), or either."""
    sorts = [_sort(program, found, kind) for kind in (narrowed or found.types)]
    if not found.types and not found.name:
        return "foreign"
    return "foreign" if "foreign" in sorts else "doubtful" if "doubtful" in sorts else "own"


def _given_around(program: Program, block: Block, name: str) -> Iterator[tuple[Block, Form]]:
    """What callers give for a parameter of the function around, as a decorator's that is told which to catch."""
    around = block.module.facts.functions[block.number][2] if block.number >= 0 else -1
    while around >= 0:
        outer = program.sites.function(block.module, around)
        names = [item[0] for item in outer.parameters] if outer is not None else []
        if outer is not None and name in names:
            at, rest = names.index(name), outer.parameters[names.index(name)][1] == VARIADIC
            for where, call, bound in callers(program, outer):
                yield from ((where, item) for item in call[3][at - bound : None if rest else at - bound + 1])
                yield from ((where, value) for keyword, value, _ in call[4] if keyword == name)
            if (usual := outer.parameters[at][3]) is not None and (outside := _around(program, outer)) is not None:
                yield outside, usual
            return
        around = block.module.facts.functions[around][2]


def _around(program: Program, function: Function) -> Block | None:
    """Where a function is defined, so that the defaults of its parameters are read there."""
    return program.sites.block(function.module, function.module.facts.functions[function.number][2])


def _classes(program: Program, found: Caught, kind: Form) -> Iterator[Value]:
    """What an `except` names, one by one: also those of a tuple with a name, and the keys of `tuple(TABLE)`."""
    where = found.where or found.block
    match kind:
        case ["call", _, ["name", _, "tuple"], [inner], []] | ["star", _, inner]:
            kind = inner
    asked = [(where, kind)] if kind[0] in ("name", "attr") else []
    if kind[0] == "name" and not found.handler:
        asked = list(_given_around(program, where, kind[2])) or asked
    for option in (option for block, form in asked for option in options(ask(program, block, form))):
        members = iterate(option) if isinstance(option, Collection | Mapping) else None
        yield from (one for member in members for one in options(member)) if members is not None else (option,)


def _sort(program: Program, found: Caught, kind: Form) -> Sort:
    if kind[0] == "const":
        return "foreign" if kind[2] == 500 else "own"
    for option in _classes(program, found, kind):
        if not isinstance(option, External):
            continue
        if option.name in _ALL:
            return "foreign"
        if _WRITTEN_FOR_CLIENTS.search(option.name):
            return "own"
        root = option.name.partition(".")[0]
        if root == "builtins":
            name = option.name.rpartition(".")[2]
            return "foreign" if found.handler or _OF_MACHINES.match(name) else raised(program, found, name)
        if root in _OWN_PACKAGES or root == found.block.module.name.partition(".")[0]:
            return "own"
        return "foreign"
    return "own"
