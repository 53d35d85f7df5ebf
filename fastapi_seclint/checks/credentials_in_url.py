"""FSL103: a URL in the code has a user and a password in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, ReplaceExpression
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.values import Place
from fastapi_seclint.rule import Finding, Fix, Rule
from fastapi_seclint.subjects.code.development import only_in_development
from fastapi_seclint.subjects.code.literals import texts
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.secrets.fallback_fixes import of_field, of_read
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
            seen.add(item.at)
            yield _finding(item)


def _finding(item: Address) -> Finding:
    name = f"`{item.name}`" if item.name else "a URL"
    fallback = item.read is not None or item.field is not None
    how = "falls back to" if fallback else "is"
    return RULE.finding(
        item.block.location(item.at),
        f"{name} {how} an address with a password in it, so everyone who can read the repository can log in there: "
        "read the whole address from the environment and change the password",
        confidence="medium" if item.local and fallback else "high",
        symbol=item.field.symbol if item.field is not None else item.block.symbol,
        fix=_fix(item),
    )


def _fix(item: Address) -> Fix | None:
    path = item.block.module.path
    if item.read is not None:
        edits = of_read(path, item.read)
        return Fix("refuse to start without the setting: drop the fallback", False, edits) if edits else None
    if item.field is not None:
        return of_field(path, item.field)
    plain = item.statement is not None and item.statement[-1] is item.form
    if not plain or not item.name.isidentifier():
        return None
    code = f'os.environ["{item.name.upper()}"]'
    edits = (ReplaceExpression(path, span_of(item.form[1]), code), AddImport(path, "os"))
    return Fix(_STRICT, False, edits)
