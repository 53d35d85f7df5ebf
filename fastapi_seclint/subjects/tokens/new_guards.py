"""A test of the token where a project has none: with its own function that reads tokens, or the key that signs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements
from fastapi_seclint.facts.forms import span_of, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.tokens.jwt import Decoding, decodings
from fastapi_seclint.subjects.tokens.pinning import algorithm_code
from fastapi_seclint.subjects.tokens.verifying import code_of_key, key_of_file, library_in, only_maker, usual_algorithm

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_BEARERS = {
    "fastapi.security.oauth2.OAuth2PasswordBearer()": "",
    "fastapi.security.oauth2.OAuth2AuthorizationCodeBearer()": "",
    "fastapi.security.http.HTTPBearer()": ".credentials",
}
_TITLE = "decode the token and raise 401 when that fails"
_NAMES = ("require_valid_token", "require_token_that_is_valid")


@dataclass(frozen=True, slots=True)
class _Test:
    """Statements that refuse a bad token, `{}` in place of the token, and the edits that they take."""

    code: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class NewGuard:
    """A guard to be: its name in a file, and the edits that make it and bring it there."""

    name: str
    edits: tuple[Edit, ...]


def tested_in(program: Program, function: Function) -> Fix | None:
    """The fix for a dependency that gives a bearer token as it came: it refuses what does not decode first."""
    token = next(_bearer_tokens(program, function), None)
    test = _test(program, function.module) if token is not None else None
    if token is None or test is None:
        return None
    edit = InsertStatements(function.module.path, span_of(function.at), "first-in-body", test.code.replace("{}", token))
    return Fix(_TITLE, False, (*test.edits, edit))


def guard_below(program: Program, scheme: External, user: Module) -> NewGuard | None:
    """A guard below the statement that makes a bearer scheme, for a file that is to depend on it."""
    place = scheme.place
    suffix = _BEARERS.get(scheme.name)
    if place is None or suffix is None:
        return None
    module = place.module
    statement = next((form for form in module.facts.module if form[0] == "assign" and form[3][1] == place.at), None)
    test = _test(program, module)
    if statement is None or test is None or statement[2][0][0] != "name":
        return None
    name = next((name for name in _NAMES if name not in module.facts.words), None)
    depends = next(
        (key for key, value in module.scope.names.items()
         for item in options(value) if isinstance(item, External) and item.name.endswith(".Depends")), None,
    )  # fmt: skip
    if name is None:
        return None
    kind = "str" if not suffix else "HTTPAuthorizationCredentials"
    lines = test.code.replace("{}", f"token{suffix}").replace("\n", "\n    ")
    code = f"def {name}(token: {kind} = {depends or 'Depends'}({statement[2][0][2]})) -> None:\n    {lines}"
    edits: list[Edit] = [*test.edits, InsertStatements(module.path, span_of(statement[1]), "after", code)]
    edits += [] if depends else [AddImport(module.path, "fastapi", "Depends")]
    edits += [AddImport(module.path, "fastapi.security", "HTTPAuthorizationCredentials")] if suffix else []
    local = name
    if module is not user:
        local = local_name(user, name, module.name)
        edits.append(
            AddImport(user.path, module.name, name, local if local != name else None, local=True, target=module.path)
        )
    return NewGuard(local, tuple(edits))


def _bearer_tokens(program: Program, function: Function) -> Iterator[str]:
    """The parameters of a function that hold a bearer token, as code."""
    for parameter in parameters(function):
        pair = program.walker.resolver.dependency_of(parameter)
        for option in options(pair[1]) if pair is not None else ():
            scheme = scheme_of(option)
            if isinstance(scheme, External) and scheme.name in _BEARERS:
                yield parameter.name + _BEARERS[scheme.name]


def _test(program: Program, module: Module) -> _Test | None:
    """What refuses a bad token in a file: the project's own reader of tokens, else a new decoding."""
    refusal, imports = _refusal(module)
    for decoding, reader in _readers(program):
        name, bringing = _named(reader, module)
        call, fails = f"{name}({{}})", _failure(program, reader)
        if fails == "answers":
            return _Test(call, bringing)
        if fails == "gives None":
            return _Test(f"if {call} is None:\n    {refusal}", (*bringing, *imports))
        if fails == "raises":
            error, more = _error(decoding.library, module)
            code = f"try:\n    {call}\nexcept {error}:\n    {refusal} from None"
            return _Test(code, (*bringing, *imports, *more))
    return _decoded(program, module)


def _decoded(program: Program, module: Module) -> _Test | None:
    maker = only_maker(program)
    if maker is not None and maker.library not in ("pyjwt", "jose"):
        return None
    block = Block(module, None, module.scope, NO_STATEMENTS)
    key = key_of_file(program, block) if maker is None else code_of_key(maker, block)
    algorithm = usual_algorithm(program) if maker is None else algorithm_code(maker, block)
    if key is None or not key[0] or algorithm is None:
        return None
    kind = "pyjwt" if maker is None else maker.library
    refusal, imports = _refusal(module)
    error, more = _error(kind, module)
    library, bringing = library_in(module, kind)
    decoded = f"{library}.decode({{}}, {key[0]}, algorithms=[{algorithm}])"
    code = f"try:\n    {decoded}\nexcept {error}:\n    {refusal} from None"
    return _Test(code, (*key[1], *imports, *more, *bringing))


def _readers(program: Program) -> Iterator[tuple[Decoding, Function]]:
    """The functions of the project that read a token which is all that they are given."""
    for decoding in decodings(program):
        function = decoding.call.block.function
        if function is None or decoding.maker or not decoding.verifies_signature or program.is_test(function.module):
            continue
        needed = [item for item in function.parameters if item[3] is None]
        asked = any(program.walker.resolver.dependency_of(item) is not None for item in parameters(function))
        if len(needed) == 1 and function.owner is None and not asked and "refresh" not in function.name:
            yield decoding, function


def _failure(program: Program, reader: Function) -> str:
    """How a reader of tokens fails: it `answers`, `raises` the library's error, `gives None`; empty when unclear."""
    body = body_of(program, reader)
    statements = body.statements if body is not None else []
    raised = [form[2] for form in walk(statements) if form[0] == "raise" and form[2] is not None]
    if any("HTTPException" in str(form[2][-1] if form[0] == "call" else form[-1]) for form in raised):
        return "answers"
    handlers = [handler for form in walk(statements) if form[0] == "try" for handler in form[3]]
    if not handlers and not raised:
        return "raises"
    ends = [handler[2][-1] for handler in handlers]
    none = all(end[0] == "return" and (end[2] is None or end[2][2:] == [None]) for end in ends)
    return "gives None" if ends and none and not raised else ""


def _named(function: Function, module: Module) -> tuple[str, tuple[Edit, ...]]:
    if function.module is module:
        return function.name, ()
    local = local_name(module, function.name, function.module.name)
    alias = local if local != function.name else None
    return local, (
        AddImport(module.path, function.module.name, function.name, alias, local=True, target=function.module.path),
    )


def _refusal(module: Module) -> tuple[str, tuple[Edit, ...]]:
    name, imports = http_exception(module)
    headers = '{"WWW-Authenticate": "Bearer"}'
    return f'raise {name}(status_code=401, detail="Invalid token", headers={headers})', imports


def _error(library: str, module: Module) -> tuple[str, tuple[Edit, ...]]:
    if library == "jose":
        return "JWTError", (AddImport(module.path, "jose", "JWTError"),)
    name, imports = library_in(module, library)
    return f"{name}.PyJWTError", imports
