"""FSL902: a secret is written to a log, which far more people and programs can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.edits import Edit, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.code.unread import without
from fastapi_seclint.subjects.leaks.bodies import body_leak
from fastapi_seclint.subjects.leaks.handed_in import handed_in, is_harmless
from fastapi_seclint.subjects.leaks.log_calls import LEVELS, is_log_call, is_print, message, pieces, written
from fastapi_seclint.subjects.leaks.log_fixes import MASK, left_out, masked, masked_before, still_made
from fastapi_seclint.subjects.leaks.log_helpers import handed_to_logs
from fastapi_seclint.subjects.leaks.logged_secrets import Leak, Leaks
from fastapi_seclint.subjects.leaks.one_time_codes import made_code
from fastapi_seclint.subjects.leaks.served import served
from fastapi_seclint.subjects.passwords.rehearsed import seen_in_rehearsals
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL902",
    name="secret-logged",
    summary="a password, token or key is written to the log",
    severity="medium",
    cwe=(532,),
    owasp=("API2", "API8"),
    guide="11",
    fixable="unsafe",
)

_MAKING = re.compile(r"generate|random|token_(?:urlsafe|hex)|choices")
_WORDS = LEVELS | word_set("print pprint rprint bind bind_contextvars contextualize stdout stderr logger _logger")
_MASKED = "write `***` in place of the secret"
_LEFT_OUT = "drop the entry, which says nothing but the secret"
_TOOLS = word_set(
    "script scripts cli command commands manage migrations alembic tools examples example demo benchmarks"
)
_GUESSING = word_set("brute bruter bruteforce bruteforcer spray sprayer cracker honeypot wordlist")


@RULE.check
def secret_logged(program: Program) -> Iterator[Finding]:
    """One finding for each log call or print that writes a secret."""
    told: set[tuple[str, int]] = set()
    for block in program.sites.blocks(frozenset(_WORDS)):
        if program.is_test(block.module) or for_trying(program, block.module) or _guesses(block.module):
            continue
        prints = None
        inner = {id(form[2][2]) for form in block.forms.of("call") if form[2][0] == "attr"}
        for form in block.forms.of("call"):
            if (not is_log_call(form) and not is_print(form)) or id(form) in inner:
                continue
            if prints is None:
                prints = _serves(block)
            if prints == "never" and not is_log_call(form):
                continue
            leaks = Leaks(program, block)
            found, texts = _secrets(leaks, form)
            found = [leak for leak in found if not is_harmless(program, block, leak.form)]
            if not found and (body := body_leak(program, block, written(form))) is not None:
                found.append(body)
                texts = [value for keyword, value, _ in form[4] if keyword == "extra"]
            found = found or handed_in(program, block, form)
            if found and is_print(form) and prints == "where it is loaded" and block.module.file not in served(program):
                continue
            if found and not only_in_development(Place(block.module, form[1])):
                told.add((block.module.file, block.number))
                yield _finding(program, block, form, found, texts)
    yield from _handed(program, told)
    yield from _rehearsed(program, told)


def _rehearsed(program: Program, told: set[tuple[str, int]]) -> Iterator[Finding]:
    """One finding for each entry that a request's password gets into, in a run that nothing else is told of."""
    for one in seen_in_rehearsals(program):
        if (
            one.kind == "logged"
            and not told & one.ran
            and not only_in_development(Place(one.block.module, one.form[1]))
        ):
            where = "is printed" if is_print(one.form) else "is written to the log"
            yield RULE.finding(
                one.block.location(one.form),
                f"the password that a client sends {where}, where everyone who reads logs and backups can "
                "take and use it: leave it out, or log an id that tells which one it was",
                symbol=one.block.symbol,
                confidence="medium",
            )


def _handed(program: Program, told: set[tuple[str, int]]) -> Iterator[Finding]:
    """One finding for each call that hands a secret to a helper which logs it."""
    seen: set[tuple[str, int]] = set()
    for handed in handed_to_logs(program):
        block, call = handed.block, handed.call
        key = (block.module.file, call[1])
        if key not in seen and not for_trying(program, block.module):
            seen.add(key)
            told.add((block.module.file, block.number))
            edits = masked(block.module.path, call, [leak.form for leak in handed.leaks]) if handed.only else None
            yield RULE.finding(
                block.location(call),
                f"{handed.leaks[0].what} is handed to `{last_name(call[2])}`, which writes it to the log, where "
                "everyone who reads logs, backups and error reports can take and use it: leave it out, or log an id "
                "that tells which one it was",
                symbol=block.symbol,
                evidence=[Evidence(handed.helper.place.location, "this writes it to the log")],
                fix=Fix(_MASKED, False, edits) if edits else None,
            )


