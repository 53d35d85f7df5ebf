"""The fix of a payload that is decoded by hand: the library reads the whole token, and what it raises is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, mentions, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Encoding
from fastapi_seclint.subjects.tokens.parts import BASE64
from fastapi_seclint.subjects.tokens.pinning import algorithm_code
from fastapi_seclint.subjects.tokens.verifying import (
    TITLE,
    code_of_key,
    is_foreign,
    key_of_file,
    library_in,
    only_maker,
    usual_algorithm,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CATCHING = frozenset(
    {
        "Exception",
        "BaseException",
        "JWTError",
        "JOSEError",
        "InvalidTokenError",
        "PyJWTError",
        "HTTPException",
        "JoseError",
    }
)
"""What catches the failure of a library already, or is about something else."""


def verified_payload(program: Program, block: Block, form: Form) -> Fix | None:
    """`jwt.decode` of the whole token in place of a payload that is decoded by hand."""
    token, loads = _whole_token(block, form), _reading(block, form)
    maker = only_maker(program)
    key = key_of_file(program, block) if maker is None else code_of_key(maker, block)
    algorithm = usual_algorithm(program) if maker is None else _algorithm(maker, block)
    if loads is None or token is None or is_foreign(token) or key is None or not key[0] or algorithm is None:
        return None
    kind = maker.library if maker is not None and maker.library in ("jose", "joserfc") else "pyjwt"
    library, imports = library_in(block.module, kind)
    text = f"{library}.decode({token}, {key[0]}, algorithms=[{algorithm}])" + (".claims" if kind == "joserfc" else "")
    needs = "" if maker is not None or program.versions.declared("pyjwt") else "; install PyJWT"
    edits: list[Edit] = [ReplaceExpression(block.module.path, span_of(loads[1]), text), *key[1], *imports]
    edits += [RemoveStatement(block.module.path, span_of(item[1])) for item in _idle(block, loads)]
    return Fix(f"{TITLE}{needs}", False, (*edits, *_caught(program, block, loads, kind)))


def _algorithm(maker: Encoding, block: Block) -> str | None:
    """The algorithm of an encoding call; that of joserfc stands in the header, its first argument (RFC 7515, 4.1.1)."""
    if maker.library != "joserfc":
        return algorithm_code(maker, block)
    header = maker.call.argument("header", 0)
    for key, value in header.form[2] if header is not None and header.form[0] == "dict" else ():
        if key is not None and key[2:] == ["alg"] and value[0] == "const":
            return f'"{value[2]}"'
    return None


def _whole_token(block: Block, form: Form) -> str | None:
    """The token that a part of was taken: `token.split(".")[1]`, or a name that was made from that."""
    known: dict[str, Form] = {}
    lists: dict[str, Form] = {}
    stored: list[str] = []
    for item in block.forms.of("assign", "augassign"):
        match item:
            case ["assign", _, [["name", _, name]], value]:
                stored.append(name)
                owner = _split(value)
                if owner is not None:
                    lists[name] = owner
                elif (whole := _owner(value, known, lists)) is not None:
                    known[name] = whole
            case ["assign", _, [["tuple" | "list", _, [_, ["name", _, name], *_]]], value]:
                owner = _split(value)
                if owner is not None:
                    known[name] = owner
    found = _owner(form, known, lists)
    return None if found is None or found[-1] in stored else code(found)


def _owner(form: Form, known: dict[str, Form], lists: dict[str, Form]) -> Form | None:
    """The token whose second part an expression is made of."""
    for item in walk(form):
        match item:
            case ["sub", _, ["name", _, name], ["const", _, 1]] if name in lists:
                return lists[name]
            case ["sub", _, inner, ["const", _, 1]] if (owner := _split(inner)) is not None:
                return owner
            case ["name", _, name] if name in known:
                return known[name]
    return None


def _split(form: Form) -> Form | None:
    """The `x` of `x.split(".")`."""
    match form:
        case ["call", _, ["attr", _, owner, "split"], [["const", _, "."], *_], _]:
            found: Form = owner
            return found
    return None


def _reading(block: Block, form: Form) -> Form | None:
    """The call of `loads` that reads what a call decodes, whatever names lie between; a helper reads by itself."""
    calls = [one for one in block.forms.of("call") if one[2][-1] in ("loads", "json_loads")]
    names: set[str] = set()
    for one in block.forms.of("assign"):
        made = holds(one[1], form[1]) or mentions(one[3], names)
        if made and not any(holds(one[1], call[1]) for call in calls):
            names.update(target[2] for target in one[2] if target[0] == "name")
    for call in calls:
        given = mentions(call[3], names)
        if holds(call[1], form[1]) or given:
            return call
    return form if not calls and last_name(form[2]) not in BASE64 else None


def _idle(block: Block, loads: Form) -> Iterator[Form]:
    """The statements that only make what the call was given, names that nothing else uses, the last one first."""
    left = [form for form in block.forms.of("assign", "augassign") if _made(form)]
    gone = {id(item) for item in walk(loads)}
    for form in reversed(left):
        names = _made(form)
        inside = {id(item) for item in walk(form)}
        used = [item for item in block.forms.of("name") if item[2] in names and id(item) not in inside]
        others = [item for item in used if id(item) not in gone and not _stores(left, item)]
        if used and not others and not holds(form[1], loads[1]) and any(id(item) in gone for item in used):
            gone |= inside
            yield form


def _made(form: Form) -> set[str]:
    """The names that an assignment stores; empty for one that stores something else, too."""
    targets = [form[3]] if form[0] == "augassign" else form[2]
    names = [item for target in targets for item in (target[2] if target[0] in ("tuple", "list") else [target])]
    return {item[2] for item in names} if all(item[0] == "name" for item in names) else set()


def _stores(assignments: list[Form], name: Form) -> bool:
    """Whether a name stands where an assignment stores it."""
    for form in assignments:
        targets = [form[3]] if form[0] == "augassign" else form[2]
        if any(item is name for item in walk(targets)):
            return True
    return False


def _caught(program: Program, block: Block, loads: Form, kind: str) -> list[Edit]:
    """The library's error in the handler that refuses a token which cannot be decoded, here or where this is called."""
    edits = _with_error(block, loads, kind)
    if edits is not None or block.function is None:
        return edits or []
    found: list[Edit] = []
    for around, use, _ in callers(program, block.function):
        if not program.is_test(around.module):
            found += _with_error(around, use, kind) or []
    return list(dict.fromkeys(found))


