"""Imports under other names: `import jwt as j`, `from fastapi import HTTPException as Refused`, `read as read_token`.

Many questions are answered by what a thing is called. Where a file gives what it imports another name, and says the
name itself for nothing else, its facts use the name under which the thing is known everywhere. Not where only the
other name says what it is: `from hashing import check as verify_password`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


def known_names(tree: ast.Module) -> dict[str, str]:
    """The names that a file gives to what it imports, with the names that these have at home.

    Only where both stand for nothing else in the file.
    """
    found = [*_imported(tree.body)]
    if not found:
        return {}
    said = _Said.in_(tree)
    meant = [name for _, name in found]
    return {
        alias: name
        for alias, name in found
        if said.bound.count(alias) == 1 and name not in said.bound and name not in said.read and meant.count(name) == 1
    }


def own_names(before: ast.Module, after: ast.Module) -> Iterator[tuple[str, str, int, int]]:
    """Where a changed file says names that it has under others: both, the line, and the column in bytes from zero."""
    names = {name: alias for alias, name in known_names(before).items()}
    bound = set(_Said.in_(after).bound) if names else set()
    for node in ast.walk(after) if names else ():
        if isinstance(node, ast.Name) and node.id in names and node.id not in bound:
            yield node.id, names[node.id], node.lineno, node.col_offset


def _imported(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in statements:
        for alias in statement.names if isinstance(statement, ast.Import | ast.ImportFrom) else ():
            name = alias.name.rpartition(".")[2]
            if alias.asname not in (None, name) and not (_tells(str(alias.asname)) and _is_vague(name)):
                yield str(alias.asname), name


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TELLING = frozenset(
    {
        *("account", "admin", "auth", "authenticated", "caller", "credential", "credentials", "hash", "hashed"),
        *("hasher", "identity", "jwt", "key", "keys", "limit", "limiter", "login", "member", "owner", "passphrase"),
        *("passwd", "password", "passwords", "permission", "pin", "principal", "pw", "pwd", "role", "secret"),
        *("secrets", "session", "token", "tokens", "user", "users"),
    }
)


def _tells(name: str) -> bool:
    """Whether a name says that something has to do with who calls, or with what he proves it by."""
    return any(word.lower() in _TELLING for word in _WORDS.findall(name))


def _is_vague(name: str) -> bool:
    """Whether the name of a function or a constant says nothing of the kind: `check`, `VALUE`."""
    return (name.islower() or name.isupper()) and not _tells(name)


@dataclass(slots=True)
class _Said:
    """The names that are bound somewhere in a file, once for each place, and those that are read."""

    bound: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    @classmethod
    def in_(cls, tree: ast.Module) -> _Said:
        """What a whole file says."""
        said = cls()
        for node in ast.walk(tree):
            if type(node) is ast.Name:
                if type(node.ctx) is ast.Load:
                    said.read.add(node.id)
                else:
                    said.bound.append(node.id)
            elif type(node) in _BINDING:
                said.bound += _names(node)
        return said


_BINDING = frozenset(
    {
        ast.arg, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.MatchAs,
        ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal,
    }
)  # fmt: skip


def _names(node: ast.AST) -> list[str]:
    """The names that something else than an assignment binds."""
    match node:
        case ast.arg(arg=name) | ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.alias(name=name, asname=asname):
            return [asname or name.partition(".")[0]]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names
    called = getattr(node, "name", None)
    return [called] if isinstance(called, str) else []
