"""What the rule about cookies asks: which calls set one, whether it is a token or session, how its flags stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.edits import Edit, ReplaceExpression, SetDictItem, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import (
    Const,
    Environment,
    External,
    Mapping,
    Place,
    Unknown,
    Value,
    options,
    settled,
)
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.items import Item, items, put_later
from fastapi_seclint.subjects.code.origins import Origin, ask, blocks_of, origins
from fastapi_seclint.subjects.code.told import by_others
from fastapi_seclint.subjects.cookies.sessions import POSITIONS, names_secret, words
from fastapi_seclint.subjects.cookies.wrapped import handed_on, is_made, of_objects, set_by_methods, without_rest
from fastapi_seclint.subjects.secrets.refusals import refuses_unset

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

State = Literal["missing", "off", "by default"]

_SURROUNDINGS = frozenset(
    {"prod", "production", "live", "dev", "development", "develop", "local", "localhost", "debug", "env",
     "environment", "test", "testing", "tests", "staging", "stage", "deployed"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that is not as it should be, and the place that says so, where there is one.

    `edit` mends it, where that is possible; `told` says that whoever made the object which sets the cookie, or its
    class, switched it off there.
    """

    name: str
    state: State
    place: Location | None = None
    setting: str = ""
    edit: Edit | None = None
    told: bool = False

    @property
    def code(self) -> str:
        """What the flag should be."""
        return wanted(self.name)


def wanted(name: str) -> str:
    """What a flag should be, as code."""
    return '"lax"' if name == "samesite" else "True"


def setters(program: Program) -> Iterator[Call]:
    """The calls of `set_cookie` on a response."""
    for block in program.sites.blocks(frozenset({"set_cookie"})):
        for form in (*block.forms.of("call"), *_partial_calls(block)):
            if form[2][0] == "attr" and form[2][3] == "set_cookie" and not _takes_response(form):
                form = without_rest(program, block, form)
                call = Call(block, form, "set_cookie", program.interpreter)
                if all(map(_is_of_response, options(call.ask(form[2])))):
                    yield from handed_on(program, block, form) or of_objects(program, block, form) or (call,)


def _partial_calls(block: Block) -> Iterator[Form]:
    """The calls of `put = partial(response.set_cookie, secure=True)`, with the arguments that were given before."""
    for form in block.forms.of("assign") if "partial" in block.module.facts.words else ():
        match form:
            case ["assign", _, [["name", _, name]], ["call", _, made, [["attr", *_] as method, *given], keywords]]:
                if made[-1] != "partial":
                    continue
                for call in block.forms.of("call"):
                    if call[2][0] == "name" and call[2][2] == name:
                        own = {keyword for keyword, _, _ in call[4]}
                        before = [item for item in keywords if item[0] not in own]
                        yield ["call", call[1], method, [*given, *call[3]], [*call[4], *before]]


def _takes_response(call: Form) -> bool:
    """Whether it is a method of something else, which is given the response: `manager.set_cookie(response, token)`."""
    given = call[3][0] if call[3] else ["const", 0, None]
    return given[0] == "name" and given[2] in ("response", "resp", "res") and not call[4]


def _is_of_response(method: Value) -> bool:
    if isinstance(method, External):
        return method.name.startswith(("starlette.", "fastapi."))
    return isinstance(method, Unknown)


def flag(program: Program, call: Call, name: str) -> Flag | None:
    """How a flag is not as it should be; None when it is, or when that is not known."""
    given = call.argument(name, POSITIONS.index(name))
    path, span = call.block.module.path, call.location.span
    if given is not None:
        found = flag_of(program, call.block, name, given.form, call.block.location(given.at))
        if given.keyword is None:
            return _mended(found, ReplaceExpression(path, given.span, wanted(name)))
        return _mended(found, SetKeyword(path, span, name, wanted(name)))
    if any(form[0] == "star" for form in call.whole[3]):
        return None
    known = True
    for spread in call.spread:
        if any(_flag_of_item(program, item) is None for item in put_later(program, call.block, spread, name)):
            return None
        for item in items(program, call.block, spread, name):
            return _mended(_flag_of_item(program, item), _edit_of_item(item))
        if not is_made(call) and set_by_methods(call.block, spread, name):
            return None
        for value in options(call.ask(spread)):
            if isinstance(value, Mapping) and _is_of_another(value):
                known = False
                continue
            held = value.get(name) if isinstance(value, Mapping) else None
            if held is not None:
                place: Place | None = getattr(held, "place", None)
                state = _of_value(name, held)
                return state and Flag(name, state, place.location if place is not None else None)
            known = known and isinstance(value, Mapping) and not value.open
    edit = SetKeyword(path, span, name, wanted(name)) if not is_made(call) or not call.spread else None
    return Flag(name, "missing", edit=edit) if known and name != "samesite" else None


def _is_of_another(options_: Mapping) -> bool:
    """Whether options are those of a cookie that is no key to anything, beside others that a helper is given."""
    texts = [item.value for item in options(options_.get("key")) if isinstance(item, Const)]
    return bool(texts) and not any(names_secret(str(text)) for text in texts)


def _mended(found: Flag | None, edit: Edit | None) -> Flag | None:
    """The flag with its edit: where it is given, or, for a default, where that is written."""
    if found is None or (found.state == "by default" and found.edit is None):
        return found
    return found if found.edit is not None else replace(found, edit=edit)


def _flag_of_item(program: Program, item: Item) -> Flag | None:
    return flag_of(program, item.block, item.key, item.form, Location(item.block.module.path, item.span))


