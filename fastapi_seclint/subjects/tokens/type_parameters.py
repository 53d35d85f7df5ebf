"""A reader of tokens that guards and refresh routes share: it is told which type to demand, and refuses the other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter, Edit, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.refreshing import refreshing_functions
from fastapi_seclint.subjects.tokens.type_claims import told_by
from fastapi_seclint.subjects.tokens.type_tests import only_text, tested
from fastapi_seclint.subjects.tokens.types import guarding_readers, kinds, reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NAMES = ("token_type", "expected_type")


def demanding(program: Program, decoding: Decoding) -> tuple[Edit, ...]:
    """The edits that let the function around a reading demand access tokens, and refresh tokens where one is renewed.

    Nothing where it may be for tokens of a third kind, or where the types of the two cannot be told by one claim.
    """
    reader = decoding.call.block.function
    told = _told(program)
    if reader is None or told is None or decoding.call.name.endswith("_complete"):
        return ()
    renewed = _renewing_calls(program, reader)
    name = next((free for free in _NAMES if free not in {item[0] for item in reader.parameters}), "")
    claim, access, refresh = told
    known = _known_parameter(program, reader, [form for _, form in renewed], access, refresh)
    name = known or name
    if not renewed or not name:
        return ()
    suffix = ".claims" if decoding.library == "joserfc" else ""
    edits = tested(
        decoding.call.block, decoding.call.form, suffix, lambda claims: f'{claims}.get("{claim}") != {name}',
        "not a token of the right type",
    )  # fmt: skip
    if not edits or known:
        return edits
    module = reader.module
    parameter = AddParameter(module.path, span_of(reader.at), f"{name}: str = {_quoted(access)}")
    calls = [SetKeyword(path, span_of(form[1]), name, _quoted(refresh)) for path, form in renewed]
    return (parameter, *edits, *calls)


def _known_parameter(program: Program, reader: Function, renewed: list[Form], access: str, refresh: str) -> str:
    """The parameter by which all callers say already which type they want, and nothing asks; empty for none."""
    calls = [form for block, form, _ in callers(program, reader) if not program.is_test(block.module)]
    said = {told_by(reader, form, refresh if any(form is one for one in renewed) else access) for form in calls}
    return said.pop() if len(said) == 1 else ""


def _told(program: Program) -> tuple[str, str, str] | None:
    """The claim that tells the types of tokens, the text of access tokens and that of refresh tokens."""
    made = kinds(program)
    access = [token for token, purpose, _ in made if purpose == "access"]
    refresh = [token for token, purpose, _ in made if purpose == "refresh"]
    return only_text(access, refresh)


def _renewing_calls(program: Program, reader: Function) -> list[tuple[str, Form]]:
    """The calls of a reader in functions that renew tokens, or in those that they call and no guard does.

    Nothing where others than guards call it, too, and there are tokens for something else that it may be for.
    """
    others = any(purpose == "other" for _, purpose, _ in kinds(program))
    direct = {(one.module.file, one.number) for one in refreshing_functions(program)}
    guards, renewing = _ways(program, guarding_readers(program)), _ways(program, refreshing_functions(program))
    found = []
    for block, form, _ in callers(program, reader):
        if program.is_test(block.module):
            continue
        key = (block.module.file, block.number)
        if key in direct or key in renewing - guards:
            found.append((block.module.path, form))
        elif key in renewing or (others and key not in guards):
            return []
    return found


def _ways(program: Program, functions: Iterable[Function]) -> set[tuple[str, int]]:
    """The functions given and what they call, by file and number."""
    return {(one.module.file, one.number) for function in functions for one, _ in reached(program, function)}


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
