"""How passwords are mended: with the project's own hasher where it has one, else with that of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.reference import brought, local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.passwords.names import MENTIONS, naming

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_HASHES = (b"hash", b"crypt", b"argon", b"pbkdf", b"digest")
_OBJECTS = ("passlib.context.CryptContext()", "pwdlib.PasswordHash()", "pwdlib.PasswordHash.recommended()")
MASKED_UNTIL_VERIFIED = ("login-timing-leak", "leaky-login-error")
"""Rules that look for a verification, and so find a login only once its password is verified."""
HASHING, VERIFYING = "hash_password", "verify_password"


@dataclass(frozen=True, slots=True)
class Hasher:
    """What hashes and verifies in one file: two callables as code, the edits that bring them, what to install."""

    hash: str
    verify: str
    edits: tuple[Edit, ...] = ()
    needs: str = ""
    takes_none: bool = False
    """Whether it verifies against no hash at all, as slowly, and says no."""


def hasher_for(known: Passwords, module: Module) -> Hasher | None:
    """The hasher that a file can use; None where none can be brought."""
    own = _object_of(module)
    if own is not None:
        return Hasher(f"{own}.hash", f"{own}.verify")
    return _functions(known, module) or _of_reference(known, module)


def _object_of(module: Module) -> str | None:
    """A password context that a file has a name for."""
    for name, value in sorted(module.scope.names.items()):
        if any(isinstance(item, External) and item.name in _OBJECTS for item in options(value)):
            return name
    return None


def _functions(known: Passwords, module: Module) -> Hasher | None:
    """The project's own two functions, in this file or imported from another."""
    found: dict[str, Function] = {}
    for other in sorted(known.program.modules.by_file.values(), key=lambda item: (item is not module, item.path)):
        spoken = set() if known.program.is_test(other) else set(other.facts.speaking(*_HASHES, *MENTIONS, folded=True))
        for name, value in sorted(other.scope.names.items()) if spoken else ():
            own = isinstance(value, Function) and value.owner is None and value.module is other and name == value.name
            if isinstance(value, Function) and own and value.number in spoken:
                made = known.returned(value)
                if made is not None and made.kind == "hash" and len(value.parameters) == 1:
                    found.setdefault("hash", value)
                elif len(value.parameters) == 2 and value.name.startswith("verify") and _verifies(known, value):
                    found.setdefault("verify", value)
    if len(found) < 2:
        return None
    edits: list[Edit] = []
    names = {}
    for kind, function in found.items():
        names[kind] = function.name
        if function.module is not module:
            names[kind] = local_name(module, function.name, function.module.name)
            alias = names[kind] if names[kind] != function.name else None
            edits.append(AddImport(module.path, function.module.name, function.name, alias, local=True))
    return Hasher(names["hash"], names["verify"], tuple(edits))


def _verifies(known: Passwords, function: Function) -> bool:
    """Whether a function verifies its first parameter: through a library, or by hashing it again and comparing."""
    if known.verifies(function):
        return True
    block = body_of(known.program, function)
    compares = block is not None and any(call[2][-1] == "compare_digest" for call in block.forms.of("call"))
    return block is not None and compares and known.hashes(block) and naming(function.parameters[1][0]) != "plain"


def _of_reference(known: Passwords, module: Module) -> Hasher | None:
    versions = known.program.versions
    flavour = "passwords_passlib" if versions.declared("passlib") and not versions.declared("pwdlib") else "passwords"
    found = brought(known.program, module, flavour, HASHING, VERIFYING)
    if found is None:
        return None
    return Hasher(found.names[HASHING], found.names[VERIFYING], found.edits, found.needs, True)


def used(hasher: Hasher, *names: str) -> tuple[Edit, ...]:
    """The edits of a hasher without imports of what is not used."""
    unused = {HASHING, VERIFYING} - set(names)
    return tuple(edit for edit in hasher.edits if not (isinstance(edit, AddImport) and edit.name in unused))


def hashed(known: Passwords, block: Block, form: Form) -> Fix | None:
    """The fix that hashes a password where it is kept."""
    hasher, code = hasher_for(known, block.module), rendered(form)
    if hasher is None or code is None:
        return None
    edit = ReplaceExpression(block.module.path, span_of(form[1]), f"{hasher.hash}({code})")
    edits = (*used(hasher, HASHING), edit) if hasher.needs or hasher.edits else (edit,)
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def hashed_whole(known: Passwords, block: Block, value: Form, field: str, optional: bool) -> Fix | None:
    """The fix that hashes the password in a body that is kept whole, where it has one: `**body.model_dump()`."""
    hasher, code = hasher_for(known, block.module), rendered(value)
    owner = rendered(value[2][2]) if value[0] == "call" and value[2][0] == "attr" else None
    if hasher is None or code is None or owner is None:
        return None
    hashed = f'"{field}": {hasher.hash}({owner}.{field})'
    if optional:
        hashed = f"**({{{hashed}}} if {owner}.{field} else {{}})"
    text = f"{{**{code}, {hashed}}}"
    edits = (*used(hasher, HASHING), ReplaceExpression(block.module.path, span_of(value[1]), text))
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def hashed_field(known: Passwords, block: Block, value: Form, key: str, field: str) -> Fix | None:
    """The fix that hashes the password where a loop sets every field: `setattr(user, key, value)`."""
    hasher, code = hasher_for(known, block.module), rendered(value)
    if hasher is None or code is None:
        return None
    text = f'{hasher.hash}({code}) if {key} == "{field}" and {code} else {code}'
    edits = (*used(hasher, HASHING), ReplaceExpression(block.module.path, span_of(value[1]), text))
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def verified(known: Passwords, block: Block, compare: Form, plain: Form, stored: Form) -> Fix | None:
    """The fix that verifies in place of a comparison for equality."""
    hasher = hasher_for(known, block.module)
    typed, kept = rendered(plain), rendered(stored)
    if hasher is None or typed is None or kept is None:
        return None
    negated = "not " if compare[0] == "compare" and compare[3] == ["!="] else ""
    code = f"{negated}{hasher.verify}({typed}, {kept})"
    edits = (*used(hasher, VERIFYING), ReplaceExpression(block.module.path, span_of(compare[1]), code))
    return Fix(f"verify the password against its stored hash{hasher.needs}", False, edits)


def in_constant_time(block: Block, compare: Form, left: Form, right: Form) -> Fix | None:
    """The fix that compares two hashes of one salt with `secrets.compare_digest`."""
    one, other = rendered(left), rendered(right)
    if one is None or other is None:
        return None
    path = block.module.path
    code = f"{'not ' if compare[3] == ['!='] else ''}secrets.compare_digest({one}, {other})"
    edits = (AddImport(path, "secrets"), ReplaceExpression(path, span_of(compare[1]), code))
    return Fix("compare the hashes in a time that tells nothing", False, edits)
