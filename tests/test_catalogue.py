"""A rule is one module and one page, and the two agree."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest
from pages import CASES, ROOT, RULES, PageError, page_paths, read_page

from fastapi_seclint import catalogue, checks
from fastapi_seclint.rule import CONFIDENCES, PERSONAS, SEVERITIES, Rule

CATALOGUE = {rule.name: rule for rule in catalogue.rules()}
CHECKS = ROOT / "fastapi_seclint" / "checks"
OWASP = {f"API{number}" for number in range(1, 11)}


def module_of(rule: Rule) -> str:
    return rule.name.replace("-", "_")


def said_badly(text: str) -> str:
    """Why a summary or message breaks the style (lower case, no full stop); empty when it keeps it."""
    first = re.split(r"[\s(]", text, maxsplit=1)[0]
    if not text.strip() or text != text.strip():
        return "empty or padded"
    if first[:1].isupper() and first[1:] == first[1:].lower():
        return "begins with a capital"
    return "ends in a full stop" if text.endswith((".", "!")) else ""


def faults(rule: Rule) -> list[str]:
    """What is wrong with a rule's declaration, one sentence each."""
    tests = {
        "code is FSL and three digits": re.fullmatch(r"FSL\d{3}", rule.code),
        "name is lower case words joined by hyphens": re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name),
        "severity is known": rule.severity in SEVERITIES,
        "confidence is known": rule.confidence in CONFIDENCES,
        "persona is known": rule.persona in PERSONAS,
        "fixable is safe, unsafe or none": rule.fixable in ("safe", "unsafe", "none"),
        "a check or a review is registered": (rule.run is None) != (rule.review is None),
        "weaknesses are positive CWE numbers": all(number > 0 for number in rule.cwe),
        "owasp names entries of the API Security Top 10": set(rule.owasp) <= OWASP,
        "summary is lower case without a full stop": not said_badly(rule.summary),
    }
    return [f"{rule.name}: {sentence}" for sentence, holds in tests.items() if not holds]


def messages(source: str) -> list[str]:
    """The literal texts that a check gives as messages and fix titles; placeholders of f-strings become `x`."""
    texts = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        place = {"finding": 1, "Evidence": 1, "Fix": 0}.get(name)
        given = [word.value for word in call.keywords if word.arg in ("message", "title")]
        if place is not None:
            texts += [literal(value) for value in [*call.args[place : place + 1], *given]]
    return [text for text in texts if text]


def literal(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr):
        return "".join(literal(part) if isinstance(part, ast.Constant) else "x" for part in value.values)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def test_every_check_is_named_after_its_rule() -> None:
    modules = {info.name for info in pkgutil.iter_modules(checks.__path__)}
    assert modules == {module_of(rule) for rule in CATALOGUE.values()}


def test_every_rule_is_declared_well() -> None:
    assert [fault for rule in CATALOGUE.values() for fault in faults(rule)] == []


def test_codes_are_unique() -> None:
    codes = Counter(rule.code for rule in CATALOGUE.values())
    assert [code for code, count in codes.items() if count > 1] == []


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {path.stem for path in RULES.glob("*.md")} == set(CATALOGUE)


def test_every_case_file_is_about_a_rule() -> None:
    for path in page_paths():
        if path.parent == CASES:
            assert read_page(path, CATALOGUE).rule in CATALOGUE


def test_fixable_says_what_the_page_shows() -> None:
    shown = {path.stem for path in RULES.glob("*.md") if read_page(path).of("fix")}
    assert shown == {rule.name for rule in CATALOGUE.values() if rule.fixable != "none"}


def test_messages_are_lower_case_without_a_full_stop() -> None:
    bad = [
        f"{path.name}: {why}: {text}"
        for path in sorted(CHECKS.glob("*.py"))
        for text in messages(path.read_text(encoding="utf-8"))
        if (why := said_badly(text))
    ]
    assert bad == []


def toy(**changes: object) -> Rule:
    facts: dict[str, object] = {
        "code": "FSL999",
        "name": "toy-mistake",
        "summary": "anyone may play",
        "severity": "high",
        "run": lambda program: (),
    }
    return Rule(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_good_declaration_has_no_fault() -> None:
    assert faults(toy(cwe=(942,), owasp=("API8",), summary="JWTs are accepted unsigned")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"code": "FS999"},
        {"name": "Toy"},
        {"severity": "severe"},
        {"persona": "everyone"},
        {"fixable": "yes"},
        {"run": None},
        {"cwe": (0,)},
        {"owasp": ("A01",)},
        {"summary": "Anyone may play"},
        {"summary": "anyone may play."},
        {"summary": ""},
    ],
    ids=lambda change: "-".join(f"{key}={value}" for key, value in change.items()),
)
def test_each_fault_of_a_declaration_is_seen(change: dict[str, object]) -> None:
    assert len(faults(toy(**change))) == 1


