"""Objects that a dependency makes of a request and whose methods handlers ask: `rules.assert_user()`."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import routes

RULES = """
    from fastapi import Depends, HTTPException, Request
    from shop.database import Key, User, get_db

    class Rules:
        def __init__(self, api_key, session, db):
            self.api_key = api_key
            self.session = session
            self.db = db

        def user_id(self):
            if self.api_key:
                found = self.db.query(Key).filter(Key.text == self.api_key).one_or_none()
                return found.user_id if found else None
            return self.session.get("user_id")

        def assert_user(self):
            found = self.user_id()
            if not found or not self.db.query(User).filter(User.id == found).count():
                raise HTTPException(401, "not logged in")
            return found

        def assert_owner(self, owner):
            if self.assert_user() != owner:
                raise HTTPException(403, "no permission")

        def assert_known_role(self, role):
            if role not in ("owner", None):
                raise HTTPException(422, "no such role")

    def rules_for(request: Request, db=Depends(get_db)):
        return Rules(request.headers.get("x-api-key"), request.session, db)
"""

HANDLER = """
    import os
    from fastapi import Depends, FastAPI
    from starlette.middleware.sessions import SessionMiddleware
    from rules import Rules, rules_for
    from shop.database import Job, get_db

    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=os.environ["KEY"])

    def ask(rules, job):
        rules.assert_owner(job.owner_id)

    @app.delete("/jobs/{job_id}")
    def end_job(job_id: int, rules: Rules = Depends(rules_for), db=Depends(get_db)):
        job = db.get(Job, job_id)
        BODY
        db.delete(job)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("rules.assert_user()", "protected"),
        ("rules.assert_owner(job.owner_id)", "protected"),
        ("ask(rules, job)", "unknown"),
        ("print(rules.user_id())", "open"),
        ("rules.assert_known_role('owner')", "open"),
        ("pass", "open"),
    ],
)
def test_methods_that_refuse_are_guards_in_a_handler(body: str, expected: str, tmp_path: Path) -> None:
    found = routes(tmp_path, {"rules.py": RULES, "main.py": HANDLER.replace("BODY", body)})
    assert found["/jobs/{job_id}"].protection == expected
