"""Places that keep a password as it was typed: fields, rows, documents, statements of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class
from fastapi_seclint.subjects.code.entries import accounts_of
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.code.sql import hashed_there, in_order
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, is_schema, may_be_missing
from fastapi_seclint.subjects.passwords.bodies import made_of_body
from fastapi_seclint.subjects.passwords.followed import Where
from fastapi_seclint.subjects.passwords.hooks import hooked
from fastapi_seclint.subjects.passwords.names import (
    is_of_machine,
    is_of_password_manager,
    logs_in_elsewhere,
    naming,
)
from fastapi_seclint.subjects.passwords.replaced import changed, hashed_beside, is_chosen, is_given_salt, leaves_out
from fastapi_seclint.subjects.passwords.rest import named_by_callers, takes_rest
from fastapi_seclint.subjects.passwords.rows import stored_rows
from fastapi_seclint.subjects.passwords.statements import given_values, statement_of
from fastapi_seclint.subjects.passwords.stores import (
    class_of,
    hashes_rows,
    is_class_of_rows,
    is_for_call,
    is_record,
    is_registered_elsewhere,
    is_row,
    is_sent_on,
    is_store,
    looks_after_itself,
    opens_elsewhere,
    speaks_of_people,
)
from fastapi_seclint.subjects.passwords.unpacked import names_given
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords

_KEEPS = word_set(
    """
    append add insert insert_one insert_many update update_one replace_one find_one_and_update setdefault save
    put create create_user add_user insert_user set_item put_item setex set values execute create_or_update upsert
    execute_insert bulk_create
    """
)
_TAKES_WHOLE = frozenset({"append", "insert_one", "insert_many", "insert", "setdefault"})
_OF_DOCUMENTS = frozenset({"insert_one", "insert_many"})
"""Methods that only collections of documents have (pymongo.collection), whatever those are called."""
_SETS_FIELDS = frozenset({"update_from_dict", "sqlmodel_update"})
"""Methods of rows that set the fields which a dictionary has: Tortoise's and SQLModel's."""
_SAVES = _TAKES_WHOLE | {"save", "persist"}
_WRITING = re.compile(r"\b(insert\s+(?:(?:or\s+)?\w+\s+)?into|update|replace\s+into|merge\s+into)\b", re.I)
_SPREAD_INTO = frozenset({"values", "add", "create", "save", "insert", "insert_one", "execute"})
_DUMPS = frozenset({"dict", "model_dump", "jsonable_encoder", "asdict"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A place where a password is kept as it was typed: what to point at, the password's own expression, how sure.

    `field` is its name where `form` is a whole body, `stored` what it is compared with, `key` the variable that is
    that name where `form` is the value of any field; `optional`: a body may lack it, or nothing may be stored.
    """

    block: Block
    at: int
    form: Form
    sure: bool
    field: str = ""
    stored: Form | None = None
    key: str = ""
    optional: bool = False


def kept(known: Passwords) -> Iterator[Kept]:
    """All places that keep a request's password unhashed."""
    if hooked(known.program):
        return
    spoken = {id(block.statements) for block in known.blocks}
    whole = known.program.sites.blocks(_DUMPS | {"append", "insert_one", "setattr"})
    spread = (block for block in known.program.sites.blocks(_SPREAD_INTO) if takes_rest(block))
    others = {
        id(block.statements): block
        for block in (*whole, *spread)
        if id(block.statements) not in spoken and not known.program.is_test(block.module)
    }
    for block in [*known.blocks, *others.values()]:
        if is_of_password_manager(block.symbol) or is_given_salt(block):
            continue
        for form in block.forms.of("assign", "call", "return", "for"):
            match form:
                case ["assign", at, [target], value]:
                    yield from _assigned(known, block, at, target, value)
                    if value[0] == "dict" and target[0] == "name" and _spreads(block, target[2]):
                        yield from _called_a_hash(known, block, value[2], True)
                case ["call", *_] if form[2][0] in ("name", "attr", "call"):
                    yield from _called(known, block, form)
                case ["return", _, ["dict", _, pairs]]:
                    yield from _called_a_hash(known, block, pairs)
                case ["for", _, ["tuple", _, [["name", _, key], ["name", _, value]]], iterable, body, _]:
                    yield from _looped(known, block, iterable, body, (key, value))
    yield from (Kept(block, call[1], call, True) for block, call in stored_rows(known))


