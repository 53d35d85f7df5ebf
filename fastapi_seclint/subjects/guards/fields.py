"""Fields of class-based views that get credentials: `token: str = Depends(scheme)` in the body of a class."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import Class, Function, Place


def kept_scheme(view: Node) -> Place | None:
    """Where a view gets a token by a field that is all it asks for and that no method of it reads."""
    if not isinstance(view.call, Class) or not keeps_unread(view):
        return None
    return next((node.written for node in view.children if scheme_of(node.call) is not None), None)


def keeps_unread(view: Node) -> bool:
    """Whether the fields of a view that get credentials are read by none of its methods.

    A class without a constructor of its own has its fields filled by the library that makes views of classes.
    """
    if not isinstance(view.call, Class) or view.function is not None:
        return False
    fields = {node.parameter for node in view.children if any(scheme_of(one.call) is not None for one in node.walk())}
    return bool(fields) and not any(fields & _read(method) for method in _methods(view.call))


def _methods(view: Class) -> Iterator[Function]:
    for base in view.lineage():
        yield from (
            (one for one in base.namespace.values() if isinstance(one, Function)) if isinstance(base, Class) else ()
        )


def _read(method: Function) -> set[str]:
    """The fields that a method names, of its own object or of any other."""
    return {str(form[3]) for form in method.forms.of("attr")}
