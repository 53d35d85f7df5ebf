"""What the options of a call that reads tokens say where they are put together on the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.items import ARRIVED, Item
from fastapi_seclint.subjects.code.origins import Holder
from fastapi_seclint.subjects.payloads.arriving import arrivals
from fastapi_seclint.subjects.payloads.builders import assigned_once
from fastapi_seclint.subjects.payloads.known import Claim, Claims, Known, Written
from fastapi_seclint.subjects.payloads.ways import Way

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.tokens.jwt import Decoding


def switched_off(decoding: Decoding, key: str) -> Iterator[Item]:
    """The options that are surely false under a key on one of the ways to a call, each where that is written."""
    given = decoding.given_options
    if given is None or given[0] == "dict":
        return
    seen: set[tuple[str, int]] = set()
    for way, options in _options(decoding.program, decoding):
        claim = options.get(key)
        if claim is not None and claim.sure and claim.values and all(map(_is_false, claim.values)):
            item = _item(decoding, given, claim, way)
            if (place := (item.block.module.path, item.form[1])) not in seen:
                seen.add(place)
                yield item


@answered_once
def _options(program: Program, decoding: Decoding) -> list[tuple[Way, Claims]]:
    """The options of a call, once for each way to it."""
    call, given = decoding.call, decoding.given_options
    target = ["call", call.form[1], call.form[2], [given, *call.whole[3][:1]], []]
    found = arrivals(program, call.block, target)
    return [(way, one.positional[0].claims) for way, one in found if one.positional and one.positional[0].claims]


def _is_false(value: Known) -> bool:
    return value.present is False and value.texts == ("False",)


def _item(decoding: Decoding, given: Form, claim: Claim, way: Way) -> Item:
    """The option where its value is written; where that is not known, where the call is given all of them."""
    written = next((_value(one) for value in claim.values for one in (*value.written, *claim.written)), None)
    block, whole = decoding.call.block, assigned_once(decoding.call.block, given)
    form = ["const", whole[1], False]
    if written is not None and written.form[0] == "const":
        looped = any(holds(made[1], written.form[1]) for made in written.block.forms.of("comp", "for"))
        here = (written.block.module, written.block.number) == (block.module, block.number)
        if not looped or here or whole[0] in ("name", "attr"):
            block, form = written.block, written.form
    steps = [step for step in way.steps if step.block.module is block.module and step.block.number == block.number]
    step = next(iter([*steps, *way.steps]), None)
    holder = Holder(step.block, step.form, None) if step is not None else None
    looped = any(holds(made[1], form[1]) for made in block.forms.of("comp", "for"))
    ours = [decoding.call.block, *(step.block for step in way.steps)]
    helper = block.function is not None and not any(block.statements is one.statements for one in ours)
    shared = form[1] == whole[1] or looped or helper
    return Item(block, claim.key, form, span_of(form[1]), [ARRIVED, given[1]], holder, shared)


def _value(written: Written) -> Written:
    """The value of an item of a dictionary."""
    return Written(written.block, written.form[-1]) if written.form[0] == "item" else written