def _spreads(block: Block, name: str) -> bool:
    """Whether a dictionary becomes the fields of an object: `User(**row)`."""
    calls = block.forms.of("call")
    return any(key is None and value[::2] == ["name", name] for form in calls for key, value, _ in form[4])


def _called_a_hash(known: Passwords, block: Block, pairs: list[Form], row: bool = False) -> Iterator[Kept]:
    """A password as it was typed under the key of a hash, in a row to be kept: `return {"digest": self.password}`.

    `row`: an object is made of it, so that a field of what is given counts although nobody is seen to give it.
    """
    for key, value in pairs:
        if key is not None and key[0] == "const" and isinstance(key[2], str) and naming(key[2]) == "kept":
            found = _plain(known, block, value[1], value)
            yield from (item for item in found if item.sure or (row and value[0] == "attr"))


def _named_a_hash(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    """A password as it was typed that a function takes for a hash: `accounts.add(email, pw_hash=body.password)`.

    By position it has to be a function of the project, whose parameter says so: `set_password(user.id, body.password)`.
    """
    given = [(value, at) for keyword, value, at in call[4] if keyword is not None and naming(keyword) == "kept"]
    if given and (call[2][0] != "attr" or call[2][3] not in _KEEPS | {"create", "register"}):
        given = []
    typed = [value for value in call[3] if value[0] in ("name", "attr", "sub") and naming(str(_last(value))) == "plain"]
    if not given and not typed:
        return
    for function, bound in called(known.program, block, call):
        body = body_of(known.program, function)
        if known.verifies(function) or body is None or known.hashes(body):
            return
        names = [parameter[0] for parameter in function.parameters[1 if bound else 0 :]]
        pairs = zip(names, call[3], strict=False)
        given += [(item, item[1]) for name, item in pairs if item in typed and naming(name) == "kept"]
    for value, at in given:
        yield from (item for item in _plain(known, block, at, value) if item.sure or value[0] == "attr")


def _last(form: Form) -> object:
    """The last name of an expression: of an item its key, where that is a text."""
    return form[3][2] if form[0] == "sub" and form[3][0] == "const" else form[-1]


def _assigned(known: Passwords, block: Block, at: int, target: Form, value: Form) -> Iterator[Kept]:
    match target:
        case ["attr", _, owner, name] if naming(name):
            apart = looks_after_itself(known, block, owner, name)
            if known.requests.source(Where(block), owner, 6) is None and not apart:
                yield from _plain(known, block, at, value)
        case ["attr", _, owner, _] if is_row(known, block, owner):
            yield from (item for item in _plain(known, block, at, value) if item.sure)
        case ["sub", _, owner, ["const", _, str() as name]] if naming(name):
            apart = is_of_machine(spelled(owner)) or is_sent_on(block, owner) or is_for_call(known, block, owner)
            if known.requests.source(Where(block), owner, 6) is None and not apart:
                yield from _plain(known, block, at, value)
        case ["sub", _, owner, _] if is_store(owner):
            yield from _plain(known, block, at, value) if accounts_of(target) is not None else ()
            yield from _whole(known, block, at, value)


def _called(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    function = call[2]
    last = str(function[-1]) if function[0] in ("name", "attr") else ""
    tells = any(
        keyword is None or naming(keyword) or (value[0] == "name" and known.is_handed(block, value[2]))
        for keyword, value, _ in call[4]
    )
    yield from _named_a_hash(known, block, call)
    cls = class_of(known, block, function) if tells and function[0] in ("name", "attr") else None
    if cls is not None and is_schema(cls):
        if not _is_put_away(known, block, call):
            named = [[["const", at, keyword], value] for keyword, value, at in call[4] if keyword is not None]
            yield from _called_a_hash(known, block, named, True)
            return
        yield from () if has_own_ways(cls) else _keywords(known, block, call, cls)
        return
    if tells and is_record(cls, last):
        hashes_itself = is_registered_elsewhere(known, block, call) if cls is None else has_own_ways(cls)
        yield from () if hashes_itself else _keywords(known, block, call, cls)
        return
    statement, inside = statement_of(known, block, call)
    if _WRITING.search(statement):
        there = [value for _, value in hashed_there(call)]
        for item in (*inside, *(item for argument in in_order(call)[1:] for item in given_values(argument))):
            if any(item is value for value in there):
                continue
            yield from _plain(known, block, call[1], item)
    elif last in _SETS_FIELDS and function[0] == "attr":
        owner = function[2]
        kept_by = is_row(known, block, owner) or speaks_of_people(owner)
        if kept_by and call[3] and not looks_after_itself(known, block, owner):
            yield from _whole(known, block, call[1], call[3][0])
    elif last in ("hset", "hmset") and function[0] == "attr":
        mapped = [value for keyword, value, _ in call[4] if keyword == "mapping"] or call[3][1:]
        for argument in mapped:
            yield from (item for item in _whole(known, block, call[1], argument) if item.sure)
    elif last in _KEEPS and function[0] == "attr" and not opens_elsewhere(function):
        rows = is_class_of_rows(known, block, function[2])
        stores = rows or is_store(function[2]) or function[2][0] == "call" or last in _OF_DOCUMENTS
        if stores and not hashes_rows(known, block, function):
            for argument in call[3]:
                if rows or argument[0] == "dict" or last in _TAKES_WHOLE or _display_of(known, block, argument):
                    yield from _whole(known, block, call[1], argument)
        if last in ("values", "update", "create") and speaks_of_people(function[2]):
            yield from _keywords(known, block, call, None)


def _looped(known: Passwords, block: Block, iterable: Form, body: list[Form], names: tuple[str, str]) -> Iterator[Kept]:
    """A loop that sets every field: `for key, value in data.model_dump().items(): setattr(user, key, value)`."""
    dumped = iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][3] == "items"
    whole = iterable[2][2] if dumped else iterable if iterable[0] == "name" else None  # models of pydantic give pairs
    if whole is None or any(form[0] == "const" and naming(str(form[2])) for form in walk(body)):
        return
    for form in walk(body):
        match form:
            case ["call", at, ["name", _, "setattr"], [owner, ["name", _, key], ["name", _, value] as last], _]:
                kept_by = speaks_of_people(owner) or is_row(known, block, owner)
                if (key, value) != names or not kept_by or looks_after_itself(known, block, owner):
                    continue
                for item in _whole(known, block, at, whole):
                    yield replace(item, form=last, field=item.field, key=key)


def _is_put_away(known: Passwords, block: Block, call: Form) -> bool:
    """Whether an object is put into a store of the application's own, at once or by its name: `users[email] = user`."""
    names = names_given(block, call)
    for form in block.forms.of("assign", "call"):
        match form:
            case ["assign", _, [["sub", _, owner, _]], value] if is_store(owner):
                given = value
            case ["call", _, ["attr", _, owner, name], [*_, value], _] if name in _SAVES and is_store(owner):
                given = value
            case _:
                continue
        if any(part is call or (part[0] == "name" and part[2] in names) for part in walk(given)):
            return True
    return False


def _keywords(known: Passwords, block: Block, call: Form, cls: Class | None) -> Iterator[Kept]:
    names = set(field_names(cls)) if cls is not None else set()
    for keyword, value, at in call[4]:
        if keyword is not None and naming(keyword):
            yield from _plain(known, block, at, value)
        elif keyword is not None and value[0] == "name" and known.is_handed(block, value[2]):
            yield from (one for one in _plain(known, block, at, value) if one.sure)
        elif keyword is None and (cls is None or any(naming(name) for name in names)):
            yield from _whole(known, block, value[1], value, names or None)
            for other, place, given in named_by_callers(known, block, value):
                yield from _plain(known, other, place, given)


def _plain(known: Passwords, block: Block, at: int, value: Form) -> Iterator[Kept]:
    text = known.text(block, value)
    if text is not None and text.kind == "plain":
        yield Kept(block, at, value, text.sure)


def _whole(
    known: Passwords,
    block: Block,
    at: int,
    value: Form,
    names: set[str] | None = None,
    depth: int = 4,
    beside: bool = False,
) -> Iterator[Kept]:
    """A dictionary or a request's body that is kept as it is, password and all.

    `beside` says that its hash is put beside it under a name of its own, so that what is hashed is no replacement.
    """
    if depth == 0:
        return
    if value[0] == "dict":
        yield from _display(known, block, value, depth)
        return
    made = made_of_body(known, block, value)
    if made is not None and made[1][0] == "dict":
        yield from _display(known, *made, depth - 1)
    elif made is not None:
        inner = _whole(known, made[0], at, made[1], names, depth - 1)
        yield from (replace(item, block=block, form=value) for item in inner)
    if made is not None:
        return
    display = _display_of(known, block, value)
    if display is not None:
        if not changed(known, block, value):
            yield from (replace(item, at=at) for item in _display(known, block, display, depth))
        return
    source = known.requests.source(Where(block), value, 6)
    if source is None or source.cls is None or source.values is not None or not _is_dump(value):
        return
    if leaves_out(known, block, value):
        return
    secret = next((name for name in field_names(source.cls) if naming(name) == "plain"), None)
    if secret is None or (names is not None and secret not in names) or has_own_ways(source.cls):
        return
    if logs_in_elsewhere(field_names(source.cls)):
        return
    beside = beside or hashed_beside(known, block, value)
    if not changed(known, block, value, secret) and (beside or not known.hashes(block)):
        yield Kept(block, at, value, source.sure, secret, optional=may_be_missing(source.cls, secret))


def _display_of(known: Passwords, block: Block, value: Form) -> Form | None:
    """The dictionary display that a local name stands for."""
    above = list(known.assigned(block, value[2], value)) if value[0] == "name" else []
    return above[-1] if above and above[-1] is not None and above[-1][0] == "dict" else None


def _display(known: Passwords, block: Block, display: Form, depth: int) -> Iterator[Kept]:
    told = {naming(name) for key, _ in display[2] if key is not None and (name := _field_of(key))}
    for key, item in display[2]:
        if key is None and "plain" not in told:
            yield from _whole(known, block, item[1], item, None, depth - 1, "kept" in told)
        elif key is None:
            continue
        elif name := _field_of(key):
            if naming(name):
                yield from _plain(known, block, item[1], item)
            elif item[0] == "dict" or name.startswith("$set"):
                yield from _whole(known, block, item[1], item, depth=depth - 1)
            elif item[0] == "name" and known.is_handed(block, item[2]):
                yield from (one for one in _plain(known, block, item[1], item) if one.sure)


def _field_of(key: Form) -> str:
    """The field that a key of a row names: `"password"`, or the column itself, `User.password`."""
    if key[0] == "attr" and last_name(key[2])[:1].isupper():
        return str(key[3])
    return key[2] if key[0] == "const" and isinstance(key[2], str) else ""


def _is_dump(value: Form) -> bool:
    """Whether a body goes on whole: itself, or everything in it."""
    if value[0] == "call":
        return last_name(value[2]) in _DUMPS and not is_chosen(value)
    return value[0] in ("name", "await")
