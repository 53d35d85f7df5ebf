"""What calls of Python's own functions and methods give, as far as set-up code needs them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi_seclint.program.values import (
    MAX_ITEMS,
    MAX_TEXT,
    NONE,
    Arguments,
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
    join,
    options,
    string,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

Handler = Callable[["Interpreter", Arguments, Place], "Value | None"]


def call(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """The value of calling a standard-library symbol, or None when the model does not know it."""
    handler = _TABLE.get(function.name)
    if handler is not None:
        return handler(interpreter, arguments, place)
    if function.name.startswith(_CONFIG_READERS):
        return _config(function, arguments, place)
    return None


def call_method(interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
    """What a method of a string, list, dictionary or setting gives."""
    if isinstance(receiver, Const):
        return _on_constant(receiver, name, arguments, place)
    if isinstance(receiver, Environment):
        default = None
        if receiver.default is not None:
            default = join([call_method(interpreter, option, name, arguments, place) for option in options(receiver.default)])
        return Environment(receiver.name, default, place)
    if isinstance(receiver, Collection):
        return _on_collection(receiver, name, arguments, place)
    if isinstance(receiver, Mapping):
        return _on_mapping(receiver, name, arguments, place)
    if isinstance(receiver, Text) and name in ("lower", "upper", "strip", "rstrip", "lstrip", "format", "replace"):
        return receiver
    return Unknown(f"the result of {name}", place)


_PURE = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
     "startswith", "endswith", "format", "encode", "decode", "zfill", "join", "split", "rsplit", "splitlines",
     "partition", "rpartition", "count", "find", "isdigit", "casefold"}
)  # fmt: skip


def _on_constant(receiver: Const, name: str, arguments: Arguments, place: Place) -> Value:
    if name == "join" and isinstance(receiver.value, str) and len(arguments.positional) == 1:
        return _join(receiver.value, arguments.positional[0], place)
    plain = _plain(arguments)
    if name not in _PURE or plain is None or not isinstance(receiver.value, str | bytes):
        return Unknown(f"the result of {name}", place)
    if _grows(name, receiver.value, plain[0]):
        return Unknown(f"the result of {name}", place)
    try:
        result = getattr(receiver.value, name)(*plain[0], **plain[1])
    except (TypeError, ValueError, LookupError, AttributeError):
        return Unknown(f"{name} fails", place)
    return lift(result, place)


def _grows(name: str, text: str | bytes, given: list[Any]) -> bool:
    """Whether a method could give a much longer string than it was given."""
    if name == "format":
        wide = re.search(r"\d{4,}", text) if isinstance(text, str) else True
        return bool(wide) or any(isinstance(item, str) and len(item) > 2000 for item in given)
    if name == "replace":
        return len(text) * max((len(item) for item in given[1:2] if isinstance(item, str | bytes)), default=1) > MAX_TEXT
    return name == "zfill" or len(text) > MAX_TEXT


def _join(separator: str, value: Value, place: Place) -> Value:
    if isinstance(value, Collection) and not value.open:
        parts: list[str | Value] = []
        for number, item in enumerate(value.items):
            parts += [separator, item] if number else [item]
        from fastapi_seclint.program.expressions import text

        return text(parts, place)
    return Unknown("joined from something unknown", place)


def lift(result: Any, place: Place) -> Value:
    """A Python value as an abstract one."""
    if isinstance(result, str | bytes | bool | int | float) or result is None:
        return Const(result, place)
    if isinstance(result, list | tuple):
        kind = "list" if isinstance(result, list) else "tuple"
        return Collection(kind, [lift(item, place) for item in result], place=place)
    return Unknown("computed", place)


def _plain(arguments: Arguments) -> tuple[list[Any], dict[str, Any]] | None:
    values = [*arguments.positional, *arguments.keywords.values()]
    if arguments.open or not all(isinstance(value, Const) for value in values):
        return None
    positional = [value.value for value in arguments.positional if isinstance(value, Const)]
    return positional, {key: value.value for key, value in arguments.keywords.items() if isinstance(value, Const)}


def _on_collection(receiver: Collection, name: str, arguments: Arguments, place: Place) -> Value:
    given = arguments.positional
    if name in ("append", "add") and given:
        receiver.items.append(given[0])
    elif name == "insert" and len(given) == 2:
        receiver.items.insert(0, given[1])
    elif name in ("extend", "update") and given:
        from fastapi_seclint.program.attributes import iterate

        found = iterate(given[0])
        room = MAX_ITEMS - len(receiver.items)
        receiver.open = receiver.open or found is None or len(found) > room
        receiver.items.extend((found or [])[: max(room, 0)])
    elif name == "copy":
        return Collection(receiver.kind, list(receiver.items), receiver.open, place)
    elif name == "pop" and receiver.items:
        return receiver.items[-1]
    elif name in ("remove", "clear", "discard", "pop"):
        receiver.open = True
    return NONE


def _on_mapping(receiver: Mapping, name: str, arguments: Arguments, place: Place) -> Value:
    given = arguments.positional
    if name in ("get", "pop", "setdefault") and given:
        key = string(given[0])
        found = receiver.get(key) if key is not None else None
        if found is not None:
            return found
        if key is None and receiver.items:
            return Choice([value for _, value in receiver.items])
        default = given[1] if len(given) > 1 else NONE
        if name == "setdefault":
            receiver.set(given[0], default)
        return Unknown("an item that may be missing", place) if receiver.open else default
    if name == "items":
        pairs: list[Value] = [Collection("tuple", [key, value]) for key, value in receiver.items]
        return Collection("list", pairs, receiver.open, place)
    if name == "keys":
        return Collection("list", [key for key, _ in receiver.items], receiver.open, place)
    if name == "values":
        return Collection("list", [value for _, value in receiver.items], receiver.open, place)
    if name == "copy":
        return Mapping(list(receiver.items), receiver.open, place)
    if name == "update":
        for option in options(given[0] if given else None):
            if isinstance(option, Mapping):
                for key_value, value in option.items:
                    receiver.set(key_value, value)
            else:
                receiver.open = True
        for keyword, value in arguments.keywords.items():
            receiver.set(Const(keyword), value)
    return NONE


def _getenv(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    name = string(arguments.get("key", 0))
    default = arguments.get("default", 1)
    return Environment(name or "?", default, place)


_CONFIG_READERS = ("decouple.config", "starlette.config.Config()", "environs.Env()", "dotenv.dotenv_values()")


def _config(function: External, arguments: Arguments, place: Place) -> Value | None:
    if function.name in ("decouple.config", "starlette.config.Config()") or function.name.startswith("environs.Env()."):
        default = arguments.get("default", 2 if "starlette" in function.name else 1)
        return Environment(string(arguments.get("key", 0)) or "?", default, place)
    return None


def _length(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    value = arguments.get("obj", 0)
    if isinstance(value, Collection | Mapping) and not value.open:
        return Const(len(value.items), place)
    if isinstance(value, Const) and isinstance(value.value, str | bytes):
        return Const(len(value.value), place)
    return Unknown("a length", place)


def _make_collection(kind: str) -> Handler:
    def make(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
        from fastapi_seclint.program.attributes import iterate

        if not arguments.positional:
            return Collection(kind, [], place=place)
        items = iterate(arguments.positional[0])
        return Collection(kind, items or [], items is None, place)

    return make


def _make_dict(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    found = Mapping([], arguments.open, place)
    if arguments.positional:
        _on_mapping(found, "update", Arguments(arguments.positional), place)
    for keyword, value in arguments.keywords.items():
        found.set(Const(keyword), value)
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
    known = truth(value)
    return Const(known, place) if kind is bool and known is not None else Unknown("converted", place)


def _getattr(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import get_attribute

    name = string(arguments.get("name", 1))
    if name is None or not arguments.positional:
        return Unknown("an attribute chosen at run time", place)
    found = get_attribute(interpreter, arguments.positional[0], name, place)
    if isinstance(found, Unknown) and len(arguments.positional) > 2:
        return join([arguments.positional[2], found])
    return found


def _setattr(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import set_attribute

    name = string(arguments.get("name", 1))
    if name is not None and len(arguments.positional) == 3:
        set_attribute(interpreter, arguments.positional[0], name, arguments.positional[2])
    return NONE


def _enumerate(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import iterate

    items = iterate(arguments.positional[0]) if arguments.positional else None
    pairs: list[Value] = [Collection("tuple", [Const(number), item]) for number, item in enumerate(items or [])]
    return Collection("list", pairs, items is None, place)


def _zip(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    from fastapi_seclint.program.attributes import iterate

    columns = [iterate(value) for value in arguments.positional]
    known = [column for column in columns if column is not None]
    rows: list[Value] = [Collection("tuple", list(row)) for row in zip(*known, strict=False)]
    return Collection("list", rows if len(known) == len(columns) else [], len(known) != len(columns), place)


def _range(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    plain = _plain(arguments)
    if plain and plain[0] and all(type(item) is int for item in plain[0]) and len(plain[0]) <= 3 and plain[0][-1] != 0:
        return Collection("list", [Const(number) for number in range(*plain[0])[:400]], place=place)
    return Unknown("a range", place)


def _partial(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    if not arguments.positional:
        return Unknown("partial of nothing", place)
    rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.open)
    return Partial(arguments.positional[0], rest, place)


def _import_module(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    name = string(arguments.get("name", 0))
    if name is None:
        return interpreter.give_up(place, "a module imported by a name that is made at run time")
    module = None
    if name.startswith("."):
        package = string(arguments.get("package", 1)) or ""
        name = package + name
    module = interpreter.modules.absolute(name, place.module)
    if module is None:
        return External(name, None, None, place)
    interpreter.run_module(module)
    return ModuleValue(module)


def _iter_modules(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`pkgutil.iter_modules(package.__path__)`: the modules of a package folder."""
    from fastapi_seclint.program.attributes import iterate

    folders = iterate(arguments.get("path", 0) or NONE) or []
    prefix = string(arguments.get("prefix", 1)) or ""
    rows: list[Value] = []
    for folder in folders:
        path = string(folder)
        for module in sorted(interpreter.modules.by_file.values(), key=lambda item: item.file):
            inside = posixpath.dirname(module.folder) if module.package else module.folder
            if path is not None and inside == path:
                name = posixpath.basename(module.folder if module.package else module.file[: -len(".py")])
                values: list[Value] = [NONE, Const(prefix + name), Const(module.package)]
                rows.append(Instance(External("pkgutil.ModuleInfo"), {"name": values[1], "ispkg": values[2]}))
                rows[-1] = Collection("tuple", values)
    return Collection("list", rows, not rows, place)


