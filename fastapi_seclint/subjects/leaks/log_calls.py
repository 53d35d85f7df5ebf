"""What log calls and prints write: the expressions that end up in the text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.secrets.names import word_set

_PLAIN = word_set("debug info warning warn error exception critical fatal log trace success notice")
LEVELS = frozenset({*_PLAIN, *(f"a{level}" for level in _PLAIN)})
"""How log calls are called; those of structlog that are waited for begin with an `a`."""
PRINTS = word_set("print pprint pp rprint")
"""How what prints is called."""
_STANDARD = word_set("debug info warning error critical exception")
"""Methods of Python's loggers: docs.python.org/3/library/logging.html#logging.Logger.debug."""
_SHOWING = word_set("parser st streamlit messages console result response validator")
"""What has methods of these names and shows people their text, or keeps it."""
_BINDS = frozenset({"bind", "bind_contextvars", "contextualize"})
"""How loguru and structlog are given what every following entry says."""
_STREAMS = frozenset({"stdout", "stderr"})
_KEEPING = word_set("str repr format dict dumps list tuple pformat ascii")
_SET_UP = word_set("level file dir path handler format formatter config name")
"""What a logger has rather than writes: `logger.log_file(...)`."""
_COLOURS = word_set("hl highlight color colour colored coloured style bold underline red green cyan")


def is_log_call(form: Form) -> bool:
    """Whether a call writes a log entry, by how such calls are written: `logger.info(...)`, `logging.error(...)`."""
    if form[0] != "call" or form[2][0] != "attr" or not _is_written_by(form[2][3]):
        return False
    if form[2][3] == "bind_contextvars":
        return True
    owner = form[2][2]
    while owner[0] == "call" and owner[2][0] == "attr":
        owner = owner[2][2]
    name = name_of(owner) if owner[0] != "call" else name_of(owner[2])
    if set(words_of(name)) & {"log", "logger", "logging", "loguru", "slog", "structlog"}:
        return True
    return owner[0] in ("name", "attr") and _is_message(form) and name not in _SHOWING


def _is_message(call: Form) -> bool:
    """Whether a call gives a text to a method that loggers of any name have: `journal.warning("no such %s", name)`."""
    said = call[3][:1]
    return (
        call[2][3] in _STANDARD
        and bool(said)
        and (said[0][0] == "fstr" or (said[0][0] == "const" and isinstance(said[0][2], str)))
    )


@lru_cache(maxsize=16_384)
def _is_written_by(method: str) -> bool:
    """Whether a method of a logger writes an entry, as those of own loggers do by their names: `log_error(...)`."""
    if method in LEVELS or method in _BINDS:
        return True
    words = words_of(method)
    return len(words) > 1 and (words[-1] in _PLAIN or (words[0] == "log" and words[-1] not in _SET_UP))


def is_print(form: Form) -> bool:
    """Whether a call prints, or writes to the output of the process."""
    if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "write":
        return form[2][2][0] in ("name", "attr") and form[2][2][-1] in _STREAMS
    return form[0] == "call" and form[2][0] == "name" and form[2][2] in PRINTS and all(map(_is_output, form[4]))


def _is_output(keyword: Form) -> bool:
    """Whether a keyword of `print` leaves what is printed in the output or a log: `file=out` puts it in a file."""
    name, value = keyword[0], keyword[1]
    told = name_of(value)
    return name != "file" or value[0] == "const" or told in _STREAMS or bool({"log", "logs"} & set(words_of(told)))


def written(form: Form) -> Iterator[Form]:
    """The expressions whose text is in what a call writes; calls that could mask something hide theirs."""
    match form:
        case ["call", _, function, positional, keywords] if is_log_call(form) or is_print(form):
            for value in [*positional, *(value for keyword, value, _ in keywords if keyword != "exc_info")]:
                yield from pieces(value)
            if function[0] == "attr" and function[2][0] == "call" and name_of(function[2][2]) in ("bind", "opt"):
                for _, value, _ in function[2][4]:
                    yield from pieces(value)


