"""Route tables of both sides, what FastAPI built and what `seclint routes` computed, and their comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, tuple[str, ...], str]
COMPARED = ("http", "websocket")
PROTECTIONS = ("protected", "open", "public", "unknown")


@dataclass(frozen=True, slots=True)
class Route:
    """One route of either side; `own` is false for what FastAPI or a library declares."""

    app: str
    key: Key
    endpoint: str
    place: str
    line: int | None
    dependencies: frozenset[str]
    protection: str = ""
    own: bool = True

    def __str__(self) -> str:
        path, methods, kind = self.key
        return f"{','.join(methods) or kind} {path}  ({self.endpoint}, {self.place}:{self.line})"


@dataclass(slots=True)
class Result:
    """The comparison of one application: pairs of (expected, computed) routes, and what has no partner."""

    name: str
    app: str
    chosen_by: str = ""
    stripped: str = ""
    own: int = 0
    pairs: list[tuple[Route, Route]] = field(default_factory=list)
    missing: list[Route] = field(default_factory=list)
    extra: list[Route] = field(default_factory=list)
    unresolved: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def differing(self) -> list[tuple[Route, Route]]:
        return [(a, b) for a, b in self.pairs if a.dependencies != b.dependencies]

    def renamed(self) -> list[tuple[Route, Route]]:
        return [(a, b) for a, b in self.pairs if a.endpoint != b.endpoint]

    def moved(self) -> list[tuple[Route, Route]]:
        return [(a, b) for a, b in self.pairs if a.line != b.line]

    def counts(self) -> list[int]:
        """Own routes, found, equal dependencies, equal endpoints, equal `def` lines, extra, unresolved, protections."""
        found = len(self.pairs)
        equal = [found - len(difference) for difference in (self.differing(), self.renamed(), self.moved())]
        by_protection = Counter(computed.protection for _, computed in self.pairs)
        answers = [by_protection[protection] for protection in PROTECTIONS]
        return [self.own, found, *equal, len(self.extra), len(self.unresolved), *answers]


def expected_routes(table: dict[str, Any]) -> list[Route]:
    """The http and websocket routes of a table made at run time."""
    return [
        Route(
            app=row["app"],
            key=(row["path"], tuple(row["methods"]), row["kind"]),
            endpoint=row["endpoint"],
            place=row["file"] or "",
            line=row["line"],
            dependencies=frozenset(row["dependencies"]),
            own=not row.get("builtin") and not row.get("external"),
        )
        for row in table["routes"]
        if row["kind"] in COMPARED
    ]


def computed_routes(survey: dict[str, Any]) -> list[Route]:
    """The http and websocket routes of an output of `seclint routes`; a raw Starlette route is one of the two."""
    routes = []
    for row in survey["routes"]:
        kind = row["kind"]
        if kind == "raw":
            kind = "http" if row["methods"] else "websocket"
        if kind in COMPARED:
            routes.append(
                Route(
                    app=row["app"],
                    key=(row["path"], tuple(sorted(row["methods"])), kind),
                    endpoint=row["endpoint"],
                    place=row["file"] or "",
                    line=row["line"],
                    dependencies=frozenset(row["dependencies"]),
                    protection=row["protection"],
                )
            )
    return routes


def choose_app(entry: str, expected: Sequence[Route], computed: Sequence[Route]) -> tuple[str, str]:
    """The computed application that a table's entry (`module:attribute`) names, and how it was recognised.

    Names decide, module names may differ by leading packages. Where no name fits (an application that a function makes
    and another module calls), the application that shares most routes with the table is taken.
    """
    wanted = {route.key for route in expected if route.own}
    shared: Counter[str] = Counter(route.app for route in computed if route.key in wanted)
    apps = sorted({route.app for route in computed}, key=lambda app: (-shared[app], app))
    module, _, attribute = entry.partition(":")
    attribute = attribute.partition("(")[0]
    for app in apps:
        its_module, _, its_attribute = app.partition(":")
        same_module = f".{its_module}".endswith(f".{module}") or f".{module}".endswith(f".{its_module}")
        if same_module and its_attribute.partition("(")[0] == attribute:
            return app, "name"
    return (apps[0], "most shared routes") if apps else ("", "no application found")


def leading_package(pairs: Sequence[tuple[Route, Route]]) -> str:
    """The package that most computed endpoint names have in front of the expected ones ("-name": the other way)."""
    votes: Counter[str] = Counter()
    for expected, computed in pairs:
        if computed.endpoint.endswith(f".{expected.endpoint}"):
            votes[computed.endpoint.removesuffix(expected.endpoint)] += 1
        elif expected.endpoint.endswith(f".{computed.endpoint}"):
            votes["-" + expected.endpoint.removesuffix(computed.endpoint)] += 1
        else:
            votes[""] += 1
    return votes.most_common(1)[0][0] if votes else ""


def without_package(route: Route, package: str) -> Route:
    """The route with a leading package taken off its names."""
    return Route(
        route.app,
        route.key,
        route.endpoint.removeprefix(package),
        route.place,
        route.line,
        frozenset(name.removeprefix(package) for name in route.dependencies),
        route.protection,
        route.own,
    )


def take(pool: dict[Key, list[Route]], key: Key, wanted: Route) -> Route | None:
    """Remove and return a route with this key, one with the wanted route's handler first."""
    candidates = pool.get(key)
    if not candidates:
        return None
    name = wanted.endpoint.rpartition(".")[2]
    best = next((route for route in candidates if route.endpoint.rpartition(".")[2] == name), candidates[0])
    candidates.remove(best)
    return best


def compare(name: str, table: dict[str, Any], survey: dict[str, Any]) -> Result:
    """Pair the routes of a table with those that were computed."""
    expected, computed = expected_routes(table), computed_routes(survey)
    app, chosen_by = choose_app(table["entry"], expected, computed)
    result = Result(name, app, chosen_by, own=sum(route.own for route in expected), unresolved=survey["unresolved"])
    main: dict[Key, list[Route]] = defaultdict(list)
    mounted: dict[Key, list[Route]] = defaultdict(list)
    for route in computed:
        (main if route.app == app else mounted)[route.key].append(route)
    for route in sorted(expected, key=lambda route: not route.own):
        partner = take(main, route.key, route)
        if not partner and route.app:
            inside = (route.key[0].removeprefix(route.app), *route.key[1:])
            partner = take(mounted, route.key, route) or take(mounted, inside, route)
        if partner and route.own:
            result.pairs.append((route, partner))
        elif route.own:
            result.missing.append(route)
    result.extra = [route for routes in main.values() for route in routes]
    package = leading_package(result.pairs)
    if package.startswith("-"):
        result.pairs = [(without_package(a, package[1:]), b) for a, b in result.pairs]
    elif package:
        result.pairs = [(a, without_package(b, package)) for a, b in result.pairs]
    result.stripped = package.strip("-.")
    return result
