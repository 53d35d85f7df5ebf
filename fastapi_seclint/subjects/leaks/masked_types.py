"""Expressions that show stars or another word in place of a secret: pydantic's `SecretStr`, Starlette's `Secret`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_none, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Instance, Value, bare_type, options
from fastapi_seclint.subjects.code.origins import ask, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_masked(program: Program, block: Block, form: Form) -> bool:
    """Whether the text of a name or field is stars: `password: SecretStr`, `token = SecretStr(...)`.

    One of two words that stand in the code tells no more: `shown = "set" if token else "missing"`.
    """
    match form:
        case ["attr", _, owner, name]:
            return _is_masked_field(program, block, owner, str(name))
        case ["name", _, name]:
            return _is_masked_name(program, block, str(name))
    return False


def _is_masked_field(program: Program, block: Block, owner: Form, name: str) -> bool:
    instances = (option for option in options(ask(program, block, owner)) if isinstance(option, Instance))
    return any(name in sealed_fields(program, option.cls) for option in instances if isinstance(option.cls, Class))


@answered_once
def sealed_fields(program: Program, cls: Class) -> frozenset[str]:
    """The fields whose types show stars, which may have a name: `Phrase = Annotated[SecretStr, ...]`."""
    annotated = program.walker.resolver.annotation
    found = {one.name for one in parameters(cls) if _is_sealed(annotated(one))}
    for base in cls.lineage():
        if isinstance(base, Class):
            found.update(name for name, annotation, _ in base.fields if _speaks_of_secret(annotation))
    return frozenset(found)


def _is_sealed(annotation: Value | None) -> bool:
    types = options(bare_type(annotation))
    return any(isinstance(one, External) and "Secret" in one.name.rpartition(".")[2] for one in types)


def _is_masked_name(program: Program, block: Block, name: str) -> bool:
    """Whether a local name is a parameter of such a type, or whether all that it is given is."""
    scope = block.scope
    if not isinstance(scope, FunctionScope):
        return False
    annotations = [item[2] for item in scope.function.parameters if item[0] == name]
    if annotations:
        return annotations[0] is not None and _speaks_of_secret(annotations[0])
    found = scope.assignments(name)
    return bool(found) and any(item[0] in ("assign", "annassign") and not is_none(item[-1]) for item in found) and (
        all(_gives_masked(program, block, item) for item in found)
    )  # fmt: skip


def _only_shows_censored(text: Form) -> bool:
    """Whether a text is put together of nothing but what a call censors: `f" - {censor(settings.API_KEY)}"`."""
    parts = [part[2] for part in text[2] if part[0] == "fmt"] if text[0] == "fstr" else [text]
    return bool(parts) and all(
        part[0] == "call" and _CENSORING.search(last_name(part[2])) is not None for part in parts
    )


_CENSORING = re.compile(r"censor|mask|redact|obfuscat|sanitis|sanitiz", re.I)


def shows_censored(block: Block, name: str, key: str) -> bool:
    """Whether a dictionary that a local name holds has something censored under a key: `{"key": mask(key)}`."""
    for form in block.forms.of("assign"):
        if form[3][0] != "dict" or not any(target[::2] == ["name", name] for target in form[2]):
            continue
        values = [value for own, value in form[3][2] if own is not None and own[0] == "const" and own[2] == key]
        return bool(values) and all(map(_only_shows_censored, values))
    return False


def _gives_masked(program: Program, block: Block, statement: Form) -> bool:
    if statement[0] == "annassign" and _speaks_of_secret(statement[3]):
        return True
    if statement[0] not in ("assign", "annassign"):
        return False
    value = statement[-1]
    if is_none(value):
        return True
    if value[0] == "await":
        value = value[2]
    if value[0] == "ifexp":
        return all(part[0] == "const" or _only_shows_censored(part) for part in value[3:5])
    if value[0] == "attr":
        return is_masked(program, block, value)
    if value[0] != "call" or value[2][0] not in ("name", "attr"):
        return False
    if last_name(value[2]) in ("SecretStr", "SecretBytes", "Secret"):
        return True
    functions = [function for function, _ in called(program, block, value)]
    return bool(functions) and all(
        function.returns is not None and _speaks_of_secret(function.returns) for function in functions
    )


def _speaks_of_secret(annotation: Form) -> bool:
    return any(item[0] in ("name", "attr") and "Secret" in str(item[-1]) for item in walk(annotation))
