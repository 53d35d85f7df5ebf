"""What people read: snippets, labels, wide and hidden characters, masked secrets, the summary."""

from __future__ import annotations

import re
from dataclasses import replace

from fastapi_seclint.outcome import Report
from fastapi_seclint.report import concise, text
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location, Span

EXPIRY = Rule(code="FSL302", name="jwt-expiry-unverified", summary="expired tokens are accepted", severity="high")
SECRET = Rule(code="FSL101", name="hardcoded-secret", summary="a secret is written in code", severity="critical")


def at(path: str, line: int, column: int, end_line: int, end_column: int) -> Location:
    return Location(path, Span(line, column, end_line, end_column))


def rendered(source: str, finding: Finding, **more: str) -> str:
    report = Report(findings=(finding,), files=1, sources={finding.location.path: source, **more})
    return text.render(report, text.Style(summary=False))


def test_a_finding_with_evidence_in_two_files() -> None:
    call = 'jwt.decode(token, KEY, options={"verify_exp": False})'
    source = f"\n\n\ndef read(token: str) -> dict:\n    return {call}\n"
    finding = EXPIRY.finding(
        at("app/token.py", 5, 35, 5, 64),
        "expired tokens are accepted",
        evidence=[
            Evidence(at("app/token.py", 4, 5, 4, 9), "the decoder"),
            Evidence(at("app/deps.py", 2, 1, 2, 5), "guards every route"),
        ],
        fix=Fix("remove the option", True, ()),
    )
    assert rendered(source, finding, **{"app/deps.py": "x = 1\nread()\n"}) == (
        """\
error[FSL302 jwt-expiry-unverified]: expired tokens are accepted
 --> app/token.py:5:35
  |
4 | def read(token: str) -> dict:
  |     ---- the decoder
5 |     return jwt.decode(token, KEY, options={"verify_exp": False})
  |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
 ::: app/deps.py:2
  |
2 | read()
  | ---- guards every route
  |
  = fix: safe, "remove the option"
  = help: seclint rule jwt-expiry-unverified
"""
    )


def test_a_long_span_is_cut_after_three_lines_and_numbers_line_up() -> None:
    source = "\n" * 8 + "f(\n    1,\n    2,\n    3,\n)\n"
    shown = rendered(source, EXPIRY.finding(at("a.py", 9, 1, 13, 2), "long"))
    assert shown.splitlines()[2:] == [
        "   |",
        " 9 | f(",
        "   | ^^",
        "10 |     1,",
        "   |     ^^",
        "11 |     2,",
        "   |     ^^",
        "...",
        "   |",
        "   = help: seclint rule jwt-expiry-unverified",
    ]


def test_lines_between_two_places_are_left_out() -> None:
    source = "a = 1\nb = 2\nc = 3\nd = 4\n"
    finding = EXPIRY.finding(at("a.py", 1, 1, 1, 2), "m", evidence=[Evidence(at("a.py", 4, 1, 4, 2), "here")])
    assert rendered(source, finding).splitlines()[3:8] == ["1 | a = 1", "  | ^", "...", "4 | d = 4", "  | - here"]


def test_carets_stand_below_what_wide_combined_and_tab_characters_show() -> None:
    source = 'x\t= f("日本", "e\u0301", bad)\n'
    column = source.index("bad") + 1
    lines = rendered(source, EXPIRY.finding(at("a.py", 1, column, 1, column + 3), "m")).splitlines()
    assert lines[3] == '1 | x    = f("日本", "e\u0301", bad)'
    assert lines[4] == "  | " + " " * 22 + "^^^"


def test_nothing_from_the_code_reaches_the_terminal_as_a_command() -> None:
    source = "x = '\x1b[2J\x07\u202e' # \x9b31m\n"
    finding = EXPIRY.finding(
        at("a\x1b[31m.py", 1, 1, 1, 2),
        "message \x1b]0;title\x07\r",
        evidence=[Evidence(at("b\n.py", 1, 1, 1, 2), "label \x1b[0m")],
        fix=Fix("title\x1b[0m", False, ()),
    )
    shown = rendered(source, finding, **{"b\n.py": "\x1b\n"})
    for output in (shown, concise.render(Report(findings=(finding,), files=1))):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", output)
    assert r"'\x1b[2J\x07\u202e' # \x9b31m" in shown
    assert r"b\n.py:1" in shown


def test_colours_wrap_and_do_not_change_the_text() -> None:
    finding = EXPIRY.finding(at("a.py", 1, 1, 1, 2), "m")
    report = Report(findings=(finding,), files=1, sources={"a.py": "x = 1\n"})
    coloured = text.render(report, text.Style(color=True))
    assert "\x1b[1;31m" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == text.render(report)


