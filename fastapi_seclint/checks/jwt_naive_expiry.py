"""FSL309: the expiry of a token is computed from local time that does not know its zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, mentions, span_of, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.origins import blocks_of
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Amount, Clock
from fastapi_seclint.subjects.tokens.dates import symbol
from fastapi_seclint.subjects.tokens.lifetimes import made_elsewhere

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL309",
    name="jwt-naive-expiry",
    summary="expiry from local time: off by the server's time zone",
    severity="medium",
    cwe=(613, 682),
    owasp=("API2",),
    guide="3",
    fixable="safe",
)

_WHY: dict[Clock, str] = {
    "naive local": "local time without a zone is taken as UTC",
    "mislabelled": "local time is labelled as UTC",
    "shifted unix": "`timestamp()` takes a UTC time without a zone as local time",
}


@RULE.check
def jwt_naive_expiry(program: Program) -> Iterator[Finding]:
    """One finding for each call that tells the time wrongly for an expiry."""
    seen: set[Place] = set()
    for token in tokens(program):
        claim = token.claims.get("exp")
        if claim is None or program.is_test(token.encoding.call.block.module):
            continue
        for amount in (item for value in claim.values for item in value.amounts):
            place = amount.clock_at
            if amount.clock in _WHY and place is not None and place not in seen:
                seen.add(place)
                yield _finding(token, amount, place)


def _finding(token: Token, amount: Amount, place: Place) -> Finding:
    found = _block_of(token, place)
    return RULE.finding(
        place.location,
        f"{_WHY[amount.clock]}, so on a server east of Greenwich a stolen token works for hours after its expiry: "
        "use datetime.now(timezone.utc)",
        symbol=found[0].symbol if found is not None else place.module.name,
        evidence=made_elsewhere(token, place),
        fix=None if found is None else _fix(*found),
    )


def _block_of(token: Token, place: Place) -> tuple[Block, Form] | None:
    for block in blocks_of(token.encoding.program, place.module):
        for form in block.forms.every:
            if form[0] == "call" and form[1] == place.at:
                return block, form
    return None


def _fix(block: Block, form: Form) -> Fix | None:
    """Tell the time in UTC; None where the time is also compared with others, which may have no zone."""
    if _compared(block, form):
        return None
    path = block.module.path
    zone, edits = symbol(block, "timezone")
    name, owner = form[2][-1], form[2]
    edit: Edit
    clock = ""
    if name == "now" and not form[3] and not form[4]:
        clock, more = symbol(block, "datetime") if owner[0] == "name" else (spelled(owner[2]), ())
        edits = (*edits, *more)
    elif name in ("utcnow", "today") and owner[0] == "attr":
        clock = spelled(owner[2])
    if clock:
        now = f"{clock}.now({zone}.utc)"
        told = (ReplaceExpression(path, span_of(one[1]), now) for one in (form, *_beside(block, form)))
        return Fix("compute the expiry in UTC", True, (*told, *edits))
    if name == "now" and (stripping := _stripping(block, form)) is not None and (text := code(form)) is not None:
        edit, edits = ReplaceExpression(path, span_of(stripping[1]), text), ()
    elif name == "fromtimestamp":
        edit = SetKeyword(path, span_of(form[1]), "tz", f"{zone}.utc")
    else:
        return None
    return Fix("compute the expiry in UTC", True, (edit, *edits))


def _beside(block: Block, call: Form) -> Iterator[Form]:
    """The same call where the same name gets its value on another way: `if lasts: end = now() + lasts`, or else."""
    names = block.forms.names_of(lambda value: any(item is call for item in walk([value])))
    for form in block.forms.of("assign"):
        if any(target[0] == "name" and target[2] in names for target in form[2]):
            for item in walk([form[3]]):
                same = item is not call and item[0] == "call" and spelled(item[2]) == spelled(call[2])
                if same and not item[3] and not item[4]:
                    yield item


def _stripping(block: Block, call: Form) -> Form | None:
    """`call.replace(tzinfo=None)`, which takes the zone away again."""
    for form in block.forms.every:
        match form:
            case ["call", _, ["attr", _, owner, "replace"], [], [["tzinfo", ["const", _, None], _]]] if owner is call:
                return form
    return None


def _compared(block: Block, call: Form) -> bool:
    """Whether the time, by a name it is assigned to, is used for more than computing an expiry."""
    names = block.forms.names_of(lambda value: value is call)
    return any(mentions(form, names) for form in block.forms.of("compare"))
