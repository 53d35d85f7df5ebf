"""Names that end in `key` and are what an entry is found by: put together from ids, or the name of a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.leaks.log_calls import pieces
from fastapi_seclint.subjects.secrets.names import kind_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LEAST = 2
"""How many parts a key is put together from that names one thing among others."""
_ENTRIES = ("pop", "get", "setdefault", "discard", "remove")
_CALLED_BACK = frozenset(
    {"hooks", "callbacks", "listeners", "handlers", "subscribers", "subscriptions", "observers", "watchers"}
)
"""What is called when something happens; whoever asked for it gets a token by which it is taken away again."""


def finds_an_entry(block: Block, name: str) -> bool:
    """Whether a name is what an entry is found by: `client_key = f"{room}/{client_id}"`, `del secrets[secret_key]`.

    The key of an API is looked for in the same way, so one of those is an entry's only where it is put together.
    """
    words = words_of(name)
    if words == ["token"]:
        return any(_CALLED_BACK & set(words_of(name_of(store))) for store in _stores(block, name))
    if words[-1:] != ["key"]:
        return False
    return _is_put_together(block, name) or (words == ["secret", "key"] and any(True for _ in _stores(block, name)))


def names_a_connection(program: Program, name: str) -> bool:
    """Whether connections are kept under a name somewhere: `self.active_clients[client_key] = chat`."""
    return name in _connected(program)


@answered_once
def _connected(program: Program) -> frozenset[str]:
    """The names that end in `key` under which sockets, connections or clients that are there are kept."""
    blocks = (
        block
        for module in program.modules.by_file.values()
        for block in program.sites.speaking(module, b"sockets", b"connections", b"clients", folded=True)
    )
    found = {
        str(target[3][2])
        for block in blocks
        for form in block.forms.of("assign")
        for target in form[2]
        if target[0] == "sub" and target[3][0] == "name" and _keeps_connections(name_of(target[2]))
    }
    return frozenset(name for name in found if words_of(name)[-1:] == ["key"])


def _keeps_connections(name: str) -> bool:
    """Whether a store is called after those who are there now; plain `clients` may be of other services, by API key."""
    *before, last = words_of(name) or [""]
    return last in ("sockets", "websockets", "connections") or (last == "clients" and not _THERE.isdisjoint(before))


_THERE = frozenset({"active", "connected", "live", "online", "open"})


def _is_put_together(block: Block, name: str) -> bool:
    """Whether all that is given to a name is a text made of parameters that are no secrets themselves."""
    scope = block.scope
    if not isinstance(scope, FunctionScope):
        return False
    own = {parameter[0] for parameter in scope.function.parameters}
    given = [item[-1] for item in scope.assignments(name) if item[0] == "assign"]
    return bool(given) and all(_is_made_of(value, own) for value in given)


def _is_made_of(value: Form, own: set[str]) -> bool:
    parts = list(pieces(value)) if value[0] in ("fstr", "binop") else []
    plain = [part[0] == "name" and part[2] in own and not kind_of(part[2]) for part in parts if part[0] != "const"]
    return len(plain) >= _LEAST and all(plain)


def _stores(block: Block, name: str) -> Iterator[Form]:
    """What something is looked for, kept or taken away in under a name."""
    for form in block.forms.of("sub", "compare", "call"):
        match form:
            case ["sub", _, store, ["name", _, key]] if key == name:
                yield store
            case ["compare", _, ["name", _, key], ["in" | "not in"], [store]] if key == name:
                yield store
            case ["call", _, ["attr", _, store, method], [["name", _, key], *_], _] if key == name:
                if method in _ENTRIES:
                    yield store


_FAILED = frozenset({"is_error", "is_client_error", "is_server_error"})
_GOOD = frozenset({"ok", "is_success"})


def after_failure(block: Block, form: Form) -> bool:
    """Whether a call runs only where another server answered with an error, which has no tokens in it (RFC 6749, 5.2).

    `if response.is_error: log(body)`, `if not response.ok:`, `if response.status_code != 200:`, `if "error" in body:`.
    """
    return any(
        _is_failure(item[2]) and any(holds(statement[1], form[1]) for statement in item[3])
        for item in block.forms.of("if")
    )


def _is_failure(test: Form) -> bool:
    match test:
        case ["attr", _, _, name]:
            return name in _FAILED
        case ["unary", _, "not", ["attr", _, _, name]]:
            return name in _GOOD
        case ["compare", _, left, [operator], [right]]:
            if operator == "in" and left[0] == "const":
                return _is_error(left)
            if name_of(left) in ("status_code", "status") and right[0] == "const":
                return operator in ("!=", ">=", ">") and isinstance(right[2], int)
            return operator in ("!=", "is not") and _reads_error(left)
    return _reads_error(test)


def _reads_error(form: Form) -> bool:
    """Whether an expression is what an answer says of an error: `answer.get("errcode")`, `answer["error"]`."""
    match form:
        case ["call", _, ["attr", _, _, "get"], [key, *_], _] | ["sub", _, _, key]:
            return _is_error(key)
    return False


def _is_error(key: Form) -> bool:
    return key[0] == "const" and isinstance(key[2], str) and bool(_ERRORS & set(words_of(key[2])))


_ERRORS = frozenset({"error", "errors", "errcode", "err"})
