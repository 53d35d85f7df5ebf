"""Under which names the API is served, and that it is served over HTTPS (guide section 8).

The redirect builds its target from the Host header, so hosts are checked outside of it: the middleware that is added
last is the outermost one.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "::1", "testserver")


def hosts_from_environment(name: str = "ALLOWED_HOSTS") -> list[str]:
    """The host names listed in an environment variable, separated by commas, and this machine's own."""
    hosts = [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]
    if "*" in hosts:
        raise ValueError(f'{name} must name the hosts that this API is served under, not "*"')
    return [*hosts, *LOCAL]


class HTTPSRedirect:
    """Sends requests that come over plain HTTP to HTTPS, but for this machine's own names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 307 (http) or pass the request on."""
        url = URL(scope=scope) if scope["type"] in ("http", "websocket") else None
        if url is None or url.scheme in ("https", "wss") or (url.hostname or "") in ("localhost", "127.0.0.1", "::1"):
            await self.app(scope, receive, send)
            return
        secure = url.replace(scheme={"http": "https", "ws": "wss"}[url.scheme], port=None)
        await RedirectResponse(secure, status_code=307)(scope, receive, send)


def add_host_checks(app: FastAPI) -> None:
    """Redirect to HTTPS, and refuse requests for unknown hosts before that."""
    app.add_middleware(HTTPSRedirect)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts_from_environment())
