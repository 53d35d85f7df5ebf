"""What the rules about CORS share: the configurations of Starlette's CORSMiddleware and wildcards among the origins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.operators import is_configured_condition
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Collection,
    Const,
    Environment,
    External,
    Instance,
    Place,
    Unknown,
    Value,
    options,
    settled,
)
from fastapi_seclint.rule import Confidence, Evidence
from fastapi_seclint.subjects.code.development import holds, only_in_development
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.code.reads import read_of
from fastapi_seclint.subjects.hardening.middleware import Configuration, Kind, Option, configurations

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

CORS = Kind(
    "starlette.middleware.cors.CORSMiddleware",
    ("allow_origins", "allow_methods", "allow_headers", "allow_credentials", "allow_origin_regex",
     "allow_private_network", "expose_headers", "max_age"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A `"*"` in a list: where it is written, the setting whose default it is, and whether there is no other value."""

    place: Place | None
    setting: str
    certain: bool

    @property
    def confidence(self) -> Confidence:
        return "high" if self.certain and not self.setting.startswith("parameter ") else "medium"


def cors(program: Program) -> Iterator[Configuration]:
    """The configurations of CORSMiddleware that not only development has."""
    for configuration in configurations(program, CORS):
        if not only_in_development(configuration.place):
            yield configuration


def surely_on(credentials: Value | None) -> bool:
    """Whether credentials are allowed where nothing else is configured: `os.getenv("CREDENTIALS", "1") == "1"`, too."""
    known = list(settled(credentials))
    if credentials is not None and is_configured_condition(credentials):
        known = known[:1]
    return bool(known) and all(isinstance(option, Const) and bool(option.value) for option in known)


def surely_off(credentials: Value | None) -> bool:
    """Whether credentials are left out or switched off, whatever is configured."""
    known = list(options(credentials))
    return all(isinstance(option, Const) and not option.value for option in known)


def welcomes_websites(program: Program) -> bool:
    """Whether websites elsewhere use the API with the user's cookies, which only `samesite="none"` lets them.

    Origins that only the configuration tells, and those that a pattern describes, are elsewhere as well.
    """
    return any(
        _is_elsewhere(item)
        for configuration in cors(program)
        for world in configuration.worlds
        if surely_on(world.get("allow_credentials"))
        for item in (*_origins(world.get("allow_origins")), *options(world.get("allow_origin_regex")))
    )


def _origins(allowed: Value | None) -> Iterator[Value]:
    for known in options(allowed):
        if isinstance(known, Collection) and not known.items and _is_computed(known):
            yield Unknown("a list of what is configured")
        for each in known.items if isinstance(known, Collection) else [known]:
            yield from options(each)


def _is_computed(empty: Collection) -> bool:
    """Whether a list is empty only while nothing is configured: `[one for one in os.getenv("SITES", "").split()]`."""
    place = empty.place
    if place is None:
        return False
    facts = place.module.facts
    return any(
        form[1] == place.at for number in range(MODULE, len(facts.functions)) for form in facts.forms(number).of("comp")
    )


def _is_elsewhere(origin: Value) -> bool:
    """False for nothing, and for plain http, whose cookies could not be `secure`: a page on one's own machine."""
    if not isinstance(origin, Const):
        return True
    return bool(origin.value) and not str(origin.value).startswith("http://")


def wildcards(origins: Value | None, *, bare: bool = True) -> Iterator[Wildcard]:
    """The stars among origins, methods or headers; `bare`: a string alone counts as the list that people mean."""
    whole = list(options(origins))
    for option in whole:
        setting = option.name if isinstance(option, Environment) else ""
        default = _default(option)
        for known in settled(option if default is None else default):
            items = known.items if isinstance(known, Collection) else [known]
            for item in (_plain(one) for each in items for one in settled(each)):
                alone = bare and not isinstance(known, Collection)
                if isinstance(item, Const) and _is_wildcard(item.value, bare=alone):
                    place = item.place or getattr(known, "place", None)
                    if place is None or not only_in_development(place):
                        yield Wildcard(place, setting, len(whole) == 1 and default is None)


