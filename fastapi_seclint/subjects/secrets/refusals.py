"""Which written secrets a program refuses to start with: `if SECRET_KEY == "changethis": raise ...`, validators."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, Forms, last_name, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.secrets.named_texts import texts_elsewhere
from fastapi_seclint.subjects.secrets.names import kind_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.sites import Block

_ANY = frozenset({""})
_VALIDATORS = frozenset({"validator", "field_validator"})
_VALIDATING = (*sorted(_VALIDATORS), "AfterValidator", "BeforeValidator")
_VERIFYING = re.compile(r"^(verify|check)(_\w*(password|hash|secret))?$")
_LEAVING = frozenset({"exit", "_exit", "abort"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A test whose branch raises or ends the program: the names in it, the texts, the least length, the falsy names.

    `fields` are those that the function around it validates, where pydantic is told: `@field_validator("SECRET_KEY")`.
    `any_text` and `any_length` tell that it speaks of whatever secret it is handed, under a name of its own.
    """

    names: frozenset[str]
    texts: tuple[str, ...]
    least: int
    partly: bool
    falsy: frozenset[str]
    fields: frozenset[str] = frozenset()
    any_text: bool = False
    any_length: bool = False

    def covers(self, name: str, text: str) -> bool:
        """Whether a setting with this value is refused."""
        if not text:
            return name in self.falsy or (name in self.names and self.least > 0)
        named = name in self.fields | self.names
        if not named and (self.fields or not self.any_text):
            return False
        if text in self.texts:
            return True
        if len(text) < self.least and (named or self.any_length):
            return True
        return self.partly and any(len(part) > 2 and part.lower() in text.lower() for part in self.texts)


def refused(program: Program, names: list[str], text: str) -> bool:
    """Whether the program refuses a secret with this value under one of these names (setting, constant).

    A program that asks anywhere whether the secret is there knows that it may be empty.
    """
    wanted = [name.lower() for name in names if name]
    if not text and any(name in asked(program) for name in wanted):
        return True
    by_name = _speaking(program)
    return any(one.covers(name, text) for name in wanted for one in (*by_name.get(name, ()), *by_name.get("", ())))


@answered_once
def _speaking(program: Program) -> dict[str, list[Refusal]]:
    """The tests by the names that they speak of; under the empty name those of whatever they are handed."""
    found: dict[str, list[Refusal]] = {}
    for one in refusals(program):
        for name in one.names | one.fields | one.falsy | (_ANY if one.any_text else frozenset()):
            found.setdefault(name, []).append(one)
    return found


@answered_once
def refusals(program: Program) -> list[Refusal]:
    """Every such test of the program that speaks of a text, a length or emptiness; found once."""
    return list(_search(program))


def _search(program: Program) -> list[Refusal]:
    found = []
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        facts = module.facts
        branching = {*facts.speaking(b'["if"', b'["assert"')}
        for number in facts.speaking(b'["raise"', b'exit"', b'abort"', b'["assert"'):
            forms = facts.forms(number)
            around = facts.forms(MODULE)
            fields = _validated(around, number) if number in branching else frozenset()
            for form in forms.of("if", "assert") if number in branching else ():
                if form[0] == "if" and any(map(_leaves, branch := list(walk(form[3])))):
                    one = replace(_refusal(form[2], forms, around), fields=fields)
                    one = replace(one, texts=(*one.texts, *texts_elsewhere(program, module, form[2])))
                    found.append(one if _answers(branch) else _spoken_of(one, form[2], facts.words))
                elif form[0] == "assert":
                    test = ["unary", form[1], "not", form[2]]
                    one = replace(_refusal(test, forms, around), fields=fields)
                    found.append(_spoken_of(one, form[2], facts.words))
    return found


def _answers(branch: list[Form]) -> bool:
    """Whether a branch, every form of it, refuses one request, and so says nothing of how the program starts."""
    raised = [item[2] for item in branch if item[0] == "raise" and item[2] is not None]
    return bool(raised) and all(form[0] == "call" and last_name(form[2]).endswith("HTTPException") for form in raised)


def _spoken_of(one: Refusal, test: Form, words: Container[str]) -> Refusal:
    """A refusal with what it says of secrets by other names: those of a validator, or of a local name.

    A password that is too short is one that somebody chooses, and no setting.
    """
    handed = any(item[0] == "name" and item[2] in ("v", "value") for item in walk(test))
    kinds = {kind_of(name) for name in one.names} - {""}
    validates = handed and any(word in words for word in _VALIDATING)
    return replace(one, any_text=handed or bool(kinds), any_length=validates or bool(kinds - {"password"}))


def _validated(around: Forms, number: int) -> frozenset[str]:
    """The fields that a method validates; empty where it is no validator, or one of every field."""
    decorators: list[Form] = next((form[6] for form in around.of("def") if form[2] == number), [])
    named = [item for item in decorators if item[0] == "call" and last_name(item[2]) in _VALIDATORS]
    fields = {str(one[2]).lower() for item in named for one in item[3] if one[0] == "const"}
    return frozenset() if "*" in fields else frozenset(fields)


