"""How a password hash is taken out of an answer: by a response model without it, or where the answer is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveDictItem, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, mentions, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.models import MAKING
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Bound, Class, Collection, Const, Function, Instance, Mapping, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.named_answers import registration
from fastapi_seclint.subjects.code.origins import ask, bodies, body_of, callers
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.records import field_names, is_schema
from fastapi_seclint.subjects.passwords.collections import comes_by_detour
from fastapi_seclint.subjects.passwords.declared import keeps_one_each
from fastapi_seclint.subjects.passwords.dumping import only_outside
from fastapi_seclint.subjects.passwords.fields import Givers, owner_among
from fastapi_seclint.subjects.passwords.kept import appended
from fastapi_seclint.subjects.passwords.mappings import identifies
from fastapi_seclint.subjects.passwords.names import is_password, naming
from fastapi_seclint.subjects.passwords.public_models import PublicModel, public_model, validates_objects
from fastapi_seclint.subjects.passwords.selected import selects
from fastapi_seclint.subjects.passwords.tables import asked_table

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MANY = frozenset({"all", "list", "sorted", "to_list", "find_all", "fetchall", "scalars"})
_ONE = frozenset({
    "get", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "get_or_none", "find_one", "first",
})  # fmt: skip
_AS_DICTIONARY = frozenset({"vars", "dict", "asdict"})
_MAYBE = _ONE - {"one", "scalar_one"}


@dataclass(slots=True)
class Taking:
    """Takes the password out of what one handler returns."""

    program: Program
    givers: Givers
    route: Route
    block: Block

    def fix(self, value: Form, filtered: bool) -> Fix | None:
        """The fix for an expression that is sent; `filtered`: a response model would be heeded."""
        direct = self._by_model(value) if filtered else None
        edits = direct if direct is not None else self._edits(value)
        if not edits:
            return None
        title = "answer with a model without the password" if direct else "leave the password out of the answer"
        return Fix(title, False, tuple(edits))

    def _by_model(self, value: Form) -> list[Edit] | None:
        """A response model for rows and objects that are returned as they are."""
        found, shape = self.givers.shown(self.block, value), self._shape(value)
        call = registration(self.route, self.block.module)
        if found is None or found[1] is None or shape is None or call is None:
            return None
        model = public_model(self.program, found[1], self.block.module)
        if model is None:
            return None
        text = shape.replace("{}", model.name)
        return [*model.edits, SetKeyword(self.block.module.path, span_of(call[1]), "response_model", text)]

    def _shape(self, value: Form, depth: int = 4) -> str | None:
        """Whether an expression gives one object (or maybe none) or a list of them; None when that is not seen."""
        while value[0] == "await":
            value = value[2]
        if value[0] == "name":
            written = self._written(value)
            if written is None:
                return "{}" if self._is_object(value) else self._kept_shape(value)
            shape = self._shape(written, depth - 1) if depth else None
            asked = any(form[0] == "if" and mentions(form[2], {value[2]}) for form in self.block.forms.every)
            one = shape == "{} | None" or (shape is None and self._has_fields(value))
            return "{}" if one and asked else shape
        if value[0] == "comp" and value[2] == "dict":
            return "{}"
        if value[0] == "sub" and value[3][0] != "slice":
            return "{}" if self._keeps_one_each(value[2]) else None
        if value[0] in ("list", "comp"):
            elements = value[2] if value[0] == "list" else [value[3]]
            return "list[{}]" if all(item[0] in ("name", "star") for item in elements) else None
        if value[0] != "call" or value[2][0] not in ("name", "attr"):
            return None
        name = value[2][-1]
        if name in MAKING and value[2][0] == "attr":
            return "{}"
        if (first := _first_of(value)) is not None:
            return first
        if name == "jsonable_encoder" and value[3]:
            return self._shape(value[3][0], depth - 1) if depth else None
        if name in _MANY:
            return "list[{}]" if name != "scalars" else None
        if name in _ONE and value[2][0] == "attr":
            return "{} | None" if name in _MAYBE else "{}"
        return self._of_function(value, depth)

    def _keeps_one_each(self, owner: Form) -> bool:
        return any(keeps_one_each(self.program, option) for option in options(ask(self.program, self.block, owner)))

    def _kept_shape(self, named: Form) -> str | None:
        """The shape of a list or dictionary of the module."""
        found = list(options(ask(self.program, self.block, named)))
        if found and all(isinstance(option, Collection) and option.kind == "list" for option in found):
            return "list[{}]"
        keyed = found and all(isinstance(option, Mapping) and _has_objects(option) for option in found)
        return "dict[str, {}]" if keyed else None

    def _has_fields(self, named: Form) -> bool:
        """Whether a field of what a name holds is read: a list of such objects has none."""
        found = self.givers.shown(self.block, named)
        fields = set(field_names(found[1])) if found is not None and found[1] is not None else set()
        read = (form for form in self.block.forms.of("attr") if form[2][0] == "name" and form[2][2] == named[2])
        return any(form[3] in fields for form in read)

    def _of_function(self, call: Form, depth: int) -> str | None:
        found = ask(self.program, self.block, call[2])
        for item in options(found):
            option = item.function if isinstance(item, Bound) else item
            if isinstance(option, Class):
                return "{}"
            returns = getattr(option, "returns", None)
            if returns is not None:
                text = rendered(returns) or ""
                names = [form for form in walk(returns) if form[0] == "name" and form[2][0].isupper()]
                kept = [form for form in names if form[2] not in ("Optional", "List", "None")]
                return text.replace(kept[0][2], "{}") if len(kept) == 1 and text.isascii() else None
            body = body_of(self.program, option) if isinstance(option, Function) else None
            if body is not None and depth:
                inner = Taking(self.program, self.givers, self.route, body)
                given = [form[2] for form in body.forms.every if form[0] == "return" and form[2] is not None]
                return inner._shape(given[0], depth - 1) if len(given) == 1 else None
        return None

    def _is_object(self, form: Form) -> bool:
        return any(
            isinstance(getattr(option, "cls", None), Class) for option in options(ask(self.program, self.block, form))
        )

    def _written(self, form: Form) -> Form | None:
        scope = self.block.scope
        found = scope.assignments(form[2]) if isinstance(scope, FunctionScope) else []
        above = [item for item in found if item[1] < form[1]]
        if above and above[-1][0] in ("assign", "annassign") and above[-1][-1] is not None:
            value: Form = above[-1][-1]
            return value
        return None

    def _edits(self, form: Form) -> list[Edit]:
        """What takes the password out where the answer is put together."""
        match form:
            case ["await", *_]:
                return self._of_object(form)
            case ["star", _, value]:
                return self._edits(value)
            case ["dict", _, pairs]:
                return list(self._of_display(form, pairs))
            case ["list" | "tuple", _, items]:
                return [edit for item in items for edit in self._edits(item)]
            case ["ifexp", _, _, body, otherwise]:
                return [*self._edits(body), *self._edits(otherwise)]
            case ["comp", _, _, element, None, [[["name", _, target], iterable, _]]]:
                return self._of_each(element, target, iterable)
            case ["name", *_] if (written := self._written(form)) is not None and _is_made_here(written):
                return self._of_made(form, written)
            case ["call", _, ["name", _, "jsonable_encoder"], [value, *_], _]:
                if only_outside(form):
                    return self._edits(value)
                found = self.givers.shown(self.block, value)
                return self._excluded(form, found[0]) if found is not None and not self._is_further_in(value) else []
            case ["call", _, ["name", _, "list"], [["call", _, ["attr", _, _, "values"], [], []] as value], _]:
                return self._of_users(form, value) or self._of_object(form)
            case ["call", _, ["name", _, function], [_], []] if function in _AS_DICTIONARY:
                found, text = self.givers.shown(self.block, form), code(form)
                return self._without(form, text, found[0]) if found is not None and text is not None else []
            case ["call", _, ["attr", _, owner, "dict" | "model_dump"], [], _]:
                found = self.givers.shown(self.block, owner)
                return self._excluded(form, found[0]) if found is not None else []
            case ["call", _, ["attr", _, _, "to_dict" | "as_dict"], [], []]:
                found, text = self.givers.shown(self.block, form), code(form)
                return self._without(form, text, found[0]) if found is not None and text is not None else []
            case ["name" | "attr" | "sub" | "call", *_]:
                return self._of_object(form)
        return []

    def _of_made(self, form: Form, written: Form) -> list[Edit]:
        """What takes it out of a name's value: where that is written, unless it is used for something else, too."""
        if written[0] == "list" and not written[2]:
            return [edit for item in appended(self.block, form) for edit in self._edits(item)]
        uses = [item for item in self.block.forms.of("name") if item[2] == form[2] and item[1] != form[1]]
        edits = self._edits(written) if len(uses) == 1 else []
        return edits or self._of_object(form)

    def _excluded(self, call: Form, name: str) -> list[Edit]:
        return [SetKeyword(self.block.module.path, span_of(call[1]), "exclude", f'{{"{name}"}}')]

    def _of_display(self, form: Form, pairs: list[Form], each: dict[str, Form] | None = None) -> Iterator[Edit]:
        for key, value in pairs:
            name = key[2] if key is not None and key[0] == "const" and isinstance(key[2], str) else ""
            field = value[3] if value[0] == "attr" else ""
            told = field and is_password(field) and (not name or naming(name))
            typed = name and field and identifies(pairs) and naming(name) and is_password(field, people=True)
            told = told or (typed and self.givers.is_row(self.block, owner_among(value[2], each)))
            if name and (told or (naming(name) == "kept" and is_password(name))):
                yield RemoveDictItem(self.block.module.path, span_of(form[1]), name)
            elif self.givers.shown(self.block, value) is not None:
                yield from self._edits(value)

    def _of_each(self, element: Form, target: str, iterable: Form) -> list[Edit]:
        found = self.givers.shown(self.block, iterable)
        if found is None:
            return self._of_object(element) if element[0] == "call" else []
        if element[0] == "dict":
            return list(self._of_display(element, element[2], {target: iterable}))
        match element:
            case ["call", _, ["attr", _, ["name", _, name], "dict" | "model_dump"], [], []] if name == target:
                return self._excluded(element, found[0])
            case ["call", _, ["name", _, "jsonable_encoder"], [["name", _, name]], []] if name == target:
                return self._excluded(element, found[0])
            case ["call", _, ["name", _, function], [["name", _, name]], []] if (
                name == target and function in _AS_DICTIONARY
            ):
                return self._without(element, f"{function}({name})", found[0])
            case ["attr", _, ["name", _, name], "__dict__"] if name == target:
                return self._without(element, f"vars({name})", found[0])
            case ["name", _, name] if name == target and found[1] is not None:
                return self._converted(element, name, found[1])
            case ["name", _, name] if name == target:
                return self._without(element, name, found[0])
            case ["call", *_] if self.givers.gives_same(self.block, element) and (text := code(element)) is not None:
                return self._without(element, text, found[0])
        return []

    def _of_object(self, form: Form) -> list[Edit]:
        found = self.givers.shown(self.block, form)
        text = code(form)
        if found is None or text is None or selects(self.program, self.block, form):
            return []
        if asked_table(self.program, self.block, form) or self._is_further_in(form):
            return []
        if inside := self._encoded_inside(form):
            return inside
        if found[1] is not None:
            shape = self._shape(form)
            if shape in ("{}", "{} | None"):
                return self._converted(form, text, found[1], maybe=shape != "{}")
            return self._all_converted(form, text, found[1]) if shape == "list[{}]" else []
        if form[0] == "name" and self._shape(form) == "list[{}]":
            return self._of_each_user(form, text, found[0])
        written = self._written(form) if form[0] == "name" else None
        if self._is_of_users(form) and not (written is not None and _is_made_here(written)):
            return self._of_users(form, form)
        if form[0] == "call" and form[2][-1] == "get" and len(form[3]) == 1:
            text = f"({text} or {{}})"
        shape = self._shape(form)
        if self._lists(form) or shape == "list[{}]":
            return self._of_each_user(form, text, found[0])
        if shape is None and form[0] == "await":
            return []
        return self._without(form, text, found[0])

    def _is_further_in(self, form: Form, depth: int = 3) -> bool:
        """Whether the password is not known to be among the answer's own keys: documents joined to others, or text."""
        written = (self._written(item) for item in walk(form) if item[0] == "name")
        if any(map(comes_by_detour, [form, *(value for value in written if value is not None)])):
            return True
        inner = [(taking, value) for taking in self._called(form) for value in taking._given()] if depth else []
        return any(taking._is_further_in(value, depth - 1) for taking, value in inner)

    def _called(self, form: Form) -> list[Taking]:
        """What a call of a function of the project runs."""
        call = form[2] if form[0] == "await" else form
        found = bodies(self.program, self.block, call) if call[0] == "call" else ()
        return [Taking(self.program, self.givers, self.route, body) for body in found]

    def _given(self) -> list[Form]:
        return [form[2] for form in self.block.forms.of("return") if form[2] is not None]

    def _encoded_inside(self, form: Form) -> list[Edit]:
        """What takes it out in the function that encodes the answer for this handler only."""
        ways = self._called(form)
        function = ways[0].block.function if len(ways) == 1 else None
        if function is None or len(list(callers(self.program, function))) != 1:
            return []
        given = [value for value in ways[0]._given() if self.givers.shown(ways[0].block, value) is not None]
        if any(value[0] != "call" or value[2][-1] != "jsonable_encoder" for value in given):
            return []
        return [edit for value in given for edit in ways[0]._edits(value)]

    def _lists(self, form: Form) -> bool:
        """Whether a call is of a function of the project that answers with a list that it makes: `[one(x) for ...]`."""
        asked = options(ask(self.program, self.block, form[2])) if form[0] == "call" else ()
        bodies = [body_of(self.program, option) for option in asked if isinstance(option, Function)]
        given = [form[2] for body in bodies if body is not None for form in body.forms.of("return")]
        return any(value is not None and value[0] == "comp" and value[2] == "list" for value in given)

    def _model(self, cls: Class) -> PublicModel | None:
        if any(base.startswith("msgspec.") for base in cls.external_bases()):
            return None  # msgspec encodes no model of pydantic
        return public_model(self.program, cls, self.block.module) if is_schema(cls) or cls.bases else None

    def _converted(self, form: Form, text: str, cls: Class, *, maybe: bool = False) -> list[Edit]:
        model = self._model(cls) if validates_objects(self.program) else None
        if model is None:
            return []
        made = f"{model.name}.model_validate({text}, from_attributes=True)"
        if maybe:
            made = f"{made} if {text} else None" if form[0] == "name" else ""
        return [*model.edits, ReplaceExpression(self.block.module.path, span_of(form[1]), made)] if made else []

    def _all_converted(self, form: Form, text: str, cls: Class) -> list[Edit]:
        model = self._model(cls) if validates_objects(self.program) else None
        if model is None:
            return []
        made = f"[{model.name}.model_validate(row, from_attributes=True) for row in {text}]"
        return [*model.edits, ReplaceExpression(self.block.module.path, span_of(form[1]), made)]

    def _without(self, form: Form, text: str, name: str) -> list[Edit]:
        """A dictionary with all keys but the password's."""
        items = f"({text}).items()" if form[0] == "await" else f"{text}.items()"
        made = f'{{key: value for key, value in {items} if key != "{name}"}}'
        return [ReplaceExpression(self.block.module.path, span_of(form[1]), made)]

    def _of_each_user(self, form: Form, text: str, name: str) -> list[Edit]:
        """A list of dictionaries with all keys but the password's."""
        inner = f'{{key: value for key, value in user.items() if key != "{name}"}}'
        return [ReplaceExpression(self.block.module.path, span_of(form[1]), f"[{inner} for user in {text}]")]

    def _of_users(self, form: Form, users: Form) -> list[Edit]:
        """A dictionary of users, or the list of them, with all keys but the password's."""
        found, text = self.givers.shown(self.block, users), code(users)
        if found is None or text is None or found[1] is not None:
            return []
        if users is not form:
            return self._of_each_user(form, text, found[0])
        inner = f'{{key: value for key, value in user.items() if key != "{found[0]}"}}'
        made = f"{{name: {inner} for name, user in {text}.items()}}"
        return [ReplaceExpression(self.block.module.path, span_of(form[1]), made)]

    def _is_of_users(self, form: Form) -> bool:
        """Whether an expression is a dictionary that has the users as its values."""
        for option in options(ask(self.program, self.block, form)):
            if isinstance(option, Mapping):
                keys = [key.value for key, _ in option.items if isinstance(key, Const)]
                return not any(isinstance(key, str) and is_password(key, people=True) for key in keys)
        given = [item[0] for item in self.block.function.parameters] if self.block.function is not None else []
        given += [loop[2][2] for loop in self.block.forms.of("for") if loop[2][0] == "name"]
        return form[0] == "name" and self._written(form) is None and form[2] not in given


def _first_of(call: Form) -> str | None:
    """The shape of the first of some that are gone through: `next((user for user in users if ...), None)`."""
    match call:
        case ["call", _, ["name", _, "next"], [["comp", _, "generator", ["name", *_], *_], *default], []]:
            return "{} | None" if default else "{}"
    return None


def _has_objects(mapping: Mapping) -> bool:
    """Whether a dictionary has objects under texts: `{"ann": User(...)}`."""
    texts = all(isinstance(key, Const) and isinstance(key.value, str) for key, _ in mapping.items)
    return texts and all(isinstance(option, Instance) for _, value in mapping.items for option in options(value))


def _is_made_here(form: Form) -> bool:
    """Whether an expression puts the answer together, so that it is never None."""
    match form:
        case ["dict" | "list" | "comp", *_] | ["call", _, ["attr", _, _, "dict" | "model_dump"], *_]:
            return True
        case ["call", _, ["name", _, name], *_]:
            return name in _AS_DICTIONARY or name == "jsonable_encoder"
    return False
