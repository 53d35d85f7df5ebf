"""Kinds of values that a stranger's request makes.

A value is a set of kinds. `absent`: missing credentials, with `empty` the text "" that was asked for in their place;
`junk`: credentials that the stranger made up; `match`: what looking for a pattern in such gives, which may find none
and whose groups are junk; `bad`: what checking or looking up such credentials gives (nothing, or an exception);
`either`: a condition the stranger controls; `request`, `store`: the request and its headers, cookies and session;
`query`: its query, or a message of a websocket, which hold credentials under the names of such only; `denial`: a
response that refuses; `refusal`: an error that did; `path`: the request's path; `object`: made of such values and
itself always there; `hidden`: what a check out of sight gives for the request, nothing as far as the code that asks
about it is concerned; `nobody`: an object that says that nobody is known, `Anonymous()`, with a kind that begins so and
tells its class; `clean`: everything else.
A guard denies when every way through it raises.
"""

from __future__ import annotations

import re

Kinds = frozenset[str]
Names = dict[str, Kinds]
"""What the names of a function hold at some point of a walk."""

CLEAN: Kinds = frozenset({"clean"})
ABSENT: Kinds = frozenset({"absent"})
EMPTY: Kinds = frozenset({"absent", "empty"})
JUNK: Kinds = frozenset({"junk"})
BAD: Kinds = frozenset({"bad"})
EITHER: Kinds = frozenset({"either"})
MATCH: Kinds = frozenset({"match"})
TRUE: Kinds = frozenset({"true"})
FALSE: Kinds = frozenset({"false"})
REQUEST: Kinds = frozenset({"request"})
OBJECT: Kinds = frozenset({"object"})
PASSED: Kinds = frozenset({"passed"})
NOTHING: Kinds = frozenset({"nothing"})
HIDDEN: Kinds = frozenset({"hidden"})
DENIAL: Kinds = frozenset({"denial"})
REFUSED: Kinds = frozenset({"refusal"})
QUERY: Kinds = frozenset({"query"})
NOBODY: Kinds = frozenset({"nobody"})

TAINTED: Kinds = frozenset({"absent", "junk", "bad"})
LACKING: Kinds = frozenset({"absent", "empty", "bad", "nothing"})
HOLDERS: Kinds = frozenset({"request", "store", "session", "scope"})
PLACES: Kinds = frozenset({"path", "verb"})
CARRIERS: Kinds = frozenset({"passed", "bag", "scope", "query"})
TOKENS = frozenset(
    {"token", "api_key", "apikey", "access_token", "key", "signature", "jwt", "ticket", "secret", "x_api_key"}
)
"""Names of query and path parameters that carry a credential."""
_TOKEN = re.compile(
    r"^(x_)?(session|auth|access|id|jwt|user|bearer|ws|websocket|socket|service|internal|admin|client|stream|master|worker"
    r"|agent|server|connection|enc|encoded|signed|raw)_(token|jwt|api_?key|access_key|secret)$"
)


def names_token(name: str | None) -> bool:
    """Whether a query or path parameter of this name carries a credential."""
    plain = (name or "").lower().replace("-", "_")
    return plain in TOKENS or _TOKEN.match(plain) is not None


def worst(found: list[Kinds]) -> Kinds:
    """What a value made of several parts is: junk or bad as soon as one part is."""
    tainted = [item & TAINTED for item in found if item & TAINTED]
    if tainted:
        return frozenset().union(*tainted)
    holders = [item & HOLDERS for item in found if item & HOLDERS]
    return frozenset().union(*holders) if holders else CLEAN


def merged(ways: list[Names]) -> Names:
    """The names of a function behind several ways through it: each may hold what it holds on any of them."""
    found: Names = {}
    for names in ways:
        for name, kinds in names.items():
            found[name] = found.get(name, frozenset()) | kinds
    return found


def _is_nobody(kind: str) -> bool:
    return kind.partition(" ")[0] == "nobody"


def truth_of(found: Kinds) -> set[bool]:
    """Which way a value of these kinds goes in a condition."""
    outcomes: set[bool] = set()
    if "object" in found:
        return {True}
    for kind in found:
        if kind in ("absent", "empty", "bad", "nothing", "false", "hidden"):
            outcomes.add(False)
        elif kind in ("junk", "request", "store", "denial", "passed", "url", "scope", "true") or _is_nobody(kind):
            outcomes.add(True)
        else:
            outcomes |= {True, False}
    return outcomes
