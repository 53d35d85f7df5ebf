"""FSL403: a 401 of a bearer or Basic scheme that does not say which scheme it wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements, SetDictItem, SetKeyword
from fastapi_seclint.facts.forms import last_name, span_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards.bearer_schemes import Scheme
from fastapi_seclint.subjects.guards.challenges import Refusal, added_elsewhere, refusals
from fastapi_seclint.subjects.guards.dropped_headers import dropping
from fastapi_seclint.subjects.guards.unauthorized import concerned
from fastapi_seclint.subjects.limits.limiters import inner_numbers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL403",
    name="missing-www-authenticate",
    summary="a 401 does not say how to authenticate",
    severity="low",
    cwe=(287,),
    owasp=("API2",),
    guide="4",
    fixable="safe",
)


_SHOWN = 10
"""How many of the places are listed that refuse with one thing."""


@RULE.check
def missing_www_authenticate(program: Program) -> Iterator[Finding]:
    """One finding a call that makes the exception, and one an answer that leaves out what all exceptions say."""
    functions = concerned(program)
    if not functions or added_elsewhere(program, plain=True):
        return
    added = added_elsewhere(program)
    seen: dict[Location, tuple[Refusal, Scheme, bool, list[Evidence]]] = {}
    for function, scheme, within in functions.values():
        for refusal in refusals(program, function):
            if added and not (refusal.form[0] == "call" and last_name(refusal.form[2]) == "HTTPException"):
                continue
            location = refusal.block.location(refusal.form)
            if not program.is_test(refusal.block.module):
                seen.setdefault(location, (refusal, scheme, within, []))[-1].extend(_refuser(refusal, function))
    for location, (refusal, scheme, within, refusing) in seen.items():
        yield _finding(refusal, scheme, location, refusing, within=within)
    for block, answer, code in dropping(program):
        edit = SetKeyword(block.module.path, span_of(answer[1]), "headers", code)
        yield RULE.finding(
            block.location(answer),
            "this answer to every HTTPException leaves its headers out, so no 401 names the scheme that it wants: "
            f"send `headers={code}`",
            symbol=block.symbol,
            fix=Fix("send the headers of the exception", True, (edit,)),
        )


def _finding(
    refusal: Refusal, scheme: Scheme, location: Location, refusing: list[Evidence], *, within: bool
) -> Finding:
    """A refusal of somebody whom a guard has let pass, which may have been meant as a 403, is for pedants."""
    path, call = location.path, location.span
    edit: Edit = SetKeyword(path, call, "headers", f'{{"WWW-Authenticate": "{scheme}"}}')
    if refusal.headers is not None and refusal.headers[0] == "dict":
        edit = SetDictItem(path, span_of(refusal.headers[1]), "WWW-Authenticate", f'"{scheme}"')
    if refusal.later:
        edit = InsertStatements(path, call, "after", f'self.headers = {{"WWW-Authenticate": "{scheme}"}}')
    positional = refusal.form[0] == "class" or len(refusal.form[3]) > 2
    return RULE.finding(
        location,
        f"this 401 lacks the header that names the scheme, so clients cannot tell that they should come with {scheme} "
        "credentials: "
        f'send `headers={{"WWW-Authenticate": "{scheme}"}}`',
        persona="pedantic" if within else None,
        symbol=refusal.block.symbol,
        evidence=list(dict.fromkeys(refusing))[:_SHOWN],
        fix=None if positional else Fix("say which scheme the route wants", True, (edit,)),
    )


def _refuser(refusal: Refusal, function: Function) -> list[Evidence]:
    """The function that refuses with what is made elsewhere."""
    block = refusal.block
    if block.module is function.module and block.number in inner_numbers(function):
        return [] if refusal.told is None else [Evidence(refusal.told, "it is raised here")]
    return [Evidence(refusal.told or function.place.location, f"{function.name} refuses with it")]
