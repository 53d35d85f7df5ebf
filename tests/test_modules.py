"""Which file is which module: names of modules, and imports followed from one file to another."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import Files, program, routes, survey, write

import fastapi_seclint
from fastapi_seclint.program.values import Const, External, options, string

ROUTER = """
from fastapi import APIRouter, Depends
def guard(): ...
router = APIRouter(dependencies=[Depends(guard)])
@router.get("/x")
def x(): ...
"""
APP = "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n"
INCLUDE = "app.include_router(router)\n"


def names(root: Path, files: Files) -> list[str]:
    return sorted(module.name for module in program(root, files).modules.by_file.values())


def handlers(root: Path, *arguments: str) -> list[tuple[str, str, tuple[str, ...]]]:
    found = fastapi_seclint.routes(arguments or ".", cwd=root)
    return [(row.app, row.endpoint, row.dependencies) for row in found.table.routes if row.kind == "http"]


# Names


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"main.py": "", "shop/__init__.py": "", "shop/api.py": ""}, ["main", "shop", "shop.api"], id="flat"
        ),
        pytest.param(
            {"src/shop/__init__.py": "", "src/shop/a/__init__.py": "", "src/shop/a/b.py": ""},
            ["shop", "shop.a", "shop.a.b"],
            id="src layout",
        ),
        pytest.param(
            {"lib/shop/__init__.py": "", "lib/run.py": "import shop"}, ["run", "shop"], id="other source root"
        ),
        pytest.param(
            {
                "shop/__init__.py": "",
                "shop/api.py": "import shop.deps\nimport shop_extra.api",
                "shop/deps.py": "import shop",
                "packages/shop-extra/shop_extra/__init__.py": "",
                "packages/shop-extra/shop_extra/api.py": "import shop.deps\nimport shop_extra.deps",
                "packages/shop-extra/shop_extra/deps.py": "import shop",
            },
            ["shop", "shop.api", "shop.deps", "shop_extra", "shop_extra.api", "shop_extra.deps"],
            id="a package beside the one that imports it",
        ),
        pytest.param(
            {"app/main.py": "from app.deps import guard", "app/deps.py": "def guard(): ..."},
            ["app.deps", "app.main"],
            id="a folder that its files import by name",
        ),
        pytest.param(
            {"app/main.py": "from deps import guard", "app/deps.py": "def guard(): ..."},
            ["deps", "main"],
            id="a folder that its files start from",
        ),
        pytest.param(
            {"app/core/config.py": "", "app/main.py": "from app.core import config"},
            ["app.core.config", "app.main"],
            id="a namespace package",
        ),
    ],
)
def test_modules_are_named_as_their_imports_name_them(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    assert names(tmp_path, files) == expected


def test_the_working_directory_inside_a_package_keeps_the_package_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "open_webui/__init__.py": "",
            "open_webui/main.py": APP + "from open_webui.routers.users import router\n" + INCLUDE,
            "open_webui/routers/users.py": ROUTER,
        },
    )
    found = handlers(tmp_path / "open_webui")
    assert found == [("open_webui.main:app", "open_webui.routers.users.x", ("open_webui.routers.users.guard",))]


def test_a_folder_without_init_is_named_by_its_own_imports_even_from_inside(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "backend/main.py": APP + "from backend.users import router\n" + INCLUDE,
            "backend/users.py": ROUTER,
        },
    )
    assert handlers(tmp_path / "backend") == [("backend.main:app", "backend.users.x", ("backend.users.guard",))]


SIBLING = {
    "{0}/app/__init__.py": "",
    "{0}/app/main.py": APP + "from app.users import router\n" + INCLUDE,
    "{0}/app/users.py": "def {0}(): ...\n" + ROUTER.replace("guard", "guard_of_{0}").replace("def x", "def x_of_{0}"),
}


def siblings(root: Path) -> Path:
    for name in ("one", "two"):
        write(root, {path.format(name): text.format(name) for path, text in SIBLING.items()})
    return root


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("one", "two"), id="two arguments"),
        pytest.param((".",), id="one argument"),
    ],
)
def test_sibling_projects_with_equal_module_names_do_not_mix(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = handlers(siblings(tmp_path), *arguments)
    assert sorted((endpoint, deps) for _, endpoint, deps in found) == [
        (f"app.users.x_of_{name}", (f"app.users.guard_of_{name}",)) for name in ("one", "two")
    ]


# Imports

TREE = {
    "shop/__init__.py": "",
    "shop/sub/__init__.py": "from .deep import X as renamed\n",
    "shop/sub/deep.py": "X = 'found'\nY = 'hidden'\n_private = 'private'\n",
    "shop/listed.py": "__all__ = ['_private']\nfrom shop.sub.deep import X, _private\n",
    "shop/namespace/leaf.py": "X = 'found'\n",
    "shop/typing_only.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.sub.deep import X\n",
    "shop/fallback.py": (
        "try:\n    from no_such_library import X\nexcept ImportError:\n    from shop.sub.deep import X\n"
    ),
    "shop/first.py": "import shop.second\nA = 'found'\ndef late():\n    return shop.second.B\n",
    "shop/second.py": "from shop.first import A\nB = A\n",
    "shop/lazy.py": "def __getattr__(name):\n    return 1\n",
}


@pytest.mark.parametrize(
    "line",
    [
        "from shop.sub.deep import X",
        "from .sub.deep import X",
        "from .sub import deep; X = deep.X",
        "from . import sub; X = sub.deep.X",
        "import shop.sub.deep; X = shop.sub.deep.X",
        "import shop.sub.deep as short; X = short.X",
        "from shop.sub import renamed as X",
        "from shop.sub.deep import *",
        "from shop.listed import _private; from shop.listed import X",
        "from shop.namespace.leaf import X",
        "from shop.namespace import leaf; X = leaf.X",
        "from shop.typing_only import X",
        "from shop.fallback import X",
        "from shop.second import B as X",
        "from shop.first import A as X",
        "import importlib; X = importlib.import_module('shop.sub.deep').X",
        "import importlib; X = importlib.import_module('.sub.deep', package='shop').X",
        "import importlib; X = getattr(importlib.import_module('.deep', 'shop.sub'), 'X')",
        "import sys; from shop.sub import deep; X = getattr(deep, 'X', None)",
    ],
)
def test_imports_are_followed(tmp_path: Path, line: str) -> None:
    found = program(tmp_path, {**TREE, "shop/main.py": line.replace("; ", "\n") + "\n"})
    answer = found.interpreter.attribute_of_module(found.modules.by_name["shop.main"], "X")
    assert answer is not None
    assert {string(option) for option in options(answer)} - {None} == {"found"}


@pytest.mark.parametrize("name", ["_private", "no_such_name"])
def test_a_star_import_gives_public_names_only(tmp_path: Path, name: str) -> None:
    found = program(tmp_path, {**TREE, "shop/main.py": "from shop.sub.deep import *\n"})
    assert not isinstance(found.interpreter.attribute_of_module(found.modules.by_name["shop.main"], name), Const)


def test_a_star_import_gives_what_all_lists(tmp_path: Path) -> None:
    found = program(tmp_path, {**TREE, "shop/main.py": "from shop.listed import *\n"})
    main = found.modules.by_name["shop.main"]
    assert string(found.interpreter.attribute_of_module(main, "_private")) == "private"
    assert found.interpreter.attribute_of_module(main, "X") is None


@pytest.mark.parametrize("name", ["fastapi", "jwt", "redis", "typing"])
def test_a_project_file_named_like_a_library_does_not_hide_the_library_in_a_package(tmp_path: Path, name: str) -> None:
    """`shop/jwt.py` is `shop.jwt`; `import jwt` in `shop/main.py` is the library."""
    found = program(
        tmp_path,
        {
            "shop/__init__.py": "",
            f"shop/{name}.py": "X = 'own'\n",
            "shop/main.py": f"import {name}\nfrom shop import {name} as own\nX = {name}.X\nY = own.X\n",
        },
    )
    main = found.modules.by_name["shop.main"]
    assert string(found.interpreter.attribute_of_module(main, "X")) is None
    assert string(found.interpreter.attribute_of_module(main, "Y")) == "own"


def test_a_folder_above_the_project_is_no_module(tmp_path: Path) -> None:
    """The examples of a library lie in a checkout of its name: what they import from it is not that folder."""
    root = tmp_path / "keeper" / "keeper" / "examples"
    found = program(root, {"main.py": "from keeper import guard\n"})
    assert found.modules.absolute("keeper", found.modules.by_name["main"]) is None


@pytest.mark.parametrize("own", ["shop/utils/jwt.py", "shop/utils/jwt/keys.py", "shop/utils/jwt/__init__.py"])
def test_a_library_is_not_hidden_where_folders_are_no_packages(tmp_path: Path, own: str) -> None:
    """Imports start at the project's root: `from shop.utils...` says so, and no folder has an `__init__.py`."""
    found = program(
        tmp_path,
        {
            own: "import jwt\nX = 'own'\n",
            "shop/utils/auth.py": "import jwt\nX = jwt.X\n",
            "shop/main.py": "from shop.utils.auth import X\n",
        },
    )
    for name in ("shop.main", "shop.utils.auth"):
        assert string(found.interpreter.attribute_of_module(found.modules.by_name[name], "X")) is None


