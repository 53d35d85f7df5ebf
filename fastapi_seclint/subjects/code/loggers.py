"""The logger that a file has, or can have, for fixes that write to the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts import MODULE
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.constants import new_constant
from fastapi_seclint.subjects.secrets.names import words_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WORDS = (["logger"], ["log"])
_NAMES = ("logger", "log", "_logger", "_log")


@dataclass(frozen=True, slots=True)
class Logger:
    """A logger by its name in a file, and the edits that make it where the file has none.

    `standard` tells that its methods are those of Python's `logging`, which take `exc_info`.
    """

    name: str
    edits: tuple[Edit, ...]
    standard: bool
    loguru: bool = False

    def exception(self, text: str) -> str:
        """The statement that logs the exception being handled."""
        return f"{self.name}.exception({text})"

    def warning(self, text: str) -> str:
        """The statement that logs the exception being handled as something that a caller did wrong."""
        return f"{self.name}.warning({text}, exc_info=True)" if self.standard else self.exception(text)

    def error(self, text: str, exception: str) -> str:
        """The statement that logs an exception that another place handles (in a thread of its own, maybe)."""
        if self.loguru:
            return f"{self.name}.opt(exception={exception}).error({text})"
        return f"{self.name}.error({text}, exc_info={exception})" if self.standard else self.exception(text)


def logger(program: Program, block: Block) -> Logger:
    """The logger of a block's file: one that it makes or imports, else one as most files of the project have it.

    That is one which they import from the project, loguru's, or a new one of Python's `logging`.
    """
    module = block.module
    for statement in module.facts.forms(MODULE).of("assign", "from"):
        match statement:
            case ["assign", _, [["name", _, name]], ["call", _, ["name" | "attr", *_] as function, *_]]:
                if str(function[-1]).lower().removeprefix("get").strip("_") in ("logger", "log"):
                    return Logger(name, (), function[-1] == "getLogger")
            case ["from", _, _, source, names]:
                for name, alias in names:
                    if words_of(alias or name) in _WORDS and source != "logging":
                        return Logger(alias or name, (), False, source == "loguru")
    shared = _shared(program)
    if shared is not None and shared[1] not in module.facts.words and shared[0] != module.name:
        return Logger(shared[1], (AddImport(module.path, *shared, local=True),), False)
    if _has_loguru(program) and "logger" not in module.facts.words:
        return Logger("logger", (AddImport(module.path, "loguru", "logger", local=False),), False, True)
    return _new(module)


@lru_cache(maxsize=1)
def _shared(program: Program) -> tuple[str, str] | None:
    """The module and name of a logger of the project's that more files import than have one in another way."""
    found: Counter[tuple[str, str]] = Counter()
    others = 0
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        given = [
            (source, name)
            for _, _, level, source, names in module.facts.forms(MODULE).of("from")
            for name, alias in names
            if not level and alias is None and source in program.modules.by_name and words_of(name) in _WORDS
        ]
        found.update(set(given))
        others += not given and bool({"logging.getLogger", "logging", "loguru"} & set(module.facts.imports))
    return next((one for one, count in found.most_common(1) if count > max(others, 1)), None)


@lru_cache(maxsize=1)
def _has_loguru(program: Program) -> bool:
    """Whether more files of a project log with loguru than with `logging`."""
    modules = [module for module in program.modules.by_file.values() if not program.is_test(module)]
    theirs = sum("loguru" in module.facts.imports or "loguru.logger" in module.facts.imports for module in modules)
    return theirs > sum("logging" in module.facts.imports for module in modules)


def _new(module: Module) -> Logger:
    made = new_constant(module, _NAMES, "logging.getLogger(__name__)")
    return Logger(made.name, (AddImport(module.path, "logging"), *made.edits), True)
