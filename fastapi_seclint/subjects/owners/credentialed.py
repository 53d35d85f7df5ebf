"""Objects that a handler makes of what the client sent to prove who it is: `auth = Account(token=authorization)`."""

from __future__ import annotations

from functools import cache

from fastapi_seclint.facts.forms import Form, arguments, beginning, last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.credentials import names_database
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Annotated, Dependency, External, Function, options

_SENT = frozenset({"Header", "Cookie", "Security", "Depends"})
_OF_SCHEMES = frozenset({"HTTPAuthorizationCredentials", "HTTPBasicCredentials"})
"""What FastAPI's schemes give (fastapi/security/http.py)."""


@cache
def made_of_credentials(function: Function) -> frozenset[str]:
    """The names that get what a call makes of a credential (header, cookie, scheme): they stand for the caller."""
    sent = sent_credentials(function)
    found: set[str] = set()
    for form in function.forms.of("assign", "annassign") if sent else ():
        value = form[-1][2] if form[-1] is not None and form[-1][0] == "await" else form[-1]
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = {target[2] for target in targets if target[0] == "name"}
        if value is not None and _is_part(value, sent):
            sent |= names
        elif value is not None and value[0] == "call":
            given = arguments(value)
            found |= names if any(_is_part(item, sent) for item in given) else set()
    return frozenset(found)


def sent_credentials(function: Function) -> set[str]:
    """The parameters that get what the client sent to prove who it is."""
    return {
        one[0]
        for one in function.parameters
        if (_is_credential(one[0], one[2], one[3]) or _by_alias(function, one)) and not _is_of_database(function, one)
    }


def _is_part(form: Form, sent: set[str]) -> bool:
    """Whether an expression is a credential, or a part of one: `credentials.credentials`."""
    return beginning(form, ("attr",)) in sent


def _by_alias(function: Function, parameter: Form) -> bool:
    """Whether the type of a parameter has a name: `Sent = Annotated[HTTPAuthorizationCredentials, Depends(scheme)]`."""
    name, _, annotation, *_ = parameter
    found = function.module.scope.local(annotation[2]) if annotation and annotation[0] == "name" else None
    for option in options(found):
        if isinstance(option, Annotated):
            base = getattr(option.base, "name", "").rpartition(".")[2]
            marked = any(isinstance(item, Dependency) or _marks(item) for item in option.metadata)
            return base in _OF_SCHEMES or (marked and credentials.names_credential(name))
    return False


def _marks(value: object) -> bool:
    """Whether something beside a type says that a header or cookie is meant; `Field(gt=0)` says no such thing."""
    return isinstance(value, External) and value.name.removesuffix("()").rpartition(".")[2] in _SENT


_PEOPLE = frozenset({"user", "me", "member", "account", "caller", "person", "admin", "superuser", "principal", "actor"})
"""Last words of what a guard gives that has found out who is calling already."""
_DATABASES = ("sqlalchemy", "sqlmodel", "motor", "pymongo", "asyncpg", "psycopg", "redis", "aioredis")


def _is_of_database(function: Function, parameter: Form) -> bool:
    """Whether a parameter gets the session of a database, whatever its type is called: `session: SessionDep`."""
    name, _, annotation, *_ = parameter
    if names_database(name):
        return True
    said = [form[2] for form in walk(annotation) if form[0] == "name"] if annotation else []
    found = [option for text in said for option in options(function.module.scope.local(text))]
    types = [option.base if isinstance(option, Annotated) else option for option in found]
    return any(isinstance(one, External) and one.name.partition(".")[0] in _DATABASES for one in types)


def _is_credential(name: str, *written: object) -> bool:
    said = [form for form in walk([item for item in written if item]) if form[0] in ("call", "name", "attr")]
    if any(last_name(form) in _OF_SCHEMES for form in said if form[0] != "call"):
        return True
    marks = [last_name(form[2]) for form in said if form[0] == "call"]
    return bool(_SENT & set(marks)) and credentials.names_credential(name) and not _PEOPLE & set(words_of(name)[-1:])
