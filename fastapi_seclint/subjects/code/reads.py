"""How code reads a setting: `os.getenv`, `os.environ.get`, `config(...)` of decouple and Starlette, their like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.secrets.names import word_set

_SOURCES = word_set("env environ environment getenv config conf cfg configuration setting settings secrets")
_DEFAULTS = frozenset(("const", "call", "bool", "name", "attr", "sub", "list", "fstr"))
_GETTERS = frozenset(("get", "getenv", "setdefault", "str", "getstr", "get_env", "get_str", "read"))


@dataclass(frozen=True, slots=True)
class Read:
    """A call that reads a setting: the form of its key, its default's form, and the keyword or None it is given by.

    `verbatim` is None unless a function of the project reads; then it tells whether the key is the variable's name.
    `mapping` tells that the setting is taken from what the program loaded from a file.
    `demands` tells that a function of the project reads, and raises where it finds nothing and is given no default.
    """

    call: Form
    key: Form
    default: Form | None
    keyword: str | None
    verbatim: bool | None = None
    mapping: bool = False
    demands: bool = False

    @property
    def name(self) -> str:
        """The key as text: a string, or the name of the constant that holds it."""
        return str(self.key[2]) if self.key[0] in ("const", "name") else ""

    @property
    def environment(self) -> bool:
        """Whether it is the environment itself that is read, by Python's own functions."""
        function = self.call[2]
        return function[-1] == "getenv" or _owner(function) == "environ"


def read_of(form: Form) -> Read | None:
    """The setting that a call reads, judged by how such calls are written; None for any other expression."""
    match form:
        case ["call", _, ["name" | "attr", *_] as function, [key, *others], keywords] if _reads(function):
            given = {keyword: value for keyword, value, _ in keywords if keyword}
            default = next((given[word] for word in ("default", "fallback") if word in given), None)
            if default is not None:
                return Read(form, key, default, "default" if "default" in given else "fallback")
            plain = [other for other in others if other[0] in _DEFAULTS]
            position = 1 if len(plain) == 2 and function[-1] in ("config", "get") and _is_cast(plain[0]) else 0
            return Read(form, key, plain[position] if len(plain) > position else None, None)
    return None


def _reads(function: Form) -> bool:
    last = function[-1]
    if last == "getenv" or (last in _GETTERS and is_source(_owner(function))):
        return True
    if last in ("config", "env", "Config"):
        return function[0] == "name" or _owner(function) in ("decouple", "settings")
    return _says_so(last)


@lru_cache(maxsize=16_384)
def _says_so(name: str) -> bool:
    """Whether a function reads the environment by its name: `get_env`, `env_or`."""
    words = set(words_of(name))
    return bool(words & {"env", "environ", "getenv"}) and bool(words & {"get", "read", "str", "string", "var", "or"})


def _owner(function: Form) -> str:
    if function[0] != "attr" or function[2][0] not in ("name", "attr"):
        return ""
    return str(function[2][-1])


@lru_cache(maxsize=16_384)
def is_source(name: str) -> bool:
    """Whether something of this name holds settings."""
    return bool(_SOURCES & set(words_of(name)))


def _is_cast(form: Form) -> bool:
    return form[0] in ("name", "attr") and form[-1] in ("str", "Secret", "SecretStr", "int", "bool", "list")


def reads_setting(form: Form) -> bool:
    """Whether an expression takes a value from the environment or from a settings object."""
    for item in walk(form):
        if item[0] == "call" and read_of(item) is not None:
            return True
        if item[0] == "call" and item[2][2:] == ["getattr"] and item[3] and is_source(str(item[3][0][-1])):
            return True
        if item[0] == "attr" and item[2][0] in ("name", "attr") and is_source(str(item[2][-1])):
            return True
        if item[0] == "sub" and item[2][0] in ("name", "attr") and is_source(str(item[2][-1])):
            return True
    return False
