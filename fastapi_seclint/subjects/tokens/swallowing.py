"""Where a failure to verify a token is caught and nothing is refused: the try statement and its handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.suppressing import lets_go
from fastapi_seclint.program.values import External, Function, Unknown, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.tokens.jwt import decodings
from fastapi_seclint.subjects.tokens.refusals import refuses

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4
_TOKEN = re.compile(r"token|jwt|bearer|credentials?$", re.I)
_KNOWN: WeakKeyDictionary[Program, dict[int, list[Swallow]]] = WeakKeyDictionary()
_OPENERS = frozenset({"unsign", "loads", "decrypt"})
"""How signed or sealed texts are opened that are no JWT: itsdangerous, Fernet."""
_BELOW: WeakKeyDictionary[Program, dict[tuple[str, int, int], list[Swallow]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Swallow:
    """An `except` (or `suppress`) that catches a failed verification and does not refuse.

    `at` is its place, `returned` what it gives to the caller instead, None when it goes on behind the statement.
    `layered`: a middleware calls it, where what is raised becomes no answer.
    """

    function: Function
    at: int
    body: list[Form]
    returned: Form | None
    layered: bool = False
    manager: Function | None = None
    """The context manager in which a failure ends."""

    @property
    def trying(self) -> Form | None:
        """The `try` statement that it belongs to."""
        tried = self.function.forms.of("try")
        return next((form for form in tried if any(one[3] == self.at for one in form[3])), None)


def swallows(program: Program, function: Function, depth: int = _DEPTH) -> list[Swallow]:
    """The swallows in a function and in the functions of the project that it calls; found once a program."""
    known = _BELOW.setdefault(program, {})
    key = (function.module.file, function.number, depth)
    if key not in known:
        known[key] = list(_reached(program, function, depth, set()))
    return known[key]


def _reached(program: Program, function: Function, depth: int, seen: set[int]) -> Iterator[Swallow]:
    if id(function) in seen or depth == 0 or function.number < 0:
        return
    seen.add(id(function))
    yield from own_swallows(program, function)
    block = body_of(program, function)
    for form in function.forms.every if block is not None else ():
        if form[0] == "call" and block is not None and (_may_verify(form) or last_name(form[2]) in _readers(program)):
            for inner, _ in called(program, block, form):
                yield from _reached(program, inner, depth - 1, seen)


@answered_once
def _readers(program: Program) -> frozenset[str]:
    """The names of the functions that read a token themselves, whatever those say."""
    functions = (item.call.block.function for item in decodings(program))
    found = {function.name for function in functions if function is not None}
    for block in program.sites.blocks(_OPENERS):
        if block.function is not None and any(_verifies(program, block, call) for call in block.forms.of("call")):
            found.add(block.function.name)
    return frozenset(found)


def _may_verify(call: Form) -> bool:
    name = spelled(call[2]).rpartition(".")[2]
    if credentials.names_guardian(name) or "decode" in name or "payload" in name or "claims" in name:
        return True
    said = (str(form[-1]) for form in walk([call[2], call[3], call[4]]) if form[0] in ("name", "attr"))
    return any(_TOKEN.search(name) for name in said)


def own_swallows(program: Program, function: Function) -> list[Swallow]:
    """The swallows in a function's own body."""
    known = _KNOWN.setdefault(program, {})
    if id(function) not in known:
        known[id(function)] = list(_found(program, function))
    return known[id(function)]


def _found(program: Program, function: Function) -> Iterator[Swallow]:
    block = body_of(program, function)
    if block is None:
        return
    for form in function.forms.every:
        match form:
            case ["try", _, body, handlers, _, final]:
                if any(_verifies(program, block, inner) for inner in walk(body)):
                    yield from _letting_go(function, handlers)
                    yield from (Swallow(function, item[1], [], item) for item in final if item[0] == "return")
            case ["with", at, [[["call", _, manager, *_], _]], body]:
                verified = any(_verifies(program, block, inner) for inner in walk(body))
                made = ask(program, block, manager)
                if verified and (manager[-1] == "suppress" or lets_go(made)):
                    yield Swallow(function, at, [], None, manager=next(filter(None, map(running, options(made))), None))


def _letting_go(function: Function, handlers: list[Form]) -> Iterator[Swallow]:
    for _, _, body, at in handlers:
        if refuses(body):
            continue
        ending = next((form for form in body if form[0] == "return"), None)
        yield Swallow(function, at, body, ending)


def _verifies(program: Program, block: Block, form: Form) -> bool:
    """Whether a call verifies a token and raises when it is bad: of a library, of the project, or by its name."""
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    name = spelled(form[2]).rpartition(".")[2]
    for option in options(ask(program, block, form[2])):
        if isinstance(option, External):
            row = credentials.entry("verifier", option.name)
            return row is not None and row.get("raises", True) and not _only_reads(program, form)
        if isinstance(option, Unknown):
            decodes = _DECODING.search(name) is not None and bool(form[3] or form[4])
            return decodes and not _is_of_bytes(form) and _OF_LANGUAGE.search(spelled(form[2])) is None
    return any(raises_for_junk(program, function) for function, _ in called(program, block, form))


def _only_reads(program: Program, call: Form) -> bool:
    """Whether a call takes a token whoever signed it, which is a mistake of its own."""
    return any(item.call.form is call and not item.verifies_signature for item in decodings(program))


def _is_of_bytes(call: Form) -> bool:
    """Whether a call makes a text of bytes: `body.decode("utf-8")`."""
    if last_name(call[2]) != "decode" or call[2][0] != "attr":
        return False
    codec = all(item[0] == "const" and isinstance(item[2], str) for item in call[3])
    return codec and all(keyword in ("encoding", "errors") for keyword, _, _ in call[4])


_OF_LANGUAGE = re.compile(r"tokeni[sz]er|processor|vocab|codebook", re.I)
"""What makes texts of the tokens of a language model: `self.tokenizer.decode(ids)`."""
_DEPTH_OF_RAISING = 3
_RAISING: WeakKeyDictionary[Program, dict[int, bool]] = WeakKeyDictionary()


def raises_for_junk(program: Program, function: Function, depth: int = _DEPTH_OF_RAISING) -> bool:
    """Whether a function of the project verifies a token and passes the failure on to its caller."""
    known = _RAISING.setdefault(program, {})
    if id(function) in known:
        return known[id(function)]
    known[id(function)] = False
    block = body_of(program, function)
    if block is None or depth == 0:
        return False
    caught = {id(inner) for form in function.forms.every if form[0] == "try" for inner in walk(form[2])}
    raising = any(refuses(handler[2]) for form in function.forms.every if form[0] == "try" for handler in form[3])
    for form in function.forms.every:
        if (id(form) not in caught or raising) and _verifies(program, block, form):
            known[id(function)] = True
            return True
    return False


_DECODING = re.compile(
    r"(decode|verify|validate|parse|read|check|load)_?(the_|id_|access_|auth_|bearer_|jwt_|user_)*(jwt|token|bearer|claims"
    r"|credentials?)|(jwt|token)_?(decode|verify|validate|payload)|^decode$",
    re.I,
)
