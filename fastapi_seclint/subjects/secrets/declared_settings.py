"""Settings that are declared with a name and a default: dynaconf, oslo.config and its like, options of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.modules import Module
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.reads import Read
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

_COMMANDS = ("Option", "Argument", "option", "argument")
_OPTIONS = re.compile(r"^(\w*Opt|add_argument|define|(Config|Setting|Env)(Option|Var|Item|Entry)?)$")
"""`cfg.StrOpt("name", default=...)` of oslo.config, `parser.add_argument("--name", ...)`, `define("name", ...)`."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared secret: its name and kind, the read that it stands for, its default.

    `named_around` tells that what it is assigned to is the place to mend, and not the declaration.
    """

    name: str
    kind: str
    read: Read
    default: Form
    named_around: bool = False


def declared(words: Vocabulary, form: Form, name: str, module: Module) -> Iterator[Declared]:
    """The secret that a call declares with a default; `name` is what the call is assigned to."""
    called = name_of(form[2])
    default = next((value for keyword, value, _ in form[4] if keyword == "default"), None)
    if called in _COMMANDS:
        yield from _command(words, form, name, default)
    elif default is not None and called == "Validator" and "dynaconf" in module.facts.words:
        yield from (item for key in form[3] for item in _option(words, form, key, default))
    elif default is not None and default[0] == "const" and _OPTIONS.match(called):
        keys = [*form[3], *(value for keyword, value, _ in form[4] if keyword == "name")]
        yield from [item for key in keys for item in _option(words, form, key, default)][:1]


def _option(words: Vocabulary, form: Form, key: Form, default: Form) -> Iterator[Declared]:
    text = key[2] if key[0] == "const" and isinstance(key[2], str) else ""
    name = text.rpartition(".")[2].lstrip("-").replace("-", "_")
    if kind := words.kind(name):
        yield Declared(name, kind, Read(form, key, default, "default"), default)


def _command(words: Vocabulary, form: Form, name: str, default: Form | None) -> Iterator[Declared]:
    """An option of a command that a variable fills: `typer.Option("text", envvar="KEY")`, click's as well."""
    given = {keyword: value for keyword, value, _ in form[4]}
    if "envvar" not in given:
        return
    positional = form[3][0] if form[3] and name_of(form[2])[:1].isupper() else None
    default, key = default or positional, given["envvar"]
    kind = words.kind(name) or (words.kind(str(key[2])) if key[0] == "const" else "")
    if kind and default is not None and default[0] == "const":
        read = Read(form, key, default, "default" if "default" in given else None)
        yield Declared(str(key[2]) if key[0] == "const" else name, kind, read, default, positional is not None)
