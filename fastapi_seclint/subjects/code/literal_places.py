"""What the places of written texts say about them: headers, calls, queries, tests of the configuration."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.passwords.names import naming

_LOGINS = ("auth", "http_auth", "basic_auth")
_HASHES = re.compile(r"^(?!.*de(crypt|cod|ciph)).*(hash|crypt|encode|cipher|digest|make_password|cifra)", re.I)
_ACCOUNTS = ("username", "user_name", "login", "name", "email")


def is_record(form: Form, used: frozenset[int]) -> bool:
    """Whether a value is a dictionary of which other things than the keys are used."""
    return form[0] == "dict" and not any(key is not None and key[1] in used for key, _ in form[2])


def account_of(call: Form) -> str:
    """The account that a call names in plain text."""
    given = {keyword: value[2] for keyword, value, _ in call[4] if keyword and value[0] == "const"}
    return next((str(given[name]) for name in _ACCOUNTS if isinstance(given.get(name), str)), "")


def kept_account(name: str, form: Form) -> str:
    """The account that a dictionary keeps under its own name: `"mike"` of `{"mike": {"username": "mike", ...}}`."""
    known = [item for _, item in form[2] if item[0] == "const"] if form[0] == "dict" and name else []
    return name if any(item[2] == name for item in known) else ""


def hashed_text(name: str, form: Form) -> Form | None:
    """The text that is hashed for a password's field: `hashed_password=get_password_hash("text")`."""
    match form:
        case ["call", _, ["attr", _, _, "encode" | "digest"], *_]:
            return None  # `text.encode("utf-8")`
        case ["call", _, ["name" | "attr", *_] as function, [["const", _, str()] as text], []]:
            return text if naming(name) and _HASHES.match(str(function[-1])) else None
    return None


def login_in(keyword: str, form: Form) -> tuple[str, Form] | None:
    """The name and the password that a client logs in with: `get(url, auth=("name", "password"))`."""
    match form:
        case ["tuple", _, [["const", _, str() as name], ["const", _, str()] as password]] if keyword in _LOGINS:
            return name, password
    return None


def token_in(form: Form) -> str:
    """The token in a header that is written out: `"Bearer 7f3a..."`."""
    text = form[2] if form[0] == "const" and isinstance(form[2], str) else ""
    found = re.fullmatch(r"(?:bearer|token|basic|apikey)\s+(\S{8,})", text, re.I)
    return found[1] if found is not None else ""


def is_column(form: Form) -> bool:
    """Whether an expression is a class's attribute, which a query compares: `User.password == "..."`."""
    return form[0] == "attr" and form[2][0] == "name" and form[2][2][:1].isupper() and not form[2][2].isupper()


def asks_equal(test: Form) -> bool:
    """Whether a test compares something for equality or membership."""
    return any(form[0] == "compare" and set(form[3]) & {"==", "in"} for form in walk(test))


def is_configured(form: Form) -> bool:
    """Whether an expression reads the program's own configuration, which nobody sends."""
    names = [item[2] if item[0] == "name" else item[3] for item in walk(form) if item[0] in ("name", "attr")]
    if form[0] == "name" and form[2].isupper():
        return True
    return any(word in name.lower() for name in names for word in ("settings", "config", "environ", "getenv"))


_LEAST = 3
"""So many entries of a dictionary that spell their keys anew are a habit."""


def _is_named_by(text: list[str], key: list[str]) -> bool:
    """Whether a name is that of a key, shortened perhaps: a password `postgres` under `POSTGRES_PASSWORD` is none."""
    return text[-1:] == key[-1:] and set(text) <= set(key)


def spells_keys(form: Form) -> frozenset[str]:
    """The keys of a dictionary that tells how things are called elsewhere: `"DB_PASSWORD": "db_password"`.

    Their texts are names made of words of the key, and those are at least half of all entries.
    """
    pairs = [
        (key[2], value[2])
        for key, value in form[2]
        if key is not None and key[0] == value[0] == "const" and isinstance(key[2], str) and isinstance(value[2], str)
    ]
    found = {key for key, text in pairs if text.isidentifier() and _is_named_by(words_of(text), words_of(key.lower()))}
    return frozenset(found) if len(found) >= _LEAST and 2 * len(found) >= len(form[2]) else frozenset()
