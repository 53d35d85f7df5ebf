"""Limits on how often somebody may try, shared by all workers through Redis (guide section 9). Needs `limits[redis]`.

When Redis cannot be reached the request fails: a limit that lets everybody through once its store is gone invites an
attacker to bring the store down first.
"""

import os

from fastapi import HTTPException, Request, status
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter


class SharedRateLimit:
    """A dependency that lets `max_requests` through in any `window_seconds` over all processes, and answers 429.

    `scope` keeps the counts of different limits apart. `url` is that of the Redis server, by default `REDIS_URL`.
    """

    def __init__(self, scope: str, max_requests: int, window_seconds: int, url: str | None = None) -> None:
        self.scope = scope
        self.item = RateLimitItemPerSecond(max_requests, window_seconds)
        address = url or os.environ["REDIS_URL"]
        self._limiter = MovingWindowRateLimiter(RedisStorage(f"async+{address}", implementation="redispy"))

    async def __call__(self, request: Request) -> None:
        """Count a request by the address that it comes from; raises 429."""
        await self.hit(request.client.host if request.client else "")

    async def hit(self, key: str) -> None:
        """Count a try for a key, an account's name for example; raises 429 when there were too many."""
        if not await self._limiter.hit(self.item, self.scope, key):
            raise HTTPException(
                status_code=status.HTTP_429_TOO_MANY_REQUESTS,
                detail="Too many requests",
                headers={"Retry-After": str(self.item.get_expiry())},
            )
