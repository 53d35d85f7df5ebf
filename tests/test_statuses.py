"""Statuses of HTTP are the same whatever the names that the running interpreter has for them."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from fastapi_seclint.program.statuses import phrase_of, status_named


@pytest.mark.parametrize(
    ("old", "new", "number", "phrase"),
    [
        ("REQUEST_ENTITY_TOO_LARGE", "CONTENT_TOO_LARGE", 413, "Content Too Large"),
        ("REQUEST_URI_TOO_LONG", "URI_TOO_LONG", 414, "URI Too Long"),
        ("REQUESTED_RANGE_NOT_SATISFIABLE", "RANGE_NOT_SATISFIABLE", 416, "Range Not Satisfiable"),
        ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT", 422, "Unprocessable Content"),
    ],
)
def test_a_renamed_status_has_both_names_and_one_phrase(old: str, new: str, number: int, phrase: str) -> None:
    assert (status_named(old), status_named(new), phrase_of(number)) == (number, number, phrase)


def test_every_other_status_is_that_of_the_standard_library() -> None:
    assert {status_named(member.name) for member in HTTPStatus} == set(map(int, HTTPStatus))
    assert (status_named("TEA"), phrase_of(404), phrase_of(999)) == (None, "Not Found", "")
