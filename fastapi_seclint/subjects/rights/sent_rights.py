"""What a client sends about rights: fields of bodies, headers, cookies and query parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.callables import Parameter, giving, parameters
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.routes import path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import (
    Annotated,
    Choice,
    Class,
    Collection,
    Const,
    External,
    Function,
    Generic,
    Instance,
    Value,
    constant,
    iterate,
    options,
)
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.accounts import (
    tables,
    tables_of_accounts,
    tables_of_callers,
    tables_of_people,
    written,
)
from fastapi_seclint.subjects.owners.contacts import tables_named_by
from fastapi_seclint.subjects.owners.records import is_schema
from fastapi_seclint.subjects.passwords.made_models import made_fields
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.built import built_of_rights, flags_of, makes_object
from fastapi_seclint.subjects.rights.confirmed import confirmed
from fastapi_seclint.subjects.rights.following import follow
from fastapi_seclint.subjects.rights.forbidding import STANDING
from fastapi_seclint.subjects.rights.read_bodies import read_bodies
from fastapi_seclint.subjects.rights.sent import Input, Origin, Sent, names_groups, source
from fastapi_seclint.subjects.rights.tested import asked_of_administrators, ranking, tested_rights
from fastapi_seclint.subjects.rights.words import has_ranks, is_administrator, is_role, names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 2
_GIVEN: WeakKeyDictionary[Program, dict[tuple[str, int, int], Sent | None]] = WeakKeyDictionary()


def input_of(program: Program, function: Function, path: str = "", depth: int = 0) -> Input:
    """What a function that FastAPI calls has from the client, its local names followed."""
    found = Input(rights=tested_rights(program))
    for parameter in parameters(function):
        if parameter.name in path_variables(path):
            continue
        if program.walker.resolver.dependency_of(parameter) is None:
            _add_parameter(program, found, parameter)
        elif _is_login_form(program, parameter) and _takes_scopes_once(program, function, parameter.name):
            found.bodies[parameter.name] = frozenset({"scopes"})
            found.rights |= {"scopes", "scope"}
        elif depth < _DEPTH and (made := _made_of_rights(program, parameter, depth)) is not None:
            cls, rights = made
            found.bodies[parameter.name] = frozenset(rights)
            found.origins[parameter.name] = next(iter(rights.values())).origin
            found.flags |= {f"{parameter.name}.{name}": sent for name, sent in flags_of(cls, rights).items()}
        elif depth < _DEPTH and (sent := _given_on(program, parameter, depth)) is not None:
            found.values[parameter.name] = sent
        elif depth < _DEPTH and (whole := _body_given_on(program, parameter, depth)):
            found.bodies[parameter.name] = whole
    for name, cls in read_bodies(program, function):
        if named := frozenset(_rights(program, found, cls)):
            found.bodies[name] = named
            found.classes |= _said_of(cls)
    follow(function, found)
    for name in confirmed(function, found):
        found.values.pop(name, None)
    return found


def _is_login_form(program: Program, parameter: Parameter) -> bool:
    """Whether a parameter is FastAPI's form for logins, which has the scopes that the client wants (oauth2.py)."""
    dependency = program.walker.resolver.dependency_of(parameter)
    for option in options(dependency[1] if dependency is not None else None):
        names = option.external_bases() if isinstance(option, Class) else [getattr(option, "name", "")]
        if any("OAuth2PasswordRequestForm" in str(name) for name in names):
            return True
    return False


def _takes_scopes_once(program: Program, function: Function, name: str) -> bool:
    """Whether a login takes the wanted scopes without a second look at them, in a project that grants by scopes.

    Claims and answers only repeat them; whatever else is done with them may be the look.
    """
    taken = [form for form in function.forms.of("attr") if form[3] == "scopes" and form[2][::2] == ["name", name]]
    repeated = {id(inner) for form in function.forms.of("dict") for inner in walk(form)}
    elsewhere = [form for form in taken if id(form) not in repeated]
    return len(elsewhere) == (0 if len(elsewhere) < len(taken) else 1) and any(
        "SecurityScopes" in module.facts.words or "security_scopes" in module.facts.words
        for module in program.modules.by_file.values()
    )


