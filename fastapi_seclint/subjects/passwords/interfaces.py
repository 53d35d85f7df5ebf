"""Methods that an abstract class or a `Protocol` only names, and the methods that stand in for them."""

from __future__ import annotations

from fastapi_seclint.program.values import Class, Function

_EMPTY = ("pass", "expr", "raise")


def implements(function: Function, named: Function) -> bool:
    """Whether a method does what another one, without a body of its own, only names (PEP 544, PEP 3119).

    Its class has the other's as a base, or, for a protocol, every method of it.
    """
    own, other = function.owner, named.owner
    if own is None or other is None or own is other or function.name != named.name or not _is_empty(named):
        return False
    if any(base is other for base in own.lineage()):
        return True
    if not any(base.endswith("Protocol") for base in other.external_bases()):
        return False
    names = {item.name for item in other.namespace.values() if isinstance(item, Function)}
    return names <= {name for cls in own.lineage() if isinstance(cls, Class) for name in cls.namespace}


def _is_empty(function: Function) -> bool:
    """Whether a body does nothing: `...`, `pass`, a docstring, `raise NotImplementedError`."""
    statements = function.statements()
    return all(item[0] in _EMPTY and (item[0] != "expr" or item[2][0] in ("const", "ellipsis")) for item in statements)
