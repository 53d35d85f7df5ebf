"""A router that is guarded as a whole (guide section 9): a route that is added later is guarded as well."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, status

from .roles import require_role
from .users import Database, UserOut, get_user_by_email

admin_router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(require_role("admin"))])


@admin_router.get("/stats")
def admin_stats(database: Database) -> dict[str, int]:
    """How many users there are."""
    return {"users": database.execute("SELECT count(*) FROM users").fetchone()[0]}


@admin_router.get("/users/{email}", response_model=UserOut)
def read_user(email: str, database: Database) -> object:
    """One user, without what belongs to nobody else."""
    user = get_user_by_email(database, email)
    if user is None:
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="User not found")
    return user


@admin_router.delete("/users/{email}", status_code=status.HTTP_204_NO_CONTENT)
def delete_user(email: str, database: Database) -> None:
    """Remove a user with all that is his."""
    database.execute("DELETE FROM posts WHERE owner_email = ?", (email,))
    database.execute("DELETE FROM users WHERE email = ?", (email,))
