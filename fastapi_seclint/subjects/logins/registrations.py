"""What a registration's refusal tells: that there is an account with an e-mail address, or only a user name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Bound, Function
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.logins.ends import Outcome

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ADDRESS = re.compile(r"mail|phone|mobile|address|correo|courriel|telefono|telefon", re.I)
_USER_NAME = re.compile(r"user_?name|user name|nick|login|handle|n[ou]tzername|pseudo|nom(br)?e_?(de_?)?usuario", re.I)
_ACCOUNT = re.compile(
    r"user|account|customer|member|client|person|people|profile|registered|sign|usu[aá]ri|utilis|utente|nutzer|cuenta"
    r"|\bcontas?\b|compte|konto|kunde|mitglied|miembro|membr",
    re.I,
)
_OTHER = re.compile(r"\bname\b|slug|title|compan|business|organi[sz]ation|workspace|tenant|team", re.I)
"""What else may be taken already when somebody registers: the name of a firm."""
_BY_ID = re.compile(r"\b(user|account|member|customer)_(id|uuid|pk)\b", re.I)
"""What is looked up by the account that it belongs to, and is none: one profile a user."""
_TAKEN = re.compile(
    r"exist|taken|already|registered|in use|duplicat|unique|\b409\b|conflict|cadastrad|registrad[oa]|enregistr"
    r"|bereits|vergeben|utilis[eé]e?\b|существует|занят|зарегистрирован|уже|已存在|已注册|已被"
    r"|استفاده شده|وجود دارد|ثبت شده|قبلا|موجود|مستخدم|مسجل|zaten|kay\wtl\w\b|kullan\wl|이미|중복|既に|すでに|登録済"
    r"|đã (tồn tại|được)|sudah|terdaftar|già|esiste|zaj[eę]t|istnieje|zarejestrowan|вже|вика",
    re.I,
)
_NEUTRAL = re.compile(r"(fail(ed|ure)?|could not|cannot|can't|unable|impossible|not possible|invalid|rejected)\b", re.I)
"""What says that something went wrong, and not what; the status still tells, which is for auditors."""


def tells_of_account(end: Outcome) -> bool:
    """Whether a refusal of a registration gives away that there is such an account."""
    if not end.worlds or "absent" in end.worlds:
        return False
    return end.kind in ("raise", "answer") and (
        says_taken(end) or (end.kind == "raise" and "403" not in repr(end.said))
    )


def says_taken(end: Outcome) -> bool:
    """Whether an end says that something is taken, by its text, its class or a constant: `Texts.EMAIL_EXISTS`."""
    words = (str(form[-1]) for form in walk(end.form) if form[0] in ("name", "attr"))
    return _TAKEN.search(repr((end.said, end.name))) is not None or any(map(_TAKEN.search, words))


def is_said_anyway(end: Outcome, ends: list[Outcome]) -> bool:
    """Whether a registration says the same for reasons that have nothing to do with an account: it is closed.

    An exception that is called after that, `UserAlreadyExists`, has no other reason.
    """
    return not _TAKEN.search(end.name) and any(
        other.said == end.said
        and other.form is not end.form
        and "absent" in other.worlds
        and (asked := _asked(other))
        and not (_ADDRESS.search(asked) or _USER_NAME.search(asked))
        for other in ends
    )


def tells_of_address(program: Program, end: Outcome, names: set[str]) -> bool:
    """Whether it is an address that has the account, by the text, the lookup before it, or all that was sent."""
    said, asked = _text(end), _asked(end)
    if not (_ADDRESS.search(asked) or _USER_NAME.search(asked)):
        asked = f"{asked} {_compared(program, end)}"
    if not end.unique and _NEUTRAL.search(said) and not _TAKEN.search(said) and not _ADDRESS.search(said):
        return False
    for text in (said, asked):
        if _ADDRESS.search(text):
            return True
        if _USER_NAME.search(text) or (text is said and _OTHER.search(text)):
            return False
    if not end.unique and (_ACCOUNT.search(f"{said} {asked}") is None or _BY_ID.search(asked)):
        return False
    sent = [name for name in names if _ADDRESS.search(name)]
    return bool(sent) and (end.unique or not any(_USER_NAME.search(name) for name in names))


def _text(end: Outcome) -> str:
    """What is said, with the texts that its names stand for and those of the exception's class."""
    words = [repr(end.said), end.name, *_constants(end.block, end.form)]
    made = end.cls.namespace.get("__init__") if end.cls is not None else None
    function = made.function if isinstance(made, Bound) else made
    if isinstance(function, Function):
        words += [str(form[2]) for item in function.statements() for form in walk(item) if form[0] == "const"]
    return " ".join(words)


def _constants(block: Block, form: Form) -> list[str]:
    names = names_in(form)
    scope = block.scope
    if not isinstance(scope, FunctionScope):
        return []
    found = [
        item
        for name in names
        for item in scope.assignments(name)
        if item[0] in ("assign", "annassign") and item[-1] is not None
    ]
    branches = [branch for test in block.forms.of("if") for branch in test[3:] if _is_in(branch, form)]
    beside = [item for item in found if branches and _is_in(branches[-1], item) and item[1] <= form[1]]
    values = [item[-1] for item in beside or found]
    return [item[2] for value in values for item in walk(value) if item[0] == "const" and isinstance(item[2], str)]


def _compared(program: Program, end: Outcome) -> str:
    """The words of what helpers compare that looked up what is asked for: `find_same(db, new)`."""
    scope, words = end.block.scope, list[str]()
    tests = [
        form[2]
        for form in end.block.forms.of("if")
        if any(holds(item[1], end.form[1]) for item in (*form[3], *form[4]))
    ]
    for name in names_in(tests[-1]) if tests and isinstance(scope, FunctionScope) else ():
        given = scope.assignments(name) if isinstance(scope, FunctionScope) else []
        calls = (form for item in given if item[-1] for form in walk(item[-1]) if form[0] == "call")
        for function, _ in (one for call in calls for one in called(program, end.block, call)):
            words += [word for form in function.forms.of("compare") for word in _words(form)]
            words += [str(name) for form in function.forms.of("call") for name, _, _ in form[4] if name]
    return " ".join(words)


def _is_in(branch: list[Form], form: Form) -> bool:
    return any(holds(statement[1], form[1]) for statement in branch)


def _asked(end: Outcome) -> str:
    """The words of the nearest condition around a refusal, and of what was looked up for it."""
    tests = [
        form[2]
        for form in walk(end.block.statements)
        if form[0] == "if" and any(holds(item[1], end.form[1]) for item in (*form[3], *form[4]))
    ]
    if not tests:
        return ""
    words = _words(tests[-1])
    scope = end.block.scope
    if isinstance(scope, FunctionScope):
        for name in names_in(tests[-1]):
            before = [item for item in scope.assignments(name) if item[1] < tests[-1][1]]
            words += [word for item in before[-1:] for word in _words(item)]
    return " ".join(words)


def _words(form: Form) -> list[str]:
    return [str(item[-1]) for item in walk(form) if item[0] in ("name", "attr", "const")] + [
        str(keyword) for item in walk(form) if item[0] == "call" for keyword, _, _ in item[4]
    ]
