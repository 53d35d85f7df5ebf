"""The route table in its four formats."""

from __future__ import annotations

import csv
import io
import json

from fastapi_seclint.outcome import Survey
from fastapi_seclint.program.table import AppRow, Guards, RouteRow, RouteTable, Unresolved
from fastapi_seclint.report import json as as_json
from fastapi_seclint.report import routes
from fastapi_seclint.spans import Location, Span


def line(path: str, number: int) -> Location:
    return Location(path, Span(number, 1, number, 4))


READ = RouteRow(
    app="app.main:app",
    path="/users/{user_id}",
    methods=("GET", "HEAD"),
    kind="http",
    endpoint="app.users.read",
    location=line("app/users.py", 12),
    dependencies=("app.deps.current_user", "fastapi.security.oauth2.OAuth2PasswordBearer()"),
    guards=Guards(authentication=("app.deps.current_user",), authorization=("app.deps.is_admin",)),
    protection="protected",
    included_through=("app.users:router",),
)
OPEN = RouteRow(
    "app.main:app", "/ping|\x1b[2J", ("POST",), "http", "app.main.ping", line("app/main.py", 3), (), Guards(), "open"
)
DOCS = RouteRow("app.main:app", "/docs", ("GET",), "docs", "", None, (), Guards(), "public", reason="documentation")
SURVEY = Survey(
    table=RouteTable(
        apps=(AppRow("app.main:app", line("app/main.py", 1)),),
        routes=(DOCS, OPEN, READ),
        unresolved=(Unresolved(line("app/late.py", 7), "the prefix is read from a file"),),
    ),
    files=3,
)


def test_text() -> None:
    assert routes.render_text(SURVEY) == (
        "app.main:app\n"
        "METHOD    PATH              HANDLER          PROTECTION  GUARDS\n"
        "GET       /docs             (FastAPI)        public      documentation\n"
        "POST      /ping|\\x1b[2J     app/main.py:3    open\n"
        "GET,HEAD  /users/{user_id}  app/users.py:12  protected   current_user, is_admin\n"
        "\n"
        "could not be resolved\n"
        "  app/late.py:7: the prefix is read from a file\n"
        "\n"
        "1 application, 3 routes: 1 protected, 1 open, 1 public; 1 unresolved\n"
    )


def test_text_fits_the_terminal_and_keeps_the_ends() -> None:
    assert routes.render_text(SURVEY, 72).splitlines()[1:5] == [
        "METHOD    PATH             HANDLER          PROTECTION  GUARDS",
        "GET       /docs            (FastAPI)        public      documentation",
        "POST      /ping|\\x1b[2J    app/main.py:3    open",
        "GET,HEAD  ...rs/{user_id}  app/users.py:12  protected   current_user,...",
    ]
    for terminal in range(64, 100):
        table = routes.render_text(SURVEY, terminal).split("\ncould not")[0]
        assert max(map(len, table.splitlines())) <= terminal


def test_text_counts_wide_characters() -> None:
    wide = RouteRow("m:app", "/日本", ("GET",), "http", "m.f", line("m.py", 1), (), Guards(), "open")
    narrow = RouteRow("m:app", "/abcdef", ("GET",), "http", "m.g", line("m.py", 2), (), Guards(), "open")
    rows = routes.render_text(Survey(RouteTable((), (wide, narrow), ()))).splitlines()
    assert rows[2] == "GET     /日本    m.py:1   open"
    assert rows[3] == "GET     /abcdef  m.py:2   open"


def test_an_empty_table_says_so() -> None:
    assert routes.render_text(Survey(RouteTable((), (), ()))) == "0 applications, 0 routes\n"


def test_csv_is_for_machines_and_no_formula() -> None:
    formula = RouteRow("=cmd()", "/x", ("GET",), "http", "@m.f", line("-m.py", 1), (), Guards(), "unknown", reason="+1")
    table = RouteTable((), (READ, formula), ())
    rows = list(csv.DictReader(io.StringIO(routes.render_csv(Survey(table)))))
    assert rows[0]["methods"] == "GET HEAD"
    assert rows[0]["authentication"] == "app.deps.current_user"
    assert (rows[0]["file"], rows[0]["line"]) == ("app/users.py", "12")
    assert [rows[1][name] for name in ("app", "endpoint", "file", "reason")] == ["'=cmd()", "'@m.f", "'-m.py", "'+1"]


def test_markdown_escapes_what_would_end_a_cell() -> None:
    shown = routes.render_markdown(SURVEY)
    assert "| POST | /ping\\|\\\\x1b[2J | app/main.py:3 | open |  |\n" in shown
    assert "- app/late.py:7: the prefix is read from a file\n" in shown


def test_json_is_the_contract() -> None:
    value = json.loads(as_json.render_routes(SURVEY))
    assert value["schema_version"] == 1
    assert value["apps"] == [{"name": "app.main:app", "path": "app/main.py", "line": 1}]
    assert value["unresolved"] == [{"path": "app/late.py", "line": 7, "reason": "the prefix is read from a file"}]
    assert value["routes"][2] == {
        "app": "app.main:app",
        "path": "/users/{user_id}",
        "methods": ["GET", "HEAD"],
        "kind": "http",
        "endpoint": "app.users.read",
        "file": "app/users.py",
        "line": 12,
        "dependencies": ["app.deps.current_user", "fastapi.security.oauth2.OAuth2PasswordBearer()"],
        "guards": {
            "authentication": ["app.deps.current_user"],
            "authorization": ["app.deps.is_admin"],
            "rate_limit": [],
        },
        "protection": "protected",
        "reason": "",
        "included_through": ["app.users:router"],
    }
    assert (value["routes"][0]["file"], value["routes"][0]["line"]) == (None, None)