def _same_text(form: Form, name: Form) -> bool:
    """Whether an expression is a name of a loop, or its text: `key.decode().lower()`."""
    while form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("decode", "lower", "title", "strip"):
        form = form[2][2]
    return bool(form[0] == "name" and form[2:] == name[2:])


def _shows_values(text: Form, target: Form, through: Form) -> bool:
    """Whether a text for each item shows the value of a dictionary: `f"{k}={v}" for k, v in given.items()`.

    What goes through a dictionary as it is gets its keys only.
    """
    shown = target[2][-1] if target[0] == "tuple" else target
    if target[0] != "tuple" and _gone_through(through) is through:
        return False
    return text[0] in ("fstr", "name") and shown[0] == "name" and any(part[2:] == shown[2:] for part in pieces(text))


def _gone_through(through: Form) -> Form:
    """The dictionary that its items are taken of: `given` of `given.items()`."""
    match through:
        case ["call", _, ["attr", _, _, "items" | "values"], [], []]:
            inner: Form = through[2][2]  # the very form, which is looked for where it is masked
            return inner
    return through


def pieces(form: Form) -> Iterator[Form]:
    """The expressions whose text is in the text of an expression."""
    match form:
        case ["fstr", _, parts]:
            for part in parts:
                if part[0] == "fmt":
                    yield from pieces(part[2])
        case ["binop", _, "+" | "%" | "|", left, right]:
            yield from pieces(left)
            yield from pieces(right)
        case ["call", _, ["name", _, "zip"], [_, values, *_], _]:  # names and what stands for them
            yield from pieces(values)
        case ["tuple" | "list" | "set", _, items]:
            for item in items:
                yield from pieces(item)
        case ["dict", _, pairs]:
            for _, value in pairs:
                yield from pieces(value)
        case ["ifexp", _, _, body, otherwise]:
            yield from pieces(body)
            yield from pieces(otherwise)
        case ["bool", _, operator, values]:
            for value in values[-1:] if operator == "and" else values:
                yield from pieces(value)
        case [
            "call", _, ["name", _, "list" | "tuple" | "set" | "sorted"] | ["attr", _, ["const", *_], "join"],
            [["attr", _, _, "arguments" | "headers" | "cookies"]], _,
        ]:  # fmt: skip
            return  # the names of what is bound to a signature, or of what is sent
        case ["call", _, ["attr", _, ["const", *_], "format" | "join"], positional, keywords]:
            for value in [*positional, *(value for _, value, _ in keywords)]:
                yield from pieces(value)
        case ["call", _, function, [inner, *_], _] if name_of(function) in _KEEPING and function[0] != "attr":
            yield from pieces(inner)
        case ["call", _, ["attr", _, ["name", _, "json"], "dumps"], [inner, *_], _]:
            yield from pieces(inner)
        case ["comp", _, "dict", key, value, [[["tuple", *_, [one, other]], copied, []]]] if _same_text(
            key, one
        ) and _same_text(value, other):
            yield from pieces(copied)
        case ["comp", _, "list" | "generator" | "set", text, None, [[target, through, []]]] if _shows_values(
            text, target, through
        ):
            yield from pieces(_gone_through(through))
        case ["call", _, ["attr", _, ["attr", _, _, "headers" | "cookies"] as inner, "items" | "mutablecopy"], [], []]:
            yield inner
        case ["call", _, function, [["fstr", *_] as inner, *_], _] if _COLOURS & set(words_of(name_of(function))):
            yield from pieces(inner)
        case ["star", _, inner] | ["await", _, inner] | ["lambda", _, _, inner]:
            yield from pieces(inner)
        case _:
            yield form


def message(block: Block, form: Form) -> Form | None:
    """The text that a local name stands for, where it is put together from others and given to the name once."""
    scope = block.scope
    if form[0] != "name" or not isinstance(scope, FunctionScope):
        return None
    match list(scope.assignments(form[2])):
        case [["assign", _, [["name", *_]], text]] if text[0] in ("fstr", "binop") or _is_filled_in(text):
            return list(text)
    return None


def _is_filled_in(form: Form) -> bool:
    function = form[2]
    return form[0] == "call" and bool(function[0] == "attr" and function[2][0] == "const" and function[3] == "format")
