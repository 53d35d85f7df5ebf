"""Words and conditions that speak of what a caller may do: roles, permissions, scopes."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.identity import snake

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


def names_right(name: str) -> bool:
    """Whether a name speaks of roles, permissions, scopes or the like."""
    return _RIGHT.search(snake(name)) is not None


def is_role(text: object) -> bool:
    """Whether a text is the name of a role that may do more than others."""
    return isinstance(text, str) and text.lower().replace("-", "_") in _ROLE_NAMES


def decides(function: Function, sent: frozenset[str] = frozenset()) -> bool:
    """Whether a condition of this function speaks of rights, other than those named `sent`."""
    return any(_is_decision(form, sent) for statement in function.statements() for form in walk(statement))


def _is_decision(form: Form, sent: frozenset[str]) -> bool:
    """A condition that speaks of rights, or a call that is named like one that checks them."""
    if form[0] in ("if", "while", "ifexp", "assert", "compare"):
        return speaks_of_rights(form if form[0] == "compare" else form[2], sent)
    if form[0] == "comp":
        return any(speaks_of_rights(condition, sent) for *_, conditions in form[5] for condition in conditions)
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    name = str(form[2][-1])
    return names_check_of_rights(name) or _asks_an_enforcer(form[2])


_CHECKS = re.compile(
    r"^_*((check|require|ensure|verify|assert|validate|test|enforce|need|is|has|can|must|guard|only)_\w+|authori[sz]e\w*"
    r"|enforce\w*|permit\w*|is_allowed|\w+_allowed|can)$"
)


def names_check_of_rights(name: str) -> bool:
    """Whether a call of this name checks rights: `require_admin`, `has_permission`, `authorize`."""
    plain = snake(name)
    if plain.startswith("can_"):
        return True
    return _CHECKS.match(plain) is not None and names_right(plain)


def _asks_an_enforcer(called: Form) -> bool:
    """`enforcer.enforce(...)`, `user.permissions.check(...)`: a method of something that is named after rights."""
    if called[0] != "attr":
        return False
    owner: Form = called[2]
    name = str(owner[-1]) if owner[0] in ("name", "attr") else ""
    return bool(name) and names_right(name) and not SUPPLIES.search(name) and called[3] not in ("append", "copy", "add")


def speaks_of_rights(form: Form, sent: frozenset[str] = frozenset()) -> bool:
    """Whether an expression names roles, permissions or scopes, other than those of the names in `sent`."""
    if form[0] == "compare" and sent and any(inner[0] == "name" and inner[2] in sent for inner in walk(form)):
        return any(
            speaks_of_rights(side)
            for side in (form[2], *form[4])
            if side[0] in ("attr", "sub") and not _is_of(side, sent)
        )
    for inner in walk(form):
        if inner[0] == "attr" and names_right(inner[3]) and not _is_request_scope(inner) and not _is_of(inner, sent):
            return True
        if inner[0] == "name" and names_right(inner[2]) and inner[2] not in sent:
            return True
        if inner[0] == "const" and isinstance(inner[2], str) and (is_role(inner[2]) or _is_key(inner[2])):
            return True
    return False


def _is_of(form: Form, names: frozenset[str]) -> bool:
    """Whether an attribute or item belongs to one of the names."""
    while form[0] in ("attr", "sub", "call"):
        form = form[2]
    return form[0] == "name" and form[2] in names


def _is_key(text: str) -> bool:
    return text.isidentifier() and names_right(text)


def _is_request_scope(form: Form) -> bool:
    return bool(form[3] == "scope" and form[2][0] == "name" and form[2][2] in ("request", "websocket", "conn"))
