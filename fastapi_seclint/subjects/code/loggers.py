"""The logger that a file has, or can have, for fixes that write to the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.constants import new_constant
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered

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
    for statement in module.facts.forms(MODULE).of("assign", "annassign", "from"):
        match statement:
            case ["assign", _, [["name", _, name]], ["call", _, ["name" | "attr", *_] as function, *_]] | [
                "annassign",
                _,
                ["name", _, name],
                _,
                ["call", _, ["name" | "attr", *_] as function, *_],
            ]:
                if str(function[-1]).lower().removeprefix("get").strip("_") in ("logger", "log"):
                    return Logger(name, (), function[-1] == "getLogger")
            case ["from", _, _, source, names]:
                for name, alias in names:
                    if _is_logger(alias or name) and source != "logging":
                        return Logger(alias or name, (), False, source == "loguru")
    shared = _shared(program)
    if shared is not None and shared[1] not in module.facts.words and shared[0] != module.name:
        return Logger(shared[1], (AddImport(module.path, *shared, local=True),), False)
    if _has_loguru(program) and "logger" not in module.facts.words:
        return Logger("logger", (AddImport(module.path, "loguru", "logger", local=False),), False, True)
    return _made(program, module) or _new(module)


def _is_logger(name: str) -> bool:
    """Whether a name is that of a logger, and not of a class of loggers: `Logger`."""
    return words_of(name) in _WORDS and (name.isupper() or not name[:1].isupper())


def _made(program: Program, module: Module) -> Logger | None:
    """A new logger from what most files of the project make theirs with; None where that is `logging.getLogger`."""
    usual = _maker(program)
    if usual is None or usual[1] == module.name or local_name(module, usual[2] or usual[1], usual[1]) not in usual:
        return None
    code, source, name = usual
    made = new_constant(module, _NAMES, code)
    return Logger(made.name, (AddImport(module.path, source, name), *made.edits), source == "structlog")


@lru_cache(maxsize=1)
def _maker(program: Program) -> tuple[str, str, str | None] | None:
    """The call with which most files make their logger, the module and the name that it needs."""
    found: Counter[tuple[str, str, str | None]] = Counter()
    for module in program.modules.by_file.values():
        for statement in module.facts.module if not program.is_test(module) else ():
            call = statement[-1] if statement[0] in ("assign", "annassign") else None
            if call is not None and call[0] == "call" and call[2][0] in ("name", "attr"):
                made = _portable(module, call)
                found.update([made] if made is not None else [])
    best = next(iter(found.most_common(1)), None)
    return best[0] if best is not None and best[1] > 1 and best[0][1] != "logging" else None


def _portable(module: Module, call: Form) -> tuple[str, str, str | None] | None:
    """A call that makes a logger, when another file can write the same after an import."""
    root = call[2][2] if call[2][0] == "name" else call[2][2][2] if call[2][2][0] == "name" else None
    own_name = not call[4] and all(item[0] == "name" and item[2] == "__name__" for item in call[3])
    if last_name(call[2]).lower().replace("_", "") != "getlogger" or root is None or not own_name:
        return None
    code = rendered(call) or ""
    for statement in bound_names(module.facts.module).get(root, []) if code else ():
        match statement:
            case ["from", _, 0, source, names] if [root, None] in names:
                return code, source, root
            case ["import", _, names] if [root, None] in names:
                return code, root, None
    return None


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
            if not level and alias is None and source in program.modules.by_name and _is_logger(name)
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
