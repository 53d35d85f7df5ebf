"""What is known of an expression on the way to a token: the claims of a dictionary, a length of time, a text."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import nan
from typing import Literal

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Place
from fastapi_seclint.subjects.code.development import holds

Clock = Literal["", "aware", "naive utc", "naive local", "mislabelled", "unix", "shifted unix"]
"""How a moment tells the time: `naive local` is `datetime.now()`, `mislabelled` that with `replace(tzinfo=utc)`,
`shifted unix` are seconds that are wrong by the offset of the server's time zone. Empty: not known."""
Opaque = Literal["", "parameter", "object", "call"]
_MOST = 16


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """An expression and the block that it stands in.

    The items of dictionaries have a form of their own: `["item", at, key or target or None, value]`.
    """

    block: Block
    form: Form

    @property
    def place(self) -> Place:
        return Place(self.block.module, self.form[1])


@dataclass(frozen=True, slots=True)
class Amount:
    """A bare number, a length of time in seconds, or a moment that many seconds from now; nan where it is not known.

    `sure` is false for a default that a setting or the environment may replace. `place` is where the number is
    written, `scale` how many seconds a unit there stands for (0: a length of time is written there), `names` are the
    settings and constants it went through, `clock_at` is the call that told the time.
    """

    number: float
    kind: Literal["number", "length", "moment"]
    clock: Clock = ""
    sure: bool = True
    place: Place | None = None
    names: tuple[str, ...] = ()
    scale: float = 1.0
    clock_at: Place | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A key of a dictionary: whether it is there on every path, and what may be under it."""

    key: str
    sure: bool
    values: tuple[Known, ...]
    written: tuple[Written, ...] = ()

    @property
    def texts(self) -> frozenset[str]:
        """The texts that may be under the key, as far as they are known."""
        return frozenset(text for value in self.values for text in value.texts)


@dataclass(slots=True, eq=False)
class Claims:
    """The keys of a dictionary. `open` says why it may hold more: what a parameter, an object or a call brings."""

    items: dict[str, Claim] = field(default_factory=dict)
    open: frozenset[Opaque] = frozenset()

    def get(self, key: str) -> Claim | None:
        """What is known to be under a key, on every path or on some."""
        return self.items.get(key)

    def surely(self, key: str) -> bool:
        """Whether the key is there on every path."""
        return key in self.items and self.items[key].sure

    def set(self, key: str, value: Known, written: Iterable[Written] = ()) -> None:
        """Put a value under a key in place of what was there."""
        self.items[key] = Claim(key, True, (value,), tuple(written))

    def add(self, other: Claims) -> None:
        """Do as `dict.update`."""
        for key, claim in other.items.items():
            before = self.items.get(key)
            if claim.sure or before is None:
                self.items[key] = claim
            else:
                self.items[key] = _joined(before, claim, before.sure)
        self.open |= other.open

    def copy(self) -> Claims:
        """Another dictionary with the same keys."""
        return Claims(dict(self.items), self.open)


@dataclass(frozen=True, slots=True)
class Made:
    """An object of a project class that was made in sight: the arguments by field, and whether there may be more."""

    cls: Class
    given: dict[str, Known] = field(default_factory=dict)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What an expression may be. `present` says whether it is true as a condition, `complete` whether the amounts and
    texts are all that it may be; `opaque` what it comes from when nothing is known of it; `parts` are the items of a
    tuple or list that is known item by item."""

    written: tuple[Written, ...] = ()
    claims: Claims | None = None
    amounts: tuple[Amount, ...] = ()
    texts: tuple[str, ...] = ()
    present: bool | None = None
    made: Made | None = None
    complete: bool = True
    opaque: Opaque = ""
    parts: tuple[Known, ...] = ()


NOTHING = Known(present=False)


def unknown(opaque: Opaque, *written: Written) -> Known:
    """Something of which only the source is known."""
    return Known(written, complete=False, opaque=opaque)


def as_claims(known: Known) -> Claims:
    """The dictionary that an expression is; an open one where nothing is known."""
    return known.claims if known.claims is not None else Claims({}, frozenset({known.opaque or "call"}))


def either(left: Known, right: Known, memo: dict[tuple[int, int], Claims] | None = None) -> Known:
    """One of two, depending on the path."""
    if left is right:
        return left
    return Known(
        together(left.written, right.written),
        _either_claims(left, right, {} if memo is None else memo),
        tuple(dict.fromkeys((*left.amounts, *right.amounts)))[:_MOST],
        tuple(dict.fromkeys((*left.texts, *right.texts)))[:_MOST],
        left.present if left.present is right.present else None,
        _either_made(left, right),
        left.complete and right.complete,
        left.opaque or right.opaque,
        _either_parts(left, right, {} if memo is None else memo),
    )


def _either_parts(left: Known, right: Known, memo: dict[tuple[int, int], Claims]) -> tuple[Known, ...]:
    """The items of two tuples of one length, or those of the one that is there."""
    if len(left.parts) == len(right.parts):
        return tuple(either(one, other, memo) for one, other in zip(left.parts, right.parts, strict=True))
    return left.parts if right.present is False else right.parts if left.present is False else ()


def _either_made(left: Known, right: Known) -> Made | None:
    """The object that both are, or the one that is there where the other is nothing at all."""
    one, other = left.made, right.made
    if one is None or other is None:
        absent = right if other is None else left
        return (one or other) if absent.present is False else None
    return one if one is other else Made(one.cls, {}, True) if one.cls is other.cls else None


