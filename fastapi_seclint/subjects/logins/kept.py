"""What names hold of the ways in which a login ends: a text that is answered later, what a helper gave, an error's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, beginning, last_name
from fastapi_seclint.subjects.logins.ends import Outcome, Worlds
from fastapi_seclint.subjects.logins.records import fields_read, parts

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(slots=True)
class Kept:
    """By name, the ends that an answer tells of when it is made of what the name holds."""

    program: Program
    ends: dict[str, list[Outcome]] = field(default_factory=dict)

    def put(self, name: str, found: Iterable[Outcome], worlds: Worlds) -> None:
        """Let a name hold something else in these worlds, and in the others what it held."""
        others = [replace(end, worlds=end.worlds - worlds) for end in self.ends.get(name, ())]
        self.ends[name] = [end for end in (*others, *found) if end.worlds]

    def read(self, expression: Form) -> list[Outcome]:
        """What an expression tells of: what is held by the names in it, or by the fields that are read of them."""
        named = fields_read(expression).items()
        return [end for name, read in named for end in parts(self.program, self.ends.get(name, ()), read)]

    def passed_on(self, value: Form, caught: tuple[str, Outcome] | None, worlds: Worlds) -> list[Outcome]:
        """What a name holds from now on that is made of something held: `response = JSONResponse(content)`.

        `caught` is the exception at hand: `content = {"error": error.detail}`.
        """
        if value[0] in ("name", "attr"):
            name, read = beginning(value), value[3] if value[0] == "attr" else ""
            found = list(parts(self.program, self.ends.get(name, ()), read))
        else:
            found = self.read(value) if _is_answer(value) else []
        if caught is not None and caught[0] in fields_read(value):
            found.append(replace(caught[1], kind="answer"))
        return [replace(end, worlds=end.worlds & worlds) for end in found]


def _is_answer(value: Form) -> bool:
    """Whether an expression is put together to be sent: a response, a dictionary, a text."""
    made = value[0] == "call" and last_name(value[2])
    return value[0] in ("dict", "fstr") or (bool(made) and str(made).endswith("Response"))
