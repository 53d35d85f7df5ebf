"""Fixes that take a credential out of the URL: into the form that the route has, the body, or a header."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, mentions, span_of, walk
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, External, Function, ModuleValue, options, string
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.leaks.query import query_name

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SCHEME = "fastapi.security.oauth2.OAuth2PasswordBearer"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SPELLED = {"api": "API", "id": "ID", "jwt": "JWT"}
_NAME = re.compile(r"^(user_?name|e?mail|email_address|login|phone(_number)?|identifier)$")


def moved(program: Program, route: Route, parameter: Parameter) -> Fix | None:
    """The fix for a parameter of a route's handler; None where the request has no body or another model is in it."""
    if not route.methods or set(route.methods) - _WITH_BODY or route.endpoint is None:
        return None
    target = _target(program, route, parameter)
    form = next((item for item in _definition(route) if item[4] == parameter.place.at), None)
    if target is None or form is None:
        return None
    edits = _taken_from(target, parameter.place.module, form)
    if edits is None:
        return None
    for other in _names_of_account(program, route) if "password" in parameter.name else ():
        edits += _taken_from(target, parameter.place.module, other) or []
    return Fix(_title(target), False, tuple(dict.fromkeys(edits)))


def moved_model(program: Program, route: Route, cls: Class) -> Fix | None:
    """The fix for a model that `Depends()` fills from the query, field by field: it is the body.

    Only where the handler itself names it, as the type of a parameter, and takes no other body, and the path fills no
    field of it; a route that gives tokens has a form (RFC 6749).
    """
    if not route.methods or set(route.methods) - _WITH_BODY or _gives_tokens(program, route) or route.endpoint is None:
        return None
    if not any(base.startswith(("pydantic.", "sqlmodel.")) for base in cls.external_bases()):
        return None
    node = next((one for one in route.dependencies if one.call is cls and one.parameter and one.written), None)
    form = form_at(node.written) if node is not None and node.written is not None else None
    own = [item for item in _definition(route) if form is not None and any(inner is form for inner in walk(item[2:4]))]
    filled = [item for item in parameters(route.endpoint) if node is not None and item.name == node.parameter]
    if node is None or node.written is None or form is None or len(own) != 1 or form[4] or not filled:
        return None
    if _target(program, route, filled[0]) != "Body" or program.walker.resolver.type_of(filled[0]) is not cls:
        return None
    if any(item.name in path_variables(route.path) for item in parameters(cls)):
        return None
    name, imports = _name(node.written.module, "Body", "fastapi")
    edit = ReplaceExpression(node.written.module.path, span_of(form[1]), f"{name}()")
    return Fix(_title("Body"), False, (edit, *imports))


def moved_to_header(function: Function, parameter: Parameter) -> Fix | None:
    """The fix for a parameter of a dependency, or of a handler of requests without a body: a header, or the scheme.

    A token is read with the bearer scheme that the file has; where it has none, and for keys, with a header.
    """
    form = next((item for item in function.parameters if item[4] == parameter.place.at), None)
    if form is None:
        return None
    module = function.module
    scheme = _bearer_scheme(module) if "token" in parameter.name and form[3] is None else None
    alias = '"X-' + "-".join(_SPELLED.get(word, word.title()) for word in words_of(parameter.name)) + '"'
    written = _query_call(module, form)
    if written is not None:
        name, imports = _name(module, "Header", "fastapi")
        edits = [ReplaceExpression(module.path, span_of(written[2][1]), name), *imports]
        edits.append(SetKeyword(module.path, span_of(written[1]), "alias", alias))
        return Fix("take it from a header; clients have to send it there", False, tuple(edits))
    marked = _marked(module, form, "Depends", scheme) if scheme else _marked(module, form, "Header", f"alias={alias}")
    return Fix("take it from a header; clients have to send it there", False, tuple(marked)) if marked else None


def _marked(module: Module, form: Form, marker: str, told: str) -> list[Edit]:
    """The edits that put `marker(told)` beside the type of a parameter; none where its type is marked already."""
    code = rendered(form[2])
    if code is None or mentions(form[2], {"Annotated"}):
        return []
    name, imports = _name(module, marker, "fastapi")
    annotated, more = _name(module, "Annotated", "typing")
    edit = ReplaceExpression(module.path, span_of(form[2][1]), f"{annotated}[{code}, {name}({told})]")
    return [edit, *imports, *more]


