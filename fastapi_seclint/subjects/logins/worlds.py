"""A login followed in three worlds: the account does not exist, the password is wrong, all is right.

Every condition holds in some worlds and not in others; what a function refuses in one world and not in the others tells
a stranger in which one he is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from fastapi_seclint.facts.forms import Form, arguments, awaited, last_name, names_in, walk
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.subjects.logins.provider_codes import said_by
from fastapi_seclint.subjects.owners.states import STATES

World = Literal["absent", "wrong", "right"]
Truth = Mapping[World, frozenset[bool]]

ALL: frozenset[World] = frozenset(("absent", "wrong", "right"))
EITHER = frozenset({True, False})
YES, NO = frozenset({True}), frozenset({False})
UNKNOWN: Truth = {"absent": EITHER, "wrong": EITHER, "right": EITHER}
FOUND: Truth = {"absent": NO, "wrong": YES, "right": YES}
"""What looking an account up gives."""
VERIFIED: Truth = {"absent": EITHER, "wrong": NO, "right": YES}
"""What testing a password against a known account gives."""
ADMITTED: Truth = {"absent": NO, "wrong": NO, "right": YES}
"""What looking an account up by name and password together gives."""
_OF_CODES: Mapping[str | None, Truth] = {
    "nobody": {"absent": YES, "wrong": NO, "right": NO},
    "refused": {"absent": EITHER, "wrong": YES, "right": NO},
}

_ACCOUNT = re.compile(
    r"(^|_)(users?|accounts?|members?|customers?|person|admins?|employees?|students?|owner|profile|existing|record|row|found|exists"
    r"|benutzer|nutzer|kont(?:o|en)|kunden?|utilisateurs?|comptes?|usuari[oa]s?|cuentas?|contas?|utente|mitglied(er)?|zeile|membres?|ligne|fila)(_|$)"
    r"|(^|_)(user|account|member|customer|db)(_?(obj|data|dict|info|row|record|in_db|db|entity|model|doc|exists|found|\d))?$"
)
_PASSWORD = re.compile(
    r"passw|pwd|passphrase|password|senha|contrase|kennwort|mot_?de_?passe|(^|_)(mdp|clave|parola)(_|$)|(^|_)hash(ed)?(_|$)|pass_?word|^pw$",
    re.I,
)
_IDENTITY = re.compile(
    r"(^|_)(e?mail(_address)?|correo|courriel|benutzername|nutzername|user_?name|login|name|phone(_number)?|account|identifier|user_?id)$",
    re.I,
)
_VERIFIES = re.compile(
    r"(verify|verified|check|compare|match|matches|validate|correct|is_valid|valid)\w*_?(pass|pwd|pw|hash)|(pass|pwd|pw|hash)\w*_?"
    r"(verify|check|compare|match|matches|valid|correct)|^(verify|checkpw|verify_and_update|check_password_hash|compare_digest)$",
    re.I,
)
_VERIFIERS = frozenset({"checkpw", "check_password_hash", "verify_and_update"})
"""How bcrypt, Werkzeug, passlib and pwdlib verify a password, whatever they are given."""
_HALF = re.compile(r"(plain(_?text)?|digest)(_|$)")
_ADMITS = re.compile(
    r"(authenticate|log_?in|sign_?in|(verify|check|validate)_?(user|credentials?|login|account)|try_?auth)", re.I
)
_LOOKS_UP = re.compile(
    r"(^|_)(get|find|fetch|look_?up|load|select|query|exists?|first|scalar\w*|one_or_none|find_one|by|filter\w*|retrieve|read|search)(_|$)"
    r"|^(user|account|member|customer|person)_(of|for|named|with)(_|$)"
    r"|^(knows(_user|_account|_member)?|is_(known|registered|(a_)?member|taken)|has_(user|account|member))$"
)
_ONE = re.compile(r"^(first|get|one_or_none|scalar|scalar_one_or_none|get_or_none|first_or_none|find_one|fetch_?one)$")
_ROW = re.compile(r"^(first|one_or_none|scalar|scalar_one_or_none|fetch_?one|all)$")
_ELSEWHERE = re.compile(
    r"redis|cache|captcha|(?<!ac)count|attempt|lock|otp|(^|_)code|session_store|blacklist|settings|config|pending|challenge"
    r"|(^|_)([2m]fa)(_|$)",
    re.I,
)
"""What is looked up under a user's name and is no account."""
_OF_A_CODE = re.compile(r"(^|_)(otp|code|captcha|challenge|[2m]fa)(_|$)")
"""What a row is called after that keeps a code somebody was sent: `otp_record`."""
_CONFIRMED = re.compile(r"^(is_)?(verified|confirmed|locked|deleted)$")
_HASHES = re.compile(r"^(get_)?(hash|encrypt|encode|create|make|generate|set|update|change|reset)", re.I)
_DUPLICATE_TEXT = re.compile(r"duplicate|unique|already exists|E11000|\b1062\b|\b23505\b", re.I)


