"""What an object keeps when its class has made it: `DeviceToken(user).payload`, by the statements of `__init__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.payloads import inlining
from fastapi_seclint.subjects.payloads.bearing import bearing_on
from fastapi_seclint.subjects.payloads.branching import Names, merged
from fastapi_seclint.subjects.payloads.known import Known, Made
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow


def constructed(flow: Flow, form: Form) -> Known | None:
    """The object that a call of a class with a constructor of its own makes; None for other calls."""
    cls = next((one for one in options(ask(flow.program, flow.block, form[2])) if isinstance(one, Class)), None)
    maker = method_of(Instance(cls), "__init__") if cls is not None else None
    block = body_of(flow.program, maker) if maker is not None else None
    if cls is None or maker is None or block is None or flow.depth <= 0 or not maker.parameters:
        return None
    from fastapi_seclint.subjects.payloads.flow import Flow

    own = maker.parameters[0][0]
    names = inlining.bound(flow, maker, inlining.arguments(flow, form), Known(present=True, made=Made(cls)), True)
    inner = Flow(flow.program, block, of_class(cls, own, maker) | names, flow.depth - 1, flow.budget)
    kept = _targets(block, own)
    inner.relevant = bearing_on(flow.program, block, kept)
    inner.run()
    after = merged(inner.exits) if inner.exits else {}
    given = {name.removeprefix(f"{own}."): known for name, known in after.items() if name in kept}
    return Known(present=True, made=Made(cls, given), opaque="object")


def of_class(cls: Class, own: str, method: Function) -> Names:
    """What a class has for all of its objects, under the names by which a method reads it."""
    held: Names = {}
    for base in reversed([one for one in cls.lineage() if isinstance(one, Class)]):
        for name, value in base.namespace.items():
            if not isinstance(value, Function | Class):
                held[f"{own}.{name}"] = of_value(value, method.place)
    return held


def _targets(block: Block, own: str) -> set[str]:
    """What a constructor gives its object, `self.payload = {...}`, as it is spelled."""
    found: set[str] = set()
    for form in block.forms.of("assign", "annassign"):
        for target in form[2] if form[0] == "assign" else [form[2]]:
            if target[0] == "attr" and target[2][2:] == [own] and form[-1] is not None:
                found.add(f"{own}.{target[3]}")
    return found
