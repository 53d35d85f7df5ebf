"""How a response model that shows a password is replaced by one without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.substitution import exchanged
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.named_answers import registration
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.passwords.public_models import public_model, validates_objects
from fastapi_seclint.subjects.passwords.showing import password_field

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def other_model(program: Program, route: Route, block: Block, cls: Class) -> Fix | None:
    """The fix for a route whose response model, or annotation, shows the password."""
    if not password_field(cls):
        return _in_field(program, block, cls)
    function, module = block.function, block.module
    call = registration(route, module)
    if function is None or call is None:
        return None
    given = next((value for keyword, value, _ in call[4] if keyword == "response_model"), None)
    place = Block(module, None, module.scope, NO_STATEMENTS)
    shown = given if given is not None else function.returns
    names = [form for form in walk(shown) if _is(program, place, form, cls)] if shown is not None else []
    model = public_model(program, cls, module) if len(names) == 1 else None
    if model is None or shown is None:
        return None
    if given is not None or model.is_base:
        edits: tuple[Edit, ...] = (ReplaceExpression(module.path, span_of(names[0][1]), model.name),)
    else:
        text = rendered(exchanged(shown, names[0], ["name", shown[1], model.name]))
        if text is None:
            return None
        edits = (SetKeyword(module.path, span_of(call[1]), "response_model", text),)
    return Fix("answer with a model without the password", False, (*model.edits, *edits))


def _in_field(program: Program, block: Block, cls: Class) -> Fix | None:
    """The fix for a model whose field shows the password: a model without it in place of the field's class."""
    module = cls.module
    place = Block(module, None, module.scope, NO_STATEMENTS)
    statement = next((form for form in module.facts.module if form[0] == "class" and form[2] == cls.name), None)
    for field in statement[6] if statement is not None else []:
        for form in walk(field[3]) if field[0] == "annassign" else ():
            for option in options(ask(program, place, form)) if form[0] in ("name", "attr") else ():
                model = public_model(program, option, module) if isinstance(option, Class) else None
                if model is None or not isinstance(option, Class) or not password_field(option):
                    continue
                made = () if model.is_base else _made_with(program, cls, option, model.name, field)
                if made is not None and (model.is_base or _is_above(module, model.name, field)):
                    edit = ReplaceExpression(module.path, span_of(form[1]), model.name)
                    return Fix("answer with a model without the password", False, (*model.edits, edit, *made))
    return None


def _made_with(program: Program, cls: Class, inner: Class, name: str, field: Form) -> tuple[Edit, ...] | None:
    """The edits that let code which makes objects of a model give its field one of the other class, as that demands.

    `Envelope(data=UserOut.model_validate(user))` names it, of `Page(items=rows)` each row becomes one; None where an
    object comes from elsewhere.
    """
    if not validates_objects(program):
        return None
    edits: list[Edit] = []
    for block in program.sites.blocks(frozenset({cls.name})):
        for call in block.forms.of("call"):
            if last_name(call[2]) != cls.name:
                continue
            named = [form for form in walk([call[3], call[4]]) if _is(program, block, form, inner)]
            path = block.module.path
            if block.module is cls.module and not named:
                given = next((value for keyword, value, _ in call[4] if keyword == field[2][-1]), None)
                code = _converted(given, name, field[3]) if given is not None else None
                if given is None or code is None or _is_set_later(block.module, str(field[2][-1])):
                    return None
                edits.append(ReplaceExpression(path, span_of(given[1]), code))
                continue
            if block.module is not cls.module:
                return None
            edits += [ReplaceExpression(path, span_of(form[1]), name) for form in named]
            validated = [form for form in walk([call[3], call[4]]) if _validates(form) and form[2][2] in named]
            edits += [SetKeyword(path, span_of(form[1]), "from_attributes", "True") for form in validated]
    return tuple(dict.fromkeys(edits))


def _is_set_later(module: Module, name: str) -> bool:
    """Whether a file gives a field of this name something else once its object is made, which no model looks at."""
    for number in range(-1, len(module.facts.functions)):
        for form in module.facts.forms(number).of("assign", "call"):
            owners = form[2] if form[0] == "assign" else [form[2][2]] if form[2][0] == "attr" else []
            if any(owner[0] == "attr" and owner[3] == name for owner in owners):
                return True
    return False


def _converted(given: Form, name: str, annotation: Form) -> str | None:
    """What a field is given as an object of another model, or as a list of these: as its annotation has it."""
    code = rendered(given)
    match annotation:
        case ["sub", _, ["name", _, "list" | "List" | "Sequence"], ["name" | "attr", *_]]:
            return f"[{name}.model_validate(row, from_attributes=True) for row in {code}]" if code else None
        case ["name" | "attr", *_] if given[0] in ("name", "attr", "sub", "call", "await"):
            return f"{name}.model_validate({code}, from_attributes=True)" if code else None
    return None


def _validates(form: Form) -> bool:
    """Whether a call makes a model of an object, which a model without a configuration for that has to be told."""
    return bool(form[0] == "call" and form[2][0] == "attr" and form[2][3] == "model_validate")


def _is_above(module: Module, name: str, field: Form) -> bool:
    """Whether a class is known where a field is annotated; a new one stands right below the one that it replaces."""
    known = module.scope.local(name)
    return not isinstance(known, Class) or known.module is not module or known.at < field[1]


def _is(program: Program, block: Block, form: Form, cls: Class) -> bool:
    return form[0] in ("name", "attr") and any(option is cls for option in options(ask(program, block, form)))
