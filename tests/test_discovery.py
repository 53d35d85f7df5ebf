"""Which files belong to which project: arguments, ignores as git means them, excludes, links."""

from __future__ import annotations

import os
import random
import subprocess
from itertools import permutations
from pathlib import Path

import pytest

from fastapi_seclint.discovery import Discovery, NoSuchPath, Project, discover, is_test_path
from fastapi_seclint.discovery.ignores import Ignores


def write(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def shown(project: Project) -> list[str]:
    return [file.display for file in project.files]


def found(root: Path, *paths: str, **options: object) -> Discovery:
    return discover([Path(path) for path in paths or (".",)], cwd=root, **options)  # type: ignore[arg-type]


def only(discovery: Discovery) -> Project:
    (project,) = discovery.projects
    return project


def git(root: Path, *arguments: str) -> str:
    clean = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=root, env=clean, capture_output=True, check=True)
    return os.fsdecode(done.stdout)


def git_sees(root: Path) -> list[str]:
    listed = git(root, "-c", "core.excludesFile=", "ls-files", "-z", "-co", "--exclude-standard")
    return sorted(name for name in listed.split("\0") if name.endswith(".py"))


def test_a_directory_is_a_project_and_everything_in_it_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "app/main.py", "app/b/deep.py", "app/stub.pyi", "app/data.txt", "other.py")
    project = only(found(tmp_path, "app"))
    assert project.root == tmp_path / "app"
    assert shown(project) == ["app/b/deep.py", "app/main.py"]
    assert [file.path for file in project.files] == [tmp_path / "app/b/deep.py", tmp_path / "app/main.py"]
    assert project.reported is None


def test_paths_outside_the_working_directory_are_shown_relative_to_it(tmp_path: Path) -> None:
    write(tmp_path, "here/x.txt", "there/main.py")
    assert shown(only(found(tmp_path / "here", "../there"))) == ["../there/main.py"]


def test_neither_order_nor_repetition_nor_nesting_of_arguments_matters(tmp_path: Path) -> None:
    write(tmp_path, "a/x.py", "a/sub/y.py", "b/x.py", "c/pyproject.toml", "c/z.py")
    results = {found(tmp_path, *order) for order in permutations(["a", "a/sub", "a/sub/y.py", "b", "c/z.py", "./a"])}
    (result,) = results
    assert [project.root.name for project in result.projects] == ["a", "b", "c"]
    assert [shown(project) for project in result.projects] == [["a/sub/y.py", "a/x.py"], ["b/x.py"], ["c/z.py"]]


def test_siblings_whose_names_start_alike_are_two_projects(tmp_path: Path) -> None:
    write(tmp_path, "app/x.py", "app-two/x.py", "app/sub/y.py")
    result = found(tmp_path, "app", "app-two", "app/sub")
    assert [project.root.name for project in result.projects] == ["app", "app-two"]


@pytest.mark.parametrize(
    ("files", "argument", "root"),
    [
        (["pyproject.toml", "svc/seclint.toml", "svc/app/main.py"], "svc/app/main.py", "svc"),
        (["pyproject.toml", "svc/setup.py", "svc/app/main.py"], "svc/app/main.py", "."),
        (["svc/requirements.txt", "svc/app/main.py"], "svc/app/main.py", "svc"),
        (["svc/pkg/__init__.py", "svc/pkg/api/__init__.py", "svc/pkg/api/main.py"], "svc/pkg/api/main.py", "svc/pkg"),
        (["loose/main.py"], "loose/main.py", "loose"),
    ],
)
def test_the_project_of_a_file(tmp_path: Path, files: list[str], argument: str, root: str) -> None:
    write(tmp_path, *files)
    project = only(found(tmp_path, argument))
    assert project.root == tmp_path / root
    assert project.reported == frozenset({argument})


def test_a_configuration_above_the_working_directory_is_not_the_projects(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "x.py", "work/app/main.py")
    assert only(found(tmp_path / "work", "app/main.py")).root == tmp_path / "work/app"


def test_a_named_file_is_reported_alone_and_its_whole_project_is_modelled(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "app/main.py", "app/deps.py")
    project = only(found(tmp_path, "app/deps.py"))
    assert shown(project) == ["app/deps.py", "app/main.py"]
    assert project.reported == frozenset({"app/deps.py"})


def test_a_named_file_in_a_named_directory_belongs_to_that_project(tmp_path: Path) -> None:
    write(tmp_path, "a/pyproject.toml", "a/sub/pyproject.toml", "a/sub/y.py", ".gitignore")
    (tmp_path / "a/.gitignore").write_text("sub/\n")
    project = only(found(tmp_path, "a", "a/sub/y.py"))
    assert (shown(project), project.reported) == (["a/sub/y.py"], None)


