"""What machines read: the JSON contract, fingerprints, workflow annotations."""

from __future__ import annotations

import json
from dataclasses import replace

from fastapi_seclint import __version__
from fastapi_seclint.edits import SetKeyword
from fastapi_seclint.outcome import Failure, ReadError, Replacement, Report
from fastapi_seclint.report import github
from fastapi_seclint.report import json as as_json
from fastapi_seclint.report.fingerprints import fingerprints, normalised
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule, Severity
from fastapi_seclint.spans import Location, Span

RULE = Rule(
    code="FSL501", name="unprotected-route", summary="anybody may call it", severity="high", cwe=(306,), guide="9"
)

FIX = Fix("set it", True, (SetKeyword("app.py", Span(1, 10, 1, 41), "httponly", "True"),))


def at(path: str, line: int, column: int, end_line: int, end_column: int) -> Location:
    return Location(path, Span(line, column, end_line, end_column))


def test_a_report_is_the_contract() -> None:
    source = "cookie = response.set_cookie('a', token)\n"
    finding = RULE.finding(
        at("app.py", 1, 10, 1, 41),
        "anybody may call it",
        symbol="app.read",
        route=("GET", "/items/{id}"),
        evidence=[Evidence(at("b.py", 2, 1, 2, 3), "included here")],
        fix=FIX,
    )
    report = Report(
        findings=(finding,),
        suppressed=(replace(finding, fix=None, severity="low"),),
        errors=(ReadError("bad.py", 3, "invalid syntax"),),
        files=2,
        sources={"app.py": source},
        failures=(Failure("some-rule", "KeyError: 'x'"),),
        replacements={FIX: (Replacement("app.py", Span(1, 40, 1, 40), ", httponly=True"),)},
    )
    value = json.loads(as_json.render(report))
    first = value["findings"][0]
    assert list(value) == ["schema_version", "tool", "summary", "findings", "suppressed", "errors"]
    assert value["tool"] == {"name": "fastapi-seclint", "version": __version__}
    assert value["summary"] == {
        "files": 2,
        "by_severity": {"critical": 0, "high": 1, "medium": 0, "low": 0},
        "fixable": 1,
        "suppressed": 1,
    }
    assert value["errors"] == [
        {"path": "bad.py", "line": 3, "message": "invalid syntax"},
        {"path": ".", "line": 1, "message": "some-rule failed: KeyError: 'x'"},
    ]
    mark = first.pop("fingerprint")
    assert len(mark) == 16
    assert value["suppressed"][0]["fingerprint"] not in ("", mark)
    assert first == {
        "code": "FSL501",
        "name": "unprotected-route",
        "severity": "high",
        "confidence": "high",
        "persona": "regular",
        "message": "anybody may call it",
        "path": "app.py",
        "range": {"start": {"line": 1, "column": 10}, "end": {"line": 1, "column": 41}},
        "symbol": "app.read",
        "route": {"method": "GET", "path": "/items/{id}"},
        "evidence": [
            {
                "path": "b.py",
                "range": {"start": {"line": 2, "column": 1}, "end": {"line": 2, "column": 3}},
                "message": "included here",
            }
        ],
        "cwe": [306],
        "guide": "9",
        "fix": {
            "applicability": "safe",
            "title": "set it",
            "edits": [
                {
                    "path": "app.py",
                    "start": {"line": 1, "column": 40},
                    "end": {"line": 1, "column": 40},
                    "content": ", httponly=True",
                }
            ],
        },
    }


def test_a_fix_that_does_not_fit_the_text_is_no_fix() -> None:
    finding = RULE.finding(at("app.py", 1, 1, 1, 2), "m", fix=FIX)
    report = Report(findings=(finding,), sources={"app.py": "x = 1\n"}, replacements={FIX: None})
    assert json.loads(as_json.render(report))["findings"][0]["fix"] is None


def marks(source: str, *findings: Finding) -> list[str]:
    return fingerprints(findings, {"a.py": source})


