"""Calls and fields that only note who did something."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name

ATTRIBUTION = re.compile(
    r"(^|_)(updated|modified|edited|changed|deleted|reviewed|approved|rejected|accepted|resolved|closed|processed|handled|decided"
    r"|cancell?ed|revoked|performed|last|acted)_by(_id)?$|^actor"
    r"|(^|_)action_(user|by)(_id)?$"
)
"""Fields that say who touched an object last."""
_LOGS = re.compile(r"^(log|logger|logging|_logger|print|info|debug|warning|error|exception|audit\w*|capture\w*)$")


def is_attribution(field: str) -> bool:
    """Whether a field notes who did something to an object last."""
    return ATTRIBUTION.search(field) is not None


def logs(call: Form) -> bool:
    """Whether a call writes a log, by its name or by the name of what it is called on."""
    return _LOGS.match(last_name(call[2])) is not None or _is_logger(call[2])


def _is_logger(form: Form) -> bool:
    return form[0] == "attr" and form[2][0] in ("name", "attr") and _LOGS.match(str(form[2][-1])) is not None
