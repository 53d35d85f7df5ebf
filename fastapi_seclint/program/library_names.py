"""The names that callables of libraries have at run time, where a package offers them under a shorter one."""

from __future__ import annotations

import re

_HOMES = {
    "fastapi_azure_auth.MultiTenantAzureAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_azure_auth.SingleTenantAzureAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_azure_auth.B2CMultiTenantAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_csrf_protect.CsrfProtect": "fastapi_csrf_protect.core",
    "fastapi_oauth20.FastAPIOAuth20": "fastapi_oauth20.callback",
    "fastapi_pagination.LimitOffsetParams": "fastapi_pagination.limit_offset",
    "fastapi_pagination.Params": "fastapi_pagination.default",
    "authx.AuthX": "authx.main",
}
"""Class as it is imported -> module that defines it (the `__init__.py` of each package)."""
_OFFERED = {
    "datetime": "date datetime time timedelta timezone UTC",
    "fastapi": "APIRouter BackgroundTasks Body Cookie Depends FastAPI File Form Header HTTPException Path Query "
    "Request Response Security UploadFile WebSocket WebSocketDisconnect WebSocketException status",
    "fastapi.exceptions": "HTTPException RequestValidationError",
    "fastapi.middleware.cors": "CORSMiddleware",
    "fastapi.responses": "FileResponse HTMLResponse JSONResponse PlainTextResponse RedirectResponse Response "
    "StreamingResponse",
    "fastapi.security": "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic "
    "HTTPBasicCredentials HTTPBearer OAuth2PasswordBearer OAuth2PasswordRequestForm SecurityScopes",
    "jose": "ExpiredSignatureError JWTError jwt",
    "jwt": "DecodeError ExpiredSignatureError InvalidTokenError PyJWTError decode encode",
    "passlib.context": "CryptContext",
    "peewee": "BooleanField CharField DateTimeField ForeignKeyField IntegerField Model TextField",
    "pydantic": "BaseModel EmailStr Field SecretStr",
    "pydantic_settings": "BaseSettings SettingsConfigDict",
    "sqlalchemy": "Boolean Column DateTime Enum Float ForeignKey Integer String Table Text create_engine delete insert "
    "select text update",
    "sqlalchemy.orm": "DeclarativeBase Mapped Session declarative_base mapped_column relationship sessionmaker",
    "sqlmodel": "Column Field Relationship SQLModel Session create_engine select",
    "starlette.responses": "FileResponse HTMLResponse JSONResponse PlainTextResponse RedirectResponse Response "
    "StreamingResponse",
    "typing": "Annotated Any Dict List Literal Optional Union",
}
"""What `from package import *` brings of what the model knows (the `__init__.py` or the module of each package)."""
_METHOD = re.compile(r"^((?:\w+\.)*_?[A-Z]\w*)\(\)\.(\w+)$")


def run_time_name(name: str) -> str:
    """`package.Class` by the module that defines it; `package.Class().method` as the bound method that it is."""
    method = _METHOD.match(name)
    if method is not None:
        name = f"{method[1]}.{method[2]}"
    for imported, home in _HOMES.items():
        if name == imported or name.startswith((f"{imported}()", f"{imported}.")):
            return home + name[imported.rindex(".") :]
    return name


def offered(package: str, words: frozenset[str]) -> list[str]:
    """The names that `from package import *` brings into a file that has these words."""
    return [name for name in _OFFERED.get(package, "").split() if name in words]


_COMMON_LIBRARIES = frozenset(
    {"aiohttp", "alembic", "anthropic", "argon2", "asyncpg", "attr", "attrs", "authlib", "bcrypt", "beanie",
     "boto3", "casbin", "celery", "click", "cryptography", "decouple", "dependency_injector", "dishka", "docker",
     "dotenv", "dynaconf",
     "elasticsearch", "fastapi", "fastapi_users", "firebase_admin", "grpc", "httpx", "itsdangerous", "jinja2",
     "jose", "joserfc", "jwt", "kafka", "langchain", "limits", "loguru", "mcp", "minio", "mongoengine", "motor",
     "numpy", "openai", "pandas", "passlib", "peewee", "pika", "prometheus_client", "psycopg", "psycopg2",
     "pwdlib", "pydantic", "pydantic_settings", "pymongo", "redis", "requests", "sentry_sdk", "slowapi",
     "sqlalchemy", "sqlmodel", "starlette", "strawberry", "stripe", "structlog", "supabase", "torch", "tortoise",
     "typer", "typing_extensions", "uvicorn", "yaml"}
)  # fmt: skip


def is_common_library(name: str) -> bool:
    """Whether a top-level name is that of a library which applications use, whatever folder is called so, too."""
    return name in _COMMON_LIBRARIES
