"""Calls that give a dictionary, list or set of their own, which nobody else sees change."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form


def makes_a_copy(form: Form) -> bool:
    """Whether a call gives a dictionary or list of its own: `query.model_dump()`, `dict(...)`."""
    match form:
        case ["call", _, ["name", _, "dict" | "list" | "set" | "defaultdict" | "deepcopy"], _, _]:
            return True
        case ["call", _, ["attr", _, _, "model_dump" | "dict" | "copy" | "deepcopy"], _, _]:
            return True
    return False
