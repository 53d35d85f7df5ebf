"""Files that only try things out, by where they lie."""

from __future__ import annotations

import posixpath
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.subjects.code.development import holds, only_in_development

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FRAMEWORKS = frozenset({"pytest", "unittest", "locust", "hypothesis"})
_INVENTING = frozenset({"faker", "factory", "polyfactory", "mimesis"})
"""Libraries that make up people."""
_SERVING = frozenset({"fastapi", "starlette", "jwt", "jose", "authlib", "pydantic_settings"})
_TRYING = frozenset(
    {"docs", "test", "tests", "testing", "e2e", "locust", "locustfile", "seed", "seeds", "seeder", "seeders", "mocks"}
)
_SEEDS = frozenset({"seed", "seeds", "seeder", "seeders"})
_FOR_TESTS = frozenset({"test", "tests", "testing"})
_INVENTED = frozenset({"sample", "demo", "dummy", "fake", "example"})
_BY_HAND = re.compile(r"(^|/)(scripts?|tools?|bin|benchmarks?|examples?)/")
_CHAPTER = re.compile(r"\d+[-_. ]")
"""How the folder of a lesson begins, which is about tests and has the program that they try: `22_testing/app`."""
_INVENTED_DATA = re.compile(r"(dummy|fake|sample|mock)data", re.I)
"""How one word says it: `gendummydata.py`."""


def run_by_hand(module: Module) -> bool:
    """Whether a file lies where somebody runs it on his own machine, with a database there that he has thrown up."""
    return _BY_HAND.search(module.path) is not None


def for_trying(program: Program, module: Module) -> bool:
    """Whether a file is test data in an odd place, which `Program.is_test` leaves open: `testing/`, `seed_users.py`.

    A file that imports a test framework is one, too, and one that makes up people and serves nobody.
    """
    imported = {name.partition(".")[0] for name in module.facts.imports}
    if imported & _FRAMEWORKS or (imported & _INVENTING and not imported & _SERVING):
        return True
    if program.is_test(module):
        return False
    root = program.root.as_posix()
    if _says_so(module.file, root):
        return not (_is_seed(module.file, root) and _runs_with_the_application(program, module))
    return _is_example(module.file, root) and module not in _beside_nothing(program)


def when_run(block: Block, form: Form) -> bool:
    """Whether code runs only when somebody runs its file by hand: `if __name__ == "__main__":`."""
    for item in block.forms.of("if") if block.function is None else ():
        match item[2]:
            case ["compare", _, ["name", _, "__name__"], ["=="], [["const", _, "__main__"]]]:
                if any(holds(statement[1], form[1]) for statement in item[3]):
                    return True
    return False


def kept_for_tests(program: Program, module: Module, at: int) -> bool:
    """Whether a place is inside of what a file keeps for tests by its name, `TEST_KEYS = Keys(secret="...")`.

    What a function of the program reads is kept for that one as well.
    """
    for form in module.facts.module:
        if form[0] != "assign" or form[2][0][0] != "name" or form[3][0] not in ("call", "dict", "list", "tuple"):
            continue
        name = form[2][0][2]
        if _FOR_TESTS & set(words_of(name)) and holds(form[3][1], at):
            others = (other for other in program.modules.by_file.values() if not program.is_test(other))
            return not any(number >= 0 for other in others for number in other.facts.speaking(b'"%b"' % name.encode()))
    return False


def never_runs(module: Module, at: int) -> bool:
    """Whether a place is in a branch of a file that a constant of the same file, `SELF_TEST = False`, keeps from it."""
    for form in module.facts.module:
        if form[0] == "if" and form[2][0] == "name" and any(holds(item[1], at) for item in form[3]):
            given = [item[3] for item in module.facts.module if item[0] == "assign" and _binds(item, form[2][2])]
            return len(given) == 1 and given[0][0] == "const" and not given[0][2]
    return False


def _binds(assignment: Form, name: str) -> bool:
    return any(target[::2] == ["name", name] for target in assignment[2])


@cache
def _says_so(file: str, root: str) -> bool:
    path = posixpath.relpath(file, root).removesuffix(".py")
    parts = [part for part in path.split("/")[:-1] if not _CHAPTER.match(part)] + path.split("/")[-1:]
    words = [{word.rstrip("0123456789") for word in words_of(part)} for part in parts]
    if any(_TRYING & part for part in words) or bool("data" in words[-1] and _INVENTED & words[-1]):
        return True
    return _INVENTED_DATA.search(posixpath.basename(path)) is not None


@cache
def _is_seed(file: str, root: str) -> bool:
    """Whether a path says of a file that it fills a database, and neither that it tests nor that it has samples."""
    path = posixpath.relpath(file, root).removesuffix(".py")
    words = {word.rstrip("0123456789") for part in path.split("/") for word in words_of(part)}
    return bool(words & _SEEDS) and not words & (_INVENTED | _TRYING - _SEEDS)


@lru_cache(maxsize=64)
def _runs_with_the_application(program: Program, module: Module) -> bool:
    """Whether code that makes or serves the application calls a function of a file, not for development only."""
    own = {name for name, _, around in module.facts.functions if around < 0 and "." not in name}
    file = module.name.rpartition(".")[2]
    for other in program.modules.by_file.values():
        called = own & other.facts.words if other is not module and file in other.facts.words else set()
        imported = {name.partition(".")[0] for name in other.facts.imports}
        if not called or not imported & _SERVING or program.is_test(other) or for_trying(program, other):
            continue
        for number in other.facts.speaking(*(b'"' + name.encode() + b'"' for name in called)):
            for form in other.facts.forms(number).of("call"):
                named = form[2][0] in ("name", "attr") and form[2][-1] in called
                if named and not only_in_development(Place(other, form[1])):
                    return True
    return False


@cache
def _is_example(file: str, root: str) -> bool:
    return "examples" in posixpath.relpath(file, root).split("/")[:-1]


@lru_cache(maxsize=1)
def _beside_nothing(program: Program) -> frozenset[Module]:
    """The files of a project that is nothing but examples: these are what it has to show."""
    modules = program.modules.by_file.values()
    root = program.root.as_posix()
    only = all(_is_example(module.file, root) for module in modules)
    return frozenset(modules) if only else frozenset()