def _bearer_scheme(module: Module) -> str | None:
    """The scheme that gives the bearer token of a request as text, as a file names it: its own or another file's."""
    names = sorted(module.scope.names.items())
    files = [
        (f"{name}.", item.module) for name, value in names for item in options(value) if isinstance(item, ModuleValue)
    ]
    for before, one in (("", module), *files):
        for name, value in sorted(one.scope.names.items()):
            if any(isinstance(item, External) and item.name.endswith("PasswordBearer()") for item in options(value)):
                return f"{before}{name}"
    return None


def _taken_from(target: str, module: Module, form: Form) -> list[Edit] | None:
    """The edits that take one parameter from the form or body."""
    written = _query_call(module, form)
    name, imports = _name(module, target, "fastapi")
    if written is not None:
        edits: list[Edit] = [ReplaceExpression(module.path, span_of(written[2][1]), name), *imports]
        if target == "Body":
            edits.append(SetKeyword(module.path, span_of(written[1]), "embed", "True"))
        return edits
    return _marked(module, form, target, "embed=True" if target == "Body" else "") or None


def _names_of_account(program: Program, route: Route) -> list[Form]:
    """The parameters for the name or address that goes with a password, when they come from the query, too."""
    assert route.endpoint is not None
    found = {
        other.place.at
        for other in parameters(route.endpoint)
        if _NAME.match(other.name) and other.name not in path_variables(route.path) and query_name(program, other)
    }
    return [form for form in _definition(route) if form[4] in found]


def _title(target: str) -> str:
    where = "the body" if target == "Body" else "the form"
    return f"take it from {where}; clients have to send it there"


def _definition(route: Route) -> list[Form]:
    return list(route.function.parameters) if route.function is not None else []


def _target(program: Program, route: Route, parameter: Parameter) -> str | None:
    """`Form` or `Body`, whatever the other parameters allow."""
    sources: set[str] = set()
    if any(is_login_form(node.call) for node in route.nodes()) or _gives_tokens(program, route):
        sources.add("Form")
    assert route.endpoint is not None
    for other in parameters(route.endpoint):
        if other.name == parameter.name or other.name in path_variables(route.path):
            continue
        if program.walker.resolver.dependency_of(other) is not None or query_name(program, other):
            continue
        sources.add(_source(program, other))
    if sources <= {"Header", "Cookie", "Path", "Request"}:
        return "Body"
    if sources <= {"Header", "Cookie", "Path", "Request", "Form", "File"}:
        return "Form"
    return None


def _gives_tokens(program: Program, route: Route) -> bool:
    """Whether the bearer scheme names a route as its token URL, to which clients send a form (RFC 6749, 4.3.2)."""
    urls = (string(call.value(url)) for call in program.sites.calls(_SCHEME) if (url := call.argument("tokenUrl", 0)))
    return any(url and posixpath.normpath(f"/{url.lstrip('/')}") == route.path.rstrip("/") for url in urls)


def _source(program: Program, parameter: Parameter) -> str:
    """Where a parameter comes from, by what it says; `?` for models and all that is not known."""
    base = program.walker.resolver.type_of(parameter)
    for value in program.walker.resolver.marks(parameter):
        if isinstance(value, External) and value.name.startswith("fastapi.") and value.called:
            last = value.name.removesuffix("()").rpartition(".")[2]
            return "?" if last == "Body" and _alone(value) else "Path" if last == "Body" else last
    if isinstance(base, External) and base.name.startswith(("starlette.", "fastapi.background", "fastapi.requests")):
        return "Request"
    return "?"


def _alone(value: External) -> bool:
    """Whether a `Body()` without `embed` may be the whole body, which a second one would change."""
    return value.arguments is None or "embed" not in value.arguments.keywords


def _query_call(module: Module, form: Form) -> Form | None:
    """The `Query(...)` of a parameter, in its default or its annotation."""
    for item in (form[3], form[2]):
        for call in walk(item) if item is not None else ():
            if call[0] == "call" and call[2][0] in ("name", "attr") and call[2][-1] == "Query":
                return call
    return None


def _name(module: Module, symbol: str, source: str) -> tuple[str, tuple[Edit, ...]]:
    """How a file says a symbol of a library, and the import that it needs for that."""
    for name, value in module.scope.names.items():
        for item in options(value):
            known = isinstance(item, External) and not item.called and item.name.startswith((f"{source}.", "typing"))
            if known and getattr(item, "name", "").rpartition(".")[2] == symbol:
                return name, ()
    name = local_name(module, symbol, source)
    return name, (AddImport(module.path, source, symbol, None if name == symbol else name),)
