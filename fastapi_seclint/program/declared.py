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

    def __init__(
        self,
        *,
        dependencies: Iterable[str] = (),
        factories: Iterable[str] = (),
        optional: Iterable[str] = (),
        admin: Iterable[str] = (),
        middleware: Iterable[str] = (),
        limiters: Iterable[str] = (),
        public: tuple[PublicRoute, ...] = (),
    ) -> None:
        self._dependencies = _patterns(dependencies)
        self._factories = _patterns(factories)
        self._optional = _patterns(optional)
        self._admin = _patterns(admin)
        self._middleware = _patterns(middleware)
        self._limiters = _patterns(limiters)
        self._public = public

    @classmethod
    def of(cls, config: Config | None) -> Declared:
        """What a configuration declares."""
        if config is None:
            return cls()
        auth, limits = config.auth, config.rate_limit
        return cls(
            dependencies=auth.dependencies,
            factories=auth.factories,
            optional=auth.optional_dependencies,
            admin=auth.admin_dependencies,
            middleware=auth.middleware,
            limiters=[*limits.dependencies, *limits.decorators],
            public=config.public_routes,
        )

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
        found = self.public_route(path, methods)
        return found.reason if found is not None else ""

    def public_route(self, path: str, methods: tuple[str, ...]) -> PublicRoute | None:
        """The entry that declares a route public, or None."""
        for route in self._public:
            wanted = {method.upper() for method in route.methods}
            if (not wanted or set(methods) <= wanted | {"HEAD"}) and path_matches(route.path, path):
                return route
        return None


def path_matches(pattern: str, path: str) -> bool:
    """Whether a route's path fits a pattern: `*` within a segment, `**` over any number of them."""
    expression = re.escape(pattern).replace(r"/\*\*", "(/.*)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path) is not None


def _patterns(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.replace(":", ".") for name in names)


def _any(patterns: tuple[str, ...], name: str) -> bool:
    plain = name.removesuffix("()")
    return any(fnmatchcase(plain, pattern) or fnmatchcase(name, pattern) for pattern in patterns)
