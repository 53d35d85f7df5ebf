"""Whether code takes a password out of what it gives."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.names import naming


def leaves_out(block: Block) -> bool:
    """Whether a block takes a password out of an object: `pop("password")`, `del d[...]`, `user.password = None`."""
    for form in block.forms.every:
        match form:
            case ["call", _, ["attr", _, _, "pop"], [["const", _, str() as name], *_], _] if naming(name):
                return True
            case ["delete", _, targets]:
                if any(naming(str(item[-1][2] if item[0] == "sub" else item[-1])) for item in targets if len(item) > 2):
                    return True
            case ["assign", _, [["attr" | "sub", *_] as target], ["const", *_]] if naming(_last(target)):
                return True
            case ["compare", *_] if any(item[0] == "const" and naming(str(item[2])) for item in walk(form)):
                return True
    return False


def _last(target: Form) -> str:
    name = target[3]
    return name if isinstance(name, str) else str(name[2]) if name[0] == "const" else ""
