"""Whether a value may be missing: an optional parameter, a header not sent, a setting that is not configured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import (
    Annotated,
    Class,
    Const,
    Dependency,
    Environment,
    External,
    Instance,
    Place,
    Value,
    constant,
    options,
)
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask, bodies
from fastapi_seclint.subjects.code.properties import given_by_property
from fastapi_seclint.subjects.code.reads import is_source, read_of
from fastapi_seclint.subjects.secrets.refusals import asked_elsewhere

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Missing = frozenset[str | None]
_SENT = re.compile(r"fastapi\.(params|param_functions)\.(Header|Query|Cookie)\(\)")
NEVER: Missing = frozenset()


def may_be_missing(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression may be None, as sent or as configured."""
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "get" and len(form[3]) == 1 and not form[4]:
        return True
    return None in missing_of_sent(program, block, form) or None in missing_of_setting(program, block, form)


def missing_of_sent(program: Program, block: Block, form: Form) -> Missing:
    """What an expression is when the caller sends nothing, or an empty text: None, `""`, either, or it cannot be."""
    match form:
        case ["call", _, ["attr", _, inner, "encode" | "decode" | "strip"], _, _]:
            return missing_of_sent(program, block, inner) - {None}
        case ["call", _, ["attr", _, _, "get"], [["bytes", _, _], *given], []]:  # the headers of ASGI
            return frozenset({str(given[0][2]) if given and given[0][0] == "bytes" else None, ""})
        case ["call", _, ["name", _, "str"], [inner], []]:
            return _spelled(missing_of_sent(program, block, inner))
        case ["bool", _, "or", [inner, ["const", _, str() as text]]]:
            known = missing_of_sent(program, block, inner)
            return frozenset({text}) if known else NEVER
        case ["bool", _, "or", [inner, ["const", _, None]]]:
            return frozenset({None}) if missing_of_sent(program, block, inner) else NEVER
        case ["call", _, ["attr", _, inner, "partition" | "rpartition" | "removeprefix"], _, _]:
            return frozenset({""}) if missing_of_sent(program, block, inner) else NEVER
        case ["call", _, ["attr", _, ["attr", _, _, "headers" | "query_params" | "cookies"], "get"], given, _]:
            default = given[1][2] if len(given) > 1 and given[1][0] == "const" else None
            return frozenset({default, ""})
        case ["sub", _, ["attr", _, _, "headers" | "query_params" | "cookies"], _]:
            return frozenset({""})
        case ["ifexp", _, _, inner, ["const", _, None | "" as text]]:
            return missing_of_sent(program, block, inner) | {text}
        case ["bool", _, "or", [*_, last]]:
            return missing_of_sent(program, block, last)
        case ["name", _, name] if isinstance(block.scope, FunctionScope):
            return _of_name(program, block, block.scope, name)
    return NEVER


def _spelled(missing: Missing) -> Missing:
    """What `str(...)` makes of nothing: the text `None`."""
    return frozenset(str(item) for item in missing)


def _of_name(program: Program, block: Block, scope: FunctionScope, name: str) -> Missing:
    for parameter in scope.function.parameters:
        if parameter[0] == name:
            return _of_parameter(program, block, parameter)
    found = [item for item in scope.assignments(name) if item[0] in ("assign", "annassign")]
    if len(found) == 1 and found[0][-1] is not None and not mentions(found[0][-1], {name}):
        return missing_of_sent(program, block, found[0][-1])
    return NEVER


def _of_parameter(program: Program, block: Block, parameter: Form) -> Missing:
    _, _, annotation, default, _ = parameter
    optional = annotation is not None and any(
        (item[0] == "const" and item[2] is None) or (item[0] == "name" and item[2] == "Optional")
        for item in walk(annotation)
    )
    if annotation is not None and annotation[0] in ("name", "attr") and default is None:
        return _of_alias(program, block, annotation)
    marks = [item for item in walk([annotation, default]) if item[0] == "call"]
    for mark in marks:
        called = name_of(mark[2])
        if called in ("Header", "Query", "Cookie"):
            given = {keyword: value for keyword, value, _ in mark[4]}
            first = given.get("default") or (mark[3][0] if mark[3] and mark is default else None)
            if mark is not default and default is not None:
                first = default
            text = first[2] if first is not None and first[0] == "const" else None
            plain = first is None or first[0] == "ellipsis"
            return frozenset({""}) if plain else frozenset({text if isinstance(text, str) else None, ""})
        if called in ("Security", "Depends"):
            return _of_scheme(program, block, mark)
    if default is not None and default[0] == "const" and default[2] in (None, ""):
        return frozenset({default[2], ""})
    return frozenset({None, ""}) if optional and default is None else NEVER


def _of_scheme(program: Program, block: Block, mark: Form) -> Missing:
    """A security scheme gives None when it does not raise by itself; texts that are empty count as missing there."""
    if not mark[3]:
        return NEVER
    return _of_scheme_value(ask(program, _outside(block), mark[3][0]))


def _outside(block: Block) -> Block:
    return Block(block.module, None, block.module.scope, NO_STATEMENTS)


