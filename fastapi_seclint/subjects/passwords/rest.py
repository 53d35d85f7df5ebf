"""Functions that take whatever callers name: `async def add(self, **values)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.replaced import changed

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def takes_rest(block: Block) -> bool:
    """Whether a function takes whatever callers spread or name, or spreads what an object makes: `**body.as_row()`."""
    if block.function is not None and any(item[1] == KEYWORDS for item in block.function.parameters):
        return True
    return any(key is None and value[0] == "call" for form in block.forms.of("call") for key, value, _ in form[4])


def named_by_callers(known: Passwords, block: Block, value: Form) -> Iterator[tuple[Block, int, Form]]:
    """The passwords among what callers name for `**values`: block, place, expression; none where they are replaced."""
    function = block.function
    rest = [item[0] for item in function.parameters if item[1] == KEYWORDS] if function is not None else []
    if function is None or value[0] != "name" or value[2] not in rest or changed(known, block, value):
        return
    own = {item[0] for item in function.parameters} | _taken_out(block, value[2])
    for other, call, _, sure in known.requests.callers.of(function):
        for keyword, given, at in call[4] if sure else ():
            if keyword is not None and keyword not in own and naming(keyword):
                yield other, at, given


def displays_of_callers(known: Passwords, block: Block, value: Form) -> Iterator[tuple[Block, Form]]:
    """The dictionaries that callers write for a parameter, `store.add({"name": name})`; none where it is changed."""
    function = block.function
    own = [item[0] for item in function.parameters if item[1] != KEYWORDS] if function is not None else []
    if function is None or value[0] != "name" or value[2] not in own or changed(known, block, value):
        return
    for other, given, sure in known.requests.callers.given(function, value[2]):
        if sure and given[0] == "dict":
            yield other, given


def _taken_out(block: Block, name: str) -> set[str]:
    """The keys that are taken out of a dictionary before it is spread: `password = values.pop("password")`."""
    return {
        form[3][0][2]
        for form in block.forms.of("call")
        if form[2][0] == "attr"
        and form[2][3] == "pop"
        and form[2][2][2:] == [name]
        and form[3]
        and form[3][0][0] == "const"
    }