def test_a_file_named_like_a_library_is_found_where_imports_start(tmp_path: Path) -> None:
    found = program(tmp_path, {"redis.py": "X = 'own'\n", "main.py": "from redis import X\n"})
    assert string(found.interpreter.attribute_of_module(found.modules.by_name["main"], "X")) == "own"


def test_a_file_never_imports_itself(tmp_path: Path) -> None:
    found = program(tmp_path, {"jwt.py": "from jwt import decode\nX = decode\n", "main.py": "import fastapi\n"})
    answer = found.interpreter.attribute_of_module(found.modules.by_name["jwt"], "X")
    assert isinstance(answer, External)
    assert answer.name == "jwt.decode"


FALLBACKS = [
    "try:\n    from missing_library import router\nexcept ImportError:\n    from users import router\n",
    "try:\n    from users import router\nexcept ImportError:\n    router = None\n",
    "try:\n    import missing_library\nexcept ImportError:\n    from users import router\nelse:\n    router = None\n",
]


@pytest.mark.parametrize("lines", FALLBACKS)
def test_a_router_with_an_import_for_want_of_another_is_included(tmp_path: Path, lines: str) -> None:
    table = survey(tmp_path, {"users.py": ROUTER, "main.py": APP + lines + "if router:\n    " + INCLUDE}).table
    assert [(row.path, row.dependencies, row.protection) for row in table.routes] == [("/x", ("users.guard",), "open")]
    assert table.unresolved == ()


