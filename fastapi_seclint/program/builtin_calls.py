"""What calls of Python's own functions and methods give, as far as set-up code needs them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.program import (
    class_calls,
    command_line,
    entry_points,
    json_calls,
    members,
    module_calls,
    new_types,
    signatures,
)
from fastapi_seclint.program.builtin_methods import on_mapping
from fastapi_seclint.program.iteration_calls import (
    Handler,
    all_of,
    any_of,
    chain,
    chain_of,
    enumerated,
    filtered,
    in_order,
    length,
    make_collection,
    mapped,
    next_item,
    ranged,
    turned,
    zipped,
)
from fastapi_seclint.program.models import replaced
from fastapi_seclint.program.values import (
    NONE,
    Arguments,
    Bound,
    Choice,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    ModuleValue,
    Partial,
    Place,
    Text,
    Unknown,
    Value,
    iterate,
    join,
    string,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def call(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """The value of calling a standard-library symbol, or None when the model does not know it."""
    handler = _TABLE.get(function.name)
    if handler is not None:
        return handler(interpreter, arguments, place)
    if (known := members.kind_of(interpreter, function.name, arguments, place)) is not None:
        return known
    if "entry_points" in function.name:
        return entry_points.call(interpreter, function.name, arguments, place)
    if function.name.startswith(_CONFIG_READERS):
        return _config(function, arguments, place)
    return command_line.call(interpreter, function, arguments, place)


def _getenv(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    name = string(arguments.get("key", 0))
    default = arguments.get("default", 1)
    return Environment(name or "?", default, place, optional=default is None)


_ENVIRONMENTS = ("environs.Env()", "environ.Env()")
_CONFIGS = ("decouple.config", "decouple.AutoConfig()", "decouple.Config()", "starlette.config.Config()")
_CONFIG_READERS = (*_CONFIGS, *_ENVIRONMENTS, "dotenv.dotenv_values()")


def _config(function: External, arguments: Arguments, place: Place) -> Value | None:
    plain = function.name in (*_CONFIGS, *_ENVIRONMENTS)
    if plain or function.name.startswith(tuple(f"{name}." for name in _ENVIRONMENTS)):
        default = arguments.get("default", 2 if "starlette" in function.name else 1)
        return Environment(string(arguments.get("key", 0)) or "?", default, place)
    return None


def _make_dict(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    found = Mapping([], arguments.open, place)
    if arguments.positional:
        on_mapping(found, "update", Arguments(arguments.positional), place)
    for keyword, value in arguments.keywords.items():
        found.set(Const(keyword), value)
    return found


def _chained(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`collections.ChainMap(first, *others)`: what the first dictionary does not have is asked of the next."""
    found = Mapping([], arguments.open, place)
    for value in reversed(arguments.positional):
        on_mapping(found, "update", Arguments([value]), place)
    return found


