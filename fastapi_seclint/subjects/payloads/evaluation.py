"""Expressions on the way to a token, where a walk stands: dictionaries, models, lengths of time, calls of helpers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.values import Const, Place
from fastapi_seclint.subjects.payloads import models as _models
from fastapi_seclint.subjects.payloads import moments as _moments
from fastapi_seclint.subjects.payloads.asking import asked, named, through, value_of
from fastapi_seclint.subjects.payloads.builders import follows_chain, put_by_methods
from fastapi_seclint.subjects.payloads.calls import call
from fastapi_seclint.subjects.payloads.conditions import decide
from fastapi_seclint.subjects.payloads.inlining import of_property
from fastapi_seclint.subjects.payloads.known import (
    NOTHING,
    Claim,
    Claims,
    Known,
    Written,
    as_claims,
    combine,
    either,
    unknown,
)
from fastapi_seclint.subjects.payloads.loops import rounds
from fastapi_seclint.subjects.payloads.rows import row
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow


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
        case ["comp", _, "dict", key, value, clauses]:
            return _comprehension(flow, key, value, clauses)
        case ["sub", _, owner, index]:
            return _item(flow, form, owner, index)
        case ["fstr", _, parts]:
            return _text(flow, parts)
        case ["list" | "tuple", _, items]:
            whole = all(item[0] != "star" for item in items)
            return Known(present=True, complete=False, parts=tuple(map(flow.known, items)) if whole else ())
    return asked(flow, form)


def _name(flow: Flow, form: Form) -> Known:
    held = flow.names.get(form[2])
    if held is not None:
        found = row(flow.program, flow.block, form) if held.opaque == "call" and held.made is None else None
        return held if found is None else replace(found, written=held.written)
    found = named(asked(flow, form), form[2])
    return replace(found, written=(Written(flow.block, form),))


def _attribute(flow: Flow, form: Form, owner: Form, name: str) -> Known:
    held = flow.names.get(spelled(form))
    if held is not None:
        return held
    base = flow.names.get(spelled(owner)) if owner[0] in ("name", "attr") else flow.known(owner)
    own = owner[0] == "name" and owner[2] in ("self", "cls")
    if base is not None and base.made is not None and name in base.made.given:
        return _kept(flow, base.made.given[name], name) if own else base.made.given[name]
    if base is not None and name == "value" and (base.texts or base.amounts):
        return base
    if base is not None and name in ("timestamp", "float_timestamp", "int_timestamp") and base.amounts:
        return _moments.method(name, base, None, False) or unknown("call")
    if name == "__dict__":
        return _models.dumped(flow, base if base is not None and base.made is not None else flow.known(owner), {})
    if (computed := of_property(flow, form)) is not None:
        return computed
    found = asked(flow, form)
    if base is not None and base.made is not None and base.made.open and found.present is False:
        found = replace(found, present=None, complete=False)  # a default, for which anything else may be sent
    if found.claims is not None and own:
        if not follows_chain(flow):
            found.claims.open |= {"call"}
        put_by_methods(flow, found.claims, name)
    return replace(found, amounts=tuple(through(item, name) for item in found.amounts))


def _kept(flow: Flow, given: Known, name: str) -> Known:
    """What an object was given for its attribute, with what its methods put in."""
    if given.claims is None:
        return given
    claims = given.claims.copy()
    put_by_methods(flow, claims, name, made=True)
    return replace(given, claims=claims)


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


def _comprehension(flow: Flow, key: Form, value: Form, clauses: list[Form]) -> Known:
    """`{key: value for key, value in data.items() if ...}` has the keys of `data`, on a condition some of them.

    The columns of an object's table are its fields, and the names that are written down are keys.
    """
    target, iterable, conditions = clauses[0]
    if not _keeps_keys(target, key) and len(clauses) == 1 and not conditions:
        found = _named_keys(flow, key, value, target, iterable)
        return Known(claims=found if found is not None else Claims(open=frozenset({"call"})))
    claims: Claims | None = None
    match iterable:
        case ["call", _, ["attr", _, owner, "items"], [], []]:
            claims = as_claims(flow.known(owner)).copy()
        case ["call", _, ["name" | "attr", *_] as listed, [owner], []] if listed[-1] == "fields":
            claims = as_claims(_models.dumped(flow, flow.known(owner), {})).copy()
        case ["attr", _, ["attr", _, owner, "__table__" | "__mapper__"], "columns" | "c" | "column_attrs"]:
            claims = as_claims(_models.dumped(flow, flow.known(owner), {})).copy()
        case _ if len(clauses) == 1:
            claims = _named_keys(flow, key, value, target, iterable)
    if claims is None:
        return Known(claims=Claims(open=frozenset({"call"})))
    if conditions:
        claims.items = {
            name: item if kept else replace(item, sure=False)
            for name, item in claims.items.items()
            if (kept := _is_kept(flow, target, item, conditions)) is not False
        }
    return Known(claims=claims)


def _keeps_keys(target: Form, key: Form) -> bool:
    """Whether the keys are what is gone through; a text that is made of them, `f"verify_{name}"`, is another key."""
    return key[0] not in ("fstr", "binop") or target[0] not in ("name", "tuple")


def _text(flow: Flow, parts: list[Form]) -> Known:
    """A text that is put together, where all that goes into it is known to be one text."""
    told: list[str] = []
    for part in parts:
        plain = part[0] == "fmt" and not part[3]
        texts = (str(part[2]),) if part[0] == "const" else flow.known(part[2]).texts if plain else ()
        told += texts if len(texts) == 1 else ()
    whole = len(told) == len(parts)
    return Known(present=True, complete=False, texts=("".join(told),) if whole else ())


def _is_kept(flow: Flow, target: Form, claim: Claim, conditions: list[Form]) -> bool | None:
    """Whether a comprehension over the items of a dictionary keeps one; None when that is not known."""
    key = target[2][0] if target[0] == "tuple" else target
    if key[0] != "name":
        return None
    before, flow.names = flow.names, {**flow.names, key[2]: Known(texts=(claim.key,), present=True)}
    if target[0] == "tuple" and len(target[2]) == 2 and target[2][1][0] == "name" and claim.values:
        flow.names[target[2][1][2]] = value_of(claim)
    answers = [decide(flow, condition) for condition in _parts(conditions)]
    undecided = [one for one, answer in zip(_parts(conditions), answers, strict=True) if answer is None]
    flow.names = before
    return False if False in answers else None if not all(_only_tidies(one, key[2]) for one in undecided) else True


def _parts(conditions: list[Form]) -> list[Form]:
    return [part for one in conditions for part in (one[3] if one[:1] + one[2:3] == ["bool", "and"] else [one])]


def _only_tidies(condition: Form, key: str) -> bool:
    """Whether a condition leaves out what holds nothing, or whose name is not asked for: those of a token are."""
    match condition:
        case ["compare", _, ["name", _, name], ["is not"], [["const", _, None]]]:
            return bool(name != key)
        case ["compare", _, ["name", _, name], ["in"], [["name" | "attr", *_]]]:
            return bool(name == key)
    return False


def _named_keys(flow: Flow, key: Form, value: Form, target: Form, iterable: Form) -> Claims | None:
    """`{name: getattr(user, name) for name in ("id", "email")}`"""
    found = rounds(flow, target, iterable)
    if found is None:
        return None
    before, claims = dict(flow.names), Claims()
    for assign in found:
        assign()
        held, texts = flow.known(value), flow.known(key).texts
        if len(texts) == 1:
            claims.set(texts[0], held, (Written(flow.block, ["item", key[1], key, value]),))
        else:
            claims.open |= {"call"}
    flow.names = before
    return claims


def _item(flow: Flow, form: Form, owner: Form, index: Form) -> Known:
    held = flow.known(owner)
    if held.parts and index[0] == "const" and isinstance(index[2], int):
        return held.parts[index[2]] if index[2] < len(held.parts) else unknown("call")
    if held.claims is not None:
        keys = flow.known(index).texts
        claim = held.claims.get(keys[0]) if len(keys) == 1 else None
        if claim is not None:
            return value_of(claim)
    return asked(flow, form)
