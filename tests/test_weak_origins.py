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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'origins = ["http://shop.example.org", "http://desk.example.org", "https://desk.example.org"]\n',
            'origins = ["https://shop.example.org", "https://desk.example.org"]\n',
        ),
    ],
)
def test_origins_without_tls_get_it(before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.py").write_text(HEAD + before + TAIL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = ("--persona", "pedantic", "--select", "cors-wildcard-origin")
    assert run(["check", "--no-cache", *asked]) == 1
    assert run(["check", "--no-cache", "--fix", "--unsafe-fixes", *asked]) == 0
    assert (tmp_path / "main.py").read_text(encoding="utf-8") == HEAD + after + TAIL


def test_origins_for_development_are_left_to_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEAD + 'origins = ["https://shop.example.org", "http://localhost:3000", "http://desk.example.org"]\n' + TAIL
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = ("--persona", "pedantic", "--select", "cors-wildcard-origin")
    assert run(["check", "--no-cache", "--fix", "--unsafe-fixes", *asked]) == 1
    assert (tmp_path / "main.py").read_text(encoding="utf-8") == text
