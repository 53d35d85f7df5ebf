"""What counts as a credential, and which library calls verify one: the words and names that the guard model goes by."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import tomli

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.spelling import snake

if TYPE_CHECKING:
    from fastapi_seclint.program.inside import FunctionScope

_CREDENTIAL = re.compile(
    r"(^|[-_])(auth|authorization|authentication|token|jwt|bearer|api[-_]?key|apikey|access[-_]?key|secret|credential|credentials|"
    r"password|passwd|session|sessionid|sid|signature|hmac|cookie|key|webhook|user|username|identity)s?($|[-_])",
    re.I,
)
_SCHEME = re.compile(r"^\s*(bearer|basic|token|digest|jwt|api[-_]?key|negotiate)\s*$", re.I)
_PRIVILEGE = re.compile(
    r"(role|admin|superuser|super_user|staff|permission|perm\b|scope|privilege|owner|tenant|member|allowed|can_|has_|is_root"
    r"|moderator|forbidden|authoriz(?!ation(_?header|_str|_value)?s?$)|access_level|acl|policy|enforce)",
    re.I,
)
PRIVILEGE_IN_TEXT = re.compile(_PRIVILEGE.pattern.encode() + rb'|_id"|"id"|"authorize"|"enforce"', re.I)
"""What the text of a function's facts has in it when the function may compare roles or owners."""
_GUARDIAN = re.compile(
    r"(auth|login|logged|token|jwt|oidc|saml|sso|require|verify|validate|current_user|get_user|permission|role|secur"
    r"|credential|session|api_?key|principal|identity|protect|guard|signed"
    r"|(admin|staff|superuser|member|owner|user|internal)s?_only|only_(admin|staff|superuser|member|owner|user)s?)",
    re.I,
)
_ANTI_FORGERY = re.compile(r"csrf|xsrf", re.I)


def guards_against_forgery(name: str) -> bool:
    """Whether a middleware of this name only refuses requests that another website sent, whoever calls."""
    return _ANTI_FORGERY.search(name) is not None and re.search(r"auth|login|session", name, re.I) is None


def names_credential(name: str) -> bool:
    """Whether a header, cookie or parameter of this name carries a credential; tokens against forgery name nobody."""
    if is_plain_header(name):
        return False
    return _CREDENTIAL.search(snake(name)) is not None


_PLAIN_HEADER = re.compile(
    r"^(user-agent|accept.*|content-.*|host|origin|referer|referrer|x-forwarded-.*|forwarded|x-real-ip|x-request-id|x-correlation-id"
    r"|traceparent|tracestate|range|if-.*|connection|upgrade|cache-control|last-event-id|dnt|sec-.*|hx-.*|x-requested-with|via"
    r"|cf-.*|x-http-method-override|.*version.*|.*language.*|.*locale.*|.*timezone.*|.*trace.*|.*idempotency.*|te|expect|date)$",
    re.I,
)


def is_plain_header(name: str) -> bool:
    """Whether a header of this name says nothing about who is calling."""
    return _PLAIN_HEADER.match(name) is not None or _ANTI_FORGERY.search(name) is not None


def names_scheme(text: str) -> bool:
    """Whether a text is the public name of an authentication scheme (`Bearer `)."""
    return _SCHEME.match(text) is not None


def holds_scheme(name: str) -> bool:
    """Whether an attribute of this name holds the name of an authentication scheme: `self.scheme`."""
    return re.search(r"(^|_)(scheme|scheme_name|(auth|token)_type)$", name, re.I) is not None


def names_privilege(name: str) -> bool:
    """Whether a name speaks of roles, permissions or ownership."""
    return _PRIVILEGE.search(name) is not None


def names_guardian(name: str) -> bool:
    """Whether a name that cannot be looked into sounds like authentication: such a thing makes a route unknown."""
    if name.startswith(("model_", "validate_python", "validate_json", "parse_", "set_", "create_", "add_", "log_")):
        return False
    return _GUARDIAN.search(name) is not None and not names_database(name)


_DATABASE_SESSION = re.compile(
    r"^(get_|create_|make_|new_|open_|provide_|yield_)?((async|sync|db|sql|sqlalchemy|database|scoped|local)_?)+session\w*$"
    r"|^session_?(local|maker|factory|dep)\w*$|^(\w+_)?session_scope(_|$)",
    re.I,
)
_SESSION = re.compile(r"^(get_|provide_|yield_|open_|new_)?session(_?dep)?$", re.I)
_DATABASE = re.compile(
    r"(^|[._])(db|dbs|database|databases|sql|sqlmodel|sqlalchemy|orm|engine|models?|persistence)([._]|$)", re.I
)


def names_database(name: str) -> bool:
    """Whether a dotted name is that of a session of a database: `SessionLocal`, `database.get_session`."""
    module, _, last = name.removesuffix("()").rpartition(".")
    plain = snake(last)
    if _DATABASE_SESSION.match(plain):
        return re.search(r"auth|login|token|secur", module, re.I) is None
    return _SESSION.match(plain) is not None and _DATABASE.search(module) is not None


