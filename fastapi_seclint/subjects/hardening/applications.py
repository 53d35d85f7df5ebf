"""What the rules about hardening share: real applications, and what already answers for hosts, HTTPS and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, arguments, span_of, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routers import Layer, Router
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Function, Unknown, options, settled, string
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.code.reference import brought
from fastapi_seclint.subjects.hardening.middleware import Configuration, Kind, configurations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

TRUSTED_HOST = Kind("starlette.middleware.trustedhost.TrustedHostMiddleware", ("allowed_hosts", "www_redirect"))
REDIRECT = Kind("starlette.middleware.httpsredirect.HTTPSRedirectMiddleware", ())

HEADERS = (
    "strict-transport-security", "x-content-type-options", "x-frame-options", "content-security-policy",
    "referrer-policy", "permissions-policy", "cross-origin-opener-policy",
)  # fmt: skip
"""The headers of guide section 8 and of the OWASP Secure Headers Project, in lower case."""

_ANY_HEADER = re.compile("|".join(f'"{name}' for name in HEADERS).encode())
_LIBRARIES = ("secure", "secweb", "guard", "fastapi_guard", "fastapi_security_headers", "asgi_security_headers")
_OWN = ("starlette.", "fastapi.", "uvicorn.")
"""What belongs to the framework and its server, whose `ProxyHeadersMiddleware` sets no header of a response."""
_MADE = re.compile(r"secure\.\w+(\.\w+)?\(\)$")
_SETTERS = frozenset({"set_headers", "set_headers_async", "framework"})
_GUARDIAN = re.compile(r"secur|helmet|csp|hsts|header", re.IGNORECASE)
_ONLY_HEADERS = re.compile(r"^(secweb|secure|asgi_security_headers|fastapi_security_headers)\.|header|csp|hsts", re.I)


@dataclass(frozen=True, slots=True)
class Setting:
    """A header and the value that code gives it; an empty value is not known.

    `written` is where the value stands, `assigned` the statement `headers[name] = value` where it is one.
    """

    name: str
    value: str
    location: Location
    symbol: str
    written: Form | None = None
    assigned: Form | None = None

    @property
    def works(self) -> bool:
        """Whether browsers heed the value."""
        value = self.value.strip().lower()
        if not value:
            return True
        if self.name == "strict-transport-security":
            return not re.search(r"max-age\s*=\s*\"?0+\b", value)
        if self.name == "x-frame-options":
            return value in ("deny", "sameorigin")
        return value == "nosniff" if self.name == "x-content-type-options" else True


def applications(program: Program) -> Iterator[Router]:
    """The applications that serve something of their own and whose middleware is all known."""
    for app in program.apps:
        known = all(not isinstance(option, Unknown) for layer in app.layers for option in options(layer.what))
        if app.kind == "app" and app.entries and known and not program.is_test(app.place.module):
            yield app


@answered_once
def settings(program: Program) -> list[Setting]:
    """The security headers that code outside of single routes sets; found once a program."""
    return list(_settings(program))


def _settings(program: Program) -> Iterator[Setting]:
    endpoints = {
        (route.function.module.file, route.function.number) for route in program.routes if route.function is not None
    }
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        numbers = range(-1, len(module.facts.functions))
        if program.is_test(module) or not any(_ANY_HEADER.search(module.facts.lowered(number)) for number in numbers):
            continue
        for block in blocks_of(program, module):
            function = block.function
            if function is not None and (
                (module.file, function.number) in endpoints or not _is_used(program, function)
            ):
                continue
            assigned = {form[1]: form for form in block.forms.of("assign")}
            for name, at, given in _named(block.statements):
                written = given if given is not None and given[0] in ("const", "bytes") else None
                value = str(written[2]) if written is not None else _put_together(program, block, given)
                yield Setting(name, value, block.location(at), block.symbol, written, assigned.get(at))


def _put_together(program: Program, block: Block, given: Form | None) -> str:
    """The text that a name or a text with names in it is: `f"max-age={SECONDS}"`; empty where that is not known."""
    known = [string(option) for option in settled(ask(program, block, given))] if given is not None else []
    return known[0] or "" if len(known) == 1 else ""


def _named(statements: list[Form]) -> Iterator[tuple[str, int, Form | None]]:
    """Header names in code, with what each gets where that stands beside it."""
    beside: dict[int, tuple[Form, int]] = {}
    for form in walk(statements):
        match form:
            case ["assign", at, [["sub", _, _, ["const", key_at, str()]]], value]:
                beside[key_at] = (value, at)
            case ["dict", _, pairs]:
                for key, value in pairs:
                    if key is not None and key[0] == "const":
                        beside[key[1]] = (value, key[1])
            case ["call", at, _, [["const", key_at, str()], value, *_], _]:
                beside[key_at] = (value, at)
            case ["tuple", at, [["const" | "bytes", key_at, str()], ["const" | "bytes", _, str()] as value]]:
                beside[key_at] = (value, at)
        if form[0] in ("const", "bytes") and isinstance(form[2], str) and form[2].strip().lower() in HEADERS:
            given, at = beside.get(form[1], (None, form[1]))
            yield form[2].strip().lower(), at, given


def _is_used(program: Program, function: Function) -> bool:
    """Whether code names the class that a method belongs to; a function outside of classes counts as used."""
    return function.owner is None or _is_named(program, function.owner.name)


def _is_named(program: Program, name: str) -> bool:
    """Whether an expression somewhere is this name, alone or as an attribute."""
    pattern = re.compile(rf'\d,"{re.escape(name)}"\]|\],"{re.escape(name)}"\]'.encode())
    return any(
        module.facts.body_speaks(number, pattern)
        for module in program.modules.by_file.values()
        if name in module.facts.words
        for number in range(-1, len(module.facts.functions))
    )


def used_configurations(program: Program, kind: Kind) -> list[Configuration]:
    """Where code configures a middleware, other than in a function that nobody names."""
    return [found for found in configurations(program, kind) if _is_reached(program, found.block.function)]


def _is_reached(program: Program, function: Function | None) -> bool:
    return function is None or function.owner is not None or _is_named(program, function.name)


def uses_library(program: Program, app: Router, *, for_hosts: bool = False) -> bool:
    """Whether a library for security headers is at work; `for_hosts`, one that may look at the Host header too."""
    for layer in app.layers:
        for option in options(layer.what):
            foreign = isinstance(option, External) and not option.name.startswith(_OWN)
            name = option.name if foreign and isinstance(option, External) else ""
            if _GUARDIAN.search(name) and not (for_hosts and _ONLY_HEADERS.search(name)):
                return True
    imports = ((module, name) for module in program.modules.by_file.values() for name in module.facts.imports)
    found = [(module, root) for module, name in imports if (root := name.split(".")[0].lower()) in _LIBRARIES]
    if for_hosts:
        return any("guard" in root for _, root in found)
    return any(root != "secure" or _is_at_work(program, module) for module, root in found)


def _is_at_work(program: Program, module: Module) -> bool:
    """Whether headers of `secure` are set anywhere, or the file that imports it does something with an object of it."""
    if any(True for _ in program.sites.blocks(_SETTERS)):
        return True
    for block in blocks_of(program, module):
        for form in block.forms.of("attr", "call"):
            handed = [form[2]] if form[0] == "attr" else arguments(form)
            for item in handed:
                made = options(ask(program, block, item)) if item[0] in ("name", "attr") else ()
                if any(isinstance(one, External) and _MADE.match(one.name) for one in made):
                    return True
    return any(not name.startswith("secure.Secure") for name in module.facts.imports if name.startswith("secure."))


def says(app: Router, pattern: re.Pattern[bytes], *, but: str = "-") -> bool:
    """Whether the code of the application's middleware has a pattern in its facts, in lower case.

    Middleware whose name has `but` in it does not count.
    """
    layers = (layer for layer in app.layers if but not in getattr(layer.what, "name", "").lower())
    return any(pattern.search(text) for layer in layers for text in _texts(layer))


def _texts(layer: Layer) -> Iterator[bytes]:
    for option in options(layer.what):
        if isinstance(option, Function) and option.number >= 0:
            yield option.module.facts.lowered(option.number)
        if isinstance(option, Class):
            for base in option.lineage():
                if isinstance(base, Class):
                    yield from _methods(base)


def _methods(cls: Class) -> Iterator[bytes]:
    for method in cls.namespace.values():
        if isinstance(method, Function) and method.number >= 0:
            yield method.module.facts.lowered(method.number)


def words(program: Program, *names: str) -> bool:
    """Whether a file that is no test has one of the identifiers."""
    wanted = frozenset(names)
    return any(
        module.facts.words & wanted for module in program.modules.by_file.values() if not program.is_test(module)
    )


def symbol(app: Router) -> str:
    """The dotted name of what makes the application."""
    return app.made_in or app.place.module.name


def addition(program: Program, app: Router, reference: str, title: str, name: str) -> Fix | None:
    """A fix that adds a middleware class of the reference below the statement that makes an application."""
    code = brought(program, app.place.module, reference, name)
    if code is None:
        return None
    return below(program, app, f"{title}{code.needs}", f"{{app}}.add_middleware({code.names[name]})", code.edits)


def below(
    program: Program, app: Router, title: str, code: str, edits: tuple[Edit, ...], *, outside_redirect: bool = False
) -> Fix | None:
    """A fix that adds a statement right below the one that makes an application, `{app}` in the code; None without one.

    What is added there is innermost: the project's own layers, CORS among them, stay around it. Only a redirect, which
    builds its target from the Host header (p48), has to be within a check of that header: `outside_redirect`.
    """
    module = app.place.module
    statement = _making(program, module, app.place.at)
    if statement is None:
        return None
    text = code.replace("{app}", _target(statement))
    anchor = _redirect(program, module, _target(statement)) if outside_redirect else None
    insertion = InsertStatements(module.path, span_of((anchor or statement)[1]), "after", text)
    return Fix(title, False, (*edits, insertion))


def _redirect(program: Program, module: Module, target: str) -> Form | None:
    """The statement that adds a redirect to an application."""
    for block in blocks_of(program, module):
        for form in block.forms.every:
            match form:
                case [
                    "expr",
                    _,
                    ["call", _, ["attr", _, ["name", _, owner], "add_middleware"], [["name", _, name]], []],
                ]:
                    if owner == target and "HTTPSRedirect" in name:
                        return form
    return None


def making(program: Program, app: Router) -> Location:
    """The statement that makes an application, or the call where it is none."""
    statement = _making(program, app.place.module, app.place.at)
    return app.place.location if statement is None else Location(app.place.module.path, span_of(statement[1]))


def _making(program: Program, module: Module, at: int) -> Form | None:
    for block in blocks_of(program, module):
        for form in block.forms.every:
            if form[0] in ("assign", "annassign") and form[-1] is not None and form[-1][1] == at:
                target = form[2][0] if form[0] == "assign" else form[2]
                if target[0] == "name" or (target[0] == "attr" and target[2][0] == "name"):
                    return form
    return None


def _target(statement: Form) -> str:
    target = statement[2][0] if statement[0] == "assign" else statement[2]
    return str(target[2]) if target[0] == "name" else f"{target[2][2]}.{target[3]}"
