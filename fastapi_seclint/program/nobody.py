"""Objects that stand for nobody, `Anonymous()`: what they say of themselves, and of which class they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import credentials
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.kinds import CLEAN, EMPTY, FALSE, NOBODY, NOTHING, TRUE, Kinds
from fastapi_seclint.program.values import Class, Collection, Const, Instance, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

SAID = {"is_authenticated": FALSE, "authenticated": FALSE, "is_anonymous": TRUE, "anonymous": TRUE}
"""What an object says that stands for nobody: `Anonymous()`, `Session(authenticated=False)`."""


def of_class(walk_: Walk, cls: Class) -> Kinds:
    """The kinds of an object of a class that stands for nobody; the class is known by one of them."""
    kind = f"nobody {cls.module.name}:{cls.at}"
    walk_.follower.nobodies[kind] = cls
    return NOBODY | {kind}


def said(walk_: Walk, owner: Kinds, name: str) -> Kinds:
    """What an object says under a name that stands for nobody: what its class gives all of them, else nobody again."""
    if name in SAID:
        return SAID[name]
    found = [_of_constant(_given(cls, name)) for cls in _classes(walk_, owner)]
    return frozenset().union(*found, owner & CLEAN) if found and all(found) else owner


def text(walk_: Walk, form: Form) -> str | None:
    """The text that an attribute of an object has which stands for nobody: `user.role`, "guest"."""
    if form[0] != "attr" or not walk_.follower.nobodies:
        return None
    owner = walk_.kinds(form[2])
    found = [_given(cls, form[3]) for cls in _classes(walk_, owner)] if "clean" not in owner else []
    texts = {str(value.value) for value in found if value is not None and isinstance(value.value, str)}
    return texts.pop() if len(texts) == 1 and None not in found else None


def is_one(walk_: Walk, owner: Kinds, asked: Form | None) -> Kinds:
    """Whether an object that stands for nobody is of a class, of one of several, or of one of their children."""
    values = _listed(walk_, asked) if asked is not None else []
    named = any(isinstance(value, Class) and credentials.names_nobody(value.name) for value in values)
    classes = _classes(walk_, owner)
    if not classes:
        return TRUE if named else FALSE
    answers = {any(base is value for base in cls.lineage() for value in values) for cls in classes}
    return (TRUE if True in answers else frozenset()) | (FALSE if False in answers else frozenset())


def _listed(walk_: Walk, asked: Form) -> list[Value]:
    """The classes that `isinstance` asks for: one, those of a tuple, those of `Member | Guest`."""
    if asked[0] == "tuple":
        return [value for item in asked[2] for value in _listed(walk_, item)]
    if asked[0] == "binop":
        return [value for item in asked[3:5] for value in _listed(walk_, item)]
    found = list(options(walk_.value(asked)))
    return [item for value in found for item in (value.items if isinstance(value, Collection) else [value])]


def _classes(walk_: Walk, owner: Kinds) -> list[Class]:
    return [walk_.follower.nobodies[kind] for kind in sorted(owner) if kind in walk_.follower.nobodies]


def _given(cls: Class, name: str) -> Const | None:
    """The constant that a class says all its objects have, or that its constructor gives them."""
    made = method_of(Instance(cls), "__init__")
    if made is not None and made.number >= 0 and made.parameters:
        own = made.parameters[0][0]
        for form in made.statements():
            targets = form[2] if form[0] == "assign" and form[3][0] == "const" else []
            if any(target[0] == "attr" and target[3] == name and target[2][-1] == own for target in targets):
                return Const(form[3][2])
    for base in cls.lineage():
        if isinstance(base, Class) and name in base.namespace:
            value = base.namespace[name]
            return value if isinstance(value, Const) else None
    return None


def _of_constant(value: Const | None) -> Kinds:
    """The kinds of a constant that decides: nothing, true, false, the empty text."""
    if value is None:
        return frozenset()
    if isinstance(value.value, bool):
        return TRUE if value.value else FALSE
    return NOTHING if value.value is None else EMPTY if value.value == "" else frozenset()
