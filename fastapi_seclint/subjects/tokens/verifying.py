"""Fixes that verify a token where it was only read, with the key and algorithm that the project signs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddArgument, AddImport, Edit, RemoveKeyword, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Argument, Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Const, Environment, External, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.items import Item
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import Origin, ask
from fastapi_seclint.subjects.code.removal import removed
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.encodings import Encoding, encodings
from fastapi_seclint.subjects.secrets.emptiness import refusing_nothing
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.refusals import refused
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.pinning import algorithm_code, reachable
from fastapi_seclint.subjects.tokens.trying import refused_in_handler, refusing_statement

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.sites import Call

_OWN = word_set("token access refresh bearer auth jwt raw encoded session user credentials")
"""What tokens are named that the application made itself."""
_FOREIGN = word_set("id identity oidc provider external google apple microsoft azure firebase")
"""What tokens are named that a provider of identities made and signed (OpenID Connect Core 1.0, section 2)."""
TITLE = "verify the token with the key that signs it"
"""What a fix says that has a token verified."""


def verified_call(decoding: Decoding, item: Item | None) -> Fix | None:
    """The same call with its check on; None where the key or the algorithm is not known."""
    program, call = decoding.program, decoding.call
    if (refused := refused_in_handler(program, call)) is not None:
        return refused
    path, span = call.block.module.path, span_of(call.form[1])
    edits: list[Edit] = []
    if item is not None and item.shared:
        return None
    if item is not None:
        edits += removed(program, item, call.form)
    elif call.argument("verify") is not None:
        edits.append(RemoveKeyword(path, span, "verify"))
    else:
        return None
    maker = only_maker(program, call.block.module)
    given, listed = call.argument("key", 1), call.argument("algorithms", 2)
    key = code(given.form) if given is not None else None
    imports: tuple[Edit, ...] = ()
    token = call.argument("jwt", 0) or call.argument("token", 0)
    if given is None or (given.form[0] == "const" and not given.form[2]):
        if token is not None and is_foreign(name_of(token.form)):
            return None
        found = supposed_key(program, call) if maker is None else code_of_key(maker, call.block)
        if found is None:
            return None
        key, imports = found
        edits += [*imports, _key_edit(call.form, given, path, key)]
    algorithms = code(listed.form) if listed is not None else None
    if listed is None:
        algorithm = usual_algorithm(program) if maker is None else algorithm_code(maker, call.block)
        if algorithm is None:
            return None
        algorithms = f"[{algorithm}]"
        edits.append(SetKeyword(path, span, "algorithms", algorithms))
    verified = _rewritten(call, item, key, algorithms)
    whole = refusing_statement(program, call, verified) if verified is not None else ()
    return _with_a_key(program, maker, Fix(TITLE, False, (*whole, *imports) if whole else tuple(edits)))


def is_foreign(name: str) -> bool:
    """Whether a token is called one of a provider: no key of the project verifies it."""
    return not _FOREIGN.isdisjoint(words_of(name))


_SWITCHES = ("key", "algorithms", "verify", "options", "token", "jwt")


def _rewritten(call: Call, item: Item | None, key: str | None, algorithms: str | None) -> str | None:
    """The call with its check on as one text; None where its options say more than that the check is off."""
    token, options_ = call.argument("token", 0) or call.argument("jwt", 0), call.argument("options")
    if token is None or call.form[2][0] != "attr" or (item is not None and item.container[0] != "dict"):
        return None
    if options_ is not None and (item is None or options_.form is not item.container or len(item.container[2]) > 1):
        return None
    others = [(keyword, code(value)) for keyword, value, _ in call.form[4] if keyword not in _SWITCHES]
    parts = [code(token.form), key, f"algorithms={algorithms}" if algorithms else None]
    if None in parts or any(keyword is None or text is None for keyword, text in others):
        return None
    said = [*map(str, parts), *(f"{keyword}={text}" for keyword, text in others)]
    return f"{spelled(call.form[2])}({', '.join(said)})"


def checked_argument(origin: Origin) -> Fix | None:
    """The check on where a caller switches it off: without the argument that the default of the parameter answers."""
    if origin.holder is None or origin.passed is None or origin.form[0] != "const":
        return None
    path, default = origin.block.module.path, origin.passed[3]
    edit: Edit = ReplaceExpression(path, span_of(origin.form[1]), "False" if origin.negated else "True")
    if default is not None and default[0] == "const" and bool(default[2]) is not origin.negated and origin.holder.name:
        edit = RemoveKeyword(path, span_of(origin.holder.form[1]), origin.holder.name)
    return Fix("verify the token here, too", False, (edit,))


def checked_by_others(origin: Origin) -> Fix | None:
    """The check on where an heir of the class, or who makes its object, switches it off."""
    if origin.form[0] != "const":
        return None
    place, text = span_of(origin.form[1]), "False" if origin.negated else "True"
    edit = ReplaceExpression(origin.block.module.path, place, text)
    return Fix("verify the token here, too", False, (edit,))


def _key_edit(call: Form, given: Argument | None, path: str, code: str) -> Edit:
    if given is not None and given.keyword is None:
        return _replaced(given.form, path, code)
    if given is None and len(call[3]) == 1:
        return AddArgument(path, span_of(call[1]), code)
    return SetKeyword(path, span_of(call[1]), "key", code)


def _replaced(form: Form, path: str, code: str) -> Edit:
    return ReplaceExpression(path, span_of(form[1]), code)


def only_maker(program: Program, module: Module | None = None) -> Encoding | None:
    """The first encoding call of a file that signs all its tokens with one key, else of a project that does so."""
    makers = [item for item in encodings(program) if not program.is_test(item.call.block.module)]
    makers = [item for item in makers if item.call.block.module is module] or makers
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
    return spelled(form), (
        AddImport(block.module.path, origin.module.name, root, local=True, target=origin.module.path),
    )


def _is_environment(form: Form) -> bool:
    return spelled(form[2]).endswith("environ") and form[3][0] == "const"


def verified_reader(program: Program, call: Call) -> Fix | None:
    """`jwt.decode` in place of a helper that never verifies."""
    maker, function = only_maker(program, call.block.module), call.form[2]
    token = call.argument("token", 0)
    if (refused := refused_in_handler(program, call)) is not None:
        return refused
    if token is None or function[0] != "attr" or (text := code(token.form)) is None:
        return None
    key = supposed_key(program, call) if maker is None else code_of_key(maker, call.block)
    algorithm = usual_algorithm(program) if maker is None else algorithm_code(maker, call.block)
    if key is None or algorithm is None or not call.name.startswith("jose.jwt."):
        return None
    verified = f"{spelled(function[2])}.decode({text}, {key[0]}, algorithms=[{algorithm}])"
    whole = refusing_statement(program, call, verified)
    edits = whole or (_replaced(call.form, call.block.module.path, verified),)
    return _with_a_key(program, maker, Fix(TITLE, False, (*edits, *key[1])))


def _with_a_key(program: Program, maker: Encoding | None, fix: Fix) -> Fix:
    """The fix with the refusal of an empty key where that is a constant of the environment and signs all the same."""
    if maker is None or maker.key is None:
        return fix
    names = [name_of(maker.key.form)]
    for known in options(ask(program, maker.call.block, maker.key.form)):
        if isinstance(known, Environment) and known.place is not None and not known.optional:
            module, at = known.place
            constant = any(form[0] == "assign" and holds(form[1], at) for form in module.facts.module)
            if constant and not refused(program, [*names, known.name], ""):
                return refusing_nothing(program, module, at, "signing key", fix) or fix
    return fix


def supposed_key(program: Program, call: Call) -> tuple[str, tuple[Edit, ...]] | None:
    """The key for a token whose maker is not in sight: the file's own signing key, else SECRET_KEY of the environment.

    None where tokens are made with different keys, or where the token is named as that of somebody else.
    """
    token = call.argument("token", 0) or call.argument("jwt", 0)
    words = set(words_of(name_of(token.form))) if token is not None else set()
    return key_of_file(program, call.block) if words and words <= _OWN else None


def key_of_file(program: Program, block: Block) -> tuple[str, tuple[Edit, ...]] | None:
    """The signing key that a file has a name for, else SECRET_KEY of the environment; None where tokens are made.

    A key that is written in the code is no secret.
    """
    if encodings(program):
        return None
    for name, value in sorted(block.module.scope.names.items()):
        written = any(isinstance(option, Const) for option in options(value))
        if vocabulary(program).kind(name) == "signing key" and not written and not block.is_local(name):
            return name, ()
    return 'os.environ["SECRET_KEY"]', (AddImport(block.module.path, "os"),)


def usual_algorithm(program: Program) -> str | None:
    """The algorithm that goes with such a key; None where tokens are made in sight."""
    return None if encodings(program) else '"HS256"'


def library_in(module: Module, library: str) -> tuple[str, tuple[Edit, ...]]:
    """How a file says `jwt`, and the import that it needs for that."""
    wanted = {"jose": "jose.jwt", "joserfc": "joserfc.jwt"}.get(library, "jwt")
    for name, value in module.scope.names.items():
        if any(isinstance(item, External) and item.name == wanted for item in options(value)):
            return name, ()
    if library in ("jose", "joserfc"):
        return "jwt", (AddImport(module.path, library, "jwt"),)
    return "jwt", (AddImport(module.path, "jwt"),)
