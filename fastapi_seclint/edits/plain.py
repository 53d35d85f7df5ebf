"""Edits as JSON-able data and back."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, get_args

from fastapi_seclint.edits.named import Edit
from fastapi_seclint.spans import Span


def _kind(edit: type[Any]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", edit.__name__).lower()


KINDS: dict[str, type[Any]] = {_kind(edit): edit for edit in get_args(Edit)}


def to_json(edit: Edit) -> dict[str, Any]:
    """An edit as a JSON object: `edit` names its kind (`set-keyword`), spans are lists of four integers."""
    data: dict[str, Any] = {"edit": _kind(type(edit))}
    for item in fields(edit):
        value = getattr(edit, item.name)
        if isinstance(value, Span):
            value = [value.line, value.column, value.end_line, value.end_column]
        data[item.name] = value
    return data


def from_json(data: Any) -> Edit:
    """The edit that `to_json` wrote; raises ValueError for anything else."""
    kind = KINDS.get(str(data.get("edit"))) if isinstance(data, dict) else None
    if kind is None:
        raise ValueError("not a named edit")
    given = {name: _value(value) for name, value in data.items() if name != "edit"}
    try:
        edit: Edit = kind(**given)
    except TypeError as error:
        raise ValueError(f"not a {data['edit']} edit: {error}") from None
    return edit


def _value(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) != 4 or not all(isinstance(number, int) for number in value):
        raise ValueError(f"not a span: {value!r}")
    return Span(*value)
