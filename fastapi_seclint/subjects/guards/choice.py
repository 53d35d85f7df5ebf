"""The project's own guard that fits a route best, and the code by which another file can name it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, line_of, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Annotated, External, Function, Place, bare_type
from fastapi_seclint.subjects.code.imports import imported_as
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.guards.access import changes_state, is_admin_like
from fastapi_seclint.subjects.guards.carriers import carriers_of
from fastapi_seclint.subjects.guards.code import code_of
from fastapi_seclint.subjects.guards.idle import idle_role_guards
from fastapi_seclint.subjects.guards.idle_callers import idle_guard
from fastapi_seclint.subjects.guards.swapping import argument_of, bound_around, usable_name
from fastapi_seclint.subjects.owners.activity import active_guards, node_tests_activity
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.rights.considering import considers_rights
from fastapi_seclint.subjects.rights.neighbours import is_meant_for_people
from fastapi_seclint.subjects.rights.roles import reads_scopes, takes_scopes
from fastapi_seclint.subjects.rights.words import is_role, names_right
from fastapi_seclint.subjects.tokens.own_keys import refuses_tokens_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Choice:
    """A guard as code: the expression that names it, and the imports that its file needs for that."""

    code: str
    edits: tuple[Edit, ...]
    authorizes: bool
    gives_user: bool
    name: str
    scopes: str = ""
    """The scopes that `Security(...)` demands with it elsewhere, as code; empty where `Depends(...)` names it."""


_CONTEXT = re.compile(r"context|ctx|_var\b|current|request", re.I)
_Key = tuple[Module, str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A guard that the project uses or has: how it is written, and in which file."""

    module: Module
    form: Form
    authorizes: bool
    for_administrators: bool
    active: bool
    uses: int
    gives_user: bool
    function: Function | None = None
    scopes: str | None = ""
    """The scopes that are demanded with it, as code; None where those cannot be named elsewhere."""

    @property
    def key(self) -> _Key:
        """What tells guards apart: the file in which one is named, and how."""
        return self.module, code_of(self.form, {})


def fitting(
    program: Program,
    module: Module,
    line: int,
    admin: bool,
    carriers: frozenset[str] = frozenset(),
    routes: Sequence[Route] = (),
) -> Choice | None:
    """The strongest guard that fits and that code on a line of a file can name.

    What the routes beside `routes` demand of everybody who changes the same things comes first. For administrators
    the role guard follows, then, as for everybody, the active user before the current one, and what the routes of the
    file have before what most routes have. Given where callers carry their credentials, a guard that is seen to look
    elsewhere does not fit, nor does one that `routes` have already.
    """
    there = {id(node.function) for route in routes for node in route.nodes() if node.function is not None}
    for candidate in _ranked(program, module, admin, routes):
        if id(candidate.function) in there:
            continue
        if candidate.scopes is None or (carriers and not _looks_there(program, candidate, carriers)):
            continue
        if candidate.function is not None and refuses_tokens_of(program, candidate.function, module):
            continue
        named = _named(program, candidate, module, line)
        if named is not None:
            code, edits = named
            name, scopes = _spoken(candidate.form), candidate.scopes or ""
            return Choice(code, edits, candidate.authorizes, candidate.gives_user, name, scopes)
    return None


def _looks_there(program: Program, candidate: _Candidate, carriers: frozenset[str]) -> bool:
    read = carriers_of(program, candidate.function) if candidate.function is not None else frozenset()
    return not read or bool(read & carriers)


def is_meant(program: Program, route: Route) -> bool:
    """Whether a route names a guard or what it gives already, in a way that does not work: another rule's mistake."""
    known = _guard_words(program)
    handler = route.function
    forms = list(walk(handler.parameters)) if handler is not None else []
    call = form_at(route.registration.place) if route.registration is not None else None
    if call is not None:
        forms += [*walk(call[3]), *(one for key, value, _ in call[4] if key != "response_model" for one in walk(value))]
    return any(form[0] == "name" and form[2] in known for form in forms)


