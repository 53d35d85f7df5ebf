"""Places that keep a password as it was typed: fields, rows, documents, statements of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.models import MAKING
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Mapping, options
from fastapi_seclint.subjects.code.entries import accounts_of
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.code.sql import hashed_there, in_order, written_out
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, is_schema, is_table
from fastapi_seclint.subjects.passwords.columns_written import sent_to_columns
from fastapi_seclint.subjects.passwords.hooks import hooked
from fastapi_seclint.subjects.passwords.messages import is_told_both
from fastapi_seclint.subjects.passwords.names import (
    is_at_a_server,
    is_of_machine,
    is_of_password_manager,
    logs_in_elsewhere,
    naming,
)
from fastapi_seclint.subjects.passwords.positional import by_name
from fastapi_seclint.subjects.passwords.put_away import is_an_entry
from fastapi_seclint.subjects.passwords.replaced import is_given_salt
from fastapi_seclint.subjects.passwords.rest import named_by_callers, takes_rest
from fastapi_seclint.subjects.passwords.rows import replaced_where_given, stored_rows
from fastapi_seclint.subjects.passwords.rows_made import fields_of_row, put_in, rows_of_bodies, table_written
from fastapi_seclint.subjects.passwords.stages import Where
from fastapi_seclint.subjects.passwords.statements import given_values, statement_of
from fastapi_seclint.subjects.passwords.stores import (
    class_of,
    hashes_rows,
    is_for_call,
    is_record,
    is_registered_elsewhere,
    is_row,
    is_sent_on,
    is_store,
    looks_after_itself,
    opens_elsewhere,
    rows_made,
    speaks_of_people,
)
from fastapi_seclint.subjects.passwords.unpacked import names_given
from fastapi_seclint.subjects.passwords.whole_bodies import (
    DUMPS,
    Kept,
    as_typed,
    display_of,
    is_dump_kept,
    whole_body,
)
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords

_KEEPS = word_set(
    """
    append add insert insert_one insert_many update update_one replace_one find_one_and_update setdefault save
    put create create_user add_user insert_user set_item put_item setex set values execute create_or_update upsert
    execute_insert bulk_create get_or_create update_or_create
    """
)
_OF_QUERIES = frozenset({"values", "update", "create", "get_or_create", "update_or_create"})
_GIVE_FIELDS = _OF_QUERIES | {"insert", "replace"}
"""Methods that take the fields of a row for keywords; the latter of classes of rows only, as peewee's are."""
_TAKES_WHOLE = frozenset({"append", "insert_one", "insert_many", "insert", "setdefault"})
_OF_DOCUMENTS = frozenset({"insert_one", "insert_many"})
"""Methods that only collections of documents have (pymongo.collection), whatever those are called."""
_SETS_FIELDS = frozenset({"update_from_dict", "sqlmodel_update"})
"""Methods of rows that set the fields which a dictionary has: Tortoise's and SQLModel's."""
_SAVES = _TAKES_WHOLE | {"save", "persist"}
_WRITING = re.compile(r"\b(insert\s+(?:(?:or\s+)?\w+\s+)?into|update|replace\s+into|merge\s+into)\b", re.I)
_OTHER: WeakKeyDictionary[Program, set[str]] = WeakKeyDictionary()
_SPREAD_INTO = frozenset({"values", "add", "create", "save", "insert", "insert_one", "execute"})


def kept(known: Passwords) -> Iterator[Kept]:
    """All places that keep a request's password unhashed."""
    if hooked(known.program):
        return
    spoken = {id(block.statements) for block in known.blocks}
    whole = known.program.sites.blocks(DUMPS | MAKING | {"append", "insert_one", "setattr", "hset", "hmset"})
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
            found = as_typed(known, block, value[1], value)
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
        yield from (item for item in as_typed(known, block, at, value) if item.sure or value[0] == "attr")


def other_columns(known: Passwords) -> set[str]:
    """The columns and fields of what is kept that are not called after passwords and get one as it was typed."""
    if known.program not in _OTHER:
        _OTHER[known.program] = {
            name
            for block in known.blocks
            for call in block.forms.of("call")
            if any(_is_typed(value) for value in (*call[3], *(item[1] for item in call[4])))
            for name in _other_fields(known, block, call)
        }
        _OTHER[known.program] |= {name for block in known.blocks for name in _other_attributes(known, block)}
    return _OTHER[known.program]


def _other_fields(known: Passwords, block: Block, call: Form) -> Iterator[str]:
    cls = class_of(known, block, call[2])
    if cls is None and call[2][0] == "attr" and call[2][3] == "values":
        cls = table_written(known, block, call[2][2])
    if cls is None or not (is_table(cls) or (is_an_entry(block, call) and not has_own_ways(cls))):
        return
    positional = [] if is_table(cls) else zip(field_names(cls), call[3], strict=False)
    for name, value in (*positional, *((keyword, value) for keyword, value, _ in call[4])):
        if name is not None and not naming(name) and _is_typed(value):
            yield name


