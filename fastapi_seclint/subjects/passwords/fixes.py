"""How passwords are mended: with the project's own hasher where it has one, else with that of the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, mentions, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reference import brought, local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.owners.records import classes_in, is_table
from fastapi_seclint.subjects.passwords.own_hashers import HASH, VERIFY, own_hashers
from fastapi_seclint.subjects.passwords.padded import unpadded

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_SIMPLE = re.compile(r"[\w.]+(?:\[[^][]*\]|\([^()]*\))?")
MASKED_UNTIL_VERIFIED = ("auth-route-without-rate-limit", "login-timing-leak", "leaky-login-error")
"""Rules that look for a verification, and so find a login only once its password is verified."""
HASHING, VERIFYING = "hash_password", "verify_password"


@dataclass(frozen=True, slots=True)
class Hasher:
    """What hashes and verifies in one file: two callables as code, the edits that bring each, what to install."""

    hash: str
    verify: str
    hash_edits: tuple[Edit, ...] = ()
    verify_edits: tuple[Edit, ...] = ()
    needs: str = ""
    takes_none: bool = False
    """Whether it verifies against no hash at all, as slowly, and says no."""

    def hashing(self, plain: str) -> str:
        """The code that hashes what an expression gives."""
        return _put(self.hash, plain)

    def verifying(self, plain: str, stored: str) -> str:
        """The code that verifies one expression against another."""
        return _put(self.verify, plain, stored)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that bring both."""
        return tuple(dict.fromkeys((*self.hash_edits, *self.verify_edits)))


def _put(code: str, *given: str) -> str:
    """A call of a callable, or an expression with what is given at its gaps."""
    if "{}" not in code:
        return f"{code}({', '.join(given)})"
    return code.format(*(one if _SIMPLE.fullmatch(one) else f"({one})" for one in given))


def hasher_for(known: Passwords, module: Module) -> Hasher | None:
    """The hasher that a file can use; None where none can be brought."""
    own = own_hashers(known, module)
    if HASH in own and VERIFY in own:
        hashes, verifies = own[HASH], own[VERIFY]
        return Hasher(hashes.code, verifies.code, hashes.edits, verifies.edits)
    brought = _of_reference(known, module)
    if HASH in own and brought is not None:
        return replace(brought, hash=own[HASH].code, hash_edits=own[HASH].edits)
    return brought


def _of_reference(known: Passwords, module: Module) -> Hasher | None:
    flavour = "passwords_passlib" if uses(known, "passlib") and not uses(known, "pwdlib") else "passwords"
    found = brought(known.program, module, flavour, HASHING, VERIFYING)
    if found is None:
        return None
    edits = [tuple(edit for edit in found.edits if not _brings(edit, other)) for other in (VERIFYING, HASHING)]
    return Hasher(found.names[HASHING], found.names[VERIFYING], edits[0], edits[1], found.needs, True)


def uses(known: Passwords, library: str) -> bool:
    """Whether a project declares a library or imports it outside of its tests."""
    program = known.program
    names = (name for one in program.modules.by_file.values() if not program.is_test(one) for name in one.facts.imports)
    return program.versions.declared(library) or any(name.partition(".")[0] == library for name in names)


def _brings(edit: Edit, name: str) -> bool:
    return isinstance(edit, AddImport) and edit.name == name


def used(hasher: Hasher, *names: str) -> tuple[Edit, ...]:
    """The edits of a hasher without imports of what is not used."""
    hashes = hasher.hash_edits if HASHING in names else ()
    return tuple(dict.fromkeys((*hashes, *(hasher.verify_edits if VERIFYING in names else ()))))


