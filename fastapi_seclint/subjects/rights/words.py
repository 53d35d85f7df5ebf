"""Words and conditions that speak of what a caller may do: roles, permissions, scopes."""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi_seclint.facts.forms import CALLED, Form, beginning, mentions, walk
from fastapi_seclint.program.spelling import snake

_RIGHT = re.compile(
    r"(^|_)(roles?|grants|rbac|acl|admins?|administrators?|superusers?|super_?admin|staff|permissions?|perms?|privileges?|scopes?|rights?"
    r"|authori[sz]\w*|is_root|moderators?|operator|owners?|groups?|access_level|user_?type|account_?type|clearance|policy|polic"
    r"ies|entitlements?|capabilit(y|ies)|forbid(den)?|can_\w+|has_(role|perm|access|scope)\w*|allowed_\w+|is_(manager|owner|editor)"
    r"|enforce|enforcer)(_|$)",
    re.I,
)
"""The words of names that speak of what a caller may do."""
_ROLE_NAMES = frozenset(
    {
        "admin",
        "administrator",
        "superuser",
        "superadmin",
        "super_admin",
        "staff",
        "root",
        "moderator",
        "owner",
        "manager",
    }
)
SUPPLIES = re.compile(r"(service|repo|repository|crud|dao|db|database|store|settings|config)s?$", re.I)


_NO_RIGHT = re.compile(
    r"(^|_)allowed_(\w+_)?(schemes?|hosts?|netlocs?|origins?|ext\w*|(mime_?|content_?|file_?)?types?|methods?|domains?|formats?"
    r"|algs?|algorithms?|issuers?|audiences?|paths?|chars?|characters|sizes?|tags?|keys?|fields?|columns?|values?|extensions?)$"
    r"|^(http_)?authorization(_headers?|_values?)?$",
    re.I,
)
"""What is allowed to be in a request, whoever sends it, and the header of that name."""


@lru_cache(maxsize=65_536)
def names_right(name: str) -> bool:
    """Whether a name speaks of roles, permissions, scopes or the like."""
    plain = snake(name)
    return _RIGHT.search(plain) is not None and _NO_RIGHT.search(plain) is None


def is_role(text: object) -> bool:
    """Whether a text is the name of a role that may do more than others."""
    return isinstance(text, str) and text.lower().replace("-", "_") in _ROLE_NAMES


def is_administrator(text: object) -> bool:
    """Whether a text is the name of a role that may do everything, in any application."""
    plain = text.lower().replace("-", "_") if isinstance(text, str) else ""
    return plain in ("admin", "administrator", "superuser", "superadmin", "super_admin", "root")


def has_ranks(texts: list[object]) -> bool:
    """Whether the values of a choice are ranks of people: an administrator, or ordinary members with others above."""
    if any(map(is_administrator, texts)):
        return True
    plain = {text.lower() for text in texts if isinstance(text, str)}
    return bool(plain & _PLAIN_ROLES) and any(map(is_role, plain))


_CHECKS = re.compile(
    r"^_*((check|require|ensure|verify|assert|validate|test|enforce|need|is|has|can|must|guard|only)_\w+|authori[sz]e\w*"
    r"|enforce\w*|permit\w*|is_allowed|\w+_allowed|can)$"
)


_NO_RIGHT_ENFORCED = re.compile(
    r"(^|_)enforce_(\w+_)?(e?mail|verif\w+|confirm\w+|active|rate|(rate_?)?limits?|throttl\w+|quotas?|budgets?|passwords?|mfa"
    r"|2fa|otp|totp|https?|tls|ssl|csrf|captcha|terms|timeouts?|sizes?|lengths?|schemas?|formats?|unique\w*|login"
    r"|authenticat\w+|auth|tokens?|sessions?|lockouts?)(_|$)"
)
"""What is enforced of everybody, whatever his rights are: a limit, a confirmed address, a login."""


def names_check_of_rights(name: str) -> bool:
    """Whether a call of this name checks rights: `require_admin`, `has_permission`, `authorize`."""
    plain = snake(name)
    if plain.startswith("can_"):
        return True
    if _NO_RIGHT_ENFORCED.search(plain) is not None:
        return False
    return _CHECKS.match(plain) is not None and names_right(plain)


def asks_an_enforcer(called: Form) -> bool:
    """`enforcer.enforce(...)`, `user.permissions.check(...)`: a method of something that is named after rights."""
    if called[0] != "attr" or (called[2][0] == "attr" and _is_request_scope(called[2])):
        return False
    owner: Form = called[2]
    name = str(owner[-1]) if owner[0] in ("name", "attr") else ""
    if not name or not names_right(name) or SUPPLIES.search(name) or called[3] in _TAKES_OUT or _keeps(called):
        return False
    if reads_table_of_rights(called):
        return False
    if (_HOLDER.search(snake(name)) or _is_class(name)) and _ASKS.match(snake(str(called[3]))) is None:
        return False
    return _AUTHENTICATES.search(snake(str(called[3]))) is None


def reads_table_of_rights(called: Form) -> bool:
    """Whether a method reads a constant table that is named after rights: `ROLE_LEVELS.get`."""
    if called[0] != "attr" or called[2][0] not in ("name", "attr") or called[3] not in _READS_TABLE:
        return False
    name = str(called[2][-1])
    return name.isupper() and names_right(name)


