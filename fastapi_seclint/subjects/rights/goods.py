"""What a shop sells, which administrators keep: who must be one for its categories must be one for its products."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belongings import is_in_sight, owner_field, singular
from fastapi_seclint.subjects.owners.using import is_tied, ties_caller
from fastapi_seclint.subjects.rights.neighbours import asks_for_nothing
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_GOODS = re.compile(
    r"^(product|category|sub_?category|brand|coupon|voucher|discount|promo(tion|_?code)?|inventory|supplier|warehouse"
    r"|produto|producto|categoria|cupom|cupon|marca|produit|categorie)$"
)


def kept_by_administrators(program: Program, route: Route) -> Route | None:
    """The route that changes goods and asks for rights, where this one changes others that no table says are anybody's.

    Who is calling is neither looked at nor noted: in a market where users sell, it would be.
    """
    kept = _goods(route)
    if not kept or not asks_for_nothing(program, route) or ties_caller(program, route) or is_tied(program, route):
        return None
    if route.function is None or not is_in_sight(program, kept) or owner_field(program, kept, route.function.module):
        return None
    others = (other for other in program.routes if other.app is route.app and other.place != route.place)
    return next((other for other in others if _goods(other) and next(asked_before(program, other), None)), None)


def _goods(route: Route) -> str:
    """What goods a route makes, changes or removes: `product` of `PUT /products/{id}`."""
    found = access.segments(route.path)
    if not access.changes_state(route) or not found or len(path_variables(route.path)) > 1:
        return ""
    if set(route.methods) & {"PUT", "PATCH", "DELETE"} and not route.path.rstrip("/").endswith("}"):
        return ""
    if "POST" in route.methods and path_variables(route.path):
        return ""
    word = singular(found[-1])
    return word if _GOODS.match(word) else ""
