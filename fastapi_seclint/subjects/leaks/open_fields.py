"""Objects whose text shows a secret that is one of their fields: models, dataclasses, named tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, External, Value, constant, options
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MODELS = ("pydantic", "sqlmodel.", "typing.NamedTuple")
_TOKEN_FIELDS = ("access_token", "refresh_token")
_OF_LINKS = frozenset(
    {"reset", "verification", "verify", "confirmation", "confirm", "activation", "activate", "invitation", "recovery"}
    | {"forgotten"}
)
"""What things with a token are called after that is sent in a link: `PasswordResetRequested.token`."""
_DATACLASSES = ("dataclasses.dataclass", "pydantic.dataclasses.dataclass")


def open_field(program: Program, cls: Class | External) -> str:
    """The field that shows a password or key in the text of such an object; empty when none does."""
    if isinstance(cls, External) or not _shows_fields(cls):
        return ""
    kinds = vocabulary(program)
    for base in cls.lineage():
        if not isinstance(base, Class) or "__repr__" in base.namespace or "__str__" in base.namespace:
            return ""
        for name, annotation, default in base.fields:
            hidden = any(item[0] in ("name", "attr") and "Secret" in str(item[-1]) for item in walk(annotation))
            secret = kinds.kind(name) in ("password", "signing key") or name in _TOKEN_FIELDS
            secret = secret or (name in ("token", "secret") and not {*words_of(cls.name)}.isdisjoint(_OF_LINKS))
            if secret and not hidden and not _is_left_out(default):
                return name
    return ""


def _shows_fields(cls: Class) -> bool:
    if any(base.startswith(_MODELS) for base in cls.external_bases()):
        return True
    made = [option for decorator in cls.decorators for option in options(decorator)]
    return any(
        isinstance(option, External) and option.name.removesuffix("()") in _DATACLASSES and not _is_left_out(option)
        for option in made
    )


def _is_left_out(value: Value | None) -> bool:
    """Whether a field or a whole class is kept out of the text: `field(repr=False)`, `@dataclass(repr=False)`."""
    return any(
        isinstance(option, External)
        and option.arguments is not None
        and (shown := option.arguments.get("repr")) is not None
        and constant(shown) is False
        for option in options(value)
    )