def _made_of_rights(program: Program, parameter: Parameter, depth: int) -> tuple[Class, dict[str, Sent]] | None:
    """The class of the object that a dependency is or gives, and the rights in headers and the like it is made of."""
    dependency = program.walker.resolver.dependency_of(parameter)
    for option in options(dependency[1]) if dependency is not None else ():
        if isinstance(option, Class):
            rights = sent_to(program, option, depth + 1)
            return (option, rights) if rights else None
        giver = giving(option)
        if giver is not None and giver.number >= 0 and makes_object(giver):
            return built_of_rights(program, giver, input_of(program, giver, depth=depth + 1))
    return None


def sent_to(program: Program, cls: Class, depth: int = 0) -> dict[str, Sent]:
    """The rights that a client sends to a class that FastAPI makes objects of, by the names of its fields."""
    found = Input(rights=tested_rights(program))
    for parameter in parameters(cls) if depth < _DEPTH else ():
        if program.walker.resolver.dependency_of(parameter) is None:
            _add_parameter(program, found, parameter)
    sent = {name: right for name, right in found.values.items() if right.origin != "body"}
    kept = {field: sent[name] for name in sent for field in _kept_as(cls, name)}
    return {**_read_by_maker(cls, found), **kept} if depth < _DEPTH else kept


def _read_by_maker(cls: Class, found: Input) -> dict[str, Sent]:
    """What a constructor keeps of what it reads itself: `self.role = request.headers.get("x-role")`."""
    start = method_of(Instance(cls), "__init__")
    if start is None or not start.parameters or not {"request", "connection"} & start.module.facts.words:
        return {}
    follow(start, found)
    kept: dict[str, Sent] = {}
    for form in start.forms.of("assign"):
        names = [target[3] for target in form[2] if target[0] == "attr" and target[2][2:] == start.parameters[0][:1]]
        compared = [form[3][2], *form[3][4]] if form[3][0] == "compare" else []
        sent = source(found, form[3]) or next(filter(None, (source(found, side) for side in compared)), None)
        if sent is not None and sent.origin != "body":
            kept |= {name: replace(sent, flag=bool(compared)) for name in names}
    return kept


def _kept_as(cls: Class, name: str) -> set[str]:
    """The fields in which a constructor keeps what it is given by a name, `self.role = x_role`; else that name."""
    start = method_of(Instance(cls), "__init__")
    own = start.parameters[0][0] if start is not None and start.parameters else ""
    kept = {
        str(target[3])
        for form in (start.forms.of("assign", "annassign") if start is not None else ())
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "attr" and target[2][2:] == [own] and form[-1] is not None and form[-1][2:] == [name]
    }
    return kept or {name}


def _given_on(program: Program, parameter: Parameter, depth: int) -> Sent | None:
    """The right that a dependency only takes from the request and gives on."""
    dependency = program.walker.resolver.dependency_of(parameter)
    for option in options(dependency[1]) if dependency is not None else ():
        giver = giving(option)
        sent = _given_by(program, giver, depth) if giver is not None and giver.number >= 0 else None
        if sent is not None:
            return sent
    return None


def _body_given_on(program: Program, parameter: Parameter, depth: int) -> frozenset[str]:
    """The rights in the body that a dependency looks at and gives on: `new: UserCreate = Depends(not_taken)`."""
    dependency = program.walker.resolver.dependency_of(parameter)
    for option in options(dependency[1]) if dependency is not None else ():
        giver = giving(option)
        if giver is None or giver.number < 0:
            continue
        given = [form[2] for form in giver.forms.of("return") if form[2] is not None]
        own = {item[0] for item in giver.parameters}
        passed = bool(given) and all(form[0] == "name" and form[2] in own for form in given)
        inner = input_of(program, giver, depth=depth + 1) if passed else None
        if inner is not None and all(form[2] in inner.bodies for form in given):
            return frozenset().union(*(inner.bodies[form[2]] for form in given))
    return frozenset()


def _given_by(program: Program, dependency: Function, depth: int) -> Sent | None:
    known, key = _GIVEN.setdefault(program, {}), (dependency.module.file, dependency.number, depth)
    if key not in known:
        inner = input_of(program, dependency, depth=depth + 1)
        works = worker(program.interpreter, dependency)
        if works is not dependency:
            follow(works, inner)
        results = [form[2] for form in works.forms.of("return") if form[2] is not None]
        known[key] = next((sent for result in results if (sent := source(inner, result)) is not None), None)
    return known[key]


