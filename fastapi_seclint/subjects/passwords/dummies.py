"""A dummy verification for a user who does not exist: as slow as the real one, with the hasher that the project has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.forms import ASYNC, Form, arguments, last_name, mentions, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.program.values import External, Function, ModuleValue, Unknown, Value, options
from fastapi_seclint.subjects.code.constants import new_constant
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.passwords.by_hand import hashes_for
from fastapi_seclint.subjects.passwords.hashers import step_by_name
from fastapi_seclint.subjects.passwords.own_hashers import AWAITED, HANDLER, HASH, VERIFY, own_hashers
from fastapi_seclint.subjects.passwords.plain_comparison import is_stored

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_NAMES = ("DUMMY_HASH", "NOBODYS_HASH", "DUMMY_PASSWORD_HASH")
_PASSLIB = "passlib.context.CryptContext()"
_PWDLIB = ("pwdlib.PasswordHash()", "pwdlib.PasswordHash.recommended()")
_ARGON2 = "argon2.PasswordHasher()"
_HANDLED = "passlib.hash"
_METHOD = "method"
_KINDS = (_PASSLIB, *_PWDLIB, _ARGON2)
_TEXT = '"nobody has this password"'


@dataclass(frozen=True, slots=True)
class Dummy:
    """The statement that does the work of a verification, and the edits that what it uses takes."""

    code: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Hashing:
    """An object or function that hashes: its name in a file, what it is, where it is made, the edits that bring it."""

    name: str
    kind: str
    made: Form | None = None
    edits: tuple[Edit, ...] = ()
    text: bool = False


def dummy(known: Passwords, block: Block, verification: Form) -> Dummy | None:
    """The dummy for a verification of a block; None when it is not known what hashes there."""
    hashing = _hashing(known, block, verification)
    if hashing is None:
        return None
    if hashing.kind == _PASSLIB:
        return Dummy(f"{hashing.name}.dummy_verify()", hashing.edits)
    typed = _typed(known, block, verification)
    if hashing.kind in (_ARGON2, _METHOD):
        hashes = f"{hashing.name}.hash" if hashing.kind == _ARGON2 else hashing.name
        return None if typed is None else Dummy(f"{hashes}({typed})", hashing.edits)
    others = hashing.kind == _HANDLED and "checkpw" in block.module.facts.words
    names = _NAMES[1:] if others else _NAMES  # the other hasher's dummy may come at the same time
    constant = new_constant(block.module, names, _made(known, block, verification, hashing), hashing.made)
    text = _repeated(known, block, verification, constant.name)
    if text is None:
        if typed is None or hashing.kind not in (*_PWDLIB, _HANDLED):
            return None
        text = f"{hashing.name}.verify({typed}, {constant.name})"
    return Dummy(_waited(block, verification) + text, (*hashing.edits, *constant.edits))


def _made(known: Passwords, block: Block, verification: Form, hashing: _Hashing) -> str:
    """The code of a hash that nobody has the password of, as text where accounts have theirs as text."""
    if hashing.kind in (*_PWDLIB, _HANDLED):
        return f"{hashing.name}.hash({_TEXT})"
    if hashing.kind == "bcrypt":
        stored = _stored(known, block, verification)
        given = arguments(verification)
        ending = "" if any(item is stored for item in given) and not hashing.text else ".decode()"
        return f"bcrypt.hashpw(b{_TEXT}, bcrypt.gensalt()){ending}"
    return f"{hashing.name}({_TEXT})"


def _hashing(known: Passwords, block: Block, verification: Form) -> _Hashing | None:
    """What hashes the passwords that a call verifies."""
    functions = [function for function, _ in called(known.program, block, verification)]
    for module in dict.fromkeys([block.module, *(function.module for function in functions)]):
        for name, value in sorted(module.scope.names.items()):
            for item in options(value):
                kind = _kind_of(item)
                if kind and (kind != _HANDLED or _uses(verification, functions, name)):
                    return _object(known, block, verification, module, name, kind)
    found = _of_class(block, verification, functions) or _of_self(known, block, verification)
    if found := found or _of_module(known, block, verification) or _by_method(known, verification, functions):
        return found
    if verification[2][0] == "attr" and any(
        isinstance(item, External) and item.name == "bcrypt.checkpw"
        for item in options(ask(known.program, block, verification[2]))
    ):
        return _Hashing("bcrypt", "bcrypt")
    if not functions:
        return _out_of_sight(block.module)
    makers = [maker for one in functions if (maker := hashes_for(known, one)) is not None]
    by_hand = makers[0] if makers else None
    if by_hand is not None and by_hand.module is block.module:
        return _Hashing(by_hand.name, "function", _statement(block.module, by_hand.at))
    own = own_hashers(known, block.module)
    hashes, verifies = own.get(HASH), {own[kind].code for kind in (VERIFY, AWAITED) if kind in own}
    if hashes is None or not hashes.code.isidentifier() or all(function.name not in verifies for function in functions):
        return _by_bcrypt(known, block, functions)  # what verifies here would not understand the other's hash
    bound = block.module.scope.local(hashes.code)
    made = bound if isinstance(bound, Function) and bound.module is block.module else None
    at = _statement(block.module, made.at) if made is not None else None
    return _Hashing(hashes.code, "function", at, hashes.edits)


def _by_bcrypt(known: Passwords, block: Block, functions: list[Function]) -> _Hashing | None:
    """The module bcrypt, where a function of the project asks it about what it is given: `checkpw(plain, stored)`."""
    for function in functions:
        body, names = body_of(known.program, function), {parameter[0] for parameter in function.parameters}
        for form in body.forms.of("call") if body is not None else ():
            values = options(ask(known.program, body, form[2])) if body is not None and len(form[3]) == 2 else ()
            if any(isinstance(item, External) and item.name == "bcrypt.checkpw" for item in values):
                stored = form[3][1]
                text = stored[0] == "call" and stored[2][0] == "attr" and stored[2][3] == "encode"
                bare = stored[2][2] if text else stored
                if bare[0] == "name" and bare[2] in names:
                    return _Hashing("bcrypt", "bcrypt", None, (AddImport(block.module.path, "bcrypt"),), text)
    return None


def _kind_of(value: Value) -> str:
    """What hashes an object is; empty for all else."""
    name = value.name if isinstance(value, External) else ""
    return _HANDLED if HANDLER.fullmatch(name) else name if name in _KINDS else ""


def _uses(verification: Form, functions: list[Function], name: str) -> bool:
    """Whether a verification, or a function that it calls, asks the hash of passlib that has a name."""
    forms = [verification[2], *(form[2] for function in functions for form in function.forms.of("call"))]
    return mentions(forms, {name})


def _out_of_sight(module: Module) -> _Hashing | None:
    """The function of another package that hashes passwords by its name, where a file imports it."""
    imported = (
        name
        for name, value in sorted(module.scope.names.items())
        if isinstance(value, External | Unknown) and not name[:1].isupper()
    )
    name = next((name for name in imported if step_by_name(["name", 0, name]) == "hash"), None)
    return None if name is None else _Hashing(name, "function")


def _object(known: Passwords, block: Block, verification: Form, module: Module, name: str, kind: str) -> _Hashing:
    """A hasher at the top level of a file, by the name of that file where the verification is called by it."""
    if module is block.module:
        return _Hashing(name, kind, _assignment(module, name))
    owner = verification[2][2] if verification[2][0] == "attr" else None
    if owner is not None and owner[0] == "name":
        named = options(ask(known.program, block, owner))
        if any(isinstance(value, ModuleValue) and value.module is module for value in named):
            return _Hashing(f"{owner[2]}.{name}", kind)
    local = local_name(block.module, name, module.name)
    alias = local if local != name else None
    return _Hashing(
        local, kind, None, (AddImport(block.module.path, module.name, name, alias, local=True, target=module.path),)
    )


def _of_class(block: Block, verification: Form, functions: list[Function]) -> _Hashing | None:
    """A hasher that a class keeps, as the object of the verification has it: `Passwords.context`."""
    owner = verification[2][2] if verification[2][0] == "attr" else None
    written = code(owner) if owner is not None and owner[0] in ("name", "attr") else None
    if written is None:
        return None
    for function in functions:
        for name, value in sorted(function.owner.namespace.items()) if function.owner is not None else ():
            for item in options(value):
                if isinstance(item, External) and item.name in _KINDS:
                    known = item.name == _PASSLIB or (function.module is not block.module and written[:1].isupper())
                    return _Hashing(f"{written}.{name}", item.name) if known else None
    return None


def _of_self(known: Passwords, block: Block, verification: Form) -> _Hashing | None:
    """A hasher that an object is given when it is made, as its methods have it: `self.hasher`."""
    owner = verification[2][2] if verification[2][0] == "attr" else None
    cls = block.function.owner if block.function is not None else None
    if owner is None or owner[0] != "attr" or owner[2][0] != "name" or owner[2][2] != "self" or cls is None:
        return None
    made = cls.namespace.get("__init__")
    inside = body_of(known.program, made) if isinstance(made, Function) else None
    for form in inside.forms.of("assign") if inside is not None else ():
        if inside is not None and any(target[0] == "attr" and target[3] == owner[3] for target in form[2]):
            for item in options(ask(known.program, inside, form[3])):
                if isinstance(item, External) and item.name in _KINDS:
                    kind = _ARGON2 if item.name in _PWDLIB else item.name
                    return _Hashing(f"self.{owner[3]}", kind)
    return None


def _by_method(known: Passwords, verification: Form, functions: list[Function]) -> _Hashing | None:
    """The method that hashes, of the object that verifies: `passwords.hash` beside `passwords.verify`."""
    owner = verification[2][2] if verification[2][0] == "attr" else None
    written = code(owner) if owner is not None and owner[0] in ("name", "attr") else None
    for function in functions if written is not None else ():
        for name, value in sorted(function.owner.namespace.items()) if function.owner is not None else ():
            if not isinstance(value, Function) or value is function or value.flags & ASYNC or not _only_gives(value):
                continue
            asked = [item for item in value.parameters if item[0] not in ("self", "cls") and item[3] is None]
            text = known.returned(value) if len(asked) == 1 else None
            if text is not None and text.kind == "hash":
                return _Hashing(f"{written}.{name}", _METHOD)
    return None


def _only_gives(function: Function) -> bool:
    """Whether a function does nothing but give something: no statement of it keeps, sends or asks anything."""
    return all(
        form[0] == "return"
        or (form[0] == "assign" and all(target[0] == "name" for target in form[2]))
        or (form[0] == "expr" and form[2][0] == "const")
        for form in function.module.facts.body(function.number)
    )


def _of_module(known: Passwords, block: Block, verification: Form) -> _Hashing | None:
    """A hasher of another file, by the name that this one has for that file: `core.passwords`."""
    owner = verification[2][2] if verification[2][0] == "attr" else None
    if owner is None or owner[0] != "attr" or owner[2][0] != "name":
        return None
    if not any(isinstance(item, ModuleValue) for item in options(ask(known.program, block, owner[2]))):
        return None
    kinds = [item.name for item in options(ask(known.program, block, owner)) if isinstance(item, External)]
    return next((_Hashing(f"{owner[2][2]}.{owner[3]}", kind) for kind in kinds if kind in _KINDS), None)


def _assignment(module: Module, name: str) -> Form | None:
    for form in module.facts.module:
        if form[0] == "assign" and any(target[0] == "name" and target[2] == name for target in form[2]):
            return form
        if form[0] == "annassign" and form[2][0] == "name" and form[2][2] == name:
            return form
    return None


def _statement(module: Module, at: int) -> Form | None:
    return next((form for form in module.facts.module if form[1] == at), None)


def _stored(known: Passwords, block: Block, verification: Form) -> Form | None:
    """The account's hash in what a verification is given."""
    found = None
    for form in walk([verification[3], [value for _, value, _ in verification[4]]]):
        if form[0] in ("attr", "sub", "call") and is_stored(known, block, form):
            found = form
    if found is not None and found[0] == "sub" and found[3][0] in ("name", "attr"):
        found = _looked_up(verification) or found
    return found or _kept(block, verification) or _looked_up(verification)


