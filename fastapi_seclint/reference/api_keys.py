"""API keys for machines (guide section 7): shown once, stored as a hash, compared in constant time.

A key is random and long, so a plain SHA-256 of it is enough; it is passwords that need a slow hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security, status
from fastapi.security import APIKeyHeader
from pydantic import BaseModel

API_KEY_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False)


class APIClient(BaseModel):
    """A machine that holds a key. Only the hash of the key is kept."""

    name: str
    key_hash: str
    permissions: frozenset[str] = frozenset()


class Clients:
    """The clients that an application knows."""

    def __init__(self, clients: Iterable[APIClient] = ()) -> None:
        self._clients = list(clients)

    def add(self, name: str, permissions: Iterable[str] = ()) -> str:
        """Register a client and return its key, which nobody can read again later."""
        key = secrets.token_urlsafe(32)
        self._clients.append(APIClient(name=name, key_hash=hash_api_key(key), permissions=frozenset(permissions)))
        return key

    def by_key(self, api_key: str) -> APIClient | None:
        """The client whose key this is, or None; every known key is compared, each in constant time."""
        found = None
        given = hash_api_key(api_key)
        for client in self._clients:
            if secrets.compare_digest(client.key_hash, given):
                found = client
        return found


def hash_api_key(api_key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def get_clients(request: Request) -> Clients:
    """The clients of the application: `app.state.clients`."""
    clients: Clients = request.app.state.clients
    return clients


def get_api_client(
    api_key: Annotated[str | None, Security(API_KEY_HEADER)], clients: Annotated[Clients, Depends(get_clients)]
) -> APIClient:
    """The client that sent the request; raises 401 for a missing key and a wrong one alike."""
    client = clients.by_key(api_key) if api_key else None
    if client is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Invalid API key",
            headers={"WWW-Authenticate": "APIKey"},
        )
    return client


def require_client_permission(permission: str) -> Callable[[APIClient], APIClient]:
    """A dependency that lets only clients with a permission through; raises 403."""

    def permission_checker(client: Annotated[APIClient, Depends(get_api_client)]) -> APIClient:
        if permission not in client.permissions:
            raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Insufficient permissions")
        return client

    return permission_checker
