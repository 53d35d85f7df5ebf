"""Functions and classes of a program that take a secret by position: `TokenService(secret, ttl)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import KEYWORD_ONLY, VARIADIC, Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.secrets.names import kind_of, sets_password, word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WORDS = (b"secret", b"passw", b"pwd", b"key", b"token")
_ASKING = word_set(
    "hash verify check validate compare dummy strength is has mask redact test parse split login authenticate signin"
)
"""What functions do with a text without keeping it as a secret."""


@answered_once
def takers(program: Program) -> dict[str, list[str]]:
    """By name: what each positional argument is called, empty for those that are no secret; found once a program."""
    found: dict[str, list[str]] = {}
    for module in program.modules.by_file.values():
        if MODULE in module.facts.speaking(*_WORDS, folded=True) and not program.is_test(module):
            for name, parameters in _definitions(module.facts.module):
                names = [parameter if kind_of(parameter) else "" for parameter in parameters]
                if any(names) and not _ASKING & set(words_of(name)):
                    found[name] = names if found.get(name, names) == names else []
    return found


def _definitions(statements: list[Form]) -> Iterator[tuple[str, list[str]]]:
    for form in statements:
        if form[0] == "def":
            yield form[3], _positional(form)
        elif form[0] == "assign" and form[3][0] == "call" and name_of(form[3][2]) == "NewType":
            yield from ((target[2], [snake(target[2])]) for target in form[2] if target[0] == "name")
        elif form[0] == "class":
            setters = (item for item in form[6] if item[0] == "def" and sets_password(item[3]))
            yield from ((item[3], _positional(item)[1:]) for item in setters)
            made = next((item for item in form[6] if item[0] == "def" and item[3] == "__init__"), None)
            if made is not None:
                yield form[2], _positional(made)[1:]
            elif any(name_of(decorator) == "dataclass" for decorator in form[5]):
                yield form[2], [item[2][2] for item in form[6] if item[0] == "annassign" and item[2][0] == "name"]


def _positional(form: Form) -> list[str]:
    return [parameter[0] for parameter in form[5] if parameter[1] < min(VARIADIC, KEYWORD_ONLY)]