def test_secrets_are_masked_on_the_lines_of_a_secret() -> None:
    source = "KEY = 'hunter2hunter2'\nPIN = b'1234'\nDOC = '''first\nsecond\n'''\nuse('public', 'hunter2hunter2')\n"
    finding = SECRET.finding(
        at("a.py", 1, 1, 1, 23),
        "m",
        evidence=[
            Evidence(at("a.py", 2, 1, 2, 4), "pin"),
            Evidence(at("a.py", 3, 1, 5, 4), "doc"),
        ],
    )
    shown = rendered(source, finding)
    assert "1 | KEY = 'hu***'\n  | ^^^^^^^^^^^^^\n" in shown
    assert "2 | PIN = b'***'\n" in shown
    assert "3 | DOC = '''***\n" in shown
    assert "4 | ***\n" in shown
    elsewhere = EXPIRY.finding(at("a.py", 6, 1, 6, 4), "m")
    report = Report(findings=(finding, elsewhere), files=1, sources={"a.py": source})
    assert "6 | use('public', 'hu***')\n" in text.render(report)
    assert "hunter2" not in text.render(report)


def test_secrets_are_masked_in_formatted_strings_and_code_without_tokens() -> None:
    source = "URL = f'postgres://admin:hunter2@{HOST}/db'\n"
    shown = rendered(source, SECRET.finding(at("a.py", 1, 1, 1, len(source)), "m"))
    assert "1 | URL = f'po***'\n" in shown
    broken = "KEY = ('hunter2hunter2', \"open-ended\nx = 'hunter2\n"
    shown = rendered(broken, SECRET.finding(at("a.py", 1, 1, 2, 3), "m"))
    assert "hunter2" not in shown
    assert "ended" not in shown


def test_a_very_long_line_is_shown_around_its_place() -> None:
    source = "x = [" + "1, " * 2000 + "BAD, " + "2, " * 2000 + "]\n"
    column = source.index("BAD") + 1
    lines = rendered(source, EXPIRY.finding(at("a.py", 1, column, 1, column + 3), "m")).splitlines()
    assert max(map(len, lines)) < 200
    start = lines[4].index("^^^")
    assert lines[3][start : start + 3] == "BAD"


def test_many_places_are_counted_not_listed() -> None:
    places = [Evidence(at(f"f{number}.py", 1, 1, 1, 2), f"place {number}") for number in range(12)]
    shown = rendered("x\n", EXPIRY.finding(at("a.py", 1, 1, 1, 2), "m", evidence=places))
    assert "place 7" in shown
    assert "place 8" not in shown
    assert "= and 4 more places, which --format json lists" in shown


def test_without_snippets_places_are_named() -> None:
    finding = EXPIRY.finding(at("a.py", 1, 1, 1, 2), "m", evidence=[Evidence(at("a.py", 3, 1, 3, 2), "why")])
    report = Report(findings=(finding,), files=1, sources={"a.py": "secret\n\nb\n"})
    assert text.render(report, text.Style(snippets=False, summary=False)) == (
        "error[FSL302 jwt-expiry-unverified]: m\n --> a.py:1:1\n  | line 3: why\n"
        "  = help: seclint rule jwt-expiry-unverified\n"
    )


def test_a_place_beyond_the_end_of_the_file_shows_no_line() -> None:
    assert "|" not in rendered("x\n", EXPIRY.finding(at("a.py", 7, 1, 7, 1), "m"))


def test_the_summary_counts_what_the_report_has() -> None:
    safe, unsafe = Fix("t", True, ()), Fix("t", False, ())
    finding = EXPIRY.finding(at("a.py", 1, 1, 1, 2), "m")
    report = Report(
        findings=(
            SECRET.finding(at("b.py", 1, 1, 1, 2), "m", fix=unsafe),
            replace(finding, fix=safe),
            replace(finding, fix=safe),
            finding,
        ),
        suppressed=(finding,),
        files=48,
    )
    last = text.render(report, text.Style(snippets=False, statistics=True)).splitlines()[-4:]
    assert last == [
        "3  FSL302  jwt-expiry-unverified",
        "1  FSL101  hardcoded-secret",
        "",
        "Found 4 (1 critical, 3 high) in 2 of 48 files; "
        "2 fixable with --fix, 1 more with --unsafe-fixes; 1 suppressed.",
    ]
    assert text.render(Report(findings=(), files=1)) == "Found nothing in 1 file.\n"
    only = Report(findings=(report.findings[0],), files=1)
    assert text.render(only).endswith("in 1 of 1 file; 1 fixable with --fix --unsafe-fixes.\n")
    assert text.render(replace(only, files=0)).endswith("in 1 file; 1 fixable with --fix --unsafe-fixes.\n")


def test_concise_marks_what_can_be_fixed() -> None:
    finding = EXPIRY.finding(at("a.py", 3, 5, 3, 9), "expired tokens are accepted")
    report = Report(
        findings=(
            finding,
            replace(finding, fix=Fix("t", True, ())),
            replace(finding, fix=Fix("t", False, ()), severity="low"),
        ),
        files=1,
    )
    assert concise.render(report, summary=False) == (
        "a.py:3:5: FSL302 jwt-expiry-unverified high expired tokens are accepted\n"
        "a.py:3:5: FSL302 jwt-expiry-unverified high [*] expired tokens are accepted\n"
        "a.py:3:5: FSL302 jwt-expiry-unverified low [-] expired tokens are accepted\n"
    )