def _plain(value: Value) -> Value:
    """What a member of an enumeration stands for, anything else as it is."""
    return value.attributes.get("value", value) if isinstance(value, Instance) else value


def _default(value: Value) -> Value | None:
    """What stands where a configuration says nothing: `["*"]` of `loaded.get("origins", ["*"])`."""
    if isinstance(value, External) and value.name.endswith(".get()") and value.arguments is not None:
        return value.arguments.get("default", 1)
    return None


def _is_wildcard(value: object, *, bare: bool) -> bool:
    if not isinstance(value, str):
        return False
    return "*" in [part.strip() for part in value.split(",")] if bare else value == "*"


def with_credentials(configuration: Configuration) -> Wildcard | None:
    """The star among the origins that goes with credentials, in some world."""
    for world in configuration.worlds:
        if surely_on(world.get("allow_credentials")):
            for wildcard in wildcards(world.get("allow_origins")):
                return wildcard
    return None


def refused(program: Program, configuration: Configuration, wildcard: Wildcard) -> bool:
    """Whether the code around, or beside the setting, asks for `"*"` and goes away or changes the origins."""
    origins = configuration.options.get("allow_origins")
    if _turns(configuration, _names(origins)) or _refused_beside(wildcard) or _only_where_set(configuration, wildcard):
        return True
    return origins is not None and _sifted(program, configuration.block, origins.form)


def refused_here(configuration: Configuration, option: str) -> bool:
    """Whether the code around asks for `"*"` in an option and goes away or changes it."""
    return _turns(configuration, _names(configuration.options.get(option)))


def refused_setting(program: Program, setting: str) -> bool:
    """Whether code of the project asks whether a setting has `"*"` in it, and raises or notes an error then."""
    if not setting or " " in setting:
        return False
    word = b'"' + setting.encode() + b'"'
    for module in program.modules.by_file.values():
        for number in set(module.facts.speaking(b'"*"')) & set(module.facts.speaking(word)):
            for form in module.facts.forms(number).of("if"):
                named = any(item[0] in ("name", "attr") and item[-1] == setting for item in walk(form[2]))
                if named and _asks_for_wildcard(form[2]) and any(_complains(item) for item in walk(form[3])):
                    return True
    return False


def _complains(form: Form) -> bool:
    """Whether a form raises, or puts something into a list of errors."""
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "append":
        return any(word in spelled(form[2][2]).lower() for word in ("error", "problem", "issue"))
    return bool(form[0] == "raise")


def _only_where_set(configuration: Configuration, wildcard: Wildcard) -> bool:
    """Whether `"*"` stands in for a setting, `ORIGINS or ["*"]`, and nothing is added where that is not set."""
    place = wildcard.place
    tests = {
        spelled(form[2])
        for form in configuration.block.forms.of("if")
        if form[2][0] in ("name", "attr") and any(holds(item[1], configuration.place.at) for item in form[3])
    }
    if place is None or not tests:
        return False
    facts = place.module.facts
    return any(
        form[2] == "or"
        and spelled(form[3][0]) in tests
        and any(item[0] == "const" and item[2] == "*" for item in walk(form[3][-1]))
        for number in facts.speaking(b'"*"')
        for form in facts.forms(number).of("bool")
    )


def _sifted(program: Program, block: Block, origins: Form) -> bool:
    """Whether the origins come from a function of the project that leaves the star out."""
    calls = (form for form in walk(origins) if form[0] == "call" and form[2][0] in ("name", "attr"))
    return any(
        form[0] == "if" and _asks_for_wildcard(form[2]) and any(item[0] == "continue" for item in form[3])
        for call in calls
        for function, _ in called(program, block, call)
        for form in walk(function.statements())
    )


def switched_off(configuration: Configuration) -> bool:
    """Whether the code around asks for `"*"` and switches credentials off because of it."""
    credentials = configuration.options.get("allow_credentials")
    if credentials is not None and _asks_for_wildcard(credentials.form):
        return True
    return _turns(configuration, _names(credentials))


def aware(configuration: Configuration) -> bool:
    """Whether credentials depend on the star: switched off because of it, or given in a branch of their own."""
    if switched_off(configuration):
        return True
    return any(
        form[0] == "if" and _asks_for_wildcard(form[2]) and holds(form[1], configuration.place.at)
        for form in configuration.block.forms.every
    )


