"""Calls on the way to a token: copies, models, numbers, moments, methods of dictionaries, helpers of the project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Class, Environment, External, Place, Value, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads import models as _models
from fastapi_seclint.subjects.payloads import moments as _moments
from fastapi_seclint.subjects.payloads.asking import asked, value_of
from fastapi_seclint.subjects.payloads.known import (
    NOTHING,
    Amount,
    Claim,
    Claims,
    Known,
    Written,
    as_claims,
    combine,
    unknown,
)
from fastapi_seclint.subjects.payloads.pairs import of_pairs

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow

_COPIES = frozenset({"copy.copy", "copy.deepcopy", "builtins.dict", "types.MappingProxyType", "typing.cast"})
_TEXTS = frozenset({"json.dumps", "orjson.dumps", "ujson.dumps", "msgspec.json.encode"})
"""What makes JSON of a dictionary, as jwcrypto's `JWT(claims=json.dumps(claims))` may get it."""
_NUMBERS = frozenset({"builtins.int", "builtins.float", "builtins.round", "math.floor", "math.ceil", "builtins.abs"})
_DUMPS = frozenset({"model_dump", "dict", "to_dict", "as_dict", "_asdict", "asdict", "__json__"})
_OF_MOMENTS = frozenset(
    {"total_seconds", "timestamp", "float_timestamp", "int_timestamp", "astimezone", "replace", "utctimetuple",
     "timetuple"}
)  # fmt: skip


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
        if isinstance(option, Environment) and isinstance(option.default, External):
            option = option.default
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
    if name in ("dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve") and positional:
        return _models.changed(flow, flow.known(positional[0]), [], given)
    if name in _TEXTS and positional:
        return flow.known(positional[0])
    if name in _NUMBERS and positional:
        return _number(flow, form, flow.known(positional[0]))
    if name in ("builtins.vars", "dataclasses.asdict", "fastapi.encoders.jsonable_encoder", "attr.asdict",
                "attrs.asdict", "playhouse.shortcuts.model_to_dict", "msgspec.to_builtins",
                "msgspec.structs.asdict", "cattrs.unstructure"):  # fmt: skip
        return _models.dumped(flow, flow.known(positional[0]), given) if positional else None
    if name in ("calendar.timegm", "time.mktime") and positional:
        return _moments.counted(flow.known(positional[0]), local=name == "time.mktime")
    if name.endswith("fromtimestamp") and positional:
        zone = positional[1] if len(positional) > 1 else given.get("tz")
        return _moments.from_unix(name, flow.known(positional[0]), None if zone is None else flow.known(zone), place)
    zone = positional[0] if positional else given.get("tz")
    found = _moments.now_call(name, None if zone is None else flow.known(zone), place)
    if found is None:
        made = "delta" in name or "durat" in name
        lengths = {key: flow.known(item) for key, item in given.items()} if made else {}
        lengths |= _spread(flow, form) if made else {}
        counts = [flow.known(item) for item in positional] if made else []
        found = _moments.length_call(name, lengths, counts, place)
    return found


def _spread(flow: Flow, form: Form) -> dict[str, Known]:
    """The keywords that a call is handed in a dictionary whose keys are known: `timedelta(**{unit: amount})`."""
    spread = [as_claims(flow.known(value)) for keyword, value, _ in form[4] if keyword is None]
    return {key: value_of(claim) for claims in spread for key, claim in claims.items.items()}


def _copied(flow: Flow, form: Form, name: str, positional: list[Form]) -> Known:
    if name == "typing.cast":
        return flow.known(positional[1]) if len(positional) > 1 else unknown("call")
    claims = of_pairs(flow, positional[0]) if name == "builtins.dict" and positional else None
    if claims is None and positional:
        known_ = flow.known(positional[0])
        if name.startswith("copy.") and known_.claims is None and known_.opaque != "parameter":
            return known_
        claims = as_claims(_models.dumped(flow, known_, {}) if known_.made else known_).copy()
    claims = claims if claims is not None else Claims()
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


def _method(flow: Flow, form: Form, owner: Form, name: str) -> Known | None:
    """Methods of dictionaries, models and moments."""
    positional, keywords = form[3], form[4]
    given = {keyword: item for keyword, item, _ in keywords if keyword is not None}
    if name in ("update", "setdefault", "pop") and flow.held(owner) is not None:
        return _changed(flow, form, owner, name)
    if name in ("model_copy", "_replace") or (name == "copy" and "update" in given):
        base, changes = flow.known(owner), [given["update"]] if "update" in given else []
        return _models.changed(flow, base, changes, given if name == "_replace" else {})
    if name not in ("copy", "get", "shift", "add", "subtract", *_DUMPS, *_OF_MOMENTS):
        return None
    if name == "asdict" and positional:
        return None  # a library's function: `attrs.asdict(user)`, `msgspec.structs.asdict(user)`
    base = flow.known(owner)
    if name == "copy" and not positional and (base.claims is not None or base.opaque == "parameter"):
        return Known(base.written, as_claims(base).copy(), present=base.present)
    if name == "get" and base.claims is not None and positional:
        texts = flow.known(positional[0]).texts
        claim = next((found for text in texts if (found := base.claims.get(text))), None)
        if claim is None and not texts:  # one of what a dictionary has, `USERS.get(name)`
            return replace(asked(flow, ["sub", form[1], owner, positional[0]]), present=None)
        return value_of(claim) if claim is not None else unknown("call")
    if name in _DUMPS:
        inlined = _inlining.inlined(flow, form) if name not in ("model_dump", "dict") else None
        if inlined is not None:
            return inlined
        return replace(_models.dumped(flow, base, given), written=(Written(flow.block, form),))
    if name in ("shift", "add", "subtract") and any(item.kind == "moment" for item in base.amounts):
        lengths = {key: flow.known(item) for key, item in given.items()} | _spread(flow, form)
        place = Place(flow.block.module, form[1])
        length = _moments.length_call("datetime.timedelta", lengths, [], place)
        return combine("-" if name == "subtract" else "+", base, length or unknown("call"), place)
    zone_form = given.get("tzinfo") or (positional[0] if positional and name == "astimezone" else None)
    zone: Value | None = None if zone_form is None else ask(flow.program, flow.block, zone_form)
    return _moments.method(name, base, zone, zone_form is not None)


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
        return value_of(claim) if claim is not None else unknown("call")
    if len(keys) == 1 and len(form[3]) > 1 and (claim is None or not claim.sure):
        known_ = flow.known(form[3][1])
        values = (*(claim.values if claim is not None else ()), known_)
        held.items[keys[0]] = Claim(keys[0], True, values, known_.written)
    return unknown("call")
