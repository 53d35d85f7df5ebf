"""Classes that are mapped to tables by a call: `registry.map_imperatively(Member, members)`.

Source: SQLAlchemy, "Imperative Mapping"; until 1.4 `sqlalchemy.orm.mapper` did the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import Class, External, options

if TYPE_CHECKING:
    from fastapi_seclint.program.program import Program

_MAPPING = frozenset({"map_imperatively", "mapper"})


def note_mapped(program: Program) -> None:
    """Note of each class in sight that code maps to a table."""
    for block in program.sites.blocks(_MAPPING):
        for form in block.forms.of("call"):
            if last_name(form[2]) not in _MAPPING or not form[3] or program.is_test(block.module):
                continue
            call = Call(block, form, "map_imperatively", program.interpreter)
            known = [option for option in options(call.ask(form[2])) if isinstance(option, External)]
            if form[2][-1] == "mapper" and not any(option.name.startswith("sqlalchemy.") for option in known):
                continue
            for cls in (option for option in options(call.ask(form[3][0])) if isinstance(option, Class)):
                cls.mapped = True
