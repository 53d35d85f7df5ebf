"""What keeps people and what does not: stores, rows, records, by their classes and names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Bound, Class, Environment, External, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, is_schema, is_table
from fastapi_seclint.subjects.passwords.names import (
    MENTIONS,
    is_at_a_server,
    is_of_machine,
    is_of_people,
    logs_in_elsewhere,
    naming,
    words,
)
from fastapi_seclint.subjects.passwords.unpacked import names_given
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords

_RECORD_WORDS = word_set(
    """
    user users account accounts member members customer customers admin person people patient student teacher doctor
    employee staff client owner author profile player seller buyer driver guest subscriber db in model orm table entity
    row record document my app site
    """
)
"""Words that the name of a stored person is made of: `User`, `DBUser`, `UserInDB`, `AccountModel`."""
_THINGS = word_set("account accounts client db in model orm table entity row record document my app site")
_SENT = word_set("form request input payload params dto command query filter credentials response schema")
"""Last words of the name of a class whose objects only bring data."""
_STORES = re.compile(
    r"(^|_)(db|database|store|storage|collection|table|repo|repository|session|fake|memory|cache|data)(_|$)"
)
_REGISTERS = re.compile(r"(register|sign_?up|create|add)_?(user|account|member|customer|client|person)", re.I)
_SENDING = re.compile(r"^_*(send|make|do)_(\w+_)?request$")
_IDENTITY = word_set("auth admin keycloak cognito firebase supabase auth0 okta iam idp ldap client")
"""Words of a client of an identity service: `supabase.auth.admin`, `keycloak_admin`, `firebase_admin.auth`."""


def opens_elsewhere(function: Form) -> bool:
    """Whether a call opens an account at an identity service, which hashes what it gets."""
    owner = spelled(function[2]).rpartition(".")[2]
    return function[3] in ("create_user", "add_user") and set(words(owner)) <= _IDENTITY


def asks_identity_service(call: Form) -> bool:
    """Whether a call is a method of a client of an identity service, or of a part of it: `auth0.users.update(...)`."""
    owner = call[2][2] if call[2][0] == "attr" else None
    while owner is not None and owner[0] == "attr":
        owner = owner[2]
    said = set(words(owner[2].rstrip("0123456789"))) if owner is not None and owner[0] == "name" else set()
    return bool(said - {"admin", "client"}) and said <= _IDENTITY


def _sends(call: Form) -> bool:
    """Whether a method says in so many words that it sends a request: `querier.send_put_request(path, data)`."""
    return call[2][0] == "attr" and _SENDING.match(call[2][3]) is not None


def is_row(known: Passwords, block: Block, owner: Form) -> bool:
    """Whether an expression is a row of a table whose class does not look after its password itself."""
    classes = [option.cls for option in options(ask(known.program, block, owner)) if isinstance(option, Instance)]
    return any(isinstance(cls, Class) and is_table(cls) and not has_own_ways(cls) for cls in classes)


def is_sent_on(block: Block, owner: Form) -> bool:
    """Whether a dictionary is for another server: `client.post(url, data=form)`, `auth0.users.update(number, body)`."""
    if owner[0] == "name" and any(
        (asks_identity_service(call) or _sends(call))
        and any(part[0] == "name" and part[2] == owner[2] for part in call[3])
        for call in block.forms.of("call")
    ):
        return True
    return any(
        keyword in ("data", "json", "params", "content")
        and any(inner[0] == "name" and inner[2] == owner[-1] for inner in walk(value))
        for call in block.forms.of("call")
        if owner[0] == "name" and call[2][0] == "attr" and call[2][3] in ("post", "put", "patch", "request", "get")
        for keyword, value, _ in call[4]
    )


def is_for_call(known: Passwords, block: Block, owner: Form) -> bool:
    """Whether a dictionary is the arguments of a library's function: `run(**options)` of ansible_runner."""
    return owner[0] == "name" and any(
        call[2][0] == "name"
        and any(keyword is None and value[0] == "name" and value[2] == owner[2] for keyword, value, _ in call[4])
        and any(isinstance(item, External) for item in options(ask(known.program, block, call[2])))
        and call[2][2].islower()
        for call in block.forms.of("call")
    )


def class_of(known: Passwords, block: Block, form: Form) -> Class | None:
    """The class of the project that an expression is."""
    return next((item for item in options(ask(known.program, block, form)) if isinstance(item, Class)), None)


def rows_made(known: Passwords, block: Block, owner: Form) -> Class | None:
    """The class of a table of people whose rows are made or changed by methods of an expression: `User.create(row)`.

    The expression is the class itself or a query of it: `User.filter(name=name).update(...)`. Who has a column for a
    password is one of the people, whatever the application calls them: `Potter.create(row)`; with a host or url it
    is an account at some server.
    """
    while owner[0] == "call" and owner[2][0] == "attr":
        owner = owner[2][2]
    cls = class_of(known, block, owner) if owner[0] in ("name", "attr") else None
    if cls is None or not is_table(cls) or has_own_ways(cls):
        return None
    fields = field_names(cls)
    own = not is_of_machine(cls.name) and any(map(naming, fields)) and not is_at_a_server(fields)
    return cls if own or _is_person(cls.name) else None


