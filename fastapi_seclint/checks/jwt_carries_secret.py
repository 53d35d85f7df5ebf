"""FSL308: a password, a hash or a key in the payload of a token, which everybody can read who holds the token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveDictItem, RemoveKeyword, RemoveStatement, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location, Span
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.texts import blocks_with
from fastapi_seclint.subjects.leaks.personal_secrets import secret_kind
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Claim, Claims, Known, Written
from fastapi_seclint.subjects.payloads.models import fields, never_dumped

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL308",
    name="jwt-carries-secret",
    summary="a token is signed, not encrypted: everybody who holds it reads the secret in it",
    severity="high",
    cwe=(522, 312),
    owasp=("API2",),
    guide="K2",
    fixable="unsafe",
)
Held = tuple[Written, ...]
_RANDOM = re.compile(r"^(token_urlsafe|token_hex|uuid4|uuid1)$|(^|_)(unique|random)(_|$)", re.I)
_IDENTIFIERS = ("iss", "aud", "azp", "kid", "client_id", "sub", "jti")


@RULE.check
def jwt_carries_secret(program: Program) -> Iterator[Finding]:
    """One finding for each secret that goes into a token, at the item that holds it."""
    seen: set[Location] = set()
    for token in tokens(program):
        if program.is_test(token.encoding.call.block.module):
            continue
        for claim, held in _all_claims(token.encoding.program, token.claims, token.payload.written):
            found = _secret(claim)
            if found is None:
                continue
            finding = _finding(token, claim, held, *found)
            if finding.location not in seen:
                seen.add(finding.location)
                yield finding


def _all_claims(program: Program, claims: Claims, held: Held, depth: int = 3) -> Iterator[tuple[Claim, Held]]:
    """The claims, and those of the dictionaries among them, each with the places of the dictionary that it is in."""
    for claim in claims.items.values():
        yield claim, held
        for value in claim.values if depth else ():
            if value.claims is not None:
                yield from _all_claims(program, value.claims, value.written, depth - 1)
            elif value.made is not None and not claim.key.startswith("_"):
                hidden = never_dumped(program, value.made.cls)
                names = [name for name, _, _ in fields(value.made.cls) if name not in hidden]
                inner = Claims({name: Claim(name, True, ()) for name in names})
                yield from _all_claims(program, inner, (*value.written, *claim.written), 0)


def _secret(claim: Claim) -> tuple[str, Confidence] | None:
    """What secret a claim holds, by the expression under it or else by its key."""
    items = [written for written in claim.written if written.form[0] == "item"]
    if items and all(_made_for_it(written) for written in items):
        return None
    forms = [written.form[3] for written in items]
    forms += [written.form for value in claim.values for written in value.written]
    for form in forms if claim.key not in _IDENTIFIERS else ():
        named = _named(form)
        if named and secret_kind(named):
            return secret_kind(named), "high"
    kind = secret_kind(claim.key)
    if forms and all(words_of(_named(form))[-1:] == ["id"] for form in forms):
        return None  # the part of a key that says whose it is
    held = [value for value in claim.values if value.present is not False]
    if not kind or not (held or not claim.values) or any(_harmless(value) for value in held):
        return None
    return kind, "high" if claim.written else "medium"


def _made_for_it(written: Written) -> bool:
    """Whether an item holds what the function has just made up, by which the token is found again as by its `jti`."""
    scope, value = written.block.scope, written.form[3]
    given = scope.assignments(value[2]) if value[0] == "name" and isinstance(scope, FunctionScope) else []
    calls = [item[3] for item in given if item[0] == "assign" and item[3][0] == "call"]
    return bool(given) and len(calls) == len(given) and all(_RANDOM.search(last_name(call[2])) for call in calls)


def _harmless(value: Known) -> bool:
    """Whether what stands under a name is no secret: a truth value, a number, a fingerprint, a comparison."""
    if value.amounts or set(value.texts) & {"True", "False"}:
        return True
    return any(_computed(written.form) for written in value.written)


def _computed(form: Form) -> bool:
    match form:
        case ["compare" | "unary" | "const", *_]:
            return True
        case ["sub", _, _, ["slice", *_]]:
            return True
        case ["call", _, ["name" | "attr", *_] as function, *_]:
            return function[-1] in ("bool", "len", "hexdigest", "fingerprint", "hash", "encrypt")
    return False


def _named(form: Form) -> str:
    """The name of what an expression reads, seen through conversions to text."""
    match form:
        case ["name", _, name] | ["attr", _, _, name]:
            return str(name)
        case ["sub", _, _, ["const", _, str(name)]]:
            return name
        case ["call", _, ["name", _, "str"], [inner], []]:
            return _named(inner)
        case ["call", _, ["attr", _, inner, "get_secret_value" | "decode" | "strip"], *_]:
            return _named(inner)
        case ["call", _, ["attr", _, _, "get"], [["const", _, str(name)], *_], _]:
            return name
        case ["call", _, ["name" | "attr", *_] as function, _, _] if "password" in str(function[-1]):
            return "hashed_password" if "hash" in str(function[-1]) else ""
    return ""


def _finding(token: Token, claim: Claim, held: Held, kind: str, confidence: Confidence) -> Finding:
    call = token.encoding.call
    written = claim.written[0] if claim.written else None
    brought = written or next(iter(held), None)
    location = call.location if brought is None else _place(brought)
    symbol = call.block.symbol if written is None else written.block.symbol
    evidence = []
    if (location.path, location.span.line) != (call.location.path, call.location.span.line):
        evidence.append(Evidence(call.location, "the token is made here"))
    for around in held[:1] if written is None else ():
        place = _place(around)
        if (place.path, place.span.line) != (location.path, location.span.line):
            evidence.append(Evidence(place, "this brings it"))
    return RULE.finding(
        location,
        f"`{claim.key}` puts a {kind} into a token: its payload is only encoded, so a browser, a log or a proxy that "
        "sees the token gives it away; keep an identifier in it and look the rest up",
        confidence=confidence,
        symbol=symbol,
        evidence=evidence,
        fix=_fix(token, claim, held, written),
    )


def _place(written: Written) -> Location:
    form = written.form
    if form[0] == "item":
        start, end = span_of(form[1]), span_of(form[3][1])
        return Location(written.block.module.path, Span(start.line, start.column, end.end_line, end.end_column))
    return written.block.location(form)


def _fix(token: Token, claim: Claim, held: Held, written: Written | None) -> Fix | None:
    """Leave the claim out, where the code does not read it from a token."""
    program = token.encoding.program
    if _read(program, claim.key):
        return None
    edit: Edit | None = None
    if written is not None and written.form[0] == "item":
        edit = _removal(written, claim.key)
    elif written is None:
        edit = _excluded(held, claim.key) or _sifted(token, held) or _spread_without(token, held)
    return None if edit is None else Fix(f"leave `{claim.key}` out of the token", False, (edit,))


def _removal(written: Written, key: str) -> Edit | None:
    path, item = written.block.module.path, written.form
    for form in written.block.forms.every:
        match form:
            case ["dict", _, pairs] if item[2] is not None and any(name is item[2] for name, _ in pairs):
                return RemoveDictItem(path, span_of(form[1]), key)
            case ["call", _, _, _, keywords] if item[2] is None and any(value is item[3] for _, value, _ in keywords):
                return RemoveKeyword(path, span_of(form[1]), key)
            case ["assign", _, [["sub", _, _, ["const", *_]] as target], _] if target is item[2]:
                return RemoveStatement(path, span_of(form[1]))
    return None


def _excluded(held: Held, key: str) -> Edit | None:
    """`model_dump(exclude={...})` where the payload is the dump of a model, or has one in it."""
    for written in held:
        for form in walk(written.form):
            if form[0] == "call" and form[2][-1] in ("model_dump", "dict") and not form[3]:
                names = _left_out(form)
                if names is not None:
                    listed = ", ".join(f'"{name}"' for name in (*names, key))
                    return SetKeyword(written.block.module.path, span_of(form[1]), "exclude", f"{{{listed}}}")
    return None


def _sifted(token: Token, held: Held) -> Edit | None:
    """`asdict(user)` without the secrets that are in it, which has no way to leave fields out."""
    for written in held:
        for form in walk(written.form):
            if form[0] == "call" and last_name(form[2]) == "asdict" and (code := rendered(form)) is not None:
                kept = _without_secrets(token, held, code)
                return ReplaceExpression(written.block.module.path, span_of(form[1]), kept)
    return None


def _spread_without(token: Token, held: Held) -> Edit | None:
    """`{**data, "exp": ...}` and `data.copy()` without the secrets of what callers give, a user's row for example."""
    for written in held:
        match written.form:
            case ["dict", _, pairs]:
                spread = [value for key, value in pairs if key is None]
            case ["call", _, ["attr", _, ["name", *_], "copy"], [], []] | ["call", _, ["name", _, "dict"], [_], []]:
                spread = [written.form]
            case ["binop", _, "|", left, _]:
                spread = [left]
            case ["name", *_]:
                spread = [written.form]
            case _:
                continue
        kept = _mapping(spread[0]) if len(spread) == 1 else None
        if kept is not None:
            sifted = _without_secrets(token, held, kept)
            return ReplaceExpression(written.block.module.path, span_of(spread[0][1]), sifted)
    return None


