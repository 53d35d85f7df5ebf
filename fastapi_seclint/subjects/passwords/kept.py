"""What code puts into dictionaries and lists that live as long as the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.mappings import identifies, key_read
from fastapi_seclint.subjects.passwords.names import is_password, naming

_TEXTS = frozenset({"decode", "hex", "hexdigest"})
_HASHES = re.compile(r"hash|sha\d|md5|(^|_)(en)?crypt|scrypt")


def put(block: Block) -> Iterator[tuple[Form, Form]]:
    """What a block puts into dictionaries and lists: `users[email] = value`, `users.append(value)`, `setdefault`."""
    for form in block.forms.every:
        match form:
            case ["assign", _, [["sub", _, ["name" | "attr", *_] as owner, _]], value]:
                yield owner, value
            case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "append"], [value], []]:
                yield owner, value
            case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "setdefault"], [_, value], []]:
                yield owner, value


def appended(block: Block, name: Form) -> list[Form]:
    """What a block appends to a list of its own: `users.append(user_helper(user))`."""
    return [
        form[3][0]
        for form in block.forms.of("call")
        if form[2][0] == "attr" and form[2][3] == "append" and form[2][2][0] == "name"
        and form[2][2][2] == name[2] and len(form[3]) == 1
    ]  # fmt: skip


def hashed_in(value: Form) -> tuple[str, None] | None:
    """The key of a dictionary display that holds a hash by what it is given: `{"digest": hasher.hash(password)}`."""
    for key, item in value[2] if value[0] == "dict" else ():
        name = str(key[2]) if key is not None and key[0] == "const" else ""
        if name in ("hash", "hashed", "digest") and _names_hash(item):
            return name, None
        if is_hashed(name, item):
            return name, None
    return None


def typed_in(value: Form) -> tuple[str, None] | None:
    """The key of an account's dictionary display that keeps a password as it came: `{"name": .., "password": ..}`."""
    pairs = value[2] if value[0] == "dict" else []
    for key, item in pairs if identifies(pairs) else ():
        name = str(key[2]) if key is not None and key[0] == "const" else ""
        if is_password(name, True) and item[0] in ("name", "attr", "sub") and naming(_last(item)) == "plain":
            return name, None
    return None


def _last(form: Form) -> str:
    """The name by which an expression reads a value: that of a variable, an attribute or a key."""
    return key_read(form) or str(form[-1])


def completed(block: Block, name: Form, display: Form) -> Form:
    """A dictionary display with the items that its name is given afterwards: `answer["password"] = user.password`."""
    pairs = [*display[2]]
    for form in block.forms.of("assign"):
        match form:
            case ["assign", at, [["sub", _, ["name", _, owner], ["const", _, str()] as key]], value]:
                if owner == name[2] and display[1] < at < name[1]:
                    pairs.append([key, value])
    return ["dict", display[1], pairs]


def hashed_later(block: Block, name: Form, after: int) -> str:
    """The key that gets a hash after a dictionary was made: `document["password"] = hasher.hash(...)`."""
    for form in block.forms.of("assign"):
        match form:
            case ["assign", at, [["sub", _, ["name", _, owner], ["const", _, str() as key]]], value]:
                if owner == name[2] and after < at < name[1] and (naming(key) == "kept" or is_hashed(key, value)):
                    return key
    return ""


def hashed_key(block: Block, document: Form, written: Form) -> str:
    """The key of a document that holds a hash, given where the document is written or afterwards; empty for none."""
    found = hashed_in(written)
    if found is not None:
        return found[0]
    return hashed_later(block, document, written[1]) if document[0] == "name" else ""


def is_hashed(name: str, value: Form) -> bool:
    """Whether what is named after a password is given its hash: `{"password": hash_password(body.password)}`."""
    if naming(name) != "plain":
        return False
    return naming(str(value[-1])) == "kept" if value[0] in ("name", "attr") else _names_hash(value)


def _names_hash(form: Form) -> bool:
    """Whether an expression is a call that hashes: `await hash_password(...)`, `bcrypt.hashpw(...).decode()`."""
    while form[0] == "await" or (form[0] == "call" and form[2][0] == "attr" and form[2][3] in _TEXTS):
        form = form[2] if form[0] == "await" else form[2][2]
    name = last_name(form[2]).lower() if form[0] == "call" else ""
    return _HASHES.search(name) is not None and not name.startswith(("check", "verify", "is_"))
