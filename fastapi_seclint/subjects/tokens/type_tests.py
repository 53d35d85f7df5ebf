"""A test of the type claim where a guard reads a token, which refuses as the function refuses bad tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import Form, is_none, mentions, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask, body_of, callers
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Token
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.purposes import renews, telling_claims
from fastapi_seclint.subjects.tokens.refusing import refusing
from fastapi_seclint.subjects.tokens.types import guarding_readers, reached, type_claims

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Condition = Callable[[str], str]
"""The test that is true for a token to be refused, as code; it is given the code of the claims."""

_READ = re.compile(r'\.get\("(\w+)"\)')
_SIMPLE = ("assign", "annassign", "return", "expr")
_LATER = ("lambda", "comp", "ifexp", "bool", "def", "class")
"""What is in these is not evaluated, or not always, when the statement around them runs."""


def testing(
    program: Program,
    function: Function,
    decoding: Decoding,
    through: Form,
    condition: Condition,
    why: str,
) -> tuple[Edit, ...]:
    """The edits that test a claim of what a guard reads; `through` is the call in the guard that leads to the reading.

    In the guard where it gets the claims themselves, else where they are read when nobody but guards reads them there;
    nothing where neither holds.
    """
    suffix = ".claims" if decoding.library == "joserfc" else ""
    if decoding.call.name.endswith("_complete"):
        return ()
    block = body_of(program, function)
    own, reader = decoding.call.block, decoding.call.block.function
    if block is None or reader is None:
        return ()
    if reader.number == function.number and reader.module is function.module:
        return tested(own, decoding.call.form, suffix, condition, why)
    given = _gives(own, decoding.call.form, suffix)
    direct = any(form is through for _, form, _ in callers(program, reader))
    if given is not None and direct:
        return tested(block, through, given, condition, why)
    if _guards_alone(program, reader) or _is_for(program, reader, function):
        return tested(own, decoding.call.form, suffix, condition, why)
    if direct and not suffix and (fields := _fields_given(program, own, decoding.call.form)):
        by_field = _of_object(condition, fields)
        return tested(block, through, "", by_field, why) if by_field is not None else ()
    return ()


def refreshes(program: Program, function: Function) -> bool:
    """Whether a route that gives new tokens for old ones has a function as its guard, too: then it takes both types."""
    return id(function) in _renewing(program)


@lru_cache(maxsize=1)
def _renewing(program: Program) -> set[int]:
    """The identities of the functions on the way of the routes that give new tokens for old ones."""
    routes = [route for route in program.routes if renews(route.path) or renews(route.name.rpartition(".")[2])]
    return {id(node.function) for route in routes for node in route.nodes() if node.function is not None}


def _guards_alone(program: Program, reader: Function) -> bool:
    """Whether nobody calls a function but guards, and what they call; tests aside."""
    way = _way_of_guards(program)
    outside = [block for block, _, _ in callers(program, reader) if not program.is_test(block.module)]
    return all(block.function is not None and (block.module.file, block.function.number) in way for block in outside)


@lru_cache(maxsize=1)
def _way_of_guards(program: Program) -> set[tuple[str, int]]:
    guards = [guard for guard in guarding_readers(program) if not refreshes(program, guard)]
    return {(one.module.file, one.number) for guard in guards for one, _ in reached(program, guard)}


def _is_for(program: Program, reader: Function, function: Function) -> bool:
    """Whether a function is called in one other only; tests aside."""
    outside = [block for block, _, _ in callers(program, reader) if not program.is_test(block.module)]
    return bool(outside) and all(block.function is function for block in outside)


def _gives(block: Block, call: Form, suffix: str) -> str | None:
    """Where the claims are in what a function gives, as `suffix` says it of what it reads; None for something else.

    A function that returns `token.claims` gives the claims themselves.
    """
    names = block.forms.names_of(lambda value: value is call)
    returned = [form[2] for form in block.forms.of("return")]
    whole = [value for value in returned if not is_none(value)]
    parts = [value[2] if suffix and value[0] == "attr" and f".{value[3]}" == suffix else value for value in whole]
    given = all(value is call or (value[0] == "name" and value[2] in names) for value in parts)
    if not whole or not given or len(whole) != len(returned):
        return None
    taken = {part is not value for part, value in zip(parts, whole, strict=True)}
    return None if len(taken) > 1 else "" if taken.pop() else suffix


def _fields_given(program: Program, block: Block, call: Form) -> frozenset[str]:
    """The fields of the model of claims that a function gives: `return Claims(**jwt.decode(...))`.

    Without those that are members of an enumeration, which equal no text unless they are texts themselves.
    """
    names = block.forms.names_of(lambda value: value is call)
    whole = [form[2] for form in block.forms.of("return") if not is_none(form[2])]
    found: list[frozenset[str]] = []
    for value in whole:
        given = [*value[3], *(item for _, item, _ in value[4])] if value[0] == "call" else []
        if len(given) != 1 or not (given[0] is call or (given[0][0] == "name" and given[0][2] in names)):
            return frozenset()
        made = [one.cls for one in options(ask(program, block, value)) if isinstance(one, Instance)]
        for cls in made:
            found.append(frozenset(_plain_fields(program, cls)) if isinstance(cls, Class) else frozenset())
    return frozenset.intersection(*found) if found else frozenset()


def _plain_fields(program: Program, cls: Class) -> Iterator[str]:
    for base in cls.lineage():
        if not isinstance(base, Class):
            continue
        for name, annotation, _ in base.fields:
            kinds = options(program.interpreter.ask(annotation, base.module.scope)) if annotation is not None else ()
            bases = [named for one in kinds if isinstance(one, Class) for named in one.external_bases()]
            if not bases or any(named in ("builtins.str", "enum.StrEnum") for named in bases):
                yield name


def _of_object(condition: Condition, fields: frozenset[str]) -> Condition | None:
    """The same test of an object that has the claims for attributes; None where it has not all of them.

    Whether one is there at all is no question to a model, whose fields have defaults.
    """
    asked = condition("claims")
    if "is not None" in asked or not fields.issuperset(_READ.findall(asked)):
        return None
    return lambda claims: _READ.sub(r".\1", condition(claims))


def tested(block: Block, call: Form, suffix: str, condition: Condition, why: str) -> tuple[Edit, ...]:
    """The edits that test the claims right where a call of a block reads them."""
    statement = next((form for form in _simple(block.statements) if any(one is call for one in walk(form))), None)
    if statement is None:
        return ()
    path, span = block.module.path, span_of(statement[1])
    refusal, imports = refusing(block, statement, why)
    value = statement[-1]
    awaited = value is not None and value[0] == "await" and value[2] is call
    name = _assigned(statement)
    if name and (value is call or awaited):
        test = f"if {condition(name + suffix)}:\n    {refusal}"
        return (InsertStatements(path, span, "after", test), *imports)
    whole = next((form for form in walk(statement) if form[0] == "await" and form[2] is call), call)
    written = code(whole)
    free = next((name for name in ("claims", "payload", "token_claims") if not _is_used(block, name)), "")
    if written is None or not free or not _is_first(statement, call):
        return ()
    lines = f"{free} = {written}\nif {condition(free + suffix)}:\n    {refusal}"
    edits = (InsertStatements(path, span, "before", lines), ReplaceExpression(path, span_of(whole[1]), free))
    return (*edits, *imports)


def _simple(statements: list[Form]) -> Iterator[Form]:
    return (form for form in walk(statements) if form[0] in _SIMPLE)


def _assigned(statement: Form) -> str:
    """The one name that a statement assigns to."""
    targets = statement[2] if statement[0] == "assign" else [statement[2]] if statement[0] == "annassign" else []
    return str(targets[0][2]) if len(targets) == 1 and targets[0][0] == "name" else ""


def _is_first(statement: Form, call: Form) -> bool:
    """Whether a call is made in any case, and before any other one, when its statement runs."""
    if any(form[0] in _LATER and any(inner is call for inner in walk(form)) for form in walk(statement)):
        return False
    calls = [form for form in walk(statement) if form[0] == "call"]
    inner = {id(form) for form in walk(call)}
    others = [form for form in calls if id(form) not in inner and not any(one is call for one in walk(form))]
    return all(form[1] > call[1] for form in others)


def _is_used(block: Block, name: str) -> bool:
    parameters = block.function.parameters if block.function is not None else ()
    return mentions([*block.statements, *parameters], {name})


def condition_for(access: Sequence[Token], others: Sequence[Token]) -> Condition | None:
    """The test that refuses the other tokens and none of the access tokens, by the claims of each."""
    for claim in _telling(access):
        wanted = [_texts(token, claim) for token in access]
        texts = {text for found in wanted for text in found}
        if all(wanted) and not any(texts & _texts(token, claim) or _is_vague(token, claim) for token in others):
            return _other_than(claim, sorted(texts))
    if any(type_claims(token) or token.claims.open for token in access):
        return None
    told = [[claim for claim in sorted(type_claims(token)) if token.claims.surely(claim)] for token in others]
    marks = list(dict.fromkeys(claims[0] for claims in told if claims))
    if not all(told):
        return None
    return lambda claims: " or ".join(f'{claims}.get("{mark}") is not None' for mark in marks)


def _telling(tokens: Sequence[Token]) -> list[str]:
    return list(dict.fromkeys(claim for token in tokens for claim in telling_claims(token)))


def only_text(access: Sequence[Token], others: Sequence[Token]) -> tuple[str, str, str] | None:
    """The claim under which all access tokens have one text and all the others another one, with both texts."""
    for claim in _telling(access):
        one, other = [_texts(token, claim) for token in access], [_texts(token, claim) for token in others]
        mine, theirs = {text for found in one for text in found}, {text for found in other for text in found}
        if one and other and all(one) and all(other) and len(mine) == len(theirs) == 1 and mine != theirs:
            return claim, mine.pop(), theirs.pop()
    return None


def _other_than(claim: str, texts: list[str]) -> Condition:
    if len(texts) == 1:
        return lambda claims: f'{claims}.get("{claim}") != {json.dumps(texts[0], ensure_ascii=False)}'
    listed = ", ".join(json.dumps(text, ensure_ascii=False) for text in texts)
    return lambda claims: f'{claims}.get("{claim}") not in ({listed})'


def _texts(token: Token, claim: str) -> set[str]:
    """All texts that a token has under a claim; nothing where it may have none, or another one."""
    found = token.claims.get(claim)
    known = found is not None and found.sure and all(value.complete and value.texts for value in found.values)
    return set(found.texts) if found is not None and known else set()


def _is_vague(token: Token, claim: str) -> bool:
    """Whether what a token has under a claim is not known."""
    return token.claims.get(claim) is not None and not _texts(token, claim)