def test_named_files_are_taken_even_if_ignored_unless_excludes_are_forced(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "app/main.py", "gen/made.py")
    (tmp_path / ".gitignore").write_text("gen/\n")
    assert shown(only(found(tmp_path))) == ["app/main.py"]
    assert shown(only(found(tmp_path, "gen/made.py"))) == ["app/main.py", "gen/made.py"]
    forced = found(tmp_path, "gen/made.py", force_exclude=True)
    assert shown(only(forced)) == ["app/main.py"]
    assert only(forced).reported == frozenset()
    assert forced.notes == ("excluded: gen/made.py",)


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoSuchPath, match="no such file or directory: gone"):
        found(tmp_path, "gone")


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    write(tmp_path, "empty/readme.md", "notes.txt")
    assert found(tmp_path, "empty").notes == ("no Python files in empty",)
    assert found(tmp_path, "notes.txt") == Discovery((), (), ("not a Python file, left out: notes.txt",))


@pytest.mark.parametrize(
    "name",
    [".git", ".venv", "venv", "node_modules", "__pycache__", "site-packages", ".tox", ".nox", ".eggs", "x.egg-info"],
)
def test_directories_of_tools_are_not_entered(tmp_path: Path, name: str) -> None:
    write(tmp_path, "main.py", f"{name}/inner.py", f"deep/{name}/inner.py")
    assert shown(only(found(tmp_path))) == ["main.py"]


def test_environments_and_build_output_are_not_entered_but_packages_of_that_name_are(tmp_path: Path) -> None:
    write(tmp_path, "env39/pyvenv.cfg", "env39/lib/x.py", "build/lib/pkg/x.py", "dist/pkg-1.0.tar.gz", "dist/x.py")
    write(tmp_path, "src/build/__init__.py", "src/build/lib/x.py", "src/dist/x.py", "tools/build/x.py")
    assert shown(only(found(tmp_path))) == [
        "src/build/__init__.py",
        "src/build/lib/x.py",
        "src/dist/x.py",
        "tools/build/x.py",
    ]


def test_excludes_are_gitignore_patterns_from_their_base(tmp_path: Path) -> None:
    write(tmp_path, "svc/app/main.py", "svc/migrations/a.py", "svc/app/migrations/b.py", "svc/gen_x.py")
    assert shown(only(found(tmp_path, "svc", extend_exclude=["/migrations/", "gen_*.py"]))) == [
        "svc/app/main.py",
        "svc/app/migrations/b.py",
    ]
    based = found(tmp_path, "svc", extend_exclude=["svc/migrations"], exclude_base=tmp_path)
    assert shown(only(based)) == ["svc/app/main.py", "svc/app/migrations/b.py", "svc/gen_x.py"]
    assert shown(only(found(tmp_path, "svc", exclude=["*", "!app/"]))) == []


