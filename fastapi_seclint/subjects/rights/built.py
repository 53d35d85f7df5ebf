"""Objects that a dependency makes with a right in them that the client sends: `return Context(user, role=x_role)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name, named_arguments, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.rights.sent import Input, Sent, source

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def built_of_rights(program: Program, function: Function, found: Input) -> tuple[Class, dict[str, Sent]] | None:
    """The class of the object that a dependency gives, and by the names of its fields the rights that the client sent.

    `found` is what the dependency has from the client.
    """
    block = body_of(program, function) if makes_object(function) else None
    if block is None or all(sent.origin == "body" for sent in found.values.values()):
        return None
    for form in function.forms.of("return"):
        made = form[2]
        if made is None or made[0] != "call":
            continue
        for cls in options(ask(program, block, made[2])):
            if isinstance(cls, Class):
                pairs = named_arguments(made, [item.name for item in parameters(cls)])
                sent = {name: right for name, value in pairs if (right := source(found, value)) is not None}
                rights = {name: right for name, right in sent.items() if right.origin != "body"}
                if rights:
                    return cls, rights
    return None


def flags_of(cls: Class, rights: dict[str, Sent]) -> dict[str, Sent]:
    """What the properties of a class say of the rights that its objects were made with: `self.tier == "admin"`."""
    found = {}
    for base in cls.lineage():
        for name, method in base.namespace.items() if isinstance(base, Class) else ():
            if not isinstance(method, Function) or method.kind != "property" or not method.parameters:
                continue
            given = [form[2] for form in method.forms.of("return") if form[2] is not None]
            own = [method.parameters[0][0]]
            read = {form[3] for form in walk(given) if form[0] == "attr" and form[2][2:] == own}
            asked = [rights[one] for one in read if one in rights]
            if asked and read <= rights.keys() and all(form[0] in ("compare", "bool", "unary") for form in given):
                found[name] = replace(asked[0], flag=True)
    return found


def makes_object(function: Function) -> bool:
    """Whether a function gives what it makes of a class, as far as names tell."""
    given = (form[2] for form in function.forms.of("return"))
    return any(made is not None and made[0] == "call" and last_name(made[2])[:1].isupper() for made in given)
