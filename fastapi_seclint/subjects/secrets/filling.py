"""What methods of a settings class fill in where nothing is configured: validators, `values.setdefault("key", "text")`.

Source: https://docs.pydantic.dev/latest/concepts/validators/; a "before" validator of a model gets the values by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.attributes import is_settings
from fastapi_seclint.program.values import Const, External
from fastapi_seclint.subjects.code.reads import Read

if TYPE_CHECKING:
    from fastapi_seclint.program.sites import Block
    from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

_VALIDATORS = ("field_validator()", "validator()")


def filled_in(block: Block, call: Form) -> Read | None:
    """The setting that a method of a settings class gives a default, `data.setdefault("secret", "text")`."""
    owner = block.function.owner if block.function is not None else None
    match call:
        case ["call", _, ["attr", _, ["name", _, name], "setdefault"], [["const", _, str()] as key, default], []]:
            taken = {item[0] for item in block.function.parameters} if block.function is not None else set()
            return (
                Read(call, key, default, None) if owner is not None and is_settings(owner) and name in taken else None
            )
    return None


def given_name(block: Block, words: Vocabulary) -> str:
    """What a function returns is called: a secret field that it validates, else as the function."""
    function = block.function
    named = next((name for name in _validated(block) if words.kind(name)), "")
    return named or (function.name if function is not None else "")


def validates(block: Block) -> bool:
    """Whether a function validates a field of a settings class: what it is given is what was configured."""
    return any(True for _ in _validated(block))


def _validated(block: Block) -> Iterator[str]:
    function = block.function
    if function is None or function.owner is None or not is_settings(function.owner):
        return
    for decorator in function.decorators:
        if isinstance(decorator, External) and decorator.name.endswith(_VALIDATORS) and decorator.arguments is not None:
            for item in decorator.arguments.positional:
                if isinstance(item, Const) and isinstance(item.value, str):
                    yield item.value
