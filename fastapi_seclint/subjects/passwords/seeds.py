"""Users that stand in the code with a password as it is typed: hashed where they stand, once passwords are verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, Const, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.passwords.fixes import HASHING, Hasher, hasher_for, used
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.plain_comparison import field_of

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_PEOPLE = frozenset({"username", "user_name", "email", "login", "name", "user", "full_name", "user_id", "id", "role"})
_FAST = ("md5", "sha", "blake2")
_MACHINES = frozenset({"host", "port", "server", "database", "db", "dsn", "url", "smtp", "broker"})


def seeds(known: Passwords, block: Block, stored: Form) -> list[Edit] | None:
    """The edits that hash what is written for a field of the users in the code; None where one must stay as it is."""
    field = field_of(stored)
    wanted = {
        (option.place.module, option.place.at)
        for option in options(ask(known.program, block, stored))
        if isinstance(option, Const) and option.place is not None and option.value
    }
    edits: list[Edit] = []
    for module in known.program.modules.by_file.values() if field else ():
        if known.program.is_test(module):
            continue
        for form in _written(known, module, field):
            wanted.discard((module, form[1]))
            edit = _hashed(known, module, form)
            if edit is None:
                return None
            edits += edit
    return None if wanted else edits


def digested(known: Passwords, modules: set[Module]) -> list[Edit]:
    """The edits that hash what is digested for users in the code: `"hashed_password": md5(b"...").hexdigest()`."""
    edits: list[Edit] = []
    for module in sorted(modules, key=lambda item: item.path):
        for form in walk(module.facts.module):
            pairs = []
            if form[0] == "dict":
                pairs = [(key[2], value) for key, value in form[2] if key is not None and key[0] == "const"]
            elif form[0] == "call":
                pairs = [(keyword, value) for keyword, value, _ in form[4] if keyword is not None]
            for name, value in pairs:
                data = _digested(value) if isinstance(name, str) and naming(name) else None
                if data is not None:
                    edits += _hashed(known, module, value, data) or []
    return edits


def _digested(form: Form) -> Form | None:
    """The text that a digest is made of, where it stands there: `sha256("...".encode()).hexdigest()`."""
    match form:
        case ["call", _, ["attr", _, ["call", _, [*function], [data, *_], _], "hexdigest"], [], _]:
            if not str(function[-1]).startswith(_FAST):
                return None
            if data[0] == "bytes":
                return ["const", data[1], data[2]]
            inner = data[2][2] if data[0] == "call" and data[2][0] == "attr" and data[2][3] == "encode" else data
            return inner if inner[0] == "const" and isinstance(inner[2], str) else None
    return None


def _written(known: Passwords, module: Module, field: str) -> Iterator[Form]:
    """The texts that stand for a field of a person on the module's own level, or of a row that a function makes."""
    yield from _in_rows(known, module, field)
    for form in walk(module.facts.module):
        match form:
            case ["dict", _, pairs]:
                keys = {key[2]: value for key, value in pairs if key is not None and key[0] == "const"}
                value = keys.get(field)
                if value is not None and keys.keys() & _PEOPLE and not keys.keys() & _MACHINES and _is_plain(value):
                    yield value
            case ["call", _, ["name", _, _] as function, _, keywords]:
                given = {keyword: value for keyword, value, _ in keywords}
                value = given.get(field)
                if value is None or not given.keys() & _PEOPLE or not _is_plain(value):
                    continue
                if _is_class(known, module, function):
                    yield value


def _in_rows(known: Passwords, module: Module, field: str) -> Iterator[Form]:
    """The texts in functions: `session.add(User(email="root@...", password="..."))` when the application starts."""
    for block in known.program.sites.speaking(module, f'"{field}"'.encode()):
        for call in block.forms.of("call") if block.function is not None else ():
            given = [value for keyword, value, _ in call[4] if keyword == field and _is_plain(value)]
            made = options(ask(known.program, block, call[2])) if given else ()
            if any(isinstance(option, Class) and is_table(option) for option in made):
                yield from given


def _is_plain(form: Form) -> bool:
    return form[0] == "const" and isinstance(form[2], str) and form[2] != "" and not form[2].startswith("$")


def _is_class(known: Passwords, module: Module, function: Form) -> bool:
    outside = Block(module, None, module.scope, NO_STATEMENTS)
    return any(isinstance(option, Class) for option in options(ask(known.program, outside, function)))


def _hashed(known: Passwords, module: Module, form: Form, text: Form | None = None) -> list[Edit] | None:
    hasher, code = hasher_for(known, module), rendered(text or form)
    if hasher is None or code is None or not (hasher.edits or _is_above(module, hasher, form[1])):
        return None
    edit = ReplaceExpression(module.path, span_of(form[1]), hasher.hashing(code))
    return [*used(hasher, HASHING), edit]


def _is_above(module: Module, hasher: Hasher, at: int) -> bool:
    """Whether the hasher has its name by the time that a line is run."""
    name = hasher.hash.partition(".")[0]
    for form in module.facts.module:
        targets = [target[2] for target in form[2] if target[0] == "name"] if form[0] == "assign" else []
        if form[1] < at and (name in targets or (form[0] == "def" and form[3] == name)):
            return True
    return any(form[0] in ("import", "from") and name in str(form) for form in module.facts.module)
