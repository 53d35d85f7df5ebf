"""What imports and calls give that ask for the files of the project: modules, names in them, folders, paths."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import (
    ITEMS,
    NONE,
    Arguments,
    Collection,
    Const,
    Environment,
    External,
    Instance,
    ModuleValue,
    Place,
    Text,
    Unknown,
    Value,
    iterate,
    options,
    settled,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter
    from fastapi_seclint.program.modules import Module


LOADED_ANEW = (
    "a module imported by a name that is made at run time",
    "a module loaded from a file that is found at run time",
)
"""Why it is not in sight which of the project's files are loaded."""


def import_module(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`importlib.import_module(name)`: the module, which is run first; a library's stays a name.

    Where the configuration chooses among modules, it is the one that is there by default.
    """
    name = _by_default(arguments.get("name", 0))
    if name is None:
        return interpreter.give_up(place, LOADED_ANEW[0])
    module = None
    if name.startswith("."):
        package = string(arguments.get("package", 1)) or ""
        name = package + name
    module = interpreter.modules.absolute(name, place.module)
    if module is None:
        return External(name, None, None, place)
    interpreter.run_module(module)
    return ModuleValue(module)


def _by_default(value: Value | None) -> str | None:
    """A text as it is when nothing is configured."""
    first = next(settled(value), None)
    if isinstance(first, Text):
        parts = [part if isinstance(part, str) else _by_default(part) for part in first.parts]
        return None if None in parts else "".join(part or "" for part in parts)
    return first.value if isinstance(first, Const) and isinstance(first.value, str) else None


def module_from_file(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`module_from_spec(spec_from_file_location(name, path))`: the module in a file, which is run later."""
    spec = next(options(arguments.get("spec", 0)), None)
    given = spec.arguments if isinstance(spec, External) else None
    path = string(given.get("location", 1)) if given is not None else None
    file = posixpath.normpath(posixpath.join(interpreter.modules.root, path)) if path is not None else ""
    module = interpreter.modules.by_file.get(file)
    if module is None:
        return interpreter.give_up(place, LOADED_ANEW[1])
    interpreter.run_module(module)
    return ModuleValue(module)


def resolve_name(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """What a text names: `import_from_string("shop.main:app")` (uvicorn), `pkgutil.resolve_name("shop.main.app")`."""
    from fastapi_seclint.program.attributes import get_attribute

    text = string(arguments.positional[0]) if arguments.positional else None
    if text is None:
        return Unknown("what a text names that is made at run time", place)
    where, colon, inside = text.partition(":")
    names = where.split(".")
    lengths = [len(names)] if colon else list(range(len(names), 0, -1))
    for length in lengths:
        module = interpreter.modules.absolute(".".join(names[:length]), place.module)
        if module is None:
            continue
        interpreter.run_module(module)
        found: Value = ModuleValue(module)
        for name in (*names[length:], *filter(None, inside.split("."))):
            found = get_attribute(interpreter, found, name, place)
        return found
    return External(text.replace(":", "."), None, None, place)


def imported(interpreter: Interpreter, module: Module, name: str, place: Place, beside: str) -> Value:
    """What `from module import name` gives: what it has under the name, or the module `beside` it, by its dotted name.

    `from admin import auth` means the folder, although there is an `admin/admin.py`, too.
    """
    found = interpreter.attribute_of_module(module, name)
    if found is None and beside and (other := interpreter.modules.absolute(beside, place.module)) is not None:
        return ModuleValue(other)
    return found or Unknown(f"{module.name} does not define {name}", place)


def iter_modules(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`pkgutil.iter_modules(package.__path__)`: the modules of a package folder."""
    return _found_below(interpreter, arguments, place, within=False)


def walk_packages(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value:
    """`pkgutil.walk_packages(package.__path__)`: the modules of a package folder, and those of the packages in it."""
    return _found_below(interpreter, arguments, place, within=True)


def _found_below(interpreter: Interpreter, arguments: Arguments, place: Place, *, within: bool) -> Value:
    """A row `(finder, name, ispkg)` for each module in the folders."""
    prefix = string(arguments.get("prefix", 1)) or ""
    rows: list[Value] = []
    for folder in map(string, iterate(arguments.get("path", 0) or NONE) or []):
        for module in sorted(interpreter.modules.by_file.values(), key=lambda item: item.file):
            inside = posixpath.dirname(module.folder) if module.package else module.folder
            if folder is None or not (inside == folder or (within and inside.startswith(f"{folder}/"))):
                continue
            path = module.folder if module.package else module.file[: -len(".py")]
            name = Const(prefix + path[len(folder) :].strip("/").replace("/", "."))
            fields = {"name": name, "ispkg": Const(module.package)}
            rows.append(
                Instance(
                    External("pkgutil.ModuleInfo"), {**fields, ITEMS: Collection("tuple", [NONE, *fields.values()])}
                )
            )
    return Collection("list", rows, not rows, place)


def dirname(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`os.path.dirname(path)` of a known path."""
    path = string(arguments.get("p", 0))
    return None if path is None else Const(posixpath.dirname(path), place)


def path_join(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`os.path.join(...)` of known parts; a setting among them makes the whole one."""
    read = [item for item in arguments.positional if isinstance(item, Environment)]
    parts = [item.default if isinstance(item, Environment) else item for item in arguments.positional]
    texts = [item.value for item in parts if isinstance(item, Const) and isinstance(item.value, str)]
    if not texts or len(texts) < len(parts) or arguments.open:
        return None
    joined = Const(posixpath.join(*texts), place)
    return Environment(read[0].name, joined, place) if read else joined


def listdir(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """`os.listdir(path)`: the files and folders of the project that lie in a folder."""
    path = string(arguments.get("path", 0))
    if path is None:
        return None
    path = posixpath.normpath(posixpath.join(interpreter.modules.root, path))
    names = sorted(
        {file[len(path) + 1 :].split("/")[0] for file in interpreter.modules.by_file if file.startswith(path + "/")}
    )
    return Collection("list", [Const(name) for name in names], place=place) if names else None