def _other_attributes(known: Passwords, block: Block) -> Iterator[str]:
    """The attributes of rows that get a password as it was typed: `self.secret = plain` in a method of their class."""
    for form in block.forms.of("assign"):
        match form:
            case ["assign", at, [["attr", _, owner, name]], value] if not naming(name) and is_row(known, block, owner):
                if any(item.sure for item in as_typed(known, block, at, value)):
                    yield name


def _is_typed(form: Form) -> bool:
    """Whether a value is called a password, so that the name of the field that gets it does not matter."""
    while form[0] == "call" and form[2][0] == "attr" and form[2][3] == "get_secret_value":
        form = form[2][2]
    return form[0] in ("name", "attr", "sub") and naming(str(_last(form))) == "plain"


def _last(form: Form) -> object:
    """The last name of an expression: of an item its key, where that is a text."""
    return form[3][2] if form[0] == "sub" and form[3][0] == "const" else form[-1]


def _assigned(known: Passwords, block: Block, at: int, target: Form, value: Form) -> Iterator[Kept]:
    match target:
        case ["attr", _, owner, name] if naming(name):
            apart = looks_after_itself(known, block, owner, name)
            if known.requests.source(Where(block), owner, 6) is None and not apart:
                yield from as_typed(known, block, at, value)
            elif spelled(owner) == "self" and is_row(known, block, owner):
                yield from (item for item in as_typed(known, block, at, value) if item.sure)
        case ["attr", _, owner, _] if is_row(known, block, owner):
            yield from (item for item in as_typed(known, block, at, value) if item.sure)
        case ["sub", _, owner, ["const", _, str() as name]] if naming(name):
            apart = is_of_machine(spelled(owner)) or is_sent_on(block, owner) or is_for_call(known, block, owner)
            apart = apart or is_told_both(block, owner) or _is_hashed_later(known, block, owner)
            if known.requests.source(Where(block), owner, 6) is None and not apart:
                yield from as_typed(known, block, at, value)
        case ["sub", _, owner, _] if is_store(owner) or _is_entry(known, block, owner, value):
            yield from as_typed(known, block, at, value) if accounts_of(target) is not None else ()
            yield from whole_body(known, block, at, value)


def _is_hashed_later(known: Passwords, block: Block, owner: Form) -> bool:
    """Whether a dictionary becomes a schema, `UserUpdate(**data)`, which goes to a function that hashes passwords."""
    made = [call for call in block.forms.of("call") if owner[0] == "name" and _is_spread(call, owner[2])]
    if block.function is None or not made:
        return False
    for call in made:
        cls = class_of(known, block, call[2])
        if cls is None or not is_schema(cls) or is_table(cls) or _is_put_away(known, block, call):
            return False
    names = set().union(*(names_given(block, call) for call in made))
    for call in block.forms.of("call"):
        given = [*call[3], *(value for _, value, _ in call[4])]
        if not any(item[0] == "name" and item[2] in names for item in given):
            continue
        for function, _ in called(known.program, block, call):
            inner = (body_of(known.program, one) for one in reached(known.program, function, 2))
            if any(body is not None and known.hashes(body) for body in inner):
                return True
    return False


def _is_spread(call: Form, name: str) -> bool:
    return any(key is None and value[::2] == ["name", name] for key, value, _ in call[4])


