"""Whom objects belong to: the resource of a route, the field that names an owner, handlers that tie one to a caller."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Const, Environment, External, Unknown, Value, options
from fastapi_seclint.subjects.owners.accounts import tables_of_accounts, tables_of_callers
from fastapi_seclint.subjects.owners.contacts import foreign_keys, is_of_contacts, referred, table_of_key
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OWNER = re.compile(
    r"^(owner|user|author|customer|creator|buyer|patient|guest|writer|created_by|uploaded_by|belongs_to|account_holder|client"
    r"|besitzer|benutzer|nutzer|kunde|proprietaire|utilisateur|propietario|usuario|dono|cliente)"
    r"(_(id|email|username|name|uuid|pk))?$"
)
_PEOPLE = re.compile(
    r"^(\w+\.)?(users?|accounts?|members?|customers?|patients?|clients?|persons?|people)(\.\w+)?$", re.I
)
_TO_OTHERS = re.compile(
    r"(\w+\.)?(participants?|(\w+_)?contacts?|teams?|groups?|organi[sz]ations?|compan(y|ies))\.\w+", re.I
)
_FOR_HIMSELF = (
    "created|uploaded|owned|posted|submitted|requested|ordered|booked|authored|added|published|registered|reserved"
    "|placed|purchased|shared|recorded|started|initiated|hosted|opened|saved|drafted|proposed|reported|scheduled|launched"
)
"""What people do with things that are theirs then; whoever `accepted` or `picked` one works for somebody."""
_STAFF = re.compile(
    r"(^|_)(reviewer|manager|assignee|assigned|approver|approved|editor|moderator|supervisor|agent|lead|updated|modified"
    r"|deleted|parent|referrer|invited)(_|$)"
    rf"|(^|_)(?!({_FOR_HIMSELF})_by)[a-z]+ed_by(_|$)"
)
IDENTITIES = frozenset({"id", "pk", "uuid", "uid", "sub", "email", "username", "user_id", "account_id", "login", "_id"})
_PUBLISHES = re.compile(r"^(author|creator|created_by|uploaded_by|seller)")
_PERSONAL = re.compile(
    r"(^|_)(e?mail|user_?name|login|passw\w*|pwd|first_?name|last_?name|surname|birth\w*|user|member)(_|$)"
)
"""What rows that are people have, or what ties them to people."""
_GOODS = frozenset({"sku", "isbn", "ean", "barcode", "stock", "stock_quantity", "inventory"})


def singular(word: str) -> str:
    """`categories` gives `category`, `notes` gives `note`, `courses` gives `course` and `addresses` gives `address`."""
    word = snake(word.replace("-", "_"))
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(ss|x|ch|sh|ias|(?<![ao])us)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=16_384)
def names_owner(name: str) -> bool:
    """Whether a field of this name says whom an object belongs to."""
    return _OWNER.match(snake(name)) is not None


@lru_cache(maxsize=1)
def _classes(program: Program) -> dict[str, list[Class]]:
    """The classes of the project with fields, by what they are classes of: `PostModel` and `DBPost` of `post`."""
    found: dict[str, list[Class]] = {}
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for value in list(module.scope.names.values()):
            if isinstance(value, Class) and value.module is module:
                found.setdefault(kind_of(value.name), []).append(value)
    return found


def _called(program: Program, resource: str) -> list[Class]:
    """The classes of such things: those that are called so, else of the only table that its last words are said of.

    `/orders/{id}` is about a `MemberOrder` where no class is called `Order` and no other table after orders.
    """
    known = _classes(program)
    if resource in known:
        return known[resource]
    kinds = [
        kind
        for kind, named in known.items()
        if kind.endswith(f"_{resource}") and any(is_table(cls) and not _is_link(cls, resource) for cls in named)
    ]
    return known[kinds[0]] if len(kinds) == 1 else []


def _is_link(cls: Class, resource: str) -> bool:
    """Whether rows only say who has to do with such a thing: a `UserCourse` holds `user_id` and `course_id`."""
    held = {snake(name): default for name, _, default in fields(cls)}
    key = f"{resource}_id"
    return key in held and ("id" in held or any(foreign_keys(held[key])))


@lru_cache(maxsize=16_384)
def kind_of(cls: str) -> str:
    """What objects of a class of this name are: `PostModel` and `DBPost` are a `post`."""
    plain = re.sub(r"^(db|orm|sql)_|_(model|db|orm|entity|table|record|in_db|document|base|row)$", "", snake(cls))
    return singular(plain)


def is_staff(field: str) -> bool:
    """Whether a field says who looks after an object, whom it does not belong to."""
    return _STAFF.search(snake(field)) is not None


def owner_field(program: Program, resource: str, module: Module) -> str:
    """The field that names the owner of such things, or an empty string."""
    known = _called(program, resource)
    for cls in known:
        for name, _, _ in fields(cls):
            if names_owner(name) and not _is_of_a_thing(program, known, name) and not is_of_contacts(program, name):
                return name
    for cls in known:
        for name, _, default in fields(cls):
            if not (is_staff(name) or is_of_contacts(program, name)) and (
                _refers_to_people(default) or _refers_to_accounts(program, default)
            ):
                return name
    return _key_of_owner(module, resource)


def _refers_to_people(column: Value | None) -> bool:
    """Whether a column holds the key of a user: `ForeignKey("users.id")`, `Field(foreign_key="user.id")`."""
    for option in options(column):
        if isinstance(option, External) and option.arguments is not None:
            given = [*option.arguments.positional, *option.arguments.keywords.values()]
            keys = option.name.endswith("ForeignKey()") or "foreign_key" in option.arguments.keywords
            texts = [item.value for item in given if isinstance(item, Const) and isinstance(item.value, str)]
            if keys and any(_PEOPLE.match(text) for text in texts):
                return True
            if any(_refers_to_people(item) for item in given):
                return True
    return False


def key_of_people(program: Program, field: str) -> str:
    """The column of the table of people whose value an owner's field holds, `id`; empty where the classes do not agree.

    Known by foreign keys, whatever the field is called: `created_by = mapped_column(ForeignKey("users.id"))`.
    """
    found = {
        text.rpartition(".")[2]
        for known in _classes(program).values()
        for cls in known
        for name, _, default in fields(cls)
        if name == field and (_refers_to_people(default) or _refers_to_accounts(program, default))
        for text in foreign_keys(default)
    }
    return found.pop() if len(found) == 1 else ""


def _refers_to_accounts(program: Program, column: Value | None) -> bool:
    """Whether a column holds the key of a table that keeps passwords or gives callers, whatever it is called."""
    tables = tables_of_accounts(program) | tables_of_callers(program)
    return not tables.isdisjoint(referred(column))


def _is_of_a_thing(program: Program, known: list[Class], field: str) -> bool:
    """Whether what an owner's field names is no person but a service or device: a table of the project's, without any.

    The column beside it tells: `owner` is a service where `owner_id` holds the key of one.
    """
    word = snake(field).partition("_")[0]
    keys = {
        table_of_key(text)
        for cls in known
        for name, _, default in fields(cls)
        if snake(name).partition("_")[0] == word
        for text in foreign_keys(default)
        if not _PEOPLE.match(text) and not _TO_OTHERS.fullmatch(text)
    }
    return bool(keys) and all(_keeps_no_person(program, table) for table in keys)


def _keeps_no_person(program: Program, table: str) -> bool:
    """Whether rows of a table, whose class is part of the project, have nothing that only people have."""
    found = [cls for cls in _classes(program).get(singular(table), []) if is_table(cls)]
    names = {snake(name) for cls in found for name, _, _ in fields(cls)}
    return bool(found) and table not in tables_of_accounts(program) and not any(map(_PERSONAL.search, names))


def refers_elsewhere(program: Program, resource: str, field: str) -> bool:
    """Whether the owner's field holds the key of something that is not the account of a caller: a contact, a team."""
    return any(
        name == field and _TO_OTHERS.fullmatch(text) is not None
        for cls in _called(program, resource)
        for name, _, default in fields(cls)
        for text in foreign_keys(default)
    )


