"""Functions that make a new key: those of libraries, and those of the project that give back what one of them makes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import External, Value, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OF_LIBRARIES = frozenset({"token_urlsafe", "token_hex", "token_bytes", "uuid4", "generate_api_key", "urandom"})
_OF_PYTHON = frozenset({"secrets.token_urlsafe()", "secrets.token_hex()", "secrets.token_bytes()"})
_KNOWN_TO_CLIENTS = word_set("csrf xsrf state nonce request trace correlation session boundary salt etag version")
HASHING = frozenset(
    {"sha256", "sha512", "sha1", "md5", "blake2b", "hmac", "hashlib", "hash", "hashed", "digest", "hexdigest",
     "encrypt", "encrypted", "fingerprint"}
)  # fmt: skip
"""Words of names by which something is made of a key that does not give it away."""


@lru_cache(maxsize=1)
def key_makers(program: Program) -> frozenset[str]:
    """What the functions are called, `token_urlsafe` and a project's own `new_key` that returns one."""
    blocks = [block for block in program.sites.blocks(_OF_LIBRARIES) if not program.is_test(block.module)]
    own = {block.function.name for block in blocks if block.function is not None and _gives_key(block)}
    return _OF_LIBRARIES | own


def is_made_at_random(form: Form, value: Value) -> bool:
    """Whether an expression holds what the program made for itself with `secrets`, once: `self.panel_key`.

    Against forgery, and to tell requests apart, such texts are given to clients, who send them back.
    """
    made = [option for option in options(value) if isinstance(option, External) and option.name in _OF_PYTHON]
    return bool(made) and form[0] in ("attr", "name") and not _KNOWN_TO_CLIENTS & set(words_of(name_of(form)))


def _gives_key(block: Block) -> bool:
    """Whether a function returns a key as it was made, and keeps nothing anywhere."""
    fresh: set[str] = set()
    given = []
    for form in block.statements:
        match form:
            case ["assign", _, [["name", _, name]], value] | ["annassign", _, ["name", _, name], _, value] if value:
                fresh |= {name} if _is_key(value, fresh) else set()
            case ["return", _, value] if value is not None:
                given.append(value)
            case ["expr", _, ["const", *_]]:
                continue
            case _:
                return False
    return bool(given) and all(_is_key(value, fresh) for value in given)


def _is_key(value: Form, fresh: set[str]) -> bool:
    called = [name_of(form[2]) for form in walk(value) if form[0] == "call"]
    if any(HASHING & set(words_of(name)) for name in called) or value[0] in ("tuple", "dict", "list"):
        return False
    return any(name in _OF_LIBRARIES for name in called) or any(
        form[0] == "name" and form[2] in fresh for form in walk(value)
    )


def is_hashed(block: Block, form: Form) -> bool:
    """Whether an expression speaks of hashing, or a local name of it was given something that does."""
    scope = block.scope
    spoken = [str(item[-1]) for item in walk(form) if item[0] in ("name", "attr")]
    if form[0] == "name" and isinstance(scope, FunctionScope):
        for statement in scope.assignments(form[2]):
            if statement[0] in ("assign", "annassign") and statement[-1] is not None:
                spoken += [str(item[-1]) for item in walk(statement[-1]) if item[0] in ("name", "attr")]
    return any(HASHING & set(words_of(name)) for name in spoken)
