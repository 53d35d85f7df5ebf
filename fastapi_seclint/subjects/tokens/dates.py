"""Code that gives a token an expiry, in the style of the file: `datetime.now(timezone.utc) + timedelta(minutes=30)`."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression, SetDictItem
from fastapi_seclint.facts.forms import Form, last_name, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Const, Environment, External, constant, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Token
from fastapi_seclint.subjects.payloads.known import Claims
from fastapi_seclint.subjects.tokens.purposes import Purpose

_UNTIL = frozenset({"expires", "expire", "expiry", "expiration", "until"})
_LIFE: dict[Purpose, str] = {"access": "minutes=30", "refresh": "days=7", "other": "hours=1"}


def timedelta_name(call: Form) -> str:
    """What a call of `timedelta` calls it: `timedelta`, or `datetime.timedelta`."""
    owner = f"{call[2][2][2]}." if call[2][0] == "attr" and call[2][2][0] == "name" else ""
    return f"{owner}timedelta"


def expiring(token: Token, purpose: Purpose) -> Fix | None:
    """Give the token an `exp` where it is made; one that it has already wins."""
    payload, block = token.encoding.payload, token.encoding.call.block
    if payload is None or token.encoding.library in ("jwcrypto", "pyseto"):
        return None
    path, form = block.module.path, payload.form
    own = _own_moment(token.claims, form)
    given: tuple[str, tuple[Edit, ...]] = (own or "", ())
    life, edits = given if own is not None else now_plus(block, _life(block.module, purpose))
    if form[0] == "dict" and all(key is not None for key, _ in form[2]):
        edit: Edit = SetDictItem(path, span_of(form[1]), "exp", life)
    elif (text := code(form) or rendered(form)) is not None:
        rest = text[1:-1] if form[0] == "dict" else f"**{text}"
        edit = ReplaceExpression(path, span_of(form[1]), f'{{"exp": {life}, {rest}}}')
    else:
        return None
    return Fix("let the token expire", False, (edit, *edits))


def _own_moment(claims: Claims, form: Form) -> str | None:
    """Until when the token is good by a claim of the project's own, in seconds, as code for `exp` too."""
    for key, claim in claims.items.items():
        moments = [amount for value in claim.values for amount in value.amounts]
        known = claim.sure and moments and all(one.kind == "moment" and one.clock == "unix" for one in moments)
        if not known or not _UNTIL & set(words_of(key)):
            continue
        if form[0] == "name":
            return f'int({form[2]}["{key}"])'
        pairs = form[2] if form[0] == "dict" else ()
        value = next((value for name, value in pairs if name is not None and name[-1] == key), None)
        if value is not None and (text := rendered(value)) is not None:
            return text if value[0] == "call" and last_name(value[2]) == "int" else f"int({text})"
    return None


def _life(module: Module, purpose: Purpose) -> str:
    """The constant of the file that says how long such a token lives, else a usual length."""
    for name, value in module.scope.names.items():
        words = set(words_of(name))
        unit = next((unit for unit in ("minutes", "hours", "days", "seconds") if unit in words), None)
        mine = purpose in words if purpose != "access" else not words & {"refresh", "reset", "verify", "verification"}
        if unit and mine and words & {"expire", "expires", "expiry", "expiration", "lifetime", "ttl"}:
            length = constant(value) if isinstance(value, Const | Environment) else None
            if isinstance(length, int) and length > 0:
                return f"{unit}={name}"
    return _LIFE[purpose]


def now_plus(block: Block, life: str) -> tuple[str, tuple[Edit, ...]]:
    """The moment `life` from now as code, and the imports that it needs."""
    now, edits = utc_now(block)
    delta, more = symbol(block, "timedelta")
    return f"{now} + {delta}({life})", (*edits, *more)


def utc_now(block: Block) -> tuple[str, tuple[Edit, ...]]:
    """The time now, aware of its zone, as code, and the imports that it needs."""
    clock, edits = symbol(block, "datetime")
    zone, more = symbol(block, "timezone")
    return f"{clock}.now({zone}.utc)", (*edits, *more)


def symbol(block: Block, name: str) -> tuple[str, tuple[Edit, ...]]:
    """A symbol of the module `datetime` as a file writes it, with the import where there is none."""
    path = block.module.path
    if _is(block, name, f"datetime.{name}"):
        return name, ()
    for owner in ("datetime", "dt", "_datetime"):
        if _is(block, owner, "datetime"):
            return f"{owner}.{name}", ()
    if _taken(block, name):
        return f"datetime.{name}" if not _taken(block, "datetime") else name, (AddImport(path, "datetime"),)
    return name, (AddImport(path, "datetime", name),)


def _is(block: Block, name: str, wanted: str) -> bool:
    found = block.module.scope.find(name)
    return any(isinstance(option, External) and option.name == wanted for option in options(found))


def _taken(block: Block, name: str) -> bool:
    return block.module.scope.find(name) is not None
