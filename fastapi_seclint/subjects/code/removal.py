"""How an item leaves a dictionary: with the dictionary where that is left empty, and with a name that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveDictItem, RemoveKeyword, RemoveStatement
from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.subjects.code.items import ARRIVED, Item
from fastapi_seclint.subjects.code.origins import Holder

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def removed(program: Program, item: Item, call: Form) -> tuple[Edit, ...]:
    """The edits that take an item away from a dictionary that goes into a call as an optional argument.

    None where its value is that of other keys, too.
    """
    path, container = item.block.module.path, item.container
    if item.shared or container[0] == ARRIVED:
        return ()
    if container[0] == "assign":
        return (RemoveStatement(path, span_of(container[1])),)
    if _is_alone(container):
        if item.holder is not None and item.holder.name is not None:
            return _let_go(item.holder, item)
        if named := _named(program, item, call):
            return named
    if container[0] == "dict":
        return (RemoveDictItem(path, span_of(container[1]), item.key),)
    return (RemoveKeyword(path, span_of(container[1]), item.key),)


def _is_alone(container: Form) -> bool:
    if container[0] == "dict":
        return len(container[2]) == 1
    return len(container[3]) + len(container[4]) == 1


def _let_go(holder: Holder, item: Item) -> tuple[Edit, ...]:
    assert holder.name is not None
    path, span = holder.block.module.path, span_of(_written(holder, item)[1])
    if holder.form[0] == "dict":
        return (RemoveDictItem(path, span, holder.name),)
    if holder.form[0] == "call":
        return (RemoveKeyword(path, span, holder.name),)
    return (RemoveStatement(path, span),)


def _written(holder: Holder, item: Item) -> Form:
    """The call that the dictionary is written in: that of `functools.partial` where it is given before."""
    calls = holder.block.module.facts.forms(MODULE).of("call") if holder.form[0] == "call" else []
    return next((call for call in calls if any(value is item.container for _, value, _ in call[4])), holder.form)


def _named(program: Program, item: Item, call: Form) -> tuple[Edit, ...]:
    """The edits when the dictionary has a name that is used for one keyword of the call only."""
    module = item.block.module
    statement = _assignment(item)
    if statement is None:
        return ()
    name = (statement[2][0] if statement[0] == "assign" else statement[2])[2]
    others = [other for other in program.modules.by_file.values() if other is not module and name in other.facts.words]
    local = item.block.function is not None
    blocks = [item.block.statements] if local else [] if others else _blocks(item)
    uses = [form for block in blocks for form in walk(block) if form[0] in ("name", "attr") and form[-1] == name]
    keywords = [word for word, value, _ in call[4] if word and any(value is use for use in uses)]
    if len(uses) != 2 or len(keywords) != 1:
        return ()
    removal = RemoveKeyword(module.path, span_of(call[1]), keywords[0])
    return RemoveStatement(module.path, span_of(statement[1])), removal


def _assignment(item: Item) -> Form | None:
    """The statement that gives the dictionary its only name."""
    for form in item.block.forms.every:
        if form[0] in ("assign", "annassign") and form[-1] is item.container:
            targets = form[2] if form[0] == "assign" else [form[2]]
            return form if len(targets) == 1 and targets[0][0] == "name" else None
    return None


def _blocks(item: Item) -> list[list[Form]]:
    facts = item.block.module.facts
    return [facts.module, *(facts.body(number) for number in range(len(facts.functions)))]
