"""Resources: classes whose methods `get`, `post`, ... are the handlers of a path, as fastapi-restful serves them.

Source: fastapi_restful/cbv_base.py, `Api(app).add_resource(resource, "/users", "/people")`; keywords are handed on to
`include_router`. fastapi-utils has the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routers import HTTP_METHODS, Router, native
from fastapi_seclint.program.values import Arguments, Bound, Class, Collection, Const, External, Function, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi_seclint.program.values import Value

_PACKAGES = ("fastapi_restful", "fastapi_utils", "fastapi_restful.cbv_base", "fastapi_utils.cbv_base")
_ADDING = frozenset(f"{package}.Api().add_resource" for package in _PACKAGES)


def added(function: External, arguments: Arguments) -> Iterator[tuple[Router, Bound, Arguments]]:
    """The routes that a call of `add_resource` gives an application: router, handler, what it is registered with."""
    if function.name not in _ADDING:
        return
    api = function.parent.arguments if isinstance(function.parent, External) else None
    app = next(native(api.get("app", 0) or Const(None)), None) if api is not None else None
    resource = arguments.get("resource", 0)
    if app is None or app.native is None or not isinstance(resource, Instance) or not isinstance(resource.cls, Class):
        return
    for path in arguments.positional[1:]:
        for name, method in _handlers(resource.cls).items():
            methods: Value = Collection("list", [Const(name.upper())])
            given = Arguments([path], {**arguments.keywords, "methods": methods, "path": path})
            yield app.native, Bound(resource, method), given


def _handlers(cls: Class) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for base in cls.lineage():
        for name, item in base.namespace.items() if isinstance(base, Class) else ():
            if name in HTTP_METHODS and isinstance(item, Function):
                found.setdefault(name, item)
    return found
