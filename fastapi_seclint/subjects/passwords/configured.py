"""Passwords that whoever runs the program sets, one for all callers: no database holds them."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.attributes import SETTINGS_BASES
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.configured_lists import is_configured_item

_CONFIGURED = re.compile(r"(^|\.)(settings|config|conf|cfg|env|environ|secrets)(\.|$)", re.I)
_ENVIRONMENT = frozenset({"env", "environ", "dotenv"})


def is_configured(block: Block, form: Form, owner: Form) -> bool:
    """Whether what is read off `owner` is configuration by its name, by its key or by the class that it is part of.

    Keys in capitals are those of environments, `VALUES["PASSWORD"]`; objects with traits fill themselves from
    configuration files (traitlets, `Configurable`), as those of settings do.
    """
    text = spelled(owner)
    if _CONFIGURED.search(text) or _ENVIRONMENT & set(words_of(text.rpartition(".")[2])):
        return True
    if owner[0] == "name" and any(_is_allowed(loop, owner[2]) for loop in block.forms.of("for")):
        return True
    if is_configured_item(block, owner):
        return True
    match form:
        case ["sub", _, _, ["const", _, str() as key]]:
            return key.isupper()
        case ["call", _, ["attr", _, _, "get"], [["const", _, str() as key], *_], _]:
            return key.isupper()
        case ["attr", _, ["name", _, "self"], _] if block.function is not None and block.function.owner is not None:
            bases = block.function.owner.external_bases()
            return any(base in SETTINGS_BASES or base.startswith("traitlets.") for base in bases)
    return False


_ALLOWED = (["allowed"], ["configured"], ["permitted"], ["accepted"])


def _is_allowed(loop: Form, name: str) -> bool:
    """Whether a loop gives a name one of a few that the configuration lets in: `for known in allowed_credentials`."""
    target, iterable = loop[2], loop[3]
    named = iterable[0] in ("name", "attr") and words_of(str(iterable[-1]))[:1] in _ALLOWED
    return bool(named and target[0] == "name" and target[2] == name)
