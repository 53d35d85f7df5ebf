"""What code calls the state of an account: open, closed, blocked, and whether a condition is about it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.state_fields import state_words

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SHORT = 2
_ANSWERS = ("attr", "bool", "compare", "unary")
"""What an answer of yes or no is; what shows a state among others is a dictionary, or a choice of texts."""

STATES = frozenset(
    {
        "is_active", "active", "isactive", "disabled", "is_disabled", "is_enabled", "enabled", "is_blocked", "blocked",
        "banned", "is_banned", "deactivated", "is_deactivated", "suspended", "is_suspended", "is_locked", "is_deleted",
        "banned_until", "blocked_until", "suspended_until", "blocked_at", "suspended_at",
        "deleted_at", "disabled_at", "deactivated_at", "is_inactive", "inactive", "user_status", "account_status",
        "closed_at", "deleted", "locked", "aktiv", "ist_aktiv", "gesperrt", "ist_gesperrt", "deaktiviert", "inaktiv",
        "ativo", "ativa", "inativo", "bloqueado", "desativado", "activo", "activa", "esta_activo", "inactivo",
        "desactivado", "suspendido", "actif", "est_actif", "bloque", "desactive", "attivo", "bloccato",
        "disattivato", "sospeso",
    }
)  # fmt: skip
"""Names of flags and moments by which an account is closed or open."""
_STATUS = re.compile(r"active|disabled|blocked|banned|suspended|enabled|frozen|expelled|kicked|barred|locked", re.I)
_STATUS_FIELDS = ("status", "state", "standing", "lifecycle")


def speaks_of_state(form: Form, computed: frozenset[str] = frozenset()) -> bool:
    """Whether an expression reads such a flag, or compares a status with a word for one of these states.

    `computed` are what classes of the program compute of one, `may_sign_in` of `not self.banned`, and their own names
    for it, `Standing.GOOD`.
    """
    for inner in walk(form):
        name = inner[3] if inner[0] == "attr" else inner[2] if inner[0] in ("name", "const") else ""
        if isinstance(name, str) and (snake(name) in STATES or (inner[0] in ("attr", "name") and name in computed)):
            return True
        if inner[0] == "compare" and compares_status(inner):
            return True
    return False


@lru_cache(maxsize=1)
def computed_states(program: Program) -> frozenset[str]:
    """The properties and methods of the program's classes that give nothing but whether an account is open.

    With them the fields and enumerations that say it in words of the program's own.
    """
    found = set(state_words(program))
    for module in program.modules.by_file.values():
        classes = (value for value in list(module.scope.names.values()) if isinstance(value, Class))
        for cls in classes if module.facts.words & STATES else ():
            methods = (item for item in cls.namespace.values() if isinstance(item, Function) and item.number >= 0)
            found |= {method.name for method in methods if cls.module is module and _gives_state(method)}
    return frozenset(found)


def _gives_state(method: Function) -> bool:
    given = [form[2] for form in method.forms.of("return") if form[2] is not None]
    own = method.parameters[0][0] if len(method.parameters) == 1 else ""
    named = any(form[0] == "attr" and form[2][2:] == [own] for form in walk(given))
    answers = all(form[0] in _ANSWERS and speaks_of_state(form) for form in given)
    return bool(own) and named and len(method.statements()) <= _SHORT and answers


def compares_status(form: Form) -> bool:
    """Whether a status is compared with a word for one of these states: `user.status != "active"`."""
    sides = [form[2], *form[4]]
    named = any(side[0] in ("attr", "sub") and field_of(side).endswith(_STATUS_FIELDS) for side in sides)
    words = [str(inner[-1]) for side in sides for inner in walk(side) if inner[0] in ("attr", "const", "name")]
    return named and any(_STATUS.search(word) for word in words)


def field_of(form: Form) -> str:
    """The name of an attribute or item, empty for one that is not written down."""
    return str(form[3]) if form[0] == "attr" else str(form[3][2]) if form[3][0] == "const" else ""
