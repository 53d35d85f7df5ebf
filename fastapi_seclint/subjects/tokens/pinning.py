"""The algorithm and key that a project signs its tokens with, as code for the call that reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import string
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.imports import imported_as, leads_to
from fastapi_seclint.subjects.code.spread import keys
from fastapi_seclint.subjects.payloads.encodings import Encoding, encodings
from fastapi_seclint.subjects.tokens.jwt import Decoding

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ALGORITHM = re.compile(r"(HS|RS|ES|PS)(256|384|512)$|EdDSA$")
_PUBLIC = re.compile(r"public|pem|jwk|cert|rsa|pub_key|pubkey")
_PUBLIC_KEY = re.compile(r"public_?key|pub_?key|jwk|certificate")


def pinned(program: Program, decoding: Decoding) -> Fix | None:
    """Pin the algorithm of the project's encoding calls, else the usual one for such a key; None where they differ."""
    call = decoding.call
    path, argument = call.block.module.path, call.argument("algorithms", 2)
    if any((found := keys(program, call.block, form)) is None or "algorithms" in found for form in call.spread):
        return None
    known, brought = algorithms(program, decoding)
    code = known if known is not None or makers_for(program, decoding) else _usual(decoding)
    if code is None:
        return None
    if argument is None or argument.keyword is not None:
        edit: Edit = SetKeyword(path, span_of(call.form[1]), "algorithms", code)
    else:
        edit = ReplaceExpression(path, span_of(argument.form[1]), code)
    if known is not None:
        safe = argument is None or argument.keyword is not None
        return Fix("pin the algorithm that signs the tokens", safe, (*brought, edit))
    return Fix(f"pin {code}, the usual algorithm for such a key", False, (edit,))


def _usual(decoding: Decoding) -> str | None:
    """The list for a key whose tokens others make: the algorithms that are written there, else by what the key is."""
    argument, key = decoding.call.argument("algorithms", 2), decoding.call.argument("key", 1)
    if argument is not None and argument.form[0] in ("list", "tuple", "set"):
        written = [item for item in argument.form[2] if item[0] == "const" and str(item[2]).lower() != "none"]
        if written and all(item[0] == "const" for item in argument.form[2]):
            return "[" + ", ".join(f'"{item[2]}"' for item in written) + "]"
    for name, value in decoding.call.block.module.scope.names.items():
        text = string(value)
        other = (text or "").startswith("HS") and _PUBLIC_KEY.search(_spoken(decoding))
        if name.upper().endswith("ALGORITHM") and text is not None and _ALGORITHM.match(text) and not other:
            return f"[{name}]"
    if key is None:
        return None
    return '["RS256"]' if _PUBLIC.search(_spoken(decoding)) or _from_key_set(decoding) else '["HS256"]'


def _spoken(decoding: Decoding) -> str:
    """The words of a key, and of what the name that holds it is given: `find_key(token, self.public_keys)`."""
    key, scope = decoding.call.argument("key", 1), decoding.call.block.scope
    forms = [] if key is None else [key.form]
    if key is not None and key.form[0] == "name" and isinstance(scope, FunctionScope):
        forms += [item[-1] for item in scope.assignments(key.form[2]) if item[0] == "assign"]
    return " ".join(str(form[-1]) for form in walk(forms) if form[0] in ("name", "attr", "const")).lower()


def algorithms(program: Program, decoding: Decoding) -> tuple[str | None, tuple[Edit, ...]]:
    """The list of algorithms as code that holds in the block of a decoding call, and the imports that it needs."""
    makers = makers_for(program, decoding)
    found = [_borrowed(program, maker, decoding.call.block) for maker in makers]
    first = next((one for one in found if one is not None), None)
    if first is None or len({_text(maker) for maker in makers}) != 1:
        return None, ()
    return f"[{first[0]}]", first[1]


def _borrowed(program: Program, maker: Encoding, block: Block) -> tuple[str, tuple[Edit, ...]] | None:
    """The algorithm of an encoding call as code for another block: a name is imported where its value may change."""
    argument, code = maker.algorithm, algorithm_code(maker, block)
    if argument is None or code is None or not code.startswith('"') or argument.form[0] not in ("name", "attr"):
        return None if code is None else (code, ())
    root = next((item[2] for item in walk(argument.form) if item[0] == "name"), "")
    home = maker.call.block.module
    statement = next(iter(bound_names(home.facts.module).get(root, [])), None)
    if statement is None or maker.call.block.is_local(root) or home is block.module:
        return code, ()
    known = None if leads_to(program, home, block.module) else imported_as(program, home, statement, root, block.module)
    return (code, ()) if known is None else (known[0] + spelled(argument.form)[len(root) :], known[1])


def makers_for(program: Program, decoding: Decoding) -> list[Encoding]:
    """The encoding calls of the project whose tokens a decoding call may read: those with the same key, else all.

    None of them where the key is chosen from a set of public ones (RFC 7517), which is somebody else's; none that sign
    with a shared secret where it is called a public one.
    """
    makers = [item for item in encodings(program) if not program.is_test(item.call.block.module)]
    if _PUBLIC_KEY.search(_spoken(decoding)):
        makers = [item for item in makers if not (_text(item) or "").startswith("HS")]
    key = decoding.call.argument("key", 1)
    same = [] if key is None else [item for item in makers if item.key and _same(item.key.form, key.form)]
    return same or ([] if _from_key_set(decoding) else makers)


def _from_key_set(decoding: Decoding) -> bool:
    """Whether the function around a reading fetches a set of keys, or chooses one by its id."""
    block = decoding.call.block
    text = block.module.facts.lowered(block.number)
    return b"jwks" in text or b'"kid"' in text


def _same(one: Form, other: Form) -> bool:
    return one[0] in ("name", "attr") and spelled(one).rpartition(".")[2] == spelled(other).rpartition(".")[2]


def _text(maker: Encoding) -> str | None:
    argument = maker.algorithm
    return "HS256" if argument is None else string(maker.call.value(argument)) or spelled(argument.form)


def algorithm_code(maker: Encoding, block: Block) -> str | None:
    """The algorithm of an encoding call as code for another block."""
    argument = maker.algorithm
    if argument is None:
        return '"HS256"' if maker.library in ("pyjwt", "jose") else None
    if argument.form[0] in ("name", "attr") and reachable(argument.form, maker.call.block, block):
        return spelled(argument.form)
    text = string(maker.call.value(argument))
    return None if text is None else f'"{text}"'


def reachable(form: Form, origin: Block, block: Block) -> bool:
    """Whether a dotted name of one block means the same in another: a name of the module, bound in both, or one of
    the same object.
    """
    root = next((item[2] for item in walk(form) if item[0] == "name"), None)
    if root == "self" and origin.function is not None and block.function is not None:
        return origin.function.owner is not None and origin.function.owner is block.function.owner
    if root is None or origin.is_local(root) or block.is_local(root):
        return False
    one, other = _global(origin.module, root), _global(block.module, root)
    return one is not None and (one is other or origin.module is block.module)


def _global(module: Module, name: str) -> object:
    return module.scope.find(name)