def _add_parameter(program: Program, found: Input, parameter: Parameter) -> None:
    base = program.walker.resolver.type_of(parameter)
    marker = next(program.walker.resolver.sources(parameter), None)
    kind = marker.name.removesuffix("()").rpartition(".")[2].lower() if marker is not None else "query"
    origin: Origin = "header" if kind == "header" else "cookie" if kind == "cookie" else "query"
    for cls in access.classes(base):
        found.bodies.update(_parts(program, found, cls, parameter.name))
        rights = frozenset(name for name in _rights(program, found, cls))
        plain = (item for item in cls.external_bases() if not item.endswith(".TypedDict"))
        if rights and not any(item.startswith(("enum.", "typing.")) for item in plain):
            found.bodies[parameter.name] = rights
            found.classes |= _said_of(cls)
            found.dumps.update(_own_dumps(cls, rights))
            if marker is not None and kind not in ("body", "form", "file"):
                found.origins[parameter.name] = origin
    for cls, names in made_fields(base):
        rights = frozenset(filter(found.names_right, names))
        found.bodies.update({parameter.name: rights} if rights else {})
        found.classes |= _said_of(cls)
    if _is_dictionary(base) and parameter.name not in ("kwargs",):
        found.open_bodies.add(parameter.name)
    name = _alias(marker) or parameter.name
    named = found.names_right(name) or (origin != "query" and names_groups(name))
    if parameter.name not in found.bodies and named and _may_be_privileged(program, base):
        found.values[parameter.name] = Sent(name, "body" if kind in ("body", "form") else origin)


def _said_of(cls: Class) -> set[str]:
    """What a body is by the name of its class; one with a password in it makes an account, whatever it is called."""
    made = any(naming(name) for name, _, _ in fields(cls))
    return {cls.name, "Account"} if made else {cls.name}


