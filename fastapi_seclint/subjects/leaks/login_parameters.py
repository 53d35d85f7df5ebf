"""Parameters in which a request brings what somebody logs in with: the form of a login, what a scheme has found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Value
from fastapi_seclint.subjects.leaks.annotated import is_type
from fastapi_seclint.subjects.leaks.requested import asks_scheme, is_of_scheme

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CREDENTIALS = ("HTTPAuthorizationCredentials", "HTTPBasicCredentials")
_FORMS = ("OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict")


def is_credentials(program: Program, block: Block, form: Form) -> bool:
    """Whether a name holds the credentials that a security scheme found in the request."""
    scope = block.scope
    if form[0] != "name" or not isinstance(scope, FunctionScope):
        return False
    if is_of_scheme(program, block, form[2]):
        return True
    annotations = [item[2] for item in scope.function.parameters if item[0] == form[2]]
    for statement in scope.assignments(form[2]):
        if statement[0] == "annassign":
            annotations.append(statement[3])
        if statement[0] in ("assign", "annassign") and asks_scheme(statement[-1], scope):
            return True
    if any(item[0] in ("name", "attr") and item[-1] in _CREDENTIALS for item in walk(annotations)):
        return True
    found = _annotations(program, block, form) if annotations else ()
    return any(is_type(annotation, _CREDENTIALS) for annotation in found)


def is_login_form(program: Program, block: Block, form: Form) -> bool:
    """Whether a name is a parameter with FastAPI's form of a login, whose parts have the password."""
    found = _annotations(program, block, form) if form[0] == "name" else ()
    return any(is_type(annotation, _FORMS) for annotation in found)


def _annotations(program: Program, block: Block, form: Form) -> Iterator[Value | None]:
    """The annotation of the parameter that a name is, an alias of another module followed."""
    function = block.function
    for parameter in parameters(function) if function is not None else ():
        if parameter.name == form[2]:
            yield program.walker.resolver.annotation(parameter)
