"""Objects of a project's classes that keep what they make of a password: `PasswordHash(plain, salt).digest`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.passwords.stages import Text, Where

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def text_of_object(known: Passwords, block: Block, owner: Form, name: str, depth: int) -> Text | None:
    """What an attribute of an object is that a block makes of a password: a digest or hash, or None."""
    call = _made(block, owner)
    if call is None or depth <= 0:
        return None
    if (made := _of_record(known, block, call, name, depth)) is not None:
        return made
    plain = known.strongest(Where(block), arguments(call), depth - 1)
    if plain is None or plain.kind != "plain":
        return None
    for cls in (option for option in options(known.value(block, call[2])) if isinstance(option, Class)):
        for method in (cls.namespace.get("__init__"), cls.namespace.get("__post_init__"), cls.namespace.get(name)):
            body = body_of(known.program, method) if isinstance(method, Function) else None
            if body is None or not isinstance(method, Function):
                continue
            given = frozenset(item[0] for item in method.parameters if item[0] not in ("self", "cls"))
            for value in _values(body, name, method.name):
                made = known.text(Where(body, given), value, depth - 1)
                if made is not None and made.kind != "plain":
                    return replace(made, through=call, sure=plain.sure)
    return None


def _of_record(known: Passwords, block: Block, call: Form, name: str, depth: int) -> Text | None:
    """A field of a record that a function makes and gives back: `derive(password, salt).digest`."""
    for function, _ in called(known.program, block, call):
        body = body_of(known.program, function)
        plain = known.strongest(Where(block), arguments(call), depth - 1)
        if body is None:
            continue
        typed = plain is not None and plain.kind == "plain"
        given = frozenset(item[0] for item in function.parameters if item[0] not in ("self", "cls"))
        for returned in (form[2] for form in body.forms.of("return") if form[2] is not None):
            value = _field(known, body, returned, name)
            made = known.text(Where(body, given), value, depth - 1) if value is not None else None
            if made is not None and (made.kind == "hash" or (typed and made.kind == "digest")):
                return replace(made, through=call, sure=plain.sure if plain is not None else made.sure)
    return None


def _field(known: Passwords, block: Block, record: Form, name: str) -> Form | None:
    """What a field of an object is given where the object is made."""
    if record[0] != "call" or record[2][0] not in ("name", "attr"):
        return None
    made = list(options(known.value(block, record[2])))
    if record[2][2:] == ["cls"] and block.function is not None and block.function.owner is not None:
        made = [block.function.owner]
    for cls in (option for option in made if isinstance(option, Class)):
        init = cls.namespace.get("__init__")
        fields = [item[0] for item in cls.fields]
        if init is not None:
            fields = _kept_by(init, name) if isinstance(init, Function) else []
        given: list[Form] = [value for keyword, value, _ in record[4] if keyword == name and name in fields]
        at = fields.index(name) if name in fields else len(record[3])
        if not any(item[0] == "star" for item in record[3]):
            given += record[3][at : at + 1]
        if given:
            return given[0]
    return None


def _kept_by(init: Function, name: str) -> list[str]:
    """The parameters of a constructor, that which it keeps under a name of its object called after it."""
    names = [item[0] for item in init.parameters[1:]]
    for form in init.forms.of("assign"):
        for target in form[2]:
            pairs = [(target, form[3])]
            if target[0] == form[3][0] == "tuple" and len(target[2]) == len(form[3][2]):
                pairs = list(zip(target[2], form[3][2], strict=True))
            for one, value in pairs:
                if one[0] == "attr" and one[2][2:] == ["self"] and one[3] == name and value[0] == "name":
                    return [name if item == value[2] else item for item in names]
    return []


def _made(block: Block, owner: Form) -> Form | None:
    """The call that makes an object: the expression itself, or what its local name was assigned."""
    if owner[0] == "name" and isinstance(block.scope, FunctionScope):
        found = [item for item in block.scope.assignments(owner[2]) if item[0] == "assign"]
        owner = found[0][3] if len(found) == 1 else owner
    return owner if owner[0] == "call" and owner[2][0] in ("name", "attr") else None


def _values(body: Block, name: str, method: str) -> Iterator[Form]:
    """What a method assigns to an attribute, or what a property of that name returns."""
    for form in body.forms.of("assign", "return"):
        match form:
            case ["assign", _, [["attr", _, ["name", _, "self"], target]], value] if target == name:
                yield value
            case ["return", _, value] if value is not None and method == name:
                yield value