def _mapping(form: Form) -> str | None:
    """The code of a dictionary that is spread or copied: its own name for its copy, `vars(user)` as it is written."""
    match form:
        case ["call", _, ["attr", _, ["name", _, name], "copy"], [], []]:
            return str(name)
    return rendered(form) if form[0] in ("name", "call") else None


def _without_secrets(token: Token, held: Held, code: str) -> str:
    """The code of a dictionary without the secrets that go into a token with it."""
    around = list(_all_claims(token.encoding.program, token.claims, token.payload.written))
    names = list(dict.fromkeys(item.key for item, other in around if other == held and _secret(item) is not None))
    tested = f'!= "{names[0]}"' if len(names) == 1 else "not in (" + ", ".join(f'"{n}"' for n in names) + ")"
    return f"{{name: value for name, value in {code}.items() if name {tested}}}"


def _left_out(dump: Form) -> list[str] | None:
    """The fields that a dump leaves out by their names; None where it is told more than that."""
    match dump[4]:
        case []:
            return []
        case [["exclude", ["set", _, items], _]] if all(item[0] == "const" for item in items):
            return [str(item[2]) for item in items]
    return None


def _read(program: Program, key: str) -> bool:
    """Whether some code reads the key from a dictionary, as from the claims of a token."""
    for block in blocks_with(program, key):
        written = {id(item) for form in block.forms.every if form[0] in ("assign", "delete") for item in form[2]}
        for form in block.forms.every:
            match form:
                case ["sub", _, ["name", _, name], ["const", _, index]] if index == key and id(form) not in written:
                    if _of_token(name):
                        return True
                case ["call", _, ["attr", _, ["name", _, name], "get"], [["const", _, index], *_], _] if index == key:
                    if _of_token(name):
                        return True
    return False


def _of_token(name: str) -> bool:
    return any(word in name.lower() for word in ("payload", "claim", "decoded", "token", "data"))
