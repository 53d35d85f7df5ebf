"""Secrets that are there when nothing is configured: defaults of reads and of settings fields, `x or "text"`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import KEYWORDS, Form, arguments, is_leaf, names_in, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Const, External, Value, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.literals import texts
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import Read, read_of, reads_setting
from fastapi_seclint.subjects.secrets.declared_settings import declared
from fastapi_seclint.subjects.secrets.filling import filled_in, given_name, validates
from fastapi_seclint.subjects.secrets.layered import Layer, layered
from fastapi_seclint.subjects.secrets.loaded import is_parsers, loaded_read
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.read_helpers import helped_read, in_full
from fastapi_seclint.subjects.secrets.replaced_texts import replaced_texts
from fastapi_seclint.subjects.secrets.returned import returned_texts
from fastapi_seclint.subjects.secrets.settings_fields import SettingsField, fields
from fastapi_seclint.subjects.secrets.uses import uses
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

How = Literal["read", "or", "either", "except", "unset", "replaced", "field", "below", "told"]
_WORDS = (
    b"secret", b"passw", b"pwd", b"_pass", b"key", b"token", b"pepper", b"geheim", b"segred", b"kennwort", b"senha",
    b"contrasen", b"mima", b"miyao", b"schluessel", b"chave", b"clave_", b"cle_", b"mot_de_passe",
)  # fmt: skip
_ELSE = word_set(
    "alg algorithm backend file folder header host hours id location minutes mode name path prefix region seconds type"
    " uri url user username"
)
_WEAK_MODULE = "random."
_HIDING = frozenset({"pydantic.SecretStr()", "pydantic.SecretBytes()", "starlette.datastructures.Secret()"})
_HAVE_THEIR_OWN_WAY = word_set("assign annassign return call dict bool fstr ifexp try if expr def")
"""The forms whose parts are gone through in a way of their own."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A secret's fallback: its name and kind, the texts with their places, where to report, and the forms around it.

    `whole` is the expression (or statement) that has the fallback, `written` the name of a constant that holds it.
    `weak` tells that a predictable generator is the fallback, or an empty text with padding: `(KEY or "") + "-v2"`.
    """

    block: Block
    name: str
    kind: str
    found: tuple[tuple[str, int], ...]
    at: int
    how: How
    whole: Form
    read: Read | None = None
    field: SettingsField | None = None
    written: str = ""
    elsewhere: str = ""
    weak: bool = False
    symbol: str = ""
    target: str = ""


@answered_once
def fallbacks(program: Program) -> list[Fallback]:
    """Every fallback of something that is named like a secret, in order; found once a program."""
    found = []
    words, used = vocabulary(program), uses(program)
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if not program.is_test(module):
            spoken = {MODULE, *module.facts.speaking(*_WORDS, folded=True)}
            every = range(MODULE, len(module.facts.functions))
            for number in every if words.names or module.file in used else sorted(spoken):
                if (block := program.sites.block(module, number)) is not None:
                    found += _Search(program, words, block).run()
    found += (item for layer in layered(program) for item in _Search(program, words, layer.block).of_layer(layer))
    return found


@dataclass(slots=True)
class _Search:
    program: Program
    words: Vocabulary
    block: Block

    def run(self) -> list[Fallback]:
        found: list[Fallback] = []
        for form in self.block.statements:
            self.visit(form, "", form[1], found)
        found += self.of_replaced()
        found += self.of_returned()
        if self.block.function is None:
            found += [item for field in fields(self.program, self.block) for item in self.of_field(field)]
        return found

    def visit(self, form: object, name: str, at: int, found: list[Fallback]) -> None:
        """Find the fallbacks in a form; `name` is what it is assigned or given to, `at` the place to report."""
        if type(form) is not list or not form:
            return
        if type(form[0]) is not str or len(form) < 2 or type(form[1]) is not int or form[1] <= KEYWORDS:
            for item in form:
                if type(item) is list and not is_leaf(item):
                    self.visit(item, name, at, found)
            return
        match form if form[0] in _HAVE_THEIR_OWN_WAY else None:
            case ["assign", place, targets, value]:
                self.visit(value, name_of(targets[0]), place, found)
            case ["annassign", place, target, _, value]:
                self.visit(value, name_of(target), place, found)
            case ["return", place, value]:
                self.visit(value, given_name(self.block, self.words), place, found)
            case ["call", _, function, positional, keywords]:
                found += self.of_call(form, name, at) if len(positional) + len(keywords) > 1 else ()
                self.visit(function, name, at, found)
                self.visit(positional, name, at, found)
                for keyword, value, place in keywords:
                    inner = name if keyword in (None, "default", "default_factory") else keyword
                    self.visit(value, inner, at if inner == name and name else place, found)
            case ["dict", _, pairs]:
                for key, value in pairs:
                    text = key[2] if key is not None and key[0] == "const" else ""
                    self.visit(value, str(text) or name, value[1] if text else at, found)
            case ["bool", _, "or", [first, *rest]] if first[0] != "const":
                found += self.of_or(form, name, at)
                self.visit([first, *rest], name, at, found)
            case [
                "fstr",
                _,
                [["fmt", _, ["bool", _, "or", [*_, ["const", _, ""]]] as chosen, _], ["const", *_] as end],
            ]:
                padded = ["bool", chosen[1], "or", [*chosen[3][:-1], end]]
                found += [replace(item, whole=chosen, weak=True) for item in self.of_or(padded, name, at)]
            case ["ifexp", _, test, body, otherwise]:
                found += self.of_either(form, name, at)
                self.visit([test, body, otherwise], name, at, found)
            case ["try", *_]:
                found += self.of_try(form)
                self.visit(form[2:], "", at, found)
            case ["if", *_]:
                found += self.of_unset(form)
                self.visit(form[2:], "", at, found)
            case ["expr", place, value]:
                self.visit(value, "", place, found)
            case ["def", *_]:
                self.visit(form[6], "", form[1], found)
                for parameter in form[5]:
                    self.visit(parameter[3], parameter[0], parameter[4], found)
            case _:
                for item in form[2:]:
                    if type(item) is list and not is_leaf(item):
                        self.visit(item, name, at if name else form[1], found)

    def of_call(self, form: Form, name: str, at: int) -> Iterator[Fallback]:
        """The fallback that a call is given: beside what it reads, so that a call of one thing has none."""
        yield from self.of_declared(form, name, at)
        read = helped_read(self.program, self.block, form) or loaded_read(self.program, self.block, form)
        read = read or read_of(in_full(self.program, self.block, form)) or filled_in(self.block, form)
        if read is not None and read.default is not None:
            named = self.key(read)
            if (
                self.is_option(read, named)
                or self.is_named_thrice(read, named)
                or is_parsers(self.program, self.block, read)
            ):
                return
            kind = self.words.kind(named) or (self.words.kind(name) if _may_be(named) else "")
            kind = kind or self.used_as(read.default)
            if kind:
                for item in self.made(read.default, named or name, kind, at, "read", form, read):
                    yield replace(item, target=name)

    def of_declared(self, form: Form, name: str, at: int) -> Iterator[Fallback]:
        """The default of a setting that is declared: for dynaconf, oslo.config, a command's options."""
        for item in declared(self.words, form, name, self.block.module):
            place = at if item.named_around else form[1]
            yield from self.made(item.default, item.name, item.kind, place, "read", form, item.read)

    def is_option(self, read: Read, key: str) -> bool:
        """Whether the second argument names what is read: `config.get("auth", "secret_key")`, as ConfigParser does."""
        return (
            read.keyword is None
            and read.default is not None
            and read.default[0] == "const"
            and read.call[2][0] == "attr"
            and not read.environment
            and not self.words.kind(key)
            and bool(self.words.kind(str(read.default[2])))
        )

    def is_named_thrice(self, read: Read, key: str) -> bool:
        """Whether the text names what is read from the first argument, or from a variable named by the third.

        `get_from_dict_or_env(values, "api_key", "API_KEY")`.
        """
        return (
            len(read.call[3]) > 2
            and read.keyword is None
            and read.key[0] != "const"
            and read.default is not None
            and read.default[0] == "const"
            and not self.words.kind(key)
            and bool(self.words.kind(str(read.default[2])))
        )

    def used_as(self, form: Form) -> str:
        """What kind of secret a text is by its use, whatever the setting is called."""
        used = uses(self.program).get(self.block.module.file, {})
        return next((used[place].kind for _, place in texts(form) if place in used), "")

    def key(self, read: Read) -> str:
        """The key of a read: its text, followed to the constant that holds it."""
        if read.key[0] == "const":
            return str(read.key[2])
        for option in options(ask(self.program, self.block, read.key)):
            if isinstance(option, Const) and isinstance(option.value, str):
                return option.value
        return name_of(read.key)

    def of_or(self, form: Form, name: str, at: int) -> Iterator[Fallback]:
        first, last = form[3][0], form[3][-1]
        kind, named = self.words.kind(name), name
        for item in form[3][:-1]:
            read = next((found for inner in walk(item) if inner[0] == "call" and (found := read_of(inner))), None)
            own = self.key(read) if read is not None else name_of(item)
            if self.words.kind(own):
                kind, named = self.words.kind(own), own
        if (kind := kind or self.used_as(last)) and first[0] in ("call", "attr", "name", "sub", "bool"):
            yield from self.made(last, named, kind, at, "or", form)

    def of_either(self, form: Form, name: str, at: int) -> Iterator[Fallback]:
        _, _, test, body, otherwise = form
        for value, other in ((body, otherwise), (otherwise, body)):
            read = read_of(value) if value[0] == "call" else None
            own = self.key(read) if read is not None else name_of(value)
            kind = self.words.kind(own) or self.words.kind(name) or self.used_as(other)
            if kind and reads_setting(value) and _asks_for(test, value):
                yield from self.made(other, own or name, kind, at, "either", form)

    def of_try(self, form: Form) -> Iterator[Fallback]:
        """`try: KEY = os.environ["KEY"]`, `except KeyError: KEY = "text"`."""
        names = {name_of(item[2][0]) for item in form[2] if item[0] == "assign" and reads_setting(item[3])}
        for handler in form[3]:
            yield from self.assigned(handler[2], names, "except")

    def of_unset(self, form: Form) -> Iterator[Fallback]:
        """`if not KEY: KEY = "text"`, also of what is read right there: `if not (KEY := getenv("KEY")):`."""
        match form[2]:
            case ["unary", _, "not", asked] | ["compare", _, asked, ["is" | "=="], [["const", _, None | ""]]]:
                read = asked[3] if asked[0] == "walrus" else None
                found = self.assigned(form[3], {name_of(asked if read is None else asked[2])}, "unset")
                told = reads_setting(read) if read is not None else self.is_configured(asked)
                yield from (item for item in found if not item.weak or told)
            case ["compare", _, ["const", _, str() as key], ["not in"], [_]]:
                yield from (item for item in self.assigned(form[3], {key}, "unset") if not item.weak)

    def of_replaced(self) -> Iterator[Fallback]:
        """`KEY = "text"`, then `if "KEY" in os.environ: KEY = os.environ["KEY"]`."""
        for item in replaced_texts(self.block.statements):
            kind = self.words.kind(item.key) or self.words.kind(item.name) or self.used_as(item.given[3])
            if kind and _asks_for(item.choice[2], item.value):
                yield from self.made(item.given[3], item.key, kind, item.given[1], "replaced", item.choice)

    def of_layer(self, layer: Layer) -> Iterator[Fallback]:
        """`ChainMap(os.environ, {"KEY": "text"})`: an entry of a dictionary that the environment comes before."""
        if kind := self.words.kind(layer.key) or self.used_as(layer.value):
            yield from self.made(layer.value, layer.key, kind, layer.value[1], "below", layer.display)

    def of_returned(self) -> Iterator[Fallback]:
        """`if self.signing_key is None: return "text"`, where the text is used as a key or the function called so."""
        function = self.block.function
        for statement, _, asked in returned_texts(self.block.statements) if function is not None else ():
            name = given_name(self.block, self.words)
            kind = self.words.kind(name) or self.used_as(statement[2])
            if kind and (validates(self.block) or asked[0] not in ("name", "attr") or self.is_configured(asked)):
                yield from self.made(statement[2], name, kind, statement[1], "unset", statement)

    def is_configured(self, asked: Form) -> bool:
        """Whether a name holds a setting, rather than what a function is told or reads elsewhere: a new password."""
        scope = self.block.scope
        if not isinstance(scope, FunctionScope):
            return True
        if asked[0] != "name":
            owners = names_in(asked) - {"self", "cls"}
            return not any(parameter[0] in owners for parameter in scope.function.parameters)
        given = [item[-1] for item in scope.assignments(asked[2]) if item[0] in ("assign", "annassign")]
        return any(value is not None and reads_setting(value) for value in given)

    def assigned(self, statements: list[Form], names: set[str], how: How) -> Iterator[Fallback]:
        for item in statements:
            if item[0] != "assign" or (name := name_of(item[2][0])) not in names:
                continue
            if kind := self.words.kind(name) or self.used_as(item[3]):
                yield from self.made(item[3], name, kind, item[1], how, item)

    def of_field(self, field: SettingsField) -> Iterator[Fallback]:
        if field.default is None:
            return
        kind = self.words.kind(field.name) or self.used_as(field.default)
        if kind := kind or ("secret" if _is_kept_secret(field) and _may_be(field.name) else ""):
            for item in self.made(field.default, field.name, kind, field.statement[1], "field", field.statement):
                yield replace(item, field=field, symbol=field.symbol)

    def made(
        self, form: Form, name: str, kind: str, at: int, how: How, whole: Form, read: Read | None = None
    ) -> Iterator[Fallback]:
        found = tuple(texts(form))
        written = name_of(form) if form[0] in ("name", "attr") else ""
        if found and form[0] not in ("dict", "sub"):
            yield Fallback(self.block, name, kind, found, at, how, whole, read)
        elif form[0] in ("name", "attr", "sub"):
            for option in map(_unwrapped, options(ask(self.program, self.block, form))):
                if isinstance(option, Const) and isinstance(option.value, str) and option.place is not None:
                    place = ((option.value, option.place.at),)
                    elsewhere = option.place.module.file
                    item = Fallback(self.block, name, kind, place, at, how, whole, read, None, written, elsewhere)
                    told = form[0] == "attr" and form[2][2:] == ["self"]
                    yield from self.as_told(item, option) if told else (item,)
        elif any(item[0] in ("name", "attr") and self.is_random(item) for item in walk(form)):
            yield Fallback(self.block, name, kind, (), at, how, whole, read, weak=True)

    def as_told(self, item: Fallback, text: Const) -> Iterator[Fallback]:
        """A fallback that an object was told when it was made, `Option("KEY", "text")`, at the place of that.

        Nothing where the name beside it is that of something else: other objects of the class are no secrets.
        """
        place = text.place
        block = self.program.sites.top(place.module) if place is not None else self.block
        for form in block.forms.of("call"):
            given = arguments(form)
            if place is not None and any(one[1] == place.at for one in given):
                names = [
                    one[2] for one in given if one[0] == "const" and isinstance(one[2], str) and one[1] != place.at
                ]
                name = next((one for one in names if self.words.kind(one)), "" if names else item.name)
                if name:
                    yield replace(item, block=block, at=place.at, how="told", written="", name=name)
                return
        yield item

    def is_random(self, form: Form) -> bool:
        if form[-1] not in ("choice", "choices", "randint", "random", "sample", "randrange", "getrandbits"):
            return False
        named = [getattr(option, "name", "") for option in options(ask(self.program, self.block, form))]
        return any(name.startswith(_WEAK_MODULE) and "SystemRandom" not in name for name in named)


