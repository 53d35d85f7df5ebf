"""Which files a server runs: those that import FastAPI, and those of the project that they import."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.program.modules import Module

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@lru_cache(maxsize=1)
def served(program: Program) -> frozenset[str]:
    """The files that a server's process loads, by the imports at the top of files."""
    modules = [item for item in program.modules.by_file.values() if not program.is_test(item)]
    waiting = [item for item in modules if any(name.split(".")[0] == "fastapi" for name in item.facts.imports)]
    found = {item.file for item in waiting}
    while waiting:
        for module in _imported(program, waiting.pop()):
            if module.file not in found:
                found.add(module.file)
                waiting.append(module)
    return frozenset(found)


def _imported(program: Program, module: Module) -> Iterator[Module]:
    modules = program.modules
    for form in module.facts.forms(MODULE).of("import", "from"):
        if form[0] == "import":
            yield from filter(None, (modules.absolute(name, module) for name, _ in form[2]))
            continue
        _, _, level, source, names = form
        home = modules.relative(level, source, module) if level else modules.absolute(source, module)
        if home is not None:
            yield home
            yield from filter(None, (modules.child(home, name) for name, _ in names))