@lru_cache(maxsize=1)
def records_are_in_sight(program: Program) -> bool:
    """Whether the project shows what it stores, so that a thing without an owner's field is known to have no owner."""
    return any(is_table(cls) for known in _classes(program).values() for cls in known)


def is_in_sight(program: Program, resource: str) -> bool:
    """Whether a class of such things is part of the project."""
    return bool(_called(program, resource))


def has_class(program: Program, resource: str) -> bool:
    """Whether a class of the project is called after such things, and not only a longer name that ends so."""
    return resource in _classes(program)


def columns(program: Program, resource: str) -> set[str]:
    """The names of what the classes of the project keep of such things."""
    return {name for cls in _called(program, resource) for name, _, _ in fields(cls)}


def lacks(program: Program, resource: str, attribute: str) -> bool:
    """Whether the tables of such things, all of which is seen, have nothing of a name: neither column nor property."""
    rows = [cls for cls in _called(program, resource) if is_table(cls)]
    if not rows or attribute in {name for cls in rows for name, _, _ in fields(cls)}:
        return False
    return not any(
        isinstance(base, Unknown | Environment) or (isinstance(base, Class) and attribute in base.namespace)
        for cls in rows
        for one in cls.lineage()
        for base in (one, *(one.bases if isinstance(one, Class) else ()))
    )


