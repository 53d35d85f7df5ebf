"""A fix that lets slowapi's limits for all routes take effect: its middleware, and decorators where that does not see.

The middleware looks through the routes of the application itself; since FastAPI 0.137 it does not find those that come
by `include_router` (ecosystem 4), so the routes where passwords are guessed are decorated there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.forms import Form, line_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routers import Router
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.values import constant, iterate
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.hardening.applications import below
from fastapi_seclint.subjects.limits.fixes import decorated_by
from fastapi_seclint.subjects.logins.routes import auth_routes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SOURCE, _MIDDLEWARE = "slowapi.middleware", "SlowAPIMiddleware"
_TITLE = "add slowapi's middleware, which applies the limits"


def activated(program: Program, limiter: Call, limits: Form) -> Fix | None:
    """The middleware for every application of the project; None where one of them cannot name the limiter.

    One that a function makes has no name outside of it, and needs none where the application is told already.
    """
    module, name = limiter.block.module, _name_of(limiter)
    apps = [app for app in program.apps if app.kind == "app" and not program.is_test(app.place.module)]
    included = [route for route, _ in auth_routes(program) if route.includes]
    if not apps or not (name or (_is_told(program) and not included)):
        return None
    edits: dict[Edit, None] = {}
    for app in apps:
        fix = _added(program, app, module, name)
        if fix is None:
            return None
        edits.update((edit, None) for edit in fix.edits)
    rate = _rate(limiter, limits)
    for route in included:
        edits.update((edit, None) for edit in decorated_by(program, route, module, name, rate) or ())
    return Fix(_TITLE, False, tuple(edits))


def _name_of(limiter: Call) -> str:
    for form in limiter.block.statements if limiter.block.function is None else ():
        if form[0] == "assign" and form[3][1] == limiter.form[1] and form[2][0][0] == "name":
            return str(form[2][0][2])
    return ""


def _added(program: Program, app: Router, module: Module, name: str) -> Fix | None:
    home = app.place.module
    layer = local_name(home, _MIDDLEWARE, _SOURCE)
    edits: tuple[Edit, ...] = (AddImport(home.path, _SOURCE, _MIDDLEWARE, layer if layer != _MIDDLEWARE else None),)
    code = f"{{app}}.add_middleware({layer})"
    if not _is_told(program):
        if home is module and _line(module, name) > line_of(app.place.at):
            return None
        known = name if home is module else local_name(home, name, module.name)
        if home is not module:
            edits += (
                AddImport(
                    home.path, module.name, name, known if known != name else None, local=True, target=module.path
                ),
            )
        code = f"{{app}}.state.limiter = {known}\n{code}"
    return below(program, app, _TITLE, code, edits)


def _is_told(program: Program) -> bool:
    """Whether somewhere an application is told its limiter: `app.state.limiter = limiter`."""
    return any(
        target[0] == "attr" and target[3] == "limiter" and target[2][0] == "attr" and target[2][3] == "state"
        for block in program.sites.blocks(frozenset({"state"}))
        for form in block.forms.of("assign")
        for target in form[2]
    )


def _line(module: Module, name: str) -> int:
    assigned = (form for form in module.facts.module if form[0] == "assign")
    return next((line_of(form[1]) for form in assigned if any(item[2:] == [name] for item in walk(form[2]))), 0)


def _rate(limiter: Call, limits: Form) -> str:
    items = iterate(limiter.value(limits)) or []
    text = next((found for item in items if isinstance(found := constant(item), str)), "")
    return f'"{text}"' if text and text.isprintable() and '"' not in text else '"10/minute"'
