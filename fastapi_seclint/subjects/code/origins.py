"""Where a value was written: an expression followed through names, parameters and callers, to code to be mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, last_name
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.implementers import heirs
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    Place,
    Value,
    options,
)
from fastapi_seclint.subjects.code.implementations import implementations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PARTIALS = frozenset({"partial", "partialmethod"})
_PROVIDERS = frozenset(
    {
        "Callable", "Coroutine", "Factory", "Resource", "Singleton", "ThreadLocalSingleton", "ThreadSafeSingleton",
        "ContextLocalSingleton",
    }
)  # fmt: skip
_INJECTOR = "dependency_injector.providers."
"""https://python-dependency-injector.ets-labs.org/providers/: what a provider is given is handed to what it makes."""
DEPTH = 8
"""How many steps an expression is followed."""
_DISPLAYS = ("dict", "Options")


@dataclass(frozen=True, slots=True)
class Holder:
    """What an expression is given to: the keyword `name` of a call, or the key `name` of a dictionary display.

    `name` is None for a positional argument.
    """

    block: Block
    form: Form
    name: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """An expression that a value comes from.

    `parameter` is the one whose default it is, `passed` the one that a caller passes it for.
    `negated` tells that a `not` stands between; `elsewhere` that the expression is not where the search began.
    """

    block: Block
    form: Form
    holder: Holder | None = None
    value: Value | None = None
    parameter: Form | None = None
    passed: Form | None = None
    negated: bool = False
    elsewhere: bool = False


def ask(program: Program, block: Block, form: Form) -> Value:
    """What an expression of a block is."""
    scope = block.scope
    return scope.ask(form) if isinstance(scope, FunctionScope) else program.interpreter.ask(form, scope)


def blocks_of(program: Program, module: Module) -> Iterator[Block]:
    """The blocks of one file."""
    for number in range(MODULE, len(module.facts.functions)):
        block = program.sites.block(module, number)
        if block is not None:
            yield block


def body_of(program: Program, function: Function) -> Block | None:
    """The block of a function of the project; None for a lambda."""
    return program.sites.block(function.module, function.number) if function.number >= 0 else None


def called(program: Program, block: Block, call: Form) -> Iterator[tuple[Function, bool]]:
    """The functions of the project that a call may reach, and whether the first parameter is bound already.

    An object that is called runs its `__call__`. A method without a body stands for those of subclasses, too.
    """
    for option in options(ask(program, block, call[2])):
        if isinstance(option, Instance) and (own := method_of(option, "__call__")) is not None and own.number >= 0:
            yield own, True
            continue
        function = option.function if isinstance(option, Bound) else option
        if isinstance(function, Function) and function.number >= 0:
            bound = isinstance(option, Bound) and function.kind != "static"
            yield from ((one, bound) for one in (function, *implementations(program, function)))


def bodies(program: Program, block: Block, call: Form) -> Iterator[Block]:
    """The blocks of the functions that a call may reach; `self` is what a method is called on, even one of a base."""
    for option in options(ask(program, block, call[2])):
        function = option.function if isinstance(option, Bound) else option
        body = body_of(program, function) if isinstance(function, Function) else None
        if body is None or not isinstance(function, Function):
            continue
        receiver = option.receiver if isinstance(option, Bound) else None
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        given = receiver.arguments if isinstance(receiver, Instance) else None
        made = given is not None and bool(given.positional or given.keywords)
        other = isinstance(cls, Class) and cls is not function.owner
        if receiver is not None and (made or other) and function.kind != "static":
            yield Block(body.module, function, FunctionScope(program.interpreter, function, receiver), body.number)
        else:
            yield body


def is_given_around(program: Program, block: Block, form: Form) -> bool:
    """Whether a name is a parameter of the function around, a decorator's say: any function that it decorates."""
    if form[0] != "name" or block.number < 0:
        return False
    around = block.module.facts.functions[block.number][2]
    outer = program.sites.function(block.module, around) if around >= 0 else None
    return outer is not None and any(parameter[0] == form[2] for parameter in outer.parameters)


