"""Options that are put into a dictionary only to call something with them, as the keywords that they are.

`options = {"key": value}`, `options["other"] = more` and `f(**options)` are `f(key=value, other=more)`, where nothing
else asks for the dictionary.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from fastapi_seclint.facts.forms import Form, Forms, pack, span_of, walk


def told_by_name(body: list[Form], names: set[str], inner: list[list[Form]]) -> list[Form]:
    """The statements of a block, without the dictionaries of these names that are only spread in one call.

    `inner` are the statements of the functions in the block, which may ask for them, too.
    """
    forms = Forms(body)
    asked = {form[2] for form in Forms(inner).of("name")} if inner else set()
    asked.update(name for form in forms.of("global", "nonlocal") for name in form[2])
    uses: dict[str, list[Form]] = {}
    for form in forms.of("name"):
        if form[2] in names and form[2] not in asked:
            uses.setdefault(form[2], []).append(form)
    for name, found in uses.items():
        made = next((form for form in forms.of("assign") if form[2][0] is found[0] and len(form[2]) == 1), None)
        spread = [
            (call, item)
            for call in forms.of("call")
            for item in call[4]
            if item[0] is None and item[1][0] == "name" and item[1][2] == name
        ]
        if made is None or len(spread) != 1:
            continue
        call, item = spread[0]
        if (pairs := _pairs(body, made, call, len(found) - 2)) is not None:
            told = [_keyword(key, value) for key, value in pairs]
            call[4] = [one for given in call[4] for one in (told if given is item else [given])]
    return body


def _pairs(block: list[Any], made: Form, call: Form, added: int) -> list[Form] | None:
    """What a dictionary has when it is complete; the statements that made it are taken out of their block.

    None, and nothing is taken out, where it has more than is certain: `added` items are added right after it is made,
    and the call is below that.
    """
    start = next((number for number, statement in enumerate(block) if statement is made), None)
    if start is None:
        plain = (statement for statement in block if statement[0] != "class")  # its names are attributes, too
        inner = (item for statement in plain for item in statement if type(item) is list and item)
        found = (_pairs(item, made, call, added) for item in inner if type(item[0]) is list)
        return next((pairs for pairs in found if pairs is not None), None)
    end = start + 1 + added
    if made[3][0] != "dict":
        return None
    pairs = [*made[3][2]]
    for statement in block[start + 1 : end]:
        match statement:
            case ["assign", _, [["sub", _, ["name", _, owner], key]], value] if owner == made[2][0][2]:
                pairs.append([key, value])
            case _:
                return None
    named = [key for key, _ in pairs if key is not None]
    if any(key is not None and later is None for (key, _), (later, _) in pairwise(pairs)):
        return None  # what is spread comes after an item, and may be another value for it
    texts = [key[2] for key in named if key[0] == "const" and isinstance(key[2], str)]
    if len({*texts}) != len(named) or not all(text.isidentifier() for text in texts):
        return None
    if not any(form is call for form in walk(block[end:])):
        return None
    del block[start:end]
    return pairs


def _keyword(key: Form | None, value: Form) -> Form:
    """An item of a dictionary as what a call is given; one that is spread stays so."""
    if key is None:
        return [None, value, value[1]]
    start, end = span_of(key[1]), span_of(value[1])
    return [key[2], value, pack(start.line, start.column - 1, end.end_line, end.end_column - 1)]
