"""Passwords that are kept, compared, logged or digested fast as they were typed, seen while handlers are run.

Of use where a password goes through records, mappers, tuples and injected objects on its way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from fastapi_seclint.facts.forms import Form, beginning, last_name
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.rehearsal import Act
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import (
    Class,
    Collection,
    Const,
    External,
    Instance,
    Mapping,
    Text,
    Unknown,
    Value,
    options,
)
from fastapi_seclint.subjects.code.origins import blocks_of
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.owners.records import classes_in, field_names, has_own_ways, is_table
from fastapi_seclint.subjects.passwords.hooks import hooked
from fastapi_seclint.subjects.passwords.names import (
    is_at_a_server,
    is_of_machine,
    is_of_password_manager,
    is_of_people,
    naming,
)
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.wiring.rehearsing import SENT, bare_name, rehearsed, sent_name

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.routes import Route

_WRITING = re.compile(r"\b(insert\s+(?:(?:or\s+)?\w+\s+)?into|update\s+\S+\s+set|replace\s+into|merge\s+into)\b", re.I)
_HASHED_THERE = re.compile(r"crypt|digest|hash\w*\s*\(|sha\d|md5|password\s*\(", re.I)
_HASHES = re.compile(r"hash|crypt|digest|derive|kdf|hmac|argon", re.I)
_LOGGERS = ("logging.", "loguru.", "structlog.", "builtins.print")
_RUNS = frozenset({"execute", "executemany", "execute_many", "fetchrow", "fetchval", "fetch", "fetch_one", "run"})
_DOCUMENTS = frozenset({"insert_one", "insert_many", "replace_one", "update_one", "find_one_and_update"})
_COMPARES = frozenset({"compare_digest"})
_OF_CALLS = word_set("form fields params parameters args argv arguments headers payload query")
_DEPTH = 4


Kind = Literal["kept", "compared", "logged", "fast"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A place where something is done with a password as it was typed, and the functions that the run went through."""

    kind: Kind
    block: Block
    form: Form
    ran: frozenset[tuple[str, int]]


@answered_once
def seen_in_rehearsals(program: Program) -> list[Seen]:
    """The places of all routes that are sent a password, each once."""
    found: dict[tuple[str, int], Seen] = {}
    for route in program.routes if not hooked(program) else ():
        if not _takes_password(program, route):
            continue
        run = rehearsed(program, route, _judge)
        if run is None:
            continue
        names = {name for name, _ in run.acts}
        for name, act in run.acts:
            vain = _OTHERWISE.get(name, frozenset()) & names
            if name == "hashed" or vain or program.is_test(act.module) or for_trying(program, act.module):
                continue
            block = _block(program, act)
            if block is not None and not is_of_password_manager(block.symbol):
                place = (act.module.file, act.form[1])
                found.setdefault(place, Seen(cast(Kind, name), block, act.form, run.ran))
    return list(found.values())


_OTHERWISE = {"kept": frozenset({"hashed", "fast"}), "fast": frozenset({"hashed"})}
"""What makes something harmless that is done with a password in the same run."""


def _judge(act: Act) -> str:
    if _is_compared(act):
        return "compared"
    if _is_logged(act):
        return "logged"
    if _is_hashed(act):
        return "fast" if _is_fast(act) else "hashed"
    return "kept" if _is_kept(act) else ""


def _is_logged(act: Act) -> bool:
    """Whether a password is written to a log, in a text or a dictionary; an object may not show what it has."""
    if act.kind != "call" or not (is_log_call(act.form) or is_print(act.form)):
        return False
    known = not isinstance(act.callee, External) or act.callee.name.startswith(_LOGGERS)
    return known and any(_holds_typed(value, plain=True) for value in _given(act))


def _given(act: Act) -> list[Value]:
    return [*act.arguments.positional, *act.arguments.keywords.values()]


def _is_fast(act: Act) -> bool:
    """Whether what a password is given to is a fast digest, keyed perhaps: `sha512(salt + plain)`, `hmac.new(...)`."""
    name = act.callee.name if isinstance(act.callee, External) else ""
    return name.startswith(("hashlib.", "hmac.")) and not name.endswith(("pbkdf2_hmac", "scrypt"))


def _takes_password(program: Program, route: Route) -> bool:
    """Whether a client sends a route a password of somebody who logs in here."""
    if route.function is None or route.endpoint is None or program.is_test(route.function.module):
        return False
    names: list[str] = []
    around = [route.path, route.function.name]
    called = [route.endpoint, *(node.call for node in route.nodes())]
    if any(isinstance(one, External) and "OAuth2PasswordRequestForm" in one.name for one in called):
        return True
    for one in called:
        for parameter in parameters(one):
            classes = classes_in(program.walker.resolver.annotation(parameter))
            fields = [name for cls in classes if not is_table(cls) for name in field_names(cls)]
            if any(map(has_own_ways, classes)) or is_at_a_server(fields):
                return False
            names += [parameter.name, *fields]
            around += [snake(cls.name) for cls in classes]
    around += [name for name in names if naming(name) != "plain"]
    return any(naming(name) == "plain" and not is_of_machine(name) for name in names) and any(map(is_of_people, around))


def _block(program: Program, act: Act) -> Block | None:
    """The block that the code of an act stands in."""
    for block in blocks_of(program, act.module):
        if any(form is act.form for form in block.forms.every):
            return block
    return None


