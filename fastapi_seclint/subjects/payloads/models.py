"""Objects of project classes that become dictionaries: pydantic models, dataclasses, rows of a database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.calls import field_default
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Annotated, Class, Const, External, Function, Generic, Value, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads.known import Claim, Claims, Known, Made, Written, as_claims, unknown
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.payloads.flow import Flow

_LIBRARY = "piccolo.columns."
_COLUMNS = ("Column()", "mapped_column()", "Field()", "CharField()", "TextField()")


def made(flow: Flow, cls: Class, form: Form) -> Known:
    """What calling a project class gives: a dictionary for a TypedDict, else an object."""
    given: dict[str, Known] = {}
    opened = False
    names = [name for name, _, _ in fields(cls)]
    for number, argument in enumerate(form[3]):
        if argument[0] == "star" or number >= len(names):
            opened = True
        else:
            given[names[number]] = flow.known(argument)
    for keyword, value, _ in form[4]:
        if keyword is not None:
            given[keyword] = flow.known(value)
            continue
        claims = as_claims(flow.known(value))
        opened = opened or bool(claims.open)
        for key, claim in claims.items.items():
            given[key] = claim.values[0]
    if _is_dictionary(cls):
        opened = opened or any("__init__" in base.namespace for base in cls.lineage() if isinstance(base, Class))
        claims = Claims(open=frozenset({"call"}) if opened else frozenset())
        for key, known in given.items():
            claims.set(key, known, known.written)
        return Known(claims=claims, present=True)
    return Known(present=True, made=Made(cls, given, opened), opaque="object")


def _is_dictionary(cls: Class) -> bool:
    """Whether objects of a class are dictionaries: `TypedDict`, `dict`, `dict[str, Any]`."""
    made = [base for one in cls.lineage() if isinstance(one, Class) for base in one.bases]
    origins = [base.origin for base in made if isinstance(base, Generic)]
    return any(name in ("typing.TypedDict", "builtins.dict") for name in (*cls.external_bases(), *origins))


def fields(cls: Class) -> list[tuple[str, Form | None, Value | None]]:
    """The fields of a class and its bases, columns of a database included, first the inherited ones."""
    found: dict[str, tuple[str, Form | None, Value | None]] = {}
    for base in reversed(list(cls.lineage())):
        if isinstance(base, Class):
            for name, annotation, default in base.fields:
                found[name] = (name, annotation, default)
            for name, value in base.namespace.items():
                column = isinstance(value, External) and value.name.endswith(_COLUMNS)
                if column or (isinstance(value, External) and value.called and value.name.startswith(_LIBRARY)):
                    found.setdefault(name, (name, None, value))
    return list(found.values())


def never_dumped(program: Program, cls: Class) -> set[str]:
    """The fields that a model of pydantic leaves out of every dump: `Field(exclude=True)`, private ones."""
    found: set[str] = set()
    for name, annotation, default in fields(cls):
        outside = Block(cls.module, None, cls.module.scope, NO_STATEMENTS)
        told = options(ask(program, outside, annotation)) if annotation is not None and annotation[0] == "sub" else ()
        given = [default, *(item for one in told if isinstance(one, Annotated) for item in one.metadata)]
        if name.startswith("_") or any(_is_excluded(item) for item in given):
            found.add(name)
    return found


def _is_excluded(value: Value | None) -> bool:
    """Whether a field says so: https://docs.pydantic.dev/latest/concepts/serialization/#field-level."""
    if not isinstance(value, External) or value.arguments is None or not value.name.endswith("Field()"):
        return False
    given = value.arguments.keywords.get("exclude")
    return isinstance(given, Const) and given.value is True


def _own_attributes(cls: Class) -> list[str]:
    """What a class without fields keeps in its objects: `self.name = name` in its `__init__`."""
    initializer = cls.namespace.get("__init__")
    if not isinstance(initializer, Function) or not initializer.parameters:
        return []
    own = initializer.parameters[0][0]
    targets = [target for form in initializer.forms.of("assign") for target in form[2]]
    targets += [form[2] for form in initializer.forms.of("annassign")]
    names = [item[3] for item in targets if item[0] == "attr" and item[2][0] == "name" and item[2][2] == own]
    return list(dict.fromkeys(names))