def hashed(known: Passwords, block: Block, form: Form) -> Fix | None:
    """The fix that hashes a password where it is kept."""
    whole, plain = unpadded(known, block, form) or (form, form)
    hasher, code = hasher_for(known, block.module), rendered(plain)
    if hasher is None or code is None:
        return None
    edit = ReplaceExpression(block.module.path, span_of(whole[1]), hasher.hashing(code))
    edits = (*used(hasher, HASHING), edit) if hasher.needs or hasher.edits else (edit,)
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def hashed_whole(known: Passwords, block: Block, value: Form, field: str, optional: bool) -> Fix | None:
    """The fix that hashes the password in a body that is kept whole, where it has one: `**body.model_dump()`.

    A model that is kept itself becomes a copy with the hash in it.
    """
    hasher, code = hasher_for(known, block.module), rendered(value)
    if hasher is not None and code is not None and value[0] == "name" and _is_model(known, block, value, field):
        if optional:
            return None
        text = f'{code}.model_copy(update={{"{field}": {hasher.hashing(f"{code}.{field}")}}})'
        made = ReplaceExpression(block.module.path, span_of(value[1]), text)
        return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, (*used(hasher, HASHING), made))
    if hasher is not None and code is not None and _is_dataclass(known, block, value, field) and not optional:
        copied, imports = _copying(block.module)
        made = ReplaceExpression(
            block.module.path, span_of(value[1]), f"{copied}({code}, {field}={hasher.hashing(f'{code}.{field}')})"
        )
        edits = (*used(hasher, HASHING), *imports, made)
        return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)
    owner = rendered(value[2][2]) if value[0] == "call" and value[2][0] == "attr" else None
    if hasher is None or code is None or owner is None:
        return None
    hashed = f'"{field}": {hasher.hashing(f"{owner}.{field}")}'
    if optional:
        hashed = f"**({{{hashed}}} if {owner}.{field} else {{}})"
    text = f"{{**{code}, {hashed}}}"
    edits = (*used(hasher, HASHING), ReplaceExpression(block.module.path, span_of(value[1]), text))
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def _is_model(known: Passwords, block: Block, value: Form, field: str) -> bool:
    """Whether a name is a parameter that holds a body of a model of Pydantic 2 that is no row, which can be copied.

    A field that is no plain text, a `SecretStr` say, has no place for a hash.
    """
    given = next((item for item in block.function.parameters if item[0] == value[2]), None) if block.function else None
    if given is None or given[1] in (VARIADIC, KEYWORDS) or given[2] is None:
        return False
    found = classes_in(ask(known.program, block, given[2]))
    bases = {name for cls in found for name in cls.external_bases()}
    fields = [item for cls in found for one in cls.lineage() if isinstance(one, Class) for item in one.fields]
    if any(item[0] == field and mentions(item[1], {"SecretStr", "SecretBytes"}) for item in fields):
        return False
    return (
        len(found) == 1 and not is_table(found[0]) and not bases.isdisjoint({"pydantic.BaseModel", "sqlmodel.SQLModel"})
    )


def _is_dataclass(known: Passwords, block: Block, value: Form, field: str) -> bool:
    """Whether a name is a parameter that holds an object of a dataclass with such a field, which can be copied."""
    given = [item for item in block.function.parameters if item[0] == value[2]] if block.function else []
    found = [cls for item in given if item[2] is not None for cls in classes_in(ask(known.program, block, item[2]))]
    made = any(
        isinstance(option, External) and option.name.removesuffix("()") == "dataclasses.dataclass"
        for cls in found
        for decorator in cls.decorators
        for option in options(decorator)
    )
    return value[0] == "name" and len(found) == 1 and made and field in {item[0] for item in found[0].fields}


def _copying(module: Module) -> tuple[str, tuple[Edit, ...]]:
    """How a file says `dataclasses.replace`, and the import that it needs for that."""
    name = local_name(module, "replace", "dataclasses")
    return name, (AddImport(module.path, "dataclasses", "replace", None if name == "replace" else name),)


def hashed_field(known: Passwords, block: Block, value: Form, key: str, field: str) -> Fix | None:
    """The fix that hashes the password where a loop sets every field: `setattr(user, key, value)`."""
    hasher, code = hasher_for(known, block.module), rendered(value)
    if hasher is None or code is None:
        return None
    text = f'{hasher.hashing(code)} if {key} == "{field}" and {code} else {code}'
    edits = (*used(hasher, HASHING), ReplaceExpression(block.module.path, span_of(value[1]), text))
    return Fix(f"keep a slow, salted hash of the password{hasher.needs}", False, edits)


def verified(
    known: Passwords, block: Block, compare: Form, plain: Form, stored: Form, perhaps: bool = False
) -> Fix | None:
    """The fix that verifies in place of a comparison for equality; `perhaps` there is nothing stored."""
    hasher = hasher_for(known, block.module)
    typed, kept = rendered(_as_text(plain)), rendered(_as_text(stored))
    if hasher is None or typed is None or kept is None:
        return None
    negated = compare[0] == "compare" and compare[3] == ["!="]
    code = f"{'not ' if negated else ''}{hasher.verifying(typed, kept)}"
    if perhaps and not hasher.takes_none:
        code = f"{kept} {'is None or' if negated else 'is not None and'} {code}"
    edits = (*used(hasher, VERIFYING), ReplaceExpression(block.module.path, span_of(compare[1]), code))
    return Fix(f"verify the password against its stored hash{hasher.needs}", False, edits)


def _as_text(form: Form) -> Form:
    """A text without the `.encode()` that `compare_digest` needs and hashers do not."""
    match form:
        case ["call", _, ["attr", _, [*inner], "encode"], _, []]:
            return inner
    return form


def in_constant_time(block: Block, compare: Form, left: Form, right: Form) -> Fix | None:
    """The fix that compares two hashes of one salt with `secrets.compare_digest`."""
    one, other = rendered(left), rendered(right)
    if one is None or other is None:
        return None
    path = block.module.path
    code = f"{'not ' if compare[3] == ['!='] else ''}secrets.compare_digest({one}, {other})"
    edits = (AddImport(path, "secrets"), ReplaceExpression(path, span_of(compare[1]), code))
    return Fix("compare the hashes in a time that tells nothing", False, edits)
