"""Headers that an exception of the project's own has or hands on, whatever its callers say."""

from __future__ import annotations

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function


def own_headers(block: Block) -> Form | None:
    """What a constructor gives its object for headers: `self.headers = CHALLENGE`."""
    given: Form
    for form in block.forms.of("assign"):
        for target in form[2]:
            if target[0] == "attr" and target[3] == "headers" and target[2][2:] == ["self"]:
                given = form[3]
                return given
    return None


def are_others(headers: Form) -> bool:
    """Whether headers are written down and the one that names the scheme is none of them."""
    if headers[0] != "dict":
        return False
    keys = [str(key[2]).lower() if key is not None and key[0] == "const" else "" for key, _ in headers[2]]
    return "" not in keys and "www-authenticate" not in keys


def hands_headers_on(cls: Class, initializer: Function) -> bool:
    """Whether the constructor above one of a class takes headers, as that of `HTTPException` does."""
    lineage = list(cls.lineage())
    owner = initializer.owner
    for base in lineage[lineage.index(owner) + 1 :] if owner in lineage else ():
        above = base.namespace.get("__init__") if isinstance(base, Class) else None
        if isinstance(above, Function):
            return any(item[0] == "headers" or item[1] == KEYWORDS for item in above.parameters)
    return True


def without_rest(call: Form) -> Form:
    """A call in an initializer without its `**kwargs`, which callers fill, for those who say no more."""
    return [*call[:4], [item for item in call[4] if item[0] is not None or item[1][0] != "name"]]
