"""How a fix brings code of the reference into a project: into a `security` package beside the application.

Where a module, package or name `security` exists already the package is called `seclint_security`, so that nothing is
shadowed; a package that an earlier fix made is used again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint import shipped
from fastapi_seclint.edits import AddImport, CreateFile, Edit
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.apart import WRITTEN
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class, Function

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NAMES = ("security", "seclint_security")
_PACKAGE = f'"""{WRITTEN}"""\n'


@dataclass(frozen=True, slots=True)
class Brought:
    """Code of the reference in a project: the edits that bring it, and the local name of each thing that was asked for.

    `missing` are libraries, as pip names them, that the project does not declare.
    """

    edits: tuple[Edit, ...]
    names: dict[str, str]
    missing: tuple[str, ...]

    @property
    def needs(self) -> str:
        """The end of a fix's title: what to install, or nothing."""
        return f"; install {' '.join(self.missing)}" if self.missing else ""


def brought(program: Program, user: Module, name: str, *wanted: str) -> Brought | None:
    """What it takes to use `wanted` of the reference module `name` in the file of `user`; None when there is no place.

    A file of the package that is there already is left as it is, so that changes made to it by hand stay.
    """
    home = _home(program, user)
    package = next((free for free in _NAMES if _is_free(program, home, free)), None)
    if package is None:
        return None
    implementation = shipped.implementation(name)
    folder, dotted = posixpath.join(posixpath.dirname(home.path), package), _dotted(program, home, package)
    files = {"__init__": _PACKAGE}
    files |= {each: shipped.implementation(each).source for each in (*implementation.needs, name)}
    there = posixpath.join(home.folder, package)
    edits: list[Edit] = [
        CreateFile(posixpath.join(folder, f"{stem}.py"), text)
        for stem, text in files.items()
        if posixpath.join(there, f"{stem}.py") not in program.modules.by_file
    ]
    names = {}
    for each in wanted:
        names[each] = _local_name(user, f"{dotted}.{name}", each)
        alias = names[each] if names[each] != each else None
        target = posixpath.join(folder, f"{name}.py")
        edits.append(AddImport(user.path, f"{dotted}.{name}", each, alias, local=True, target=target))
    missing = [library for library in implementation.libraries if not _declares(program, library)]
    return Brought(tuple(edits), names, tuple(missing))


def local_name(module: Module, name: str, source: str = "") -> str:
    """The name under which a file can import `name` from the module `source` (of the project) without taking another's.

    Give it to `AddImport` as alias when it differs from the name.
    """
    return _local_name(module, source, name)


def _local_name(user: Module, source: str, name: str) -> str:
    if name not in user.facts.words:
        return name
    bound = user.scope.local(name)
    if isinstance(bound, Function | Class) and bound.module.name == source and bound.name == name:
        return name
    if any(form[0] == "from" and _is_import_of(form, name, source) for form in user.facts.module):
        return name
    if bound is None and not _is_bound(user, name):
        return name
    tried = (f"{source.rpartition('.')[2]}_{name}".lstrip("_"), *(f"{name}_{number}" for number in range(2, 100)))
    return next(free for free in tried if free not in user.facts.words)


def _is_import_of(form: Form, name: str, source: str) -> bool:
    """Whether an import brings a name from a module under that name: `from people import guild`."""
    _, _, level, module, pairs = form
    from_there = source == module if not level else bool(module) and source.endswith(f".{module}")
    return from_there and [name, None] in pairs


def _is_bound(user: Module, name: str) -> bool:
    """Whether a word of a file is a name somewhere, and not always an attribute or a keyword."""
    for number in user.facts.speaking(f'"{name}"'.encode()):
        for form in user.facts.forms(number).every:
            match form:
                case ["name", _, found] if found == name:
                    return True
                case ["def", _, _, found, _, parameters, *_] if found == name or _has(parameters, name):
                    return True
                case ["lambda", _, parameters, _] if _has(parameters, name):
                    return True
                case ["class", _, found, *_] if found == name:
                    return True
                case ["import" | "from", *_] if any(name in pair for pair in form[-1]):
                    return True
                case ["try", _, _, handlers, *_] if any(handler[1] == name for handler in handlers):
                    return True
                case ["match" | "global" | "nonlocal", *_]:
                    return True
    return False


