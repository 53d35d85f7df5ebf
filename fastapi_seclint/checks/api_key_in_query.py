"""FSL702: the API key is part of the address, which logs, proxies and browsers keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import Class, External, Place, options, string
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.leaks.raw_query import RawRead, raw_reads
from fastapi_seclint.subjects.secrets.comparisons import comparisons
from fastapi_seclint.subjects.secrets.key_headers import header_name, parameter_instead, read_instead
from fastapi_seclint.subjects.secrets.presented import query_alias
from fastapi_seclint.subjects.secrets.sent import core
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL702",
    name="api-key-in-query",
    summary="the API key is part of the address",
    severity="medium",
    cwe=(598,),
    owasp=("API2",),
    guide="7",
    fixable="unsafe",
)

_SCHEMES = ("fastapi.security.api_key.APIKeyQuery", "fastapi.security.APIKeyQuery")
_MESSAGE = (
    "a key in the query is kept by access logs, proxies, browser histories and Referer headers, where others find it: "
    "take it from a header with `APIKeyHeader`"
)
_KEYS = ("API key", "token", "secret")


@RULE.check
def api_key_in_query(program: Program) -> Iterator[Finding]:
    """One finding for each `APIKeyQuery(...)`, each class that extends it, and each key that a guard reads there."""
    seen: set[Location] = set()
    for call in program.sites.calls(*_SCHEMES):
        seen.add(call.location)
        edits = _header_instead(call)
        fix = Fix("take the key from a header", False, edits) if edits else None
        yield RULE.finding(call.location, _MESSAGE, symbol=call.block.symbol, fix=fix)
    for block in program.sites.blocks(frozenset({"APIKeyQuery"})):
        for form in block.forms.every:
            if form[0] == "class" and any(name_of(base) == "APIKeyQuery" for base in form[3]):
                found = options(ask(program, block, ["name", form[1], form[2]]))
                bases = [base for option in found if isinstance(option, Class) for base in option.external_bases()]
                if set(bases) & set(_SCHEMES):
                    yield RULE.finding(block.location(form), _MESSAGE, symbol=block.symbol)
    for block, form in _models(program):
        yield RULE.finding(block.location(form), _MESSAGE, symbol=block.symbol)
    for place in _asked_for(program):
        if place.location not in seen and not program.is_test(place.module):
            seen.add(place.location)
            yield RULE.finding(place.location, _MESSAGE)
    handlers = {id(route.function) for route in program.routes}
    reads = [read for read in raw_reads(program) if not _is_agreed(read.name)]
    for block, location, fix in (*_compared(program, reads), *_refused(program, reads)):
        if location not in seen and id(block.function) not in handlers:
            seen.add(location)
            yield RULE.finding(location, _MESSAGE, confidence="medium", symbol=block.symbol, fix=fix)


def _models(program: Program) -> Iterator[tuple[Block, Form]]:
    """Where a scheme that is written by hand says where its key is: `APIKey(**{"in": APIKeyIn.query}, name="key")`."""
    for block in program.sites.blocks(frozenset({"APIKeyIn"})):
        for form in block.forms.of("call") if not program.is_test(block.module) else ():
            told = (item for item in walk([*form[3], *(value for _, value, _ in form[4])]) if item[0] == "attr")
            if last_name(form[2]) == "APIKey" and any(
                part[3] == "query" and name_of(part[2]) == "APIKeyIn" for part in told
            ):
                yield block, form


def _asked_for(program: Program) -> Iterator[Place]:
    """Where the schemes of routes are made that take their key from the query, whatever the class is called there."""
    for route in program.routes:
        for node in route.nodes():
            scheme = scheme_of(node.call)
            if isinstance(scheme, External) and scheme.name.removesuffix("()") in _SCHEMES and scheme.place is not None:
                yield scheme.place


def _is_agreed(name: str) -> bool:
    """Whether a service that calls a webhook sends the name so: `hub.verify_token` (WebSub, Meta's webhooks)."""
    return name.startswith("hub.") or "verify" in name


def _compared(program: Program, reads: list[RawRead]) -> Iterator[tuple[Block, Location, Fix | None]]:
    """Where a key that a guard compares is taken from the query: by a parameter with an alias, or from the request."""
    places = {id(read.form) for read in reads}
    for item in comparisons(program):
        given, function = core(item.given), item.block.function
        alias = query_alias(program, function, given[2]) if given[0] == "name" and function is not None else None
        read = _read(item.block, given, places)
        if item.kind in _KEYS and alias is not None and function is not None:
            yield item.block, alias.place.location, parameter_instead(function, alias.name)
        elif item.kind in _KEYS and read is not None:
            yield item.block, item.block.location(read), read_instead(item.block, read)


def _read(block: Block, form: Form, places: set[int]) -> Form | None:
    """The read of the query of a request that an expression is, or that its local name is assigned."""
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        found = [item for item in block.scope.assignments(form[2]) if item[0] in ("assign", "annassign", "walrus")]
        value = core(found[0][-1]) if len(found) == 1 else None
        return _read(block, value, places) if value is not None and value[0] != "name" else None
    return form if any(id(part) in places for part in walk([form])) else None


def _refused(program: Program, reads: list[RawRead]) -> Iterator[tuple[Block, Location, Fix | None]]:
    """The API keys that a guard reads and looks up: it refuses who has none that is known."""
    for read in reads:
        if vocabulary(program).kind(read.name) == "API key" and any(map(_refuses, read.block.forms.of("raise"))):
            yield read.block, read.block.location(read.form), read_instead(read.block, read.form)


def _refuses(form: Form) -> bool:
    """Whether a 401 or 403 is raised."""
    numbers = any(item[0] == "const" and item[2] in (401, 403) for item in walk([form]))
    return numbers or any(
        item[0] == "attr" and str(item[3]).startswith(("HTTP_401", "HTTP_403")) for item in walk([form])
    )


def _header_instead(call: Call) -> tuple[Edit, ...] | None:
    """`APIKeyHeader` with the usual header name; None when nobody sees what the parameter is called."""
    path, function = call.block.module.path, call.form[2]
    given = call.argument("name", 0)
    name = string(call.value(given)) if given is not None else None
    if given is None or name is None or given.form[0] not in ("const", "name"):
        return None
    header = f'"{header_name(name)}"'
    named: Edit = (
        SetKeyword(path, span_of(call.form[1]), "name", header)
        if given.keyword
        else ReplaceExpression(path, span_of(given.form[1]), header)
    )
    return (_renamed(path, function), *_imported(path, function), named)


def _renamed(path: str, function: Form) -> Edit:
    if function[0] == "attr":
        at = span_of(function[1])
        owner = span_of(function[2][1])
        assert (owner.line, owner.column) == (at.line, at.column)
    code = "APIKeyHeader" if function[0] == "name" else f"{_dotted(function[2])}.APIKeyHeader"
    return ReplaceExpression(path, span_of(function[1]), code)


def _imported(path: str, function: Form) -> tuple[Edit, ...]:
    return (AddImport(path, "fastapi.security", "APIKeyHeader"),) if function[0] == "name" else ()


def _dotted(form: Form) -> str:
    return str(form[2]) if form[0] == "name" else f"{_dotted(form[2])}.{form[3]}"
