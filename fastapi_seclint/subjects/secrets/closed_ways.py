"""Ways in that stay shut where their secret is not set: `if key and compare_digest(sent, key): return developer`.

What is compared for one way in of several is no setting that the whole program needs, and a read that fails answers
everybody with an error, those who come another way among them.
"""

from __future__ import annotations

from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.secrets.fallbacks import Fallback

_TITLE = "keep this way in shut without the setting: drop the fallback"


def shut(item: Fallback) -> Fix | None:
    """The fix of a fallback that a function compares for one way in and nothing else; None for any other."""
    read, function = item.read, item.block.function
    if item.how != "read" or read is None or function is None or not read.environment or read.mapping:
        return None
    statements = [form for form in item.block.forms.of("assign") if form[3] is read.call]
    targets = statements[0][2] if len(statements) == 1 else []
    if len(targets) != 1 or targets[0][0] != "name":
        return None
    name = targets[0][2]
    uses = [form for form in item.block.forms.of("name") if form[2] == name and form is not targets[0]]
    compared = _compared(item, name)
    if len(uses) != 1 or compared is None or not any(form is uses[0] for form in walk(compared)):
        return None
    test = next(form[2] for form in item.block.forms.of("if") if any(one is compared for one in walk(form[2])))
    asked = [code(part) for part in (test[3] if test[0] == "bool" else [test])]
    rest = [form for form in read.call[3] if form is not read.default]
    plain = code([*read.call[:3], rest, [one for one in read.call[4] if one[1] is not read.default]])
    if None in asked or plain is None:
        return None
    path = item.block.module.path
    edits = (
        ReplaceExpression(path, span_of(read.call[1]), plain),
        ReplaceExpression(path, span_of(test[1]), " and ".join([name, *map(str, asked)])),
    )
    return Fix(_TITLE, False, edits)


def _compared(item: Fallback, name: str) -> Form | None:
    """The comparison with a name that lets somebody in: a test of its own, or one part of what has to be true."""
    for form in item.block.forms.of("if"):
        parts = form[2][3] if form[2][0] == "bool" and form[2][2] == "and" else [form[2]]
        for part in parts:
            equal = part[0] == "compare" and part[3] == ["=="]
            digests = part[0] == "call" and last_name(part[2]) == "compare_digest"
            if (equal or digests) and any(one[0] == "name" and one[2] == name for one in walk(part)):
                return part if _lets_in(form) else None
    return None


def _lets_in(form: Form) -> bool:
    """Whether a branch gives something back, and what follows it is for the others."""
    last = form[3][-1]
    return bool(last[0] == "return" and last[2] is not None and last[2][0] != "const" and not form[4])
