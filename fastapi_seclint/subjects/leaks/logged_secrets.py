"""Which of the expressions that a log call or a print writes are secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, beginning, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Collection, Const, Environment, Instance, Mapping, options
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.handing import handed
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.leaks.addresses import carries_password, carries_token
from fastapi_seclint.subjects.leaks.annotated import annotated_classes, classes_handed
from fastapi_seclint.subjects.leaks.bound_arguments import bound_rest
from fastapi_seclint.subjects.leaks.currencies import is_directory, is_list, is_no_credential, names_something
from fastapi_seclint.subjects.leaks.depended import gives_no_secret
from fastapi_seclint.subjects.leaks.entry_keys import after_failure, finds_an_entry, names_a_connection
from fastapi_seclint.subjects.leaks.log_calls import pieces
from fastapi_seclint.subjects.leaks.login_parameters import is_credentials, is_login_form
from fastapi_seclint.subjects.leaks.made_tokens import made_token, tells_of_token
from fastapi_seclint.subjects.leaks.masked_types import is_masked, shows_censored
from fastapi_seclint.subjects.leaks.one_time_codes import is_one_time_code
from fastapi_seclint.subjects.leaks.open_fields import open_field
from fastapi_seclint.subjects.leaks.records import password_inside
from fastapi_seclint.subjects.leaks.requested import (
    from_request,
    is_of_scope,
    is_session_cookie,
    is_setting,
)
from fastapi_seclint.subjects.leaks.taken_out import hides_credentials, loses
from fastapi_seclint.subjects.leaks.token_answers import token_inside
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ANSWERS = (["has"], ["have"], ["is"], ["was"], ["with"], ["needs"], ["requires"])
_DUMPS = word_set("dict model_dump json model_dump_json asdict copy __dict__")
_DUMPING = _DUMPS | {"vars"}
_ONE_TIME = word_set("reset verification verify confirm confirmation activation invite invitation magic recovery login")
_TOKENS = word_set(
    "id reset refresh access bearer generated jwt jwe new raw auth session verification invite activation confirmation"
)
_SIGNED = word_set("enc encoded signed access refresh new user raw id")
"""What stands before `jwt` in the name of a token."""
_ABOUT = word_set(
    "should is has can may must needs need use uses allow allows enable enabled require requires requested"
)
"""First words of a name that says something about a code or link."""
_MASKED = word_set("masked redacted sanitized sanitised scrubbed censored obfuscated filtered safe")
_REST = (VARIADIC, KEYWORDS)
_TEXTS = frozenset({"decode", "hex", "credentials", "access_token", "token", "value", "get_secret_value"})
"""Attributes by which a credential's own text is read."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that is written: what it is, in words, and its expression."""

    what: str
    form: Form
    brought: Location | None = None
    """The function whose secret it is, where another one logs it."""


