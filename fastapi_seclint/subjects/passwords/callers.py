"""Who calls a function, and what is passed for its parameters, calls of injected objects included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function, options
from fastapi_seclint.subjects.code.implementations import stands_for
from fastapi_seclint.subjects.code.origins import ask, called, partials
from fastapi_seclint.subjects.passwords.unpacked import names_given

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords

_UNRESOLVED = 40


class Callers:
    """Finds the calls of functions of one program, each once."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._known: dict[tuple[str, int], list[tuple[Block, Form, bool, bool]]] = {}

    def given(self, function: Function, name: str) -> Iterator[tuple[Block, Form, bool]]:
        """The expressions that calls pass for a parameter, and whether the call is known to reach the function.

        For `**values` that is what callers spread; what they spread has an item for another parameter.
        """
        index = next((number for number, item in enumerate(function.parameters) if item[0] == name), -1)
        rest = index >= 0 and function.parameters[index][1] == KEYWORDS
        for block, call, bound, sure in self.of(function):
            if rest:
                yield from ((block, value, sure) for keyword, value, _ in call[4] if keyword is None)
                continue
            passed = next((value for keyword, value, _ in call[4] if keyword == name), None)
            position = index - 1 if bound else index
            if passed is None and 0 <= position < len(call[3]) and not any(item[0] == "star" for item in call[3]):
                passed = call[3][position]
            if passed is None:
                passed = _item_spread(block, call, name)
            if passed is not None:
                yield block, passed, sure

    def of(self, function: Function) -> list[tuple[Block, Form, bool, bool]]:
        """Calls of a function: block, call, whether the first parameter is bound, whether it is surely this one.

        Calls of something unknown by the same name come with False: the object may have been injected.
        """
        key = (function.module.file, function.number)
        if key not in self._known:
            self._known[key] = list(self._find(function))
        return self._known[key]

    def _find(self, function: Function) -> Iterator[tuple[Block, Form, bool, bool]]:
        made = function.name == "__init__" and function.owner is not None
        name = function.owner.name if made and function.owner is not None else function.name
        method = function.owner is not None and function.kind != "static"
        program, doubtful = self._passwords.program, 0
        for block in program.sites.blocks(frozenset({name})):
            if program.is_test(block.module):
                continue
            for form in self._passwords.forms(block):
                if form[0] != "call" or form[2][0] not in ("name", "attr") or form[2][-1] != name:
                    continue
                if made:
                    if any(option is function.owner for option in options(ask(program, block, form[2]))):
                        yield block, form, True, True
                    continue
                reached = list(called(program, block, form))
                for found, bound in reached:
                    same = (found.module.file, found.number) == (function.module.file, function.number)
                    if same or stands_for(function, found):
                        yield block, form, bound, True
                if not reached and method and form[2][0] == "attr" and doubtful < _UNRESOLVED:
                    doubtful += 1
                    yield block, form, True, False
        for block, form, bound in _given_before(program, function):
            yield block, form, made or bound, True


def _item_spread(block: Block, call: Form, name: str) -> Form | None:
    """The item that one dictionary has for a parameter, where it is made in the same block: `create(**values)`."""
    spread = [value for keyword, value, _ in call[4] if keyword is None]
    if len(spread) != 1:
        return None
    whole = spread[0]
    made = whole[0] == "name" and isinstance(block.scope, FunctionScope) and block.scope.assignments(whole[2])
    return ["sub", whole[1], whole, ["const", whole[1], name]] if made or whole[0] == "dict" else None


def _given_before(program: Program, function: Function) -> Iterator[tuple[Block, Form, bool]]:
    """The calls of what `functools.partial` made of a function, with what it got there: `save = partial(create, db)`.

    Block, call, and whether the first parameter is bound. Where nothing shows the later call, what was given is all.
    """
    for block, kept in partials(program, function):
        if program.is_test(block.module):
            continue
        first, keywords, names = kept[3][1:], kept[4], names_given(block, kept)
        later = [form for form in block.forms.of("call") if form[2][0] == "name" and form[2][2] in names]
        for call in later or [["call", kept[1], kept[3][0], [], []]]:
            whole = ["call", call[1], kept[3][0], [*first, *call[3]], [*call[4], *keywords]]
            yield block, whole, kept[2][-1] == "partialmethod"
