"""Canonical names of library symbols: where fastapi, starlette and typing really define what they re-export."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.statuses import status_named
from fastapi_seclint.program.values import Const, External, Place, Value

_MODULES = {
    "fastapi.applications": ("FastAPI",),
    "fastapi.routing": ("APIRouter",),
    "fastapi.param_functions": ("Depends", "Security", "Query", "Path", "Body", "Form", "File", "Header", "Cookie"),
    "fastapi.exceptions": ("HTTPException", "WebSocketException"),
    "fastapi.datastructures": ("UploadFile",),
    "fastapi.background": ("BackgroundTasks",),
    "starlette.requests": ("Request",),
    "starlette.responses": ("Response",),
    "starlette.websockets": ("WebSocket", "WebSocketDisconnect"),
}
_SECURITY = {
    "fastapi.security.api_key": ("APIKeyHeader", "APIKeyQuery", "APIKeyCookie"),
    "fastapi.security.http": (
        "HTTPBearer",
        "HTTPBasic",
        "HTTPDigest",
        "HTTPAuthorizationCredentials",
        "HTTPBasicCredentials",
    ),
    "fastapi.security.oauth2": (
        "OAuth2",
        "OAuth2PasswordBearer",
        "OAuth2AuthorizationCodeBearer",
        "OAuth2PasswordRequestForm",
        "OAuth2PasswordRequestFormStrict",
        "SecurityScopes",
    ),
    "fastapi.security.open_id_connect_url": ("OpenIdConnect",),
}

_EXACT: dict[str, str] = {
    **{f"fastapi.{name}": f"{module}.{name}" for module, names in _MODULES.items() for name in names},
    **{f"fastapi.security.{name}": f"{module}.{name}" for module, names in _SECURITY.items() for name in names},
    "fastapi.status": "starlette.status",
    "fastapi.params.Depends": "fastapi.param_functions.Depends",
    "fastapi.params.Security": "fastapi.param_functions.Security",
    "fastapi.exceptions.StarletteHTTPException": "starlette.exceptions.HTTPException",
    "starlette.routing.APIRouter": "fastapi.routing.APIRouter",
    "starlette.applications.FastAPI": "fastapi.applications.FastAPI",
    "os.environ.get": "os.getenv",
    "environ.get": "os.getenv",
    "functools.cache": "functools.lru_cache",
    "fastapi_utils.cbv": "fastapi_utils.cbv",
}

_PREFIXES = {
    "fastapi.middleware.cors.": "starlette.middleware.cors.",
    "fastapi.middleware.gzip.": "starlette.middleware.gzip.",
    "fastapi.middleware.httpsredirect.": "starlette.middleware.httpsredirect.",
    "fastapi.middleware.trustedhost.": "starlette.middleware.trustedhost.",
    "fastapi.middleware.wsgi.": "starlette.middleware.wsgi.",
    "fastapi.middleware.Middleware": "starlette.middleware.Middleware",
    "fastapi.responses.": "starlette.responses.",
    "fastapi.requests.": "starlette.requests.",
    "fastapi.websockets.": "starlette.websockets.",
    "fastapi.staticfiles.": "starlette.staticfiles.",
    "fastapi.templating.": "starlette.templating.",
    "fastapi.concurrency.": "starlette.concurrency.",
    "typing_extensions.": "typing.",
    "fastapi.routing.Mount": "starlette.routing.Mount",
}


def canonical(name: str) -> str:
    """Where the library defines the symbol of this dotted name; the name itself when nothing better is known."""
    exact = _EXACT.get(name)
    if exact is not None:
        return exact
    if name.startswith(("fastapi.", "typing_extensions.")):
        for prefix, replacement in _PREFIXES.items():
            if name.startswith(prefix):
                return replacement + name[len(prefix) :]
    return name


def external(name: str, place: Place | None = None, parent: External | None = None) -> Value:
    """A library symbol as a value; status codes are numbers at once."""
    name = canonical(name)
    if name.startswith("starlette.status.") and name.count("_") >= 2:
        code = name.split("_")[1]
        if code.isdigit():
            return Const(int(code), place)
    if name.startswith("http.HTTPStatus."):
        number = status_named(name.split(".")[2])
        if number is not None:
            return Const(number, place)
    return External(name, None, parent, place)


def spelled(form: Form) -> str:
    """The dotted text of a name, attribute or call: `request.app.get()`."""
    match form:
        case ["name", _, name]:
            return str(name)
        case ["attr", _, owner, name]:
            return f"{spelled(owner)}.{name}"
        case ["call", _, function, *_]:
            return f"{spelled(function)}()"
        case ["await", _, inner]:
            return spelled(inner)
    return "?"
