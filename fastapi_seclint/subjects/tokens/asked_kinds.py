"""A reader of tokens that guards share with routes for other kinds: whoever calls it says which kind is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter, Edit, SetKeyword
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.mailed import mailed_word
from fastapi_seclint.subjects.tokens.purposes import renews
from fastapi_seclint.subjects.tokens.type_claims import told_by
from fastapi_seclint.subjects.tokens.type_tests import tested
from fastapi_seclint.subjects.tokens.types import guarding_readers, reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NAMES = ("token_type", "expected_type")


def asking(program: Program, decoding: Decoding) -> tuple[Edit, ...]:
    """The edits that let the function around a reading refuse what its caller does not want, access tokens by default.

    Nothing where one of the callers, guards aside, does not say by its name what it is for, or tells it already.
    """
    reader = decoding.call.block.function
    if reader is None or decoding.call.name.endswith("_complete"):
        return ()
    way = {id(one) for guard in guarding_readers(program) for one, _ in reached(program, guard)}
    name = next((free for free in _NAMES if free not in {item[0] for item in reader.parameters}), "")
    calls: list[Edit] = []
    for block, form, _ in callers(program, reader):
        if program.is_test(block.module) or (block.function is not None and id(block.function) in way):
            continue
        around = block.function.name if block.function is not None else ""
        kind = mailed_word(around) or ("refresh" if renews(around) else "")
        if not kind or told_by(reader, form, kind):
            return ()
        calls.append(SetKeyword(block.module.path, span_of(form[1]), name, f'"{kind}"'))
    suffix = ".claims" if decoding.library == "joserfc" else ""
    edits = tested(
        decoding.call.block, decoding.call.form, suffix, lambda claims: f'{claims}.get("type") != {name}',
        "not a token of the right type",
    )  # fmt: skip
    if not edits or not calls or not name:
        return ()
    return (AddParameter(reader.module.path, span_of(reader.at), f'{name}: str = "access"'), *edits, *calls)
