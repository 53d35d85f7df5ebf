"""A finding names both ends of its mistake: one as its place, the other, in another function or file, as evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

import fastapi_seclint

PROJECTS = {
    "cors-wildcard-methods-or-headers": {
        "options.py": """
            CORS = {
                "allow_origins": ["https://kiosk.example"],
                "allow_methods": ["*"],  # finding
            }
            """,
        "main.py": """
            from fastapi import FastAPI
            from fastapi.middleware.cors import CORSMiddleware
            from options import CORS

            app = FastAPI()
            app.add_middleware(CORSMiddleware, **CORS)  # evidence
            """,
    },
    "missing-www-authenticate": {
        "refusals.py": """
            from fastapi import HTTPException

            UNKNOWN = HTTPException(401, "who are you?")  # finding
            """,
        "main.py": """
            from fastapi import Depends, FastAPI
            from fastapi.security import HTTPBearer
            from refusals import UNKNOWN
            from store import holder_of

            app = FastAPI()


            def holder(sent=Depends(HTTPBearer())):
                found = holder_of(sent.credentials)
                if found is None:
                    raise UNKNOWN  # evidence
                return found


            @app.get("/mine")
            def mine(me=Depends(holder)):
                return me
            """,
    },
    "jwt-error-swallowed": {
        "tolerance.py": """
            from contextlib import contextmanager

            import jwt


            @contextmanager
            def tolerant():  # evidence
                try:
                    yield
                except jwt.PyJWTError:
                    pass
            """,
        "main.py": """
            import os

            import jwt
            from fastapi import Depends, FastAPI
            from fastapi.security import HTTPBearer
            from tolerance import tolerant

            app = FastAPI()


            def keeper(sent=Depends(HTTPBearer())):
                claims = {"sub": "guest"}
                with tolerant():  # finding
                    claims = jwt.decode(sent.credentials, os.environ["KEY"], algorithms=["HS256"])
                return claims


            @app.post("/bees")
            def add(name: str, me=Depends(keeper)):  # evidence
                return {"name": name, "by": me["sub"]}
            """,
    },
    "dependency-lost": {
        "deps.py": """
            from typing import Annotated

            from fastapi import HTTPException, Request


            class Keeper:
                name: str


            def keeper(request: Request) -> Keeper:
                if request.headers.get("Authorization") is None:
                    raise HTTPException(401)
                return request.state.keeper


            Me = Annotated[Keeper, keeper]  # finding
            """,
        "main.py": """
            from deps import Me
            from fastapi import FastAPI

            app = FastAPI()


            @app.post("/bees")
            def add(name: str, me: Me):  # evidence
                return {"name": name, "by": me.name}
            """,
    },
    "jwt-algorithms-missing": {
        "settings.py": """
            ALLOWED = ["HS256", "none"]  # evidence
            """,
        "main.py": """
            import os

            import jwt
            from fastapi import Depends, FastAPI
            from fastapi.security import HTTPBearer
            from settings import ALLOWED

            app = FastAPI()


            def keeper(sent=Depends(HTTPBearer())):
                return jwt.decode(sent.credentials, os.environ["KEY"], algorithms=ALLOWED)  # finding


            @app.get("/bees")
            def bees(me=Depends(keeper)):
                return me
            """,
    },
}


@pytest.mark.parametrize("rule", PROJECTS)
def test_both_ends(rule: str, tmp_path: Path) -> None:
    marked: dict[str, set[tuple[str, int]]] = {"finding": set(), "evidence": set()}
    for name, text in PROJECTS[rule].items():
        lines = [line.removeprefix(" " * 12) for line in text.strip("\n").splitlines()]
        for number, line in enumerate(lines, 1):
            _, _, mark = line.partition("  # ")
            if mark:
                marked[mark].add((name, number))
        (tmp_path / name).write_text("\n".join(lines).rstrip() + "\n")
    found = [item for item in fastapi_seclint.check(tmp_path).findings if item.rule.name == rule]
    assert {(Path(item.location.path).name, item.location.span.line) for item in found} == marked["finding"]
    evidence = {(Path(one.location.path).name, one.location.span.line) for item in found for one in item.evidence}
    assert evidence >= marked["evidence"]
