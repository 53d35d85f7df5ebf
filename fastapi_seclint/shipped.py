"""The reference implementations as text: what can be had, what each needs, and the source of one definition.

Nothing here imports them, so that reading them needs none of their libraries.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "reference"
_IMPORT = re.compile(r"^(?:from (?P<source>\.?\w+)[\w.]* import|import (?P<plain>\w+))", re.M)
_DISTRIBUTIONS = {
    "jwt": "pyjwt",
    "jose": "python-jose",
    "pydantic_settings": "pydantic-settings",
    "pwdlib": "pwdlib[argon2,bcrypt]",
    "passlib": "passlib bcrypt<5",
    "limits": "limits[redis]",
    "starlette": "fastapi",
    "pydantic": "fastapi",
}


@dataclass(frozen=True, slots=True)
class Implementation:
    """One module of the reference: its name, its source, and what it stands on.

    `needs` are other modules of the reference, directly or through one another; `libraries` what to install, as pip
    names it.
    """

    name: str
    source: str
    needs: tuple[str, ...]
    libraries: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first sentence of its docstring, without the guide's section."""
        return re.split(r"(?: \([^)]*\))?[.:](?:\s|$)", self.source.lstrip('"'), maxsplit=1)[0].replace("\n", " ")

    def definition(self, name: str) -> str:
        """The source of one function, class or constant at the top level; KeyError when there is none."""
        return definition(self.source, name)


def names() -> tuple[str, ...]:
    """All modules of the reference, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


@cache
def implementation(name: str) -> Implementation:
    """One module of the reference; KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    source = (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
    needs = [found.removeprefix(".") for found in _imported(source) if found.startswith(".")]
    for needed in needs:
        needs += [item for item in implementation(needed).needs if item not in needs]
    own = {found for found in _imported(source) if not found.startswith(".")} - set(sys.stdlib_module_names)
    libraries = {text for library in own for text in _DISTRIBUTIONS.get(library, library).split()}
    libraries |= {library for needed in needs for library in implementation(needed).libraries}
    return Implementation(name, source, tuple(sorted(needs)), tuple(sorted(libraries)))


def definition(source: str, name: str) -> str:
    """The source of what a module binds to a name at its top level, decorators included; KeyError when it does not."""
    start = re.search(rf"^(?:(?:async )?def|class) {re.escape(name)}\b|^{re.escape(name)}\b[^=\n]*= ?", source, re.M)
    if start is None:
        raise KeyError(name)
    lines = source.splitlines()
    first = source.count("\n", 0, start.start())
    last = first + 1
    while last < len(lines) and (not lines[last] or lines[last][0] in " )]}"):
        last += 1
    while first and lines[first - 1].startswith(("@", "#")):
        first -= 1
    return "\n".join(lines[first:last]).rstrip() + "\n"


def _imported(source: str) -> list[str]:
    """The first parts of all imported names in order, `.` before those of the reference; each once."""
    found = [match["source"] or match["plain"] for match in _IMPORT.finditer(source)]
    return list(dict.fromkeys(found))
