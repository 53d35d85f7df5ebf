"""What names hold where a walk branches: a copy for each branch, and what is left of it after all of them."""

from __future__ import annotations

from dataclasses import replace

from fastapi_seclint.subjects.payloads.known import NOTHING, Claims, Known, either

Names = dict[str, Known]


def copied(names: Names) -> Names:
    """The same names with dictionaries of their own; two names for one dictionary stay that."""
    memo: dict[int, Claims] = {}
    found: Names = {}
    for name, known in names.items():
        if known.claims is not None:
            claims = memo.setdefault(id(known.claims), known.claims.copy())
            known = replace(known, claims=claims)
        found[name] = known
    return found


def merged(ways: list[Names]) -> Names:
    """What the names hold after one of several paths."""
    found = ways[0]
    for other in ways[1:]:
        memo: dict[tuple[int, int], Claims] = {}
        joined: Names = {}
        for name in dict.fromkeys((*found, *other)):
            left, right = found.get(name), other.get(name)
            if left is not None and right is not None:
                joined[name] = either(left, right, memo)
            else:
                joined[name] = left or right or NOTHING
        found = joined
    return found