def test_gitignore_can_be_disregarded(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    (tmp_path / ".gitignore").write_text("*.py\n")
    assert shown(only(found(tmp_path))) == []
    assert shown(only(found(tmp_path, respect_gitignore=False))) == ["a.py"]


def test_ignores_above_the_argument_hold_up_to_the_repository_and_no_further(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    write(repository, "app/a.py", "app/gen/b.py", "app/secret.py", "app/kept.py")
    git(repository, "init", "-q")
    (tmp_path / ".gitignore").write_text("*.py\n")
    (repository / ".gitignore").write_text("gen/\nkept.py\n")
    (repository / ".git/info/exclude").write_text("/app/secret.py\n")
    (repository / "app/.gitignore").write_text("!kept.py\n")
    assert shown(only(found(repository, "app"))) == ["app/a.py", "app/kept.py"]


def test_a_work_tree_reads_the_excludes_of_its_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    write(repository, "a.py")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x")
    git(repository, "worktree", "add", "-q", "../tree")
    (repository / ".git/info/exclude").write_text("local.py\n")
    write(tmp_path / "tree", "local.py")
    assert shown(only(found(tmp_path / "tree"))) == ["a.py"] == git_sees(tmp_path / "tree")


def test_a_repository_in_the_tree_has_its_own_ignores(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "inner/.git/HEAD", "inner/a.py", "inner/b.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / "inner/.gitignore").write_text("b.py\n")
    assert shown(only(found(tmp_path))) == ["inner/a.py"]


def test_nothing_comes_back_from_a_directory_that_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, "made/keep.py", "made/x.py", "other/keep.py", "other/x.py")
    (tmp_path / ".gitignore").write_text("made/\n!made/keep.py\nother/*\n!other/keep.py\n")
    git(tmp_path, "init", "-q")
    assert shown(only(found(tmp_path))) == ["other/keep.py"] == git_sees(tmp_path)


PATTERNS = [
    "a", "b/", "/a", "/b/", "a/b", "a/b/", "**/b", "a/**", "a/**/c", "**/b/**", "*", "*/", "/*", "*.py", "x*.py",
    "?.py", "[ab]", "[!a]*", "[a-c].py", "[[:alpha:]].py", r"\a", r"a\b", "[", "a[", "**", "**/", "/**", "a**",
    "**c", "***/b", "a/*/c", "*/b/*", "x.py", "/x.py", "a/x.py", "**/x.py", "x.py ", r"x.py\ ", "#x.py", r"\#x.py",
    r"\!a.py", " a", "a/", "//a", "a//b", "/", "", "[]a]", "[]-a]", "[a-", "[z-a].py", r"[\]].py", "c/**/a.py",
    "**/**/c", "a/***/c", "?", "*y", "*p*", "a*/x.py", ".py", "[^b]", "[[:digit:]", "*.p[xy]", "é.py",
    "/[a-b]/**/?.py", "b/\r", "!", "!*/",
]  # fmt: skip

FILES = ["x.py", "a.py", "b.py", "c.py", "1.py", "].py", "é.py", "#x.py", "!a.py", "xy.py"]


def test_random_ignores_agree_with_git(tmp_path: Path) -> None:
    chance = random.Random(20260613)
    names = ["a", "b", "c", "x"]
    seen = 0
    for number in range(120):
        root = tmp_path / str(number)
        root.mkdir()
        git(root, "init", "-q")
        directories = [""]
        for _ in range(8):
            directories.append(f"{chance.choice(directories)}{chance.choice(names)}/")
        for directory in directories:
            write(root, *(directory + name for name in chance.sample(FILES, 4)))
        for directory in {"", *chance.sample(directories, 2)}:
            lines = [chance.choice(["", "", "!"]) + chance.choice(PATTERNS) for _ in range(chance.randint(1, 5))]
            write(root, f"{directory}.gitignore", text="\n".join(lines) + chance.choice(["", "\n", "\r\n"]))
        write(root, ".git/info/exclude", text=chance.choice(PATTERNS) + "\n")
        expected = git_sees(root)
        ignores = {str(file): file.read_bytes() for file in root.rglob(".gitignore")}
        assert shown(only(found(root))) == expected, (ignores, (root / ".git/info/exclude").read_text())
        seen += len(expected)
    assert seen > 500


def test_a_hostile_pattern_takes_no_exponential_time() -> None:
    name = "a" * 250
    ignores = Ignores(["*a" * 60 + "b", "**/a/" * 40 + "b", "/" + "*a" * 60 + "b/*"])
    assert ignores.verdict(name, "/".join(["a"] * 500), False) is None
    assert ignores.verdict(name + "b", "x", False) is True


def test_links_are_followed_only_to_files_in_the_tree(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.py", "tree/real.py", "tree/code.txt")
    tree = tmp_path / "tree"
    (tree / "twin.py").symlink_to("real.py")
    (tree / "script.py").symlink_to("code.txt")
    (tree / "out.py").symlink_to("../outside/secret.py")
    (tree / "outdir").symlink_to("../outside", target_is_directory=True)
    (tree / "loop").symlink_to(".", target_is_directory=True)
    (tree / "broken.py").symlink_to("gone.py")
    result = found(tmp_path, "tree")
    assert shown(only(result)) == ["tree/real.py", "tree/script.py"]
    assert result.notes == (
        "a link that leads out of the project was not followed: tree/out.py",
        "a link that leads out of the project was not followed: tree/outdir",
    )


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert shown(only(found(tmp_path))) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_directory_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "closed/b.py")
    (tmp_path / "closed").chmod(0)
    result = found(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert [(error.path, error.message) for error in result.errors] == [("closed", "cannot be read: Permission denied")]
    assert shown(only(result)) == ["a.py"]


def test_a_directory_that_cannot_be_listed_is_an_error_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.py", "closed/b.py")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    result = found(tmp_path)
    assert [(error.path, error.message) for error in result.errors] == [("closed", "cannot be read: Permission denied")]
    assert shown(only(result)) == ["a.py"]


def test_names_that_are_no_text_are_shown_readably(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/x\xff.py", "wb"):
        pass
    (file,) = only(found(tmp_path)).files
    assert file.display == "x\\xff.py"
    assert file.path.read_bytes() == b""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("testspg/jwt_utils.py", True),
        ("tests-e2e/flows.py", True),
        ("server/unit_tests/keys.py", True),
        ("app/tests.py", False),
        ("test_observer/main.py", False),
        ("contests/models.py", False),
        ("api/testsets/router.py", False),
        ("lab/testsessions/router.py", False),
    ],
)
def test_folders_of_tests_are_known_by_their_names(path: str, told: bool) -> None:
    assert is_test_path(path) is told