def _called(known: Passwords, block: Block, call: Form) -> Iterator[Kept]:
    function = call[2]
    last = str(function[-1]) if function[0] in ("name", "attr") else ""
    call = by_name(known, block, call) if last[:1].isupper() else call
    tells = any(
        keyword is None
        or naming(keyword)
        or _is_typed(value)
        or (value[0] == "name" and known.is_handed(block, value[2]))
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
        hashes_itself = hashes_itself or (cls is not None and replaced_where_given(known, block, call))
        hashes_itself = hashes_itself or logs_in_elsewhere(keyword for keyword, _, _ in call[4] if keyword is not None)
        yield from () if hashes_itself else _keywords(known, block, call, cls)
        return
    statement, inside = statement_of(known, block, call)
    if _WRITING.search(statement):
        yield from (Kept(block, call[1], value, True) for value in sent_to_columns(known.program, block, call))
        there = [value for _, value in hashed_there(written_out(known.program, block, call))]
        given = (item for argument in in_order(call)[1:] for item in given_values(known, block, argument))
        for item in (*inside, *given):
            if any(item is value for value in there):
                continue
            yield from as_typed(known, block, call[1], item)
            if item[0] == "call" and last_name(item[2]) in DUMPS:
                whole = whole_body(known, block, call[1], item)
                yield from (one for one in whole if re.search(rf"[:(@$]{one.field}\b", statement))
    elif last in _SETS_FIELDS and function[0] == "attr":
        owner = function[2]
        kept_by = is_row(known, block, owner) or speaks_of_people(owner)
        if kept_by and call[3] and not looks_after_itself(known, block, owner):
            yield from whole_body(known, block, call[1], call[3][0], fields_of_row(known, block, owner))
        if not is_of_machine(spelled(owner)) and not looks_after_itself(known, block, owner):
            yield from put_in(known, block, call)
    elif last in ("hset", "hmset") and function[0] == "attr":
        mapped = [value for keyword, value, _ in call[4] if keyword == "mapping"] or call[3][1:]
        for argument in mapped:
            yield from (item for item in whole_body(known, block, call[1], argument) if item.sure)
    elif last in _KEEPS and function[0] == "attr" and not opens_elsewhere(function):
        yield from _by_method(known, block, call, last)
    elif last in MAKING and function[0] == "attr":
        yield from rows_of_bodies(known, block, call)


def _by_method(known: Passwords, block: Block, call: Form, last: str) -> Iterator[Kept]:
    """What a method of a store, or of a class of rows, keeps: `users.insert_one(row)`, `User.create(password=...)`."""
    function = call[2]
    made = rows_made(known, block, function[2])
    stores = made or is_store(function[2]) or function[2][0] == "call" or last in _OF_DOCUMENTS
    stores = stores or any(_is_entry(known, block, function[2], item) for item in call[3])
    if stores and not hashes_rows(known, block, function):
        for argument in (item for given in call[3] for item in (given[2] if given[0] == "list" else [given])):
            shown = argument[0] == "dict" or display_of(known, block, argument) is not None
            if made or shown or last in _TAKES_WHOLE or is_dump_kept(known, block, call, argument):
                yield from whole_body(known, block, call[1], argument)
    own = any(not function.is_stub for function, _ in called(known.program, block, call))
    into = table_written(known, block, function[2]) if last == "values" else None
    if into is not None:
        yield from _keywords(known, block, call, into)
    elif (made or speaks_of_people(function[2])) and last in (_GIVE_FIELDS if made else _OF_QUERIES) and not own:
        yield from _keywords(known, block, call, made)
        for keyword, value, _ in call[4]:  # what a row has that is made, with Tortoise and peewee
            yield from whole_body(known, block, call[1], value) if keyword == "defaults" else ()


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
                for item in whole_body(known, block, at, whole):
                    yield replace(item, form=last, field=item.field, key=key)


def _is_put_away(known: Passwords, block: Block, call: Form) -> bool:
    """Whether an object is put into a store of the application's own, at once or by its name: `users[email] = user`."""
    names = names_given(block, call)
    for form in block.forms.of("assign", "call"):
        match form:
            case ["assign", _, [["sub", _, owner, _]], value] if is_store(owner) or _is_own(known, block, owner):
                given = value
            case ["call", _, ["attr", _, owner, name], [*_, value], _] if name in _SAVES and is_store(owner):
                given = value
            case _:
                continue
        if any(part is call or (part[0] == "name" and part[2] in names) for part in walk(given)):
            return True
    return False


def _is_entry(known: Passwords, block: Block, owner: Form, value: Form) -> bool:
    """Whether a dictionary is put into one of the program's own, and is no account at some server."""
    if value[0] != "dict" or not _is_own(known, block, owner):
        return False
    return not is_at_a_server(str(key[2]) for key, _ in value[2] if key is not None and key[0] == "const")


def _is_own(known: Passwords, block: Block, owner: Form) -> bool:
    """Whether something is a dictionary that stands in a module or is kept by the object of a method."""
    if owner[0] == "attr":
        return bool(owner[2][2:] == ["self"])
    if owner[0] != "name" or block.module.scope.find(owner[2]) is None:
        return False
    return any(isinstance(option, Mapping) for option in options(ask(known.program, block, owner)))


def _keywords(known: Passwords, block: Block, call: Form, cls: Class | None) -> Iterator[Kept]:
    names = set(field_names(cls)) if cls is not None else set()
    rows = cls is not None and is_table(cls)
    for keyword, value, at in call[4]:
        if keyword is not None and naming(keyword):
            yield from as_typed(known, block, at, value)
        elif keyword is not None and (
            (rows and _is_typed(value)) or (value[0] == "name" and known.is_handed(block, value[2]))
        ):
            yield from (one for one in as_typed(known, block, at, value) if one.sure)
        elif keyword is None and (cls is None or any(naming(name) for name in names)):
            yield from whole_body(known, block, value[1], value, names or None)
            for other, place, given in named_by_callers(known, block, value):
                yield from as_typed(known, other, place, given)
