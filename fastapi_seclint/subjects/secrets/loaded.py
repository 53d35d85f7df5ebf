"""Reads of what a program loaded from a file: `yaml.safe_load(...)["auth"].get("secret_key", "text")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import Read

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOADERS = (
    "dotenv.dotenv_values()", "dotenv.main.dotenv_values()", "yaml.safe_load()", "yaml.load()", "yaml.full_load()",
    "tomllib.load()", "tomllib.loads()", "tomli.load()", "tomli.loads()", "toml.load()", "toml.loads()", "json.load()",
    "json.loads()",
)  # fmt: skip
_PARSERS = ("configparser.ConfigParser()", "configparser.RawConfigParser()", "configparser.SafeConfigParser()")


def loaded_read(program: Program, block: Block, form: Form) -> Read | None:
    """The setting that `.get(key, default)` takes from a module's dictionary, or `.get(section, key, fallback=...)`.

    No dictionary has `fallback`: `.get(key, fallback=...)` is that of a section (configparser, `SectionProxy`).
    """
    match form:
        case ["call", _, ["attr", _, owner, "get"], [key, default], []]:
            found = Read(form, key, default, None, mapping=True)
            root = _root(owner)
            loaded = _is_one_of(program, block, root, _LOADERS) or _is_local(program, block, owner)
            return found if loaded or _is_section(program, block, owner) else None
        case ["call", _, ["attr", _, _, "get"], [key], [["fallback", default, _]]]:
            return Read(form, key, default, "fallback", mapping=True)
        case ["call", _, ["attr", _, owner, "get"], [_, key], [["fallback", default, _]]]:
            found = Read(form, key, default, "fallback", mapping=True)
            return found if _is_one_of(program, block, owner, _PARSERS) else None
    return None


def is_parsers(program: Program, block: Block, read: Read) -> bool:
    """Whether configparser is asked for an option of a section, which is no default: `parser.get("DB", "PASSWORD")`."""
    function = read.call[2]
    return read.keyword is None and function[0] == "attr" and _is_one_of(program, block, function[2], _PARSERS)


def _is_section(program: Program, block: Block, owner: Form) -> bool:
    """Whether a mapping is a section of a parser: `parser["auth"]`, at once or by its name (configparser)."""
    if owner[0] == "sub":
        return _is_one_of(program, block, owner[2], _PARSERS)
    if owner[0] != "name" or isinstance(block.scope, FunctionScope):
        return False
    given = (form for form in block.forms.of("assign") if any(target[2:] == owner[2:] for target in form[2]))
    return any(form[3][0] == "sub" and _is_section(program, block, form[3]) for form in given)


def _root(form: Form) -> Form:
    """The dictionary that the others are in: `config` of `config["auth"].get("jwt", {})`."""
    while form[0] == "sub" or (form[0] == "call" and form[2][0] == "attr" and form[2][3] == "get"):
        form = form[2] if form[0] == "sub" else form[2][2]
    return form


def _is_local(program: Program, block: Block, form: Form, depth: int = 4) -> bool:
    """Whether a function itself loads the file that a dictionary comes from; JSON may come from anywhere."""
    root, scope = _root(form), block.scope
    if root[0] == "ifexp" and depth:
        return _is_local(program, block, root[3], depth - 1)
    if root[0] == "bool" and depth:
        return _is_local(program, block, root[3][0], depth - 1)
    if root[0] == "call":
        found = options(ask(program, block, root))
        return any(isinstance(one, External) and one.name in _LOADERS and "json" not in one.name for one in found)
    if root[0] != "name" or not isinstance(scope, FunctionScope) or not depth:
        return False
    values = [item[-1] for item in scope.assignments(root[2]) if item[0] in ("assign", "annassign") and item[-1]]
    return len(values) == 1 and _is_local(program, block, values[0], depth - 1)


def _is_one_of(program: Program, block: Block, form: Form, names: tuple[str, ...]) -> bool:
    if form[0] != "name" or block.is_local(form[2]):
        return False
    return any(isinstance(one, External) and one.name in names for one in options(ask(program, block, form)))
