"""Whose object it is: a dependency that loads the object in the path and refuses everybody else's (guide section 9).

Its parameter has the very name of the path's variable; with another name FastAPI would take it from the query, and the
client could have one object checked and another one changed. A stranger's object is as unknown as one that never was.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, status
from pydantic import BaseModel

from .current_user import CurrentUser
from .users import Database


class Post(BaseModel):
    """A post and the user who wrote it."""

    id: int
    owner_email: str
    text: str


def get_own_post(post_id: int, user: CurrentUser, database: Database) -> Post:
    """The post in the path `/posts/{post_id}`, when it is the user's own or the user is an admin; raises 404."""
    row = database.execute("SELECT * FROM posts WHERE id = ?", (post_id,)).fetchone()
    if row is None or (row["owner_email"] != user.email and user.role != "admin"):
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="Post not found")
    return Post(**dict(row))


OwnPost = Annotated[Post, Depends(get_own_post)]
