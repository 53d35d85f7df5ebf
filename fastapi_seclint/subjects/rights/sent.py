"""Expressions that carry a right which the client sent: what they are and how they are recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.languages import english
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.spelling import snake

Origin = Literal["body", "header", "cookie", "query"]
_RIGHT = re.compile(
    r"^(x_(\w+?_)?)?(user_|account_|member_)?((is_)?(super_?)?admin(istrator)?|is_superuser|superuser|is_staff|staff|is_root|is_(manager|moderator|supervisor)"
    r"|roles?|role_name|role_?id|id_role|(id_)?rol(_id)?|permissions?|perms|privileges?|access_level|user_level)$"
)
_SETTING = ("$set", "$setOnInsert")
"""How an update of MongoDB names the fields that it writes."""
_DUMPS = frozenset({"model_dump", "dict", "model_copy", "copy", "to_dict", "asdict", "vars", "jsonable_encoder"})
_PLAIN = frozenset({"lower", "upper", "strip", "casefold", "title", "get_secret_value"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A right that the client sent: what the client calls it, and by what way it came.

    `flag` says that it was asked already, by a property that tells yes or no.
    """

    name: str
    origin: Origin
    flag: bool = False


@dataclass(slots=True)
class Input:
    """What a function has from the client: whole bodies with the rights in them, single values by local name.

    A part of a body that has rights of its own is a body, too, under the name that it is read by: `data.profile`.
    `classes` are the words that say what the bodies are of. `origins` says by what way a whole body came that is none,
    such as a model of headers; `rights` are the project's own names for rights, `dumps` methods of the bodies' classes
    that give all of a body in a dictionary, `made` objects that the function makes with what was sent, `flags` the
    properties that objects made elsewhere compute of it, `context.is_admin`. `words` are the texts that parameters are
    given a collection of, `drop={"password"}`.
    """

    bodies: dict[str, frozenset[str]] = field(default_factory=dict)
    open_bodies: set[str] = field(default_factory=set)
    values: dict[str, Sent] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    origins: dict[str, Origin] = field(default_factory=dict)
    rights: frozenset[str] = frozenset()
    dumps: set[str] = field(default_factory=set)
    made: dict[str, frozenset[str]] = field(default_factory=dict)
    flags: dict[str, Sent] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)

    def names_right(self, name: str) -> bool:
        """Whether a field, header or cookie of this name says what its sender may do, in this project."""
        return names_sent_right(name) or snake(name.replace("-", "_")).removeprefix("x_") in self.rights

    def __bool__(self) -> bool:
        return bool(self.bodies or self.values or self.open_bodies)


def names_sent_right(name: str) -> bool:
    """Whether a field, header or cookie of this name says what its sender may do."""
    return _RIGHT.match(snake(name.replace("-", "_"))) is not None


_GROUPS = re.compile(
    r"^(?!.*(forwarded|auth_request|remote|proxy|authenticated|webauth))"
    r"(x_(\w+_)?|user_|account_|member_)(groups?|scopes?|grants|rights|entitlements|privileges?)$"
    r"|^x_((user|account|member|access|security)_)?(level|rank|tier|clearance)$"
)
"""What a proxy that logs people in sends on is its own word, not the client's."""


def names_groups(name: str) -> bool:
    """Whether a header or cookie of this name says to which groups its sender belongs, or what he was granted."""
    plain = snake(name.replace("-", "_"))
    said = english(plain)
    return _GROUPS.match(said) is not None or (said != plain and _RIGHT.match(said) is not None)


def source(found: Input, form: Form) -> Sent | None:
    """The right that an expression takes from the client."""
    match form:
        case ["attr", _, ["name" | "attr", *_] as owner, right] if right in found.bodies.get(spelled(owner), ()):
            return Sent(right, found.origins.get(spelled(owner), "body"))
        case ["attr", _, ["name", _, owner], name] if f"{owner}.{name}" in found.flags:
            return found.flags[f"{owner}.{name}"]
        case ["sub", _, ["name", _, name], ["const", _, str(right)]]:
            return _item(found, name, right)
        case ["call", _, ["attr", _, ["name", _, name], "get" | "pop"], [["const", _, str(right)], *_], _]:
            return _item(found, name, right)
        case ["sub", _, ["attr", _, ["name", _, "request" | "websocket"], part], ["const", _, str(right)]]:
            return _of_request(found, part, right)
        case ["call", _, ["attr", _, ["attr", _, ["name", _, "request" | "websocket"], part], "get"], given, _]:
            return _of_request(found, part, given[0][2]) if given and given[0][0] == "const" else None
        case ["name", _, name]:
            return found.values.get(name)
        case ["call", _, ["attr", _, inner, method], [], _] if method in _PLAIN:
            return source(found, inner)
        case ["call", _, ["name", _, _], [inner], []] | ["call", _, ["attr", _, inner, "split"], _, _]:
            return source(found, inner)
        case ["attr", _, inner, "value"] | ["call", _, ["attr", _, ["const", *_], "join"], [inner], []]:
            return source(found, inner)
        case ["bool", _, "or", [first, *_]]:
            return source(found, first)
        case ["ifexp", _, test, body, _] if _asks_whether_sent(found, test):
            return source(found, body)
        case ["walrus", _, _, inner]:
            return source(found, inner)
        case ["await", _, inner]:
            return source(found, inner)
    return None


