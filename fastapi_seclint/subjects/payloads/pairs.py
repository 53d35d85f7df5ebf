"""Dictionaries that are made of pairs: `dict([("sub", user)])`, `dict(zip(NAMES, values))`, `dict(claims_of(user))`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import GENERATOR, Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Const, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.payloads.known import Claim, Claims, Written, unknown

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow

_DISPLAYS = ("list", "tuple", "set")
_SIMPLE = frozenset({"expr", "assign", "annassign", "augassign", "pass"})


def of_pairs(flow: Flow, form: Form) -> Claims | None:
    """The claims that an iterable of keys and values gives a dictionary; None for what is something else."""
    match form:
        case ["list" | "tuple" | "set", _, items] if items and all(map(_is_pair, items)):
            return _joined(flow, [(item[2][0], item[2][1]) for item in items])
        case ["comp", at, "generator" | "list", ["tuple", _, [key, value]], _, clauses]:
            return flow.known(["comp", at, "dict", key, value, clauses]).claims
        case ["call", _, called_, [keys, values], _] if last_name(called_) == "zip":
            return _zipped(flow, keys, values)
        case ["call", _, called_, [_, *_] as parts, []] if last_name(called_) == "chain":
            return _chained(flow, parts)
        case ["call", *_]:
            functions = [function for function, _ in called(flow.program, flow.block, form)]
            if len(functions) == 1 and functions[0].flags & GENERATOR:
                body = body_of(flow.program, functions[0])
                return _yielded(body) if body is not None else None
    return None


def _is_pair(form: Form) -> bool:
    return bool(form[0] == "tuple" and len(form[2]) == 2)


def _joined(flow: Flow, pairs: list[tuple[Form, Form]]) -> Claims:
    claims = Claims()
    for key, value in pairs:
        texts = flow.known(key).texts
        if len(texts) == 1:
            claims.set(texts[0], flow.known(value), (Written(flow.block, value),))
        else:
            claims.open |= {"call"}
    return claims


def _chained(flow: Flow, parts: list[Form]) -> Claims:
    claims = Claims()
    for part in parts:
        found = of_pairs(flow, part)
        claims.add(found if found is not None else Claims(open=frozenset({"call"})))
    return claims


def _zipped(flow: Flow, keys: Form, values: Form) -> Claims | None:
    """The keys are a display, or a collection with a name; the values are known where they are a display."""
    named = list(_keys(flow, keys))
    given = values[2] if values[0] in _DISPLAYS else []
    if not named or any(item is None for item in named):
        return None
    claims = Claims()
    for number, key in enumerate(item for item in named if item is not None):
        held = flow.known(given[number]) if number < len(given) else unknown("call")
        claims.set(str(key.form[2]), held, (key,))
    return claims


def _keys(flow: Flow, keys: Form) -> Iterator[Written | None]:
    if keys[0] in _DISPLAYS:
        yield from (Written(flow.block, item) if item[0] == "const" else None for item in keys[2])
        return
    for option in options(ask(flow.program, flow.block, keys)) if keys[0] in ("name", "attr") else ():
        for item in option.items if isinstance(option, Collection) and not option.open else ():
            known = isinstance(item, Const) and isinstance(item.value, str) and item.place is not None
            if known and isinstance(item, Const) and item.place is not None:
                block = flow.program.sites.top(item.place.module)
                yield Written(block, ["const", item.place.at, item.value])
            else:
                yield None
        return


def _yielded(body: Block) -> Claims | None:
    """What a generator gives: `yield "sub", user.id`; on a condition what stands below another statement."""
    claims = Claims()
    for form in body.forms.of("yield", "yieldfrom"):
        pair = form[2]
        if form[0] == "yieldfrom" or pair is None or not _is_pair(pair) or pair[2][0][0] != "const":
            claims.open |= {"call"}
            continue
        key, value = str(pair[2][0][2]), pair[2][1]
        held = unknown("call", Written(body, value))
        sure = any(item[0] in _SIMPLE and item[-1] is form for item in body.statements)
        claims.add(Claims({key: Claim(key, sure, (held,))}))
    return claims if claims.items else None