def _is_kept_secret(field: SettingsField) -> bool:
    """Whether the type of a field keeps its text out of logs: `SecretStr`, which is for nothing but secrets."""
    told = field.statement[3] if field.statement[0] == "annassign" else None
    spoken = [item[-1] for part in (told, field.call) if part is not None for item in walk(part)]
    return any(isinstance(word, str) and word in ("SecretStr", "SecretBytes") for word in spoken)


def _may_be(key: str) -> bool:
    """Whether a key leaves open that a secret is read, so that the name it is given to decides."""
    return not _ELSE & set(words_of(key)[-1:])


def _asks_for(test: Form, value: Form) -> bool:
    """Whether a test asks whether a setting is there: it mentions the same variable or key."""
    names = {item[2] if item[0] in ("name", "const") else item[3] for item in walk(value)
             if item[0] in ("name", "attr", "const")}  # fmt: skip
    asked = {item[2] if item[0] in ("name", "const") else item[3] for item in walk(test)
             if item[0] in ("name", "attr", "const")}  # fmt: skip
    return bool((names & asked) - {"os", "environ", "settings", "self", "config", None, "get", "getenv"})


def _unwrapped(value: Value) -> Value | None:
    """The text in what hides one: `SecretStr("text")`."""
    if isinstance(value, External) and value.name in _HIDING and value.arguments is not None:
        return next(iter(value.arguments.positional), None)
    return value