def truth(form: Form, known: Callable[[Form], Truth | None]) -> Truth:
    """In which worlds an expression is true or false; `known` answers for names and calls that it knows."""
    match form:
        case ["walrus", _, target, value]:
            return known(target) or truth(value, known)
        case ["await", *_]:
            return truth(form[-1], known)
        case ["unary", _, "not", value]:
            return _negated(truth(value, known))
        case ["bool", _, operator, values]:
            parts = [truth(value, known) for value in values]
            tested = any(part["wrong"] != part["right"] for part in parts)
            told = [part for value, part in zip(values, parts, strict=True) if not (tested and _is_state(value))]
            return _joined(operator, told)
        case ["compare", _, ["call", _, ["name", _, "len"], [["name", _, str() as name]], _], *_] if name[0] == "<":
            return truth(["const", 0, True], known)  # a pattern of a `match`: what it is given is as long as it says
        case ["compare", _, left, [operator], [right]]:
            return known(form) or _compared(left, operator, right, known)
        case ["ifexp", _, test, body, otherwise]:
            return _chosen(truth(test, known), truth(body, known), truth(otherwise, known))
        case ["const", _, value]:
            answer = YES if value else NO
            return {"absent": answer, "wrong": answer, "right": answer}
        case ["name", *_]:
            return known(form) or UNKNOWN
        case ["call", _, ["name", _, "bool" | "len" | "any"], [inner], _]:
            return truth(inner, known)
        case ["call", _, ["name", _, "isinstance"], [inner, _], _]:
            return FOUND if truth(inner, known) == FOUND else known(form) or UNKNOWN
        case ["attr" | "sub", *_] if _PASSWORD.search(_last(form)):
            return {"absent": EITHER, "wrong": EITHER, "right": YES}
        case ["attr" | "sub", *_]:
            return known(form) or UNKNOWN
        case ["call", *_]:
            found = known(form) or _row_of(form, known)
            return found if found is not None else of_call(form)
    return UNKNOWN


def gave_nothing(test: Form, parameters: frozenset[str]) -> bool:
    """Whether a test is whether a function was given neither a name nor a password, as no login does."""
    match test:
        case ["bool", _, _, values]:
            return all(gave_nothing(value, parameters) for value in values)
        case ["unary", _, "not", ["name", _, name]] | ["compare", _, ["name", _, name], ["is"], [["const", _, None]]]:
            pass
        case ["unary", _, "not", ["compare", _, ["name", _, name], ["is not"], [["const", _, None]]]]:
            pass
        case _:
            return False
    return name in parameters and bool(_IDENTITY.search(name) or _PASSWORD.search(name))


def _row_of(form: Form, known: Callable[[Form], Truth | None]) -> Truth | None:
    """What is known of a query's result holds for the row taken out of it: `result.scalars().first()`."""
    inner = form if _ROW.match(called_name(form)) else None
    while inner is not None and inner[0] == "call" and inner[2][0] == "attr":
        inner = inner[2][2]
    return known(inner) if inner is not None and inner[0] == "name" else None


def _is_state(form: Form) -> bool:
    """Whether a condition asks what state an account is in; next to a test of the password it is in order."""
    if form[0] == "unary" and form[2] == "not":
        form = form[3]
    match form:
        case ["attr", _, _, str() as name] | ["sub", _, _, ["const", _, str() as name]]:
            return snake(name) in STATES or _CONFIRMED.match(name) is not None
        case ["call", _, ["attr", _, _, "get"], [["const", _, str() as name], *_], _]:
            return snake(name) in STATES or _CONFIRMED.match(name) is not None
    return False


