"""Collections of a program that hold keys or passwords by how they are asked: `TENANTS.get(x_api_key)`, in a loop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Const, Mapping, Value, options
from fastapi_seclint.subjects.code.literals import texts
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.names import Reach, plausible
from fastapi_seclint.subjects.secrets.needs import Use
from fastapi_seclint.subjects.secrets.presented import presented
from fastapi_seclint.subjects.secrets.sent import Sent, core
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KNOWN = "what a caller has to know"
_DISPLAYS = ("list", "set", "tuple")
_HOLDING = ("frozenset", "field", "Field", "MappingProxyType")
_RETURNED = re.compile(rb'\["return",\d+,\["(dict|list|set|tuple|call)"')


def looked_up(program: Program) -> Iterator[tuple[Value, Use]]:
    """The keys, as a collection, of every dictionary or list that is asked for the API key that a caller sends."""
    named = list(_named(program))
    of_keys, of_rows = dict(_of_keys(named)), dict(_of_rows(named))
    keys, rows = frozenset(of_keys), frozenset(of_rows)
    for block in program.sites.blocks(frozenset({*of_keys.values(), *of_rows.values()})) if keys | rows else ():
        scope = block.scope
        if isinstance(scope, FunctionScope) and not program.is_test(block.module):
            sent = Sent(program, vocabulary(program), block, scope)
            yield from _asked(program, block, sent, keys)
            yield from _looped(program, block, sent, rows)


def _asked(program: Program, block: Block, sent: Sent, names: frozenset[str]) -> Iterator[tuple[Value, Use]]:
    for form in block.forms.of("call", "sub", "compare"):
        found = _lookup(form)
        if found is None or _called(found[0]) not in names:
            continue
        if _kind(program, sent, found[1]) not in ("API key", "token"):
            continue
        for option in options(ask(program, block, found[0])):
            use = Use("API key", _KNOWN, block.location(form))
            if isinstance(option, Mapping):
                yield Collection("list", [key for key, _ in option.items]), use
            elif isinstance(option, Collection) and form[0] == "compare":
                yield option, use


def _looped(program: Program, block: Block, sent: Sent, names: frozenset[str]) -> Iterator[tuple[Value, Use]]:
    """What a credential is compared with in a loop over rows: `for name, password in OPERATORS`."""
    for form in block.forms.of("compare"):
        match form:
            case ["compare", _, left, ["==" | "!="], [right]]:
                pairs = [pair for pair in ((left, right), (right, left)) if pair[1][0] == "name"]
            case _:
                continue
        for given, other in pairs:
            kind = _kind(program, sent, given)
            for position, rows in _rows(block, other[2], names) if kind else ():
                for option in options(ask(program, block, rows)):
                    cells = option.items if isinstance(option, Collection) else []
                    found = [one for cell in cells for one in options(cell) if isinstance(one, Collection)]
                    column = [row.items[position] for row in found if position < len(row.items)]
                    known = [cell for cell in column for one in options(cell) if isinstance(one, Const)]
                    if known:
                        yield Collection("list", known), Use(kind, _KNOWN, block.location(form))


def _rows(block: Block, name: str, names: frozenset[str]) -> Iterator[tuple[int, Form]]:
    """The place of a loop's name in the rows of a named list, and that list."""
    for form in block.forms.of("for", "comp"):
        for target, iterable, *_ in [form[2:4]] if form[0] == "for" else form[5]:
            if target[0] == "tuple" and _called(iterable) in names:
                for position, item in enumerate(target[2]):
                    if item[0] == "name" and item[2] == name:
                        yield position, iterable


def _named(program: Program) -> Iterator[tuple[str, str, Form]]:
    """The names that modules, classes, functions and keys of dictionaries give to displays with something in them.

    The second item is the word that is in a file which asks for it: of a key, the name of its dictionary.
    """
    for module in program.modules.by_file.values():
        for name, value in _given_names(module.facts):
            display = _display(value)
            if display is not None:
                yield name, name, display
            for key, inner in display[2] if display is not None and display[0] == "dict" else ():
                if key is not None and key[0] == "const" and (one := _display(inner)) is not None:
                    yield str(key[2]), name, one


def _given_names(facts: FileFacts) -> Iterator[tuple[str, Form]]:
    for form in facts.forms(MODULE).of("assign", "annassign"):
        target = form[2][0] if form[0] == "assign" else form[2]
        if target[0] == "name" and form[-1] is not None:
            yield target[2], form[-1]
    for number, (name, _, _) in enumerate(facts.functions):
        if facts.body_speaks(number, _RETURNED):
            statements = facts.body(number)
            if statements[-1][0] == "return" and len(statements) <= 2 and statements[-1][2] is not None:
                yield name.rpartition(".")[2], statements[-1][2]


def _display(value: Form) -> Form | None:
    """The display that something holds: in a frozen set, as the default of a field, or by itself."""
    match value:
        case ["call", _, ["name" | "attr", *_] as function, given, keywords] if function[-1] in _HOLDING:
            named = {keyword: item for keyword, item, _ in keywords}
            factory = named.get("default_factory", ["opaque", 0])
            held = given[0] if given else named.get("default", factory[3] if factory[0] == "lambda" else factory)
            return _display(held)
        case ["list" | "set" | "tuple" | "dict", _, [_, *_]]:
            return value
    return None


def _called(form: Form) -> str:
    """What a collection is known by: a name, an attribute, a key of a dictionary, the function that gives it."""
    match form:
        case ["name" | "attr", *_]:
            return str(form[-1])
        case ["sub", _, _, ["const", _, key]]:
            return str(key)
        case ["call", _, ["name" | "attr", *_] as function, [], []]:
            return str(function[-1])
    return ""


def _of_keys(named: list[tuple[str, str, Form]]) -> Iterator[tuple[str, str]]:
    """The names of dictionaries and lists whose keys or items are written texts that may be API keys, as `_named`."""
    for name, word, value in named:
        items = [key for key, _ in value[2]] if value[0] == "dict" else value[2]
        known = [item[2] if item is not None and item[0] == "const" else None for item in items]
        if all(isinstance(text, str) and plausible(text, "API key", name, Reach.ASSIGNED, many=True) for text in known):
            yield name, word


def _of_rows(named: list[tuple[str, str, Form]]) -> Iterator[tuple[str, str]]:
    """The names of lists of tuples of written texts."""
    for name, word, value in named:
        rows = value[2] if value[0] in _DISPLAYS else []
        if rows and all(row[0] == "tuple" and len(list(texts(row))) == len(row[2]) > 1 for row in rows):
            yield name, word


def _lookup(form: Form) -> tuple[Form, Form] | None:
    """The collection and the key of a look-up: `NAME.get(key)`, `NAME[key]`, `key in NAME`."""
    match form:
        case ["call", _, ["attr", _, owner, "get"], [key, *_], _]:
            return owner, key
        case ["sub", _, owner, key]:
            return owner, key
        case ["compare", _, key, ["in" | "not in"], [owner]]:
            return owner, key
    return None


def _kind(program: Program, sent: Sent, form: Form) -> str:
    """What kind of credential a caller sends in an expression; empty for none."""
    key = core(form)
    kind = sent.kind(key) or (presented(program, sent.scope.function, key[2]) if key[0] == "name" else "")
    return kind if kind and sent.is_sent(key) else ""