@lru_cache(maxsize=1)
def _guard_words(program: Program) -> frozenset[str]:
    """The names of the guards, and those in the annotations of the parameters that they fill."""
    forms: list[Form] = [item.form for item in _candidates(program)]
    for route in program.routes:
        asked = [item for item in guards(program, route) if item.node is None or _stands_alone(program, item.node)]
        filled = {guard.parameter for guard in asked}
        for parameter in route.function.parameters if route.function is not None else ():
            forms += [parameter[2]] if parameter[0] in filled and parameter[2] is not None else []
    plain = {"str", "int", "dict", "Annotated", "Depends", "Security", "Any", "object", "bool", "list", "None"}
    return frozenset(inner[2] for form in forms for inner in walk(form) if inner[0] == "name") - plain


def _ranked(program: Program, module: Module, admin: bool, routes: Sequence[Route]) -> list[_Candidate]:
    demanded = _demanded_beside(program, routes)
    found = [
        item
        for item in _candidates(program)
        if not item.authorizes or (admin and item.for_administrators) or item.key in demanded
    ]
    if admin and not any(item.authorizes for item in found):
        found += _only_role(_candidates(program))
    found = found or _only_one(_candidates(program))
    here = _uses_here(program)
    sections = {_section(route.path) for route in routes}

    def rank(item: _Candidate) -> tuple[bool, bool, bool, int, int, int]:
        beside = sum(here[item.key, module.file, section] for section in sections)
        near = here[item.key, module.file, None]
        return item.key not in demanded, not item.authorizes, not item.active, -beside, -near, -item.uses

    return sorted(found, key=rank)


@lru_cache(maxsize=1)
def _uses_here(program: Program) -> Counter[tuple[_Key, str, str | None]]:
    """How many routes a guard has, by file and by section of a file: each kind of users has guards of its own."""
    found: Counter[tuple[_Key, str, str | None]] = Counter()
    for route in program.routes:
        file = route.function.module.file if route.function is not None else ""
        for written, _ in _written(program, route):
            form = argument_of(written)
            if form is not None and (code := code_of(form, {})):
                found.update(((written.module, code), file, part) for part in (None, _section(route.path)))
    return found


def _section(path: str) -> str:
    """What the routes of one router of a file begin with: `/operator` of `/api/v1/operator/devices/{id}`."""
    parts = (part for part in path.split("/") if part and not _VERSION.fullmatch(part))
    return next(parts, "")


_VERSION = re.compile(r"(?i)api|rest|v\d+(\.\d+)*")