def refuses_unset(program: Program, name: str) -> bool:
    """Whether the program goes no further where a setting is off or empty: `if not self.COOKIE_SECURE: raise ...`."""
    return any(name.lower() in one.falsy for one in refusals(program))


def refuses_short(program: Program, name: str) -> bool:
    """Whether the program goes no further where a setting is shorter than it says: `if len(KEY) < 32: raise ...`."""
    return any(name.lower() in one.names and one.least > 0 for one in refusals(program))


@answered_once
def needed_to_start(program: Program) -> frozenset[str]:
    """The settings, in small letters, without which the program goes no further, whatever it is asked.

    They are told by a name or by that in the environment: `if not os.getenv("KEY"): raise SystemExit`.
    """
    found: set[str] = set()
    for module in program.modules.by_file.values():
        for number in module.facts.speaking(b'["raise"', b'exit"', b'abort"', b'["assert"'):
            for form in module.facts.forms(number).of("if", "assert") if not program.is_test(module) else ():
                branch = list(walk(form[3])) if form[0] == "if" else []
                if form[0] == "assert" or (any(map(_leaves, branch)) and not _answers(branch)):
                    found.update(name.lower() for name in (*truths(form[2]), *_read(form[2])))
    return frozenset(found)


def _read(test: Form) -> list[str]:
    """The setting that a test reads and asks for itself: `not os.getenv("KEY")`."""
    match test:
        case ["unary", _, "not", inner]:
            return _read(inner)
        case ["call", _, ["name" | "attr", *_] as read, [["const", _, str() as key], *_], _]:
            return [key] if name_of(read) == "getenv" or (read[0] == "attr" and name_of(read[2]) == "environ") else []
    return []