def _secrets(leaks: Leaks, form: Form) -> tuple[list[Leak], list[Form]]:
    """The secrets that a call writes, and the texts put together before it in which some of them are."""
    found: list[Leak] = []
    texts: list[Form] = []
    for part in written(form):
        leak = leaks.of(part)
        text = message(leaks.block, part) if leak is None else None
        if text is None:
            found += [leak] if leak is not None else []
        elif inside := [one for piece in pieces(text) if (one := leaks.of(piece)) is not None]:
            found += inside
            texts.append(part)
    return found, texts


def _finding(program: Program, block: Block, form: Form, found: list[Leak], texts: list[Form]) -> Finding:
    """`texts` are the names in the call whose texts, which may serve elsewhere, hold some of the secrets."""
    what = found[0].what
    where = "is printed" if is_print(form) else "is written to the log"
    secrets = [leak.form for leak in found]
    brought = [leak.brought for leak in found if leak.brought is not None]
    alone = any(_is_made_up(block.module, secret) for secret in secrets)
    if any(one[0] == "call" and made_code(program, block, one) for one in secrets):
        edits = still_made(block, form, secrets)
    else:
        edits = (
            None if alone else masked_before(block, form, secrets, texts) if texts else left_out(block, form, secrets)
        )
    return RULE.finding(
        block.location(form),
        f"{what} {where}, where everyone who reads logs, backups and error reports can take and use it: "
        "leave it out, or log an id that tells which one it was",
        symbol=block.symbol,
        evidence=[Evidence(place, "this function is given it") for place in dict.fromkeys(brought)],
        fix=Fix(_title(edits), False, (*edits, *without(block, secrets))) if edits else None,
    )


def _title(edits: tuple[Edit, ...]) -> str:
    kept = isinstance(edits[0], ReplaceExpression) and edits[0].code != MASK
    return _LEFT_OUT if kept or isinstance(edits[0], RemoveStatement) else _MASKED


def _guesses(module: Module) -> bool:
    """Whether a file tries out, cracks or collects the passwords of others, and tells which: `ssh_bruter.py`."""
    return bool(_GUESSING & set(words_of(module.path.rpartition("/")[2].removesuffix(".py"))))


def _is_made_up(module: Module, secret: Form) -> bool:
    """Whether a program makes up a password when it starts and tells it by this entry, without which nobody logs in."""
    return secret[0] == "name" and any(
        inner[0] in ("name", "attr") and _MAKING.search(str(inner[-1]))
        for form in module.facts.module
        if form[0] == "assign" and any(target[0] == "name" and target[2] == secret[2] for target in form[2])
        for inner in walk(form[3])
    )


def _serves(block: Block) -> Literal["never", "always", "where it is loaded"]:
    """Whether what a block prints goes to a server's log rather than to somebody who runs a command."""
    parts = {word for part in block.module.path.split("/")[-3:] for word in words_of(part)}
    if parts & _TOOLS or _is_command(block.module, block):
        return "never"
    spoken = {name.split(".")[0] for name in block.module.facts.imports}
    serving = spoken & {"starlette", "jwt", "jose", "passlib", "sqlalchemy", "sqlmodel", "pydantic"}
    known = bool(serving) or any(name.startswith(("fastapi", "pydantic")) for name in spoken)
    return "always" if known else "where it is loaded"


def _asks_for_arguments(form: Form) -> bool:
    """Whether what runs a file has to answer, or to say more: `input("...")`, `sys.argv`."""
    match form:
        case ["call", _, ["name", _, "input" | "getpass"], *_] | ["attr", _, ["name", _, "sys"], "argv"]:
            return True
    return False


def _is_command(module: Module, block: Block) -> bool:
    asks = block.function is None and any(_asks_for_arguments(form) for form in block.forms.every)
    started = asks or module.facts.body_mentions(-1, b'"__main__"')
    if started and not {"FastAPI", "APIRouter"} & module.facts.words:
        return True
    function = block.function
    decorators = function.decorators if function is not None else []
    return any("typer" in getattr(item, "name", "") or "click" in getattr(item, "name", "") for item in decorators)
