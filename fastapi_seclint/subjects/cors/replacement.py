"""How a list with a star is mended: without the star where it names others, else by a list from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fastapi_seclint.edits import AddImport, AddListItem, Edit, RemoveListItem, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Const, Environment, Place, Value, options, settled
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.code.properties import given_by_property
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.hardening.middleware import Configuration, Option, made
from fastapi_seclint.subjects.hardening.settings import field_of_settings

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_READ = re.compile(r'os\.getenv\("\{variable\}", ("[^"]*")\)')


@dataclass(frozen=True, slots=True)
class Remedy:
    """What goes in place of a star: `code`, which may read `{variable}`, and the default of a setting.

    `title` tells people; `imports` says that the code needs `os`. `others` are variables for projects that have a
    setting of the usual name, `setting` is the title for those that have a settings object.
    """

    title: str
    code: str
    default: str
    variable: str = ""
    others: tuple[str, ...] = ()
    setting: str = ""

    @property
    def imports(self) -> bool:
        return bool(self.variable)

    def written(self, variable: str = "") -> str:
        """The code that reads a variable, or the usual one."""
        return self.code.replace("{variable}", variable or self.variable)

    def titled(self, variable: str = "") -> str:
        """The title with the name of the variable."""
        return self.title.replace("{variable}", variable or self.variable)


ORIGINS = Remedy(
    "let in the websites that the environment variable `{variable}` lists",
    '[origin.strip() for origin in os.getenv("{variable}", "").split(",") if origin.strip()]',
    "[]",
    "CORS_ORIGINS",
    ("CORS_ALLOWED_ORIGINS",),
    "let in the websites that the setting `{setting}` lists",
)
HOSTS = Remedy(
    "accept the hosts that the environment variable `{variable}` lists, this machine's own names without it",
    'os.getenv("{variable}", "localhost,127.0.0.1,testserver").split(",")',
    '["localhost", "127.0.0.1", "testserver"]',
    "ALLOWED_HOSTS",
    ("TRUSTED_HOSTS",),
    "accept the hosts that the setting `{setting}` lists, this machine's own names without it",
)
_COPIES = frozenset({"list", "tuple", "set", "sorted"})
_OWN = ("localhost", "127.0.0.1", "testserver")


class Listed(NamedTuple):
    """A list as code, the edits that it takes, and what people are told."""

    code: str
    edits: tuple[Edit, ...]
    title: str


def variable_of(program: Program, remedy: Remedy) -> str:
    """The variable that a remedy reads: another one where a setting has the usual name, and its text another form."""
    return next((name for name in (remedy.variable, *remedy.others) if not _is_setting(program, name)), remedy.variable)


def _is_setting(program: Program, name: str) -> bool:
    """Whether a class declares a field of this name, as settings do: pydantic reads a list as JSON."""
    names = {name, name.lower()}
    return any(
        target[0] == "name" and target[2] in names
        for module in program.modules.by_file.values()
        if names & module.facts.words
        for form in module.facts.module
        if form[0] == "class"
        for field in form[6]
        if field[0] in ("assign", "annassign")
        for target in (field[2] if field[0] == "assign" else [field[2]])
    )


def replaced(program: Program, configuration: Configuration, name: str, remedy: Remedy) -> Fix | None:
    """The fix of a list with a star, where the star is written; of a list that is left out, in the call."""
    option = configuration.options.get(name)
    if option is None:
        block, span = configuration.block, configuration.call.location.span
        listed = listed_elsewhere(program, block.module, span.line, remedy)
        return Fix(listed.title, False, (*listed.edits, SetKeyword(block.module.path, span, name, listed.code)))
    call = configuration.call
    if any(option.form is form and option.location == call.block.location(form) for form in call.spread):
        return None  # a part of what is spread there, which has no place of its own
    if _is_all(configuration, option) and _is_anothers(program, configuration, name):
        return _in_place(program, option.block, option.form, remedy)
    fixes = [_of_value(program, value, remedy) for value in options(made(program, option.value))]
    if found := [fix for fix in fixes if fix is not None]:
        edits = (edit for fix in found for edit in (*fix.edits, *_as_list(program, option, fix)))
        return Fix(found[0].title, False, tuple(dict.fromkeys(edits)))
    if _is_all(configuration, option):
        return _in_place(program, option.block, option.form, remedy)
    return None


def _is_anothers(program: Program, configuration: Configuration, name: str) -> bool:
    """Whether the star of an option stands in a list that another option is given as well: `EVERYTHING = ["*"]`."""

    def places(option: Option) -> set[Place | None]:
        found = (known for value in options(made(program, option.value)) for known in settled(value))
        return {one.place for one in found if isinstance(one, Collection) and _has_star(one)} - {None}

    others = (option for key, option in configuration.options.items() if key != name)
    return any(places(configuration.options[name]) & places(other) for other in others)


def listed_elsewhere(program: Program, module: Module, line: int, remedy: Remedy) -> Listed:
    """The list of a remedy as code for a line of a file: of the project's settings object, else of the environment."""
    field = remedy.setting and field_of_settings(program, module, line, remedy.variable, remedy.default)
    if field:
        return Listed(*field, remedy.setting.replace("{setting}", field[0]))
    variable = variable_of(program, remedy)
    imports = (AddImport(module.path, "os"),) if remedy.imports else ()
    return Listed(remedy.written(variable), imports, remedy.titled(variable))


