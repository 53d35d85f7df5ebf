"""Settings that code reads from an object which nobody here can follow: `config.get_list("origins", default=["*"])`."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import (
    Arguments,
    Collection,
    Const,
    Environment,
    External,
    Mapping,
    Place,
    Unknown,
    Value,
    string,
)

_READS = re.compile(r"^(get|read|load|fetch)(_|$)|^(str|int|bool|list|json)$")
_KEEPERS = re.compile(r"(^|_)(config|configuration|settings|conf|cfg|env|environ)$", re.I)


def with_default(form: Form, made: Value, given: Arguments, place: Place) -> Value:
    """What a call gives; where that is unknown and it reads a setting, the setting with the default it was given.

    A second argument by position is a default only where it is a list or dictionary: `get("section", "option")` is
    how configparser is asked (https://docs.python.org/3/library/configparser.html).
    """
    parsed = isinstance(made, External) and made.name.startswith("configparser.")
    if not (parsed or isinstance(made, Unknown)) or form[2][0] != "attr" or not _READS.search(form[2][3]):
        return made
    keeper = form[2][2]
    if not parsed and (keeper[0] not in ("name", "attr") or not _KEEPERS.search(str(keeper[-1]))):
        return made
    default = given.keywords.get("default", given.keywords.get("fallback"))
    if default is None and len(given.positional) == 2 and isinstance(given.positional[1], Collection | Mapping):
        default = given.positional[1]
    if parsed and not (isinstance(default, Const) and default.value in (None, "")):
        return made
    names = [text for item in given.positional if (text := string(item)) is not None]
    return made if default is None or not names else Environment(".".join(names), default, place)
