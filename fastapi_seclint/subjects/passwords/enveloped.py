"""What helpers wrap into an answer: `success(user)` gives `{"data": user}`, and `Answer(data=user)` sends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from fastapi_seclint.facts.forms import Form, last_name, named_arguments, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Function, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.passwords.dumping import DUMPS, SAME, written_above
from fastapi_seclint.subjects.passwords.left_out import leaves_out

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.fields import Givers

_DEPTH = 3


def enveloped(program: Program, block: Block, call: Form, depth: int = _DEPTH) -> Iterator[Form]:
    """The arguments of a call that a function or response class of the project puts into what it gives back."""
    if depth and _sends_itself(program, block, call):
        yield from _contents(call)
    for function, bound in _wrapping(program, block, call) if depth else ():
        names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        given = dict(named_arguments(call, names))
        held = set(_held(program, function, depth)) if given else set()
        yield from (given[name] for name in names if name in held and name in given)


def unwrapped(program: Program, givers: Givers, block: Block, form: Form) -> Form:
    """What has the password in it of all that a call wraps; the expression itself where it wraps none."""
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] in DUMPS and form[2][2][0] == "call":
        inner = unwrapped(program, givers, block, form[2][2])
        return form if inner is form[2][2] else inner
    for inner in (*enveloped(program, block, form), *givers.left_open(block, form)) if form[0] == "call" else ():
        if givers.shown(block, inner) is not None:
            return unwrapped(program, givers, block, inner)
    return form


def given_to_open_fields(program: Program, block: Block, form: Form, cls: Class, shown: Form | None) -> Iterator[Form]:
    """What an answer gives, by its name, to fields of its model that let anything through.

    Those are `data: Any`, and `data: T` where the route names its model `Page[Any]`; `shown` is how it does.
    """
    names = set(_open_fields(program, cls, shown))
    if not names:
        return
    match form:
        case ["dict", _, pairs]:
            yield from (value for key, value in pairs if key is not None and key[0] == "const" and key[2] in names)
        case ["call", _, _, positional, keywords]:
            yield from (value for keyword, value, _ in keywords if keyword in names)
            for function, bound in called(program, block, form):
                own = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
                yield from (value for name, value in zip(own, positional, strict=False) if name in names)


def _open_fields(program: Program, cls: Class, shown: Form | None) -> Iterator[str]:
    told = [last_name(form) for form in walk(shown[3]) if form[0] in ("name", "attr")] if _is_told(shown) else ["Any"]
    narrowed: set[str] = set()  # a field of a base that a class nearer by has, too
    for base in cls.lineage():
        own = [field for field in base.fields if field[0] not in narrowed] if isinstance(base, Class) else []
        narrowed.update(name for name, _, _ in own)
        for name, annotation, _ in own:
            named = [form for form in walk(annotation) if form[0] in ("name", "attr")]
            if any(last_name(form) == "Any" or ("Any" in told and _is_variable(program, base, form)) for form in named):
                yield name


def _is_told(shown: Form | None) -> TypeGuard[Form]:
    return shown is not None and shown[0] == "sub"


def _is_variable(program: Program, cls: Class | Value, form: Form) -> bool:
    named = options(program.interpreter.ask(form, cls.scope)) if isinstance(cls, Class) else ()
    return any(isinstance(option, External) and option.name.startswith("typing.TypeVar") for option in named)


def _wrapping(program: Program, block: Block, call: Form) -> Iterator[tuple[Function, bool]]:
    """The functions that a call reaches, `__init__` of a response among them; whether the first parameter is bound."""
    if call[2][0] not in ("name", "attr"):
        return
    for option in options(ask(program, block, call[2])):
        if isinstance(option, Class) and any(base.endswith("Response") for base in option.external_bases()):
            start = option.namespace.get("__init__")
            if isinstance(start, Function) and start.number >= 0:
                yield start, True
    yield from called(program, block, call)


def _sends_itself(program: Program, block: Block, call: Form) -> bool:
    """Whether a call makes a response of the project's own that is made as the library's, with its content first."""
    for option in options(ask(program, block, call[2])) if call[2][0] in ("name", "attr") else ():
        if isinstance(option, Class) and any(base.endswith("Response") for base in option.external_bases()):
            return not any(isinstance(base, Class) and "__init__" in base.namespace for base in option.lineage())
    return False


def _held(program: Program, function: Function, depth: int) -> Iterator[str]:
    """The parameters that stand, under a key or in a list, in what a function gives back or a response sends."""
    body = body_of(program, function)
    if body is None or leaves_out(body):
        return
    given = [form[2] for form in body.forms.of("return") if form[2] is not None]
    if function.name == "__init__":
        starts = [form for form in body.forms.of("call") if last_name(form[2]) == "__init__"]
        given = [content for form in starts for content in _contents(form)]
    own = {parameter[0] for parameter in function.parameters}
    for value in given:
        if value[0] != "name" or function.name == "__init__":  # what is given back itself is no envelope
            yield from (name for name in _names(program, body, value, depth) if name in own)


def _contents(call: Form) -> list[Form]:
    return [*call[3][:1], *(value for keyword, value, _ in call[4] if keyword == "content")]


def _names(program: Program, block: Block, form: Form, depth: int) -> Iterator[str]:
    if form[0] == "name":
        above = written_above(block, form)
        if above is form:
            yield str(form[2])
        else:
            yield from _names(program, block, above, depth)
    elif form[0] == "dict":
        for _, value in form[2]:
            yield from _names(program, block, value, depth)
    elif form[0] in ("list", "tuple"):
        for item in form[2]:
            yield from _names(program, block, item, depth)
    elif form[0] == "call":
        plain = last_name(form[2])
        inner = form[3][:1] if plain in SAME else _contents(form) if plain.endswith("Response") else []
        for item in inner or (*enveloped(program, block, form, depth - 1), *_filling(program, block, form)):
            yield from _names(program, block, item, depth)


def _filling(program: Program, block: Block, call: Form) -> Iterator[Form]:
    """What a call that makes a model gives to fields that let anything through: `Answer(data=data)`."""
    for option in options(ask(program, block, call[2])) if call[2][0] in ("name", "attr") else ():
        if isinstance(option, Class):
            yield from given_to_open_fields(program, block, call, option, None)
