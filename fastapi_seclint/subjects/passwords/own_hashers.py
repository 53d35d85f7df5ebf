"""What a project hashes and verifies passwords with already: functions, static methods, contexts, bcrypt itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.forms import ASYNC, Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Function, Value, options
from fastapi_seclint.subjects.code.imports import closes_circle
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.passwords.names import MENTIONS, naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords

HASH, VERIFY, AWAITED = "hash", "verify", "awaited"
_HASHES = (b"hash", b"crypt", b"argon", b"pbkdf", b"digest")
_OBJECTS = ("passlib.context.CryptContext()", "pwdlib.PasswordHash()", "pwdlib.PasswordHash.recommended()")
HANDLER = re.compile(
    r"passlib\.hash\.(bcrypt|argon2|scrypt|pbkdf2_sha\d+|bcrypt_sha256|sha(256|512)_crypt)(\.using\(\))?"
)
"""The slow hashes of `passlib.hash`, which hash and verify as a context does."""
_BCRYPT = ("bcrypt.hashpw", "bcrypt.checkpw")
_KNOWN: WeakKeyDictionary[Program, dict[str, dict[str, Own]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Own:
    """Code of the project that hashes or verifies, as one file calls it, and the imports.

    A callable, or an expression with `{}` where a password and a hash are put in.
    """

    code: str
    edits: tuple[Edit, ...] = ()


def own_hashers(known: Passwords, module: Module) -> dict[str, Own]:
    """What a file can hash with (`HASH`) and verify with (`VERIFY`): what it has itself, else what it may import.

    What must be awaited to verify is `AWAITED`.
    """
    context = _context_of(module)
    if context is not None:
        return {HASH: Own(f"{context}.hash"), VERIFY: Own(f"{context}.verify")}
    kept = _KNOWN.setdefault(known.program, {})
    if module.file not in kept:
        found: dict[str, Own] = {}
        for kind, own in chain(_functions(known, module), _contexts(known, module), _bcrypt(known, module)):
            found.setdefault(kind, own)
        kept[module.file] = found
    return kept[module.file]


def _context_of(module: Module) -> str | None:
    """A password context, or a slow hash of passlib, that a file has a name for."""
    return next((name for name, value in module.scope.known() if _is_context(value)), None)


def _is_context(value: Value | None) -> bool:
    found = (item.name for item in options(value) if isinstance(item, External))
    return any(name in _OBJECTS or HANDLER.fullmatch(name) for name in found)


def _others(known: Passwords, module: Module) -> Iterator[tuple[Module, set[int]]]:
    """The files to look in, this one first, and which of their functions speak of hashes or passwords."""
    program = known.program
    for other in sorted(program.modules.by_file.values(), key=lambda item: (item is not module, item.path)):
        spoken = set() if program.is_test(other) else set(other.facts.speaking(*_HASHES, *MENTIONS, folded=True))
        if spoken and (other is module or other.name not in ("", "__main__")):
            yield other, spoken


def _functions(known: Passwords, module: Module) -> Iterator[tuple[str, Own]]:
    """The project's functions, in this file or imported from another, and methods that are called on their class."""
    for other, spoken in _others(known, module):
        for code, function in _callables(other):
            kind = _kind(known, function) if function.number in spoken else ""
            if kind and (own := _called(known, module, other, code)) is not None:
                yield kind, own


def _callables(module: Module) -> Iterator[tuple[str, Function]]:
    """The functions that a file defines and the static methods of its classes, each with the code that names it."""
    for name, value in sorted(module.scope.names.items()):
        if not isinstance(value, Function | Class) or value.module is not module or value.name != name:
            continue
        if isinstance(value, Function) and value.owner is None:
            yield name, value
        for method, inner in sorted(value.namespace.items()) if isinstance(value, Class) else ():
            if isinstance(inner, Function) and inner.kind == "static":
                yield f"{name}.{method}", inner


