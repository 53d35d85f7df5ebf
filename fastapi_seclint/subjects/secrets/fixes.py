"""The fix of a written secret: it is read from the environment."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.literals import Literal
from fastapi_seclint.subjects.secrets.names import Reach, words_of

_USUAL = {
    "signing key": "SECRET_KEY",
    "password": "PASSWORD",
    "API key": "API_KEY",
    "token": "API_TOKEN",
    "secret": "SECRET_KEY",
    "private key": "PRIVATE_KEY",
}
_SENT = ("x", "http", "given", "sent")


def from_environment(path: str, literal: Literal, kind: str, own: bool) -> Fix | None:
    """`os.environ["NAME"]` in place of the text; a list of keys is split. None where the text is part of more data."""
    form = literal.form
    if form is None or (literal.keyed and kind == "password"):
        return None
    name = _name(literal, kind, own)
    read = f'os.environ["{name}"]'
    if form[0] in ("list", "set", "tuple") and literal.reach is not Reach.PASSED and len(literal.texts) > 1:
        split = f'{read}.split(",")'
        code = {"list": split, "set": f"set({split})", "tuple": f"tuple({split})"}[form[0]]
        return _fix(path, name, form, code)
    match form:
        case ["call", _, ["name", _, "frozenset"], [["list" | "set" | "tuple", *_] as inner], []]:
            if literal.reach is not Reach.PASSED and len(literal.texts) > 1:
                return _fix(path, name, inner, f'{read}.split(",")')
    written = _written(form)
    if written is None or len(literal.texts) != 1:
        return None
    return _fix(path, name, written, f"{read}.encode()" if written[0] == "bytes" else read)


def _fix(path: str, name: str, form: Form, code: str) -> Fix:
    edits: tuple[Edit, ...] = (ReplaceExpression(path, span_of(form[1]), code), AddImport(path, "os"))
    return Fix(f"read it from the environment variable {name}", False, edits)


def _written(form: Form) -> Form | None:
    """The text itself inside `SecretStr(...)`, `bytes(..., "utf-8")` or `"...".encode()`."""
    match form:
        case ["const", _, str()] | ["bytes", *_]:
            return form
        case ["binop" | "fstr", *_]:
            return form
        case ["call", _, ["attr", _, inner, "encode" | "strip"], _, _]:
            return _written(inner)
        case ["call", _, _, [inner, *_], _]:
            return _written(inner)
    return None


def _name(literal: Literal, kind: str, own: bool) -> str:
    """The variable's name: the one that the code uses already, else the usual one for such a secret."""
    words = words_of(literal.name) if own or (literal.reach is Reach.ASSIGNED and literal.name.isidentifier()) else []
    while literal.reach is Reach.COMPARED and len(words) > 1 and words[0] in _SENT:
        words.pop(0)
    if not words or (literal.reach is not Reach.ASSIGNED and words in (["token"], ["password"], ["secret"], ["key"])):
        return _USUAL[kind]
    return "_".join(words).upper()
