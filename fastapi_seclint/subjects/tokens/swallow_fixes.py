"""The fix of a failure that is caught and goes on: the request is refused where the failure is caught."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceStatement
from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, span_of, walk
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.tokens.swallowing import Swallow

_REFUSAL = (
    'raise HTTPException(status_code=401, detail="Invalid token", headers={"WWW-Authenticate": "Bearer"}) from None'
)
_ANSWER = '{}(status_code=401, content={{"detail": "Invalid token"}}, headers={{"WWW-Authenticate": "Bearer"}})'


def refused(swallow: Swallow) -> Fix | None:
    """The handler refuses at its end: it raises 401, or answers so in a middleware, where raising is a 500 (f46)."""
    names = {parameter[0] for parameter in swallow.function.parameters}
    plain = not swallow.layered and not names & {"call_next", "scope"}
    if not swallow.body and plain and (tried := _tried(swallow)) is not None:
        return tried
    if not swallow.body or swallow.layered or "scope" in names:
        return None
    path, last = swallow.function.module.path, swallow.body[-1]
    if swallow.returned is not None and any(grants(form) for form in walk(swallow.returned)):
        refusal = ReplaceStatement(path, span_of(last[1]), 'raise AuthenticationError("Invalid token") from None')
        needed = AddImport(path, "starlette.authentication", "AuthenticationError")
        return Fix("refuse the request: raise AuthenticationError", True, (refusal, needed))
    text, title = _REFUSAL, "refuse the request: raise 401"
    imports: tuple[Edit, ...] = (AddImport(path, "fastapi", "HTTPException"),)
    if "call_next" in names:
        title = "refuse the request: answer with 401"
        text, imports = _answer(swallow)
    edit: Edit = InsertStatements(path, span_of(last[1]), "after", text)
    if last[0] in ("pass", "return") or (last[0] == "assign" and all(target[0] == "name" for target in last[2])):
        edit = ReplaceStatement(path, span_of(last[1]), text)
    return Fix(title, True, (edit, *imports))


def _tried(swallow: Swallow) -> Fix | None:
    """`try:` in place of `with suppress(...)` around one simple statement; None for anything longer."""
    found = [form for form in swallow.function.forms.of("with") if form[1] == swallow.at]
    if len(found) != 1 or len(found[0][3]) != 1 or len(found[0][2]) != 1:
        return None
    suppress, statement = found[0][2][0][0], found[0][3][0]
    kinds = [code(kind) for kind in suppress[3]]
    match statement:
        case ["assign", _, [target], value]:
            parts = [code(target), code(value)]
        case ["expr", _, value]:
            parts = [code(value)]
        case _:
            return None
    if None in parts or None in kinds or not kinds:
        return None
    caught = str(kinds[0]) if len(kinds) == 1 else f"({', '.join(map(str, kinds))})"
    path = swallow.function.module.path
    lines = f"try:\n    {' = '.join(map(str, parts))}\nexcept {caught}:\n    {_REFUSAL}"
    edits = (ReplaceStatement(path, span_of(swallow.at), lines), AddImport(path, "fastapi", "HTTPException"))
    return Fix("refuse the request: raise 401", True, edits)


def _answer(swallow: Swallow) -> tuple[str, tuple[Edit, ...]]:
    """The answer by which a middleware refuses: its own where it has one, else a new one."""
    for form in swallow.function.forms.of("return"):
        answer = form[2]
        if answer is None or answer[0] != "call" or not last_name(answer[2]).endswith("Response"):
            continue
        given = arguments(answer)
        if any(_is_401(item) for item in given) and not _made_here(swallow, answer) and (said := code(answer)):
            return f"return {said}", ()
    module = swallow.function.module
    name = local_name(module, "JSONResponse", "fastapi.responses")
    alias = None if name == "JSONResponse" else name
    return f"return {_ANSWER.format(name)}", (AddImport(module.path, "fastapi.responses", "JSONResponse", alias),)


def _is_401(form: Form) -> bool:
    return form[2:] == [401] or (form[0] == "attr" and "401" in str(form[3]))


def _made_here(swallow: Swallow, answer: Form) -> bool:
    """Whether an answer speaks of names that the middleware gives, which may have no value where it refuses."""
    given = [target for form in swallow.function.forms.of("assign") for target in form[2]]
    stored = {item[2] for target in given for item in walk(target) if item[0] == "name"}
    stored |= {one[1] for form in swallow.function.forms.of("try") for one in form[3] if one[1]}
    return mentions(answer, stored)


def grants(form: Form) -> bool:
    """Whether a call gives somebody scopes: `AuthCredentials(["authenticated"])` (starlette/authentication.py)."""
    given = arguments(form) if form[0] == "call" else []
    named = form[0] == "call" and last_name(form[2]) == "AuthCredentials"
    return named and any(item[0] not in ("list", "tuple") or bool(item[2]) for item in given)
