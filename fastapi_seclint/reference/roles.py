"""What somebody may do: dependencies made by a call, on top of authentication (guide section 5).

The answer does not tell which role or permission is missing: that is nobody's business who lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import Depends, HTTPException, status

from .current_user import get_current_active_user
from .users import User

PERMISSIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "admin": frozenset({"users:delete", "posts:delete", "posts:write"}),
        "moderator": frozenset({"posts:delete", "posts:write"}),
        "user": frozenset({"posts:write"}),
    }
)


def require_role(*roles: str) -> Callable[[User], User]:
    """A dependency that lets only active users with one of the roles through; raises 403."""

    def role_checker(user: Annotated[User, Depends(get_current_active_user)]) -> User:
        if user.role not in roles:
            raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Insufficient permissions")
        return user

    return role_checker


def require_permissions(*permissions: str) -> Callable[[User], User]:
    """A dependency that lets only active users with all of the permissions through; raises 403."""

    def permission_checker(user: Annotated[User, Depends(get_current_active_user)]) -> User:
        if not PERMISSIONS.get(user.role, frozenset()).issuperset(permissions):
            raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Insufficient permissions")
        return user

    return permission_checker
