"""What dependencies give where they have nobody to give: an object, nothing, something that is kept unread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, arguments, awaited, last_name, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.encounters import Stranger
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, Function, Instance, Mapping, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.guards.asked_objects import refused_elsewhere
from fastapi_seclint.subjects.guards.sent_only import refused_if_sent
from fastapi_seclint.subjects.owners.services import kept_caller
from fastapi_seclint.subjects.owners.uses import asks_the_request
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.tokens.looking import looked_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def always_gives_an_object(program: Program, node: Node) -> bool:
    """Whether a dependency puts what was sent into an object of the project: everybody has one, user or not."""
    if isinstance(node.call, Class):
        return True
    block = program.sites.block(node.function.module, node.function.number) if node.function is not None else None
    if node.function is None or block is None:
        return False
    given = [form[2] for form in node.function.forms.of("return")]
    return bool(given) and all(
        value is not None and (value[0] == "dict" or _makes_an_object(program, block, value)) for value in given
    )


def _makes_an_object(program: Program, block: Block, value: Form) -> bool:
    return value[0] == "call" and any(isinstance(one, Class) for one in options(ask(program, block, value[2])))


def is_of_nobody(made: Form) -> bool:
    """Whether an object keeps nothing of anybody, `Context(None)`: everybody has one, and it may say who that is."""
    return all(item[0] == "const" and item[2] is None for item in arguments(made))


def _answers(node: Node) -> bool:
    """Whether a dependency says yes or no: `-> bool`, `return False`, `return key == KEY`."""
    function = node.function
    if function is None:
        return False
    if function.returns is not None and last_name(function.returns) == "bool":
        return True
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    return any(value[0] == "compare" or (value[0] == "const" and value[2] is False) for value in given)


def is_somebody(program: Program, handler: Function, name: str) -> bool:
    """Whether a handler says that a parameter is an object of a class of the project, and never None: `user: User`."""
    said = next((item[2] for item in handler.parameters if item[0] == name), None)
    if said is not None and said[0] == "sub" and last_name(said[2]) == "Annotated":
        said = said[3][2][0] if said[3][0] == "tuple" else said[3]
    if said is None or said[0] not in ("name", "attr"):
        return False
    outside = Block(handler.module, None, handler.module.scope, NO_STATEMENTS)
    return any(isinstance(option, Class) for option in options(ask(program, outside, said)))


def somebody_made_up(program: Program, node: Node) -> Form | None:
    """What a dependency has for who is nobody, where that is written down: `User(id=0, name="guest")`."""
    function = node.function
    block = program.sites.block(function.module, function.number) if function is not None else None
    missing = program.guard_model.dependencies.encounter(node.call, Stranger(junk=False))
    ways = {ending.place.at for ending in missing.passes if ending.place is not None}
    for form in block.forms.of("return") if block is not None else ():
        value = form[2] if form[1] in ways else None
        if value is not None and value[0] == "name" and function is not None:
            if looked_at(program, function, {value[2]}, shown=False):
                continue
            handed_on = (somebody_made_up(program, child) for child in node.children if child.parameter == value[2])
            if (found := next(handed_on, None)) is not None:
                return found
        value = _in_place_of_nobody(program, block, value) if block is not None and value is not None else None
        if block is None or value is None or value[0] != "call" or not arguments(value):
            continue
        written = all(item[0] == "const" for item in arguments(value))
        if written and any(isinstance(option, Class) for option in options(ask(program, block, value[2]))):
            return list(value)
    return None


def _in_place_of_nobody(program: Program, block: Block, value: Form) -> Form:
    """What an answer comes to where nobody is found, as far as it is written: `GUEST` in `members.get(token) or GUEST`.

    A name of the module stands for the object that it was given.
    """
    if value[0] == "bool" and value[2] == "or":
        value = value[3][-1]
    if value[0] == "name" and not block.is_local(value[2]):
        for option in options(ask(program, block, value)):
            if isinstance(option, Instance) and option.place is not None:
                calls = option.place.module.facts.forms(MODULE).of("call")
                return next((call for call in calls if call[1] == option.place.at), value)
    return value


def nobody_test(program: Program, node: Node) -> str | None:
    """What is true of that which a dependency gives for nobody, as code with `{}` for it; None where nothing says so.

    `{}.id == 0` for an object that is written down by what only nobody has, `{}.user is None` for one that keeps
    nobody, `not {}` for a no, else `{} is None`.
    """
    if _answers(node):
        return "not {}"
    if (made := somebody_made_up(program, node)) is not None:
        named = {name: value for name, value, _ in made[4] if name is not None}
        key = next((name for name in (*_OWN, *named) if name in named and _is_of_nobody(name, named[name])), None)
        written = rendered(named[key]) if key is not None else None
        compared = "is" if written == "None" else "=="
        return f"{{}} is None or {{}}.{key} {compared} {written}" if written is not None else None
    if not always_gives_an_object(program, node):
        return None if _has_a_default(node) or _gives_a_dictionary(program, node) else "{} is None"
    callers = {child.parameter for child in node.children if child.parameter and may_be_nobody(program, child)}
    kept = kept_caller(program, node, callers) if callers else None
    return f"{{}}.{kept.attribute} is None" if kept is not None and not kept.part else None


def _gives_a_dictionary(program: Program, node: Node) -> bool:
    """Whether a dependency puts what it found into a dictionary, which is there for nobody, too."""
    block = body_of(program, node.function) if node.function is not None else None
    given = [form[2] for form in node.function.forms.of("return")] if node.function is not None else []
    return bool(given) and all(
        value is not None and block is not None and isinstance(ask(program, block, value), Mapping) for value in given
    )


def _has_a_default(node: Node) -> bool:
    """Whether a dependency looks somebody up with something in place of nobody: `members.get(token, GUEST)`."""
    given = [awaited(form[2]) for form in node.function.forms.of("return") if form[2]] if node.function else []
    looked_up = [form[3] for form in given if form[0] == "call" and form[2][0] == "attr" and form[2][3] == "get"]
    of_mappings = [asked for asked in looked_up if asked and not _is_class(asked[0])]  # `db.get(Member, 3)` is none
    return any(asked[1:] and asked[1][0] in ("name", "attr", "call") for asked in of_mappings)


def _is_class(form: Form) -> bool:
    """Whether an expression is called as classes are: `Member`, `models.Member`."""
    name = last_name(form) if form[0] in ("name", "attr") else ""
    return name[:1].isupper() and not name.isupper()


def _is_of_nobody(name: str, value: Form) -> bool:
    """Whether a field of somebody made up sets him apart: who he is, or a text that says that he is nobody."""
    if isinstance(value[2], bool):
        return False
    return name in _OWN or name.endswith("_id") or _NOBODY.search(str(value[2])) is not None


def asks_for_credentials(program: Program, node: Node) -> bool:
    """Whether a dependency, or one below it, looks at what a stranger sends, or looks somebody up by it."""
    encounter = program.guard_model.dependencies.encounter
    met = (encounter(below.call, Stranger(junk=False)) for below in node.walk())
    return any(answer.checked or answer.used for answer in met)


def is_asked_elsewhere(program: Program, route: Route, node: Node) -> bool:
    """Whether another handler refuses strangers by what it finds in the same object, which has a user or none."""
    asked = program.guard_model.dependencies.encounter(node.call, Stranger(junk=True))
    if asked.checked and refused_elsewhere(program, route, node):
        return True
    return asked.checked and any(
        other.function is not route.function
        and other.function is not None
        and other.function.dotted in program.guarding(other).guards.authentication
        and any(item.parameter and item.function is node.function for item in other.dependencies)
        for other in program.routes
    )


def gives_for_nothing(program: Program, node: Node, route: Route) -> bool:
    """Whether a dependency in a list does nothing but to return something, or to keep it where nobody asks for it.

    One that keeps what it found in a context may have been asked in the handler, and one that raises for more than
    credentials that cannot be read, or calls what does, may refuse.
    """
    function = node.function
    if function is None or any(_may_refuse(one) for one in reached(program, function, 3)):
        return False
    if _is_asked_for(program, function, route):
        return False
    gives = any(form[0] == "assign" or form[2] is not None for form in function.forms.of("assign", "return"))
    return gives or any(may_be_nobody(program, child) for child in node.children if child.parameter)


def may_be_nobody(program: Program, node: Node) -> bool:
    """Whether a dependency looks for the caller and gives nothing where there is none."""
    missing = program.guard_model.dependencies.encounter(node.call, Stranger(junk=False))
    nobody = missing.checked and bool(missing.returned & {"absent", "nothing"})
    return nobody and verdict(missing) == "passes" and not missing.opaque


def refuses_only_what_is_sent(program: Program, node: Node, route: Route) -> str:
    """The parameter of a dependency in a list with what is sent, where only a wrong one is refused, none is not.

    Nobody gets what such a dependency gives, so nobody else can refuse who sends nothing. Empty for any other.
    """
    function = node.function
    schemes = [child.parameter for child in node.children if child.parameter and scheme_of(child.call) is not None]
    if node.parameter or function is None or function.number < 0 or _is_asked_for(program, function, route):
        return ""
    schemes = schemes or [name for name in [refused_if_sent(function)] if name]
    if len(schemes) != 1:
        return ""
    encounter = program.guard_model.dependencies.encounter
    missing, junk = (encounter(node.call, Stranger(sent)) for sent in (False, True))
    configured = encounter(node.call, Stranger(junk=False, configured=True))
    open_to_all = all(verdict(one) == "passes" and not one.opaque for one in (missing, configured))
    return schemes[0] if open_to_all and verdict(junk) == "denies" and not junk.opaque else ""


def _is_asked_for(program: Program, function: Function, route: Route) -> bool:
    """Whether what a dependency found may be asked for later: it keeps something, or the handler reads the request."""
    if route.function is not None and asks_the_request(route.function):
        return True
    targets = [
        target
        for form in function.forms.of("assign")
        for target in form[2]
        if target[0] in ("attr", "sub") and not _is_kept_unread(program, function, target)
    ]
    return bool(targets) or any(form[2][0] == "attr" and _KEEPS.match(form[2][3]) for form in function.forms.of("call"))


def _may_refuse(function: Function) -> bool:
    """Whether a function raises other than where it could not read what was sent."""
    unread = {
        id(inner)
        for form in function.forms.of("try")
        for handler in form[3]
        for inner in walk(handler[2])
        if inner[0] == "raise"
    }
    return any(id(form) not in unread for form in function.forms.of("raise"))


def _is_kept_unread(program: Program, function: Function, target: Form) -> bool:
    """Whether a target is an attribute of the request's state that no other function of the program speaks of."""
    match target:
        case ["attr", _, ["attr", _, _, "state"], str(name)]:
            blocks = program.sites.blocks(frozenset({name}))
            own = (function.module.file, function.number)
            return not any(
                form[-1] == name
                for block in blocks
                if block.function is not None and (block.module.file, block.number) != own
                for form in block.forms.of("attr", "const")
            )
    return False


_OWN = ("id", "pk", "uuid", "user_id", "uid", "sub", "username", "user_name", "login", "email", "name")
"""The fields that say who somebody is: no two people share them."""
_NOBODY = re.compile(r"guest|anon|nobody|visitor|stranger|unknown|unauthenticated", re.I)
_KEEPS = re.compile(r"^(set|bind\w*|set_\w+|add|append|update|setdefault|put|record\w*|log\w*)$")
