"""Whom objects belong to: the resource of a route, the field that names an owner, handlers that tie one to a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class, Const, External, Function, Value, options
from fastapi_seclint.subjects.owners.accounts import tables_of_accounts
from fastapi_seclint.subjects.owners.identity import caller_names, snake
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.owners.using import callers_of, takes_id
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.roles import reached
from fastapi_seclint.subjects.rights.words import speaks_of_rights

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
_STAFF = re.compile(
    r"(^|_)(reviewer|manager|assignee|assigned|approver|approved|editor|moderator|supervisor|agent|lead|updated|modified"
    r"|deleted|parent|referrer|invited)(_|$)"
)
IDENTITIES = frozenset({"id", "pk", "uuid", "uid", "sub", "email", "username", "user_id", "account_id", "login", "_id"})
_PUBLISHES = re.compile(r"^(author|creator|created_by|uploaded_by|seller)")
_GOODS = frozenset({"sku", "isbn", "ean", "barcode", "stock", "stock_quantity", "inventory"})


def singular(word: str) -> str:
    """`categories` gives `category`, `notes` gives `note`, `courses` gives `course` and `addresses` gives `address`."""
    word = snake(word.replace("-", "_"))
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(ss|x|ch|sh|ias|(?<![ao])us)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


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


def kind_of(cls: str) -> str:
    """What objects of a class of this name are: `PostModel` and `DBPost` are a `post`."""
    plain = re.sub(r"^(db|orm|sql)_|_(model|db|orm|entity|table|record|in_db|document|base|row)$", "", snake(cls))
    return singular(plain)


def is_staff(field: str) -> bool:
    """Whether a field says who looks after an object, whom it does not belong to."""
    return _STAFF.search(snake(field)) is not None


def owner_field(program: Program, resource: str, module: Module) -> str:
    """The field that names the owner of such things, or an empty string."""
    known = _classes(program).get(resource, [])
    for cls in known:
        for name, _, _ in fields(cls):
            if names_owner(name):
                return name
    for cls in known:
        for name, _, default in fields(cls):
            if not is_staff(name) and (_refers_to_people(default) or _refers_to_accounts(program, default)):
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


def _refers_to_accounts(program: Program, column: Value | None) -> bool:
    """Whether a column holds the key of a table that keeps passwords, whatever its people are called."""
    tables = tables_of_accounts(program)
    return any(text.rpartition(".")[0].rpartition(".")[2].lower() in tables for text in _foreign_keys(column))


def refers_elsewhere(program: Program, resource: str, field: str) -> bool:
    """Whether the owner's field holds the key of something that is not the account of a caller: a contact, a team."""
    return any(
        name == field and _TO_OTHERS.fullmatch(text) is not None
        for cls in _classes(program).get(resource, [])
        for name, _, default in fields(cls)
        for text in _foreign_keys(default)
    )


def _foreign_keys(column: Value | None) -> Iterator[str]:
    for option in options(column):
        if isinstance(option, External) and option.arguments is not None:
            given = option.arguments.positional
            named = options(option.arguments.keywords.get("foreign_key"))
            for item in [*(given if option.name.endswith("ForeignKey()") else ()), *named]:
                yield from [str(item.value)] if isinstance(item, Const) else []
            for item in given:
                yield from _foreign_keys(item)


@lru_cache(maxsize=1)
def records_are_in_sight(program: Program) -> bool:
    """Whether the project shows what it stores, so that a thing without an owner's field is known to have no owner."""
    return any(is_table(cls) for known in _classes(program).values() for cls in known)


def is_in_sight(program: Program, resource: str) -> bool:
    """Whether a class of such things is part of the project."""
    return resource in _classes(program)


def is_for_sale(program: Program, resource: str) -> bool:
    """Whether such things are goods: what has a price, and a number or a stock in a shop, is for all to look at."""
    names = [{name for name, _, _ in fields(cls)} for cls in _classes(program).get(resource, [])]
    return any("price" in found and _GOODS & found for found in names)


def _key_of_owner(module: Module, resource: str) -> str:
    """The owner's key of dictionaries in a file whose names speak of the resource."""
    facts = module.facts
    if not any(resource in word.lower() for word in facts.words):
        return ""
    for number in facts.speaking(b'["dict"'):
        for form in facts.forms(number).of("assign"):
            if resource in "_".join(_names(form[2])).lower():
                keys = (key for inner in walk(form[3]) if inner[0] == "dict" for key, _ in inner[2] if key is not None)
                texts = (key[2] for key in keys if key[0] == "const" and isinstance(key[2], str))
                if owner := next(filter(names_owner, texts), ""):
                    return owner
    return ""


def _names(forms: list[Form]) -> list[str]:
    return [str(inner[2]) for form in forms for inner in walk(form) if inner[0] == "name"]


def is_published(field: str) -> bool:
    """Whether the owner is one who writes for others, so that everybody may read what he wrote."""
    return _PUBLISHES.match(snake(field)) is not None


@dataclass(frozen=True, slots=True)
class Tie:
    """A comparison of owner and caller, as code behind their names: `note.owner_id != me.id` gives `.owner_id`, `.id`.

    `thing` is the name before what is the owner's, `caller` the one before what is the caller's, empty where it is no
    plain name or others may pass as well.
    """

    mine: str
    his: str
    thing: str
    caller: str

    @property
    def owner(self) -> str:
        """The name of what is the owner's, without the dot or brackets."""
        return self.mine.strip('.["]')


