"""Tokens that are traded, which have the name of a credential and are none."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.secrets.names import word_set, words_of

_TRADED = word_set("asset assets currency currencies symbol symbols coin coins quote mint")


def is_currency(block: Block, form: Form) -> bool:
    """Whether a function compares the same attribute with what is traded: `fee.token == quote_asset`."""
    return any(
        any(_same(side, form) for side in (test[2], *test[4]))
        and any(_TRADED & set(words_of(str(side[-1]))) for side in (test[2], *test[4]) if side[0] in ("name", "attr"))
        for test in block.forms.of("compare")
    )


def _same(side: Form, form: Form) -> bool:
    """Whether two expressions are the same attribute of the same name."""
    attributes = side[0] == form[0] == "attr" and side[3] == form[3]
    return attributes and side[2][0] == form[2][0] == "name" and bool(side[2][2] == form[2][2])
