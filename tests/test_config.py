"""Reading `[tool.seclint]`: where it is looked up, what it may say, and how a mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint import selection
from fastapi_seclint.config import AuthConfig, Config, ConfigError, Overrides, SuppressionsConfig
from fastapi_seclint.config_file import load
from fastapi_seclint.toml_lines import item_line, key_lines


def write(folder: Path, text: str, name: str = "seclint.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert load(tmp_path, cwd=tmp_path) == Config()


def test_the_nearest_file_with_a_section_wins(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, '[tool.seclint]\npersona = "auditor"\n', "pyproject.toml")
    write(tmp_path / "services" / "api", "[project]\nname = 'api'\n", "pyproject.toml")
    assert load(tmp_path / "services" / "api", cwd=tmp_path).persona == "auditor"
    write(tmp_path / "services", 'persona = "pedantic"\n')
    found = load(tmp_path / "services" / "api", cwd=tmp_path)
    assert found.persona == "pedantic"
    assert str(found.origin("persona")) == "services/seclint.toml:1"


def test_nothing_above_the_repository_counts(tmp_path: Path) -> None:
    write(tmp_path, 'persona = "auditor"\n')
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert load(tmp_path / "repository", cwd=tmp_path) == Config()


def test_seclint_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, 'persona = "pedantic"\n')
    write(tmp_path, '[tool.seclint]\npersona = "auditor"\n', "pyproject.toml")
    assert load(tmp_path, cwd=tmp_path).persona == "pedantic"


def test_isolated_takes_none_and_a_named_file_beats_all(tmp_path: Path) -> None:
    write(tmp_path, 'persona = "auditor"\n')
    named = write(tmp_path / "elsewhere", 'persona = "pedantic"\n', "team.toml")
    assert load(tmp_path, cwd=tmp_path, isolated=True) == Config()
    assert load(tmp_path, cwd=tmp_path, file=named).persona == "pedantic"


def test_every_documented_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        """\
[tool.seclint]
exclude = ["migrations/"]
extend-exclude = ["generated/"]
respect-gitignore = false
select = ["FSL3", "unreadable-file"]
ignore = ["FSL302"]
extend-select = ["FSL001"]
persona = "pedantic"
min-severity = "medium"
min-confidence = "high"
fail-on = "high"
cache-dir = "var/cache"

[tool.seclint.auth]
dependencies = ["app.deps.get_current_user"]
optional-dependencies = ["app.deps.maybe"]
admin-dependencies = ["app.deps.require_admin"]
middleware = ["app.mw.Auth"]
factories = ["app.deps.require"]

[[tool.seclint.public-routes]]
path = "/health"
methods = ["post", "GET"]
reason = "probe"

[[tool.seclint.public-routes]]
path = "/webhooks/**"
reason = "signature checked"

[tool.seclint.rate-limit]
decorators = ["slowapi.Limiter.limit"]
proxy = true
auth-routes = ["/login"]

[tool.seclint.secrets]
allow-values = ["NextToken"]
names = ["*_PEPPER"]
min-entropy = 2

[tool.seclint.severity]
FSL401 = "low"

[tool.seclint.per-path-ignores]
"scripts/**" = ["FSL1"]

[tool.seclint.suppressions]
require-reason = "error"
unsuppressible = ["FSL3"]

