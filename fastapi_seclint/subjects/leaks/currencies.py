"""Tokens that are traded, turn pages or hold a lock, which have the name of a credential and are none."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.literals import name_of
from fastapi_seclint.subjects.secrets.names import word_set

_TRADED = word_set("asset assets currency currencies symbol symbols coin coins quote mint")


_PAGES = word_set("page pages paging pagination paginate paginated paginator cursor")
_LOCKS = word_set("lock locks mutex lease")


def is_no_credential(block: Block, form: Form) -> bool:
    """Whether what is called a token is a place in a list, holds a lock, or is traded.

    A function, class or file of pagination speaks of places in lists.
    """
    function = block.function
    around = f"{function.qualname} {block.module.name.rpartition('.')[2]}" if function is not None else ""
    if _PAGES & set(words_of(around)) or any(_LOCKS & set(words_of(name_of(item))) for item in walk(form)):
        return True
    return is_currency(block, form)


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