def _looked_up(verification: Form) -> Form | None:
    """What a verification looks up where it stands: `people[name]["hash"]`."""
    given: list[Form] = arguments(verification)
    bare = [item[2][2] if item[0] == "call" and last_name(item[2]) == "encode" else item for item in given]
    entries = [item for item in bare if any(part[0] == "sub" and part[3][0] in ("name", "attr") for part in walk(item))]
    return entries[0] if len(entries) == 1 and len(given) > 1 else None


def _kept(block: Block, verification: Form) -> Form | None:
    """The name that a function gave what it looked up: `stored = users.get(name)`."""
    scope = block.scope
    names = [value for value in verification[3] if value[0] == "name"] if isinstance(scope, FunctionScope) else []
    local = [item for item in names if isinstance(scope, FunctionScope) and scope.assignments(item[2])]
    return local[0] if len(local) == 1 else None


def _typed(known: Passwords, block: Block, verification: Form) -> str | None:
    """The password in what a verification is given."""
    stored = _stored(known, block, verification)
    for value in arguments(verification):
        if not any(item is stored for item in walk(value)):
            return code(value)
    return None


def _repeated(known: Passwords, block: Block, verification: Form, constant: str) -> str | None:
    """The verification with a constant in place of the account's hash."""
    stored = _stored(known, block, verification)
    return None if stored is None else code(exchanged(verification, stored, ["name", stored[1], constant]))


def _waited(block: Block, verification: Form) -> str:
    return "await " if any(form[0] == "await" and form[2] is verification for form in block.forms.every) else ""
