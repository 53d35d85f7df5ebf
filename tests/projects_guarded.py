"""A project with one route of interest: `main.py` with the usual imports, beside `auth.py` and `db.py`."""

from __future__ import annotations

from pathlib import Path

from projects import Files, routes

from fastapi_seclint.program.table import RouteRow

AUTH = """
from typing import Annotated
import jwt
from fastapi import Depends, HTTPException
from fastapi.security import OAuth2PasswordBearer
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
def get_current_user(token: str = Depends(oauth2_scheme)):
    try:
        return jwt.decode(token, "key", algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401)
CurrentUser = Annotated[dict, Depends(get_current_user)]
"""
DB = "def get_db():\n    yield 1\n"
MAIN = """
import functools
import hmac
import os
from typing import Annotated, Optional
import jwt
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, HTTPException, Request, Response, Security
from fastapi import WebSocket, status
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from auth import CurrentUser, get_current_user, oauth2_scheme
from db import get_db
app = FastAPI(openapi_url=None)
"""
READ = "@app.get('/x')\ndef x(): ...\n"


def row(root: Path, text: str, **more: str) -> RouteRow:
    """The row of `/x` in a `main.py` with the usual imports, beside `auth.py` and `db.py`."""
    files = {
        "auth.py": AUTH,
        "db.py": DB,
        "main.py": MAIN + text,
        **{f"{name}.py": body for name, body in more.items()},
    }
    return routes(root, files)["/x"]


def protection(root: Path, text: str, **more: str) -> str:
    return row(root, text, **more).protection


# The six deletes: the same handler, guarded in six places

DELETE = """
from fastapi import APIRouter, Depends
from db import get_db
router = APIRouter()
@router.delete("/items/{item_id}")
def delete_item(item_id: int, db=Depends(get_db)): ...
"""
ITEMS = {"auth.py": AUTH, "db.py": DB, "items.py": DELETE}
SIX: dict[str, tuple[str, Files]] = {
    "nothing": (
        "open",
        {
            **ITEMS,
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "include in another file": (
        "protected",
        {
            **ITEMS,
            "main.py": """
            from fastapi import Depends, FastAPI
            from auth import get_current_user
            from items import router
            app = FastAPI()
            app.include_router(router, dependencies=[Depends(get_current_user)])
        """,
        },
    ),
    "alias from another module": (
        "protected",
        {
            **ITEMS,
            "items.py": DELETE.replace("item_id: int,", "item_id: int, user: CurrentUser,").replace(
                "from db", "from auth import CurrentUser\nfrom db"
            ),
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "application": (
        "protected",
        {
            **ITEMS,
            "main.py": """
            from fastapi import Depends, FastAPI
            from auth import get_current_user
            from items import router
            app = FastAPI(dependencies=[Depends(get_current_user)])
            app.include_router(router)
        """,
        },
    ),
    "dependency of a dependency": (
        "protected",
        {
            **ITEMS,
            "deps.py": (
                "from fastapi import Depends\nfrom auth import get_current_user\n"
                "def may_write(user=Depends(get_current_user)):\n    return user\n"
            ),
            "items.py": DELETE.replace("db=Depends(get_db)", "user=Depends(may_write)").replace(
                "from db", "from deps import may_write\nfrom db"
            ),
            "main.py": (
                "from fastapi import FastAPI\nfrom items import router\napp = FastAPI()\napp.include_router(router)\n"
            ),
        },
    ),
    "parent router": (
        "protected",
        {
            **ITEMS,
            "api.py": """
            from fastapi import APIRouter, Depends
            from auth import get_current_user
            from items import router as items
            api = APIRouter(dependencies=[Depends(get_current_user)])
            api.include_router(items)
        """,
            "main.py": "from fastapi import FastAPI\nfrom api import api\napp = FastAPI()\napp.include_router(api)\n",
        },
    ),
}