def _has(parameters: list[Form], name: str) -> bool:
    return any(parameter[0] == name for parameter in parameters)


def _home(program: Program, user: Module) -> Module:
    """The file beside which the package goes: the nearest one around `user` that makes an application, else `user`.

    A package with several applications in it has one for all of them.
    """
    apps = [app.place.module for app in program.apps if app.kind == "app" and not program.is_test(app.place.module)]
    apps = [app for app in apps if not any(_has_from(app, other) for other in apps)]
    shared = _package_of_all(program, apps)
    if shared is not None and f"{user.folder}/".startswith(f"{shared.folder}/"):
        return shared
    around = [app for app in apps if f"{user.folder}/".startswith(f"{app.folder}/")]
    apps = [app for app in apps if program.modules.reaches(user, app.folder)]
    return max(around or apps, key=lambda module: (len(module.folder), module.file), default=user)


def _has_from(app: Module, other: Module) -> bool:
    """Whether a file above the package of another application has imported of that: `demo.py` beside `shop/main.py`."""
    above = f"{app.folder}/"
    if not other.folder.startswith(above):
        return False
    top = other.name.partition(".")[0]
    below = posixpath.splitext(other.file[len(above) :])[0]
    return other.name.replace(".", "/") == below and any(
        name == top or name.startswith(f"{top}.") for name in app.facts.imports
    )


def _package_of_all(program: Program, apps: Sequence[Module]) -> Module | None:
    """The innermost package that all of several applications in different folders belong to."""
    folders = {app.folder for app in apps}
    if len(folders) < 2:
        return None
    common = posixpath.commonpath(folders)
    return program.modules.by_file.get(posixpath.join(common, "__init__.py"))


def _dotted(program: Program, home: Module, package: str) -> str:
    above = home.name if home.package else home.name.rpartition(".")[0]
    parts = above.split(".")
    while not all(part.isidentifier() for part in parts):  # below a folder that nobody can import from
        parts = parts[1:]
    above = ".".join(parts)
    return f"{above}.{package}" if above and not _is_run_in_its_folder(program, home) else package


def _is_run_in_its_folder(program: Program, home: Module) -> bool:
    """Whether a file outside of any package finds what stands beside it by its bare name: `from config import HOST`."""
    files = program.modules.by_file
    if home.package or posixpath.join(home.folder, "__init__.py") in files:
        return False
    if program.own_folder and all(f"{file.folder}/".startswith(f"{home.folder}/") for file in files.values()):
        return True
    found = (name.partition(".") for name in home.facts.imports)
    return any(
        (not inner and _beside(home, f"{name}.py") in files and _beside(home, f"{name}.py") != home.file)
        or _beside(home, f"{name}/__init__.py") in files
        for name, _, inner in found
    )


def _beside(home: Module, name: str) -> str:
    return posixpath.join(home.folder, name)


def _is_free(program: Program, home: Module, package: str) -> bool:
    """Whether a folder of this name can be made, or is one that an earlier fix made."""
    path = posixpath.join(home.folder, package)
    own = program.modules.by_file.get(posixpath.join(path, "__init__.py"))
    if own is not None:
        return _is_ours(own.facts.module)
    inside = any(file.startswith(f"{path}/") for file in program.modules.by_file)
    around = program.modules.by_file.get(posixpath.join(home.folder, "__init__.py"))
    named = around is not None and package in around.scope.names
    return not inside and not named and f"{path}.py" not in program.modules.by_file


def _is_ours(statements: Sequence[object]) -> bool:
    match statements:
        case [["expr", _, ["const", _, text]], *_]:
            return text == WRITTEN
    return False


def _declares(program: Program, library: str) -> bool:
    """Whether the project declares a library; FastAPI is there in any case."""
    plain = library.partition("[")[0].partition(" ")[0]
    return plain == "fastapi" or program.versions.declared(plain)
