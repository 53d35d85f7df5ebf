"""Time that is spent on purpose where there is no account: a hash of nobody is made or verified."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import bodies
from fastapi_seclint.subjects.logins.worlds import mentions_password

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SLOW = re.compile(r"verify|hash|dummy|checkpw|sleep", re.I)


def leaves(program: Program, block: Block, statements: list[Form]) -> bool:
    """Whether statements end the function without a hash: no call in them takes time on purpose."""
    if not statements or statements[-1][0] not in ("return", "raise"):
        return False
    return not is_slow(program, block, statements)


def is_slow(program: Program, block: Block, statements: list[Form]) -> bool:
    """Whether statements hash something, by name, or hand on the password, to what does or with the hash of nobody."""
    for call in (form for form in walk(statements) if form[0] == "call"):
        if _SLOW.search(str(call[2][-1])) or _verifies_nobody(call):
            return True
        if mentions_password(arguments(call)):
            inner = (form for body in bodies(program, block, call) for form in body.forms.of("call"))
            if any(_SLOW.search(str(form[2][-1])) for form in inner):
                return True
    return False


def _verifies_nobody(call: Form) -> bool:
    """`check_password(password, DUMMY_HASH)`: what is given a password and a constant that is named after a hash."""
    given = arguments(call)
    constants = [item for item in given if item[0] in ("name", "attr") and str(item[-1]).isupper()]
    return any(_SLOW.search(item[-1]) for item in constants) and len(given) > 1
