"""Options of the command line as settings: what argparse, click and typer give where an option is left out.

Sources: the documentation of `argparse.ArgumentParser.add_argument`, of click's and of typer's options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Mapping,
    Place,
    Unknown,
    Value,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_PARSERS = ("argparse.ArgumentParser()", "configargparse.ArgumentParser()", "configargparse.ArgParser()")
_TEXT_TYPES = frozenset({"builtins.str", "builtins.int", "builtins.float"})
_DECLARED = ("typer.Option()", "typer.Argument()", "typer.params.Option()", "typer.params.Argument()")
_DECORATORS = ("click.option()", "click.argument()", "rich_click.option()", "asyncclick.option()")
_SEVERAL = frozenset({"append", "extend"})


def call(interpreter: Interpreter, function: External, arguments: Arguments, place: Place) -> Value | None:
    """What a method of a parser gives; `add_argument` notes the option for `parse_args`, None for all else."""
    if function.name == "builtins.vars":
        return _as_dictionary(arguments, place)
    method = function.name.rpartition(".")[2]
    parser = _parser(function)
    if parser is None:
        return None
    if method == "add_argument":
        _add(parser, arguments, place)
    elif method == "set_defaults":
        for name, value in arguments.keywords.items():
            _note(parser, name, value)
    elif method == "parse_args":
        return _namespace(parser, place)
    elif method == "parse_known_args":
        return Collection("tuple", [_namespace(parser, place), Unknown("what is left of the command line", place)])
    return None


def _parser(function: External) -> External | None:
    """The parser whose method, or whose group's or subcommand's method, is called."""
    if not function.name.startswith(_PARSERS):
        return None
    found: External | None = function
    while found is not None and found.name not in _PARSERS:
        found = found.parent
    return found


def _add(parser: External, arguments: Arguments, place: Place) -> None:
    flags = [text for value in arguments.positional if (text := string(value)) is not None]
    longest = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
    name = string(arguments.get("dest")) or longest.lstrip("-").replace("-", "_")
    if name:
        _note(parser, name, _option(longest, arguments, place))


def _option(flag: str, arguments: Arguments, place: Place) -> Value:
    """The value of an option that is left out; a string goes through its `type`, a list does not."""
    default, action, kind = arguments.get("default"), string(arguments.get("action")), arguments.get("type")
    if action in ("store_true", "store_false"):
        return Environment(flag, default or Const(action == "store_false", place), place)
    several = action in _SEVERAL or arguments.get("nargs") is not None
    made = kind is not None and not (isinstance(kind, External) and kind.name in _TEXT_TYPES)
    if default is None:
        return Unknown("an option of the command line", place) if several or made else Environment(flag, None, place)
    if made and any(isinstance(item, Const) and isinstance(item.value, str) for item in options(default)):
        return Unknown("an option of the command line", place)
    return Environment(flag, default, place)


def _note(parser: External, name: str, value: Value) -> None:
    parser.attributes = {**(parser.attributes or {}), name: value}


def _namespace(parser: External, place: Place) -> External:
    return External("argparse.Namespace()", Arguments(), None, place, dict(parser.attributes or {}))


def _as_dictionary(arguments: Arguments, place: Place) -> Value | None:
    """`vars(options)`: what the command line gives, by name."""
    given = arguments.positional[0] if arguments.positional else None
    if not isinstance(given, External) or given.name != "argparse.Namespace()":
        return None
    return Mapping([(Const(name), value) for name, value in (given.attributes or {}).items()], False, place)


def parameter(function: Function, name: str, default: Value | None) -> Value | None:
    """The value of a parameter that nobody gives: that of typer's or click's option, else its own default."""
    if isinstance(default, External) and default.name in _DECLARED and default.arguments is not None:
        given = default.arguments.get("default", 0)
        return None if given is None or isinstance(given, Unknown) else _setting(name, given, default.place)
    if default is None:
        for decorator in function.decorators:
            if isinstance(decorator, External) and decorator.name in _DECORATORS and decorator.arguments is not None:
                given = decorator.arguments.get("default")
                if given is not None and name in _destinations(decorator.arguments):
                    return _setting(name, given, decorator.place)
    return default


def _setting(name: str, default: Value, place: Place | None) -> Environment:
    return Environment(f"--{name.replace('_', '-')}", default, place)


def _destinations(arguments: Arguments) -> list[str]:
    """The parameter that a click option goes to: its name without dashes, else its longest flag."""
    flags = [text for value in arguments.positional if (text := string(value)) is not None]
    plain = [flag for flag in flags if not flag.startswith("-")]
    return plain or [flag.lstrip("-").split("/")[0].replace("-", "_").lower() for flag in flags]