_PROVIDER = re.compile(
    r"(^|_)(db|database|engine|conn|connection|cursor|settings|config|service|repo|repository|cache|redis|logger|storage"
    r"|pagination|params|commons?|uow|unit_of_work|http_client|s3)s?(_session)?$",
    re.I,
)


_PARAMETERS = re.compile(r"(params|parameters|pagination|filters?)(_dep)?$", re.I)
_ABOUT_CALLER = re.compile(r"auth|token|user|perm|role|scope|key|session", re.I)


def names_provider(name: str) -> bool:
    """Whether a dependency of this name gives a handler its tools: a database, the settings, a service."""
    plain = snake(name)
    return _PROVIDER.search(plain) is not None or plain.lower() in ("get_session", "session") or names_database(name)


_PERSON = re.compile(r"(user|admin|principal|account|member|identity|dep)$", re.I)


def names_nobody(name: str) -> bool:
    """Whether a class of this name stands for a caller who is not known: `Anonymous`, `AnonymousUser`, `Guest`."""
    return _NOBODY.match(snake(name)) is not None


_NOBODY = re.compile(
    r"^(anonymous|unauthenticated)(_?(user|subject|principal|account|identity|actor))?$|^guest_?(user|account)$", re.I
)


def names_known_person(name: str) -> bool:
    """Whether a class of this name stands for a caller who is known: `Member`, `CurrentUser`, not `AnonymousUser`."""
    plain = snake(name)
    return _PERSON.search(plain) is not None and re.search(r"anonym|unauth|guest|public|base", name, re.I) is None


def may_be_guardian(name: str) -> bool:
    """Whether a name that is defined nowhere in sight may be a guard, or a type that brings one: `CurrentUser`."""
    plain = snake(name)
    return names_guardian(plain) or names_guardian(name) or _PERSON.search(plain) is not None


def may_guard(dotted: str) -> bool:
    """Whether a dependency that cannot be looked into may be a guard, by its dotted name."""
    last = dotted.removesuffix("()").rpartition(".")[2]
    if _PARAMETERS.search(last) and not _ABOUT_CALLER.search(last):
        return False
    return names_guardian(dotted) or (may_be_guardian(last) and not names_provider(last.removesuffix("_dep")))


_CALLER = re.compile(r"^(sub|id|email|roles?|scopes?|claims|valid|authenticated|is_.*|has_.*)$", re.I)


def names_caller(name: str) -> bool:
    """Whether an attribute of this name says who is calling: `user`, `sub`, `is_authenticated`."""
    plain = snake(name)
    return names_credential(plain) or _PERSON.search(plain) is not None or _CALLER.match(plain) is not None


_WHO = re.compile(
    r"user(?!_?agent)|member|admin|account|principal|auth(?!ors?(_|$))|login|logged|token|jwt|(^|_)(sub|subject|uid|me)$|e_?mail"
    r"|role|scope|claim|perm|identity|profile|customer|person|caller|actor|staff|owner|credential|api_?key|session_?id|payload"
    r"|^(is|has|can)_|^id$|allowed|privilege|superuser|^(oauth2?_|current_|authenticated_)?client$|client_id",
    re.I,
)


def says_who(name: str) -> bool:
    """Whether something under this name in a session or a request's state says who is calling, and as what."""
    return _WHO.search(name) is not None and _ANTI_FORGERY.search(name) is None


_VERIFICATION = re.compile(
    r"(auth|verif|valid|check|require|ensure|decode|introspect|login|permission|guard|protect|unsign|get_user|current_user"
    r"|get_identity|get_claims|userinfo|(user|account|member|claims|payload|principal|identity)_(from|of|for|by)_)",
    re.I,
)
_GIVES_CALLER = re.compile(r"^_*get_(\w+_)?(user|principal|caller|identity)$", re.I)


def names_verification(name: str) -> bool:
    """Whether a call of unknown code that gets credentials sounds like one that checks them and raises."""
    if _GIVES_CALLER.match(name):
        return True
    if name.startswith(("get_", "find_", "fetch_", "load_", "read_")) and not re.match(
        r"get_(user|current|identity|claims)", name
    ):
        return False
    return names_guardian(name) and _VERIFICATION.search(name) is not None


def assigned_call(scope: FunctionScope, name: str) -> Form | None:
    """The call that a local name was last assigned, `error = HTTPException(401)`."""
    for statement in reversed(scope.assignments(name)):
        if statement[0] in ("assign", "annassign") and statement[-1] is not None and statement[-1][0] == "call":
            found: Form = statement[-1]
            return found
    return None


@cache
def libraries() -> dict[str, list[dict[str, Any]]]:
    """The table of libraries: `guard`, `verifier`, `reader`, `limiter`, `middleware`, `neutral`."""
    text = resources.files("fastapi_seclint.program").joinpath("libraries.toml").read_text("utf-8")
    return tomli.loads(text)


def entry(table: str, name: str) -> dict[str, Any] | None:
    """The row of a table for a canonical library name; a row's name may end in `*`."""
    for row in libraries().get(table, []):
        pattern = row["name"]
        if pattern == name or (pattern.endswith("*") and name.startswith(pattern[:-1])):
            return row
    return None
