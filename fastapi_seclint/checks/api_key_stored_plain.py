"""FSL704: API keys are kept as they are, so whoever reads the store has them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.owners.records import is_schema
from fastapi_seclint.subjects.secrets.comparisons import comparisons
from fastapi_seclint.subjects.secrets.key_makers import is_hashed, key_makers
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.stored_keys import (
    RUNNING,
    Use,
    attributes,
    dictionaries,
    handed_over,
    hashed,
    kept_in_column,
)
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL704",
    name="api-key-stored-plain",
    summary="API keys are kept as they are instead of hashed",
    severity="low",
    confidence="medium",
    persona="pedantic",
    cwe=(256, 312),
    owasp=("API2",),
    guide="7",
    fixable="unsafe",
)

_ASKING = word_set("where filter filter_by get_or_none find_one find get first get_by select_from one_or_none exists")
_OF_KEYS = word_set(
    "apikey apikeys apitoken apitokens dbapikey apikeymodel accesskey accesskeys personalaccesstoken"
    " personalaccesstokens"
)
"""What models and tables of API keys are called, in one word."""
_MESSAGE = (
    "{what} as they are, so a copy of the store, a backup or an injection gives an attacker every key: "
    "keep the SHA-256 of a key and look that up"
)


@RULE.check
def api_key_stored_plain(program: Program) -> Iterator[Finding]:
    """One finding for each query by a plain key, each membership test in a collection of them, or each new one kept."""
    found = list(_looked_up(program))
    yield from found or _of_new_keys(program)


def _looked_up(program: Program) -> Iterator[Finding]:
    for item in comparisons(program):
        if item.operator in ("in", "not in") and item.kind == "API key" and not is_hashed(item.block, item.secret):
            message = _MESSAGE.format(what="the valid API keys are kept")
            yield RULE.finding(item.block.location(item.form), message, symbol=item.block.symbol)
    yield from _of_dictionaries(program)
    for name, put, compared in attributes(program):
        message = _MESSAGE.format(what=f"API keys are kept in `{name}`")
        yield RULE.finding(
            compared[0].block.location(compared[0].whole),
            message,
            symbol=compared[0].block.symbol,
            evidence=_kept(put),
            fix=hashed(compared, put),
        )
    asked = [
        (block, form, sent, name)
        for block in program.sites.blocks(_ASKING | RUNNING)
        if not program.is_test(block.module) and not for_trying(program, block.module)
        for form, sent, name in _queries(program, block)
    ]
    for block, form, _, name in asked:
        kept = kept_in_column(program, name)
        lookups = [Use(one, sent, whole) for one, whole, sent, column in asked if column == name]
        yield RULE.finding(
            block.location(form),
            _MESSAGE.format(what=f"API keys are looked up in `{name}`, so they are stored"),
            symbol=block.symbol,
            evidence=_kept(kept or []),
            fix=hashed(lookups, kept) if kept else None,
        )


def _kept(uses: list[Use]) -> list[Evidence]:
    """Where keys are stored that are looked up elsewhere."""
    return [Evidence(use.block.location(use.whole), "a key is kept here") for use in uses[:5]]


def _of_new_keys(program: Program) -> Iterator[Finding]:
    """A finding where a new key is stored, for programs whose look-up is out of sight."""
    for block in program.sites.blocks(key_makers(program)):
        if program.is_test(block.module) or for_trying(program, block.module):
            continue
        for call, key, name, owner in handed_over(program, block):
            returned = any(part is call for form in block.forms.of("return") if form[2] for part in walk([form[2]]))
            if returned or _is_sent_only(program, block, call):
                continue
            if _is_key(program, name, owner) and not is_hashed(block, key):
                message = _MESSAGE.format(what=f"new API keys are kept in `{name}`")
                yield RULE.finding(block.location(call), message, symbol=block.symbol)


def _is_sent_only(program: Program, block: Block, call: Form) -> bool:
    """Whether a call makes an object that only goes to a client: a model of an answer."""
    made = options(ask(program, block, call[2])) if call[0] == "call" else ()
    return any(isinstance(option, Class) and is_schema(option) for option in made)


def _of_dictionaries(program: Program) -> Iterator[Finding]:
    """A finding where a key is looked up in a dictionary of keys that the program made."""
    for name, kept, lookups, sure in dictionaries(program):
        if all(_plain(use.block, use.key) for use in (*kept, *lookups)):
            fix = hashed(lookups, kept) if sure else None
            for use in [use for use in lookups if use.whole[0] != "compare"][:1]:
                message = _MESSAGE.format(what=f"API keys are kept in `{name}`")
                yield RULE.finding(
                    use.block.location(use.whole), message, symbol=use.block.symbol, evidence=_kept(kept), fix=fix
                )


def _collection(block: Block, owner: Form) -> str:
    """What a collection that an object keeps is called in its database: `self.found = db["api_keys"]`."""
    function = block.function
    if owner[0] != "attr" or owner[2][2:] != ["self"] or function is None or function.owner is None:
        return ""
    initializer = function.owner.namespace.get("__init__")
    for form in initializer.forms.of("assign") if isinstance(initializer, Function) else ():
        if any(target[0] == "attr" and target[3] == owner[3] for target in form[2]):
            return name_of(form[3])
    return ""


def _queries(program: Program, block: Block) -> Iterator[tuple[Form, Form, str]]:
    """The conditions of queries that ask for a plain key: `Model.api_key == key`, `{"api_key": key}`, SQL."""
    for call in block.forms.of("call"):
        if call[2][0] == "attr" and call[2][3] in RUNNING:
            for item in met(written_out(program, block, call)):
                if not item.written and _is_key(program, item.column, item.table) and _plain(block, item.value):
                    yield call, item.value, item.column
        if name_of(call[2]) not in _ASKING or call[2][0] != "attr":
            continue
        for form in walk(call[3]):
            match form:
                case ["compare", _, ["attr", _, model, column], ["=="], [sent]]:
                    if _is_key(program, str(column), _table(model)) and _plain(block, sent):
                        yield form, sent, str(column)
                case ["dict", _, pairs]:
                    for key, sent in pairs:
                        named = str(key[2]) if key is not None and key[0] == "const" else ""
                        if _is_key(program, named, _collection(block, call[2][2])) and _plain(block, sent):
                            yield sent, sent, named
        for keyword, sent, _ in call[4]:
            if (
                keyword
                and name_of(call[2]) != "get"
                and _is_key(program, keyword, name_of(call[2][2]))
                and _plain(block, sent)
            ):
                yield call, sent, keyword


def _table(model: Form) -> str:
    """What a model or table is called; SQLAlchemy's tables have their columns in `c`: `api_tokens.c.token`."""
    inside = model[0] == "attr" and model[3] in ("c", "columns")
    return name_of(model[2] if inside else model)


def _is_key(program: Program, column: str, model: str) -> bool:
    words = words_of(column)
    if vocabulary(program).kind(column) == "API key" or words[-2:] == ["api", "token"]:
        return True
    return "".join(words_of(model)) in _OF_KEYS and words in (["key"], ["token"], ["value"], ["secret"])


def _plain(block: Block, sent: Form) -> bool:
    """Whether what is asked for is a key that nobody hashed: a name or an attribute that no hash was assigned to."""
    return sent[0] in ("name", "attr", "sub") and not is_hashed(block, sent)