def _convert(kind: type[str] | type[int] | type[float] | type[bool]) -> Handler:
    def convert(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
        value = arguments.positional[0] if arguments.positional else Const(kind())
        return converted(kind, value, place)

    return convert


def converted(kind: type[str] | type[int] | type[float] | type[bool], value: Value, place: Place) -> Value:
    """`str(value)`, `int(value)`, `float(value)` or `bool(value)`."""
    if isinstance(value, Const):
        try:
            return Const(kind(value.value), place)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return Unknown("a conversion that fails", place)
    if isinstance(value, Environment):
        default = None if value.default is None else converted(kind, value.default, place)
        return Environment(value.name, default, place)
    if isinstance(value, Choice):
        return join([converted(kind, option, place) for option in value.options])
    if isinstance(value, Text) and kind is str:
        return value
    if kind is bool and isinstance(value, Collection | Mapping) and value.perhaps == "unlikely":
        return Environment("?", Const(False), place)
    known = truth(value)
    return Const(known, place) if kind is bool and known is not None else Unknown("converted", place)


def _getattr(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import get_attribute

    name = string(arguments.get("name", 1))
    if not arguments.positional:
        return Unknown("an attribute of nothing", place)
    owner = arguments.positional[0]
    if name is None:
        reason = "an attribute chosen at run time"
        method = isinstance(owner, Instance) and owner.native is not None and len(arguments.positional) == 2
        return interpreter.give_up(place, f"{reason} of a router") if method else Unknown(reason, place)
    if len(arguments.positional) > 2 and members.lacks(owner, name):
        return arguments.positional[2]
    found = get_attribute(interpreter, owner, name, place)
    if isinstance(found, Unknown) and len(arguments.positional) > 2:
        if isinstance(owner, ModuleValue) and owner.module.state == "done":
            found = interpreter.attribute_of_module(owner.module, name) or arguments.positional[2]
        return join([arguments.positional[2], found])
    return found


def _setattr(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import set_attribute

    name = string(arguments.get("name", 1))
    if name is not None and len(arguments.positional) == 3:
        if interpreter.rehearsal is not None:
            interpreter.rehearsal.changes(arguments.positional[0])
        set_attribute(interpreter, arguments.positional[0], name, arguments.positional[2])
    return NONE


def _partial(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    if not arguments.positional:
        return Unknown("partial of nothing", place)
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.open)
    return Partial(arguments.positional[0], rest, place)


def _partial_method(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    made = _partial(interpreter, arguments, place)
    return replace(made, method=True) if isinstance(made, Partial) else made


def _escape(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    text = string(arguments.get("pattern", 0))
    return Const(re.escape(text), place) if text is not None else None


def _first(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    return arguments.positional[0] if arguments.positional else None


def _reduced(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`functools.reduce(function, items, start)`: what one turn makes of what is there at first."""
    if not 2 <= len(arguments.positional) <= 3:
        return None
    items = iterate(arguments.positional[1]) or [Unknown("an item of something unknown", place)]
    start, rest = (arguments.positional[2], items) if len(arguments.positional) == 3 else (items[0], items[1:])
    from fastapi_seclint.program.calls import call as run

    return run(interpreter, arguments.positional[0], Arguments([start, rest[0]]), place) if rest else start


def _static(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    value = _first(interpreter, arguments, place)
    return replace(value, kind="static") if isinstance(value, Function) else value


def _second(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    return arguments.positional[1] if len(arguments.positional) > 1 else None


def _update_wrapper(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    wrapper, wrapped = arguments.get("wrapper", 0), arguments.get("wrapped", 1)
    if isinstance(wrapper, Function) and wrapped is not None:
        wrapper.wraps = wrapped
    return wrapper


def _copied(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """A second function with the same code: `types.FunctionType(f.__code__, ...)`, `copy.copy(f)`.

    Of code that is compiled at run time, `types.FunctionType(code, globals(), "filters")`, only the name is in sight.
    """
    found = arguments.positional[0] if arguments.positional else None
    if isinstance(found, Function):
        return replace(found, attributes=dict(found.attributes))
    name = string(arguments.get("name", 2))
    return External(f"{place.module.name}.{name}", None, None, place) if name else None


def _hasattr(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    owner, name = arguments.get("obj", 0), string(arguments.get("name", 1))
    if isinstance(owner, ModuleValue) and name is not None and owner.module.state == "done":
        return Const(interpreter.attribute_of_module(owner.module, name) is not None, place)
    if owner is not None and name is not None:
        if members.lacks(owner, name):
            return Const(False, place)
        if members.has(owner, name):
            return Const(True, place)
        function = owner.function if isinstance(owner, Bound) else owner
        if isinstance(function, Function) and name in function.attributes:
            return Const(True, place)
    return Unknown("a condition", place)


def _namespace(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    return External("types.SimpleNamespace()", arguments, None, place, dict(arguments.keywords))


DUMPS = frozenset({"model_dump", "dict", "_asdict"})
"""Methods that libraries give to classes with fields: all of them in a dictionary."""


def as_dict(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`dataclasses.asdict(settings)`: what the fields of an object hold, by their names."""
    from fastapi_seclint.program.attributes import get_attribute

    value = arguments.positional[0] if len(arguments.positional) == 1 else None
    if not isinstance(value, Instance) or not isinstance(value.cls, Class):
        return None
    names = [name for base in value.cls.lineage() if isinstance(base, Class) for name, _, _ in base.fields]
    found = Mapping([], False, place)
    for name in dict.fromkeys(names):
        found.set(Const(name), get_attribute(interpreter, value, name, place))
    return found


def _vars(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`vars(...)` of an object with fields, or of what the command line was parsed into."""
    found = as_dict(interpreter, arguments, place)
    if found is None and len(arguments.positional) == 1:
        found = members.held_by(interpreter, arguments.positional[0], place)
    return found or command_line.call(interpreter, External("builtins.vars"), arguments, place)


def _from_keys(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`dict.fromkeys(names, value)`."""
    keys = iterate(arguments.positional[0]) if arguments.positional else None
    if keys is None:
        return None
    value = arguments.positional[1] if len(arguments.positional) > 1 else NONE
    if len(keys) > 1 and isinstance(value, Collection):
        value = replace(value, place=None)
    return Mapping([(key, value) for key in keys], False, place)


def _separated(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`CommaSeparatedStrings("a, b")`: the parts of a text (starlette/datastructures.py)."""
    return _parts(arguments.positional[0], place) if len(arguments.positional) == 1 else None


def _parts(value: Value, place: Place) -> Value | None:
    """The parts between commas, without blanks around them; none of an empty text."""
    match value:
        case Collection():
            return value
        case Const(str() as text):
            return Collection("list", [Const(part.strip(), place) for part in text.split(",")] if text.strip() else [])
        case Environment(name, default):
            return Environment(name, None if default is None else _parts(default, place), place)
    return None


_TABLE: dict[str, Handler] = {
    "os.getenv": _getenv,
    "os.environ.setdefault": _getenv,
    "re.escape": _escape,
    "json.loads": json_calls.loads,
    "starlette.datastructures.CommaSeparatedStrings": _separated,
    "builtins.len": length,
    "builtins.list": make_collection("list"),
    "builtins.tuple": make_collection("tuple"),
    "builtins.set": make_collection("set"),
    "builtins.frozenset": make_collection("set"),
    "builtins.sorted": in_order,
    "builtins.reversed": turned,
    "builtins.staticmethod": _static,
    "builtins.dict": _make_dict,
    "builtins.dict.fromkeys": _from_keys,
    "collections.ChainMap": _chained,
    "dataclasses.asdict": as_dict,
    "builtins.vars": _vars,
    "attrs.asdict": as_dict,
    "attr.asdict": as_dict,
    "msgspec.structs.asdict": as_dict,
    **dict.fromkeys(("dataclasses.replace", "copy.replace", "attrs.evolve", "attr.evolve"), replaced),
    "builtins.str": _convert(str),
    "builtins.int": _convert(int),
    "builtins.float": _convert(float),
    "builtins.bool": _convert(bool),
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.enumerate": enumerated,
    "builtins.map": mapped,
    "builtins.zip": zipped,
    "builtins.range": ranged,
    "builtins.isinstance": class_calls.is_instance,
    "builtins.issubclass": class_calls.is_subclass,
    "builtins.hasattr": _hasattr,
    "builtins.filter": filtered,
    "builtins.next": next_item,
    "builtins.iter": _first,
    "itertools.chain": chain,
    "itertools.chain.from_iterable": chain_of,
    "builtins.any": any_of,
    "builtins.all": all_of,
    "builtins.type": class_calls.type_of,
    "builtins.__import__": module_calls.import_module,
    "builtins.dir": members.dir_of,
    "inspect.getmembers": members.members_of,
    "functools.partial": _partial,
    "functools.reduce": _reduced,
    "functools.partialmethod": _partial_method,
    "functools.update_wrapper": _update_wrapper,
    "functools.lru_cache": _first,
    "importlib.import_module": module_calls.import_module,
    "importlib.util.module_from_spec": module_calls.module_from_file,
    "pkgutil.resolve_name": module_calls.resolve_name,
    "uvicorn.importer.import_from_string": module_calls.resolve_name,
    "werkzeug.utils.import_string": module_calls.resolve_name,
    "pkgutil.iter_modules": module_calls.iter_modules,
    "pkgutil.walk_packages": module_calls.walk_packages,
    "os.listdir": module_calls.listdir,
    "os.path.dirname": module_calls.dirname,
    "os.path.abspath": _first,
    "os.path.realpath": _first,
    **dict.fromkeys(("os.path.join", "posixpath.join"), module_calls.path_join),
    "types.SimpleNamespace": _namespace,
    "types.FunctionType": _copied,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
    "typing.cast": _second,
    "typing.NewType": new_types.make,
    **dict.fromkeys(("attr.make_class", "attrs.make_class"), class_calls.make_class),
    "contextlib.asynccontextmanager": _first,
    "contextlib.contextmanager": _first,
    "asyncio.run": _first,
    "types.MappingProxyType": _first,
    "inspect.signature": signatures.signature,
    "inspect.Signature": signatures.make_signature,
    "inspect.Parameter": signatures.make_parameter,
    "fastapi.dependencies.utils.get_typed_signature": signatures.signature,
}
