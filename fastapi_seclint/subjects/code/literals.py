"""Texts written in the code under a name: assignments, arguments, dictionary entries, comparisons, defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from fastapi_seclint.facts.forms import KEYWORDS, Form, is_leaf, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.literal_names import name_of, returned_name
from fastapi_seclint.subjects.code.literal_places import (
    account_of,
    asks_equal,
    hashed_text,
    is_column,
    is_configured,
    is_record,
    kept_account,
    login_in,
    spells_keys,
    token_in,
)
from fastapi_seclint.subjects.secrets.names import Reach, sets_password, word_set
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

_SKIPPED_CALLS = word_set(
    """
    APIKeyCookie APIKeyHeader APIKeyQuery Argument Body Column Cookie Enum Field Form HTTPException Header
    Literal MagicMock Mock NewType OAuth2PasswordBearer OpenIdConnect Option Param Path Query Setting StrEnum
    TypeVar add_argument add_option compile critical debug delete_cookie endswith error exception find findall
    get getLogger getattr getenv gettext hasattr info log mapped_column match option patch pop print
    relationship replace search set_cookie setattr setdefault split startswith strip sub text warning
    """
)
_LONGEST = 1024
_WRAPPERS = ("SecretStr", "Secret", "frozenset", "b64decode", "urlsafe_b64decode", "bytes", "fromhex", "unhexlify")
_FIELDS = ("field", "ib", "attrib")
_SAMPLES = (
    "example", "sample", "json_schema", "schema_extra", "openapi", "responses", "translat", "messages", "labels",
    "mock", "errors", "hints",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literal:
    """One written text or several in a collection: under which name, where, and what to point at (`at`).

    `form` is the whole value; `keyed` tells that it is an entry of a dictionary. `account` is whom a call names beside
    it: `create_user(username="mike", password=...)`; `hashed` tells that only a hash of it is kept.
    """

    name: str
    texts: tuple[str, ...]
    places: tuple[int, ...]
    at: int
    reach: Reach
    owner: str = ""
    local: bool = False
    form: Form | None = None
    keyed: bool = False
    account: str = ""
    hashed: bool = False


@dataclass(slots=True)
class Reader:
    """Goes through the forms of one file. `closed` says which classes are left out: settings, enumerations."""

    closed: Callable[[Form], bool]
    used: frozenset[int] = frozenset()
    words: Vocabulary = field(default_factory=Vocabulary)
    owner: list[str] = field(default_factory=list)
    local: bool = False
    function: str = ""
    taken: Callable[[Form], list[str]] = field(default=lambda form: [])
    account: str = ""
    written: dict[int, str] = field(default_factory=dict)
    """By place: the texts that calls and sums put together, `"".join(PARTS)`."""

    def read(self, form: object, at: int = 0) -> Iterator[Literal]:
        """The literals in a form or list of forms; `at` is the place of a statement that is the form's whole value."""
        if type(form) is not list or not form:
            return
        if not (isinstance(form[0], str) and len(form) > 1 and type(form[1]) is int and form[1] > KEYWORDS):
            for item in form:
                if type(item) is list and not is_leaf(item):
                    yield from self.read(item)
            return
        reading = _READERS.get(form[0])
        if reading is not None:
            yield from reading(self, form, at)
        elif not is_leaf(form):
            for item in form[2:]:
                if type(item) is list and not is_leaf(item):
                    yield from self.read(item)

    def _literal(self, name: str, form: Form, at: int, reach: Reach) -> Literal | None:
        found = list(texts(form))
        if not found and form[1] in self.written:
            found = [(self.written[form[1]], form[1])]
        if not found or not name or (form[0] == "dict" and reach is Reach.PASSED):
            return None
        places = (form[1], *(place for _, place in found))
        written = tuple(text for text, _ in found)
        return Literal(name, written, places, at, reach, ".".join(self.owner), self.local, form)

    def _class(self, form: Form, at: int) -> Iterator[Literal]:
        closed = self.closed(form)
        self.owner.append(form[2])
        yield from self._used_in(form[6]) if closed else self.read(form[6])
        self.owner.pop()

    def _used_in(self, statements: list[Form]) -> Iterator[Literal]:
        """The members of a class that are used as secrets, whatever the class is."""
        for form in statements if self.used else ():
            match form:
                case ["assign", _, [target], whole] | ["annassign", _, target, _, list() as whole]:
                    pass
                case _:
                    continue
            for value in whole[2] if whole[0] == "tuple" else [whole]:
                if value[1] in self.used:
                    at = form[1] if value is whole else value[1]
                    yield from filter(None, [self._literal(name_of(target), value, at, Reach.ASSIGNED)])

    def _assign(self, form: Form, at: int) -> Iterator[Literal]:
        value = form[-1]
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = [name for target in targets if (name := name_of(target))]
        if value is None or any(map(_is_sample, names)):
            return
        several = value[0] in ("dict", "list", "set", "tuple")
        found = self._literal(names[0], value, form[1], Reach.ASSIGNED) if names else None
        whole = found is not None and bool(set(found.places) & self.used) and not is_record(value, self.used)
        if found is not None and (not several or self.words.kind(found.name) or whole):
            yield found
        if found is None or several:
            yield from self.read(value, form[1])
        if form[0] == "assign" and len(targets) == 1 and targets[0][0] == "tuple" and value[0] == "tuple":
            for target, item in zip(targets[0][2], value[2], strict=False):
                if (single := self._literal(name_of(target), item, item[1], Reach.ASSIGNED)) is not None:
                    yield single
        first = targets[0][2][0] if targets[0][0] == "tuple" and targets[0][2] else targets[0]
        yield from self._hashed(hashed_text(name_of(first), value))

    def _hashed(self, text: Form | None) -> Iterator[Literal]:
        if text is not None:
            found = self._literal("password", text, text[1], Reach.ASSIGNED)
            yield from filter(None, [found and replace(found, hashed=True)])

    def _call(self, form: Form, at: int) -> Iterator[Literal]:
        called = name_of(form[2])
        logins = (login_in(keyword, value) for keyword, value, _ in form[4] if keyword)
        if called in _SKIPPED_CALLS and not self._uses(form) and not any(logins):
            return
        yield from self.read(form[2])
        whose = name_of(form[2][2]) if form[2][0] == "attr" else ""
        names = self.taken(form) if any(value[0] == "const" for value in form[3]) and not _is_nobody(whose) else []
        for number, value in enumerate(form[3]):
            found = self._literal(called or "?", value, value[1], Reach.PASSED)
            if found is not None and set(found.places) & self.used:
                yield found
            elif found is not None and number < len(names) and names[number]:
                kept = sets_password(called)
                yield replace(found, name=names[number], reach=Reach.ASSIGNED if kept else Reach.PASSED)
            yield from self.read(value)
        for keyword, value, place in form[4]:
            if keyword is not None and _is_sample(keyword):
                continue
            for found in self._hashed(hashed_text(keyword, value) if keyword else None):
                yield replace(found, account=account_of(form))
            if keyword and (login := login_in(keyword, value)) is not None:
                made = self._literal("password", login[1], login[1][1], Reach.ASSIGNED)
                yield from filter(None, [made and replace(made, account=login[0])])
            elif keyword and (found := self._literal(keyword, value, place, Reach.PASSED)) is not None:
                yield replace(found, account=account_of(form)) if "password" in found.name.lower() else found
            yield from self.read(value, place)

    def _uses(self, form: Form) -> bool:
        return bool(self.used) and any(item[1] in self.used for item in walk(form))

    def _dict(self, form: Form, at: int) -> Iterator[Literal]:
        account, self.account = self.account, ""
        spelt = spells_keys(form)
        if not any(value[1] in self.used for _, value in form[2]):
            yield from self._items([key for key, _ in form[2] if key is not None])
        for key, value in form[2]:
            name = key[2] if key is not None and key[0] == "const" and isinstance(key[2], str) else ""
            if name and (_is_sample(name) or name in spelt):
                continue
            own = account if value[0] == "const" and self.words.kind(name) == "password" else ""
            reach = Reach.ASSIGNED if own else Reach.PASSED
            found = self._literal(name, value, value[1], reach) if name and name.isascii() else None
            if name.lower() == "authorization" and (sent := token_in(value)):
                owner = ".".join(self.owner)
                yield Literal("auth_token", (sent,), (value[1],), value[1], Reach.ASSIGNED, owner, self.local)
            elif found is not None:
                yield replace(found, keyed=True, account=own)
            self.account = kept_account(name, value)
            yield from self.read(value)

    def _list(self, form: Form, at: int) -> Iterator[Literal]:
        if self.used:
            inside = [item for item in walk(form[2]) if item[0] in ("const", "bytes", "call")]
            named = {value[1] for item in inside if item[0] == "call" for _, value, _ in item[4]}
            yield from self._items([item for item in inside if item[0] != "call" and item[1] not in named])
        yield from self.read(form[2])

    def _items(self, forms: list[Form]) -> Iterator[Literal]:
        """The keys of a dictionary or the items of a list that are secrets by what is done with them.

        Of a pair the other text says whose it is.
        """
        told = [pair for form in forms if form[1] in self.used for pair in texts(form)]
        if told:
            written, places = zip(*told, strict=True)
            form = next((one for one in forms if one[1] == places[0]), None) if len(places) == 1 else None
            beside = [one[2] for one in forms if one is not form and one[0] == "const" and isinstance(one[2], str)]
            whose = beside[0] if form is not None and len(forms) == 2 and beside else ""
            owner = ".".join(self.owner)
            yield Literal("?", written, places, places[0], Reach.PASSED, owner, self.local, form, account=whose)

    def _compare(self, form: Form, at: int) -> Iterator[Literal]:
        _, _, left, operators, rights = form
        yield from self.read([left, *rights])
        if len(rights) != 1 or operators[0] not in ("==", "!=", "in", "not in"):
            return
        right = rights[0]
        if operators[0] in ("==", "!=") and left[0] in ("const", "bytes"):
            left, right = right, left
        if operators[0] in ("in", "not in") and right[0] not in ("list", "set", "tuple"):
            return
        found = self._literal(name_of(left), right, right[1], Reach.COMPARED)
        if found is not None and not is_configured(left) and not is_column(left):
            yield found

    def _assert(self, form: Form, at: int) -> Iterator[Literal]:
        """An assertion that something is not this text refuses it."""
        if not any(item[0] == "compare" and item[3][0] in ("!=", "not in") for item in walk(form[2])):
            yield from self.read(form[2])

    def _if(self, form: Form, at: int) -> Iterator[Literal]:
        rejects = any(item[0] == "raise" or (item[0] == "call" and name_of(item[2]) in ("warn", "warning", "exit"))
                      for item in walk(form[3]))  # fmt: skip
        if not (rejects and asks_equal(form[2])):
            yield from self.read(form[2])
        yield from self.read(form[3])
        yield from self.read(form[4])

    def _def(self, form: Form, at: int) -> Iterator[Literal]:
        yield from self.read(form[6])
        for name, _, _, default, place in form[5]:
            found = self._literal(name, default, place, Reach.PASSED) if default is not None else None
            if found is not None:
                yield found
            elif default is not None:
                yield from self.read(default)

    def _bool(self, form: Form, at: int) -> Iterator[Literal]:
        """The last text of `setting or "text"` is a fallback, which is another rule's."""
        fallback = form[2] == "or" and form[3][0][0] != "const"
        yield from self.read([item for item in form[3] if not (fallback and item[0] in ("const", "bytes"))])

    def _return(self, form: Form, at: int) -> Iterator[Literal]:
        """What `get_secret_key` returns is named as the function is."""
        name = returned_name(self.function)
        value = form[2]
        found = self._literal(name, value, form[1], Reach.ASSIGNED) if value is not None and name else None
        if found is not None and value[0] in ("const", "bytes") and self.words.kind(name):
            yield found
        elif value is not None:
            yield from self.read(value)

    def _const(self, form: Form, at: int) -> Iterator[Literal]:
        if isinstance(form[2], str) and (form[1] in self.used or self.words.has_format(form[2])):
            owner = ".".join(self.owner)
            yield Literal("", (form[2],), (form[1],), at or form[1], Reach.PASSED, owner, self.local, form)


