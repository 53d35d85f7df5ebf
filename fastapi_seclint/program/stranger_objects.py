"""Objects that are made of what a stranger sent, and methods that only other classes fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import credentials, nobody
from fastapi_seclint.program.kinds import ABSENT, CLEAN, FALSE, HOLDERS, OBJECT, QUERY, TRUE, Kinds
from fastapi_seclint.program.values import Class, Const, External, Function

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def reads_message(function: Form) -> bool:
    """Whether a call gives what it gets, or an object of it: `json.loads(...)`, `wait_for(websocket.receive(), 5)`."""
    return function[0] in ("attr", "name") and function[-1] in (_READERS if function[0] == "attr" else _WAITERS)


_READERS = frozenset(
    {
        "loads",
        "model_validate",
        "model_validate_json",
        "parse_obj",
        "parse_raw",
        "validate_python",
        "validate_json",
        "wait_for",
        "shield",
    }
)
_WAITERS = frozenset({"wait_for", "shield", "loads"})
PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_PLAIN = ("const", "ellipsis")


def is_abstract(function: Function) -> bool:
    """Whether a method only says that another class has to have it: `raise NotImplementedError`, or nothing at all."""
    if any(isinstance(item, External) and item.name == "abc.abstractmethod" for item in function.decorators):
        return all(item[0] in ("expr", "pass", "raise") for item in function.statements())
    is_of_protocol = function.owner is not None and bool(PROTOCOLS & set(function.owner.external_bases()))
    if is_of_protocol and all(item[0] == "pass" or _is_said(item) for item in function.statements()):
        return True
    if function.owner is None or not function.module.facts.body_mentions(function.number, b"NotImplemented"):
        return False
    statements = [item for item in function.statements() if item[0] != "expr"]
    if len(statements) != 1 or statements[0][0] != "raise" or statements[0][2] is None:
        return False
    raised = statements[0][2][2] if statements[0][2][0] == "call" else statements[0][2]
    return "NotImplemented" in str(raised[-1])


def _is_said(statement: Form) -> bool:
    """Whether a statement is nothing but a text or `...`."""
    return bool(statement[0] == "expr" and statement[2][0] in _PLAIN)


def made_of(walk_: Walk, cls: Class, given: list[Kinds], touched: Kinds) -> Kinds:
    """An object that is made of credentials, or of nothing where there were none: it is there for strangers, too."""
    if credentials.names_nobody(cls.name):
        return nobody.of_class(walk_, cls)
    if any("nobody" in found for found in given):
        return frozenset().union(*(found for found in given if "nobody" in found))
    if touched & HOLDERS or "junk" in touched:
        return touched
    if QUERY in given:
        return QUERY
    if walk_.encounter.checked and any("nothing" in found for found in given):
        touched = touched - CLEAN | ABSENT
    return touched | OBJECT if touched & {"absent", "bad"} else touched


def handed_kinds(walk_: Walk, form: Form) -> Kinds:
    """The kinds of an argument: a name of the code around the function may stand for True or False.

    `def user(required: bool = True)` makes a guard that hands `required` on to what all such guards ask, and
    `Guard(required=True)` is one that hands on `self.required`.
    """
    found = walk_.kinds(form)
    of_object = form[0] == "attr" and form[2][0] == "name" and walk_.scope.receiver is not None
    if found != CLEAN or not (of_object or (form[0] == "name" and form[2] not in walk_.names)):
        return found
    value = walk_.value(form)
    said = value.value if isinstance(value, Const) else None
    return found if not isinstance(said, bool) else TRUE if said else FALSE