[tool.seclint.fix]
unsafe = true
unfixable = ["FSL2"]
""",
        "pyproject.toml",
    )
    found = load(tmp_path, cwd=tmp_path)
    assert (found.select, found.ignore, found.extend_select) == (("FSL3", "unreadable-file"), ("FSL302",), ("FSL001",))
    assert (found.persona, found.min_severity, found.min_confidence, found.fail_on) == (
        ("pedantic", "medium", "high", "high")
    )
    assert (found.exclude, found.extend_exclude, found.respect_gitignore) == (("migrations/",), ("generated/",), False)
    assert found.cache_dir == tmp_path / "var" / "cache"
    assert found.auth == AuthConfig(
        dependencies=("app.deps.get_current_user",),
        optional_dependencies=("app.deps.maybe",),
        admin_dependencies=("app.deps.require_admin",),
        middleware=("app.mw.Auth",),
        factories=("app.deps.require",),
    )
    assert [(route.path, route.methods, route.reason) for route in found.public_routes] == [
        ("/health", ("GET", "POST"), "probe"),
        ("/webhooks/**", (), "signature checked"),
    ]
    assert [str(route.origin) for route in found.public_routes] == ["pyproject.toml:21", "pyproject.toml:26"]
    assert (found.rate_limit.decorators, found.rate_limit.proxy) == (("slowapi.Limiter.limit",), True)
    assert (found.secrets.allow_values, found.secrets.min_entropy) == (("NextToken",), 2)
    assert found.severity == (("FSL401", "low"),)
    assert found.per_path_ignores == (("scripts/**", ("FSL1",)),)
    assert found.suppressions == SuppressionsConfig("error", ("FSL3",))
    assert (found.fix.unsafe, found.fix.unfixable) == (True, ("FSL2",))
    assert str(found.origin("auth.dependencies")) == "pyproject.toml:15"
    assert found.notes == ()


def test_a_key_that_does_nothing_yet_is_said(tmp_path: Path) -> None:
    write(tmp_path, 'select = ["ALL"]\nbaseline = "b.json"\n[suppressions]\nhonor-foreign = ["noqa"]\n')
    assert load(tmp_path, cwd=tmp_path).notes == (
        "seclint.toml:2: `baseline` has no effect in this version",
        "seclint.toml:4: `suppressions.honor-foreign` has no effect in this version",
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("\npersone = 'regular'\n", "seclint.toml:2: unknown key `persone`, did you mean `persona`?"),
        ("[auth]\ndependancies = []\n", "2: unknown key `auth.dependancies`, did you mean `auth.dependencies`?"),
        ("[atuh]\nx = 1\n", "1: unknown key `atuh`, did you mean `auth`?"),
        ("persona = 'strict'\n", "1: `persona` must be one of regular, pedantic, auditor, not 'strict'"),
        ("fail-on = 'hihg'\n", "`fail-on` must be one of critical, high, medium, low, never, not 'hihg', did you mean"),
        ("select = 'ALL'\n", "1: `select` must be a list of strings"),
        ("\nselect = ['ALL', 3]\n", "2: `select` must be a list of strings"),
        ("respect-gitignore = 1\n", "1: `respect-gitignore` must be true or false"),
        ("auth = 3\n", "1: `auth` must be a table"),
        ("[secrets]\nmin-entropy = true\n", "2: `secrets.min-entropy` must be a number"),
        ("[secrets]\nmin-entropy = -1\n", "2: `secrets.min-entropy` must be a number from 0 on"),
        ("[secrets]\nmin-entropy = nan\n", "2: `secrets.min-entropy` must be a number from 0 on"),
        ("[auth]\nmiddleware = ['']\n", "2: `auth.middleware` must hold dotted names, not ''"),
        ("[auth]\ndependencies = ['the guard']\n", "2: `auth.dependencies` must hold dotted names, not 'the guard'"),
        (
            "[rate-limit]\nauth-routes = ['enter']\n",
            "2: `rate-limit.auth-routes` must hold paths from `/` on, not 'enter'",
        ),
        ("[severity]\nFSL001 = 'bad'\n", "2: `severity.FSL001` must be one of critical, high, medium, low, not 'bad'"),
        ("[[public-routes]]\npath = '/x'\n", "1: the public route '/x' needs a `reason`"),
        ("[[public-routes]]\npath = '/x'\nreason = ' '\n", "1: the public route '/x' needs a `reason`"),
        ("[[public-routes]]\npath = 'x'\n", "2: `public-routes.path` must be a path from `/` on, not 'x'"),
        ("[[public-routes]]\nreason = 'x'\n", "1: a public route needs a `path`"),
        ("[[public-routes]]\npath = '/x'\nreasons = 'x'\n", "3: unknown key `public-routes.reasons`, did you mean"),
        ("public-routes = ['/x']\n", "1: `public-routes` must be an array of tables"),
        ("a = \n", "seclint.toml:1: is not valid TOML: "),
        ("a = 1\nb = = 2\n", "seclint.toml:2: is not valid TOML: "),
        ("extend = 'missing.toml'\n", "1: `extend` names missing.toml, which is no file"),
        ("[fix]\nunsafe = 'yes'\n", "2: `fix.unsafe` must be true or false"),
        ("[auth.dependencies]\nx = 1\n", "1: `auth.dependencies` must be a list of strings"),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, complaint: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, cwd=tmp_path)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("seclint.toml:")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "seclint.toml").write_bytes(b"persona = 'regular'\nx = '\xff'\n")
    with pytest.raises(ConfigError, match=r"^seclint.toml:2: is not UTF-8$"):
        load(tmp_path, cwd=tmp_path)


def test_a_file_extends_another_key_by_key(tmp_path: Path) -> None:
    write(
        tmp_path,
        'persona = "auditor"\nignore = ["FSL001"]\nbaseline = "x"\n[auth]\nmiddleware = ["m.A"]\n',
        "base.toml",
    )
    write(
        tmp_path / "app",
        '[tool.seclint]\nextend = "../base.toml"\nignore = []\n[tool.seclint.auth]\ndependencies = ["a.b"]\n',
        "pyproject.toml",
    )
    found = load(tmp_path / "app", cwd=tmp_path)
    assert (found.persona, found.ignore) == ("auditor", ())
    assert (found.auth.middleware, found.auth.dependencies) == (("m.A",), ("a.b",))
    assert str(found.origin("persona")) == "base.toml:1"
    assert str(found.origin("ignore")) == "app/pyproject.toml:3"
    assert found.notes == ("base.toml:3: `baseline` has no effect in this version",)


def test_extending_in_a_circle_is_told(tmp_path: Path) -> None:
    write(tmp_path, 'extend = "b.toml"\n')
    write(tmp_path, 'extend = "seclint.toml"\n', "b.toml")
    with pytest.raises(ConfigError, match=r"^b.toml:1: `extend` goes round in a circle through seclint.toml$"):
        load(tmp_path, cwd=tmp_path)


def test_a_rule_that_does_not_exist_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, 'select = [\n  "ALL",\n]\nignore = [\n  "FSL001",\n  "unreadable-fiel",\n]\n')
    with pytest.raises(ConfigError) as caught:
        selection.rules_of(load(tmp_path, cwd=tmp_path))
    assert str(caught.value) == "seclint.toml:6: unknown rule `unreadable-fiel`, did you mean `unreadable-file`?"


def test_arguments_replace_values_and_their_origin(tmp_path: Path) -> None:
    write(tmp_path, 'select = ["FSL3"]\nextend-exclude = ["a/"]\npersona = "auditor"\n')
    found = Overrides(select=("FSL1",), extend_exclude=("b/",)).applied(load(tmp_path, cwd=tmp_path))
    assert (found.select, found.extend_exclude, found.persona) == (("FSL1",), ("a/", "b/"), "auditor")
    assert found.origin("select") is None
    assert str(found.origin("persona")) == "seclint.toml:3"


def test_the_fingerprint_tells_configurations_apart(tmp_path: Path) -> None:
    write(tmp_path, 'select = ["FSL3"]\n')
    first = load(tmp_path, cwd=tmp_path).fingerprint()
    assert load(tmp_path, cwd=tmp_path).fingerprint() == first
    write(tmp_path, 'select = ["FSL3"]\n[auth]\nmiddleware = ["m.A"]\n')
    assert load(tmp_path, cwd=tmp_path).fingerprint() != first


def test_lines_of_keys() -> None:
    text = (
        'a = """\nb = 1\n"""\n"c d".e = 2\n[t.u]\nf = [\n  "x",\n  "y",\n]\n[[v]]\n[[v]]\ng = {h = 1}\n[v.w]\ni = 1\n'
    )
    lines = key_lines(text)
    assert {
        path: lines[path] for path in [("a",), ("c d", "e"), ("t", "u", "f"), ("v", 1, "g"), ("v", 1, "w", "i")]
    } == {
        ("a",): 1,
        ("c d", "e"): 4,
        ("t", "u", "f"): 6,
        ("v", 1, "g"): 12,
        ("v", 1, "w", "i"): 14,
    }
    assert ("b",) not in lines
    assert item_line(text, lines, ("t", "u", "f"), "y") == 8
    assert item_line(text, lines, ("t", "u", "f"), "z") == 6
