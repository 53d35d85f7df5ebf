"""The names that callables of libraries have at run time, where a package offers them under a shorter one."""

from __future__ import annotations

import re

_HOMES = {
    "fastapi_azure_auth.MultiTenantAzureAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_azure_auth.SingleTenantAzureAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_azure_auth.B2CMultiTenantAuthorizationCodeBearer": "fastapi_azure_auth.auth",
    "fastapi_csrf_protect.CsrfProtect": "fastapi_csrf_protect.core",
    "fastapi_pagination.LimitOffsetParams": "fastapi_pagination.limit_offset",
    "fastapi_pagination.Params": "fastapi_pagination.default",
    "authx.AuthX": "authx.main",
}
"""Class as it is imported -> module that defines it (the `__init__.py` of each package)."""
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
