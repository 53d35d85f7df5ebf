"""Fields of settings classes, which the environment may fill, with the defaults that hold when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.attributes import SETTINGS_BASES
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.names import kind_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SETTINGS_NAMES = ("Settings", "Config", "Configuration", "BaseSettings", "AppSettings")
_TRAITS = frozenset({"Unicode", "CUnicode", "Bytes", "CBytes"})
_LEAST = 1000
"""The shortest number that is a password rather than how many of something: four digits."""
_WRAPPING = ("Field", "SecretStr", "SecretBytes", "Secret", "field")


@dataclass(frozen=True, slots=True)
class SettingsField:
    """A field: its name, statement and default's form (inside `Field(...)`); `call` is that call."""

    name: str
    statement: Form
    default: Form | None
    call: Form | None
    symbol: str


def fields(program: Program, block: Block) -> Iterator[SettingsField]:
    """The fields of the settings classes that a module's statements define, and of what these consist of."""
    classes = block.forms.of("class")
    nested = {name for form in classes if _is_settings(program, block, form) for name in _annotated(form)}
    for form in classes:
        part = form[2] in nested and _is_model(program, block, form)
        if part or _is_settings(program, block, form) or (block.module.file, form[1]) in parts_of_settings(program):
            for statement in form[6]:
                field = _field(statement, f"{block.module.name}.{form[2]}")
                if field is not None:
                    yield field


def _is_settings(program: Program, block: Block, form: Form) -> bool:
    names = [name_of(base) for base in form[3]]
    if any(name.endswith("Settings") for name in names):
        return True
    bases = _bases(program, block, form)
    if any(base in SETTINGS_BASES or base.startswith("traitlets.") for base in bases):
        return True
    return form[2].endswith(_SETTINGS_NAMES) and _is_model(program, block, form)


@answered_once
def parts_of_settings(program: Program) -> set[tuple[str, int]]:
    """The places of the classes that settings classes of any file consist of: those mixed in, and models in fields."""
    pending = [
        option
        for module in program.modules.by_file.values()
        if any(word.endswith("Settings") for word in module.facts.words) and not program.is_test(module)
        for form in program.sites.top(module).forms.of("class")
        if form[3] and _is_settings(program, program.sites.top(module), form)
        for option in options(program.interpreter.attribute_of_module(module, form[2]))
        if isinstance(option, Class)
    ]
    found = {(cls.module.file, cls.at): cls for cls in pending}
    while pending:
        cls = pending.pop()
        for part in (*cls.lineage(), *_models_of_fields(program, cls)):
            if isinstance(part, Class) and (part.module.file, part.at) not in found:
                found[part.module.file, part.at] = part
                pending.append(part)
    return set(found)


def _models_of_fields(program: Program, cls: Class) -> Iterator[Class]:
    """The models that the fields of a class are annotated with."""
    top = program.sites.top(cls.module)
    for _, annotation, _ in cls.fields:
        for item in walk(annotation):
            named = options(ask(program, top, item)) if item[0] in ("name", "attr") else ()
            yield from (one for one in named if isinstance(one, Class) and "pydantic.BaseModel" in one.external_bases())


def _is_model(program: Program, block: Block, form: Form) -> bool:
    names = [name_of(base) for base in form[3]]
    return "BaseModel" in names or any(base.startswith("pydantic") for base in _bases(program, block, form))


def _bases(program: Program, block: Block, form: Form) -> list[str]:
    if not form[3]:
        return []
    found = options(program.interpreter.attribute_of_module(block.module, form[2]))
    return [base for option in found if isinstance(option, Class) for base in option.external_bases()]


def _annotated(form: Form) -> Iterator[str]:
    """The names of the classes that the fields of a class are of."""
    for statement in form[6]:
        if statement[0] == "annassign":
            yield from (item[2] for item in walk(statement[3]) if item[0] == "name")


def _field(statement: Form, symbol: str) -> SettingsField | None:
    if statement[0] == "annassign":
        target, value = statement[2], statement[4] or _annotated_default(statement[3])
        if value is None:
            return None
    elif statement[0] == "assign" and len(statement[2]) == 1:
        target, value = statement[2][0], statement[3]
    else:
        return None
    if target[0] != "name" or target[2] in ("model_config", "Config") or target[2].startswith("_"):
        return None
    call = value if value[0] == "call" and name_of(value[2]) in ("Field", "field") else None
    return SettingsField(_called(target[2], call), statement, _spoken(target[2], _default(value)), call, symbol)


def _spoken(name: str, default: Form | None) -> Form | None:
    """A default; a number that stands for a password reads as its digits: `POSTGRES_PASSWORD: int = 1234`."""
    match default:
        case ["const", at, int() as number] if number >= _LEAST and kind_of(name) == "password":
            last = words_of(name)[-1]
            return ["const", at, str(number)] if kind_of(last) == "password" else default
    return default


def _annotated_default(annotation: Form) -> Form | None:
    """The `Field(default=...)` in `Annotated[str, Field(default=...)]`."""
    if annotation[0] != "sub" or name_of(annotation[2]) != "Annotated":
        return None
    marks = [item for item in walk(annotation[3]) if item[0] == "call" and name_of(item[2]) == "Field"]
    return next((mark for mark in marks if any(keyword == "default" for keyword, _, _ in mark[4])), None)


def _called(name: str, call: Form | None) -> str:
    """The name of a field, or of the variable that fills it, where only that tells what it holds."""
    given = {keyword: value for keyword, value, _ in call[4]} if call is not None else {}
    alias = given.get("validation_alias") or given.get("alias") or given.get("env")
    spoken = str(alias[2]) if alias is not None and alias[0] == "const" else ""
    return spoken if kind_of(spoken) and not kind_of(name) else name


def _default(value: Form) -> Form | None:
    """The written default: of `Field(default=...)`, `Field("...")`, `default_factory=lambda: "..."`, or the value.

    Of a trait, too, `Unicode("...").tag(config=True)` (traitlets, configuration files).
    """
    found: Form | None = value
    match value:
        case ["call", _, ["attr", _, trait, "tag"], [], _]:
            return _default(trait)
        case ["call", _, function, positional, keywords] if name_of(function) in _TRAITS:
            given = {keyword: item for keyword, item, _ in keywords}
            return given.get("default_value", positional[0] if positional else None)
        case ["call", _, function, positional, keywords] if name_of(function) in ("Field", "field"):
            given = {keyword: item for keyword, item, _ in keywords}
            if "default" in given:
                return _default(given["default"])
            factory = given.get("default_factory")
            if factory is not None:
                return _default(factory[3]) if factory[0] == "lambda" else None
            return _default(positional[0]) if positional else None
        case ["call", _, function, [inner], _] if name_of(function) in _WRAPPING:
            found = inner
        case ["call" | "ellipsis" | "bool" | "ifexp", *_]:
            found = None
    return found
