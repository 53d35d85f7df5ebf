"""What the rules about JSON web tokens share: which library a decoding call is of, its options, its other arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Argument, Block, Call
from fastapi_seclint.program.values import Const, Environment, External, Partial, Place, Value, options, settled
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.items import Item, items
from fastapi_seclint.subjects.code.origins import Holder, Origin, ask, origins
from fastapi_seclint.subjects.tokens.handed_options import switched_off

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Library = Literal["pyjwt", "jose", "authlib", "joserfc", "jws", "jwcrypto", "pyseto"]

DECODERS: dict[str, Library] = {
    "jwt.decode": "pyjwt",
    "jwt.decode_complete": "pyjwt",
    "jwt.api_jwt.decode": "pyjwt",
    "jwt.api_jwt.decode_complete": "pyjwt",
    "jwt.PyJWT().decode": "pyjwt",
    "jwt.PyJWT().decode_complete": "pyjwt",
    "jwt.api_jwt.PyJWT().decode": "pyjwt",
    "jwt.api_jwt.PyJWT().decode_complete": "pyjwt",
    "jose.jwt.decode": "jose",
    "authlib.jose.jwt.decode": "authlib",
    "authlib.jose.JsonWebToken().decode": "authlib",
    "authlib.jose.rfc7519.JsonWebToken().decode": "authlib",
    "joserfc.jwt.decode": "joserfc",
    "jwt.PyJWS().decode": "jws",
    "jwt.PyJWS().decode_complete": "jws",
    "jwt.api_jws.PyJWS().decode": "jws",
    "jwt.api_jws.PyJWS().decode_complete": "jws",
    "jwt.api_jws.decode": "jws",
    "jwt.api_jws.decode_complete": "jws",
}
"""Canonical names of the calls that read a token, with their library; `jws` checks signatures, and claims never."""

ENCODERS: dict[str, Library] = {
    **{
        name.replace(".decode", ".encode"): library
        for name, library in DECODERS.items()
        if not name.endswith("_complete") and library != "jws"
    },
    "jwcrypto.jwt.JWT": "jwcrypto",
    "pyseto.encode": "pyseto",
}
"""Canonical names of the calls that make a token."""

_MAKERS = ("jwt.PyJWT", "jwt.api_jwt.PyJWT")
_OPTIONS_AT: dict[Library, int] = {"pyjwt": 3, "jose": 3, "jws": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Decoding:
    """A call that reads a token, or makes a PyJWT object with options for all of its calls."""

    program: Program
    call: Call
    library: Library
    maker: bool = False

    @property
    def spoken(self) -> str:
        """The call as people say it: `jwt.decode`."""
        function = self.call.form[2]
        if function[0] == "name":
            return str(function[2])
        owner = function[2][2] if function[2][0] == "name" else "jwt"
        return f"{owner}.{function[-1]}"

    def given(self, name: str, position: int | None = None) -> Iterator[tuple[Block, Form, Location]]:
        """The expressions passed as an argument, directly or with `**`, each with its block and where it is written."""
        argument = self.call.argument(name, position)
        if argument is not None:
            yield self.call.block, argument.form, Location(self.call.block.module.path, argument.span)
        for item in self._spread(name):
            yield item.block, item.form, Location(item.block.module.path, item.span)

    def argument(self, name: str, position: int | None = None) -> Argument | None:
        """The argument in the call itself."""
        return self.call.argument(name, position)

    def options(self, key: str) -> Iterator[Item]:
        """What the options say under a key, wherever it is written."""
        if self.library not in _OPTIONS_AT:
            return
        argument, block = self._options, self.call.block
        if argument is not None and argument.form[0] == "ellipsis":
            kept = (one for one in prepared_for(self.program, self) if one.given_options is not None)
            yield from (item for one in islice(kept, 1) for item in one.options(key))
            return
        found: list[Item] = []
        if argument is not None:
            found += items(self.program, block, argument.form, key, Holder(block, self.call.form, argument.keyword))
        for item in self._spread("options"):
            found += items(self.program, item.block, item.form, key, Holder(item.block, item.container, "options"))
        yield from found
        if all(item.form[0] == "const" and item.form[2] is True for item in found):
            yield from switched_off(self, key)

    @property
    def _options(self) -> Argument | None:
        return self.call.argument("options", 0 if self.maker else _OPTIONS_AT.get(self.library))

    @property
    def given_options(self) -> Form | None:
        """The expression that the call gets its options by."""
        return self._options.form if self._options is not None else None

    def _spread(self, name: str) -> Iterator[Item]:
        for form in self.call.spread:
            yield from items(self.program, self.call.block, form, name)

    @property
    def verifies_signature(self) -> bool:
        """Whether nothing in the call switches the signature check off (then that is the mistake to mend first)."""
        if self.library not in _OPTIONS_AT:
            return True
        flags = [(item.block, item.form) for item in self.options("verify_signature")]
        verify = self.call.argument("verify")
        if verify is not None and self.library == "pyjwt":
            flags.append((self.call.block, verify.form))
        sources = (origin for block, form in flags for origin in origins(self.program, block, form))
        return not any(says(origin, False) is not None for origin in sources)

    def contains(self, location: Location) -> bool:
        """Whether a place lies within the call."""
        own, inner = self.call.location.span, location.span
        starts = (own.line, own.column) <= (inner.line, inner.column)
        ends = (inner.end_line, inner.end_column) <= (own.end_line, own.end_column)
        return self.call.location.path == location.path and starts and ends


@answered_once
def decodings(program: Program) -> list[Decoding]:
    """Every call that reads a token with a known library, in order; found once a program."""
    found = [Decoding(program, call, DECODERS[call.name]) for call in program.sites.calls(*DECODERS)]
    found += [Decoding(program, call, "pyjwt", maker=True) for call in program.sites.calls(*_MAKERS)]
    return found


@answered_once
def prepared(program: Program) -> list[Decoding]:
    """The calls of `functools.partial` that give a call that reads a token some of its arguments."""
    return [Decoding(program, call, DECODERS[call.name]) for call in program.sites.prepared(*DECODERS)]


def prepared_for(program: Program, decoding: Decoding) -> list[Decoding]:
    """The calls of `functools.partial` that gave a call some of its arguments, the last one first.

    They may stand in another file.
    """
    kept = prepared(program)
    places = list(kept_at(decoding.call.ask(decoding.call.form[2]))) if kept else []
    return sorted((one for one in kept if one.call.place in places), key=lambda one: places.index(one.call.place))


def prepared_uses(program: Program, decoding: Decoding, name: str = "") -> Iterator[tuple[Block, Form]]:
    """Where what `functools.partial` made for reading tokens is called: block and call.

    With the name of an argument, only where that one counts, and is not given anew.
    """
    kept = {one.call.place: one for one in prepared(program)}
    if decoding.call.place not in kept:
        return
    for block in program.sites.blocks():
        for form in block.forms.of("call"):
            places = list(kept_at(ask(program, block, form[2]))) if form[2][0] in ("name", "attr") else []
            if decoding.call.place in places:
                later = places[: places.index(decoding.call.place)]
                anew = any(one in kept and kept[one].call.argument(name) for one in later)
                if not anew and not any(keyword == name for keyword, _, _ in form[4]):
                    yield block, form


def kept_at(value: Value | None) -> Iterator[Place]:
    """Where `functools.partial` was called for what is called now, one for another."""
    for option in options(value):
        if isinstance(option, Partial):
            yield from (option.place,) if option.place is not None else ()
            yield from kept_at(option.function)


def maker_uses(program: Program, decoding: Decoding) -> Iterator[tuple[Block, Form]]:
    """Where an object that was made for reading tokens reads one, `PyJWT(options=...)`: block and call."""
    for block in program.sites.blocks(frozenset({"decode", "decode_complete"})):
        for form in block.forms.of("call"):
            if form[2][0] == "attr" and form[2][3] in ("decode", "decode_complete"):
                made = options(ask(program, block, form[2][2])) if not program.is_test(block.module) else ()
                if any(isinstance(one, External) and one.place == decoding.call.place for one in made):
                    yield block, form


def says(origin: Origin, truth: bool) -> Literal["surely", "by default"] | None:
    """Whether an expression is as true or false as asked: surely, by a setting's default, or not as far as known."""
    value: Value | None = origin.value
    if value is None:
        if origin.form[0] != "const":
            return None
        value = Const(origin.form[2])
    wanted = truth is not origin.negated
    if isinstance(value, Const):
        return "surely" if bool(value.value) is wanted else None
    if isinstance(value, Environment):
        known = [item for item in settled(value) if isinstance(item, Const)]
        return "by default" if known and all(bool(item.value) is wanted for item in known) else None
    return None


def path_and_span(origin: Origin) -> Location:
    """Where an origin stands."""
    return Location(origin.block.module.path, span_of(origin.form[1]))
