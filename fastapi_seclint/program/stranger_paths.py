"""Regular expressions over the path of a request, as middleware writes them for the paths that it lets by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.kinds import EITHER, FALSE, TRUE, Kinds
from fastapi_seclint.program.values import External, string

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_CALLS = {
    "re.match": re.Pattern.match,
    "re.search": re.Pattern.search,
    "re.fullmatch": re.Pattern.fullmatch,
    "re.compile().match": re.Pattern.match,
    "re.compile().search": re.Pattern.search,
    "re.compile().fullmatch": re.Pattern.fullmatch,
}
_REPEATED_GROUP = re.compile(r"\)[+*{]")
_ENDLESS = re.compile(r"(?<!\\)[+*]|,\}")
_OF_DIGITS = re.compile(r"\\d|0-9|a-f", re.I)
_LONGEST, _MOST_ENDLESS = 300, 6


def path_matches(walk_: Walk, function: External, form: Form) -> Kinds | None:
    """Whether a pattern of the project matches the path on the way to a route; None when the call asks nothing such."""
    method = _CALLS.get(function.name)
    if method is None or not form[3] or "path" not in walk_.kinds(form[3][-1]):
        return None
    walk_.encounter.by_path = True
    path = walk_.stranger.path
    pattern = _pattern(walk_, function, form)
    if path is None or pattern is None:
        return EITHER
    if method(pattern, path) is not None:
        return TRUE
    return EITHER if "{" in path and _OF_DIGITS.search(pattern.pattern) else FALSE


def _pattern(walk_: Walk, function: External, form: Form) -> re.Pattern[str] | None:
    """The pattern, when it is known and cannot take long: no repeated groups, few endless repetitions."""
    if len(form[3]) == 2:
        text = string(walk_.value(form[3][0]))
    else:
        made = function.parent
        given = made.arguments.get("pattern", 0) if made is not None and made.arguments is not None else None
        text = string(given)
    if text is None or len(text) > _LONGEST or _REPEATED_GROUP.search(text):
        return None
    if len(_ENDLESS.findall(text)) > _MOST_ENDLESS:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None
