"""FSL103: a URL in the code has a user and a password in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import holds, only_in_development
from fastapi_seclint.subjects.code.literals import texts
from fastapi_seclint.subjects.code.trials import for_trying, run_by_hand
from fastapi_seclint.subjects.secrets.fallback_fixes import of_field, of_or, of_own_variable, read_strictly
from fastapi_seclint.subjects.secrets.urls import Address, addresses
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL103",
    name="credentials-in-url",
    summary="a URL in the code has a password in it",
    severity="high",
    cwe=(798, 522),
    owasp=("API2", "API8"),
    guide="10",
    fixable="unsafe",
)

_SCHEME = re.compile(r"(\w+)[+\w]*://")
_USUAL = {
    "postgres": "DATABASE_URL", "mysql": "DATABASE_URL", "mariadb": "DATABASE_URL", "mssql": "DATABASE_URL",
    "oracle": "DATABASE_URL", "redis": "REDIS_URL", "mongodb": "MONGODB_URL", "amqp": "BROKER_URL",
}  # fmt: skip
"""The usual variables for addresses, by how their schemes begin."""
_VAGUE = frozenset({"var", "url", "uri", "address", "connection", "conn", "string", "str", "link", "dsn"})
"""Words for an address that do not say whose."""
_STRICT = "read the address from the environment"


@RULE.check
def credentials_in_url(program: Program) -> Iterator[Finding]:
    """One finding a URL, at the assignment or argument that holds it."""
    words = vocabulary(program)
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if program.is_test(module) or for_trying(program, module):
            continue
        seen: set[int] = set()
        for item in addresses(program, module):
            allowed = any(words.allows(text) for text, _ in texts(item.form))
            if item.at in seen or allowed or only_in_development(Place(module, item.at)):
                continue
            if _only_looked_for(module, item) or _is_sample(program, item):
                continue
            seen.add(item.at)
            yield _finding(program, item)


def _is_sample(program: Program, item: Address) -> bool:
    """Whether a constant says by its name that it shows how addresses look, and nothing reads it."""
    if item.statement is None or _SAMPLES.isdisjoint(words_of(item.name)):
        return False
    numbers = [
        (one, number)
        for one in program.modules.speaking((item.name,))
        for number in one.facts.speaking(b'"' + item.name.encode() + b'"')
    ]
    return not any(
        form[-1] == item.name and not holds(item.statement[1], form[1])
        for one, number in numbers
        for form in one.facts.forms(number).of("name", "attr", "from")
    )


_SAMPLES = frozenset({"example", "sample", "placeholder"})


def _only_looked_for(module: Module, item: Address) -> bool:
    """Whether a name of a module is only read where something is compared with it: the address that nobody chose."""
    if item.statement is None or item.statement[-1] is not item.form or item.read is not None or not item.name:
        return False
    read: list[int] = []
    compared: set[int] = set()
    for number in module.facts.speaking(b'"' + item.name.encode() + b'"'):
        forms = module.facts.forms(number)
        read += [form[1] for form in forms.of("name") if form[2] == item.name and not holds(item.statement[1], form[1])]
        compared.update(side[1] for form in forms.of("compare") for side in (form[2], *form[4]))
    return bool(read) and compared.issuperset(read)


def _finding(program: Program, item: Address) -> Finding:
    name = f"`{item.name}`" if item.name else "a URL"
    fallback = item.read is not None or item.field is not None
    how = "falls back to" if fallback else "is"
    return RULE.finding(
        item.block.location(item.at),
        f"{name} {how} an address with a password in it, so everyone who can read the repository can log in there: "
        "read the whole address from the environment and change the password",
        confidence="medium" if item.local and fallback else "high",
        persona="pedantic" if item.local and (fallback or run_by_hand(item.block.module)) else None,
        symbol=item.field.symbol if item.field is not None else item.block.symbol,
        fix=_fix(program, item),
    )


def _fix(program: Program, item: Address) -> Fix | None:
    path = item.block.module.path
    if item.part:
        return None
    if item.read is not None:
        if (bare := of_own_variable(program, item.block, item.read)) is not None:
            return bare
        edits = read_strictly(item.block, item.read)
        return Fix("refuse to start without the setting: drop the fallback", False, edits) if edits else None
    if item.field is not None:
        return of_field(program, item.block.module, item.field)
    whole = _alternative(item)
    if whole is not None:
        edits = of_or(path, whole)
        return Fix("refuse to start without the setting: drop the fallback", False, edits) if edits else None
    plain = item.statement is not None and item.statement[-1] is item.form
    own = item.name.upper() if plain and item.name.isidentifier() else ""
    name = own if own and not _VAGUE.issuperset(words_of(item.name)) else _usual(item) or own
    if not name:
        return None
    code = f'os.environ["{name}"]'
    return Fix(_STRICT, False, (ReplaceExpression(path, span_of(item.form[1]), code), AddImport(path, "os")))


def _alternative(item: Address) -> Form | None:
    """The `or` whose last part an address is."""
    chains = (form for form in item.block.forms.every if form[0] == "bool" and form[2] == "or")
    return next((form for form in chains if form[3][-1] is item.form), None)


def _usual(item: Address) -> str:
    """The usual variable for an address that is given to a call or has a name that is no variable's.

    Others are called after their scheme, `SMTP_URL`; the result is empty where that says nothing, as `http` does.
    """
    written = (str(form[2]) for form in walk([item.form]) if form[0] == "const")
    scheme = next((found[1] for text in written if (found := _SCHEME.match(text))), "")
    other = f"{scheme.upper()}_URL" if scheme and not scheme.startswith("http") else ""
    return next((name for word, name in _USUAL.items() if scheme.startswith(word)), other)
