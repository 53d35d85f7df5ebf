"""FSL407: the security scheme sends clients to a token URL where the application has no route."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.routers import Mount, Router
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Class, Const, Value, options, string
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.filled import filled
from fastapi_seclint.subjects.code.items import items
from fastapi_seclint.subjects.code.origins import ask, origins
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.logins.library_routes import is_librarys_login
from fastapi_seclint.subjects.logins.routes import auth_routes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL407",
    name="token-url-mismatch",
    summary="the documented token URL is not a route, so clients send passwords elsewhere",
    severity="low",
    cwe=(1068,),
    owasp=("API9",),
    guide="4",
    fixable="safe",
)

_SCHEME = "fastapi.security.oauth2.OAuth2PasswordBearer"
_PARENTS = frozenset({_SCHEME, "fastapi.security.oauth2.OAuth2"})
_FLOWS = "fastapi.openapi.models.OAuthFlows"
_FLOW = "fastapi.openapi.models.OAuthFlowPassword"
_TRANSPORTS = tuple(
    f"fastapi_users.authentication{module}.BearerTransport" for module in ("", ".transport", ".transport.bearer")
)
"""The transport of fastapi-users makes the scheme (fastapi_users/authentication/transport/bearer.py)."""
_MANAGER = "fastapi_login.LoginManager"
"""The manager of fastapi-login extends the scheme and says `token_url` (fastapi_login/fastapi_login.py)."""


@RULE.check
def token_url_mismatch(program: Program) -> Iterator[Finding]:
    """One finding a scheme, at the argument."""
    found = (
        *program.sites.calls(_SCHEME, _FLOWS, _FLOW, *_TRANSPORTS, _MANAGER, f"{_MANAGER}.LoginManager"),
        *_derived(program),
    )
    calls = [call for call in found if not program.is_test(call.block.module)]
    if not calls:
        return
    routes = [route for route, purpose in auth_routes(program) if purpose in ("login", "token")]
    routes += [route for route in program.routes if is_librarys_login(route)]
    routes = [route for route in routes if "POST" in route.methods]
    paths = {route.path.rstrip("/") for route in program.routes if "POST" in route.methods}
    if not routes or not _is_complete(program):
        return
    unsure = [re.compile(re.escape(path).replace(re.escape("{?}"), ".*")) for path in paths if "{?}" in path]
    for call, argument in (told for one in calls for told in _told(program, one)):
        url = string(call.value(argument))
        if url is None or "://" in url or url.startswith("//") or "{" in url:
            continue
        candidates = _candidates(program, url)
        if not candidates & paths and not any(path.fullmatch(one) for path in unsure for one in candidates):
            yield _finding(call, argument, url, routes)


def _told(program: Program, call: Call) -> Iterator[tuple[Call, Argument]]:
    """The token URL of a scheme, and the call seen from where it is written: it may come in options with `**`."""
    flow = call.argument("password") if call.name == _FLOWS else None
    if flow is not None and flow.form[0] == "dict":
        for item in items(program, call.block, flow.form, "tokenUrl"):
            yield replace(call, block=item.block), Argument(item.form, item.form[1], None)
        return
    argument = call.argument("tokenUrl", 0) if call.name != _FLOWS else None
    if call.name.startswith(_MANAGER):
        argument = call.argument("token_url", 1)
    if argument is not None:
        for origin in origins(program, call.block, argument.form) if argument.form[0] == "name" else ():
            if origin.passed is not None and origin.form[0] in ("const", "attr", "fstr", "binop"):
                yield replace(call, block=origin.block), Argument(origin.form, origin.form[1], None)
        yield call, argument
        unknown = string(call.value(argument)) is None and argument.form[0] != "name"
        for given, _, _ in filled(program, call) if unknown else ():
            yield given, argument
        return
    for form in call.spread:
        for item in items(program, call.block, form, "tokenUrl"):
            yield replace(call, block=item.block), Argument(item.form, item.form[1], "tokenUrl")


def _derived(program: Program) -> Iterator[Call]:
    """The calls that make an object of a class that extends the scheme, or that class's own call of its `__init__`."""
    spoken = frozenset({"OAuth2PasswordBearer", "OAuth2"})
    modules = [item for item in program.modules.by_file.values() if item.facts.words & spoken]
    named = [value for module in modules for value in module.scope.names.values() if isinstance(value, Class)]
    derived = [item for item in named if _PARENTS & set(item.external_bases())]
    for block in program.sites.blocks(frozenset({"super", *(item.name for item in derived)})) if derived else ():
        owner = block.function.owner if block.function is not None else None
        for form in block.forms.of("call"):
            if not any(keyword == "tokenUrl" for keyword, _, _ in form[4]):
                continue
            match form[2]:
                case ["attr", _, ["call", _, ["name", _, "super"], *_], "__init__"]:
                    known = owner in derived
                case ["name" | "attr", *_]:
                    known = any(item in derived for item in options(ask(program, block, form[2])))
                case _:
                    known = False
            if known:
                yield Call(block, form, _SCHEME, program.interpreter)