def _parts(program: Program, found: Input, cls: Class, name: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The models inside a model that have rights of their own, by how they are read: `data.profile`."""
    for part, annotation, _ in fields(cls):
        value = program.interpreter.ask(annotation, cls.scope) if annotation is not None else None
        for inner in _alone(value):
            if inner is not cls and is_schema(inner) and (rights := frozenset(_rights(program, found, inner))):
                yield f"{name}.{part}", rights


def _alone(value: Value | None) -> Iterator[Class]:
    """The classes that an annotation names outside of lists and dictionaries: `Profile | None`."""
    for option in options(value):
        if isinstance(option, Class):
            yield option
        elif isinstance(option, Generic) and option.origin.rpartition(".")[2] in ("Optional", "Union"):
            for member in option.members:
                yield from _alone(member)


def _own_dumps(cls: Class, rights: frozenset[str]) -> Iterator[str]:
    """The methods of a body's class that give its dump and take no right out: `row = self.model_dump(); return row`."""
    for name, method in cls.namespace.items():
        if not isinstance(method, Function) or not method.parameters:
            continue
        texts = {form[2] for form in method.forms.of("const") if isinstance(form[2], str)}
        own = ["name", method.parameters[0][0]]
        dumps = [
            form
            for form in method.forms.of("call")
            if form[2][0] == "attr" and form[2][3] in ("model_dump", "dict") and form[2][2][::2] == own
        ]
        assigned = [item for form in method.forms.of("assign") if form[3] in dumps for item in form[2]]
        made = {item[2] for item in assigned if item[0] == "name"}
        given = [form[2] for form in method.forms.of("return")]
        whole = all(item is not None and (item in dumps or (item[0] == "name" and item[2] in made)) for item in given)
        chosen = any(keyword in ("include", "exclude", None) for form in dumps for keyword, _, _ in form[4])
        if dumps and given and whole and not texts & rights and not chosen:
            yield name


def _alias(marker: External | None) -> str:
    given = constant(marker.arguments.get("alias")) if marker is not None and marker.arguments is not None else None
    return given if isinstance(given, str) else ""


def _is_dictionary(value: Value | None) -> bool:
    for option in options(value):
        name = option.name if isinstance(option, External) else option.origin if isinstance(option, Generic) else ""
        if name in ("builtins.dict", "typing.Dict", "dict", "Dict"):
            return True
    return False


def _rights(program: Program, found: Input, cls: Class) -> Iterator[str]:
    for name, annotation, _ in fields(cls):
        if annotation is None or _is_validated(cls, name):
            continue
        named = found.names_right(name)
        if not named and not STANDING.search(snake(name)):
            continue
        value = program.interpreter.ask(annotation, cls.scope)
        if named and (_names_somebody(name, annotation) or _is_part_played(program, name)):
            continue
        if named and (name in ranking(program) or _may_be_privileged(program, value)):
            yield name
        elif not named and has_ranks([text for option in options(value) for text in _allowed(option)]):
            found.rights |= {name}
            yield name


def _names_somebody(name: str, annotation: Form) -> bool:
    """Whether a field says who is the administrator of a thing, not that its sender is one: `admin: str`."""
    kinds = {item[-1] for item in walk(annotation) if item[0] in ("name", "attr") and isinstance(item[-1], str)}
    texts = bool(kinds & {"str", "EmailStr", "UUID"}) and "bool" not in kinds
    return texts and snake(name) in ("admin", "administrator")


_RIGHTS = re.compile(r"role|group|permission|privilege|right|scope|rank|level|account|user")


def _is_part_played(program: Program, name: str) -> bool:
    """Whether rows hold under a name the key of what has nothing to do with rights, as the part in a process has.

    What an account holds the key of, and rows that say what somebody may do, have to do with them.
    """
    named = tables_named_by(program, name)
    if not named or any(_RIGHTS.search(table) for table in named):
        return False
    accounts = tables_of_callers(program) | tables_of_accounts(program) | tables_of_people(program)
    for cls in tables(program):
        columns = [column for column, _, _ in fields(cls)]
        if (accounts & written(cls) and name in columns) or (named & written(cls) and any(map(names_right, columns))):
            return False
    return True


def _is_validated(cls: Class, name: str) -> bool:
    """Whether a validator of the model looks at the field."""
    for base in cls.lineage():
        for item in base.namespace.values() if isinstance(base, Class) else ():
            for decorator in item.decorators if isinstance(item, Function) else ():
                if (
                    isinstance(decorator, External)
                    and "validator" in decorator.name
                    and decorator.arguments is not None
                ):
                    named = [constant(value) for value in decorator.arguments.positional]
                    whole = decorator.name.endswith(("model_validator()", "root_validator()"))
                    if (name in named or whole) and isinstance(item, Function) and _restricts(item):
                        return True
    return False


def _restricts(validator: Function) -> bool:
    """Whether a validator refuses or replaces some values, that of an administrator among them.

    One that makes them lower case lets all through, and so does `if value not in ("admin", "user"): raise`.
    """
    forms = validator.forms
    known = {target[2]: form[3] for form in forms.of("assign") for target in form[2] if target[0] == "name"}
    for form in forms.of("compare"):
        listed = known.get(form[4][0][2], form[4][0]) if form[4][0][0] == "name" else form[4][0]
        rulers = listed[0] in ("list", "tuple", "set") and any(_is_ruler(item) for item in listed[2])
        if form[3] == ["not in"] and rulers:
            return False
    given = [form[2] for form in forms.of("return") if form[2] is not None]
    chosen = any(form[0] in ("const", "attr", "sub", "ifexp") for form in given)
    return chosen or bool([*forms.of("raise", "assert", "compare", "assign")])


def _is_ruler(form: Form) -> bool:
    return form[0] == "const" and is_administrator(form[2])


def _may_be_privileged(program: Program, value: Value | None) -> bool:
    """Whether a type allows more than harmless values: text and flags do, a choice of buyer and seller does not."""
    allowed = [text for option in options(value) for text in _allowed(option)]
    if not allowed or any(is_role(text) or "admin" in str(text).lower() for text in allowed):
        return True
    return not asked_of_administrators(program).isdisjoint(str(text).upper() for text in allowed)


def _allowed(value: Value) -> Iterator[object]:
    if isinstance(value, Annotated):
        yield from _allowed(value.base)
    if isinstance(value, Class):
        members = iterate(value) or []
        for member in members:
            yield from (getattr(member, "attributes", {}).get("name", Const(None)).value,)
    if isinstance(value, Const) and isinstance(value.value, str):
        yield value.value
    if isinstance(value, Collection):
        for item in value.items:
            yield from _allowed(item)
    for option in value.options if isinstance(value, Choice) else ():
        yield from _allowed(option)
    for member in value.members if isinstance(value, Generic) else ():
        yield from _allowed(member)