def of_call(form: Form) -> Truth:
    """What a call that cannot be looked into gives, by its name and arguments."""
    name = called_name(form)
    if name[:1].isupper():
        return UNKNOWN  # an object is made, which is never false
    given = arguments(form)
    if form[2][0] == "attr" and name in ("get", "pop") and _speaks(form[2][2], _ACCOUNT):
        field = bool(form[3]) and form[3][0][0] == "const"
        return UNKNOWN if field else FOUND
    secret = mentions_password(given) or any(keyword and _PASSWORD.search(keyword) for keyword, _, _ in form[4])
    if name in _VERIFIERS or (name == "verify" and any(map(_HALF.match, names_in(given)))):
        return VERIFIED
    if _VERIFIES.search(name) and (secret or _PASSWORD.search(name)) and not _HASHES.match(name):
        return VERIFIED
    if _ADMITS.search(name) and secret:
        return ADMITTED
    if _speaks(form, _ELSEWHERE):
        return UNKNOWN
    if _LOOKS_UP.search(snake(name)) and (_speaks(form[2], _ACCOUNT) or _identifies(given)):
        return ADMITTED if mentions_password([form]) else FOUND
    return UNKNOWN


def is_account(name: str) -> bool:
    """Whether a variable of this name holds what was looked up."""
    return _ACCOUNT.search(snake(name)) is not None and _OF_A_CODE.search(snake(name)) is None


def looked_up(name: str, form: Form) -> Truth | None:
    """What is known of a variable that was assigned from an expression that cannot be looked into."""
    form = awaited(form)
    if form[0] == "bool" and form[2] == "or":
        known = [looked_up(name, item) for item in form[3]]
        return FOUND if all(item == FOUND for item in known) else None
    if form[0] == "call" and (found := of_call(form)) is not UNKNOWN:
        return found
    if form[0] in ("call", "sub", "comp") and is_account(name):
        return ADMITTED if form[0] == "call" and mentions_password([form]) else FOUND
    return None


def looks_anything_up(form: Form) -> bool:
    """Whether a call gives one row or nothing, of whatever table: `query.first()`, `db.get(model, key)`."""
    return form[0] == "call" and _ONE.match(called_name(form)) is not None


def only_refuses(statements: list[Form]) -> bool:
    """Whether a handler only says no, which a right password never gets to: `except UnknownHashError: return False`.

    What it writes to a log before says nothing to anybody.
    """
    while statements[1:] and statements[0][0] == "expr" and statements[0][2][0] == "call":
        if called_name(statements[0][2]) not in _NOTES:
            return False
        statements = statements[1:]
    match statements:
        case [["return", _, None | ["const", _, None | False]]]:
            return True
    return False


_NOTES = frozenset({"print", "debug", "info", "warning", "error", "exception", "critical"})


def asks_for_account(call: Form) -> bool:
    """Whether a helper is asked for an account: `get_or_404(User, email=email)`, and not for an account's firm."""
    classes = [last_name(item) for item in call[3] if last_name(item)[:1].isupper()]
    if classes:
        return any(_ACCOUNT.search(snake(name)) for name in classes)
    return any(keyword and _IDENTITY.search(snake(keyword)) for keyword, _, _ in call[4])


def asks_for_caller(call: Form) -> bool:
    """Whether a call is given nothing and looks up who is logged in already: that is not the account of the login."""
    return not call[3] and not call[4] and "current" in words_of(called_name(call))


def called_name(form: Form) -> str:
    """The last name of what a call calls."""
    return str(form[2][-1]) if form[2][0] in ("name", "attr") else ""


def mentions_password(forms: list[Form]) -> bool:
    """Whether expressions speak of a password or its hash; a column that a statement only reads is none."""
    return any(_speaks(form, _PASSWORD) for form in forms)


_READS = re.compile(r"^\s*select\s.*?\sfrom\s", re.I | re.S)


def _identifies(forms: list[Form]) -> bool:
    return any(_speaks(form, _IDENTITY) for form in forms)