def opted_in(wildcard: Wildcard) -> bool:
    """Whether a `"*"` stands in a branch that a setting has to switch on: `if os.getenv("ALLOW_ANY_ORIGIN"):`."""
    place = wildcard.place
    return place is not None and any(
        form[0] == "if" and any(holds(item[1], place.at) for item in form[3]) and _switches_on(form[2])
        for body in (place.module.facts.module, *_bodies(place.module, b"if"))
        for form in walk(body)
    )


def _switches_on(test: Form) -> bool:
    """Whether a test holds only if somebody sets a variable, which has no default or one that is nothing."""
    match test:
        case ["call", *_] if (read := read_of(test)) is not None:
            return read.default is None or (read.default[0] == "const" and not read.default[2])
        case ["call", _, ["name", *_] | ["attr", _, ["name", *_], _], [inner], []]:
            return _switches_on(inner)
        case ["call", _, ["attr", _, inner, "lower" | "strip"], [], []]:
            return _switches_on(inner)
        case ["compare", _, inner, ["==" | "in"], [wanted]]:
            words = wanted[2] if wanted[0] in ("tuple", "list", "set") else [wanted]
            return all(word[0] == "const" and word[2] for word in words) and _switches_on(inner)
    return False


def _names(option: Option | None) -> set[str]:
    return names_in([option.form]) if option is not None else set()


def _turns(configuration: Configuration, names: set[str]) -> bool:
    """Whether code asks for `"*"` and then changes one of the names, goes away, or takes another branch."""
    at = configuration.place.at
    for form in configuration.block.forms.of("if"):
        if not (operators := _asks_for_wildcard(form[2])):
            continue
        absent = bool(operators & {"not in", "!="})
        safe, unsafe = (form[3], form[4]) if absent else (form[4], form[3])
        if any(holds(item[1], at) for item in safe):
            return True
        if any(holds(item[1], at) for item in unsafe):
            continue
        if any(_leaves(item) or _assigns(item, names) for item in walk(unsafe)):
            return True
    return False


def _refused_beside(wildcard: Wildcard) -> bool:
    """Whether a validator beside the setting raises or assigns when it meets the star."""
    if not wildcard.setting or wildcard.place is None:
        return False
    return any(
        form[0] == "if" and _asks_for_wildcard(form[2]) and any(_leaves(item) for item in walk(form[3]))
        for body in _bodies(wildcard.place.module)
        for form in walk(body)
    )


def _bodies(module: Module, word: bytes = b"raise") -> Iterator[list[Form]]:
    facts = module.facts
    for number in range(len(facts.functions)):
        if facts.body_mentions(number, b'"*"') and facts.body_mentions(number, b'"' + word + b'"'):
            yield facts.body(number)


def _asks_for_wildcard(test: Form) -> set[str]:
    found: set[str] = set()
    for form in walk(test):
        if form[0] == "compare" and any(item[0] == "const" and item[2] == "*" for item in walk([form[2], *form[4]])):
            found.update(form[3])
    return found


def _leaves(form: Form) -> bool:
    return form[0] in ("raise", "return")


def _assigns(form: Form, names: set[str]) -> bool:
    targets = form[2] if form[0] == "assign" else [form[2]] if form[0] == "annassign" else []
    return any(target[0] == "name" and target[2] in names for target in targets)


def written(option: Option, wildcard: Wildcard, what: str = "origins") -> Iterator[Evidence]:
    """The place where a star is written, when that is not within the option."""
    place = wildcard.place
    if place is None or option.contains(place.location):
        return
    name = wildcard.setting
    said = f"what `{name}` is when nothing is configured" if name else f"among the {what}"
    yield Evidence(place.location, f'`"*"` is {said}')


def used(configuration: Configuration, option: Option) -> Iterator[Evidence]:
    """The place where the middleware is given an option that is written somewhere else."""
    call = configuration.call.location
    inside = call.path == option.location.path and call.span.line <= option.location.span.line <= call.span.end_line
    if not inside:
        yield Evidence(call, "the middleware gets it here")
