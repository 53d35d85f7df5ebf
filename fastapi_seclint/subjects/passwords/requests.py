"""What comes with a request: bodies, forms and parameters of handlers, followed into the functions they go to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Annotated,
    Class,
    Dependency,
    External,
    Function,
    Instance,
    Unknown,
    Value,
    bare_type,
    options,
)
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.owners.records import classes_in, field_names, is_schema, is_table
from fastapi_seclint.subjects.passwords.callers import Callers
from fastapi_seclint.subjects.passwords.left_out import is_made_up
from fastapi_seclint.subjects.passwords.made_models import made_of
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.parameter_types import (
    is_any_model,
    is_form,
    is_mapping,
    is_request,
    is_written,
    may_be_text,
    says_nothing,
)
from fastapi_seclint.subjects.passwords.parameters import brings_data, holds_password
from fastapi_seclint.subjects.passwords.stages import Text, Where
from fastapi_seclint.subjects.passwords.unpacked import given_beside
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords
_SCHEMA_NAME = re.compile(
    r"(Create|Creation|In|Input|Request|Req|Schema|Login|Register|Registration|Form|Payload|Data|DTO|Dto|Body|Credentials?"
    r"|SignUp|Signup|SignIn|Update|New|Auth|Param|Model|Reset|Change)\w{0,6}$"
)
_DUMPS = frozenset({"dict", "model_dump", "copy", "model_copy", "json", "model_dump_json", "to_dict", "_asdict"})
_OLD_AND_NEW = frozenset({"old", "new", "current", "repeated", "again"})
_READS = frozenset({"json", "form", "body"})
_MARKERS = ("Form()", "Body()", "Query()", "Header()", "Path()", "File()")


@dataclass(frozen=True, slots=True)
class Source:
    """An object with a request's data: its class when that is known, and the values it was made of when it was.

    `sure` tells that it is known to come with a request; `values` are read in `where`.
    """

    cls: Class | None = None
    sure: bool = False
    values: dict[str, Form] | None = None
    where: Where | None = None


def _changed(keywords: list[Form]) -> dict[str, Form]:
    """What a copy of a model has in place of its password: `form.model_copy(update={"password": ...})`."""
    for keyword, value, _ in keywords:
        if keyword == "update" and value[0] == "dict":
            given = {str(key[2]): item for key, item in value[2] if key is not None and key[0] == "const"}
            return given if any(naming(name) for name in given) else {}
    return {}


class Requests:
    """Says which expressions come with a request."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self.program = passwords.program
        self.callers = Callers(passwords)
        self._bodies: set[int] | None = None
        self._passed: dict[tuple[str, int, str], Text | None] = {}
        self._hashed_before: dict[tuple[str, int, str], bool] = {}

    def of_parameter(self, function: Function, name: str, block: Block, form: Form, depth: int) -> Text | None:
        """A parameter that is a password: a handler's comes with a request, another's with its callers."""
        parameter = self._parameter(function, name)
        named = holds_password(function, name)
        asked = named or says_nothing(name) or self._passwords.is_handed(block, name)
        if parameter is None or not asked or self._is_dependency(parameter):
            return None
        if not may_be_text(self.program.walker.resolver.annotation(parameter)):
            return None
        if named and (is_handler(self.program, function) or self._is_marked(parameter)):
            return Text("plain", block, form, sure=True)
        key = (function.module.file, function.number, name)
        if key in self._passwords.being_set:
            return Text("plain", block, form, sure=True)
        if key not in self._passed:
            self._passed[key] = None
            found = self._from_callers(function, name, Text("plain", block, form), depth)
            self._passed[key] = found if named or (found is not None and found.kind == "plain" and found.sure) else None
        found = self._passed[key]
        return None if found is None else replace(found, block=block, form=form) if found.kind == "plain" else found

    def _from_callers(self, function: Function, name: str, otherwise: Text, depth: int) -> Text | None:
        """What callers pass: a request's password, something hashed, or the assumption when there are none."""
        given = list(self.callers.given(function, name))
        texts = [(sure, self._given_text(block, form, min(depth, 6))) for block, form, sure in given]
        made_up = [is_made_up(self.program, block, form) for block, form, sure in given if sure]
        resolved = bool(made_up) and not all(made_up)  # what only gets stand-ins gets people's from elsewhere
        if any(sure and text is not None and text.kind == "plain" for sure, text in texts):
            return replace(otherwise, sure=any(text.sure for _, text in texts if text is not None))
        for _, text in texts:
            if text is not None and text.kind != "plain":
                return text
        return None if resolved else otherwise

    def _given_text(self, block: Block, form: Form, depth: int) -> Text | None:
        """What is passed for a password; a field of a request is one, whatever it is called there: `body.new`."""
        found = self._passwords.text(block, form, depth)
        if found is not None or form[0] != "attr" or form[3] not in _OLD_AND_NEW:
            return found
        source = self.source(Where(block), form[2], depth)
        return Text("plain", block, form, source.sure) if source is not None and source.values is None else None

    def source(self, where: Where, form: Form, depth: int) -> Source | None:
        """The request's data that an expression holds, or None."""
        if depth <= 0:
            return None
        match form:
            case ["name", _, name]:
                return self._of_name(where, name, form, depth - 1)
            case ["await" | "walrus", *_]:
                return self.source(where, form[-1], depth - 1)
            case ["attr", _, inner, name]:
                return self._of_attribute(where, form, inner, name, depth - 1)
            case ["call", _, ["attr", _, inner, "get"], *_]:
                found = self.source(where, inner, depth - 1)
                return None if found is None else Source(sure=found.sure)
            case ["call", _, ["attr", _, inner, "model_copy" | "copy"], _, keywords] if changed := _changed(keywords):
                return Source(values=changed, where=where)
            case ["call", _, ["attr", _, inner, method], *_] if method in _DUMPS:
                if method in _READS and is_request(self._passwords.value(where.block, inner), inner):
                    return Source(sure=True)
                return self.source(where, inner, depth - 1)
            case ["call", _, ["attr", _, inner, method], *_] if method in _READS:
                return Source(sure=True) if is_request(self._passwords.value(where.block, inner), inner) else None
            case ["call", _, ["name" | "attr", *_] as function, [given, *_], _] if function[-1] in (
                "jsonable_encoder", "dict", "loads", "vars", "from_orm", "asdict",
            ):  # fmt: skip
                return self.source(where, given, depth - 1)
            case ["call", _, ["name" | "attr", *_], positional, keywords]:
                return self._of_making(where, form, positional, keywords) or self._of_maker(where, form)
        return None

    def _of_maker(self, where: Where, form: Form) -> Source | None:
        """An object that a function of the project makes and gives back: `Cook.hire(name, password)`."""
        for function, _ in called(self.program, where.block, form):
            body = body_of(self.program, function)
            given = [item[2] for item in function.forms.of("return") if item[2] is not None]
            if body is not None and len(given) == 1 and given[0][0] == "call" and not given[0][3]:
                return self._of_making(Where(body), given[0], [], given[0][4])
        return None

    def _of_making(self, where: Where, form: Form, positional: list[Form], keywords: list[Form]) -> Source | None:
        cls = next(iter(classes_in(ask(self.program, where.block, form[2]))), None)
        values = given_beside(keywords)
        if cls is None or not is_schema(cls) or values is None or any(item[0] == "star" for item in positional):
            return None
        values = dict(zip(field_names(cls), positional, strict=False)) | values
        return Source(cls, values=values, where=where)

    def _of_attribute(self, where: Where, form: Form, inner: Form, name: str, depth: int) -> Source | None:
        if inner[0] == "name" and inner[2] == "self":
            cls = self._class_of(where.block, form)
            return Source(cls) if cls is not None and is_schema(cls) and _SCHEMA_NAME.search(cls.name) else None
        found = self.source(where, inner, depth)
        if found is None:
            return None
        annotation = next((item for item in found.cls.fields if item[0] == name), None) if found.cls else None
        if found.cls is not None and annotation is not None:
            value = self.program.interpreter.ask(annotation[1], found.cls.scope)
            return Source(next(iter(classes_in(value)), None), found.sure)
        return Source(None, found.sure)

    def _class_of(self, block: Block, form: Form) -> Class | None:
        for option in options(ask(self.program, block, form)):
            if isinstance(option, Instance) and isinstance(option.cls, Class):
                return option.cls
        return None

    def _of_name(self, where: Where, name: str, form: Form, depth: int) -> Source | None:
        scope = where.block.scope
        if not isinstance(scope, FunctionScope):
            return None
        values = list(self._passwords.assigned(where.block, name, form))
        rebound = any(item[1] < form[1] and not holds(item[1], form[1]) for item in scope.assignments(name))
        if values or rebound:
            found = [self.source(where, value, depth) for value in values if value is not None]
            return found[-1] if found else None
        owner = scope.function.owner
        if name == "self" and owner is not None and is_schema(owner) and id(owner) in self._sent_classes():
            return Source(owner, sure=True)
        return self._of_parameter(scope.function, name, depth)

    def _sent_classes(self) -> set[int]:
        """The classes of what clients send to the routes of the program, by identity."""
        if self._bodies is None:
            endpoints = {id(route.endpoint): route.endpoint for route in self.program.routes if route.endpoint}
            given = [item for endpoint in endpoints.values() for item in parameters(endpoint)]
            plain = [item for item in given if not self._is_dependency(item)]
            annotations = [self.program.walker.resolver.annotation(item) for item in plain]
            bases = [item.base if isinstance(item, Annotated) else item for item in annotations]
            self._bodies = {id(cls) for base in bases for cls in classes_in(base)}
        return self._bodies

    def _of_parameter(self, function: Function, name: str, depth: int) -> Source | None:
        parameter = self._parameter(function, name)
        if parameter is None:
            return None
        annotation = self.program.walker.resolver.annotation(parameter)
        base = bare_type(annotation)
        if is_form(base) or is_form(self._dependency(parameter)):
            return Source(sure=True)
        handler = is_handler(self.program, function)
        cls = next(iter(classes_in(base)), None)
        if cls is not None:
            if self._is_dependency(parameter) and not self._is_own_class(parameter, cls):
                return None
            if handler:
                return Source(cls, sure=True)
            if is_table(cls) or not is_schema(cls) or self._hashed_by_callers(function, name, depth):
                return None
            given = self._source_from_callers(function, name, depth)
            return Source(cls, sure=given is not None and (given.sure or self._is_made_of_typed(given, depth)))
        if self._is_dependency(parameter):
            return None
        if handler and base is not None and (made := next(made_of(base), None)) is not None:
            return Source(made[1], sure=True)
        if is_any_model(base) and (given := self._source_from_callers(function, name, depth)) is not None:
            return given
        written = spelled(parameter.annotation) if parameter.annotation is not None else ""
        if handler and (is_mapping(base) or self._is_marked(parameter)):
            return Source(sure=True)
        unseen = base is None or isinstance(base, Unknown) or (isinstance(base, External) and base.called)
        if written and unseen:
            named = written[:1].isupper() and written.rpartition(".")[2] not in ("Session", "AsyncSession", "Request")
            if handler and named:
                return Source()
            if _SCHEMA_NAME.search(written) and not self._hashed_by_callers(function, name, depth):
                return Source()
            return None
        if parameter.annotation is None and brings_data(name) and not self.callers.of(function):
            return Source()
        if parameter.annotation is None or is_mapping(base):
            return self._source_from_callers(function, name, depth)
        return None

    def is_of_any_model(self, block: Block, form: Form) -> bool:
        """Whether an expression reads a parameter that may be any model, so that others have no such field."""
        given = parameters(block.function) if block.function is not None else []
        open_ones = (one for one in given if is_any_model(bare_type(self.program.walker.resolver.annotation(one))))
        return mentions([form], {one.name for one in open_ones})

    def _is_made_of_typed(self, source: Source, depth: int) -> bool:
        """Whether a password that surely comes with a request is among what an object is made of."""
        given = source.values.items() if source.values is not None and source.where is not None else ()
        values = [value for key, value in given if naming(key) == "plain"]
        found = [self._passwords.text(source.where, value, min(depth, 4)) for value in values if source.where]
        return bool(found) and all(text is not None and text.kind == "plain" and text.sure for text in found)

    def _source_from_callers(self, function: Function, name: str, depth: int) -> Source | None:
        if self._hashed_by_callers(function, name, depth):
            return None
        for block, form, sure in self.callers.given(function, name):
            found = self.source(Where(block), form, min(depth, 4)) if sure else None
            if found is not None:
                return found
        return None

    def _hashed_by_callers(self, function: Function, name: str, depth: int) -> bool:
        """Whether a caller puts a hash in the place of the password before it passes the object on."""
        key = (function.module.file, function.number, name)
        if key not in self._hashed_before:
            self._hashed_before[key] = False
            self._hashed_before[key] = any(
                self._is_hashed(block, form, depth) for block, form, _ in self.callers.given(function, name)
            )
        return self._hashed_before[key]

    def _is_hashed(self, block: Block, form: Form, depth: int) -> bool:
        path = f"{spelled(form)}."
        for at, target, value in self._passwords.writes(block):
            if at < form[1] and target.startswith(path) and naming(target[len(path) :]) == "plain":
                text = self._passwords.text(block, value, min(depth, 4))
                if text is None or text.kind != "plain":
                    return True
        found = self.source(Where(block), form, min(depth, 4))
        if found is None or found.values is None:
            return False
        values = [value for key, value in found.values.items() if naming(key) == "plain" and not is_written(value)]
        texts = [self._passwords.text(block, value, 4) for value in values]
        return any(text is None or text.kind != "plain" for text in texts)

    def _parameter(self, function: Function, name: str) -> Parameter | None:
        return next((item for item in parameters(function) if item.name == name), None)

    def _dependency(self, parameter: Parameter) -> Value | None:
        found = self.program.walker.resolver.dependency_of(parameter)
        return found[1] if found is not None else None

    def _is_dependency(self, parameter: Parameter) -> bool:
        return any(isinstance(option, Dependency) for option in options(parameter.default)) or (
            self.program.walker.resolver.dependency_of(parameter) is not None
        )

    def _is_own_class(self, parameter: Parameter, cls: Class) -> bool:
        """Whether `Depends()` makes the object from the request's fields: `form: LoginForm = Depends()`."""
        return any(option is cls for option in options(self._dependency(parameter))) and not is_table(cls)

    def _is_marked(self, parameter: Parameter) -> bool:
        marks = self.program.walker.resolver.marks(parameter)
        return any(isinstance(item, External) and item.name.endswith(_MARKERS) for item in marks)
