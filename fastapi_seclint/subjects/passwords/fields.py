"""Objects with a password or its hash in them, and which expressions give one: rows, models, dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_none, walk
from fastapi_seclint.program.callables import giving, parameters
from fastapi_seclint.program.inside import FunctionScope, object_of_field
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Class,
    Collection,
    External,
    Function,
    Instance,
    Mapping,
    Value,
    options,
)
from fastapi_seclint.subjects.code.origins import ask, bodies, body_of, called, is_given_around
from fastapi_seclint.subjects.code.written_calls import written_out
from fastapi_seclint.subjects.owners.records import classes_in, classes_returned, is_schema, is_table
from fastapi_seclint.subjects.passwords.collections import collections_of, kept_documents, models_in
from fastapi_seclint.subjects.passwords.declared import classes_declared
from fastapi_seclint.subjects.passwords.dumping import (
    DUMPS,
    LEAVING_OUT,
    OF_LIBRARIES,
    SAME,
    dumped,
    dumps_itself,
    gives_back,
    member,
    method_of_each,
    only_outside,
    sifted,
    written_above,
)
from fastapi_seclint.subjects.passwords.enveloped import enveloped, given_to_open_fields
from fastapi_seclint.subjects.passwords.kept import (
    appended,
    completed,
    hashed_in,
    hashed_key,
    hashed_later,
    put,
    typed_in,
)
from fastapi_seclint.subjects.passwords.left_out import leaves_out, told_by_maker
from fastapi_seclint.subjects.passwords.mappings import identifies, key_read
from fastapi_seclint.subjects.passwords.names import is_password, naming
from fastapi_seclint.subjects.passwords.queried import row_asked_for
from fastapi_seclint.subjects.passwords.selected import selected
from fastapi_seclint.subjects.passwords.several_stores import keeps_no_password
from fastapi_seclint.subjects.passwords.showing import held, password_field
from fastapi_seclint.subjects.passwords.spoken import blocks
from fastapi_seclint.subjects.passwords.tables import column_of_table
from fastapi_seclint.subjects.passwords.unpacked import unpacked

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ENTRIES = frozenset({"get", "values", "pop"})
_THROUGH = frozenset({"loads", "dumps"})
"""By what a document becomes text and back, `json.loads(bson.json_util.dumps(found))`: all of it stays."""


class Givers:
    """Says which expressions of a program give an object with a password in it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._busy: set[tuple[str, int]] = set()
        self._documents: dict[str, tuple[str, Class | None]] | None = None
        self._stores: dict[int, tuple[str, Class | None]] | None = None

    def shown(self, block: Block, form: Form, depth: int = 8) -> tuple[str, Class | None] | None:
        """The password field that JSON made of an expression has, with the class that has it."""
        if depth == 0:
            return None
        match form:
            case ["comp", _, _, ["name", *_], None, [[_, iterable, _]]] | ["star", _, iterable] if self._is_mapping(
                block, iterable
            ):
                return None  # of a dictionary these are the keys
            case ["await" | "star", _, value]:
                return self.shown(block, value, depth)
            case ["dict", _, pairs]:
                return self._of_display(block, pairs, depth)
            case ["list" | "tuple", _, items] | ["bool", _, _, items]:
                return self._first(block, items, depth)
            case ["ifexp", _, _, body, otherwise]:
                return self._first(block, [body, otherwise], depth)
            case ["comp", _, _, ["name", _, name], None, [[["name", _, target], iterable, _]]] if name == target:
                return self.shown(block, iterable, depth - 1)
            case ["comp", _, "dict", *_] if (whole := sifted(self.program, block, form)) is not None:
                return self.shown(block, whole, depth - 1)
            case ["comp", _, _, element, None, [[["name", _, target], iterable, _]]] if dumped(element) == target or (
                self.gives_same(block, element) and element[3][0][2:] == [target]
            ):
                return self.shown(block, iterable, depth - 1)
            case ["comp", _, _, element, None, [[["name", _, target], iterable, _]]] if method := method_of_each(
                element, str(target)
            ):
                found = self.shown(block, iterable, depth - 1)
                own = member(found[1], method) if found is not None and found[1] is not None else None
                return found if isinstance(own, Function) and found and dumps_itself(own, found[1]) else None
            case ["comp", _, _, ["call", *_] as element, None, _]:
                return self._of_function(block, element, depth - 1) or self._of_value(block, element)
            case ["call", at, ["name", _, "map"], [["name" | "attr", *_] as function, mapped, *_], []]:
                return self.shown(block, ["comp", at, "list", ["call", at, function, [mapped], []], None, []], depth)
            case ["comp", _, _, ["dict", _, pairs], None, [[["name", _, target], iterable, _], *_]]:
                return self._of_display(block, pairs, depth, {str(target): iterable})
            case ["name", *_]:
                return self._of_name(block, form, depth - 1)
            case ["attr", _, owner, "__dict__" | "_mapping"] | ["sub", _, owner, ["slice", *_]]:
                return self.shown(block, owner, depth - 1)
            case ["attr", *_]:
                return self._of_value(block, form)
            case ["sub", _, owner, _]:
                return self._of_value(block, form) or self._of_store(block, owner)
            case ["call", *_]:
                written = written_out(self.program, block, form)
                return self.shown(block, written, depth - 1) if written else self._of_call(block, form, depth - 1)
        return None

    def _first(self, block: Block, forms: list[Form], depth: int) -> tuple[str, Class | None] | None:
        return next((found for form in forms if (found := self.shown(block, form, depth)) is not None), None)

    def _of_display(
        self, block: Block, pairs: list[Form], depth: int, each: dict[str, Form] | None = None
    ) -> tuple[str, Class | None] | None:
        """The password in a dictionary that is written out; `each` says what a comprehension's names are one of."""
        people = identifies(pairs)
        for key, value in pairs:
            name = key[2] if key is not None and key[0] == "const" and isinstance(key[2], str) else ""
            field = value[3] if value[0] == "attr" else ""
            if field and is_password(field) and (not name or naming(name) or naming(field) == "kept"):
                return field, None
            typed = bool(field) and people and naming(name) and is_password(field, people)
            if typed and self.is_row(block, owner_among(value[2], each), depth):
                return field, None
            read = people and name and is_password(name, people) and key_read(value) == name
            if read and not told_by_maker(self.program, block, value, name):
                return name, None
            if name and naming(name) == "kept" and is_password(name) and value[0] in ("attr", "name", "call", "sub"):
                return name, None
        return hashed_in(["dict", 0, pairs]) or self._first(block, [value for _, value in pairs], depth)

    def is_row(self, block: Block, form: Form, depth: int = 8) -> bool:
        """Whether an expression is an account that is kept, rather than what somebody has just sent."""
        found = self.shown(block, form, depth - 1)
        return found is not None and (found[1] is None or is_table(found[1]))

    def _of_name(self, block: Block, form: Form, depth: int) -> tuple[str, Class | None] | None:
        scope = block.scope
        if not isinstance(scope, FunctionScope):
            return None
        found = [item for item in scope.assignments(form[2]) if item[1] < form[1]]
        found = [item for item in found if not (item[0] == "assign" and is_none(item[3]))] or found
        if not found:
            known = self._of_value(block, form) or self._of_store(block, form)
            return known or self._of_dependency(scope.function, form[2], depth)
        statement = found[-1]
        if later := hashed_later(block, form, statement[1]):
            return later, None
        if statement[0] in ("assign", "annassign") and statement[-1] is not None:
            targets = statement[2] if statement[0] == "assign" else [statement[2]]
            if statement[-1][0] == "dict":
                return self.shown(block, completed(block, form, statement[-1]), depth)
            if all(target[0] == "name" for target in targets):
                return self.shown(block, statement[-1], depth) or self._first(block, appended(block, form), depth)
            parts = unpacked(self.program, block, statement, form[2])
            return next((field for at, part in parts if (field := self.shown(at, part, depth)) is not None), None)
        if statement[0] == "with":
            opened = (given for given, target in statement[2] if target is not None and target[2:] == form[2:])
            return self._first(block, list(opened), depth)
        if statement[0] == "for" and statement[2][0] == "name" and not self._is_mapping(block, statement[3]):
            return self.shown(block, statement[3], depth)
        return None

    def _of_store(self, block: Block, owner: Form) -> tuple[str, Class | None] | None:
        """The password field of what a dictionary or list of the program keeps: `users[email] = {...}` elsewhere."""
        if self._stores is None:
            self._stores = {}
            self._stores.update(self._kept())
        if owner[0] not in ("name", "attr"):
            return None
        kept = list(options(ask(self.program, block, owner)))
        found = (self._stores.get(id(option)) for option in kept)
        return next((item for item in found if item is not None), None) or self._declared(kept)

    def _declared(self, kept: list[Value]) -> tuple[str, Class | None] | None:
        """The password field of what a dictionary or list keeps by its annotation: `users: dict[int, User] = {}`."""
        for cls in (cls for option in kept for cls in classes_declared(self.program, option)):
            if (is_table(cls) or is_schema(cls)) and (name := password_field(cls)):
                return name, cls
        return None

    def _entry(self, block: Block, owner: Form, method: str) -> tuple[str, Class | None] | None:
        """The password field of what a dictionary gives: one entry, or all `values()` where it is written out."""
        return self._of_store(block, owner) or (self._of_value(block, owner) if method == "values" else None)

    def _kept(self) -> Iterator[tuple[int, tuple[str, Class | None]]]:
        for block in blocks(self.program):
            for owner, value in put(block):
                field = self.shown(block, value) or hashed_in(value) or typed_in(value)
                for option in options(ask(self.program, block, owner)) if field is not None else ():
                    if isinstance(option, Mapping | Collection) and field is not None:
                        yield id(option), field

    def _of_value(self, block: Block, form: Form) -> tuple[str, Class | None] | None:
        given = [*options(ask(self.program, block, form)), *self._of_field(block, form)]
        rows = {id(one.cls): one.cls for one in given if isinstance(one, Instance) and isinstance(one.cls, Class)}
        known = [bool(password_field(cls)) for cls in rows.values() if is_table(cls) or is_schema(cls)]
        if len({one.place for one in given if isinstance(one, Instance)}) == 1 < len(rows) and not all(known):
            return None  # a base makes rows of whatever class its heirs have
        for option in given:
            if (found := held(option)) is not None:
                return found
        return None

    def _of_field(self, block: Block, form: Form) -> Iterator[Value]:
        """What a field of an object holds by its annotation: `context.user` of a class with `user: User`."""
        for option in options(ask(self.program, block, form[2])) if form[0] == "attr" else ():
            if isinstance(option, Instance) and isinstance(option.cls, Class):
                yield from options(object_of_field(self.program.interpreter, option.cls, form[3]))

    def _of_call(self, block: Block, call: Form, depth: int) -> tuple[str, Class | None] | None:
        function = call[2]
        name = str(function[-1]) if function[0] in ("name", "attr") else ""
        if any(keyword in LEAVING_OUT for keyword, _, _ in call[4]) and not only_outside(call):
            return None
        if call[3] and (name in OF_LIBRARIES or (name in SAME and function[0] == "name")):
            keys = name in ("list", "sorted") and self._is_mapping(block, call[3][0])
            return None if keys else self.shown(block, call[3][0], depth)
        if name == "next" and function[0] == "name" and call[3] and call[3][0][0] == "comp":
            return self.shown(block, call[3][0], depth)
        if name in _ENTRIES and function[0] == "attr" and (stored := self._entry(block, function[2], name)) is not None:
            return stored
        if name == "validate_python" and (adapted := self._adapted(block, function[2])) is not None:
            return adapted
        if name in DUMPS and function[0] == "attr" and not call[3]:
            return self.shown(block, function[2], depth + 1)
        whole = self.shown(block, function[2], depth) if function[0] == "attr" and not call[3] else None
        cls = whole[1] if whole is not None else None
        own = [item for item, bound in called(self.program, block, call) if bound] if whole is not None else []
        known = member(cls, name) if cls is not None else None
        ways = [item for item in (*own, known) if isinstance(item, Function)]
        if ways:
            whole_row = any(dumps_itself(way, cls) for way in ways)
            return whole if whole_row else self._of_function(block, call, depth)
        if self.gives_same(block, call) and (given := self.shown(block, call[3][0], depth)) is not None:
            return given
        documents = (self._of_collection(name) for name in collections_of(self.program, block, call))
        if (document := next((one for one in documents if one is not None), None)) is not None:
            return document
        encoded = name in _THROUGH or spelled(function).endswith("json.encode")
        if encoded and call[3] and (inner := self.shown(block, call[3][0], depth)) is not None:
            return inner
        cls = row_asked_for(self.program, block, call)
        if cls is not None:
            return password_field(cls), cls
        if column := selected(self.program, block, call) or column_of_table(self.program, block, call):
            return column, None
        wrapped = self._first(block, [*enveloped(self.program, block, call), *self.left_open(block, call)], depth)
        return wrapped or self._of_function(block, call, depth) or self._of_value(block, call)

    def _adapted(self, block: Block, adapter: Form) -> tuple[str, Class | None] | None:
        """The password field of the models that a `TypeAdapter(list[UserOut])` makes."""
        for option in options(ask(self.program, block, adapter)):
            if isinstance(option, External) and option.name.endswith("TypeAdapter()") and option.arguments is not None:
                for cls in classes_in(option.arguments.get("type", 0)):
                    if name := password_field(cls):
                        return name, cls
        return None

    def left_open(self, block: Block, call: Form) -> Iterator[Form]:
        """What a call gives to fields of a model that let anything through: `Answer(status="ok", result=row)`."""
        for option in options(ask(self.program, block, call[2])) if call[4] else ():
            if isinstance(option, Class) and is_schema(option):
                yield from given_to_open_fields(self.program, block, call, option, None)

    def gives_same(self, block: Block, call: Form) -> bool:
        """Whether a function of the project returns its first argument with the password in it, where that has one."""
        own = call[0] == "call" and call[3] and call[2][0] in ("name", "attr")
        found = called(self.program, block, call) if own else ()
        for item, bound in found:
            body = body_of(self.program, item)
            same = body is not None and (gives_back(item, bound) or self._gives_each(body, item, bound))
            if body is not None and same and not leaves_out(body):
                return True
        return False

    def _gives_each(self, body: Block, function: Function, bound: bool) -> bool:
        """Whether a function returns each of what it is given: `return [serialized(row) for row in rows]`."""
        names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        for form in body.forms.of("return") if names else ():
            match form[2]:
                case ["comp", _, "list" | "generator", element, None, [[["name", _, each], ["name", _, whole], _]]]:
                    if whole == names[0] and self._gives_one(body, element, str(each)):
                        return True
        return False

    def _gives_one(self, body: Block, element: Form, each: str) -> bool:
        """Whether an element of a comprehension is all of the name that it is made of."""
        if dumped(element) == each or element[2:] == [each]:
            return True
        found = called(self.program, body, element) if element[0] == "call" else ()
        plain = element[0] == "call" and [item[2:] for item in element[3]] == [[each]]
        return plain and any(gives_back(item, bound) for item, bound in found)

    def _of_collection(self, name: str) -> tuple[str, Class | None] | None:
        """The password field of the documents that the program puts into a collection of this name."""
        if self._documents is None:
            self._documents = {}
            for owner, block, value in kept_documents(self.program):
                spoken = [str(key[2]) for form in walk([value]) if form[0] == "dict" for key, _ in form[2] if key]
                shown = [field for cls in models_in(self.program, block, value) if (field := password_field(cls))]
                written = written_above(block, value)
                spoken += [str(key[2]) for key, _ in written[2] if key] if written[0] == "dict" else []
                found = next((field for field in spoken if is_password(field)), "") or hashed_key(block, value, written)
                if found := found or next(iter(shown), ""):
                    self._documents.setdefault(owner, (found, None))
        return self._documents.get(name)

    def _is_mapping(self, block: Block, form: Form) -> bool:
        """Whether an expression is a dictionary, of which a list has the keys only."""
        return any(isinstance(option, Mapping) for option in options(ask(self.program, block, form)))

    def _of_function(self, block: Block, call: Form, depth: int) -> tuple[str, Class | None] | None:
        """What a function of the project gives back, by its annotation or what it returns."""
        if is_given_around(self.program, block, call[2]) or keeps_no_password(self.program, block, call):
            return None
        return self._given_by(list(bodies(self.program, block, call)), depth)

    def _of_dependency(self, function: Function, name: str, depth: int) -> tuple[str, Class | None] | None:
        """What the dependency gives that fills a parameter, a dictionary of the user for example."""
        parameter = next((item for item in parameters(function) if item.name == name), None)
        found = self.program.walker.resolver.dependency_of(parameter) if parameter is not None else None
        given = [giving(option) for option in options(found[1])] if found is not None else []
        return self._given_by([body_of(self.program, giver) for giver in given if giver is not None], depth)

    def _given_by(self, found: Sequence[Block | None], depth: int) -> tuple[str, Class | None] | None:
        for body in found:
            if body is None or body.function is None or (key := (body.module.file, body.number)) in self._busy:
                continue
            declared = [cls for cls in classes_returned(self.program, body.function) if is_table(cls) or is_schema(cls)]
            returns = [form[2] for form in body.forms.of("return") if form[2] is not None]
            if declared and not (returns and all(self._is_other(body, value) for value in returns)):
                named = [(password_field(cls), cls) for cls in declared]
                return next(((name, cls) for name, cls in named if name), None)
            self._busy.add(key)
            given = self._first(body, returns, depth)
            self._busy.discard(key)
            if given is not None and not leaves_out(body):
                return given
        return None

    def _is_other(self, block: Block, form: Form) -> bool:
        """Whether what a function returns is plainly none of the rows that it is annotated with."""
        if form[0] != "call":
            return bool(form[0] == "dict")
        return any(isinstance(item, Class) and is_schema(item) for item in options(ask(self.program, block, form[2])))


def owner_among(owner: Form, each: dict[str, Form] | None) -> Form:
    """What an attribute is read of: the rows that a comprehension goes through, where it is the name of one of them."""
    return each[owner[2]] if each and owner[0] == "name" and owner[2] in each else owner