def _in_place(program: Program, block: Block, form: Form, remedy: Remedy) -> Fix:
    """The list of a remedy in place of an expression."""
    path, span = block.module.path, span_of(form[1])
    listed = listed_elsewhere(program, block.module, span.line, remedy)
    return Fix(listed.title, False, (*listed.edits, ReplaceExpression(path, span, _like(form, listed.code))))


def _like(form: Form, code: str) -> str:
    """A display as code, a tuple where one stood: a dataclass takes no list as a default."""
    inner = code.removeprefix("[").removesuffix("]")
    if form[0] != "tuple" or len(inner) + 2 != len(code) or " for " in inner:
        return code
    return f"({inner},)" if inner and "," not in inner else f"({inner})"


def _fix(remedy: Remedy, block: Block, edit: Edit, variable: str = "") -> Fix:
    imports = (AddImport(block.module.path, "os"),) if remedy.imports else ()
    return Fix(remedy.titled(variable), False, (*imports, edit))


def _of_value(program: Program, value: Value, remedy: Remedy) -> Fix | None:
    for known in settled(value):
        if not _has_star(known):
            continue
        place = known.place if isinstance(known, Collection | Const) else None
        found = display_at(program, place) if place is not None else None
        read = display_at(program, value.place) if isinstance(value, Environment) and value.place is not None else None
        if read is not None and _reads(read[1]):
            found = read
        fix = _of_form(program, found[0], found[1], remedy) if found is not None else None
        if fix is None and isinstance(value, Environment) and place is not None:
            fix = _of_cast(program, place, remedy)
        return fix or (_of_text(program, value.name, remedy) if isinstance(value, Environment) else None)
    return None


_TEXT = "without the setting: nobody but who it names"


def _of_text(program: Program, setting: str, remedy: Remedy) -> Fix | None:
    """A star that is the default of a settings field for one text: what goes in its place is one text as well."""
    text = "" if remedy is ORIGINS else ",".join(_OWN)
    known = [module for module in program.modules.by_file.values() if setting in module.facts.words]
    fields = ((one, field) for one in known for form in one.facts.module if form[0] == "class" for field in form[6])
    for module, field in fields if remedy.variable else ():
        match field:
            case ["annassign", _, ["name", _, name], ["name", _, "str"], ["const", at, "*"]] if name == setting:
                return Fix(_TEXT, False, (ReplaceExpression(module.path, span_of(at), f'"{text}"'),))
    return None


def _of_cast(program: Program, place: Place, remedy: Remedy) -> Fix | None:
    """A star that a setting falls back to whose text is made a list where it is read: `config(.., cast=Csv())`.

    Without the setting that list is empty, or has this machine's own names: https://github.com/HBNetwork/python-decouple
    """
    text = "" if remedy is ORIGINS else ",".join(_OWN)
    for block in blocks_of(program, place.module) if remedy.variable else ():
        for call in block.forms.of("call"):
            given = {keyword: value for keyword, value, _ in call[4]}
            star = given.get("default", ["", 0])
            if star[1] == place.at and star[0] == "const" and "cast" in given:
                return Fix(_TEXT, False, (ReplaceExpression(block.module.path, span_of(star[1]), f'"{text}"'),))
    return None


