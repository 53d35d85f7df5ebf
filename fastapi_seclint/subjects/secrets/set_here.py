"""Variables of the environment that the program sets itself, to something it makes at random, before it reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_RANDOM = ("secrets.token_", "os.urandom", "uuid.uuid4", "cryptography.fernet.Fernet.generate_key")


@lru_cache(maxsize=1)
def set_at_random(program: Program) -> frozenset[str]:
    """The names of such variables: `os.environ["SECRET_KEY"] = secrets.token_urlsafe(32)`."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        if program.is_test(module) or "environ" not in module.facts.words:
            continue
        for number in module.facts.speaking(b'"environ"'):
            block = program.sites.block(module, number)
            found |= {name for name, value in _set(block) if _is_random(program, block, value)} if block else set()
    return frozenset(found)


def _set(block: Block) -> Iterator[tuple[str, Form]]:
    for form in block.forms.of("assign", "call"):
        match form:
            case ["assign", _, [["sub", _, owner, ["const", _, str(name)]]], value] if name_of(owner) == "environ":
                yield name, value
            case ["call", _, ["attr", _, owner, "setdefault"], [["const", _, str(name)], value], _] if (
                name_of(owner) == "environ"
            ):
                yield name, value


def _is_random(program: Program, block: Block, value: Form) -> bool:
    made = [option for option in options(ask(program, block, value)) if isinstance(option, External)]
    return any(option.name.startswith(_RANDOM) for option in made)
