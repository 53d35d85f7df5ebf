"""Questions about a program that many rules ask of the same routes, functions and classes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_Answer = TypeVar("_Answer")
_About = TypeVarTuple("_About")


def answered_once(
    question: Callable[[Program, Unpack[_About]], _Answer],
) -> Callable[[Program, Unpack[_About]], _Answer]:
    """Keep what a question about a program gives, as long as the program is there.

    What it is asked about comes by position and is told apart as keys of a dictionary are: routes, functions and
    classes by identity. Its answer belongs to all who ask, so nobody may change it.
    """
    known: WeakKeyDictionary[Program, dict[tuple[Hashable, ...], _Answer]] = WeakKeyDictionary()

    @wraps(question)
    def answer(program: Program, *about: *_About) -> _Answer:
        answers = known.get(program)
        if answers is None:
            answers = known.setdefault(program, {})
        if about not in answers:
            answers[about] = question(program, *about)
        return answers[about]

    return answer