def _only_role(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The one guard of a project that asks for a role above the ordinary: administrators are called otherwise there."""
    strong = [item for item in candidates if item.authorizes]
    if len({item.key for item in strong}) != 1 or not _names_no_action(strong[0].form):
        return []
    asked = [str(inner[-1]) for inner in walk(strong[0].form) if inner[0] in ("const", "name", "attr")]
    return strong if any(map(is_role, asked)) else []


def _only_one(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The one guard of a project, whatever it asks of everybody who is let in, if it is not for administrators."""
    return [item for item in candidates if len(candidates) == 1 and not item.for_administrators]


def _demanded_beside(program: Program, routes: Sequence[Route]) -> frozenset[_Key]:
    """The role guards that all guarded routes of a file have which change what these routes change.

    Those that change one thing by its very path are beside each other wherever they are written. What is meant for
    people demands no role of those who decide on it, `POST /applications`.
    """
    paths = {route.path for route in routes}
    places = {(route.function.module, _resource(route.path)) for route in routes if route.function is not None}
    if not places or not all(changes_state(route) and not is_meant_for_people(program, route) for route in routes):
        return frozenset()
    strong = {item.key for item in _candidates(program) if item.authorizes}
    uses: Counter[_Key] = Counter()
    guarded = 0
    for other in program.routes:
        if other.function is None or not changes_state(other) or not guards(program, other):
            continue
        if any(other is route for route in routes):
            continue
        theirs = _resource(other.path)
        near = any(module is other.function.module and _is_one(path, theirs) for module, path in places)
        if near or (other.path in paths and "{" in other.path):
            guarded += 1
            forms = [(written.module, argument_of(written)) for written, _ in _written(program, other)]
            uses.update(strong & {(module, code_of(form, {})) for module, form in forms if form is not None})
    return frozenset(key for key, count in uses.items() if count == guarded)


def _is_one(path: str, other: str) -> bool:
    """Whether two paths lead to the same things: they are equal, or one goes on where the other ends."""
    shorter, longer = sorted((path, other), key=len)
    return path == other or (shorter != "" and longer.startswith(f"{shorter}/"))


def _resource(path: str) -> str:
    """The part of a path before its first variable: `/products` of `/products/{id}/price`."""
    return path.partition("{")[0].rstrip("/")


def _spoken(form: Form) -> str:
    return str(form[-1]) if form[0] in ("name", "attr") else f"{_spoken(form[2])}(...)"


@lru_cache(maxsize=1)
def _candidates(program: Program) -> tuple[_Candidate, ...]:
    found: dict[tuple[Module, str], _Candidate] = {}
    uses: Counter[tuple[Module, str]] = Counter()
    among_administrators: set[tuple[Module, str]] = set()
    scopes: dict[tuple[Module, str], Counter[str | None]] = {}
    for route in program.routes:
        for written, node in _written(program, route):
            form = argument_of(written)
            code = code_of(form, {}) if form is not None else ""
            if form is None or not code:
                continue
            key = (written.module, code)
            uses[key] += 1
            demanded = node is not None and any(reads_scopes(program, inner) for inner in node.walk())
            scopes.setdefault(key, Counter())[_scopes_at(written) if demanded else ""] += 1
            scoped = node is not None and (node.dependency.scopes is not None or takes_scopes(program, node))
            if is_admin_like(route.path) and not scoped and _names_no_action(form):
                among_administrators.add(key)
            if key not in found:
                found[key] = _candidate(program, route, written.module, form, node)
    used = [
        replace(
            item,
            uses=uses[key],
            for_administrators=item.for_administrators or key in among_administrators,
            scopes=scopes[key].most_common(1)[0][0],
        )
        for key, item in found.items()
    ]
    return (*used, *_unused(program, used))


def _scopes_at(written: Place) -> str | None:
    """The scopes that the `Security(...)` at a place demands, as code; empty for none, None where they have names."""
    form = form_at(written)
    given = next((value for keyword, value, _ in form[4] if keyword == "scopes"), None) if form is not None else None
    if given is None:
        return ""
    return rendered(given) if given[0] == "list" and all(item[0] == "const" for item in given[2]) else None


def _written(program: Program, route: Route) -> Iterator[tuple[Place, Node | None]]:
    for guard in guards(program, route):
        if guard.written is not None and (guard.node is None or _stands_alone(program, guard.node)):
            yield guard.written, guard.node


def _stands_alone(program: Program, node: Node) -> bool:
    """Whether a guard asks who calls, and for nothing that only some routes have: no id of their paths, no query."""
    if node.alternative or not node.certain or (node.function is not None and not _can_see_callers(node.function)):
        return False
    for inner in node.walk():
        for parameter in parameters(inner.call) if not isinstance(inner.call, External) else ():
            if program.walker.resolver.dependency_of(parameter) is not None:
                continue
            annotation = program.walker.resolver.annotation(parameter)
            base = bare_type(annotation)
            connection = isinstance(base, External) and base.name.startswith(("starlette.", "fastapi.security."))
            if not connection and parameter.default is None and not isinstance(annotation, Annotated):
                return False
    return True


def _can_see_callers(function: Function) -> bool:
    """Whether a function can tell callers apart: it is given something, or asks for what belongs to this request."""
    return bool(function.parameters) or any(
        form[0] in ("name", "attr") and _CONTEXT.search(str(form[-1])) for form in function.forms.every
    )


def _candidate(program: Program, route: Route, module: Module, form: Form, node: Node | None) -> _Candidate:
    name = _spoken(form)
    if node is None or node.function is None:
        rights = names_right(name) or (node is not None and node.name in program.guarding(route).guards.authorization)
        return _Candidate(module, form, rights, _for_administrators(form), "active" in name, 0, True)
    rights = any(
        inner.function is not None and not takes_scopes(program, inner) and considers_rights(program, inner.function)
        for inner in node.walk()
    )
    active = node_tests_activity(program, node) or any(
        child.function is not None and node_tests_activity(program, child) for child in node.walk()
    )
    gives = any(form[2] is not None and form[2][0] != "const" for form in node.function.forms.of("return"))
    return _Candidate(module, form, rights, _for_administrators(form), active, 0, gives, node.runs)


_LESSER = ("moderator", "staff", "owner", "manager")


def _for_administrators(form: Form) -> bool:
    """Whether a guard is named after administrators, or is given their role."""
    for inner in walk(form):
        if inner[0] == "const" and is_role(inner[2]) and str(inner[2]).lower() not in _LESSER:
            return True
        word = str(inner[-1]).lower() if inner[0] in ("name", "attr") else ""
        if "admin" in word or "superuser" in word:
            return True
    return False


def _names_no_action(form: Form) -> bool:
    """Whether a guard asks for a role, `RoleChecker("staff")`, and not for the right to one thing, `"users:read"`."""
    return not any(inner[0] == "const" and not str(inner[2]).isalpha() for inner in walk(form))


def _unused(program: Program, used: list[_Candidate]) -> Iterator[_Candidate]:
    """Guards that no route uses so far: the one for active users, role guards and factories of them."""
    known = {item.function for item in used}
    for guard in active_guards(program):
        if guard.function not in known and guard.function.owner is None:
            form: Form = ["name", guard.function.at, guard.function.name]
            yield _Candidate(guard.function.module, form, False, False, True, 0, True, guard.function)
    written = {item.key for item in used}
    for idle in idle_role_guards(program, known):
        if (idle.module, code_of(idle.form, {})) in written:
            continue
        yield _Candidate(idle.module, idle.form, True, True, False, 0, True, idle.function)
    caller = idle_guard(program) if all(item.authorizes for item in used) else None
    sent = {one for item in used if item.function is not None for one in carriers_of(program, item.function)}
    if caller is not None and (not sent or sent & carriers_of(program, caller.function)):
        yield _Candidate(caller.module, caller.form, False, False, False, 0, True, caller.function)


def _named(program: Program, candidate: _Candidate, module: Module, line: int) -> tuple[str, tuple[Edit, ...]] | None:
    """The candidate as code of another place; None where that place cannot know it."""
    names: dict[str, str] = {}
    edits: list[Edit] = []
    for inner in walk(candidate.form):
        if inner[0] != "name":
            continue
        known = _known_as(program, candidate, inner[2], module, line)
        if known is None:
            return None
        names[inner[2]] = known[0]
        edits += known[1]
    code = code_of(candidate.form, names)
    return (code, tuple(edits)) if code else None


def _known_as(
    program: Program, candidate: _Candidate, name: str, module: Module, line: int
) -> tuple[str, tuple[Edit, ...]] | None:
    home = candidate.module
    statement = next(iter(bound_names(home.facts.module).get(name, [])), None)
    if home is module:
        there = line_of(statement[1]) < line if statement is not None else bound_around(module, name, line)
        return (name, ()) if there else None
    value = home.scope.local(name)
    if isinstance(value, Function) and value.number >= 0 and value.module is not module:
        known = usable_name(program, module, value, line)
        if not known:
            return None
        alias = None if known == value.name else known
        return known, (
            AddImport(module.path, value.module.name, value.name, alias, local=True, target=value.module.path),
        )
    if isinstance(value, Function) and value.module is module:
        return (value.name, ()) if "." not in value.qualname and line_of(value.at) < line else None
    if statement is None:
        return None
    return imported_as(program, home, statement, name, module)
