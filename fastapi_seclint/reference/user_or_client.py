"""A route for users with a token and machines with a key (guide section 7): one of the two must be valid."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Security

from .api_keys import API_KEY_HEADER, APIClient, Clients, get_clients
from .current_user import credentials_exception, get_current_active_user, user_of_token
from .optional_user import oauth2_scheme_optional
from .users import Database, User


def get_current_user_or_client(
    token: Annotated[str | None, Depends(oauth2_scheme_optional)],
    api_key: Annotated[str | None, Security(API_KEY_HEADER)],
    clients: Annotated[Clients, Depends(get_clients)],
    database: Database,
) -> User | APIClient:
    """The user or the client who sent the request; raises 401 when there is neither, or what there is is wrong."""
    if token:
        return get_current_active_user(user_of_token(token, database))
    client = clients.by_key(api_key) if api_key else None
    if client is None:
        raise credentials_exception()
    return client