def _kind(known: Passwords, function: Function) -> str:
    """Whether a function hashes the one thing that it takes, or verifies the first of two against the second."""
    is_async = bool(function.flags & ASYNC)
    made = known.returned(function)
    names = [parameter[0] for parameter in function.parameters]
    if made is not None and made.kind == "hash" and len(names) == 1:
        return "" if is_async else HASH
    named = function.name.startswith("verify") or naming(names[-1] if names else "") == "kept"
    verifies = len(names) == 2 and named and _verifies(known, function)
    if not verifies or naming(names[0]) == "kept" or naming(names[1]) == "plain":
        return ""
    return AWAITED if is_async else VERIFY


def _verifies(known: Passwords, function: Function) -> bool:
    """Whether a function verifies its first parameter: through a library, or by hashing it again and comparing."""
    if known.verifies(function):
        return True
    block = body_of(known.program, function)
    compares = block is not None and any(call[2][-1] == "compare_digest" for call in block.forms.of("call"))
    return block is not None and compares and known.hashes(block) and naming(function.parameters[1][0]) != "plain"


def _contexts(known: Passwords, module: Module) -> Iterator[tuple[str, Own]]:
    """The password contexts of other files, and those that are attributes of classes."""
    for other, _ in _others(known, module):
        for name, value in sorted(other.scope.names.items()):
            code = name if _is_context(value) and _is_bound_in(other, name) else ""
            if isinstance(value, Class) and value.module is other and name == value.name:
                inner = next((key for key, item in sorted(value.namespace.items()) if _is_context(item)), "")
                code = f"{name}.{inner}" if inner else ""
            if code and (own := _called(known, module, other, code)) is not None:
                yield HASH, Own(f"{own.code}.hash", own.edits)
                yield VERIFY, Own(f"{own.code}.verify", own.edits)


def _bcrypt(known: Passwords, module: Module) -> Iterator[tuple[str, Own]]:
    """The calls of bcrypt where a project makes them in place, with text or bytes as it keeps its hashes."""
    program = known.program
    calls = [call for call in program.sites.calls(*_BCRYPT) if not program.is_test(call.block.module)]
    if not calls:
        return
    as_text = any(_mentions_text(call.block, call.form) for call in calls)
    decoded, encoded = (".decode()", ".encode()") if as_text else ("", "")
    edits = (AddImport(module.path, "bcrypt"),)
    yield HASH, Own(f"bcrypt.hashpw({{}}.encode(), bcrypt.gensalt()){decoded}", edits)
    yield VERIFY, Own(f"bcrypt.checkpw({{}}.encode(), {{}}{encoded})", edits)


def _mentions_text(block: Block, call: Form) -> bool:
    """Whether a hash is text where bcrypt makes or checks it: it is decoded there, or encoded."""
    if last_name(call[2]) == "hashpw":
        return any(last_name(form[2]) == "decode" for form in block.forms.of("call"))
    return len(call[3]) > 1 and any(last_name(form[2]) == "encode" for form in walk(call[3][1]) if form[0] == "call")


def _is_bound_in(module: Module, name: str) -> bool:
    """Whether a file makes what it calls by a name, and does not import it."""
    return any(_assigns(form, name) for form in module.facts.module)


def _assigns(form: Form, name: str) -> bool:
    targets = form[2] if form[0] == "assign" else [form[2]] if form[0] == "annassign" else []
    return any(target[0] == "name" and target[2] == name for target in targets)


def _called(known: Passwords, module: Module, other: Module, code: str) -> Own | None:
    """Code that begins with a name of another file, as this one can write it; None where that would be a circle."""
    if other is module:
        return Own(code)
    if closes_circle(known.program, other, module):
        return None
    name, dot, rest = code.partition(".")
    local = local_name(module, name, other.name)
    alias = local if local != name else None
    return Own(local + dot + rest, (AddImport(module.path, other.name, name, alias, local=True, target=other.path),))
