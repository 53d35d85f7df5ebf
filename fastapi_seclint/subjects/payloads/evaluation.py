"""Expressions on the way to a token, where a walk stands: dictionaries, models, lengths of time, calls of helpers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import NO_STATEMENTS
from fastapi_seclint.program.values import Class, Const, External, Place, Value, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads import models as _models
from fastapi_seclint.subjects.payloads import moments as _moments
from fastapi_seclint.subjects.payloads.known import (
    NOTHING,
    Amount,
    Claim,
    Claims,
    Known,
    Written,
    as_claims,
    combine,
    either,
    unknown,
)
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.payloads.flow import Flow, Names

_ASKED: WeakKeyDictionary[Program, dict[tuple[str, int, str, int, str], Known]] = WeakKeyDictionary()
_COPIES = frozenset({"copy.copy", "copy.deepcopy", "builtins.dict", "types.MappingProxyType", "typing.cast"})
_NUMBERS = frozenset({"builtins.int", "builtins.float", "builtins.round", "math.floor", "math.ceil", "builtins.abs"})


def known(flow: Flow, form: Form) -> Known:
    """What an expression is, as far as it can be told."""
    flow.budget.left -= 1
    if flow.budget.left < 0:
        return unknown("call")
    if form[0] == "name":
        return _name(flow, form)
    found = _known(flow, form)
    return replace(found, written=(Written(flow.block, form),))


def _known(flow: Flow, form: Form) -> Known:
    place = Place(flow.block.module, form[1])
    match form:
        case ["const", _, value]:
            return of_value(Const(value, place), place)
        case ["attr", _, owner, name]:
            return _attribute(flow, form, owner, name)
        case ["dict", *_]:
            return Known(claims=_display(flow, form), present=bool(form[2]))
        case ["call", *_]:
            return call(flow, form)
        case ["binop", _, symbol, left, right]:
            return combine(symbol, flow.known(left), flow.known(right), place)
        case ["bool", _, symbol, values]:
            return _bool(flow, symbol, values)
        case ["ifexp", _, test, body, otherwise]:
            decided = decide(flow, test)
            if decided is not None:
                return flow.known(body if decided else otherwise)
            return either(flow.known(body), flow.known(otherwise))
        case ["await", _, inner] | ["star", _, inner]:
            return flow.known(inner)
        case ["walrus", _, target, value]:
            found = flow.known(value)
            flow.names[target[2]] = found
            return found
        case ["comp", _, "dict", _, _, clauses]:
            return _comprehension(flow, clauses)
        case ["sub", _, owner, index]:
            return _item(flow, form, owner, index)
        case ["fstr", *_] | ["list", *_] | ["tuple", *_]:
            return Known(present=True, complete=False)
    return asked(flow, form)


def asked(flow: Flow, form: Form) -> Known:
    """What the program model knows of an expression; found once, but for dictionaries and objects that may change."""
    block = flow.block
    known = _ASKED.setdefault(flow.program, {})
    key = (block.module.file, block.number, form[0], form[1], str(form[2]) if form[0] == "name" else "")
    found = known.get(key) if block.number != NO_STATEMENTS else None
    if found is None:
        found = of_value(ask(flow.program, block, form), Place(block.module, form[1]))
        if found.claims is None and found.made is None:
            known[key] = found
    return found


def _name(flow: Flow, form: Form) -> Known:
    name = form[2]
    held = flow.names.get(name)
    if held is not None:
        return held
    found = named(asked(flow, form), name)
    return replace(found, written=(Written(flow.block, form),))


def named(found: Known, name: str) -> Known:
    """The same with the name of a constant or setting among the names it went through."""
    if not name.isupper() and not any(item.names for item in found.amounts):
        return found
    return replace(found, amounts=tuple(_through(item, name) for item in found.amounts))


def _through(amount: Amount, name: str) -> Amount:
    return amount if name in amount.names else replace(amount, names=(name, *amount.names))


def _attribute(flow: Flow, form: Form, owner: Form, name: str) -> Known:
    held = flow.names.get(spelled(form))
    if held is not None:
        return held
    base = flow.names.get(spelled(owner)) if owner[0] in ("name", "attr") else flow.known(owner)
    if base is not None and base.made is not None and name in base.made.given:
        return base.made.given[name]
    if base is not None and name == "value" and base.texts:
        return base
    if base is not None and name in ("timestamp", "float_timestamp", "int_timestamp") and base.amounts:
        return _moments.method(name, base, None, False) or unknown("call")
    if name == "__dict__":
        return _models.dumped(flow, base if base is not None else flow.known(owner), {})
    found = asked(flow, form)
    if found.claims is not None and owner[0] == "name" and owner[2] in ("self", "cls"):
        found.claims.open |= {"call"}
    return replace(found, amounts=tuple(_through(item, name) for item in found.amounts))


def _display(flow: Flow, form: Form) -> Claims:
    claims = Claims()
    for key, value in form[2]:
        if key is None:
            claims.add(as_claims(flow.known(value)))
            continue
        held, texts = flow.known(value), flow.known(key).texts
        if len(texts) == 1:
            written = Written(flow.block, ["item", key[1], key, value])
            claims.set(texts[0], held, (written,))
        else:
            claims.open |= {"call"}
    return claims


def _bool(flow: Flow, symbol: str, values: list[Form]) -> Known:
    found: Known | None = None
    for number, value in enumerate(values):
        one = flow.known(value)
        last = number == len(values) - 1
        skipped = one.present is (symbol == "and")
        if not skipped or last:
            kept = replace(one, present=one.present or None) if symbol == "or" and not last else one
            if symbol == "or" and one.present is False and not last:
                continue
            found = kept if found is None else either(found, kept)
        if one.present is (symbol == "or"):
            return found if found is not None else one
    if found is not None and symbol == "or" and flow.known(values[-1]).present:
        found = replace(found, present=True)
    return found if found is not None else NOTHING


def _comprehension(flow: Flow, clauses: list[Form]) -> Known:
    """`{key: value for key, value in data.items() if ...}` has the keys of `data`, on a condition some of them."""
    iterable, conditions = clauses[0][1], clauses[0][2]
    match iterable:
        case ["call", _, ["attr", _, owner, "items"], [], []]:
            claims = as_claims(flow.known(owner)).copy()
            if conditions:
                claims.items = {key: replace(item, sure=False) for key, item in claims.items.items()}
            return Known(claims=claims)
    return Known(claims=Claims(open=frozenset({"call"})))


def _item(flow: Flow, form: Form, owner: Form, index: Form) -> Known:
    held = flow.known(owner)
    if held.claims is not None:
        keys = flow.known(index).texts
        claim = held.claims.get(keys[0]) if len(keys) == 1 else None
        if claim is not None:
            return _value_of(claim)
    return asked(flow, form)


def _value_of(claim: Claim) -> Known:
    found = claim.values[0]
    for other in claim.values[1:]:
        found = either(found, other)
    return found


# Calls


def call(flow: Flow, form: Form) -> Known:
    """What a call gives."""
    function, positional, keywords = form[2], form[3], form[4]
    if function[0] == "attr":
        found = _method(flow, form, function[2], function[3])
        if found is not None:
            return found
    value = ask(flow.program, flow.block, function)
    given = {keyword: item for keyword, item, _ in keywords if keyword is not None}
    for option in options(value):
        if isinstance(option, External):
            found = _library(flow, form, option.name, positional, given)
            if found is not None:
                return found
        elif isinstance(option, Class):
            return _models.made(flow, option, form)
    inlined = _inlining.inlined(flow, form)
    return inlined if inlined is not None else asked(flow, form)


def _library(flow: Flow, form: Form, name: str, positional: list[Form], given: dict[str, Form]) -> Known | None:
    place = Place(flow.block.module, form[1])
    if name in _COPIES:
        return _copied(flow, form, name, positional)
    if name in _NUMBERS and positional:
        return _number(flow, form, flow.known(positional[0]))
    if name in ("builtins.vars", "dataclasses.asdict", "fastapi.encoders.jsonable_encoder", "attr.asdict"):
        return _models.dumped(flow, flow.known(positional[0]), given) if positional else None
    if name == "calendar.timegm" and positional:
        return _moments.counted(flow.known(positional[0]))
    if name.endswith("fromtimestamp") and positional:
        zone = positional[1] if len(positional) > 1 else given.get("tz")
        return _moments.from_unix(name, flow.known(positional[0]), None if zone is None else flow.known(zone), place)
    zone = positional[0] if positional else given.get("tz")
    found = _moments.now_call(name, None if zone is None else flow.known(zone), place)
    if found is None:
        lengths = {key: flow.known(item) for key, item in given.items()} if "delta" in name or "durat" in name else {}
        counts = [flow.known(item) for item in positional] if "delta" in name or "durat" in name else []
        found = _moments.length_call(name, lengths, counts, place)
    return found


def _copied(flow: Flow, form: Form, name: str, positional: list[Form]) -> Known:
    if name == "typing.cast":
        return flow.known(positional[1]) if len(positional) > 1 else unknown("call")
    claims = Claims()
    if positional:
        known_ = flow.known(positional[0])
        if name.startswith("copy.") and known_.claims is None and known_.opaque != "parameter":
            return known_
        claims = as_claims(_models.dumped(flow, known_, {}) if known_.made else known_).copy()
    for keyword, value, at in form[4]:
        held = flow.known(value)
        if keyword is None:
            claims.add(as_claims(held))
        else:
            claims.set(keyword, held, (Written(flow.block, ["item", at, None, value]),))
    return Known(claims=claims)


def _number(flow: Flow, form: Form, held: Known) -> Known:
    if held.amounts:
        return replace(held, texts=(), present=None)
    place = Place(flow.block.module, form[1])
    amounts = [
        Amount(float(text), "number", sure=False, place=place) for text in held.texts if text.strip().isdecimal()
    ]
    if amounts:
        return Known(amounts=tuple(amounts), complete=held.complete)
    return asked(flow, form)


_DUMPS = frozenset({"model_dump", "dict", "to_dict", "as_dict", "_asdict", "asdict", "__json__"})


def _method(flow: Flow, form: Form, owner: Form, name: str) -> Known | None:
    """Methods of dictionaries, models and moments."""
    positional, keywords = form[3], form[4]
    given = {keyword: item for keyword, item, _ in keywords if keyword is not None}
    if name in ("update", "setdefault", "pop") and flow.held(owner) is not None:
        return _changed(flow, form, owner, name)
    if name not in ("copy", "get", "shift", "add", "subtract", *_DUMPS, *_OF_MOMENTS):
        return None
    base = flow.known(owner)
    if name == "copy" and not positional and (base.claims is not None or base.opaque == "parameter"):
        return Known(claims=as_claims(base).copy(), present=base.present)
    if name == "get" and base.claims is not None and positional:
        claim = next((found for text in flow.known(positional[0]).texts if (found := base.claims.get(text))), None)
        return _value_of(claim) if claim is not None else unknown("call")
    if name in _DUMPS:
        inlined = _inlining.inlined(flow, form) if name not in ("model_dump", "dict") else None
        return inlined if inlined is not None else _models.dumped(flow, base, given)
    if name in ("shift", "add", "subtract") and any(item.kind == "moment" for item in base.amounts):
        lengths = {key: flow.known(item) for key, item in given.items()}
        place = Place(flow.block.module, form[1])
        length = _moments.length_call("datetime.timedelta", lengths, [], place)
        return combine("-" if name == "subtract" else "+", base, length or unknown("call"), place)
    zone_form = given.get("tzinfo") or (positional[0] if positional and name == "astimezone" else None)
    zone: Value | None = None if zone_form is None else ask(flow.program, flow.block, zone_form)
    return _moments.method(name, base, zone, zone_form is not None)


_OF_MOMENTS = frozenset(
    {"total_seconds", "timestamp", "float_timestamp", "int_timestamp", "astimezone", "replace", "utctimetuple",
     "timetuple"}
)  # fmt: skip


def _changed(flow: Flow, form: Form, owner: Form, name: str) -> Known:
    """`update`, `setdefault` and `pop` of a dictionary."""
    held = flow.held(owner)
    assert held is not None
    if name == "update":
        for argument in form[3]:
            held.add(as_claims(flow.known(argument)))
        for keyword, value, at in form[4]:
            if keyword is None:
                held.add(as_claims(flow.known(value)))
            else:
                held.set(keyword, flow.known(value), (Written(flow.block, ["item", at, None, value]),))
        return NOTHING
    keys = flow.known(form[3][0]).texts if form[3] else ()
    claim = held.get(keys[0]) if len(keys) == 1 else None
    if name == "pop":
        if claim is not None:
            held.items.pop(claim.key)
        return _value_of(claim) if claim is not None else unknown("call")
    if len(keys) == 1 and len(form[3]) > 1 and (claim is None or not claim.sure):
        known_ = flow.known(form[3][1])
        values = (*(claim.values if claim is not None else ()), known_)
        held.items[keys[0]] = Claim(keys[0], True, values, known_.written)
    return unknown("call")


# Conditions


def decide(flow: Flow, test: Form) -> bool | None:
    """Whether a condition holds where the walk stands; None when that is not known."""
    match test:
        case ["unary", _, "not", inner]:
            found = decide(flow, inner)
            return None if found is None else not found
        case ["bool", _, symbol, items]:
            answers = [decide(flow, item) for item in items]
            if symbol == "and":
                return False if False in answers else None if None in answers else True
            return True if True in answers else None if None in answers else False
        case ["compare", _, left, [operator], [right]]:
            return _compared(flow, left, operator, right)
    return flow.known(test).present if test[0] in ("name", "attr", "const", "walrus") else None


def _compared(flow: Flow, left: Form, operator: str, right: Form) -> bool | None:
    one, other = flow.known(left), flow.known(right)
    if right[0] == "const" and right[2] is None:
        if one.present is None or (one.present is False and (one.amounts or one.texts)):
            return None
        return one.present is (operator in ("is not", "!="))
    settled = one.complete and other.complete and len(one.texts) == len(other.texts) == 1
    if settled and operator in ("==", "!=", "is", "is not"):
        return (one.texts == other.texts) is (operator in ("==", "is"))
    return None


def narrowed(flow: Flow, test: Form, holds: bool) -> Names:
    """The names as they are where a condition holds, or does not."""
    match test:
        case ["unary", _, "not", inner]:
            return narrowed(flow, inner, not holds)
        case ["bool", _, symbol, items] if holds is (symbol == "and"):
            before, names = flow.names, flow.names
            for item in items:
                flow.names = names
                names = narrowed(flow, item, holds)
            flow.names = before
            return names
        case ["compare", _, ["name" | "attr", *_] as left, [operator], [["const", _, None]]]:
            absent = holds is (operator in ("is", "=="))
            return _with(flow, left, None if absent else True, absent)
        case ["name" | "attr", *_]:
            return _with(flow, test, holds or None, False)
        case ["walrus", _, target, _]:
            return _with(flow, target, holds or None, False)
    return flow.names


def _with(flow: Flow, form: Form, present: bool | None, absent: bool) -> Names:
    key = spelled(form)
    held = flow.names.get(key)
    if held is None:
        return flow.names
    if present:
        return {**flow.names, key: replace(held, present=True)}
    return {**flow.names, key: NOTHING if held.claims is None or absent else replace(held, present=None)}