@answered_once
def asked(program: Program) -> frozenset[str]:
    """The names that conditions of the program test for truth or emptiness."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        for number in module.facts.speaking(b'["if'):
            forms = module.facts.forms(number)
            for form in forms.of("if", "ifexp"):
                found.update(name.lower() for name in truths(form[2]))
            own = {form[2][0][2]: form[3] for form in forms.of("assign") if form[2][0][0] == "name"}
            found.update(_stands_for(own[name]).lower() for name in found & own.keys())
    return frozenset(found)


def asked_elsewhere(program: Program, block: Block, names: set[str]) -> bool:
    """Whether conditions outside of a block test one of the names, in small letters, for truth or emptiness."""
    for module in program.modules.by_file.values():
        for number in module.facts.speaking(b'["if') if not names.isdisjoint(asked(program)) else ():
            if module is block.module and number == block.number:
                continue
            tests = module.facts.forms(number).of("if", "ifexp")
            if any(name.lower() in names for form in tests for name in truths(form[2])):
                return True
    return False


def _stands_for(value: Form) -> str:
    """The setting that a name is given: `key = getattr(config, "SECRET_KEY", "") or ""`."""
    match value:
        case ["bool", _, "or", [first, *_]]:
            return _stands_for(first)
        case ["call", _, ["name" | "attr", *_] as read, [["const", _, str() as key], *_], _] if read[-1] == "getenv":
            return key
    return name_of(value)


def truths(test: Form) -> list[str]:
    """The names whose truth, or emptiness, a test asks for."""
    match test:
        case ["name" | "attr", *_]:
            return [str(test[-1])]
        case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], _]:
            return truths(inner)
        case ["bool", _, _, values]:
            return [name for value in values for name in truths(value)]
        case ["walrus", _, target, _] | ["call", _, ["attr", _, target, "strip"], _, _]:
            return truths(target)
    return _tested(test)


def asks_for(test: Form) -> Iterator[tuple[str, bool]]:
    """The names whose presence a test asks for, and whether an empty text counts as missing there, too."""
    match test:
        case ["bool", _, _, values]:
            for value in values:
                yield from asks_for(value)
        case ["unary", _, "not", ["bool" | "compare", *_] as inner]:
            yield from asks_for(inner)
        case ["compare", _, held, ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            yield from ((name, False) for name in truths(held))
        case _:
            yield from ((name, True) for name in truths(test))


def _leaves(form: Form) -> bool:
    return form[0] == "raise" or bool(form[0] == "call" and form[2][0] in ("name", "attr") and form[2][-1] in _LEAVING)


def _listed(test: list[Form], forms: Forms, around: Forms) -> list[str]:
    """The texts a test, every form of it, compares with by a name of the body or the file: `key in self.KNOWN`."""
    single: set[str] = set()
    several: set[str] = set()
    for item in test:
        if item[0] == "compare" and item[3] == ["=="]:
            single.update(str(side[2]) for side in (item[2], item[4][0]) if side[0] == "name")
        elif item[0] == "compare" and item[3] == ["in"]:
            several.update(str(one[-1]) for one in _gone_through(item[4][0]))
    found: list[Form] = []
    for form in (*forms.of("assign", "annassign"), *around.of("assign", "annassign")) if single or several else ():
        target, value = form[2][0] if form[0] == "assign" else form[2], form[-1]
        if value is None or target[0] != "name":
            continue
        if target[2] in several and value[0] in ("set", "list", "tuple"):
            found += value[2]
        elif target[2] in single:
            found.append(value)
    return [item[2] for item in found if item[0] == "const" and isinstance(item[2], str)]


def _gone_through(form: Form) -> list[Form]:
    """The name of the list that a text is looked for in: `weak`, or that of `[word.lower() for word in weak]`."""
    if form[0] == "comp":
        return [one for _, one, _ in form[5][:1] if one[0] in ("name", "attr")]
    return [form] if form[0] in ("name", "attr") else []


def _refusal(test: Form, forms: Forms, around: Forms) -> Refusal:
    names, least, partly = set(), 0, False
    every = list(walk(test))
    texts = _listed(every, forms, around)
    unequal = [item for item in every if item[0] == "compare" and item[3][0] in ("!=", "not in", "is not")]
    required = {id(item) for form in unequal for item in walk(form)}
    keys = {id(item) for form in every for item in _keys(form)}
    denied = _denied(every)
    for form in every:
        match form:
            case ["const", _, str() as key] if id(form) in keys:
                names.add(key.lower())
            case ["const", _, str()] if id(form) in required:
                continue
            case ["name", _, str() as name] | ["attr", _, _, str() as name]:
                names.add(name.lower())
                partly = partly or name in ("startswith", "endswith")
            case ["const", _, str() as text]:
                texts.append(text)
                names.add(text.lower())
            case ["compare", _, left, [sign], [["const", _, int() as number]]] if _length(left):
                if sign in ((">", ">=") if id(form) in denied else ("<", "<=")):
                    least = max(least, number)
            case ["compare", _, ["const", *_], ["in"], [other]] if other[0] not in ("list", "set", "tuple"):
                partly = True
    falsy = {name.lower() for form in every for name in _tested(form)}
    return Refusal(frozenset(names), tuple(text for text in texts if text), least, partly, frozenset(falsy))


def _denied(test: list[Form]) -> set[int]:
    """The forms of a test, given with all of them, that stand under a `not`, by identity: `not len(key) >= 32`."""
    found: set[int] = set()
    for form in test:
        if form[0] == "unary" and form[2] == "not":
            found ^= {id(item) for item in walk(form[3])}
    return found


def _keys(form: Form) -> list[Form]:
    """The keys by which a test reads what it compares: `row.get("password")`, `row["password"]`."""
    match form:
        case ["call", _, ["attr", _, _, "get" | "getenv" | "pop"], [key, *_], _] | ["sub", _, _, key]:
            return [key]
    return []


def _length(form: Form) -> bool:
    return bool(form[0] == "call" and form[2][0] == "name" and form[2][2] == "len")


def _tested(form: Form) -> list[str]:
    """The names that a test asks to be empty: `not x`, `x == ""`, `x is None`."""
    match form:
        case ["unary", _, "not", inner]:
            return [str(item[-1]) for item in walk(inner) if item[0] in ("name", "attr", "const")]
        case ["compare", _, left, ["==" | "is" | "in"], [right]] if any(
            item[0] == "const" and item[2] in ("", None) for item in walk(right)
        ):
            return [str(item[-1]) for item in walk(left) if item[0] in ("name", "attr", "const")]
    return []


def only_compared(program: Program, name: str) -> bool:
    """Whether a constant that is named as a default stands in comparisons and rows of a table only, beside fields.

    To verify it against what is kept compares, too: `verify_password(DEFAULT_PASSWORD, row.hash)` finds who has it.
    Rows such as `("JWT_KEY", self.JWT_KEY, DEFAULT_KEY)` are what a program goes through to refuse or warn.
    """
    if "DEFAULT" not in name.upper().split("_"):
        return False
    found = False
    for module in (one for one in program.modules.by_file.values() if not program.is_test(one)):
        for number in module.facts.speaking(f'"{name}"'.encode()) if name in module.facts.words else ():
            forms = module.facts.forms(number)
            rows = [item for form in forms.of("tuple") for item in form[2]]
            rows += [item for form in forms.of("compare") for item in (form[2], *form[4])]
            rows += [item for form in forms.of("call") if _VERIFYING.match(last_name(form[2])) for item in form[3][:1]]
            given = [item for form in forms.of("assign") for item in form[2]]
            given += [item for form in forms.of("annassign") for item in (form[2], form[4])]
            uses = {id(form) for form in forms.every if form[0] in ("name", "attr") and form[-1] == name}
            if not uses <= {id(item) for item in (*rows, *given)}:
                return False
            found = found or bool(uses & {id(item) for item in rows})
    return found


def demanded(block: Block, names: Container[str]) -> bool:
    """Whether code raises where a variable is not set at all: `if "KEY" not in os.environ: raise ValueError(...)`."""
    for form in block.forms.of("if"):
        absent = any(
            item[0] == "compare" and item[2][0] == "const" and item[2][2] in names
            and item[3] == ["not in"] and last_name(item[4][0]) == "environ"
            for item in walk(form[2])
        )  # fmt: skip
        if absent and any(item[0] == "raise" for item in walk(form[3])):
            return True
    return False