def _speaks(form: Form, pattern: re.Pattern[str]) -> bool:
    for inner in walk(form):
        word = inner[-1] if inner[0] in ("name", "attr") else inner[2] if inner[0] == "const" else None
        if isinstance(word, str) and inner[0] == "const":
            word = _READS.sub("", word)
        if isinstance(word, str) and pattern.search(snake(word)):
            return True
    return False


def _compared(left: Form, operator: str, right: Form, known: Callable[[Form], Truth | None]) -> Truth:
    if right[2:] in ([0], [1]) and left[0] == "call" and left[2][2:] == ["len"]:
        none = (operator, right[2]) in (("<", 1), ("==", 0), ("<=", 0))
        some = (operator, right[2]) in ((">=", 1), (">", 0), ("!=", 0), ("==", 1))
        return _negated(truth(left, known)) if none else truth(left, known) if some else UNKNOWN
    if right[0] == "const" and (right[2] is None or right[2] is False or right[2] == 0):
        found = truth(left, known)
        return _negated(found) if operator in ("is", "==") else found if operator in ("is not", "!=", ">") else UNKNOWN
    if right[0] == "const" and right[2] is True:
        return truth(left, known) if operator in ("is", "==") else _negated(truth(left, known))
    if operator in ("in", "not in") and _speaks(left, _IDENTITY) and right[0] in ("name", "attr", "call"):
        return FOUND if operator == "in" else _negated(FOUND)
    if operator in ("==", "!="):
        found = _equal(left, right)
        return found if operator == "==" else _negated(found)
    return UNKNOWN


def _equal(left: Form, right: Form) -> Truth:
    if "const" in (left[0], right[0]):
        return _OF_CODES.get(said_by(left[2] if left[0] == "const" else right[2]), UNKNOWN)
    both = (left, right)
    if any(_is_member(side) and not mentions_password([other]) for side, other in (both, both[::-1])):
        return UNKNOWN
    if any(_PASSWORD.search(_last(side)) or mentions_password([side]) for side in both):
        repeated = any(re.search(r"confirm|repeat|again|2$", _last(side)) for side in both)
        same = left[0] == right[0] == "attr" and left[2][0] == right[2][0] == "name" and left[2][2] == right[2][2]
        return UNKNOWN if repeated or same else VERIFIED
    if all(_IDENTITY.search(snake(_last(side))) for side in both):
        return FOUND
    return UNKNOWN


def _is_member(form: Form) -> bool:
    """Whether something is one of the values of a class, `GrantType.password`."""
    return form[0] == "attr" and last_name(form[2])[:1].isupper()


def _last(form: Form) -> str:
    match form:
        case ["name", _, name] | ["attr", _, _, name]:
            return str(name)
        case ["sub", _, _, ["const", _, str(key)]]:
            return key
    return ""


def _negated(found: Truth) -> Truth:
    return {world: frozenset(not answer for answer in answers) for world, answers in found.items()}


def _joined(operator: str, found: list[Truth]) -> Truth:
    """`and`, `or`: the first that decides in a world decides there."""
    decisive = operator == "or"
    result: dict[World, frozenset[bool]] = {}
    for world in ALL:
        answers: set[bool] = set()
        for item in found:
            if decisive in item[world]:
                answers.add(decisive)
            if (not decisive) not in item[world]:
                break
        else:
            answers.add(not decisive)
        result[world] = frozenset(answers)
    return result


def _chosen(test: Truth, body: Truth, otherwise: Truth) -> Truth:
    result: dict[World, frozenset[bool]] = {}
    for world in ALL:
        answers: frozenset[bool] = frozenset()
        answers |= body[world] if True in test[world] else frozenset()
        answers |= otherwise[world] if False in test[world] else frozenset()
        result[world] = answers
    return result


def asks_for_duplicate(test: Form) -> bool:
    """Whether a condition looks in an error's text for a database's words for a second row: `"Duplicate" in str(e)`."""
    return any(
        form[0] == "compare"
        and form[3] == ["in"]
        and form[2][0] == "const"
        and isinstance(form[2][2], str)
        and _DUPLICATE_TEXT.search(form[2][2])
        for form in walk(test)
    )