def rows_of(program: Program, resource: str, module: Module) -> list[Class]:
    """The tables of such things; in the folder of a file also those whose last word they are called by.

    `/models/{model_id}` of `bim/router.py` are rows of the `BimModel` of `bim/models.py`.
    """
    found = [cls for cls in _classes(program).get(resource, []) if is_table(cls)]
    if found:
        return found
    folder = module.name.rpartition(".")[0]
    beside = [cls for known in _classes(program).values() for cls in known if _is_beside(cls, folder, resource)]
    return beside if len(beside) == 1 else []


def _is_beside(cls: Class, folder: str, resource: str) -> bool:
    near = cls.module.name.rpartition(".")[0] == folder or (folder and cls.module.name.startswith(f"{folder}."))
    return bool(near) and snake(cls.name).endswith(f"_{resource}") and is_table(cls)


def is_for_sale(program: Program, resource: str) -> bool:
    """Whether such things are goods: what has a price, and a number or a stock in a shop, is for all to look at."""
    names = [{name for name, _, _ in fields(cls)} for cls in _called(program, resource)]
    return any("price" in found and _GOODS & found for found in names)


def _key_of_owner(module: Module, resource: str) -> str:
    """The owner's key of dictionaries in a file whose names speak of the resource.

    One that a function always gives the same name, `"createdBy": "robot"`, says nothing of whose they are.
    """
    facts = module.facts
    if not any(resource in word.lower() for word in facts.words):
        return ""
    for number in facts.speaking(b'["dict"'):
        for form in facts.forms(number).of("assign"):
            if resource in "_".join(_names(form[2])).lower():
                pairs = (pair for inner in walk(form[3]) if inner[0] == "dict" for pair in inner[2])
                keys = (key for key, value in pairs if key is not None and (number < 0 or value[0] != "const"))
                texts = (key[2] for key in keys if key[0] == "const" and isinstance(key[2], str))
                if owner := next(filter(names_owner, texts), ""):
                    return owner
    return ""


def _names(forms: list[Form]) -> list[str]:
    return [str(inner[2]) for form in forms for inner in walk(form) if inner[0] == "name"]


def is_published(field: str) -> bool:
    """Whether the owner is one who writes for others, so that everybody may read what he wrote."""
    return _PUBLISHES.match(snake(field)) is not None