_READERS: dict[str, Callable[[Reader, Form, int], Iterator[Literal]]] = {
    "class": Reader._class, "assign": Reader._assign, "annassign": Reader._assign, "call": Reader._call,
    "dict": Reader._dict, "compare": Reader._compare, "if": Reader._if, "def": Reader._def, "const": Reader._const,
    "ifexp": Reader._if, "assert": Reader._assert, "bool": Reader._bool, "return": Reader._return,
    "walrus": Reader._assign, "list": Reader._list, "set": Reader._list, "tuple": Reader._list,
}  # fmt: skip


_NOBODY = word_set("nobody anonymous dummy fake nouser none decoy")
"""How the account is called that stands in for one that is not there, so that logins take as long."""


def _is_nobody(name: str) -> bool:
    return bool(_NOBODY & set(words_of(name)))


@lru_cache(maxsize=16_384)
def _is_sample(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in _SAMPLES)


def texts(form: Form) -> Iterator[tuple[str, int]]:
    """The texts that an expression is made of when it is nothing else: a literal, a wrapped one, a collection."""
    match form:
        case ["const", at, str() as text]:
            yield text, at
        case ["bytes", at, text]:
            yield text, at
        case ["fstr", at, parts] if all(part[0] == "const" for part in parts):
            yield "".join(str(part[2]) for part in parts), at
        case ["list" | "set" | "tuple", _, items]:
            yield from (pair for item in items for pair in texts(item))
        case ["dict", _, items]:
            yield from (pair for key, _ in items if key is not None for pair in texts(key))
            yield from (pair for _, value in items if value[0] == "const" for pair in texts(value))
        case ["call", _, ["attr", _, inner, "encode" | "strip"], _, _] if inner[0] == "const":
            yield from texts(inner)
        case ["call", at, ["attr", _, ["const", _, str() as between], "join"], [["list" | "tuple", _, items]], []]:
            parts = [pair for item in items for pair in texts(item)]
            if len(parts) == len(items):
                yield between.join(text for text, _ in parts), at
        case ["call", _, called, [], keywords] if name_of(called) in _FIELDS:
            for keyword, value, _ in keywords:
                if keyword == "default" or (keyword == "default_factory" and value[0] == "lambda"):
                    yield from texts(value[3] if value[0] == "lambda" else value)
        case ["call", _, called, [inner, *_], _] if name_of(called) in _WRAPPERS:
            yield from texts(inner)
        case ["binop", at, "*", ["const", _, str() as text], ["const", _, int() as times]] if 0 < times < _LONGEST:
            yield text * times, at
        case ["binop", at, "+", left, right]:
            both = [*texts(left), *texts(right)]
            if len(both) == 2:
                yield both[0][0] + both[1][0], at
