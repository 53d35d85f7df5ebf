"""How names are spelled: snake, camel and kebab case read as one, and foreign words as English ones."""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi_seclint.program.languages import english

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z0-9]+")


@lru_cache(maxsize=65_536)
def snake(name: str) -> str:
    """A name of any style in lower case with underscores: `CurrentUser` gives `current_user`."""
    return english(_CAMEL.sub("_", name).lower())


def words_of(name: str) -> list[str]:
    """The lower-case words of an identifier or header name in snake, kebab or camel case."""
    return list(_words_of(name))


@lru_cache(maxsize=65_536)
def _words_of(name: str) -> tuple[str, ...]:
    parts = (word.lower() for part in _SPLIT.split(name) for word in _CAMEL.split(part) if word)
    return tuple(word for word in english("_".join(parts)).split("_") if word)