def _of_scheme_value(scheme: Value | None) -> Missing:
    for option in options(scheme):
        known = isinstance(option, External) and option.name.startswith("fastapi.security")
        given = option.arguments if isinstance(option, External) and known else None
        if given is not None and constant(given.get("auto_error")) is False:
            return frozenset({None})
    return NEVER


def _of_alias(program: Program, block: Block, annotation: Form) -> Missing:
    """What a parameter may miss whose type has a name: `SentKey = Annotated[str | None, Security(scheme)]`."""
    for option in options(ask(program, _outside(block), annotation)):
        for item in option.metadata if isinstance(option, Annotated) else ():
            for mark in options(item):
                if isinstance(mark, Dependency):
                    return _of_scheme_value(mark.call)
                if isinstance(mark, External) and _SENT.fullmatch(mark.name):
                    return frozenset({""})
    return NEVER


def missing_of_setting(program: Program, block: Block, form: Form) -> Missing:
    """What a setting is when nothing is configured: None, `""`, or it cannot be, since the program does not start."""
    match form:
        case ["call", _, ["attr", _, inner, "encode" | "strip" | "get_secret_value"], _, _]:
            return missing_of_setting(program, block, inner) - {None}
        case ["call", _, ["name", _, "str"], [inner], []]:
            return _spelled(missing_of_setting(program, block, inner))
        case ["bool", _, "or", [inner, ["const", _, str() as text]]]:
            return frozenset({text}) if missing_of_setting(program, block, inner) else NEVER
        case ["call", _, ["attr", _, owner, "get"], [["name" | "attr", *_], *given], []] if name_of(owner) != "environ":
            default = given[0] if given else ["const", 0, None]
            return frozenset({default[2]} if default[0] == "const" and default[2] in (None, "") else ())
        case ["ifexp", _, test, _, ["const", _, None | "" as text]]:
            return frozenset({text}) if missing_of_setting(program, block, test) else NEVER
        case ["name", _, name] if (told := _assigned_once(block, name)) is not None:
            return missing_of_setting(program, block, told)
        case ["call", _, ["name", _, "getattr"], [_, ["const", _, str()], ["const", _, None | "" as default]], []]:
            return frozenset({default})
        case ["call", _, ["attr", _, owner, "get"], [["const", _, str()], *given], []] if is_source(name_of(owner)):
            default = given[0] if given else ["const", 0, None]
            if default[0] == "const" and default[2] in (None, "") and not _is_environment(program, block, owner):
                return frozenset({default[2]})
    if given_back := _given_back(program, block, form):
        return given_back
    possible = list(options(ask(program, block, form)))
    if any(isinstance(option, External) and option.called for option in possible):
        return NEVER  # `os.getenv(name) or secrets.token_urlsafe()`, kept somewhere
    missing = frozenset(found for option in possible for found in missing_of_value(option))
    empty = any(isinstance(option, Const) and option.value == "" for option in possible)
    return missing | {""} if missing and empty else missing  # `os.getenv(name) or ""`, kept somewhere


def _given_back(program: Program, block: Block, form: Form) -> Missing:
    """What a function or property of the project gives where the setting that it gives is not there.

    One that raises somewhere may do so for want of it, and so does a program that asks for it by name.
    """
    if form[0] not in ("call", "attr"):
        return NEVER
    found = [body for body, _ in given_by_property(program, block, form)] if form[0] == "attr" else []
    found += bodies(program, block, form) if form[0] == "call" else []
    missing: Missing = NEVER
    for body in found:
        returned = [item[2] for item in body.forms.of("return") if item[2] is not None]
        key = (body.module.file, body.number)
        if body.forms.of("raise", "while", "for") or key in _busy(program):
            return NEVER
        named = {str(item[-1]).lower() for one in returned for item in walk([one]) if item[0] in ("name", "attr")}
        if asked_elsewhere(program, body, named):
            return NEVER
        _busy(program).add(key)
        held = frozenset(text for one in returned for text in missing_of_setting(program, body, one))
        empty = any(one[0] == "const" and one[2] == "" for one in returned)
        unset = empty and any(missing_of_setting(program, body, _taken_from(one)) for one in returned)
        _busy(program).discard(key)
        missing |= held | {""} if unset else held
    return missing


def _taken_from(form: Form) -> Form:
    """The setting that a method takes the text out of: `settings.key` of `settings.key.get_secret_value()`."""
    while form[0] == "call" and form[2][0] == "attr" and not form[3]:
        form = form[2][2]
    return form


@answered_once
def _busy(program: Program) -> set[tuple[str, int]]:
    """The functions whose answer is being looked for, which may call each other."""
    return set()


def _assigned_once(block: Block, name: str) -> Form | None:
    """The choice that a local name is given once: `wanted = TOKEN.get_secret_value() if TOKEN else ""`.

    What a function asks for the setting elsewhere may have refused already.
    """
    given = block.scope.assignments(name) if isinstance(block.scope, FunctionScope) else []
    if len(given) != 1 or given[0][0] != "assign" or given[0][3][0] != "ifexp":
        return None
    asked = name_of(given[0][3][2])
    tests = (form[2] for form in block.forms.of("if", "assert"))
    return None if any(name_of(item) == asked for item in walk(list(tests))) else given[0][3]


