"""The reference as text: what the command gives, and how fixes bring it into a project."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from projects import Files, program

from fastapi_seclint import edits, shipped
from fastapi_seclint.cli import run
from fastapi_seclint.edits import CreateFile
from fastapi_seclint.subjects.code.reference import Brought, brought


def bring(root: Path, files: Files, user: str = "main.py", name: str = "rate_limits", *wanted: str) -> Brought | None:
    found = program(root, files)
    (module,) = [module for module in found.modules.by_file.values() if module.path == user]
    return brought(found, module, name, *(wanted or ("RateLimit",)))


def created(found: Brought | None) -> list[str]:
    assert found is not None
    return [edit.path for edit in found.edits if isinstance(edit, CreateFile)]


def after(found: Brought | None, path: str, source: str) -> str:
    assert found is not None
    return edits.apply(source, [edit for edit in found.edits if edit.path == path])


APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def test_every_module_stands_alone_or_names_what_it_needs() -> None:
    for name in shipped.names():
        found = shipped.implementation(name)
        relative = [
            node.module
            for node in ast.walk(ast.parse(found.source))
            if isinstance(node, ast.ImportFrom) and node.level == 1
        ]
        assert set(relative) <= set(found.needs)
        assert "fastapi_seclint" not in found.source.replace("uvicorn --factory fastapi_seclint.reference", "")
        assert found.summary


@pytest.mark.parametrize(
    ("module", "name", "start", "end"),
    [
        ("cors", "origins_from_environment", "def origins_from_environment", "return origins\n"),
        ("security_headers", "SECURITY_HEADERS", "SECURITY_HEADERS = {", "}\n"),
        ("passwords", "DUMMY_HASH", "# What an unknown", ")\n"),
        ("settings", "get_settings", "@lru_cache\ndef get_settings", "\n"),
        ("rate_limits", "RateLimit", "class RateLimit:", "return 0\n"),
    ],
)
def test_a_definition_is_cut_out_whole(module: str, name: str, start: str, end: str) -> None:
    text = shipped.implementation(module).definition(name)
    assert text.startswith(start)
    assert text.endswith(end)
    assert len(ast.parse(text).body) == 1


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        shipped.implementation("nothing")
    with pytest.raises(KeyError):
        shipped.implementation("cors").definition("Origin")


def test_the_package_goes_beside_the_application(tmp_path: Path) -> None:
    found = bring(tmp_path, APP)
    assert created(found) == ["security/__init__.py", "security/rate_limits.py"]
    assert "from security.rate_limits import RateLimit\n" in after(found, "main.py", APP)


def test_a_package_imports_it_by_its_full_name(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/main.py": APP, "shop/routers/__init__.py": "", "shop/routers/auth.py": ""}
    found = bring(tmp_path, files, "shop/routers/auth.py")
    assert created(found) == ["shop/security/__init__.py", "shop/security/rate_limits.py"]
    assert "from shop.security.rate_limits import RateLimit\n" in after(found, "shop/routers/auth.py", "")


def test_the_applications_of_a_package_share_it(tmp_path: Path) -> None:
    files = {"shop/__init__.py": "", "shop/api/__init__.py": "", "shop/admin/__init__.py": ""}
    files |= {"shop/api/main.py": APP, "shop/admin/main.py": APP, "shop/routers.py": ""}
    for user in ("shop/api/main.py", "shop/admin/main.py", "shop/routers.py"):
        found = bring(tmp_path / user.replace("/", "."), files, user)
        assert created(found) == ["shop/security/__init__.py", "shop/security/rate_limits.py"]
        assert "from shop.security.rate_limits import RateLimit\n" in after(found, user, files[user])


def test_services_in_folders_of_their_own_have_each_its_own(tmp_path: Path) -> None:
    found = bring(tmp_path, {"api/main.py": APP, "admin/main.py": APP}, "admin/main.py")
    assert created(found) == ["admin/security/__init__.py", "admin/security/rate_limits.py"]


@pytest.mark.parametrize("taken", ["security.py", "security/jwt.py", "security/__init__.py"])
def test_nothing_called_security_is_shadowed(tmp_path: Path, taken: str) -> None:
    found = bring(tmp_path, {"main.py": APP, taken: "KEY = 1\n"})
    assert created(found) == ["seclint_security/__init__.py", "seclint_security/rate_limits.py"]


def test_the_package_of_an_earlier_fix_is_used_again(tmp_path: Path) -> None:
    first = bring(tmp_path, APP)
    assert first is not None
    files = {edit.path: edit.content for edit in first.edits if isinstance(edit, CreateFile)}
    second = bring(tmp_path, {"main.py": APP, **files}, "main.py", "security_headers", "SecurityHeadersMiddleware")
    assert created(second) == ["security/security_headers.py"]


def test_a_name_that_is_taken_gets_another(tmp_path: Path) -> None:
    source = "from fastapi import FastAPI\n\n\nclass RateLimit: ...\n\n\napp = FastAPI()\n"
    found = bring(tmp_path, source)
    assert found is not None
    assert found.names == {"RateLimit": "rate_limits_RateLimit"}
    assert "import RateLimit as rate_limits_RateLimit\n" in after(found, "main.py", source)


def test_what_must_be_installed_is_said(tmp_path: Path) -> None:
    wanted = ("passwords", "hash_password")
    bare = bring(tmp_path / "bare", APP, "main.py", *wanted)
    assert bare is not None
    assert bare.needs == "; install pwdlib[argon2,bcrypt]"
    declared = bring(tmp_path / "declared", {"main.py": APP, "requirements.txt": "pwdlib\n"}, "main.py", *wanted)
    assert declared is not None
    assert declared.needs == ""


def test_the_command_lists_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reference", "list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(shipped.names())
    assert run(["reference", "show", "security-headers"]) == 0
    assert capsys.readouterr().out == shipped.implementation("security_headers").source
    assert run(["reference", "show", "security_header"]) == 2
    assert "did you mean `security_headers`?" in capsys.readouterr().err


def test_the_command_writes_a_module_with_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "app" / "auth" / "user.py"
    assert run(["reference", "write", "current_user", "--to", str(target)]) == 0
    written = sorted(path.name for path in target.parent.iterdir())
    assert written == ["__init__.py", "settings.py", "tokens.py", "user.py", "users.py"]
    assert target.read_text(encoding="utf-8") == shipped.implementation("current_user").source
    assert "pyjwt" in capsys.readouterr().err


def test_the_command_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "tokens.py"
    mine.write_text("mine = True\n", encoding="utf-8")
    assert run(["reference", "write", "tokens", "--to", str(mine)]) == 2
    assert run(["reference", "write", "current_user", "--to", str(tmp_path / "user.py")]) == 2
    assert "tokens.py exists already; nothing was written" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "mine = True\n"
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.py"]