def _with_error(block: Block, form: Form, kind: str) -> list[Edit] | None:
    """None where no `try` stands around a form; no edits where its handlers catch the error already."""
    for item in reversed(block.forms.of("try")):
        if not any(holds(statement[1], form[1]) for statement in item[2]):
            continue
        handlers = [handler for handler in item[3] if handler[0] is not None]
        if len(handlers) < len(item[3]) or any(_catches(handler[0]) for handler in handlers):
            return []
        if handlers:
            return _added(block, handlers[-1][0], kind)
    return None


def _catches(caught: Form) -> bool:
    return any(item[0] in ("name", "attr") and item[-1] in _CATCHING for item in walk(caught))


def _added(block: Block, caught: Form, kind: str) -> list[Edit]:
    library, edits = library_in(block.module, kind)
    error = f"{library}.InvalidTokenError"
    if kind == "jose":
        error, edits = "JWTError", (AddImport(block.module.path, "jose", "JWTError"),)
    elif kind == "joserfc":
        error, edits = "JoseError", (AddImport(block.module.path, "joserfc.errors", "JoseError"),)
    items = caught[2] if caught[0] == "tuple" else [caught]
    text = ", ".join([code(item) or "" for item in items] + [error])
    return [ReplaceExpression(block.module.path, span_of(caught[1]), f"({text})"), *edits]