def is_record(cls: Class | None, name: str) -> bool:
    """Whether a class, or one that is only known by name, is that of people who are stored."""
    if cls is not None:
        if not is_table(cls) and words(cls.name)[-1] in _SENT:
            return False
        named = words(cls.name)
        people = is_of_people(cls.name) and (named[-1] != "auth" or bool(_RECORD_WORDS.intersection(named)))
        return not is_of_machine(cls.name) and (is_table(cls) or (not is_schema(cls) and people))
    return name[:1].isupper() and is_of_people(name) and set(words(name)) <= _RECORD_WORDS


_COLLECTIONS = frozenset({"coll", "col", "collection"})


def is_store(form: Form) -> bool:
    """Whether an expression is named after something that keeps people: `users`, `fake_users_db`, `db.users`.

    A collection of documents that is called nothing else keeps whatever it is given.
    """
    parts = spelled(form).lower().split(".")
    if is_of_machine(parts[-1]):
        return False
    neutral = parts[-1].strip("_") in _COLLECTIONS
    return neutral or is_of_people(parts[-1]) or any(_STORES.search(part) for part in parts)


def speaks_of_people(form: Form) -> bool:
    """Whether an expression has a name of people in it."""
    return any(item[0] in ("name", "attr") and is_of_people(str(item[-1])) for item in walk(form))


def looks_after_itself(known: Passwords, block: Block, owner: Form, field: str = "") -> bool:
    """Whether the object has a class that hashes its password itself, or is no person's.

    A schema with a `field` for a hash is an account that is kept in memory.
    """
    if is_of_machine(spelled(owner)) or spelled(owner) == "self" or is_of_a_server(known, block, owner):
        return True
    for option in options(ask(known.program, block, owner)):
        if isinstance(option, Instance) and isinstance(option.cls, Class):
            passing = is_schema(option.cls) and not is_table(option.cls) and naming(field) != "kept"
            return passing or has_own_ways(option.cls)
        if isinstance(option, Environment) and not option.name.startswith("parameter "):
            return True
    return _all_see_to(known.program, field)


@lru_cache(maxsize=256)
def _all_see_to(program: Program, field: str) -> bool:
    """Whether there are tables with a column of this name, and the rows of all of them hash what it is given."""
    tables = [
        value
        for module in program.modules.by_file.values()
        if field in module.facts.words and not program.is_test(module)
        for value in list(module.scope.names.values())
        if isinstance(value, Class) and value.module is module and is_table(value) and field in field_names(value)
    ]
    return bool(tables) and all(map(has_own_ways, tables))


def is_of_a_server(known: Passwords, block: Block, owner: Form) -> bool:
    """Whether an object is an account at some server: it has an address to connect to, as its class says.

    Or its address is set in the same file, as by the steps of a builder: `self._target.host = host`.
    """
    for option in options(ask(known.program, block, owner)):
        cls = option.cls if isinstance(option, Instance) else option
        if isinstance(cls, Class):
            return logs_in_elsewhere(field_names(cls)) and not _is_person(cls.name)
    text = spelled(owner)
    facts = block.module.facts
    if "?" in text or _is_person(text) or not facts.words & {"host", "hostname", "port"}:
        return False
    return any(
        target[0] == "attr" and target[3] in ("host", "hostname", "port") and spelled(target[2]) == text
        for number in range(-1, len(facts.functions))
        for form in facts.forms(number).of("assign")
        for target in form[2]
    )


def _is_person(name: str) -> bool:
    return bool(_RECORD_WORDS.difference(_THINGS).intersection(words(name)))


def is_own(known: Passwords, block: Block, function: Form) -> bool:
    """Whether a call goes to code of the project."""
    return any(isinstance(item, Function | Bound) for item in options(ask(known.program, block, function)))


def hashes_rows(known: Passwords, block: Block, function: Form) -> bool:
    """Whether code of the project that keeps a row hashes what is in it, or takes a password by its name.

    The latter is looked at by itself.
    """
    for item in options(ask(known.program, block, function)):
        own = item.function if isinstance(item, Bound) else item
        body = body_of(known.program, own) if isinstance(own, Function) else None
        if isinstance(own, Function):
            speaks = own.number in own.module.facts.speaking(*MENTIONS, folded=True)
            return speaks or body is None or known.hashes(body)
    return False


def is_registered_elsewhere(known: Passwords, block: Block, made: Form) -> bool:
    """Whether a library that makes accounts gets an object of a class out of sight: it may hash the password."""
    names = names_given(block, made)
    return any(
        _REGISTERS.match(last_name(form[2])) is not None
        and any(part is made or (part[0] == "name" and part[2] in names) for part in form[3])
        and not is_own(known, block, form[2])
        for form in block.forms.of("call")
    )