def _either_claims(left: Known, right: Known, memo: dict[tuple[int, int], Claims]) -> Claims | None:
    one, other = left.claims, right.claims
    if one is None or other is None or one is other:
        found = one if one is not None else other
        absent = right if one is not None else left
        if found is None or one is other or absent.present is False:
            return found
        return Claims({key: replace(item, sure=False) for key, item in found.items.items()}, found.open)
    key = (id(one), id(other))
    if key not in memo:
        merged: dict[str, Claim] = {}
        for name in dict.fromkeys((*one.items, *other.items)):
            first, second = one.items.get(name), other.items.get(name)
            if first is not None and second is not None:
                merged[name] = first if first is second else _joined(first, second, first.sure and second.sure)
            elif (lone := first or second) is not None:
                merged[name] = replace(lone, sure=False)
        memo[key] = Claims(merged, one.open | other.open)
    return memo[key]


def _joined(one: Claim, other: Claim, sure: bool) -> Claim:
    values = (*one.values, *(item for item in other.values if not any(item is known for known in one.values)))
    return Claim(one.key, sure, values[:_MOST], together(one.written, other.written))


def together(left: tuple[Written, ...], right: tuple[Written, ...]) -> tuple[Written, ...]:
    """The places of both, each once."""
    return (*left, *(item for item in right if not any(item.form is known.form for known in left)))[:_MOST]


# Arithmetic


def combine(symbol: str, left: Known, right: Known, place: Place, written: tuple[Written, ...] = ()) -> Known:
    """The result of an operator: numbers, lengths and moments count, dictionaries merge with `|`."""
    if symbol == "|" and (left.claims is not None or right.claims is not None):
        claims = as_claims(left).copy()
        claims.add(as_claims(right))
        return Known(written, claims, present=None)
    amounts = [
        found
        for one in left.amounts
        for other in right.amounts
        if (found := _combined(symbol, one, other, place)) is not None
    ]
    complete = bool(amounts) and left.complete and right.complete
    if symbol in ("+", "-") and not amounts:
        amounts = [*_sometime(left, right), *_sometime(right, left)]
    present = True if any(item.kind != "number" for item in amounts) else None
    return Known(written, amounts=tuple(dict.fromkeys(amounts))[:_MOST], present=present, complete=complete)


def _sometime(moment: Known, length: Known) -> Iterator[Amount]:
    """Moments that an unknown length of time is added to: they still tell the time as they did."""
    if not length.amounts and not length.texts and length.claims is None:
        yield from (replace(item, number=nan) for item in moment.amounts if item.kind == "moment")


def _combined(symbol: str, one: Amount, other: Amount, place: Place) -> Amount | None:
    kinds = (one.kind, other.kind)
    if symbol in ("+", "-") and "moment" in kinds:
        if kinds == ("moment", "moment") or (symbol == "-" and one.kind != "moment"):
            return None
        moment, length = (one, other) if one.kind == "moment" else (other, one)
        if length.kind == "number" and not moment.clock.endswith("unix"):
            return None
        number = moment.number + (length.number if symbol == "+" else -length.number)
        return _sourced(replace(moment, number=number), moment, length, place, keep=True)
    if symbol not in _OPERATIONS or "moment" in kinds:
        return None
    if symbol in ("*", "/", "//"):
        kind: Literal["number", "length"] = "length" if "length" in kinds and kinds != ("length",) * 2 else "number"
    elif one.kind == other.kind:
        kind = "length" if one.kind == "length" else "number"
    else:
        return None
    return _sourced(Amount(_OPERATIONS[symbol](one.number, other.number), kind), one, other, place)


_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda one, other: one / other if other else 0.0,
    "//": lambda one, other: one / other if other else 0.0,
}


def _sourced(result: Amount, one: Amount, other: Amount, place: Place, keep: bool = False) -> Amount:
    parts = [item for item in (one, other) if item.place is not None]
    far = next((item for item in parts if _outside(item.place, place)), None)
    chosen = parts[0] if keep and parts else far
    rest = other if chosen is one else one
    if chosen is None:
        scale = 0.0 if result.kind == "length" else 1.0
    else:
        scale = chosen.scale * (rest.number if chosen.kind == "number" and rest.kind != "moment" else 1.0)
    return replace(
        result,
        sure=one.sure and other.sure,
        place=chosen.place if chosen is not None else None if keep else place,
        names=tuple(dict.fromkeys((*one.names, *other.names)))[:_MOST],
        scale=scale,
    )


def _outside(place: Place | None, whole: Place) -> bool:
    """Whether a number in an expression is written elsewhere, under a name."""
    return place is not None and (place.module is not whole.module or not holds(whole.at, place.at))


def as_length(known: Known, factor: float, whole: Place) -> Known:
    """Numbers as lengths of time, `factor` seconds each."""
    lengths = tuple(
        replace(
            item,
            number=item.number * factor,
            kind="length",
            place=item.place if _outside(item.place, whole) else whole,
            scale=item.scale * factor if _outside(item.place, whole) else 0.0,
        )
        for item in known.amounts
        if item.kind == "number"
    )
    return replace(known, amounts=lengths, present=True, claims=None, texts=())