def _is_hashed(act: Act) -> bool:
    """Whether a library is given a password to hash: what is kept then is taken for the hash."""
    if act.kind != "call" or isinstance(act.callee, Class):
        return False
    name = act.callee.name if isinstance(act.callee, External) else last_name(act.form[2])
    found = _HASHES.search(name) is not None and not name.endswith(("compare_digest", "hexdigest"))
    return found and any(_holds_typed(value) for value in _given(act))


def _is_compared(act: Act) -> bool:
    """Whether a password is compared as it was typed with what is stored for an account."""
    if act.kind == "call" and last_name(act.form[2]) not in _COMPARES:
        return False
    sides = act.arguments.positional
    if act.kind == "item" or len(sides) != 2 or (act.kind == "comparison" and act.form[3][0] not in ("==", "!=")):
        return False
    forms = act.form[3] if act.kind == "call" else [act.form[2], act.form[4][0]]
    pairs = ((0, 1), (1, 0))
    return any(_is_nothing_else(sides[one]) and _is_stored(sides[other], forms[other]) for one, other in pairs)


def _is_stored(value: Value, form: Form) -> bool:
    """Whether a value is read of an account under the name of a password: `account.passphrase`, `row["password"]`."""
    found = [option for option in options(value) if not isinstance(option, Const)]
    if not found or any(isinstance(option, External) and option.name.startswith(SENT) for option in found):
        return False
    for option in found:
        owner, _, name = bare_name(option.name).rpartition(".") if isinstance(option, External) else ("", "", "")
        if owner.endswith(")") and naming(name):
            return True
    unknown = all(isinstance(option, Unknown) for option in found) and not beginning(form).isupper()
    return unknown and form[0] == "attr" and bool(naming(form[3]))


def _is_typed(value: Value, *, shown: bool = False) -> bool:
    """Whether a value is a password as the client sent it; with `shown` one whose text tells it."""
    return any(naming(sent_name(option, shown=shown)) == "plain" for option in options(value))


def _is_nothing_else(value: Value) -> bool:
    """Whether a value is a password as it was sent on every way, and the hash of one on none."""
    return _is_typed(value) and all(isinstance(option, Const) or _is_typed(option) for option in options(value))


def _holds_typed(value: Value, depth: int = _DEPTH, *, plain: bool = False) -> bool:
    """Whether a value is, or has in it, a password as the client sent it; where it has to be `plain`, in no object."""
    for option in options(value):
        if _is_typed(option, shown=plain):
            return True
        inside: list[Value] = []
        match option:
            case Collection():
                inside = option.items
            case Mapping():
                inside = [item for _, item in option.items]
            case Text():
                inside = [part for part in option.parts if not isinstance(part, str)]
            case External(name="operator +") if option.arguments is not None:
                inside = option.arguments.positional
            case Instance() if not plain:
                inside = list(option.attributes.values()) if not _takes_care(option) else []
        if depth and any(_holds_typed(item, depth - 1, plain=plain) for item in inside):
            return True
    return False


def _takes_care(made: Instance) -> bool:
    return isinstance(made.cls, Class) and has_own_ways(made.cls)


def _is_kept(act: Act) -> bool:
    """Whether a password is put into a database or a store of the program as it was typed."""
    given = _given(act)
    if act.kind == "item":
        return _is_own(act.form[2]) and _holds_typed(given[0])
    if act.kind != "call" or not any(map(_holds_typed, given)):
        return False
    name = last_name(act.form[2])
    if isinstance(act.callee, Class):
        return is_table(act.callee) and not has_own_ways(act.callee) and any(map(_is_typed, given))
    if name in _RUNS:
        text = next((told for value in given[:1] if (told := _statement(value))), "")
        return bool(_WRITING.search(text)) and not _HASHED_THERE.search(text)
    if name in _DOCUMENTS:
        return True
    if name not in ("append", "add", "setdefault") or act.form[2][0] != "attr":
        return False
    return _is_own(act.form[2][2]) and not _is_on_its_way(act.module, act.form[2][2])


def _statement(value: Value) -> str:
    """The text of a statement of SQL: a constant, what `text(...)` is given, what is known of one put together."""
    for option in options(value):
        if isinstance(option, Const) and isinstance(option.value, str):
            return option.value
        if isinstance(option, Text):
            return "".join(part if isinstance(part, str) else "?" for part in option.parts)
        if isinstance(option, External) and option.name.endswith("text()") and option.arguments is not None:
            return next((told for item in option.arguments.positional[:1] if (told := _statement(item))), "")
    return ""


def _is_on_its_way(module: Module, owner: Form) -> bool:
    """Whether a collection is worked off, or told by its name to be part of a call: `self._jobs.popleft()`."""
    if _OF_CALLS & set(words_of(last_name(owner))):
        return True
    for number in module.facts.speaking(b'"pop'):
        for call in module.facts.forms(number).of("call"):
            taken = call[2][0] == "attr" and last_name(call[2][2]) == last_name(owner)
            first = not call[3] or (call[3][0][0] == "const" and isinstance(call[3][0][2], int))
            if taken and call[2][3] in ("pop", "popleft") and first:
                return True
    return False


def _is_own(owner: Form) -> bool:
    """Whether a dictionary or list is kept by an object, or has the name of one of a module: `self._rows`, `USERS`."""
    if owner[0] == "attr":
        return bool(owner[2][2:] == ["self"])
    return bool(owner[0] == "name" and owner[2].isupper())
