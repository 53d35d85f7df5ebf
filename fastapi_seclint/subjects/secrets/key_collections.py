"""Whether a collection is one of valid keys: read from settings that are named so, or written in code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Collection, Const, Environment, Mapping, Text, Value, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.sources import sources
from fastapi_seclint.subjects.secrets.names import Reach, plausible, word_set
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEYS = word_set("key keys apikey apikeys tokens secrets")


def configured_keys(words: Vocabulary, value: Value) -> bool:
    """Whether a value is read from settings that are named as keys, or a collection of such."""
    for option in options(value):
        found = option.items if isinstance(option, Collection) else [option]
        if isinstance(option, Mapping):
            found = [item for pair in option.items for item in pair]
        known = [one for item in found for one in options(item)]
        known += [part for one in known if isinstance(one, Text) for part in one.parts if not isinstance(part, str)]
        read = [one for one in known if isinstance(one, Environment)]
        names = [item.name for item in read if not item.name.startswith("parameter ")]
        if any(words.kind(name) or _KEYS & set(words_of(name)) for name in names):
            return True
    return False


def made_of_keys(program: Program, words: Vocabulary, block: Block, form: Form) -> bool:
    """Whether a collection of any name is made of configured keys, elsewhere perhaps: `tuple(allowed)` in a factory."""
    return any(configured_keys(words, ask(program, where, one)) for where, one in sources(program, block, form))


def fills(block: Block, key: Form, mapping: Form) -> bool:
    """Whether a block puts under a key what it has not found there, `tokens[key] = ...`: answers are kept in it."""
    return any(
        target[0] == "sub" and spelled(target[2]) == spelled(mapping) and spelled(target[3]) == spelled(key)
        for form in block.forms.of("assign")
        for target in form[2]
    )


def are_read(value: Value) -> bool:
    """Whether each entry of a collection is read from the environment."""
    for option in options(value):
        found = [held for _, held in option.items] if isinstance(option, Mapping) else []
        found = list(option.items) if isinstance(option, Collection) else found
        if not found or not all(isinstance(one, Environment) for item in found for one in options(item)):
            return False
    return True


def mapped(iterable: Form) -> Form:
    """The mapping that a loop goes through: `KEYS` of `KEYS.items()`."""
    match iterable:
        case ["call", _, ["attr", _, owner, "items" | "values"], [], []]:
            found: Form = owner
            return found
    return iterable


def names_of_fields(value: Value) -> bool:
    """Whether a collection holds names of fields rather than keys."""
    known = [
        item.value
        for option in options(value)
        for item in (option.items if isinstance(option, Collection) else [])
        if isinstance(item, Const) and isinstance(item.value, str)
    ]
    mapped = any(isinstance(option, Mapping) for option in options(value))
    return bool(known) and not mapped and not any(plausible(text, "API key", "", Reach.COMPARED) for text in known)