def _as_list(program: Program, option: Option, fix: Fix) -> Iterator[Edit]:
    """The text that an option is given as it is, split: pieces of it would count as well."""
    dotted = rendered(option.form) if option.form[0] in ("name", "attr") else None
    if fix.title == _TEXT and dotted is not None and not _is_split(program, option):
        code = f'[origin.strip() for origin in {dotted}.split(",") if origin.strip()]'
        yield ReplaceExpression(option.block.module.path, span_of(option.form[1]), code)


def _is_split(program: Program, option: Option) -> bool:
    """Whether what an option is given is split already, by a property or where its name gets it, in whatever file."""
    form, block = option.form, option.block
    if form[0] == "attr" and any(_calls(given) for _, given in given_by_property(program, block, form)):
        return True
    value = ask(program, block, form)
    named = [one for one in program.modules.by_file.values() if one.scope.names.get(form[-1]) is value]
    places = [block] if form[0] == "name" else []
    for place in (*places, *(program.sites.top(one) for one in {*named, block.module})):
        for statement in place.forms.of("assign", "annassign"):
            targets = statement[2] if statement[0] == "assign" else [statement[2]]
            given = statement[-1] is not None and _calls(statement[-1])
            if given and any(target[::2] == ["name", form[-1]] for target in targets):
                return True
    return False


def _calls(form: Form) -> bool:
    return form[0] in ("call", "comp", "list", "bool", "ifexp")


def _own_names(form: Form, remedy: Remedy) -> list[str]:
    """This machine's own names, as code, that a list of hosts lacks: without the star it would shut them out."""
    known = {item[2] for item in form[2] if item[0] == "const"}
    names = _OWN if remedy is HOSTS else ()
    return [f'"{name}"' for name in names if name not in known]


def _of_form(program: Program, block: Block, form: Form, remedy: Remedy) -> Fix | None:
    path, span = block.module.path, span_of(form[1])
    if form[0] in ("list", "tuple", "set"):
        stars = [index for index, item in enumerate(form[2]) if item[0] == "const" and item[2] == "*"]
        if not stars and len(form[2]) > 1:
            return _of_item(path, form, remedy)
        if not stars and (len(form[2]) != 1 or form[2][0][0] == "const"):
            return None
        if len(form[2]) > 1 and remedy.variable:
            own = tuple(AddListItem(path, span, item) for item in _own_names(form, remedy))
            title = 'take `"*"` out of the list' + (", and let in this machine's own names" if own else "")
            return Fix(title, False, (RemoveListItem(path, span, stars[0]), *own))
        if _is_field(block, form):
            default = _like(form, remedy.default)
            factory = next((item for item in block.forms.every if item[0] == "lambda" and item[3] is form), None)
            if factory is not None and default == "[]":
                default, span = "list", span_of(factory[1])
            return Fix(f"without a setting: {default}", False, (ReplaceExpression(path, span, default),))
        return _in_place(program, block, form, remedy)
    if form[0] == "comp" and not _reads(form):
        return _of_iterable(program, block, form[5][0][1], remedy)
    if form[0] == "call" and form[2][0] == "name" and form[2][2] in _COPIES and form[3] and not _reads(form):
        return _of_iterable(program, block, form[3][0], remedy)
    if form[0] in ("call", "comp", "sub") and _reads(form) and not remedy.variable:
        return _of_default(path, form, remedy)
    if form[0] in ("call", "comp", "sub") and _reads(form):
        variable = next(_variables(form), "")
        code = _split(remedy.written(variable), _separator(form))
        return _fix(remedy, block, ReplaceExpression(path, span, code), variable)
    return _of_setting(path, form, remedy) if remedy.variable else None


def _of_item(path: str, display: Form, remedy: Remedy) -> Fix | None:
    """One of several items that is a star where its setting is missing: what matches nobody else stands there then."""
    for item in display[2]:
        if item[0] == "call" and _reads(item) and item[3][-1][0] == "const" and item[3][-1][2] == "*":
            default = '"localhost"' if remedy is HOSTS else '""'
            edit = ReplaceExpression(path, span_of(item[3][-1][1]), default)
            return Fix(f"without a setting: {default}", False, (edit,)) if remedy.variable else None
    return None


