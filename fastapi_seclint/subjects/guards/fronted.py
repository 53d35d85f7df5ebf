"""Routes that are told by a proxy in front of the application who is calling: it has authenticated everybody."""

from __future__ import annotations

import re
from functools import lru_cache

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake

_TELLS = re.compile(
    r"^(x_auth_request_\w+|x_forwarded_(user|email|groups|preferred_username|access_token)|(x_)?remote_(user|email|groups)"
    r"|x_webauth_\w+|x_authentik_\w+|x_goog_authenticated_user_\w+|x_ms_client_principal\w*|cf_access_\w+"
    r"|x_amzn_oidc_\w+|tailscale_user_\w+)$"
)
"""Headers of proxies that log people in: oauth2-proxy and Gafaelfawr, Authelia, authentik, Google's Identity-Aware
Proxy, App Service of Azure, Cloudflare Access, load balancers of AWS, Tailscale Serve."""


def is_told(route: Route) -> bool:
    """Whether a route's own parameters, or those of what it depends on, take such a header."""
    calls = [call for call in (route.endpoint, *(node.call for node in route.nodes())) if call is not None]
    return any(_tells(parameter.name) for call in calls for parameter in parameters(call))


@lru_cache(maxsize=4096)
def _tells(name: str) -> bool:
    return _TELLS.match(snake(name)) is not None
