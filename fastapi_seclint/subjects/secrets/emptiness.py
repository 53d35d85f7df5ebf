"""Secrets that are set to nothing: python-jose, itsdangerous, Starlette's sessions and `hmac` sign with an empty one.

PyJWT refuses one itself (`InvalidKeyError`, seen with 2.15), so nothing is added where that is the only signer. What a
caller sends is compared with a secret, and an empty one is what a caller without any sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import External, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.secrets.comparisons import comparisons
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
_SIMPLE = ("assign", "annassign", "return", "expr")
_SEVERAL = ("list", "set", "tuple")


@answered_once
def signs_with_nothing(program: Program) -> bool:
    """Whether a program has a library that takes an empty key."""
    imports = {name for one in _own(program) for name in one.facts.imports}
    return any(f"{name}.".startswith(f"{signer}.") for name in imports for signer in _SIGNERS)


def works_empty(program: Program, kind: str, names: Iterable[str]) -> bool:
    """Whether a secret of one of these names still opens something when it is set to an empty text."""
    if kind == "signing key" and signs_with_nothing(program):
        return True
    return any(name and name in compared(program) for name in names)


@answered_once
def compared(program: Program) -> frozenset[str]:
    """The names in what the program compares with something that a caller sends, loops over keys included."""
    found: set[str] = set()
    for item in comparisons(program):
        named = {str(form[-1]) for form in walk(item.secret) if form[0] in ("name", "attr")}
        over = [iterable for name in named for iterable, _ in loops(item.block, name)]
        found |= named | {str(form[-1]) for one in over for form in walk(one) if form[0] in ("name", "attr")}
    return frozenset(found)


def refusing_nothing(
    program: Program, module: Module, at: int, kind: str, fix: Fix | None, names: Iterable[str] = ()
) -> Fix | None:
    """A fix that reads a secret, with the refusal of an empty one where that would open something.

    `names` are what the secret is called where it is compared.
    """
    if fix is None or not works_empty(program, kind, names):
        return fix
    for statement in _constants(module.facts.module):
        targets = statement[2] if statement[0] == "assign" else [statement[2]]
        if (statement[1] == at or holds(statement[1], at)) and len(targets) == 1 and targets[0][0] == "name":
            name, value = targets[0][2], statement[-1]
            if not _is_text(value) and not _are_texts(value):
                break
            variable = _VARIABLE.search(" ".join(str(getattr(edit, "code", "")) for edit in fix.edits))
            said = variable[1] if variable else name
            refusal = f'if not {name}:\n    raise RuntimeError("{said} is empty")'
            if _are_texts(value):
                refusal = f'if not all({name}):\n    raise RuntimeError("{said} has an empty part")'
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
    refusal = f'if not os.environ["{named[1]}"]:\n    raise RuntimeError("{named[1]} is empty")'
    branch = _in_branch(module, at)
    if branch is not None:
        edit = InsertStatements(module.path, span_of(branch[1]), "before", refusal)
        return replace(fix, edits=(*fix.edits, edit))
    first = _outermost(module, min((at, *_inline(program, module)))) or around
    return replace(fix, edits=(*fix.edits, InsertStatements(module.path, span_of(first[1]), "before", refusal)))


def _in_branch(module: Module, at: int) -> Form | None:
    """The statement of a branch that a place is in, where it is read in some cases only: `else: key = os.environ[...]`.

    Whoever is in another case has no such variable.
    """
    for number in range(-1, len(module.facts.functions)):
        for form in module.facts.forms(number).of("if"):
            for statement in (*form[3], *form[4]):
                if statement[0] in _SIMPLE and (statement[1] == at or holds(statement[1], at)):
                    found: Form = statement
                    return found
    return None


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
    if value[0] == "sub":
        return last_name(value[2]) == "environ"
    return value[0] in _VALUES or (value[0] == "call" and last_name(value[2]) in _READING)


def _are_texts(value: Form) -> bool:
    """Whether an expression is a collection of keys, which a fix makes by splitting one variable."""
    return value[0] in _SEVERAL or (value[0] == "call" and value[2][-1] == "frozenset")


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
