"""The fix of a written secret: it is read from the environment."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, span_of
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.literals import Literal
from fastapi_seclint.subjects.secrets.names import Reach, plausible

_USUAL = {
    "signing key": "SECRET_KEY",
    "password": "PASSWORD",
    "API key": "API_KEY",
    "token": "API_TOKEN",
    "secret": "SECRET_KEY",
    "private key": "PRIVATE_KEY",
}
_SENT = ("x", "http", "given", "sent")
_OWNERS = ("name", "client", "owner", "user", "partner", "service", "client_id", "client_name")
_LONGEST = 30


def from_environment(path: str, literal: Literal, kind: str, own: bool) -> Fix | None:
    """`os.environ["NAME"]` in place of the text; a list of keys is split. None where the text is part of more data."""
    form = literal.form
    if form is None or (literal.keyed and kind == "password"):
        return None
    name = _name(literal, kind, own)
    if form[0] == "dict":
        return _each(path, name, form, kind) if literal.reach is Reach.ASSIGNED and kind != "password" else None
    read = f'os.environ["{name}"]'
    if form[0] in ("list", "set", "tuple") and any(item[0] in ("list", "tuple", "dict") for item in form[2]):
        return None
    several = literal.reach is not Reach.PASSED and (len(literal.texts) > 1 or name.endswith("KEYS"))
    if form[0] in ("list", "set", "tuple") and several:
        split = _split(read, form)
        code = {"list": split, "set": f"set({split})", "tuple": f"tuple({split})"}[form[0]]
        return _fix(path, name, form, code)
    match form:
        case ["call", _, ["name", _, "frozenset"], [["list" | "set" | "tuple", *_] as inner], []]:
            if several:
                return _fix(path, name, inner, _split(read, inner))
    written = _written(_only_item(form))
    if written is None or len(literal.texts) != 1:
        return None
    return _fix(path, name, written, f"{read}.encode()" if written[0] == "bytes" else read)


def _split(read: str, form: Form) -> str:
    """The variable at its commas, as bytes where the keys are that: `b"..."`, `"...".encode()`."""
    encoded = [item[0] == "bytes" or (item[0] == "call" and last_name(item[2]) == "encode") for item in form[2]]
    split = f'{read}.split(",")'
    return f"[key.encode() for key in {split}]" if encoded and all(encoded) else split


def _only_item(form: Form) -> Form:
    """The only text of a list of keys, `["..."]`, which keeps its one place; anything else as it is."""
    inner = form[3][0] if form[0] == "call" and form[2][-1] == "frozenset" and form[3] else form
    alone = inner[0] in ("list", "set", "tuple") and len(inner[2]) == 1 and inner[2][0][0] in ("const", "bytes")
    return inner[2][0] if alone else form


def _each(path: str, name: str, form: Form, kind: str) -> Fix | None:
    """A variable for each key in a dictionary of keys and their owners, called after the owner."""
    pairs = [(key, value) for key, value in form[2] if key is not None and _is_text(key)]
    if len(pairs) != len(form[2]):
        return None
    keys = sum(plausible(key[2], kind, name, Reach.ASSIGNED, many=True) for key, _ in pairs)
    values = sum(_is_text(value) and plausible(value[2], kind, name, Reach.ASSIGNED, many=True) for _, value in pairs)
    written = [key if keys >= values else value for key, value in pairs]
    owners = [_owner(value if keys >= values else key, number) for number, (key, value) in enumerate(pairs, 1)]
    if not all(map(_is_text, written)) or len(set(owners)) != len(owners):
        return None
    names = [f"{name.removesuffix('S')}_{owner}" for owner in owners]
    edits: list[Edit] = [
        ReplaceExpression(path, span_of(text[1]), f'os.environ["{each}"]')
        for text, each in zip(written, names, strict=True)
    ]
    return Fix(f"read them from the environment variables {', '.join(names)}", False, (*edits, AddImport(path, "os")))


def _is_text(form: Form) -> bool:
    return form[0] == "const" and isinstance(form[2], str)


def _owner(form: Form, number: int) -> str:
    """What an owner of a key is called, as a part of a variable's name."""
    named = [value for key, value in form[2] if key is not None and key[-1] in _OWNERS] if form[0] == "dict" else [form]
    words = words_of(named[0][2]) if named and _is_text(named[0]) else []
    plain = "_".join(words).upper()
    return plain if plain.isidentifier() and len(plain) <= _LONGEST else str(number)


def _fix(path: str, name: str, form: Form, code: str) -> Fix:
    edits: tuple[Edit, ...] = (ReplaceExpression(path, span_of(form[1]), code), AddImport(path, "os"))
    return Fix(f"read it from the environment variable {name}", False, edits)


def _written(form: Form) -> Form | None:
    """The text itself inside `SecretStr(...)`, `bytes(..., "utf-8")`, `"...".encode()` or `field(default=...)`."""
    match form:
        case ["const", _, str()] | ["bytes", *_]:
            return form
        case ["binop" | "fstr", *_]:
            return form
        case ["call", _, ["attr", _, inner, "encode" | "strip"], _, _]:
            return _written(inner)
        case ["call", _, _, [inner, *_], _]:
            return _written(inner)
        case ["call", _, _, [], keywords]:
            given = {keyword: value for keyword, value, _ in keywords}
            made = given.get("default", given.get("default_factory"))
            return _written(made[3] if made[0] == "lambda" else made) if made is not None else None
    return None


def _name(literal: Literal, kind: str, own: bool) -> str:
    """The variable's name: the one that the code uses already, else the usual one for such a secret."""
    words = words_of(literal.name) if own or (literal.reach is Reach.ASSIGNED and literal.name.isidentifier()) else []
    while literal.reach is Reach.COMPARED and len(words) > 1 and words[0] in _SENT:
        words.pop(0)
    named = literal.reach is Reach.ASSIGNED and not literal.account
    if not words or (not named and words in (["token"], ["password"], ["secret"], ["key"])):
        entry = literal.name if literal.keyed and not own else ""
        words = [*_plain_words(literal.account or entry), _USUAL[kind]]
    return "_".join(words).upper()


def _plain_words(account: str) -> list[str]:
    """The words of an account's name or address that a variable can be called after: accounts have passwords each."""
    words = words_of(account.partition("@")[0])
    plain = "_".join(words)
    return words if plain.isascii() and plain.isidentifier() and len(plain) <= _LONGEST else []
