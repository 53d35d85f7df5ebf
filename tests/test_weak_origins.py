"""What `--fix` makes of origins that somebody else can be, in the persona that shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint.cli import run

HEAD = "import os\n\nfrom fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\n"
TAIL = """
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True, allow_methods=["GET"])


@app.get("/")
def state() -> dict[str, str | None]:
    return {"state": os.environ.get("STATE")}
"""
LISTED = '[origin.strip() for origin in os.getenv("CORS_ORIGINS", "").split(",") if origin.strip()]'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('origins = ["http://localhost:3000"]\n', f"origins = {LISTED}\n"),
        (
            'origins = [\n    "http://localhost:3000",  # the desk\n    # others go here\n]\n',
            f"# others go here\norigins = {LISTED}\n",
        ),
        (
            'origins = ["https://shop.example.org", "http://127.0.0.1:5173"]\n',
            f'origins = ["https://shop.example.org", *{LISTED}]\n',
        ),
        (
            'origins = ["http://shop.example.org", "http://desk.example.org", "https://desk.example.org"]\n',
            'origins = ["https://shop.example.org", "https://desk.example.org"]\n',
        ),
    ],
)
def test_weak_origins_are_named_by_whoever_develops(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(HEAD + before + TAIL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = ("--persona", "pedantic", "--select", "cors-wildcard-origin")
    assert run(["check", "--no-cache", *asked]) == 1
    assert run(["check", "--no-cache", "--fix", "--unsafe-fixes", *asked]) == 0
    assert (tmp_path / "main.py").read_text(encoding="utf-8") == HEAD + after + TAIL
