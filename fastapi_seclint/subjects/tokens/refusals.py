"""Whether code refuses: what it answers with, what it raises for a token that is none."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name, walk

_DENIALS = ("HTTPException", "JSONResponse", "PlainTextResponse", "Response", "HTMLResponse", "RedirectResponse")
_DENYING = re.compile(r"(^|_)(abort|deny|reject|refuse|forbid|unauthori[sz]ed|raise_|exit)", re.I)


def refuses(body: list[Form]) -> bool:
    """Whether statements refuse: they raise, give an error response, or call something that is named after refusing."""
    for form in walk(body):
        if form[0] == "raise":
            return True
        if form[0] == "return" and form[2] is not None and _is_denial(form[2]):
            return True
        if form[0] == "call" and form[2][0] in ("name", "attr") and _DENYING.search(str(form[2][-1])):
            return True
    return False


def _is_denial(form: Form) -> bool:
    calls = [form, *(form[2] if form[0] == "tuple" else [])]
    return any(item[0] == "call" and last_name(item[2]) in _DENIALS for item in calls)