def _is_complete(program: Program) -> bool:
    """Whether all routes are in sight: no include or mount of something unknown."""
    if not any(app.kind == "app" for app in program.apps):
        return False
    reasons = [reason for _, reason in program.interpreter.unresolved]
    if any(reason.startswith(("include_router of", "mount of")) for reason in reasons):
        return False
    return not program.interpreter.open_includes


def _candidates(program: Program, url: str) -> set[str]:
    """The paths that a token URL may mean: below the root path, or beside the docs or a mount when it is relative."""
    plain = url.split("?")[0].split("#")[0]
    found = {posixpath.normpath("/" + plain.lstrip("/"))}
    if not plain.startswith("/"):
        found |= {posixpath.normpath(f"{folder}/{plain}") for folder in _folders(program)}
    for root in _roots(program):
        found |= {path[len(root) :] or "/" for path in found if root and path.startswith(root + "/")}
    return {path.rstrip("/") for path in found}


def _folders(program: Program) -> Iterator[str]:
    """Where the pages of the documentation lie; relative URLs start there."""
    for app in program.apps:
        docs = string(app.arguments.get("docs_url"))
        if docs:
            yield posixpath.dirname(docs)
        for entry in app.entries:
            if isinstance(entry, Mount) and (prefix := string(entry.path)):
                yield prefix


def _roots(program: Program) -> Iterator[str]:
    """The root paths of the applications and the paths of what is mounted."""
    for app in program.apps:
        root = _text(app, "root_path")
        if root:
            yield root
        yield from (server for server in _servers(app) if server)


def _servers(app: Router) -> Iterator[str]:
    for option in options(app.arguments.get("servers")):
        for item in getattr(option, "items", []):
            url = item.get("url") if hasattr(item, "get") else None
            if isinstance(url, Const) and isinstance(url.value, str):
                yield url.value.rstrip("/")


def _text(app: Router, name: str) -> str:
    return (string(app.arguments.get(name)) or "").rstrip("/")


def _finding(call: Call, argument: Argument, url: str, routes: list[Route]) -> Finding:
    forms = {route.path: route for route in routes if any(is_login_form(node.call) for node in route.nodes())}
    shown = next(iter(forms.values()), routes[0])
    fix = None
    value: Value = call.value(argument)
    joined = argument.form[0] in ("fstr", "binop") and call.block.function is None
    whole = joined or argument.form[0] == "const"
    known = forms or {route.path: route for route in routes}
    if len(known) == 1 and whole and isinstance(value, Const) and "{" not in shown.path:
        path = call.block.module.path
        new = shown.path if url.startswith("/") else shown.path.lstrip("/")
        edit = ReplaceExpression(path, span_of(argument.form[1]), f'"{new}"')
        fix = Fix("name the route that gives out tokens", True, (edit,))
    said = f"tokens are given out at {access.spoken(shown)}"
    evidence = [Evidence(shown.place.location, said)] if shown.place else []
    return RULE.finding(
        Location(call.block.module.path, argument.span),
        f"`tokenUrl` says {url!r} and no route is there, so the docs and generated clients send passwords where nobody "
        f"answers: name {access.spoken(shown)}",
        confidence="high" if forms else "medium",
        symbol=call.block.symbol,
        evidence=evidence,
        fix=fix,
    )
