"""Where a project keeps API keys and looks them up, as they are, and the fix that hashes them in both places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Mapping, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.secrets.key_makers import key_makers
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.presented import presented
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RUNNING = word_set("execute fetch fetchrow fetchval fetch_one fetch_all fetchone query raw scalar scalars")
"""Methods that take a statement of SQL, and its values with it."""
_KEEPING = ("insert", "add", "create", "save", "put", "set", "values", "update")


@dataclass(frozen=True, slots=True)
class Use:
    """An expression that a key is kept as, or looked up by: in a block, the whole it is part of."""

    block: Block
    key: Form
    whole: Form


def hashed(lookups: list[Use], kept: list[Use]) -> Fix | None:
    """SHA-256 of the key wherever it is kept and looked up; None where one of the places is not in sight."""
    if not kept or not lookups:
        return None
    edits: list[Edit] = []
    for use in (*kept, *lookups):
        written, path = code(use.key), use.block.module.path
        if written is None or use.key[0] not in ("name", "attr", "sub"):
            return None
        edits.append(ReplaceExpression(path, span_of(use.key[1]), f"hashlib.sha256({written}.encode()).hexdigest()"))
        edits.append(AddImport(path, "hashlib"))
    return Fix("keep the SHA-256 of each key; hash those that are kept already", False, tuple(dict.fromkeys(edits)))


def kept_in_column(program: Program, column: str) -> list[Use] | None:
    """Where keys are put into a column; None where a key that is kept is read back, which a hash would not serve."""
    found: list[Use] = []
    for block in program.sites.blocks(frozenset({column})):
        if program.is_test(block.module):
            continue
        uses = list(_put(block, column))
        targets = [form for statement in block.forms.of("assign") for form in statement[2]]
        named = (form for form in block.forms.of("attr") if form[3] == column)
        read = [form for form in named if not any(form is one for one in targets)]
        if uses and read:
            return None
        found += uses
    return found + list(_in_statements(program, column))


def attributes(program: Program) -> Iterator[tuple[str, list[Use], list[Use]]]:
    """The attributes that keep API keys which the program makes: name, where they are kept and where compared."""
    compared: dict[str, list[Use]] = {}
    for block in program.sites.blocks(frozenset({"compare_digest"})):
        for form in block.forms.of("call") if not program.is_test(block.module) else ():
            sides = [_plain_side(item) for item in form[3]] if form[2][-1] == "compare_digest" else []
            for held, sent in (sides, sides[::-1]) if len(sides) == 2 else ():
                named = held[0] == "attr" and vocabulary(program).kind(str(held[3])) == "API key"
                if named and sent[0] == "name" and _is_sent(program, Use(block, sent, form)):
                    compared.setdefault(str(held[3]), []).append(Use(block, sent, form))
    for name, lookups in sorted(compared.items()):
        kept = kept_in_column(program, name)
        if kept and all(_is_made(program, use.block, use.key) for use in kept):
            yield name, kept, lookups


def handed_over(program: Program, block: Block) -> Iterator[tuple[Form, Form, str, str]]:
    """What a block makes and hands to a store: the call, the key, the name it gets there, what it is put into.

    `ApiKey(key=...)`, `insert_one({"api_key": ...})`, `hset("api_keys", api_key, ...)`.
    """
    for call in block.forms.of("call") if block.module.facts.words & key_makers(program) else ():
        last = str(call[2][-1]) if call[2][0] in ("name", "attr") else ""
        if last[:1].isupper() or last in ("insert_one", "create", "values"):
            owner = name_of(call[2][2]) if call[2][0] == "attr" and not last[:1].isupper() else last
            given = [(keyword, value) for keyword, value, _ in call[4] if keyword]
            for item in call[3][:1]:
                given += [(str(key[2]), value) for key, value in item[2] if key] if item[0] == "dict" else []
            yield from ((call, value, name, owner) for name, value in given if _is_fresh(program, block, value))
        elif last in ("hset", "set", "sadd", "setex"):
            for value in [*call[3], *(part[2] for item in call[3] if item[0] == "fstr" for part in item[2])]:
                if type(value) is list and value[0] == "name" and _is_fresh(program, block, value):
                    yield call, value, value[2], last

    for form in block.forms.of("assign"):
        match form:
            case ["assign", _, [["sub", _, ["attr", _, ["name", _, "self"], store], ["name", _, name] as key]], _]:
                if _is_made(program, block, key):
                    yield form, key, name, str(store)


def _is_fresh(program: Program, block: Block, value: Form) -> bool:
    called = [name_of(item[2]) for item in walk(value) if item[0] == "call"] if value[0] == "call" else []
    return not key_makers(program).isdisjoint(called) or _is_made(program, block, value)


def _plain_side(form: Form) -> Form:
    """What is compared, without the encoding around it."""
    match form:
        case ["call", _, ["attr", _, inner, "encode"], *_]:
            plain: Form = inner
            return plain
    return form


def _in_statements(program: Program, column: str) -> Iterator[Use]:
    """Keys that a statement of SQL puts into a column."""
    for block in program.sites.blocks(RUNNING):
        for call in block.forms.of("call") if not program.is_test(block.module) else ():
            if call[2][0] == "attr" and call[2][3] in RUNNING:
                filled = met(written_out(program, block, call))
                written = (item for item in filled if item.written and item.column == column)
                yield from (Use(block, item.value, call) for item in written)


def _put(block: Block, column: str) -> Iterator[Use]:
    for form in block.forms.of("call", "assign"):
        match form:
            case ["call", _, ["name" | "attr", *_] as function, given, keywords]:
                last = str(function[-1])
                keeps = last[:1].isupper() or last.startswith(_KEEPING)
                for keyword, value, _ in keywords if keeps else ():
                    if keyword == column:
                        yield Use(block, value, form)
                for item in walk(given) if last.startswith(_KEEPING) else ():
                    for key, value in item[2] if item[0] == "dict" else ():
                        if key is not None and key[0] == "const" and key[2] == column:
                            yield Use(block, value, form)
            case ["assign", _, [["attr", _, _, name]], value] if name == column:
                yield Use(block, value, form)


def dictionaries(program: Program) -> Iterator[tuple[str, list[Use], list[Use], bool]]:
    """The dictionaries that keep API keys which the program makes: name, where they are kept and looked up.

    The last item tells whether nothing else is done with the dictionary, so that hashes can take the keys' place.
    """
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        makes = bool(module.facts.words & key_makers(program))
        for name, value in sorted(module.scope.names.items()):
            named = vocabulary(program).kind(name.removesuffix("s")) == "API key"
            if name not in module.facts.words or not (named or (makes and _is_store(value))):
                continue
            kept: list[Use] = []
            lookups: list[Use] = []
            uses = 0
            for block in program.sites.blocks(frozenset({name})):
                if block.module is module and block.function is not None:
                    kept += _kept(program, block, name)
                    lookups += _looked_up(block, name)
                    uses += sum(form[2] == name for form in block.forms.of("name"))
            if not named and not all(_is_sent(program, use) for use in lookups):
                continue
            if kept and lookups:
                sure = uses == len(kept) + len(lookups) and all(use.whole[0] != "compare" for use in lookups)
                yield name, kept, lookups, sure


def _is_store(value: Value) -> bool:
    return any(isinstance(option, Mapping) for option in options(value))


def _is_sent(program: Program, use: Use) -> bool:
    """Whether what is looked up is an API key that somebody sends, by its name or by where FastAPI takes it from."""
    if vocabulary(program).kind(name_of(use.key)) == "API key":
        return True
    function = use.block.function
    return function is not None and use.key[0] == "name" and presented(program, function, use.key[2]) == "API key"


def _kept(program: Program, block: Block, name: str) -> Iterator[Use]:
    for form in block.forms.of("assign"):
        match form:
            case ["assign", _, [["sub", _, ["name", _, store], key]], _] if store == name:
                if _is_made(program, block, key):
                    yield Use(block, key, form)
    for form in block.forms.of("call"):
        match form:
            case ["call", _, ["attr", _, ["name", _, store], "add" | "append"], [key], _]:
                if store == name and _is_made(program, block, key):
                    yield Use(block, key, form)


def _is_made(program: Program, block: Block, key: Form) -> bool:
    """Whether a key is one that the function has made."""
    if key[0] != "name" or not isinstance(block.scope, FunctionScope):
        return False
    values = [item[-1] for item in block.scope.assignments(key[2]) if item[0] in ("assign", "annassign") and item[-1]]
    called = [name_of(item[2]) for value in values for item in walk(value) if item[0] == "call"]
    return not key_makers(program).isdisjoint(called)


def _looked_up(block: Block, name: str) -> Iterator[Use]:
    for form in block.forms.of("call", "sub", "compare"):
        match form:
            case ["call", _, ["attr", _, ["name", _, store], "get" | "pop"], [key, *_], _] if store == name:
                yield Use(block, key, form)
            case ["sub", _, ["name", _, store], key] if store == name and not _is_target(block, form):
                yield Use(block, key, form)
            case ["compare", _, key, ["in" | "not in"], [["name", _, store]]] if store == name:
                yield Use(block, key, form)


def _is_target(block: Block, form: Form) -> bool:
    return any(form is target for statement in block.forms.of("assign") for target in statement[2])