def callers(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    """The calls of a function in the whole project: block, call, and whether the first parameter is bound already.

    Those of a constructor are the calls of its class, those of `__call__` the calls of objects by the names of modules.
    """
    return iter(_callers(program, function))


@answered_once
def _callers(program: Program, function: Function) -> tuple[tuple[Block, Form, bool], ...]:
    return tuple(_search_callers(program, function))


def _search_callers(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    if function.owner is not None and function.name == "__call__":
        for block in program.sites.blocks(_names_of_objects(program).get(id(function), frozenset())):
            for form in block.forms.of("call") if function.number >= 0 else ():
                named = form[2][0] in ("name", "attr")
                if named and any(found is function for found, _ in called(program, block, form)):
                    yield block, form, True
        return
    for block in program.sites.blocks(frozenset({function.name})):
        for form in block.forms.calls_of({function.name}):
            for found, bound in called(program, block, form):
                if (found.module.file, found.number) == (function.module.file, function.number):
                    yield block, form, bound
    if function.owner is not None and function.name == "__init__":
        heirs_of_it = (cls.name for cls in heirs(program, function.owner) if "__init__" not in cls.namespace)
        names = frozenset({function.owner.name, *heirs_of_it})
        for block in program.sites.blocks(names):
            for form in block.forms.calls_of(names):
                if _makes(program, block, form[2], function):
                    yield block, form, True


@lru_cache(maxsize=1)
def _names_of_objects(program: Program) -> dict[int, frozenset[str]]:
    """The names that modules and objects give to objects which are called, by the identity of their `__call__`."""
    found: dict[int, set[str]] = {}
    for module in program.modules.by_file.values():
        for name, value in module.scope.names.items() if not program.is_test(module) else ():
            for option in options(value):
                method = method_of(option, "__call__") if isinstance(option, Instance) else None
                if method is not None and isinstance(option, Instance) and isinstance(option.cls, Class):
                    found.setdefault(id(method), set()).add(name)
    for block in program.sites.blocks(frozenset({"self"})) if _some_are_called(program) else ():
        for form in block.forms.of("call"):
            if form[2][0] == "attr" and form[2][2][2:] == ["self"] and not _is_method(block, form[2][3]):
                for method, _ in called(program, block, form):
                    if method.name == "__call__":
                        found.setdefault(id(method), set()).add(form[2][3])
    return {key: frozenset(names) for key, names in found.items()}


def _some_are_called(program: Program) -> bool:
    return any("__call__" in module.facts.words for module in program.modules.by_file.values())


def _is_method(block: Block, name: str) -> bool:
    """Whether the class that a block belongs to has a function under a name."""
    owner = block.function.owner if block.function is not None else None
    bases = [base for base in owner.lineage() if isinstance(base, Class)] if owner is not None else []
    return any(isinstance(base.namespace.get(name), Function) for base in bases)


def _makes(program: Program, block: Block, callee: Form, constructor: Function) -> bool:
    """Whether a callee is the class of a constructor, or one that inherits it."""
    return (constructor.module.file, constructor.number) in _constructors(options(ask(program, block, callee)))


def _constructors(callees: Iterable[Value]) -> Iterator[tuple[str, int]]:
    """The constructors of the classes among some values, each by its file and number."""
    made = (method_of(Instance(item), "__init__") for item in callees if isinstance(item, Class))
    return ((one.module.file, one.number) for one in made if one is not None)


def partials(program: Program, function: Function) -> Iterator[tuple[Block, Form]]:
    """The calls of `functools.partial` and its like that give a function or a constructor some arguments.

    Block and call; the first argument of the call is the function or class. Containers of dependency-injector do the
    same: `providers.Singleton(Signer, key=...)`.
    """
    made = function.owner is not None and function.name == "__init__"
    for kept in _kept(program):
        inner = kept.call[3][0]
        if made:
            if (function.module.file, function.number) in kept.constructors:
                yield kept.block, kept.call
        elif kept.call[2][-1] == "partialmethod":
            owner = function.owner
            if owner is not None and owner.module is kept.block.module and inner[2:] == [function.name]:
                yield kept.block, kept.call
        elif inner[-1] == function.name and any(option is function for option in kept.targets):
            yield kept.block, kept.call


@dataclass(frozen=True, slots=True)
class _Kept:
    """A call that keeps arguments for a later call, what it may call then, and the constructors that run then."""

    block: Block
    call: Form
    targets: tuple[Value, ...]
    constructors: frozenset[tuple[str, int]]


@lru_cache(maxsize=1)
def _kept(program: Program) -> list[_Kept]:
    found = []
    for block in program.sites.blocks(_PARTIALS | _PROVIDERS):
        for form in block.forms.of("call"):
            if form[3] and form[3][0][0] in ("name", "attr") and _is_partial(program, block, form[2]):
                targets = tuple(options(ask(program, block, form[3][0])))
                found.append(_Kept(block, form, targets, frozenset(_constructors(targets))))
    return found


def _is_partial(program: Program, block: Block, callee: Form) -> bool:
    """Whether a call only keeps arguments for a later call."""
    if last_name(callee) in _PARTIALS:
        return True
    found = options(ask(program, block, callee)) if last_name(callee) in _PROVIDERS else ()
    return any(isinstance(option, External) and option.name.startswith(_INJECTOR) for option in found)


def origins(
    program: Program, block: Block, form: Form, holder: Holder | None = None, depth: int = DEPTH
) -> Iterator[Origin]:
    """The expressions that an expression of a block may stand for, each where it is written."""
    if depth == 0:
        return
    match form:
        case ["name", _, name] if isinstance(block.scope, FunctionScope) and _is_local(block.scope, name):
            yield from _of_local(program, block, block.scope, form, depth - 1)
        case ["ifexp", _, _, body, otherwise]:
            for branch in (body, otherwise):
                yield from origins(program, block, branch, None, depth - 1)
        case ["bool", _, _, values]:
            for value in values:
                yield from origins(program, block, value, None, depth - 1)
        case ["walrus", _, _, value]:
            yield from origins(program, block, value, None, depth - 1)
        case ["unary", _, "not", value]:
            for origin in origins(program, block, value, None, depth - 1):
                yield replace(origin, negated=not origin.negated)
        case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _DISPLAYS:
            yield Origin(block, form, holder)
        case ["attr", _, ["name", _, name], _] if is_parameter(block, name):
            yield from _of_given(program, block, form, depth - 1)
        case ["name" | "attr" | "call" | "sub", *_]:
            yield from _by_value(program, block, form)
        case _:
            yield Origin(block, form, holder)


def is_parameter(block: Block, name: str) -> bool:
    """Whether a name is a parameter of the function around that the object itself is not: neither `self` nor `cls`."""
    function = block.scope.function if isinstance(block.scope, FunctionScope) else None
    if function is None:
        return False
    bound = function.owner is not None and function.kind != "static"
    return name in [item[0] for item in function.parameters][1 if bound else 0 :]


def _of_given(program: Program, block: Block, form: Form, depth: int) -> Iterator[Origin]:
    """An attribute of what a parameter stands for: `check.value`, where callers give members of an enumeration."""
    found = False
    for given in origins(program, block, form[2], None, depth):
        if given.form is form[2]:
            continue
        for origin in _by_value(program, given.block, ["attr", given.form[1], given.form, form[3]]):
            if isinstance(origin.value, Const | Mapping) and origin.elsewhere:
                found = True
                yield replace(origin, passed=given.passed, parameter=given.parameter, holder=given.holder)
    if not found:
        yield from _by_value(program, block, form)


def _is_local(scope: FunctionScope, name: str) -> bool:
    assigned = any(item[0] not in ("import", "from") for item in scope.assignments(name))
    return assigned or any(name == parameter[0] for parameter in scope.function.parameters)


def _of_local(program: Program, block: Block, scope: FunctionScope, form: Form, depth: int) -> Iterator[Origin]:
    for statement in scope.assignments(form[2]):
        plain = statement[0] == "annassign" or (
            statement[0] == "assign" and any(target[0] == "name" for target in statement[2])
        )
        if plain and statement[-1] is not None:
            for origin in origins(program, block, statement[-1], None, depth):
                yield replace(origin, elsewhere=True)
    for index, parameter in enumerate(scope.function.parameters):
        if parameter[0] == form[2]:
            yield from _of_parameter(program, scope.function, index, depth)


def _of_parameter(program: Program, function: Function, index: int, depth: int) -> Iterator[Origin]:
    parameter = function.parameters[index]
    if parameter[3] is not None:
        outside = Block(function.module, function, function.module.scope, NO_STATEMENTS)
        for origin in origins(program, outside, parameter[3], None, depth):
            yield replace(origin, parameter=parameter, elsewhere=True)
    reached = [(block, call, index - bound) for block, call, bound in callers(program, function)]
    after = index + (function.name != "__init__")
    kept = partials(program, function)
    reached += [(block, call, index if last_name(call[2]) == "partialmethod" else after) for block, call in kept]
    for block, call, position in reached:
        if parameter[1] in (VARIADIC, KEYWORDS):
            yield from _of_rest(block, call, position, function, parameter)
            continue
        given = [(keyword, value) for keyword, value, _ in call[4] if keyword == parameter[0]]
        starred = any(value[0] == "star" for value in call[3][: position + 1])
        if not given and 0 <= position < len(call[3]) and not starred:
            given = [(None, call[3][position])]
        for keyword, value in given:
            for origin in origins(program, block, value, Holder(block, call, keyword), depth):
                yield replace(origin, passed=origin.passed or parameter, elsewhere=True)


def _of_rest(block: Block, call: Form, position: int, function: Function, parameter: Form) -> Iterator[Origin]:
    """What a call gives for `*args`, as a tuple, or for `**options`, as a call of `dict` that gets these keywords."""
    form: Form
    if parameter[1] == VARIADIC:
        items = call[3][position:] if position >= 0 else []
        form = ["tuple", items[0][1] if items else call[1], items]
    else:
        own = {item[0] for item in function.parameters if item[1] not in (VARIADIC, KEYWORDS)}
        items = [item for item in call[4] if item[0] not in own]
        form = ["call", call[1], ["name", call[1], "dict"], [], items]
    if items:
        yield Origin(block, form, Holder(block, call, None), passed=parameter, elsewhere=True)


def _by_value(program: Program, block: Block, form: Form) -> Iterator[Origin]:
    for option in options(ask(program, block, form)):
        if isinstance(option, Environment) and isinstance(option.default, Mapping):
            option = option.default  # a dictionary of settings is as it is written, unless somebody configures it
        place = getattr(option, "place", None)
        written = isinstance(option, Const | Mapping) or (isinstance(option, External) and option.name in _HOLDING)
        found = written_at(program, place) if written and place is not None else None
        if found is not None and found[1] is not form:
            yield Origin(*found, value=option, elsewhere=True)
        else:
            yield Origin(block, form, value=option)


_HOLDING = frozenset({"collections.ChainMap()"})
"""What library calls make that holds the dictionaries it is given."""
_WRITTEN = ("dict", "call", "comp", "const", "unary", "binop")


def written_at(program: Program, place: Place, kinds: tuple[str, ...] = _WRITTEN) -> tuple[Block, Form] | None:
    """The expression that stands at a place, with its block."""
    for block in blocks_of(program, place.module):
        for form in block.forms.every:
            if form[1] == place.at and form[0] in kinds:
                return block, form
    return None
