"""The fix of a fallback: the setting is read, and nothing takes its place when it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import (
    AddImport,
    Edit,
    RemoveDictItem,
    RemoveKeyword,
    RemoveStatement,
    ReplaceExpression,
    ReplaceStatement,
    SetKeyword,
)
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.attributes import SETTINGS_BASES
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import Read, read_of
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.secrets.emptiness import TEXTS, at_least_one
from fastapi_seclint.subjects.secrets.fallbacks import Fallback
from fastapi_seclint.subjects.secrets.given_settings import of_parameter
from fastapi_seclint.subjects.secrets.settings_fields import SettingsField, fields, parts_of_settings

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = ("min_length", "pattern", "regex")
_TITLE = "refuse to start without the setting: drop the fallback"


def fix_of(item: Fallback, filled: bool = False, program: Program | None = None) -> Fix | None:
    """Drop the fallback, so that a missing setting stops the program; None where that is not sound.

    With `filled`, a field does not take an empty text either.
    """
    if item.how == "told":
        return None
    if item.how == "field":
        if item.field is None or item.weak:
            return None
        return of_field(program, item.block.module, item.field, filled)
    if item.how == "read" and item.read is not None:
        if (bare := of_own_variable(program, item.block, item.read, filled)) is not None:
            return bare
        edits = _of_setdefault(item, item.read) or read_strictly(item.block, item.read)
    elif item.how == "or":
        edits = of_or(item.block.module.path, item.whole)
        edits = edits or (None if program is None else of_parameter(program, item))
    elif item.how == "below":
        edits = (RemoveDictItem(item.block.module.path, span_of(item.whole[1]), item.name),)
    else:
        edits = _of_branch(item)
    return Fix(_TITLE, False, (*edits, *(() if program is None else _constant_gone(program, item)))) if edits else None


def of_own_variable(program: Program | None, block: Block, read: Read, filled: bool = False) -> Fix | None:
    """A field that reads the variable it is filled from anyway, made one without a default: `KEY = os.getenv("KEY")`.

    What fills it may be a file that nobody but the settings class reads.
    """
    if program is None or not read.environment or read.verbatim is not None:
        return None
    for field in fields(program, block):
        own = field.statement[-1] is read.call and field.name.lower() == read.name.lower()
        if own and field.statement[0] == "annassign" and _is_filled(program, block.module, field):
            return of_field(program, block.module, field, filled)
    return None


def _is_filled(program: Program, module: Module, field: SettingsField) -> bool:
    """Whether the class of a field is one that the environment fills, by no other names than those of its fields."""
    cls = program.interpreter.attribute_of_module(module, field.symbol.rpartition(".")[2])
    own = [option for option in options(cls) if isinstance(option, Class)]
    modules = [module, *(base.module for option in own for base in option.lineage() if isinstance(base, Class))]
    renamed = any(one.facts.speaking(b'"env_prefix"', b'"case_sensitive"') for one in modules)
    return not renamed and any(base in SETTINGS_BASES for option in own for base in option.external_bases())


def _constant_gone(program: Program, item: Fallback) -> tuple[Edit, ...]:
    """The edit that takes away the constant which was the fallback, where nothing else in the project speaks of it."""
    last = item.whole[3][-1] if item.how == "or" else item.read.default if item.how == "read" and item.read else None
    module = item.block.module
    if last is not None and last[0] == "sub":
        return _entry_gone(program, module, last)
    if last is None or last[0] != "name" or not last[2].isupper():
        return ()
    bound = bound_names(module.facts.module).get(last[2], [])
    uses = [
        form
        for number in module.facts.speaking(f'"{last[2]}"'.encode())
        for form in module.facts.forms(number).every
        if form[0] in ("name", "const") and form[2] == last[2]
    ]
    if any(last[2] in other.facts.words for other in program.modules.by_file.values() if other is not module):
        return ()
    given = len(bound) == 1 and bound[0][0] == "assign" and bound[0][3][0] == "const" and len(bound[0][2]) == 1
    return (RemoveStatement(module.path, span_of(bound[0][1])),) if given and len(uses) == 2 else ()


def _entry_gone(program: Program, module: Module, entry: Form) -> tuple[Edit, ...]:
    """The edit that takes an entry out of a dictionary of the file of which nothing else reads that entry or all."""
    owner, key = entry[2], entry[3]
    if owner[0] != "name" or key[0] != "const":
        return ()
    bound = bound_names(module.facts.module).get(owner[2], [])
    numbers = module.facts.speaking(f'"{owner[2]}"'.encode())
    named = [form for number in numbers for form in module.facts.forms(number).of("name") if form[2] == owner[2]]
    read = [form for number in numbers for form in module.facts.forms(number).of("sub") if form[2][2:] == owner[2:]]
    if len(bound) != 1 or bound[0][0] != "assign" or bound[0][3][0] != "dict" or len(named) != len(read) + 1:
        return ()
    again = sum(form[3][2:] == key[2:] for form in read) > 1 or any(form[3][0] != "const" for form in read)
    others = (other for other in program.modules.by_file.values() if other is not module)
    if again or any(owner[2] in other.facts.words for other in others):
        return ()
    return (RemoveDictItem(module.path, span_of(bound[0][3][1]), str(key[2])),)


def _of_setdefault(item: Fallback, read: Read) -> tuple[Edit, ...]:
    """`os.environ.setdefault("KEY", "text")` goes, where it is a statement of its own."""
    if read.call[2][-1] != "setdefault":
        return ()
    whole = [form for form in item.block.forms.of("expr") if form[2] is read.call]
    return tuple(RemoveStatement(item.block.module.path, span_of(form[1])) for form in whole)


def read_strictly(block: Block, read: Read) -> tuple[Edit, ...] | None:
    """The edits of `of_read`; a read that is another's fallback is made only where that one finds nothing.

    `os.getenv("A", os.environ["B"])` would ask for `B` of those who set `A`, too.
    """
    edits = of_read(block.module.path, read)
    calls = block.forms.of("call")
    whole, inner = None, read.call
    code = edits[0].code if edits and isinstance(edits[0], ReplaceExpression) else None
    while outer := next((call for call in calls if (one := read_of(call)) and one.default is inner), None):
        kept = [item for item in outer[4] if item[1] is not inner]
        before = rendered([*outer[:3], [item for item in outer[3] if item is not inner], kept])
        if code is None or before is None:
            return None
        whole, inner, code = outer, outer, f"{before} or {code}"
    if whole is None or not edits or code is None:
        return edits
    continued = any(whole in form[2:] for form in block.forms.of("attr", "sub", "binop", "unary", "compare", "await"))
    plain = f"({code})" if continued else code
    return (ReplaceExpression(block.module.path, span_of(whole[1]), plain), *edits[1:])


def of_read(path: str, read: Read) -> tuple[Edit, ...] | None:
    """The edits that make a read strict, so that a missing setting is an error; None where that is not known."""
    function, key = read.call[2], rendered(read.key)
    if key is None:
        return None
    span = span_of(read.call[1])
    if read.mapping:
        owner = rendered(function[2])
        if read.keyword is not None:
            return (RemoveKeyword(path, span, read.keyword),)
        return (ReplaceExpression(path, span, f"{owner}[{key}]"),) if owner is not None else None
    if read.demands and not any(one is read.default for one in read.call[3][:-1]):
        kept = [one for one in read.call[3] if not _is_default(one, read)]
        named = [item for item in read.call[4] if not _is_default(item[1], read)]
        code = rendered([*read.call[:3], kept, named])
        return (ReplaceExpression(path, span, code),) if code is not None else None
    if read.verbatim is not None:
        strict = ReplaceExpression(path, span, f"os.environ[{key}]")
        return (strict, AddImport(path, "os")) if read.verbatim else None
    if function[-1] == "Validator":
        return (RemoveKeyword(path, span, "default"), SetKeyword(path, span, "must_exist", "True"))
    if function[-1] in ("Option", "Argument") and read.default is not None:
        return (ReplaceExpression(path, span_of(read.default[1]), "..."),)
    if function[-1] in ("option", "argument") or (function[-1] == "add_argument" and read.name.startswith("-")):
        return (RemoveKeyword(path, span, "default"), SetKeyword(path, span, "required", "True"))
    if function[-1] == "getenv":
        if function[0] == "attr":
            return (ReplaceExpression(path, span, f"{rendered(function[2])}.environ[{key}]"),)
        return (ReplaceExpression(path, span, f"os.environ[{key}]"), AddImport(path, "os"))
    if function[-1] == "get" and name_of(function[2]) == "environ":
        return (ReplaceExpression(path, span, f"{rendered(function[2])}[{key}]"),)
    if function[-1] in ("config", "env") or (function[0] == "attr" and name_of(function[2]) == "env"):
        if read.keyword is not None:
            return (RemoveKeyword(path, span, read.keyword),)
        code = rendered([*read.call[:3], [one for one in read.call[3] if one is not read.default], read.call[4]])
        return (ReplaceExpression(path, span, code),) if code is not None else None
    return None


def _is_default(form: Form, read: Read) -> bool:
    return form is read.default or (form[0] == "lambda" and form[3] is read.default)


def of_or(path: str, whole: Form) -> tuple[Edit, ...] | None:
    """`value or os.getenv("KEY") or "text"`: what is read last stays, strictly, with what comes before it."""
    before, last = [rendered(value) for value in whole[3][:-2]], whole[3][-2]
    read = read_of(last) if last[0] == "call" else None
    strict = of_read(path, read) if read is not None and read.default is None else None
    if strict and isinstance(strict[0], ReplaceExpression) and None not in before:
        code = " or ".join([*map(str, before), strict[0].code])
        return (ReplaceExpression(path, span_of(whole[1]), code), *strict[1:])
    return None


def _of_branch(item: Fallback) -> tuple[Edit, ...] | None:
    path, span = item.block.module.path, span_of(item.whole[1])
    if item.how == "unset":
        return (ReplaceStatement(path, span, f'raise RuntimeError("{item.name} is not set")'),)
    if item.how == "except":
        return (ReplaceStatement(path, span, "raise"),)
    if item.how == "replaced":
        return _of_replaced(path, item)
    for branch in (item.whole[3], item.whole[4]):
        if branch[0] == "sub" and name_of(branch[2]) == "environ" and (code := rendered(branch)) is not None:
            return (ReplaceExpression(path, span, code),)
    return None


def _of_replaced(path: str, item: Fallback) -> tuple[Edit, ...] | None:
    """The setting is read where the text was given, and the choice between them goes."""
    value = item.whole[3][0][3]
    read = read_of(value) if value[0] == "call" else None
    edits = of_read(path, read) if read is not None else None
    code = rendered(value) if value[0] == "sub" else None
    if edits and isinstance(edits[0], ReplaceExpression):
        code = edits[0].code
    if code is None:
        return None
    given = ReplaceExpression(path, span_of(item.found[0][1]), code)
    return (given, RemoveStatement(path, span_of(item.whole[1])), *(edits or ())[1:])


def of_field(program: Program | None, module: Module, field: SettingsField, filled: bool = False) -> Fix | None:
    """Drop the default of a settings field; with `filled` it does not take an empty text either.

    What no settings class fills reads the environment in its place.
    """
    if program is not None and field.default is not None and _is_made_bare(program, module, field):
        name = _variable(program, field)
        read = ReplaceExpression(module.path, span_of(field.default[1]), f'os.environ["{name}"]')
        return Fix(f"read it from the environment variable {name}", False, (read, AddImport(module.path, "os")))
    fix = _without_default(module, field, filled)
    bare = _made_bare(program, module, field) if program is not None else ()
    return replace(fix, edits=(*fix.edits, *bare)) if fix is not None else None


def _variable(program: Program, field: SettingsField) -> str:
    """The environment variable of a field, after its class, too, where something else is called the same.

    One variable for two secrets would make one secret of them.
    """
    owner, name = field.symbol.rpartition(".")[2], field.name.upper()
    modules = [one for one in program.modules.by_file.values() if not program.is_test(one)]
    others = (
        statement
        for module in modules
        if field.name in module.facts.words
        for form in program.sites.top(module).forms.of("class")
        if form[2] != owner
        for statement in form[6]
    )
    shared = any(form[0] == "annassign" and form[2][2:] == [field.name] and form[-1] for form in others)
    if shared or any(name in module.facts.words for module in modules):
        return "_".join((*words_of(owner), field.name)).upper()
    return name


def _is_made_bare(program: Program, module: Module, field: SettingsField) -> bool:
    """Whether code makes an object of a field's class, a plain model, of nothing but its defaults: `AppConfig()`.

    `default_factory=AppConfig` makes one, too.
    """
    owner = field.symbol.rpartition(".")[2]
    found = program.interpreter.attribute_of_module(module, owner)
    plain = [one for one in options(found) if isinstance(one, Class) and _is_plain_model(program, one)]
    if not plain or field.default is None or not isinstance(field.default[2], str) or field.default[0] != "const":
        return False
    calls = (call for block in program.sites.blocks(frozenset({owner})) for call in block.forms.of("call"))
    return any(
        (last_name(call[2]) == owner and not call[3] and not call[4])
        or any(
            key == "default_factory" and value[0] in ("name", "attr") and value[-1] == owner
            for key, value, _ in call[4]
        )
        for call in calls
    )


def _is_plain_model(program: Program, cls: Class) -> bool:
    bases = cls.external_bases()
    filled = any(base in SETTINGS_BASES for base in bases) or (cls.module.file, cls.at) in parts_of_settings(program)
    return "pydantic.BaseModel" in bases and not filled


def _without_default(module: Module, field: SettingsField, filled: bool) -> Fix | None:
    path, statement = module.path, field.statement
    span = span_of(statement[1])
    title = "refuse to start without the setting: drop the default"
    if field.call is not None:
        edits = _of_field_call(path, field.call)
        bounded = any(name in _LEAST for name, _, _ in field.call[4])
        if edits and filled and not bounded and last_name(statement[3]) in TEXTS:
            edits = (*edits, SetKeyword(path, span_of(field.call[1]), "min_length", "1"))
        return Fix(title, False, edits) if edits else None
    if statement[0] != "annassign":
        return None
    annotation = rendered(statement[3])
    if annotation is None or any(one[0] == "const" and one[2] is None for one in walk(statement[3])):
        return None
    least, imports = at_least_one(module, statement[3]) if filled else ("", ())
    return Fix(title, False, (ReplaceStatement(path, span, f"{field.name}: {annotation}{least}"), *imports))


def _made_bare(program: Program, module: Module, field: SettingsField) -> Iterator[Edit]:
    """The edits that drop `auth: Auth = Auth()`, which could not be made any more: the settings around fill it.

    What is a settings class itself reads the environment when it is made.
    """
    owner = field.symbol.rpartition(".")[2]
    for other in program.modules.by_file.values():
        top = program.sites.top(other)
        for form in top.forms.of("class") if owner in other.facts.words and not program.is_test(other) else ():
            for statement in form[6]:
                match statement:
                    case ["annassign", at, ["name", _, name], annotation, ["call", _, callee, [], []]]:
                        made = options(ask(program, top, callee)) if last_name(callee) == owner else ()
                        spoken = rendered(annotation)
                        if spoken is not None and any(_is_part(one, module, owner) for one in made):
                            yield ReplaceStatement(other.path, span_of(at), f"{name}: {spoken}")


def _is_part(value: Value, module: Module, name: str) -> bool:
    """Whether a value is a class of a file that reads no environment itself."""
    own = isinstance(value, Class) and value.module is module and value.name == name
    return own and isinstance(value, Class) and not any(base in SETTINGS_BASES for base in value.external_bases())


def _of_field_call(path: str, call: Form) -> tuple[Edit, ...] | None:
    for keyword, _, _ in call[4]:
        if keyword in ("default", "default_factory"):
            return (RemoveKeyword(path, span_of(call[1]), keyword),)
    return (ReplaceExpression(path, span_of(call[3][0][1]), "..."),) if call[3] else None