def _of_setting(path: str, form: Form, remedy: Remedy) -> Fix | None:
    """`config("ORIGINS", default="*").split(",")`, as decouple and Starlette read settings: another default."""
    match form:
        case ["call", _, ["attr", _, ["call", _, _, [["const", _, str() as name]], keywords] as read, "split"], _, _]:
            star = [keyword for keyword, value, _ in keywords if value[0] == "const" and value[2] == "*"]
            written = rendered(read) or ""
            if star == ["default"] and written.count('default="*"') == 1:
                code = _READ.sub(lambda found: written.replace('"*"', found[1]), remedy.code)
                edit = ReplaceExpression(path, span_of(form[1]), _split(code, _separator(form)))
                return Fix(remedy.titled(name).replace("environment variable", "setting"), False, (edit,))
    return None


def _of_default(path: str, form: Form, remedy: Remedy) -> Fix | None:
    """A star that an environment variable falls back to, replaced in place by the list as one text."""
    for item in walk([form]):
        if item[0] == "const" and item[2] == "*":
            text = remedy.code.strip("[]").replace('", "', ",")
            return Fix(remedy.title, False, (ReplaceExpression(path, span_of(item[1]), text),))
    return None


def _of_iterable(program: Program, block: Block, form: Form, remedy: Remedy) -> Fix | None:
    """The fix of what a comprehension goes through."""
    found = (_of_value(program, value, remedy) for value in options(ask(program, block, form)))
    return next((fix for fix in found if fix is not None), None)


def _has_star(value: Value) -> bool:
    items = value.items if isinstance(value, Collection) else [value]
    return any(isinstance(item, Const) and item.value == "*" for each in items for item in settled(each))


def _is_all(configuration: Configuration, option: Option) -> bool:
    """Whether the expression stands for this option alone, which `**options` does not."""
    if any(form is option.form for form in configuration.call.spread) or option.form is configuration.call.form:
        return False
    return _before(option.location.span, span_of(option.form[1]))


def _before(outer: Span, inner: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def display_at(program: Program, place: Place) -> tuple[Block, Form] | None:
    """The display, call or comprehension that stands at a place, with its block."""
    for block in blocks_of(program, place.module):
        for form in _everywhere(block):
            if form[1] == place.at and form[0] in ("list", "tuple", "set", "call", "comp", "sub"):
                return block, form
    return None


def _everywhere(block: Block) -> Iterator[Form]:
    yield from block.forms.every
    for parameter in block.function.parameters if block.function is not None else ():
        if parameter[3] is not None:
            yield from walk([parameter[3]])


def _reads(form: Form) -> bool:
    return any(item[0] in ("name", "attr") and item[-1] in ("getenv", "environ") for item in walk([form]))


def _split(code: str, separator: str) -> str:
    """The code with another separator, in its default text, too."""
    default = "localhost,127.0.0.1,testserver"
    text = default.replace(",", separator.strip('"') or " ")
    return code.replace(default, text).replace('split(",")', f"split({separator})")


def _separator(form: Form) -> str:
    """What an expression splits at, as code; a comma where it does not."""
    for item in walk([form]):
        match item:
            case ["call", _, ["attr", _, _, "split"], [["const", _, str() as separator]], []]:
                return f'"{separator}"' if separator.isprintable() and separator not in ('"', "\\") else '","'
            case ["call", _, ["attr", _, _, "split"], [], []]:
                return ""
    return '","'


def _variables(form: Form) -> Iterator[str]:
    """The environment variables that an expression reads."""
    for item in walk([form]):
        match item:
            case ["call", _, ["attr" | "name", *_] as function, [["const", _, str() as name], *_], _]:
                if function[-1] in ("getenv", "get"):
                    yield name
            case ["sub", _, ["attr" | "name", *_] as owner, ["const", _, str() as name]]:
                if owner[-1] == "environ":
                    yield name


def _is_field(block: Block, display: Form) -> bool:
    """Whether a list is the default of a field in a class of settings."""
    for form in block.forms.every:
        if form[0] == "class":
            for statement in form[6]:
                if statement[0] == "annassign" and any(item is display for item in walk([statement[-1]])):
                    return True
    return False
