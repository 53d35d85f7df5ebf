"""FSL605: the origins are one string, so that pieces of it count as origins, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Class,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Text,
    Value,
    options,
)
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.origins import Origin, ask, blocks_of, called, origins
from fastapi_seclint.subjects.code.properties import given_by_property
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.cors.configurations import cors, used, wildcards
from fastapi_seclint.subjects.hardening.middleware import Configuration, Option

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL605",
    name="cors-origins-not-a-list",
    summary="pieces of the allowed origin are allowed, too",
    severity="high",
    cwe=(942, 187),
    owasp=("API8",),
    guide="6",
    fixable="safe",
)

_DEPTH = 3
_MESSAGE = (
    "`in` on a string finds pieces of it: where `https://app.example.com` is allowed, an attacker's "
    "`https://app.example.co` is, too: pass a list"
)


@dataclass(frozen=True, slots=True)
class _Bare:
    """A string in place of the list: where it comes from, and whether that is a setting."""

    origin: Origin
    setting: str


@RULE.check
def cors_origins_not_a_list(program: Program) -> Iterator[Finding]:
    """One finding for each CORSMiddleware whose origins are a string without a star."""
    for configuration in cors(program):
        option = configuration.options.get("allow_origins")
        if option is None or any(_starred(configuration)):
            continue
        for bare in (*_bare(program, option), *_of_command_line(configuration, option)):
            yield _finding(configuration, option, bare)
            break


def _starred(configuration: Configuration) -> Iterator[bool]:
    for world in configuration.worlds:
        yield any(True for _ in wildcards(world.get("allow_origins")))


def _finding(configuration: Configuration, option: Option, bare: _Bare) -> Finding:
    where = bare.origin.block.location(bare.origin.form)
    evidence = [] if option.contains(where) else [Evidence(where, "the origins are a string here")]
    confidence: Confidence = "medium" if bare.setting else "high"
    return RULE.finding(
        option.location,
        _MESSAGE,
        confidence=confidence,
        symbol=configuration.block.symbol,
        evidence=[*evidence, *used(configuration, option)],
        fix=_fix(option, bare),
    )


def _fix(option: Option, bare: _Bare) -> Fix | None:
    """The string split where the option is given, or put into a list."""
    own, origin = option.form, bare.origin.form
    path = option.block.module.path
    if own[0] == "const" and isinstance(own[2], str):
        listed = ", ".join(f'"{item.strip()}"' for item in own[2].split(",") if item.strip())
        edit = ReplaceExpression(path, span_of(own[1]), f"[{listed}]")
        return Fix("make a list of it", True, (edit,)) if '"' not in own[2] else None
    if own is origin and own[0] in ("call", "sub"):
        text = _reading(own) if _is_read(own) else code(own)
        return _split(path, own, text) if text else None
    if own[0] == "fstr" and (text := rendered(own)):
        return Fix("make a list of it", True, (ReplaceExpression(path, span_of(own[1]), f"[{text}]"),))
    dotted = _dotted(own)
    if not dotted:
        return None
    optional = origin[0] == "call" and len(origin[3]) < 2 and _is_read(origin)
    return _split(path, own, f'({dotted} or "")' if optional else dotted)


def _split(path: str, form: Form, text: str) -> Fix:
    listed = f'[origin.strip() for origin in {text}.split(",") if origin.strip()]'
    return Fix("split the string at its commas", True, (ReplaceExpression(path, span_of(form[1]), listed),))


def _dotted(form: Form) -> str:
    if form[0] == "name":
        return str(form[2])
    owner = _dotted(form[2]) if form[0] == "attr" else ""
    return f"{owner}.{form[3]}" if owner else ""


def _is_read(form: Form) -> bool:
    """Whether an expression reads the environment, in one way or another."""
    return form[0] == "sub" or _dotted(form[2]).rpartition(".")[2] in ("getenv", "get", "config", "str")


def _reading(form: Form) -> str:
    """A read of the environment as code that gives a string in any case."""
    match form:
        case ["sub", _, owner, ["const", _, str() as name]] if _dotted(owner) and name.isidentifier():
            return f'{_dotted(owner)}["{name}"]'
        case ["call", _, function, [["const", _, str() as name], *rest], []] if _dotted(function):
            default = rest[0][2] if rest and rest[0][0] == "const" and isinstance(rest[0][2], str) else ""
            if (len(rest) < 2 and (not rest or rest[0][0] == "const")) and not set('"\\') & set(name + default):
                return f'{_dotted(function)}("{name}", "{default}")'
    return ""


def _bare(program: Program, option: Option) -> Iterator[_Bare]:
    for origin in _sources(program, option):
        setting = _string(program, origin)
        if setting is not None:
            yield _Bare(origin, setting)


def _of_command_line(configuration: Configuration, option: Option) -> Iterator[_Bare]:
    """An option of the command line that is a string, and that set-up code hands on as it is."""
    for world in configuration.worlds:
        for value in options(world.get("allow_origins")):
            if not isinstance(value, Environment) or not value.name.startswith("-"):
                continue
            if isinstance(known := value.default, Const) and isinstance(known.value, str) and known.value:
                yield _Bare(Origin(option.block, option.form), value.name)


def _sources(program: Program, option: Option) -> Iterator[Origin]:
    """The expressions that the origins come from; a read of the environment where it is written."""
    for origin in origins(program, option.block, option.form):
        named = origin.form[0] in ("name", "attr") and isinstance(origin.value, Environment)
        place = origin.value.place if named and isinstance(origin.value, Environment) else None
        found = [
            Origin(block, form, elsewhere=True)
            for block in (blocks_of(program, place.module) if place is not None else ())
            for form in block.forms.every
            if place is not None and form[1] == place.at and form[0] in ("call", "sub") and form[2][-1] != "Field"
        ]
        yield from found[:1] or [origin]


def _string(program: Program, origin: Origin, depth: int = _DEPTH) -> str | None:
    """Empty for a string written in code, the name of the setting that is one; None for anything else.

    `depth` is how many properties are read one through the other.
    """
    form = origin.form
    match form:
        case ["const", _, str() as text]:
            return "" if text else None
        case ["fstr", *_]:
            return ""
        case ["sub", _, ["attr" | "name", *_] as owner, _] if owner[-1] == "environ":
            return "environ"
        case ["call", _, ["name" | "attr", *_] as function, *_]:
            return _called(program, origin.block, form, function, depth)
        case ["attr", *_]:
            return _of_field(program, origin.block, form, depth)
        case ["name", *_]:
            return _of_value(program, origin.block, form)
    return None


def _called(program: Program, block: Block, form: Form, function: Form, depth: int) -> str | None:
    """Reads of the environment that give a string: `os.getenv(...)`, `os.environ.get(...)`, `config("X")`."""
    name = function[-1]
    owner = function[2] if function[0] == "attr" else None
    if name == "getenv" or (name == "get" and owner is not None and owner[-1] == "environ"):
        return "environ"
    if name == "str" and function[0] == "name":
        return "str"
    if name in ("get", "getattr") and len(form[3]) > 1 and _is_address(form[3][-1]):
        return str(form[3][-2][2]) if form[3][-2][0] == "const" else name
    cast = next((value for keyword, value, _ in form[4] if keyword == "cast"), None)
    text = cast is None or (cast[0] == "name" and cast[2] == "str")
    if (function[0] == "name" and name in ("config", "env") and text) or (owner is not None and name == "str"):
        value = ask(program, block, form)
        told = len(form[3]) < 2 or (name == "str" and _is_address(form[3][1]))
        return value.name if isinstance(value, Environment) and told else None
    if owner is not None and owner[0] == "const" and isinstance(owner[2], str) and name in ("join", "format"):
        return ""
    if owner is not None and name in _OF_TEXT:
        return _string(program, Origin(block, owner), depth)
    return "" if any(_gives_text(found) for found, _ in called(program, block, form)) else None


def _is_address(form: Form) -> bool:
    """Whether the default of a look-up is one origin: `config.get("origins", "https://app.example.com")`."""
    return form[0] == "const" and str(form[2]).startswith(("http://", "https://"))


_OF_TEXT = frozenset({"strip", "rstrip", "lstrip", "lower", "removesuffix", "removeprefix"})
"""Methods of strings that give a string."""


def _gives_text(function: Function) -> bool:
    """Whether a function of the project says that it gives a string, or gives nothing else."""
    if function.returns is not None:
        return bool(function.returns[0] in ("name", "const") and function.returns[2] == "str")
    given = [form[2] for form in function.forms.of("return")]
    return bool(given) and all(value is not None and _is_text(value) for value in given)


def _is_text(form: Form) -> bool:
    """Whether an expression is one text wherever it stands: an f-string, a read of the environment with a default."""
    match form:
        case ["fstr", *_] | ["sub", _, ["attr" | "name", *_, "environ"], _]:
            return True
        case ["call", _, ["name" | "attr", *_, "getenv"], [_, default], []]:
            return bool(default[0] == "const" and isinstance(default[2], str))
        case ["call", _, ["attr", _, ["name" | "attr", *_, "environ"], "get"], [_, default], []]:
            return bool(default[0] == "const" and isinstance(default[2], str))
    return False


def _of_field(program: Program, block: Block, form: Form, depth: int) -> str | None:
    """A settings field that is annotated as a string and that no validator turns into a list."""
    owner, name = form[2], form[3]
    for option in options(ask(program, block, owner)):
        if isinstance(option, Environment) and option.default is not None:
            option = option.default  # the settings of one part, within those of all
        cls = option.cls if isinstance(option, Instance) else option
        if not isinstance(cls, Class):
            continue
        for base in cls.lineage():
            for field, annotation, _ in base.fields if isinstance(base, Class) else ():
                if field == name:
                    return name if _is_string(annotation) and not _validated(cls, name) else None
    for body, value in given_by_property(program, block, form) if depth else ():
        if value[0] in ("call", "sub", "fstr"):
            known = _string(program, Origin(body, value), depth - 1)
            if known is not None:
                return known
    return _of_value(program, block, form)


def _of_value(program: Program, block: Block, form: Form) -> str | None:
    for option in options(ask(program, block, form)):
        if isinstance(option, Const) and isinstance(option.value, str) and option.value:
            return ""
        if isinstance(option, Text):
            return ""
    return None


def _is_string(annotation: Form) -> bool:
    names = [form[-1] for form in walk([annotation]) if form[0] in ("name", "attr")]
    return bool(names) and set(names) <= {"str", "Optional", "HttpUrl", "AnyHttpUrl", "AnyUrl"} and "str" in names


def _validated(cls: Class, name: str) -> bool:
    """Whether a validator of the class has to do with the field."""
    return any(
        isinstance(method, Function) and any(_validates(decorator, method, name) for decorator in method.decorators)
        for base in cls.lineage()
        if isinstance(base, Class)
        for method in base.namespace.values()
    )


def _validates(decorator: Value, method: Function, name: str) -> bool:
    for option in options(decorator):
        if isinstance(option, External) and "validator" in option.name:
            given = option.arguments.positional if option.arguments is not None else []
            if any(isinstance(item, Const) and item.value in (name, "*") for item in given):
                return True
            return method.number >= 0 and method.module.facts.body_mentions(method.number, f'"{name}"'.encode())
    return False
