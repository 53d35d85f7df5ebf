"""What a text in the code is called: by its target, its keyword, the function that gives it back."""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi_seclint.facts.forms import Form


@lru_cache(maxsize=16_384)
def returned_name(function: str) -> str:
    """What a function of this name returns: `secret_key` of `get_secret_key`."""
    return re.sub(r"^_*(?:get|load|fetch|read|make)_", "", function)


def name_of(form: Form) -> str:
    """The name by which an expression is known: variable, attribute, string key, or what `.get("key")` reads."""
    if form[0] in ("name", "attr"):
        return str(form[-1])
    match form:
        case ["sub", _, _, ["const" | "bytes", _, str() as name]]:
            return name
        case ["call", _, ["attr", _, _, "get"], [["const" | "bytes", _, str() as name], *_], _]:
            return name
        case ["call", _, ["name", _, "getattr"], [_, ["const", _, str() as name], *_], _]:
            return name
        case ["call", _, ["attr", _, inner, "get_secret_value" | "strip" | "encode" | "lower" | "decode"], _, _]:
            return name_of(inner)
        case ["call", _, called, _, _]:
            return name_of(called) if called[0] in ("name", "attr") else ""
    return ""