def _edit_of_item(item: Item) -> Edit | None:
    path, span = item.block.module.path, span_of(item.container[1])
    if item.shared:
        return None
    if item.container[0] == "dict":
        return SetDictItem(path, span, item.key, wanted(item.key))
    return SetKeyword(path, span, item.key, wanted(item.key)) if item.container[0] == "call" else None


def flag_of(program: Program, block: Block, name: str, form: Form, where: Location) -> Flag | None:
    """How the expression that is given for a flag leaves it off; None where it does not, or where that is not known."""
    if form[0] in ("ifexp", "bool"):
        return None
    possible = list(origins(program, block, form))
    if any(_follows_address(origin.form) for origin in possible):
        return None
    held = form[3] if form[0] == "unary" and form[2] == "not" else form
    for origin in (one for one in possible if by_others(block, held, one)):
        if _of_origin(program, name, origin)[0] == "off":
            place = origin.block.location(origin.form)
            should = wanted(name) if not origin.negated else "False"
            return Flag(name, "off", place, edit=ReplaceExpression(place.path, place.span, should), told=True)
    found = [_of_origin(program, name, origin) for origin in possible]
    if _about_surroundings(form) or not found or any(state is None for state, _ in found):
        return _switch(program, block, name, form, where)
    states = {state for state, _ in found}
    place = found[0][1] or where
    if states == {"off"}:
        return Flag(name, "off", place)
    setting = _setting(program, block, form)
    if setting and refuses_unset(program, setting):
        return None
    return Flag(name, "by default", place, setting, _edit_of_default(program, block, name, form))


def _edit_of_default(program: Program, block: Block, name: str, form: Form) -> Edit | None:
    """The default of a setting or parameter made what it should be, where it is written as a constant."""
    for known in settled(ask(program, block, form)):
        if not isinstance(known, Const) or known.place is None:
            continue
        where = known.place.location
        if isinstance(known.value, bool):
            return ReplaceExpression(where.path, where.span, str(not known.value))
        if name == "samesite":
            return ReplaceExpression(where.path, where.span, wanted(name))
    return None


def _of_origin(program: Program, name: str, origin: Origin) -> tuple[State | None, Location | None]:
    value = origin.value
    if value is None:
        value = Const(origin.form[2]) if origin.form[0] == "const" else ask(program, origin.block, origin.form)
    state = _of_value(name, value, negated=origin.negated)
    if state == "off" and origin.parameter is not None:
        state = "by default"
    return state, origin.block.location(origin.form) if origin.elsewhere else None


def _of_value(name: str, value: Value, *, negated: bool = False) -> State | None:
    if isinstance(value, Const):
        return "off" if _is_off(name, value.value, negated) else None
    if isinstance(value, Environment) and not words(value.name) & _SURROUNDINGS:
        known = [item for item in settled(value) if not _of_developers(item)]
        off = [isinstance(item, Const) and _is_off(name, item.value, negated) for item in known]
        return "by default" if off and all(off) else None
    return None


def _of_developers(value: Value) -> bool:
    """Whether a default is one for developers by its own condition: `False if ENVIRONMENT == "local" else True`."""
    return isinstance(value, Const) and value.place is not None and only_in_development(value.place)


_DISPLAYS = ("tuple", "list", "set")


def _is_off(name: str, value: object, negated: bool) -> bool:
    if name == "samesite":
        return not negated and (value is None or str(value).lower() == "none")
    return bool(value) is negated


def _follows_address(form: Form) -> bool:
    """Whether a flag is on where the application is reached over https: `settings.base_url.startswith("https://")`."""
    return any(
        item[0] in ("call", "compare")
        and any(inner[0] == "const" and str(inner[2]).rstrip(":/").lower() == "https" for inner in walk([item]))
        for item in walk([form])
    )


def _about_surroundings(form: Form) -> bool:
    return any(
        isinstance(item[-1], str) and words(item[-1]) & _SURROUNDINGS
        for item in walk([form])
        if item[0] in ("name", "attr", "const")
    )


def _setting(program: Program, block: Block, form: Form) -> str:
    for option in options(ask(program, block, form)):
        if isinstance(option, Environment):
            return option.name.removeprefix("parameter ")
    return ""


def _switch(program: Program, block: Block, name: str, form: Form, where: Location) -> Flag | None:
    """A flag that compares an environment variable of its own, off by default: `os.getenv("SECURE", "0") == "1"`."""
    possible = list(options(ask(program, block, form)))
    known = [option for option in possible if isinstance(option, Const)]
    unknown = [option for option in possible if isinstance(option, Unknown)]
    if len(known) != 1 or not unknown or len(possible) > len(unknown) + 1 or not _is_off(name, known[0].value, False):
        return None
    place = known[0].place
    if place is None:
        return None
    for other in [block, *blocks_of(program, place.module)]:
        for item in other.forms.of("compare"):
            if item[1] == place.at:
                edit = _on_by_default(other, item)
                return None if _about_surroundings(item) else Flag(name, "by default", place.location, edit=edit)
    return None


def _on_by_default(block: Block, compare: Form) -> Edit | None:
    """The default of an environment variable turned into the text that switches the flag on."""
    _, _, left, operators, [right] = compare if len(compare[4]) == 1 else [*compare[:4], [None]]
    items = [right] if operators == ["=="] else right[2] if operators == ["in"] and right[0] in _DISPLAYS else []
    text = next((item[2] for item in items if item[0] == "const" and isinstance(item[2], str)), "")
    reads = [
        form[3][1]
        for form in walk([left])
        if form[0] == "call" and form[2][-1] in ("getenv", "get") and len(form[3]) == 2 and form[3][1][0] == "const"
    ]
    if not text.isalnum() or len(reads) != 1 or not isinstance(reads[0][2], str):
        return None
    return ReplaceExpression(block.module.path, span_of(reads[0][1]), f'"{text}"')