def _dirname(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    path = string(arguments.get("p", 0))
    return None if path is None else Const(posixpath.dirname(path), place)


def _path_join(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    plain = _plain(arguments)
    if plain and plain[0] and all(isinstance(item, str) for item in plain[0]):
        return Const(posixpath.join(*plain[0]), place)
    return None


def _first(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    return arguments.positional[0] if arguments.positional else None


def _second(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    return arguments.positional[1] if len(arguments.positional) > 1 else None


def _listdir(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    path = string(arguments.get("path", 0))
    if path is None:
        return None
    path = posixpath.normpath(posixpath.join(interpreter.modules.root, path))
    names = sorted({file[len(path) + 1 :].split("/")[0] for file in interpreter.modules.by_file if file.startswith(path + "/")})
    return Collection("list", [Const(name) for name in names], place=place) if names else None


def _map(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    from fastapi_seclint.program import calls
    from fastapi_seclint.program.attributes import iterate

    if len(arguments.positional) != 2:
        return None
    items = iterate(arguments.positional[1])
    results = []
    for number, item in enumerate((items or [])[:100]):
        interpreter.context.append((place.at, number))
        results.append(calls.call(interpreter, arguments.positional[0], Arguments([item]), place))
        interpreter.context.pop()
    return Collection("list", results, items is None, place)


def _type_of(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    value = arguments.positional[0] if len(arguments.positional) == 1 else None
    return value.cls if isinstance(value, Instance) else Unknown("a type", place)


def _update_wrapper(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    wrapper, wrapped = arguments.get("wrapper", 0), arguments.get("wrapped", 1)
    if isinstance(wrapper, Function) and wrapped is not None:
        wrapper.wraps = wrapped
    return wrapper


def _unknown_condition(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    return Unknown("a condition", place)


def _isinstance(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    value, kind = arguments.get("obj", 0), arguments.get("kind", 1)
    if isinstance(kind, External) and not isinstance(value, Unknown | Choice | Environment | External):
        answers: dict[str, type | tuple[type, ...]] = {"builtins.str": str, "builtins.int": int, "builtins.bool": bool}
        if kind.name in answers:
            return Const(isinstance(value, Const) and isinstance(value.value, answers[kind.name]), place)
        if kind.name in ("builtins.list", "builtins.dict", "builtins.tuple", "builtins.set"):
            shape = "dict" if isinstance(value, Mapping) else value.kind if isinstance(value, Collection) else ""
            return Const(kind.name.endswith(shape) and bool(shape), place)
    if isinstance(kind, Class) and isinstance(value, Instance) and isinstance(value.cls, Class):
        return Const(kind in list(value.cls.lineage()), place)
    return Unknown("a condition", place)


_TABLE: dict[str, Handler] = {
    "os.getenv": _getenv,
    "os.environ.setdefault": _getenv,
    "builtins.len": _length,
    "builtins.list": _make_collection("list"),
    "builtins.tuple": _make_collection("tuple"),
    "builtins.set": _make_collection("set"),
    "builtins.frozenset": _make_collection("set"),
    "builtins.sorted": _make_collection("list"),
    "builtins.reversed": _make_collection("list"),
    "builtins.dict": _make_dict,
    "builtins.str": _convert(str),
    "builtins.int": _convert(int),
    "builtins.float": _convert(float),
    "builtins.bool": _convert(bool),
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.enumerate": _enumerate,
    "builtins.map": _map,
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.isinstance": _isinstance,
    "builtins.issubclass": _unknown_condition,
    "builtins.hasattr": _unknown_condition,
    "builtins.callable": _unknown_condition,
    "builtins.any": _unknown_condition,
    "builtins.all": _unknown_condition,
    "builtins.type": _type_of,
    "builtins.__import__": _import_module,
    "functools.partial": _partial,
    "functools.update_wrapper": _update_wrapper,
    "functools.lru_cache": _first,
    "importlib.import_module": _import_module,
    "pkgutil.iter_modules": _iter_modules,
    "os.listdir": _listdir,
    "os.path.dirname": _dirname,
    "os.path.abspath": _first,
    "os.path.realpath": _first,
    "os.path.join": _path_join,
    "typing.cast": _second,
    "contextlib.asynccontextmanager": _first,
    "contextlib.contextmanager": _first,
    "asyncio.run": _first,
    "starlette.concurrency.run_in_threadpool": lambda interpreter, arguments, place: None,
}
