"""Limits on how often somebody may try, kept in memory (guide sections 9 and 10).

Counted are the address that a request comes from and the accounts that it names, so that an attacker with many
addresses has no more tries at one account than one with a single address.

For one process. With several workers each counts for itself: use `rate_limits_redis`, or a limit in the proxy. Who is
asking is the address of the connection. Headers such as X-Forwarded-For are the client's own words; behind a proxy let
the server read them from that proxy only (`uvicorn --proxy-headers --forwarded-allow-ips`).
"""

import math
import re
import time
from base64 import b64decode
from collections import OrderedDict, deque
from collections.abc import Mapping
from threading import Lock

from fastapi import HTTPException, Request, status

ACCOUNT_FIELD = re.compile(
    r"(user|nick|benutzer)?name|(user|login)(id|email)?|e?mail(address)?|phone(number)?|mobile|account|handle|nick"
    r"|identifi(er|ant)|benutzer|usuario|utilisateur|correo|courriel"
)
MOST_ACCOUNTS = 5


async def named_accounts(request: Request) -> "set[str]":
    """Every account that a request names, for the sender may add fields that the route does not read.

    FastAPI keeps what is read here for the route.
    """
    sent = [request.path_params, request.query_params, basic_credentials(request), await body_of(request)]
    parts = [part for part in sent if isinstance(part, Mapping)]
    parts += [inner for part in parts for inner in part.values() if isinstance(inner, Mapping)]
    fields = [(name.lower().replace("_", ""), value) for part in parts for name, value in part.items()]
    values = [value for name, value in fields if ACCOUNT_FIELD.fullmatch(name) and not isinstance(value, bool)]
    return {str(value).strip().lower()[:254] for value in values if value and isinstance(value, (str, int))}


async def body_of(request: Request) -> object:
    """The form or the JSON that a request brings, or None."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return await (request.form() if "form" in kind and not kind.endswith("json") else request.json())
    except ValueError:
        return None


def basic_credentials(request: Request) -> "dict[str, str]":
    """The username of an `Authorization: Basic` header."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        decoded = b64decode(given).decode() if scheme.lower() == "basic" else ""
    except ValueError:
        return {}
    return {"username": decoded.partition(":")[0]}


class RateLimit:
    """A dependency that lets `max_requests` through in any `window_seconds`, and answers 429 to the rest.

    Each instance counts for itself, whatever its window. At most `most_keys` callers are remembered; the one who was
    seen longest ago is forgotten first, so that strangers cannot fill the memory.
    """

    def __init__(self, max_requests: int, window_seconds: float, most_keys: int = 100_000) -> None:
        self.max_requests = max_requests
        self.window_seconds = window_seconds
        self.most_keys = most_keys
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    async def __call__(self, request: Request) -> None:
        """Count a request by the address that it comes from, and by the accounts that it names; raises 429."""
        self.hit(request.client.host if request.client else "")
        accounts = await named_accounts(request)
        if len(accounts) > MOST_ACCOUNTS:
            raise HTTPException(status_code=status.HTTP_400_BAD_REQUEST, detail="Too many accounts")
        for account in accounts:
            self.hit(f"account {account}")

    def hit(self, key: str) -> None:
        """Count a try for a key, an account's name for example; raises 429 when there were too many."""
        wait = self._wait(key, time.monotonic())
        if wait > 0:
            raise HTTPException(
                status_code=status.HTTP_429_TOO_MANY_REQUESTS,
                detail="Too many requests",
                headers={"Retry-After": str(math.ceil(wait))},
            )

    def _wait(self, key: str, now: float) -> float:
        """The seconds until a key may try again; 0 when it may now, and then the try is counted."""
        with self._lock:
            seen = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while seen and seen[0] <= now - self.window_seconds:
                seen.popleft()
            if len(seen) >= self.max_requests:
                return seen[0] + self.window_seconds - now
            seen.append(now)
            while len(self._seen) > self.most_keys:
                self._seen.popitem(last=False)
            return 0
