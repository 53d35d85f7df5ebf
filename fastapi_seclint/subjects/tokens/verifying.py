"""Fixes that verify a token where it was only read, with the key and algorithm that the project signs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddArgument, AddImport, Edit, RemoveKeyword, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Argument, Block
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import Item, Origin
from fastapi_seclint.subjects.code.removal import removed
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Encoding, encodings
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.pinning import algorithm_code, reachable

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.sites import Call

_TITLE = "verify the token with the key that signs it"


def verified_call(decoding: Decoding, item: Item | None) -> Fix | None:
    """The same call with its check on; None where the key or the algorithm is not known."""
    program, call = decoding.program, decoding.call
    path, span = call.block.module.path, span_of(call.form[1])
    edits: list[Edit] = []
    if item is not None:
        edits += removed(program, item, call.form)
    elif call.argument("verify") is not None:
        edits.append(RemoveKeyword(path, span, "verify"))
    else:
        return None
    maker = only_maker(program)
    given = call.argument("key", 1)
    if given is None or (given.form[0] == "const" and not given.form[2]):
        found = None if maker is None else code_of_key(maker, call.block)
        if found is None:
            return None
        key, more = found
        edits += more
        edits.append(_key_edit(call.form, given, path, key))
    if call.argument("algorithms", 2) is None:
        algorithm = None if maker is None else algorithm_code(maker, call.block)
        if algorithm is None:
            return None
        edits.append(SetKeyword(path, span, "algorithms", f"[{algorithm}]"))
    return Fix(_TITLE, False, tuple(edits))


def checked_argument(origin: Origin) -> Fix | None:
    """The check on where a caller switches it off: without the argument that the default of the parameter answers."""
    if origin.holder is None or origin.passed is None or origin.form[0] != "const":
        return None
    path, default = origin.block.module.path, origin.passed[3]
    edit: Edit = ReplaceExpression(path, span_of(origin.form[1]), "False" if origin.negated else "True")
    if default is not None and default[0] == "const" and bool(default[2]) is not origin.negated and origin.holder.name:
        edit = RemoveKeyword(path, span_of(origin.holder.form[1]), origin.holder.name)
    return Fix("verify the token here, too", False, (edit,))


def _key_edit(call: Form, given: Argument | None, path: str, code: str) -> Edit:
    if given is not None and given.keyword is None:
        return _replaced(given.form, path, code)
    if given is None and len(call[3]) == 1:
        return AddArgument(path, span_of(call[1]), code)
    return SetKeyword(path, span_of(call[1]), "key", code)


def _replaced(form: Form, path: str, code: str) -> Edit:
    return ReplaceExpression(path, span_of(form[1]), code)


def only_maker(program: Program) -> Encoding | None:
    """The first encoding call of a project that signs all its tokens with one key."""
    makers = [item for item in encodings(program) if not program.is_test(item.call.block.module)]
    keys = {spelled(item.key.form) for item in makers if item.key is not None}
    return makers[0] if len(keys) == 1 else None


def code_of_key(maker: Encoding, block: Block) -> tuple[str, tuple[Edit, ...]] | None:
    """The key of an encoding call as code for another block, and the import it needs."""
    if maker.key is None:
        return None
    form, origin = maker.key.form, maker.call.block
    if reachable(form, origin, block) or (form[0] == "sub" and origin.module is block.module and _is_environment(form)):
        return code(form) or "", ()
    root = next((item[2] for item in walk(form) if item[0] == "name"), None)
    if form[0] not in ("name", "attr") or root is None or origin.module is block.module:
        return None
    if origin.module.scope.find(root) is None or block.module.scope.find(root) is not None:
        return None
    return spelled(form), (AddImport(block.module.path, origin.module.name, root, local=True),)


def _is_environment(form: Form) -> bool:
    return spelled(form[2]).endswith("environ") and form[3][0] == "const"


def verified_reader(program: Program, call: Call) -> Fix | None:
    """`jwt.decode` in place of a helper that never verifies."""
    maker, function = only_maker(program), call.form[2]
    token = call.argument("token", 0)
    if maker is None or token is None or function[0] != "attr" or (text := code(token.form)) is None:
        return None
    key, algorithm = code_of_key(maker, call.block), algorithm_code(maker, call.block)
    if key is None or algorithm is None or not call.name.startswith("jose.jwt."):
        return None
    verified = f"{spelled(function[2])}.decode({text}, {key[0]}, algorithms=[{algorithm}])"
    return Fix(_TITLE, False, (_replaced(call.form, call.block.module.path, verified), *key[1]))