def test_a_fingerprint_survives_formatting_and_moving() -> None:
    before = marks("x = f('a', 0XFF, 1_000)\n", RULE.finding(at("a.py", 1, 1, 1, 3), "m"))
    text = '# new\n\nx = f(\n    "a",  # why\n    0xff,\n    1000,\n)\n'
    assert marks(text, RULE.finding(at("a.py", 3, 1, 7, 2), "another message")) == before
    assert marks("x = f('b', 0XFF, 1_000)\n", RULE.finding(at("a.py", 1, 1, 1, 3), "m")) != before
    assert marks("x = f('a', 0XFF, 1_000)\n", RULE.finding(at("a.py", 1, 1, 1, 3), "m", symbol="other")) != before


def test_the_fingerprint_of_a_route_does_not_hang_on_its_line() -> None:
    route = RULE.finding(at("a.py", 1, 1, 1, 3), "m", symbol="app.read", route=("GET", "/items"))
    moved = replace(route, location=at("a.py", 2, 1, 2, 3))
    assert marks("def a(): ...\n", route) == marks("\ndef b(x): ...\n", moved)
    assert marks("x", route) != marks("x", replace(route, route=("POST", "/items")))


def test_equal_findings_of_a_file_have_fingerprints_of_their_own() -> None:
    source = "f(1)\nf(1)\nf(1)\n"
    found = marks(source, *(RULE.finding(at("a.py", line, 1, line, 3), "m") for line in (1, 2, 3)))
    assert len(set(found)) == 3
    assert marks(source, RULE.finding(at("a.py", 3, 1, 3, 3), "m")) == found[:1]


def test_normalised_tokens() -> None:
    assert normalised("  f( 'a' , [1,2,],)  # c") == 'f ( "a" , [ 1 , 2 ] )'
    assert normalised("(1,)") == "( 1 )"
    assert normalised("f('it is \"so\"')") == "f ( 'it is \"so\"' )"
    assert normalised("g(f'{a}', 0xF_f, 1_0.5E-3)") == 'g ( f"{a}" , 0xff , 10.5e-3 )'
    assert normalised(r"g(rb'\'')") == r"g ( rb'\'' )"
    assert normalised("b(x))\n  if a:\n c") == "b ( x ) ) if a : c"
    assert normalised("f(   'open") == normalised("f( 'open")


def test_annotations_name_the_place_and_are_escaped() -> None:
    report = Report(
        findings=(
            RULE.finding(at("a,b:100%.py", 3, 5, 3, 9), "50% of 'a,b:c'"),
            RULE.finding(at("a.py", 3, 5, 6, 2), "two lines", severity="medium"),
            RULE.finding(at("a.py", 9, 1, 9, 2), "advice", severity="low"),
        ),
        files=1,
    )
    assert github.render(report) == (
        "::error file=a%2Cb%3A100%25.py,line=3,col=5,endLine=3,endColumn=9,title=FSL501 unprotected-route"
        "::50%25 of 'a,b:c'\n"
        "::warning file=a.py,line=3,col=5,endLine=6,title=FSL501 unprotected-route::two lines\n"
        "::notice file=a.py,line=9,col=1,endLine=9,endColumn=2,title=FSL501 unprotected-route::advice\n"
    )


def test_a_message_cannot_start_a_command_of_its_own() -> None:
    finding = RULE.finding(at("a.py", 1, 1, 1, 2), "x\n::set-output name=a::b\r")
    assert github.render(Report(findings=(finding,), files=1)).count("\n") == 1


def test_nine_annotations_of_a_level_the_severest_first() -> None:
    def several(severity: Severity, count: int) -> list[Finding]:
        return [RULE.finding(at("a.py", line, 1, line, 2), severity, severity=severity) for line in range(1, count + 1)]

    report = Report(findings=(*several("high", 10), *several("critical", 2), *several("low", 10)), files=1)
    lines = github.render(report).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert [line.rpartition("::")[2] for line in errors[:3]] == ["critical", "critical", "high"]
    assert len(errors) == 10
    assert errors[-1] == "::error::and 3 more findings of this level in the log"
    assert lines[-1] == "::notice::and 1 more finding of this level in the log"