def _asks_whether_sent(found: Input, test: Form) -> bool:
    """Whether a test asks only whether a right was sent: `body.role`, `body.role is not None`, `"role" in body`."""
    match test:
        case ["compare", _, inner, ["is not" | "!="], [["const", _, None | ""]]]:
            return source(found, inner) is not None
        case ["compare", _, ["const", _, str(right)], ["in"], [["name", _, name]]]:
            return _item(found, name, right) is not None
    return source(found, test) is not None


def _item(found: Input, name: str, right: str) -> Sent | None:
    if right in found.bodies.get(name, ()) or (name in found.open_bodies and found.names_right(right)):
        return Sent(right, found.origins.get(name, "body"))
    return None


def _of_request(found: Input, part: str, name: object) -> Sent | None:
    ways: dict[str, Origin] = {"headers": "header", "cookies": "cookie", "query_params": "query"}
    if part not in ways or not isinstance(name, str):
        return None
    named = found.names_right(name) or (part != "query_params" and names_groups(name))
    return Sent(name, ways[part]) if named else None


def carried(found: Input, form: Form) -> frozenset[str]:
    """The rights that an object is made with, to be handed on: `Registration(body.name, body.role)`."""
    match form:
        case ["name", _, name]:
            return found.made.get(name, frozenset())
        case ["call", _, ["name" | "attr", *_] as called, positional, keywords] if str(called[-1])[:1].isupper():
            sent = [source(found, value) for value in (*positional, *(value for key, value, _ in keywords if key))]
            spread = (dumped(found, value) for key, value, _ in keywords if key is None)
            return frozenset(one.name for one in sent if one is not None).union(*spread)
    return frozenset()


def dumped(found: Input, form: Form) -> frozenset[str]:
    """The rights in an expression that carries a whole body on: the body itself, its dump, a dictionary with it."""
    match form:
        case ["name", _, name]:
            return found.bodies.get(name, frozenset())
        case ["await", _, inner]:
            return dumped(found, inner)
        case ["call", _, ["attr", _, inner, method], _, keywords] if method in _DUMPS or method in found.dumps:
            return _kept(found, dumped(found, inner), keywords)
        case ["call", _, ["name" | "attr", *_] as called, [inner, *_], keywords] if called[-1] in _DUMPS:
            return _kept(found, dumped(found, inner), keywords)
        case ["attr", _, inner, "__dict__"]:
            return dumped(found, inner)
        case ["attr", *_]:
            return found.bodies.get(spelled(form), frozenset())
        case ["dict", _, pairs]:
            rights: frozenset[str] = frozenset()
            for key, value in pairs:
                if key is None or (key[0] == "const" and key[2] in _SETTING):
                    rights |= dumped(found, value)
                elif key[0] == "const" and source(found, value) is None:
                    rights -= {key[2]}
            return rights
        case ["comp", _, "dict", ["name", _, key], _, [[["tuple", _, [["name", _, first], _]], iterable, conditions]]]:
            every = key == first and iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][3] == "items"
            left_out = _left_out(conditions, key)
            return dumped(found, iterable[2][2]) - left_out if every and left_out is not None else frozenset()
        case ["ifexp", _, ["call", _, ["name", _, "isinstance" | "hasattr"], *_], body, otherwise]:
            return dumped(found, body) | dumped(found, otherwise)
        case ["binop", _, "|", left, right]:
            given = {key[2] for key, _ in right[2] if key is not None} if right[0] == "dict" else set()
            return (dumped(found, left) - given) | dumped(found, right)
    return frozenset()


def _left_out(conditions: list[Form], key: str) -> frozenset[str] | None:
    """The keys that conditions on a key leave out, or None where they choose in another way: `key != "password"`."""
    words: set[str] = set()
    for condition in conditions:
        match condition:
            case ["compare", _, ["name", _, name], ["!="], [["const", _, str(word)]]] if name == key:
                words.add(word)
            case ["compare", _, ["name", _, name], ["not in"], [["tuple" | "list" | "set", _, items]]] if name == key:
                if any(item[0] != "const" for item in items):
                    return None
                words |= {str(item[2]) for item in items}
            case _ if mentions(condition, {key}):
                return None
    return frozenset(words)


def _kept(found: Input, rights: frozenset[str], keywords: list[Form]) -> frozenset[str]:
    for name, value, _ in keywords:
        given = found.words.get(value[2]) if value[0] == "name" else None
        words = given if given is not None else {form[2] for form in walk(value) if form[0] == "const"}
        if name in ("exclude", "update"):
            rights -= words
            if not words and given is None and name == "exclude":
                return frozenset()
        elif name == "include":
            rights &= words
    return rights