def compares_owner(program: Program, route: Route) -> Tie | None:
    """How a route's way compares the owner of an object with the caller, if it does."""
    functions: list[tuple[Function, set[str]]] = []
    for node in route.nodes():
        if node.function is not None:
            loads = takes_id(node, set(path_variables(route.path)))
            functions.append((node.function, callers_of(program, node) if loads else set()))
    if route.function is not None:
        functions.append((route.function, caller_names(program, route)))
        for function in reached(program, route.function, 1):
            if function is route.function or not _lists_other_things(function, route):
                functions.append((function, set()))
    for function, callers in functions:
        for form in function.forms.every:
            found = _compared(form, callers)
            if found is not None:
                return found
    return None


_FOR_EVERYTHING = re.compile(
    r"^(self|cls|_*(db|session|conn(ection)?|database)|(current_)?user(_id)?|me|caller|member)$"
)


def _lists_other_things(function: Function, route: Route) -> bool:
    """Whether a function needs nothing but the caller and finds his things of a kind that a route's path is not about.

    `/contacts/{contact_id}` may show only those projects of a contact that `projects_of(user)` has.
    """
    if not route.path.rstrip("/").endswith("}"):
        return False
    for parameter, default in zip(function.parameters, function.defaults, strict=True):
        if default is None and not _FOR_EVERYTHING.match(parameter[0]):
            return False
    ties = [tie for form in function.forms.every if (tie := _compared(form, set())) is not None]
    kinds = {snake(tie.thing) for tie in ties if tie.thing[:1].isupper()}
    words = {singular(part) for part in route.path.split("/") if part and "{" not in part}
    return bool(kinds) and not any(word in kind for word in words for kind in kinds)


def _compared(form: Form, callers: set[str]) -> Tie | None:
    match form:
        case ["bool", _, _, values] if any(
            speaks_of_rights(value) for value in values if not _compared(value, callers)
        ):
            found = next((tie for value in values if (tie := _compared(value, callers)) is not None), None)
            return None if found is None else Tie(found.mine, found.his, found.thing, "")
        case ["compare", _, left, ["==" | "!="], [right]] if is_caller(left, callers) or is_caller(right, callers):
            mine, his = (right, left) if is_caller(left, callers) else (left, right)
            owner = mine[2] if _field(mine) in IDENTITIES else mine
            if _field(mine) and (owner is mine or owner[0] == "attr"):  # `note.owner_id`, `note.owner.id`
                behind = _behind(mine) if owner is mine else _behind(owner) + _behind(mine)
                return Tie(behind, _behind(his), _root(owner), _root(his))
        case ["compare", _, left, _, [right]]:
            for one, other in ((left, right), (right, left)):
                if one[0] == "name" and _is_key_of_people(other):
                    continue  # a user is looked up by an id
                if names_owner(_field(one)) and other[0] in ("attr", "sub", "name") and not names_owner(_field(other)):
                    return Tie(_behind(one), _behind(other), _root(one), _root(other))
                if _is_owners_key(one) and other[0] in ("attr", "sub", "name") and not _is_owners_key(other):
                    return Tie(_behind(one[2]) + _behind(one), _behind(other), _root(one[2]), _root(other))
        case ["call", _, _, _, keywords] if last_name(form[2]) in _FILTERS:
            for name, value, _ in keywords:
                owner = name is not None and (
                    names_owner(name) or (name not in IDENTITIES and is_caller(value, callers))
                )
                if owner and value[0] in ("attr", "sub"):
                    return Tie(f".{name}", _behind(value), "", _root(value))
        case ["call", _, ["attr", _, _, "eq"], [["const", _, str(name)], value], _] if names_owner(name):
            if is_caller(value, callers):
                return Tie(f'["{name}"]', _behind(value), "", _root(value))
    return None


def _is_key_of_people(form: Form) -> bool:
    """Whether an expression is the column by which people are told apart: `User.id`, `models.User.email`."""
    return form[0] == "attr" and form[3] in IDENTITIES and last_name(form[2])[:1].isupper()


def _is_owners_key(form: Form) -> bool:
    """Whether an expression is the key of an object's owner, a relation away: `comment.author.id`."""
    if form[0] != "attr" or form[3] not in IDENTITIES or form[2][0] != "attr" or not names_owner(form[2][3]):
        return False
    if form[2][3][:1].isupper():
        return False  # a column of a class, `models.User.id`
    return _root(form[2]) not in ("", "self", "request", "session", "token", "claims", "context", "ctx", "info", "auth")


def is_caller(form: Form, callers: set[str]) -> bool:
    """Whether an expression is the caller's identity: `me.id`, `claims["sub"]`, or the name that holds it."""
    if form[0] in ("attr", "sub"):
        return _field(form) in IDENTITIES and _root(form) in callers
    return form[0] == "name" and form[2] in callers


def tie_by(field: str, caller: Form, kind: str) -> Tie:
    """The comparison of a field with what a caller's expression says, for a thing of a kind."""
    return Tie(f".{field}", _behind(caller), kind, _root(caller))


def _behind(form: Form) -> str:
    """What stands behind the name of an object, as code: `.owner_id`, `["sub"]`, nothing for the name itself."""
    if form[0] == "sub":
        return f'["{form[3][2]}"]' if form[3][0] == "const" and isinstance(form[3][2], str) else ""
    return f".{form[3]}" if form[0] == "attr" else ""


def _root(form: Form) -> str:
    inner = form if form[0] == "name" else form[2]
    return str(inner[2]) if inner[0] == "name" else ""


_FILTERS = frozenset({"filter_by", "filter", "get", "find_one", "get_or_none", "get_object_or_404", "first", "exclude"})


def _field(form: Form) -> str:
    if form[0] == "attr":
        return str(form[3])
    if form[0] == "sub" and form[3][0] == "const":
        return str(form[3][2])
    return ""