def _is_class(name: str) -> bool:
    """Whether a name is written as classes are, whose methods make objects as a rule: `RoleResponse.from_orm(row)`."""
    return name[:1].isupper() and not name.isupper()


_KEEPER = re.compile(r"(controller|manager|handler|dal|gateway|facade|table|collection|model|use_?cases?)s?$", re.I)
_KEEPS = re.compile(
    r"^_?(get|list|find|search|filter|count|fetch|load|create|add|insert|save|update|upsert|edit|modify|delete|remove"
    r"|(is_)?exists?|all|page|paginate|query)(_|$)"
)


def _keeps(called: Form) -> bool:
    """Whether a method looks roles up or changes them as things: `role_controller.is_exist(name=role_in.name)`."""
    if called[0] != "attr" or called[2][0] not in ("name", "attr"):
        return False
    owner, name = snake(str(called[2][-1])), snake(str(called[3]))
    if owner.endswith("enforcer"):
        return _REWRITES.match(name) is not None
    return _KEEPER.search(owner) is not None and _KEEPS.match(name) is not None


_REWRITES = re.compile(r"^(add|remove|delete|update|save|load|clear|build|set)(_|$)")
"""How the rules are written that an enforcer goes by, which asks none of them (casbin/management_enforcer.py)."""


_HOLDER = re.compile(r"(^|_)(admin|administrator|superuser|staff|moderator|operator|owner|group)s?(_client)?$")
"""What is called after people with rights, a client that may do everything among them: `admin.table("notes")`."""
_ASKS = re.compile(r"(check|require|ensure|verify|has|is|can|may|must|allow|enforce|assert|permit|contains?|includes?)")
_TAKES_OUT = frozenset(
    {
        "append", "copy", "add", "unique", "scalars", "scalar", "scalar_one", "scalar_one_or_none", "mappings", "all",
        "first", "one", "one_or_none", "fetchall", "fetchone", "partitions",
        "lower", "upper", "strip", "casefold", "title", "capitalize", "split", "replace", "encode", "format",
    }
)  # fmt: skip
"""What is done with rows that were found, SQLAlchemy's results among them: `roles_result.unique().scalars()`.

And with texts: `body.role.lower()` only spells the role.
"""
_READS_TABLE = frozenset({"get", "items", "keys", "values", "index", "count"})
"""How a constant table is read, which decides nothing before somebody tests what it says: `ROLE_LEVELS.get(role)`."""
_AUTHENTICATES = re.compile(r"(^|_)(jwt|tokens?|cookies?|subject|login|authenticate)(_|$)")
"""The methods of an object that is called `Authorize` and only says who is calling, as fastapi-jwt-auth's is."""


_PLAIN_ROLES = frozenset({"user", "member", "customer", "regular", "normal", "basic", "standard"})
_NO_ROLES = frozenset(
    {
        "pending", "banned", "blocked", "inactive", "disabled", "deleted", "unverified",
        "system", "assistant", "tool", "function", "developer",
    }
)  # fmt: skip
"""States of an account, and who speaks in a talk with a language model."""


def _admits_everybody(compare: Form) -> bool:
    """Whether a comparison only keeps out who is no user yet or any more: `role in {"user", "admin"}`."""
    for operator, side in zip(compare[3], compare[4], strict=False):
        if operator in ("in", "not in") and side[0] in ("set", "list", "tuple"):
            return any(_role(item) in _PLAIN_ROLES for item in side[2])
        if operator in ("==", "!="):
            return bool({_role(side), _role(compare[2])} & _NO_ROLES)
    return False


def _role(form: Form) -> str:
    text = form[-1] if form[0] in ("const", "attr") else ""
    return text.lower() if isinstance(text, str) else ""


def speaks_of_rights(form: Form, sent: frozenset[str] = frozenset()) -> bool:
    """Whether an expression names roles, permissions or scopes, other than those of the names in `sent`."""
    if form[0] == "compare" and _admits_everybody(form):
        return False
    if form[0] == "compare" and sent and mentions(form, sent):
        return any(
            speaks_of_rights(side)
            for side in (form[2], *form[4])
            if side[0] in ("attr", "sub") and not _is_of(side, sent)
        )
    keepers = {inner[2][2][1] for inner in walk(form) if inner[0] == "call" and _keeps(inner[2])}
    for inner in walk(form):
        if inner[1] in keepers and inner[0] in ("attr", "name"):
            continue
        if inner[0] == "attr" and names_right(inner[3]) and not _is_request_scope(inner) and not _is_of(inner, sent):
            return True
        if inner[0] == "name" and names_right(inner[2]) and inner[2] not in sent:
            return True
        if inner[0] == "const" and isinstance(inner[2], str) and (is_role(inner[2]) or _is_key(inner[2])):
            return True
    return False


def _is_of(form: Form, names: frozenset[str]) -> bool:
    """Whether an attribute or item belongs to one of the names."""
    return beginning(form, CALLED) in names


def _is_key(text: str) -> bool:
    return text.isidentifier() and names_right(text)


def _is_request_scope(form: Form) -> bool:
    return bool(form[3] == "scope" and form[2][0] == "name" and form[2][2] in ("request", "websocket", "conn"))