def dumped(flow: Flow, known: Known, given: dict[str, Form]) -> Known:
    """`known.model_dump(**given)`, `vars(known)`: the fields of an object as a dictionary."""
    if known.made is None:
        return known if known.claims is not None else Known(claims=Claims(open=frozenset({"object"})))
    held = fields(known.made.cls) or [(name, None, None) for name in _own_attributes(known.made.cls)]
    claims = Claims(open=frozenset({"object"}) if not held else frozenset())
    left_out, kept = _names(flow, given.get("exclude")), _names(flow, given.get("include"))
    left_out |= never_dumped(flow.program, known.made.cls)
    sparse: set[str] = {name for name in ("exclude_none", "exclude_unset", "exclude_defaults") if name in given}
    if _leaves_out_defaults(known.made.cls):
        sparse.add("exclude_defaults")
    for name, _, default in held:
        if name in left_out or (kept and name not in kept) or name.startswith("_"):
            continue
        claim = _field(flow, known.made, name, default, sparse)
        if claim is not None:
            claims.items[name] = claim
    for name, value in known.made.given.items():
        if name not in claims.items and not held:
            claims.set(name, value, value.written)
    return Known(claims=claims, present=True)


def _leaves_out_defaults(cls: Class) -> bool:
    """Whether a class says that what nobody gives is not written out: `msgspec.Struct, omit_defaults=True`."""
    given = cls.keywords.get("omit_defaults")
    return isinstance(given, Const) and given.value is True


def changed(flow: Flow, known: Known, changes: list[Form], given: dict[str, Form]) -> Known:
    """A copy of an object with other values: `data.model_copy(update={"exp": expire})`, `replace(data, exp=expire)`."""
    if not changes and not given:
        return known
    added = Claims()
    for form in changes:
        added.add(as_claims(flow.known(form)))
    for key, value in given.items():
        found = flow.known(value)
        added.set(key, found, found.written)
    if known.made is not None:
        held = {**known.made.given, **{key: claim.values[0] for key, claim in added.items.items()}}
        return replace(known, made=replace(known.made, given=held, open=known.made.open or bool(added.open)))
    claims = as_claims(known).copy()
    claims.add(added)
    return Known(claims=claims, present=True)


def _names(flow: Flow, form: Form | None) -> set[str]:
    if form is None or form[0] not in ("set", "list", "tuple", "dict"):
        return set()
    items = [key for key, _ in form[2] if key is not None] if form[0] == "dict" else form[2]
    return {text for item in items for text in flow.known(item).texts}


def _field(flow: Flow, made_: Made, name: str, default: Value | None, sparse: set[str]) -> Claim | None:
    known = made_.given.get(name)
    if known is not None:
        maybe = "exclude_none" in sparse and known.present is not True and not known.amounts
        return Claim(name, not maybe, (known,), known.written)
    value = _default(flow, made_.cls, default)
    if value is None:
        return Claim(name, not made_.open or not sparse, (unknown("object"),))
    if made_.open:
        return Claim(name, not sparse, (value, unknown("object")))
    if sparse & {"exclude_unset", "exclude_defaults"} or (sparse and value.present is False):
        return None
    return Claim(name, True, (value,))


def _default(flow: Flow, cls: Class, default: Value | None) -> Known | None:
    """What a field is when nobody gives it; None for a required one."""
    if default is None:
        return None
    if isinstance(default, External) and default.name.endswith(_COLUMNS[:2]):
        return None
    value = field_default(default)
    if isinstance(default, External) and default.arguments is not None and isinstance(value, Function):
        return _inlining.result(flow, value, {})
    if value is None:
        return None
    if isinstance(value, External) and value.name == default.name if isinstance(default, External) else False:
        return unknown("object")
    known = of_value(value, cls.place)
    if isinstance(value, Const) and value.place is not None:
        top = flow.program.sites.top(value.place.module)
        known = replace(known, written=(Written(top, ["const", value.place.at, value.value]),))
    return replace(known, present=False) if isinstance(value, Const) and value.value is None else known
