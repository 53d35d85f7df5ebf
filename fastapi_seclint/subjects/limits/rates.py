"""How many calls a limit of slowapi lets through: `"1000/minute"`, `"5 per second"`, `"10/minute;200/hour"`."""

from __future__ import annotations

import re

from fastapi_seclint.program.values import Collection, Const, Value, settled

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "month": 2_592_000, "year": 31_104_000}
_RATE = re.compile(r"^\s*(\d+)\s*(?:/|per)\s*([1-9]\d*)?\s*(second|minute|hour|day|month|year)s?\s*$", re.I)
"""One limit, as limits reads them (https://limits.readthedocs.io/en/stable/quickstart.html#rate-limit-string-notation)."""
MOST_GUESSES = 100
"""Who may try this many passwords a minute is not held up by it: 144,000 a day."""


def per_minute(text: str) -> float | None:
    """How often something may be called in a minute on average by the tightest of several limits; None when unread."""
    found = [_RATE.match(part) for part in re.split(r"[;,|]", text)]
    if not found or any(match is None for match in found):
        return None
    rates = (int(match[1]) / (int(match[2] or 1) * _SECONDS[match[3].lower()]) for match in found if match is not None)
    return min(rates) * 60


def lets_guess(limits: Value) -> str:
    """The limit among these which is the tightest, where even that lets an attacker guess; else an empty string."""
    told: list[str] = []
    for known in settled(limits):
        for item in known.items if isinstance(known, Collection) and not known.open else [known]:
            for each in settled(item):
                if not isinstance(each, Const) or not isinstance(each.value, str):
                    return ""
                told.append(each.value)
    rates = [per_minute(text) for text in told]
    if not rates or any(rate is None or rate <= MOST_GUESSES for rate in rates):
        return ""
    return min(told, key=lambda text: per_minute(text) or 0)