@dataclass(slots=True)
class Leaks:
    """Judges the expressions of one block."""

    program: Program
    block: Block
    depth: int = 2
    """How many functions that give what they dump are looked into, one in the other."""
    _busy: set[str] = field(default_factory=set)

    def of(self, form: Form) -> Leak | None:
        """What secret an expression is, or None; what shows stars in its place is none."""
        return None if is_masked(self.program, self.block, form) else self.shown(form)

    def shown(self, form: Form) -> Leak | None:
        """What secret an expression is whose text is shown."""
        match form:
            case ["call", _, ["attr", _, inner, method], _, keywords] if method in _DUMPS:
                chosen = any(keyword in ("exclude", "include") for keyword, _, _ in keywords)
                return None if chosen else _whole(self.model(inner), form)
            case ["call", _, ["attr", _, inner, "get_secret_value"], _, _]:
                return _whole(self.shown(inner), form)
            case ["call", _, ["attr", _, inner, "encode" | "decode" | "strip"], _, _]:
                return _whole(self.of(inner), form)
            case ["call", _, ["attr", _, _, "get" | "getenv"], [["const", _, str() as key], *_], _]:
                return self.named(key, form) or self.address(form, key)
            case ["call", _, ["name", _, "getenv"], [["const", _, str() as key], *_], _]:
                return self.named(key, form) or self.address(form, key)
            case ["call", _, ["name" | "attr", *_] as dumps, [inner], _] if last_name(dumps) == "asdict":
                return _whole(self.model(inner), form)
            case ["call", _, ["name", _, "vars"], [inner], _]:
                return _whole(self.of(inner) or self._login_form(inner), form)
            case ["call", _, ["attr", _, ["name", _, "json"], "dumps"], [inner, *_], _]:
                return _whole(self.mapping(inner), form) if inner[0] == "name" else None
            case _ if is_of_scope(form):
                return Leak("the request's headers", form)
            case ["call", *_]:
                return self.made(form) or _whole(self.returned(form), form)
            case ["sub", _, _, ["const", _, str() as key]]:
                return self.named(key, form) or self.address(form, key)
            case ["attr", _, inner, "__dict__"]:
                return _whole(self.model(inner) or self._login_form(inner), form)
            case ["attr", _, inner, "headers" | "cookies" as part] if self.is_request(inner):
                return Leak(f"the request's {part}", form)
            case ["attr", _, inner, "key"] if vocabulary(self.program).kind(name_of(inner)) == "API key":
                return Leak(f"`{name_of(inner)}.key`", form)
            case ["attr", _, ["name", _, bound], "arguments"] if (rest := bound_rest(self.block, bound)) is not None:
                return _whole(self.arguments(rest), form)
            case ["attr", _, _, name]:
                return self.named(str(name), form) or self.address(form) or self.model(form) or self.mapping(form)
            case ["name", _, name]:
                found = self.named(str(name), form) or self.assigned(form) or self.address(form) or self.model(form)
                if found is None and is_session_cookie(self.program, self.block, str(name)):
                    return Leak("the cookie of a session", form)
                if found is None and is_one_time_code(self.program, self.block, str(name)):
                    return Leak(f"`{name}`, a one-time code,", form)
                if found is None and (inside := password_inside(self.program, self.block, form)):
                    return Leak(f"`{name}`, which has `{inside}` in it,", form)
                return found or self.mapping(form) or self.arguments(form) or self.made(form) or self.handed_link(form)
        return None

    def made(self, form: Form) -> Leak | None:
        """A token that the project makes, whatever its name is."""
        what = made_token(self.program, self.block, form)
        return Leak(what, form) if what else None

    def returned(self, call: Form) -> Leak | None:
        """What a function of the project gives that dumps an object with a secret: `config.describe()`."""
        for function, _ in called(self.program, self.block, call) if self.depth else ():
            body = body_of(self.program, function)
            for given in (form[2] for form in function.forms.of("return")) if body is not None else ():
                dumps = given is not None and given[0] == "call" and last_name(given[2]) in _DUMPING
                if body is None or given is None:
                    continue
                inner = Leaks(self.program, body, self.depth - 1)
                if dumps and (found := inner.of(given)):
                    return found
                told = (one for part in pieces(given) if (one := inner.of(part)) and "request's headers" in one.what)
                if (headers := next(told, None)) is not None:
                    return headers
        return None

    def arguments(self, form: Form) -> Leak | None:
        """All arguments of what a decorator of the project wraps, where one of those is a password or a key."""
        function = self.block.function
        outer, inner, _ = function.qualname.partition(".<locals>.") if function is not None else ("", "", "")
        if function is None or not inner or (form[2] not in [p[0] for p in function.parameters if p[1] in _REST]):
            return None
        for block in self.program.sites.blocks(frozenset({outer.rpartition(".")[2]})):
            for made in block.forms.of("def") if not self.program.is_test(block.module) else ():
                if any(name_of(item) == outer for item in made[6]):
                    for name in (parameter[0] for parameter in made[5]):
                        if vocabulary(self.program).kind(name) in ("password", "signing key"):
                            return Leak(f"`{name}`, an argument of `{made[3]}`,", form, block.location(made))
        return None

    def is_request(self, form: Form) -> bool:
        return "request" in words_of(name_of(form)) or name_of(form) in ("req", "websocket", "ws")

    def named(self, name: str, form: Form) -> Leak | None:
        words = words_of(name)
        if not words or words[0] in _ABOUT:
            return None
        kind = vocabulary(self.program).kind(name)
        if words[-1] in ("link", "url", "code", "token") and _ONE_TIME & set(words[:-1]):
            page = words[-1] == "url" and ("login" in words or (form[0] == "attr" and len(words) > 2))
            return None if page else Leak(f"`{name}`", form)
        if name.lower() in ("authorization", "otp", "otp_code", "bearer_token"):
            return Leak(f"`{name}`", form)
        if name == "credentials" and form[0] == "attr" and is_credentials(self.program, self.block, form[2]):
            return Leak("the token that was sent", form)
        if words[-1] == "token" and words[-2:-1] and words[-2] in _TOKENS and not kind:
            kind = "token"
        if words[-1] == "jwt" and form[0] == "name" and (_SIGNED & set(words[-2:-1]) or self.is_signed(name)):
            kind = "token"
        if not kind or words[-1] in ("keys", "tokens", "secrets", "passwords"):
            return None
        if form[0] == "name" and (self.is_object(name) or is_list(self.block, name)):
            return None
        if kind == "API key" and names_a_connection(self.program, name):
            return None
        if form[0] == "name" and kind == "API key" and names_something(self.block, name):
            return None
        if form[0] == "name" and finds_an_entry(self.block, name):
            return None
        if form[0] == "name" and self.depth and gives_no_secret(self.program, self.block, name, self.is_secret):
            return None
        if words == ["token"] and is_no_credential(self.program, self.block, form):
            return None
        if words == ["pwd"] and is_directory(self.block):
            return None
        if words in (["token"], ["secret"]) and form[0] == "name" and not self.is_value(name):
            return Leak(f"`{name}`", form) if is_setting(self.program, self.block, form) else None
        return Leak(f"`{name}`", form)

    def is_secret(self, block: Block, form: Form) -> bool:
        """Whether an expression of another block is a secret."""
        return Leaks(self.program, block, self.depth - 1).of(form) is not None

    def is_signed(self, name: str) -> bool:
        """Whether a local name that says `jwt` alone is given what signs or makes a token."""
        scope = self.block.scope
        own = isinstance(scope, FunctionScope) and any(item[0] == "assign" for item in scope.assignments(name))
        return own and self.is_value(name)

    def is_object(self, name: str) -> bool:
        """Whether a name stands for an object with parts of its own, by what is read of it: `token.address`."""
        reads = (item for item in self.block.forms.of("attr") if item[2][0] == "name" and item[2][2] == name)
        return any(not hasattr("", item[3]) and item[3] not in _TEXTS for item in reads)

    def is_value(self, name: str) -> bool:
        """Whether a local name that may mean anything is a credential: a parameter, or made by what says so."""
        scope = self.block.scope
        if not isinstance(scope, FunctionScope):
            return False
        if any(item[0] == name for item in scope.function.parameters):
            return True
        return any(
            tells_of_token(value)
            or any(tells_of_token(above) for item in _split(value) for above in _given(scope, item))
            for value in _given(scope, name)
        )

    def assigned(self, form: Form) -> Leak | None:
        """A local name that stands for a secret: `headers = request.headers`, `raw = body.password`."""
        scope = self.block.scope
        for statement in scope.assignments(form[2]) if isinstance(scope, FunctionScope) else ():
            if statement[0] == "assign":
                if (named := self.taken(statement[3])) is not None:
                    return Leak(named.what, form)
                if self.is_link(form[2], form[1]) or any(self.is_link(name) for name in _put_in(statement[3])):
                    return Leak(f"`{form[2]}`, which has a token in it,", form)
                key = from_request(statement[3])
                if key and ("session" in words_of(key) or self.named(key, form) is not None):
                    return Leak(f"the request's `{key}`", form)
                for part in pieces(statement[3]):
                    whole = part[0] == "attr" and part[3] == "headers" and self.is_request(part[2])
                    if (whole or is_of_scope(part)) and not hides_credentials(self.block, form[2], form[1]):
                        return Leak("the request's headers", form)
        return None

    def taken(self, value: Form) -> Leak | None:
        """What secret a value is that is taken as it is: a part of something, a parameter."""
        function = self.block.function
        given = [item[0] for item in function.parameters] if function is not None else []
        plain = value[0] == "attr" or (value[0] == "sub" and value[3][0] == "const")
        name = beginning(value)
        if name in self._busy or not (plain or (value[0] == "name" and value[2] in given)):
            return None
        self._busy.add(name)
        found = self.of(value)
        self._busy.discard(name)
        return found

    def is_link(self, name: str, at: int = 0) -> bool:
        """Whether a local name is a link that is put together with a one-time token, the last time before a place."""
        scope = self.block.scope
        given = scope.assignments(name) if isinstance(scope, FunctionScope) else []
        texts = [item for item in given if item[0] == "assign" and item[3][0] in ("fstr", "binop")]
        if at and len(texts) == len(given) and (above := [item for item in texts if item[1] < at]):
            given = above[-1:]
        return words_of(name)[-1:] in (["link"], ["url"]) and any(
            statement[0] == "assign" and carries_token(statement[3]) for statement in given
        )

    def handed_link(self, form: Form) -> Leak | None:
        """A link with a one-time token that callers hand over, or the job of a background task is started with."""
        function, name = self.block.function, str(form[2])
        if function is None or words_of(name)[-1:] not in (["link"], ["url"]):
            return None
        for block, given in handed(self.program, function, name):
            link = given[0] == "name" and Leaks(self.program, block).is_link(given[2])
            if carries_token(given) or link:
                return Leak(f"`{name}`, which has a token in it,", form)
        return None

    def address(self, form: Form, key: str = "") -> Leak | None:
        """A URL of a database or broker that is put together with its password."""
        if not carries_password(self.program, self.block, form):
            return None
        return Leak(f"`{key or name_of(form)}`, which has a password in it,", form)

    def model(self, form: Form) -> Leak | None:
        """An object whose text has a secret in it: credentials, a model with a password."""
        if is_credentials(self.program, self.block, form):
            return Leak(f"`{name_of(form)}`", form)
        function = self.block.function
        first = function.parameters[:1] if function is not None and function.takes_object else []
        own = any(form[2:] == [item[0]] for item in first)
        made = [one.cls for one in options(ask(self.program, self.block, form)) if isinstance(one, Instance)]
        made += [function.owner] if own and function is not None and function.owner is not None else []
        for cls in (*made, *annotated_classes(self.program, self.block, form), *self.handed(form)):
            if secret := open_field(self.program, cls):
                return Leak(f"`{name_of(form)}`, which has `{secret}` in it,", form)
        return None

    def _login_form(self, form: Form) -> Leak | None:
        told = f"`{form[-1]}`, which has `password` in it,"
        return Leak(told, form) if is_login_form(self.program, self.block, form) else None

    def handed(self, form: Form) -> Iterable[Class]:
        """The classes of what callers hand to a parameter, heirs of the class that annotates it perhaps."""
        function = self.block.function
        if function is None or not any(item[0] == name_of(form) for item in function.parameters[1:]):
            return ()
        return classes_handed(self.program, function, form[2]) if form[0] == "name" else ()

    def mapping(self, form: Form) -> Leak | None:
        """A dictionary with a secret in it that is not written in code: `{"Authorization": f"Bearer {token}"}`."""
        if _MASKED & set(words_of(name_of(form))):
            return None
        token = token_inside(self.block, form[2]) if form[0] == "name" else ""
        if token and not after_failure(self.block, form):
            return Leak(f"`{form[2]}`, which has `{token}` in it,", form)
        words = vocabulary(self.program)
        if (dumped := self.dumped(form)) is not None:
            if loses(self.block, form[2], form[1], lambda key: words.kind(key) in ("password", "signing key")):
                return None
            return _whole(self.of(dumped), form)
        for entry in self.entries(form):
            if (leak := self.taken(entry)) is not None:
                return Leak(f"`{form[2]}`, which has {leak.what.rstrip(',')} in it,", form)
        for option in options(ask(self.program, self.block, form)):
            for key, value in option.items if isinstance(option, Mapping) else ():
                name = key.value if isinstance(key, Const) else None
                masked = all(isinstance(item, Const | Mapping | Collection) for item in options(value))
                if not isinstance(name, str) or masked or words_of(name)[:1] in _ANSWERS:
                    continue
                if form[0] == "name" and shows_censored(self.block, form[2], name):
                    continue
                read = [item.name for item in options(value) if isinstance(item, Environment)]
                if any(self.named(one, form) is not None for one in (name, *read)):
                    return Leak(f"`{name_of(form)}`, which has `{name}` in it,", form)
        return None

    def entries(self, form: Form) -> list[Form]:
        """The values of the dictionary that a local name was given, but for what says whether something is there."""
        scope = self.block.scope
        given = list(scope.assignments(form[2])) if form[0] == "name" and isinstance(scope, FunctionScope) else []
        match given:
            case [["assign", _, _, ["dict", _, pairs]]]:
                named = [(str(key[2]) if key is not None and key[0] == "const" else "", value) for key, value in pairs]
                return [value for key, value in named if words_of(key)[:1] not in _ANSWERS]
        return []

    def dumped(self, form: Form) -> Form | None:
        """The call that makes a dictionary of a model for a local name: `data = body.model_dump()`."""
        scope = self.block.scope
        given = list(scope.assignments(form[2])) if form[0] == "name" and isinstance(scope, FunctionScope) else []
        match given:
            case [["assign", _, _, ["call", _, ["attr", _, _, method], *_] as call]] if method in _DUMPS:
                return list(call)
        return None


def _given(scope: FunctionScope, name: str) -> Iterator[Form]:
    found = (item for item in scope.assignments(name) if item[0] in ("assign", "annassign"))
    return (item[-1] for item in found if item[-1] is not None)


def _split(value: Form) -> list[str]:
    """The name of a text that is taken apart: `scheme, token = header.split(" ")`."""
    match value:
        case ["call", _, ["attr", _, ["name", _, name], "split" | "partition"], _, _]:
            return [name]
        case ["sub", _, inner, _]:
            return _split(inner)
    return []


def _put_in(form: Form) -> Iterator[str]:
    """The names whose texts a text that is put together has in it: `f"{base}{link}"`."""
    return (part[2] for part in pieces(form) if part[0] == "name") if form[0] in ("fstr", "binop") else iter(())


def _whole(leak: Leak | None, form: Form) -> Leak | None:
    """A leak of a part, as one of the whole expression."""
    return None if leak is None else Leak(leak.what, form)