def _is_environment(program: Program, block: Block, owner: Form) -> bool:
    """Whether something that is asked for a setting is the environment, or refuses by itself what it lacks."""
    named = [item.name for item in options(ask(program, block, owner)) if isinstance(item, External)]
    return name_of(owner) == "environ" or any(name.startswith(_STRICT) for name in named)


_STRICT = ("os.environ", "environs.", "decouple.", "starlette.config.")


def missing_of_value(option: Value) -> Missing:
    """What one possible value of a setting is when nothing is configured."""
    if not isinstance(option, Environment) or option.name.startswith("parameter "):
        return NEVER
    default = option.default
    if default is None:
        if option.place is not None and _is_demanded(option.place):
            return NEVER
        form = form_at(option.place)
        read = read_of(form) if form is not None and form[0] == "call" else None
        return frozenset({None}) if read is not None and read.environment and read.default is None else NEVER
    if isinstance(default, External) and default.name == "pydantic.SecretStr()" and default.arguments is not None:
        default = default.arguments.get("secret_value", 0)
    if isinstance(default, Const) and (default.value is None or default.value == ""):
        return frozenset({default.value if isinstance(default.value, str) else None})
    return NEVER


def _is_demanded(place: Place) -> bool:
    """Whether the function that reads a setting raises where it is missing: `value = getenv(name)`, `if not value:`."""
    facts = place.module.facts
    for number in facts.speaking(b'["raise"'):
        read = [form for form in facts.forms(number).of("assign") if form[3][1] == place.at and form[3][0] == "call"]
        names = {target[2] for form in read for target in form[2] if target[0] == "name"}
        for form in facts.forms(number).of("if") if names and number >= 0 else ():
            if form[1] > place.at and _asks_for_missing(form[2], names) and form[3][-1][0] == "raise":
                return True
            given = form[2][0] == "name" and form[2][2] in names and form[3][-1][0] == "return"
            if given and facts.body(number)[-1][0] == "raise":
                return True
    return False


def _asks_for_missing(test: Form, names: set[str]) -> bool:
    match test:
        case ["unary", _, "not", ["name", _, name]]:
            return name in names
        case ["compare", _, ["name", _, name], ["is" | "=="], [["const", _, None | ""]]]:
            return name in names
    return False


def form_at(place: Place | None) -> Form | None:
    """The call or expression that stands at a place."""
    if place is None:
        return None
    facts = place.module.facts
    for number in range(-1, len(facts.functions)):
        for form in walk(facts.module if number < 0 else facts.body(number)):
            if form[1] == place.at and form[0] in ("call", "sub", "const"):
                return form
    return None


def is_text(program: Program, block: Block, container: Form, value: Value) -> bool:
    """Whether a container is one text: a constant, a setting of type `str`, a variable that nobody splits."""
    if _is_split(block, container):
        return False
    if container[0] == "attr":
        for owner in options(ask(program, block, container[2])):
            if isinstance(owner, Instance) and _is_text_field(owner.cls, container[3]):
                return True
    for option in options(value):
        known = option.default if isinstance(option, Environment) else option
        form = form_at(option.place) if isinstance(option, Environment) else None
        if isinstance(known, Const) and isinstance(known.value, str):
            return form is None or not _is_cast(form)
        named = isinstance(option, Environment) and not option.name.startswith("parameter ")
        if named and known is None and form is not None and _reads_text(form):
            return True
    return False


def _is_cast(form: Form) -> bool:
    """Whether a setting is made a list where it is read: `config("KEYS", cast=Csv())`, `env.list("KEYS")`."""
    if form[0] != "call":
        return False
    cast = next((value for keyword, value, _ in form[4] if keyword == "cast"), None)
    return last_name(form[2]) == "list" or (cast is not None and cast[2:] not in (["str"], ["Secret"]))


def _is_split(block: Block, container: Form) -> bool:
    """Whether an attribute is given pieces of a text somewhere in its file: `self.keys = self.keys.split(",")`."""
    if container[0] != "attr":
        return False
    facts = block.module.facts
    for number in facts.speaking(b'"split"', folded=False):
        for form in facts.forms(number).of("assign"):
            split = any(item[0] == "call" and last_name(item[2]) in ("split", "splitlines") for item in walk(form[3]))
            if split and any(target[0] == "attr" and target[3] == container[3] for target in form[2]):
                return True
    return False


def _is_text_field(cls: Class | External, name: str) -> bool:
    for base in cls.lineage() if isinstance(cls, Class) else ():
        for field, annotation, _ in base.fields if isinstance(base, Class) else ():
            if field == name:
                return bool(annotation[0] == "name" and annotation[2] == "str")
    return False


def _reads_text(form: Form) -> bool:
    match form:
        case ["call", _, ["name" | "attr", *_] as function, _, _]:
            return bool(function[-1] == "getenv" or (function[-1] == "get" and name_of(function[2]) == "environ"))
        case ["sub", _, owner, _]:
            return name_of(owner) == "environ"
    return False
