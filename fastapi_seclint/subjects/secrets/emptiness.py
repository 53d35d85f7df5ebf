"""Keys that are set to nothing: python-jose, itsdangerous, Starlette's sessions and `hmac` sign with an empty one.

PyJWT refuses one itself (`InvalidKeyError`, seen with 2.15), so nothing is added where that is the only signer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import External, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.secrets.uses import uses

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SIGNERS = ("jose", "itsdangerous", "hmac", "starlette.middleware.sessions")
_FIELD = re.compile(r"pydantic(\.\w+)*\.Field")
TEXTS = ("str", "SecretStr")
_VALUES = ("const", "bytes", "fstr", "binop", "bool", "ifexp")
_READING = ("Secret", "SecretStr", "SecretBytes", "bytes", "encode", "getenv", "get", "config", "env", "str")
_READ = re.compile(r'os\.environ\["(\w+)"\](\.encode\(\))?')
_VARIABLE = re.compile(r'environ\["(\w+)"\]')
_KNOWN: WeakKeyDictionary[Program, bool] = WeakKeyDictionary()


def signs_with_nothing(program: Program) -> bool:
    """Whether a program has a library that takes an empty key."""
    if program not in _KNOWN:
        imports = {name for one in _own(program) for name in one.facts.imports}
        _KNOWN[program] = any(f"{name}.".startswith(f"{signer}.") for name in imports for signer in _SIGNERS)
    return _KNOWN[program]


def refusing_nothing(program: Program, module: Module, at: int, kind: str, fix: Fix | None) -> Fix | None:
    """A fix that reads a signing key, with the refusal of an empty one where the key has a name of its own."""
    if fix is None or kind != "signing key" or not signs_with_nothing(program):
        return fix
    for statement in _constants(module.facts.module):
        targets = statement[2] if statement[0] == "assign" else [statement[2]]
        if (statement[1] == at or holds(statement[1], at)) and len(targets) == 1 and targets[0][0] == "name":
            if not _is_text(statement[-1]):
                break
            variable = _VARIABLE.search(" ".join(str(getattr(edit, "code", "")) for edit in fix.edits))
            said = variable[1] if variable else targets[0][2]
            refusal = f'if not {targets[0][2]}:\n    raise RuntimeError("{said} is empty")'
            edit = InsertStatements(module.path, span_of(statement[1]), "after", refusal)
            return replace(fix, edits=(*fix.edits, edit))
    return _beside(program, module, at, fix)


def _beside(program: Program, module: Module, at: int, fix: Fix) -> Fix:
    """The fix with the refusal of an empty key that is read where it is used, above all that uses it.

    Where a file of variables is read, that may happen later than this file is imported: nothing is asked then.
    """
    reads = [edit for edit in fix.edits if isinstance(edit, ReplaceExpression)]
    named = _READ.fullmatch(reads[0].code) if len(reads) == 1 else None
    around = _outermost(module, at)
    if named is None or around is None or _refuses(module, named[1]):
        return fix
    if around[0] in ("def", "class") and any("dotenv" in other.facts.words for other in _own(program)):
        return fix
    first = _outermost(module, min((at, *_inline(program, module)))) or around
    refusal = f'if not os.environ["{named[1]}"]:\n    raise RuntimeError("{named[1]} is empty")'
    return replace(fix, edits=(*fix.edits, InsertStatements(module.path, span_of(first[1]), "before", refusal)))


def _outermost(module: Module, at: int) -> Form | None:
    """The statement of a file that a place is in."""
    return next((form for form in reversed(module.facts.module) if form[1] <= at), None)


def _inline(program: Program, module: Module) -> list[int]:
    """The places of a file where signing keys are used that have no name of their own."""
    used = [at for at, use in uses(program).get(module.file, {}).items() if use.kind == "signing key"]
    named = [form[1] for form in _constants(module.facts.module) if _is_text(form[-1])]
    return [at for at in used if not any(holds(one, at) for one in named)]


def _refuses(module: Module, name: str) -> bool:
    """Whether a file refuses a variable that is empty already."""
    tests = [form[2] for form in module.facts.module if form[0] == "if"]
    return any(rendered(test) == f'not os.environ["{name}"]' for test in tests)


def _own(program: Program) -> list[Module]:
    return [one for one in program.modules.by_file.values() if not program.is_test(one)]


def _is_text(value: Form) -> bool:
    """Whether an expression is the key itself, rather than something that is made with it."""
    return value[0] in _VALUES or (value[0] == "call" and last_name(value[2]) in _READING)


def _constants(statements: list[Form]) -> Iterator[Form]:
    """The assignments of a file and of its plain classes."""
    for form in statements:
        if form[0] in ("assign", "annassign") and form[-1] is not None:
            yield form
        elif form[0] == "class" and not form[3]:
            yield from _constants(form[6])


def at_least_one(module: Module, annotation: Form) -> tuple[str, tuple[Edit, ...]]:
    """What a settings field of texts is given so that it is not empty, with its import; nothing for other fields."""
    if last_name(annotation) not in TEXTS:
        return "", ()
    for known, value in module.scope.names.items():
        if any(isinstance(item, External) and _FIELD.fullmatch(item.name) for item in options(value)):
            return f" = {known}(min_length=1)", ()
    name = local_name(module, "Field", "pydantic")
    return f" = {name}(min_length=1)", (AddImport(module.path, "pydantic", "Field", None if name == "Field" else name),)
