"""Moments and lengths of time as code writes them: `datetime.now(tz) + timedelta(...)`, `int(time.time()) + 3600`."""

from __future__ import annotations

from dataclasses import replace

from fastapi_seclint.program.values import External, Place, Value, can_be_none, options
from fastapi_seclint.subjects.payloads.known import Amount, Clock, Known, as_length, combine

UNITS = {
    "microseconds": 1e-6, "milliseconds": 1e-3, "seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0,
    "weeks": 604800.0, "months": 2_592_000.0, "years": 31_536_000.0,
}  # fmt: skip
_TIMEDELTA_ORDER = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
_LENGTHS = frozenset(
    {"datetime.timedelta", "dateutil.relativedelta.relativedelta", "pendulum.duration", "pendulum.Duration"}
)
_NOW: dict[str, Clock] = {
    "time.time": "unix",
    "datetime.datetime.utcnow": "naive utc",
    "datetime.datetime.today": "naive local",
    "arrow.utcnow": "aware",
    "arrow.now": "aware",
    "pendulum.now": "aware",
    "django.utils.timezone.now": "aware",
}


def length_call(name: str, given: dict[str, Known], positional: list[Known], place: Place) -> Known | None:
    """What `timedelta(...)` and its like are; None for other calls."""
    if name not in _LENGTHS:
        return None
    total: Known | None = None
    for unit, known in (*zip(_TIMEDELTA_ORDER, positional, strict=False), *given.items()):
        part = as_length(known, UNITS.get(unit, 0.0), place)
        total = part if total is None else combine("+", total, part, place)
    if total is None:
        return Known(amounts=(Amount(0.0, "length", place=place),), present=True)
    return replace(total, present=True)


def now_call(name: str, zone: Known | None, place: Place) -> Known | None:
    """What a call that tells the time is; None for other calls. `zone` is the time zone it is given."""
    clock = _NOW.get(name)
    if name == "datetime.datetime.now":
        absent = zone is None or (zone.present is False)
        clock = "naive local" if absent else "aware"
    if clock is None:
        return None
    return Known(amounts=(Amount(0.0, "moment", clock, clock_at=place),), present=True)


def from_unix(name: str, moment: Known, zone: Known | None, place: Place) -> Known | None:
    """`datetime.fromtimestamp(seconds, tz)` and `utcfromtimestamp(seconds)`; None for other calls."""
    if name == "datetime.datetime.fromtimestamp":
        clock: Clock = "aware" if zone is not None and zone.present is not False else "naive local"
    elif name == "datetime.datetime.utcfromtimestamp":
        clock = "naive utc"
    else:
        return None
    amounts = tuple(replace(item, clock=clock, clock_at=place) for item in moment.amounts if item.clock == "unix")
    return Known(amounts=amounts, present=True, complete=moment.complete)


_STAMPED: dict[Clock, Clock] = {
    "aware": "unix", "naive local": "unix", "naive utc": "shifted unix", "mislabelled": "shifted unix",
    "unix": "unix", "shifted unix": "shifted unix",
}  # fmt: skip
"""`.timestamp()` reads a naive moment as local time."""
_COUNTED: dict[Clock, Clock] = {
    "aware": "unix", "naive local": "shifted unix", "naive utc": "unix", "mislabelled": "shifted unix",
}  # fmt: skip
"""`calendar.timegm` reads a naive moment as UTC."""


def method(name: str, moment: Known, zone: Value | None, has_zone: bool) -> Known | None:
    """What a method of a moment or length gives; None when it is no method that keeps the moment."""
    kept: list[Amount] = []
    for amount in moment.amounts:
        if amount.kind == "length" and name == "total_seconds":
            kept.append(replace(amount, kind="number"))
        elif amount.kind == "moment":
            clock = _clock_after(name, amount.clock, zone, has_zone)
            if clock is not None:
                kept.append(replace(amount, clock=clock))
    if not kept:
        return None
    return replace(moment, amounts=tuple(kept), present=True)


def _clock_after(name: str, clock: Clock, zone: Value | None, has_zone: bool) -> Clock | None:
    if name in ("timestamp", "float_timestamp", "int_timestamp"):
        return _STAMPED.get(clock, "")
    if name == "astimezone":
        return "aware" if clock in ("aware", "naive local") else "mislabelled" if clock else ""
    if name == "replace":
        if not has_zone:
            return clock
        removed = can_be_none(zone)
        return _without_zone(clock) if removed else _with_zone(clock, zone)
    if name in ("utctimetuple", "timetuple"):
        return clock
    return None


def _without_zone(clock: Clock) -> Clock:
    return "naive utc" if clock == "aware" else "naive local" if clock == "mislabelled" else clock


def _with_zone(clock: Clock, zone: Value | None) -> Clock:
    """`naive.replace(tzinfo=utc)` labels a local time as UTC."""
    utc = any(isinstance(option, External) and option.name in UTC for option in options(zone))
    if clock == "naive utc":
        return "aware" if utc else ""
    return "mislabelled" if clock == "naive local" and utc else "" if clock != "aware" else "aware"


UTC = frozenset(
    {"datetime.timezone.utc", "datetime.UTC", "pytz.utc", "pytz.UTC", "dateutil.tz.UTC", "dateutil.tz.tzutc()"}
)
"""Names of the time zone UTC."""


def counted(moment: Known, *, local: bool = False) -> Known:
    """`calendar.timegm(moment.utctimetuple())`; `time.mktime(...)`, which is `local`, reads a time as local time."""
    clocks = _STAMPED if local else _COUNTED
    kept = tuple(replace(item, clock=clocks.get(item.clock, "")) for item in moment.amounts if item.kind == "moment")
    return replace(moment, amounts=kept, present=True)