def test_messages_are_read_from_the_check() -> None:
    source = 'RULE.finding(place, f"Route {path} is open.", fix=Fix("Add a guard", True, ()))'
    assert messages(source) == ["Route x is open.", "Add a guard"]
    assert [said_badly(text) for text in messages(source)] == ["begins with a capital"] * 2


PAGE = """# toy-mistake

Anyone may play.

## Wrong

`app/main.py`

```python
play()  # error
stay()
```

`app/deps.py`

```python
rest()  # error: other-mistake, toy-mistake
```

Prose between blocks changes nothing.

`app/main.py`

```python
play()  # error
```

```python
alone()  # error
```

## Right

`pyproject.toml`

```toml
[tool.seclint]
```

```text
shown, not run
```

## References
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "toy-mistake.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_page_is_read_into_projects(tmp_path: Path) -> None:
    page = read_page(written(tmp_path, PAGE))
    assert (page.title, page.intro) == ("toy-mistake", "Anyone may play.")
    wrong, right = page.of("wrong")[0], page.of("right")[0]
    assert [project.files for project in wrong.projects] == [
        {"app/main.py": "play()\nstay()\n", "app/deps.py": "rest()\n"},
        {"app/main.py": "play()\n"},
        {"main.py": "alone()\n"},
    ]
    marks = sorted((mark.path, mark.line, mark.rule) for mark in wrong.projects[0].marks)
    assert marks == [
        ("app/deps.py", 1, "other-mistake"),
        ("app/deps.py", 1, "toy-mistake"),
        ("app/main.py", 1, "toy-mistake"),
    ]
    assert [project.files for project in right.projects] == [{"pyproject.toml": "[tool.seclint]\n"}]


@pytest.mark.parametrize(
    "text",
    [
        "# t\n\n```python\nx\n```\n",
        "# t\n\n## Remarks\n",
        "# t\n\n## Wrong: twice\n",
        "# t\n\n## Wrong\n\n```python\nx\n",
        "# t\n\n## Wrong\n\n```python\n# error\n```\n",
        "# t\n\n## Wrong\n\n  ```python\n  x\n  ```\n",
        "# t\n\n## Wrong\n\n`../x.py`\n\n```python\nx\n```\n",
        "# t\n\n## Right\n\n```python\nx  # error\n```\n",
        "# t\n\n## What `--fix` writes\n\n```python\nx  # error\n```\n",
    ],
    ids=["before-heading", "heading", "topic", "unclosed", "bare-mark", "indented", "outside", "right", "fix"],
)
def test_a_page_that_would_not_run_as_written_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PageError):
        read_page(written(tmp_path, text))


TABLE = ROOT / "docs" / "guide.md"
LINK = r"\[([\w-]+)\]\((\.\./[\w./-]+)\)"
ROW = re.compile(rf"\| ([^|]+) \| (FSL\d{{3}}) \| {LINK} \| {LINK} \| (.+) \|")


def rows() -> dict[str, re.Match[str]]:
    """The rows of the table from the guide to the exploits, by rule."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return {match[3]: match for match in map(ROW.fullmatch, lines) if match}


def test_the_table_from_the_guide_to_the_exploits_is_true() -> None:
    assert set(rows()) == {rule.name for rule in CATALOGUE.values() if rule.guide}
    for name, row in rows().items():
        assert (row[1], row[2]) == (CATALOGUE[name].guide, CATALOGUE[name].code)
        assert row[4] == f"../rules/{name}.md"
        for path in (row[4], row[6]):
            assert (TABLE.parent / path).is_file(), path


def test_every_fix_is_proven_by_an_exploit_or_says_why_it_cannot_be() -> None:
    for name, row in rows().items():
        exploit = re.fullmatch(LINK, row[7])
        if exploit is None:
            assert CATALOGUE[name].fixable == "none" or row[7].startswith("not attacked: "), name
            continue
        file = TABLE.parent / exploit[2]
        spoken = (name, module_of(CATALOGUE[name]), CATALOGUE[name].code)
        assert any(word in text for word in spoken for text in (file.stem, file.read_text(encoding="utf-8"))), name
