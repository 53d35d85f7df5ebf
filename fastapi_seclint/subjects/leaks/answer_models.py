"""The classes whose objects routes answer with: response models, and what handlers say that they return."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import classes_in, classes_returned, is_schema

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def makes_answer(program: Program, block: Block, call: Form) -> bool:
    """Whether a call makes an object of a class that a route answers with as it is: `Result(ok=False, error=...)`.

    Whoever returns one, behind whatever interface, makes an answer; that is what the class is for.
    """
    known = _answer_models(program)
    return any(isinstance(option, Class) and id(option) in known for option in options(ask(program, block, call[2])))


@lru_cache(maxsize=1)
def _answer_models(program: Program) -> dict[int, Class]:
    found: list[Class] = []
    for route in program.routes:
        if route.kind != "http" or route.place is None or program.is_test(route.place.module):
            continue
        model = route.registration.arguments.get("response_model") if route.registration is not None else None
        found += classes_in(model) if model is not None else []
        found += classes_returned(program, route.function) if route.function is not None and model is None else []
    return {id(cls): cls for cls in found if is_schema(cls)}
