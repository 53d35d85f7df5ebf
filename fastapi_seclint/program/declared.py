"""What the configuration declares about guards: `[tool.seclint.auth]`, `public-routes`, `rate-limit`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi_seclint.config import Config, PublicRoute


class Declared:
    """Answers by name. Patterns are dotted names; `*` stands for anything, `:` may stand for the last dot."""

    def __init__(self, config: Config | None) -> None:
        auth = config.auth if config is not None else None
        limits = config.rate_limit if config is not None else None
        self._dependencies = _patterns(auth.dependencies if auth else ())
        self._factories = _patterns(auth.factories if auth else ())
        self._optional = _patterns(auth.optional_dependencies if auth else ())
        self._admin = _patterns(auth.admin_dependencies if auth else ())
        self._middleware = _patterns(auth.middleware if auth else ())
        self._limiters = _patterns([*limits.dependencies, *limits.decorators] if limits else ())
        self._public: tuple[PublicRoute, ...] = config.public_routes if config is not None else ()

    def authenticates(self, name: str) -> bool:
        """Whether a dependency is declared to authenticate; a factory is declared for what it returns."""
        made_by = name.partition(".<locals>.")[0] if ".<locals>." in name else name.removesuffix("()")
        return _any(self._dependencies, name) or _any(self._admin, name) or _any(self._factories, made_by)

    def optional(self, name: str) -> bool:
        """Whether a dependency is declared to let anonymous callers pass."""
        return _any(self._optional, name)

    def authorizes(self, name: str) -> bool:
        """Whether a dependency is declared to check for administrators."""
        return _any(self._admin, name)

    def guards_application(self, name: str) -> bool:
        """Whether a middleware is declared to authenticate every request."""
        return _any(self._middleware, name)

    def limits(self, name: str) -> bool:
        """Whether a dependency or decorator is declared to limit rates."""
        return _any(self._limiters, name)

    def public(self, path: str, methods: tuple[str, ...]) -> str:
        """The reason for which a route is declared public, or an empty string."""
        for route in self._public:
            wanted = {method.upper() for method in route.methods}
            if (not wanted or set(methods) <= wanted | {"HEAD"}) and path_matches(route.path, path):
                return route.reason
        return ""


def path_matches(pattern: str, path: str) -> bool:
    """Whether a route's path fits a pattern: `*` within a segment, `**` over any number of them."""
    expression = re.escape(pattern).replace(r"/\*\*", "(/.*)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path) is not None


def _patterns(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.replace(":", ".") for name in names)


def _any(patterns: tuple[str, ...], name: str) -> bool:
    plain = name.removesuffix("()")
    return any(fnmatchcase(plain, pattern) or fnmatchcase(name, pattern) for pattern in patterns)
