"""What only the replaced code of a function used goes with it; what may do something stays."""

from __future__ import annotations

import pytest

from fastapi_seclint import edits
from fastapi_seclint.edits import ReplaceExpression
from fastapi_seclint.spans import Span

GONE = [
    (
        "    allowed = ', '.join(roles)\n    raise Refused(f'only {allowed}')\n",
        "f'only {allowed}'",
        "    raise Refused('no')\n",
    ),
    (
        "    import traceback\n    return show(traceback.format_exc())\n",
        "traceback.format_exc()",
        "    return show('no')\n",
    ),
    (
        "    user = add(name)\n    return show(user.name)\n",
        "user.name",
        "    add(name)\n    return show('no')\n",
    ),
    (
        "    user = add(\n        name,  # as it is\n        roles,\n    )\n    return show(user.name)\n",
        "user.name",
        "    add(\n        name,  # as it is\n        roles,\n    )\n    return show('no')\n",
    ),
]
KEPT = [
    ("    allowed = ', '.join(roles)\n    log(allowed)\n    raise Refused(allowed)\n", "allowed"),
    ("    allowed = ', '.join(\n        roles)\n    raise Refused(allowed)\n", "allowed"),
    ("    if roles:\n        allowed = len(roles)\n    raise Refused(allowed)\n", "allowed"),
    ("    log(\n        allowed=1,\n        name=name,\n    )\n    raise Refused(allowed)\n", "allowed"),
    ("    log(\n        name,\n        allowed=len(roles)\n    )\n    raise Refused(allowed)\n", "allowed"),
    ("    # allowed for people\n    allowed = len(roles)\n    raise Refused(allowed)\n", "allowed"),
]


def replaced(body: str, old: str) -> str:
    """The body of a function after an expression of its last line is replaced."""
    source = f"def check(roles, name):\n{body}\n\ndef other(allowed):\n    return allowed\n"
    lines = body.split("\n")
    column = lines[-2].index(old) + 1
    edit = ReplaceExpression("main.py", Span(len(lines), column, len(lines), column + len(old)), "'no'")
    return edits.apply(source, [edit]).removeprefix("def check(roles, name):\n").split("\n\ndef other")[0]


@pytest.mark.parametrize(("body", "old", "result"), GONE)
def test_what_nothing_uses_any_more_goes(body: str, old: str, result: str) -> None:
    assert replaced(body, old) == result


@pytest.mark.parametrize(("body", "old"), KEPT)
def test_what_is_used_or_not_understood_stays(body: str, old: str) -> None:
    assert replaced(body, old) == body[: body.rindex(old)] + "'no')\n"


def test_an_import_that_prose_speaks_of_goes() -> None:
    source = 'from shop.models import User, UserOut\n\nmodel = List[User]\ntext = "User state toggled"\n'
    edit = ReplaceExpression("main.py", Span(3, 14, 3, 18), "UserOut")
    assert edits.apply(source, [edit]).startswith("from shop.models import UserOut\n")


def test_a_parameter_list_over_several_lines_is_part_of_the_function() -> None:
    source = "def check(\n    roles,\n) -> str:\n    allowed = len(roles)\n    return str(allowed)\n"
    edit = ReplaceExpression("main.py", Span(5, 12, 5, 24), "'no'")
    assert edits.apply(source, [edit]) == "def check(\n    roles,\n) -> str:\n    return 'no'\n"