@pytest.mark.parametrize(
    "middle", ["from users import router", "import users\nrouter = users.router", "from users import *"]
)
def test_a_router_may_come_through_another_module(tmp_path: Path, middle: str) -> None:
    found = routes(
        tmp_path,
        {"users.py": ROUTER, "api.py": middle + "\n", "main.py": APP + "import api\napp.include_router(api.router)\n"},
    )
    assert found["/x"].dependencies == ("users.guard",)


def test_a_folder_is_imported_from_although_a_file_in_it_is_called_the_same(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        {
            "admin/admin.py": "X = 1\n",
            "admin/debug.py": "from admin import users\n" + ROUTER.replace("Depends(guard)", "Depends(users.check)"),
            "admin/users.py": "def check(): ...\n",
            "main.py": APP + "from admin import debug\napp.include_router(debug.router)\n",
        },
    )
    assert found["/x"].dependencies[-1].endswith("users.check")


def test_a_module_that_is_not_there_is_listed_and_hides_nothing_else(tmp_path: Path) -> None:
    table = survey(
        tmp_path,
        {
            "users.py": ROUTER,
            "main.py": APP
            + "from users import router\nfrom not_written_yet import other\n"
            + INCLUDE
            + "app.include_router(other)\n",
        },
    ).table
    assert [row.path for row in table.routes] == ["/x"]
    ((line, reason),) = [(item.location.span.line, item.reason) for item in table.unresolved]
    assert line == 6
    assert "other" in reason or "not_written_yet" in reason


def test_tests_are_not_part_of_the_application(tmp_path: Path) -> None:
    found = survey(
        tmp_path, {"main.py": APP, "tests/test_main.py": "from main import app\n@app.get('/t')\ndef t(): ...\n"}
    )
    assert [row.path for row in found.table.routes] == []


def test_a_package_that_is_run_from_inside_finds_its_own_module_before_the_folder_of_its_tests(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        {
            "quay/__init__.py": "",
            "quay/main.py": f"{APP}from berths import router\n{INCLUDE}",
            "quay/berths/__init__.py": ROUTER,
            "quay/tests/berths/test_berths.py": "def test_berths(): ...\n",
        },
    )
    assert found["/x"].dependencies == ("berths.guard",)


def test_a_project_whose_root_is_a_package_finds_what_lies_beside_before_a_folder_of_the_same_name_below(
    tmp_path: Path,
) -> None:
    found = routes(
        tmp_path,
        {
            "__init__.py": "",
            "main.py": f"{APP}from berths.api import router\n{INCLUDE}",
            "berths/api.py": ROUTER,
            "office/berths/__init__.py": "",
            "office/berths/api.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
        },
    )
    assert found["/x"].dependencies == ("berths.api.guard",)


@pytest.mark.parametrize(
    "filling",
    [
        pytest.param(
            "from quay.helpers import each\nfrom quay import berths\ndef started():\n"
            "    def add(module):\n        app.include_router(module.router)\n    each([berths], add)\nstarted()\n",
            id="by a helper that is told what to do with each",
        ),
        pytest.param(
            "def serve(quay: 'Quay'):\n    from quay.routers import register\n    app.mount('/static', StaticFiles())\n"
            "    register(app)\n",
            id="by a function that nobody calls here",
        ),
    ],
)
def test_routers_are_included_wherever_an_application_is_filled(filling: str, tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        {
            "quay/__init__.py": "",
            "quay/main.py": f"from fastapi.staticfiles import StaticFiles\n{APP}{filling}",
            "quay/berths.py": ROUTER,
            "quay/helpers.py": "def each(items, act):\n    for item in items:\n        act(item)\n    return items\n",
            "quay/routers.py": "from quay import berths\ndef register(app):\n    app.include_router(berths.router)\n",
        },
    )
    assert found["/x"].dependencies == ("quay.berths.guard",)
