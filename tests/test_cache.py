"""The cache gives back what was put, or nothing; whatever happens to its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastapi_seclint.cache import KEPT_UNUSED, PACK, Cache, key

PUT = """
import sys
from pathlib import Path
from fastapi_seclint.cache import Cache
for number in range(20):
    Cache(Path(sys.argv[1])).put_many({f"{sys.argv[2]}{number}": sys.argv[2].encode() * 5000, "shared": b"s" * 100})
"""


def test_what_was_put_comes_back_in_another_run(tmp_path: Path) -> None:
    Cache(tmp_path / "c").put_many({"one": b"1" * 100_000, "two": b"", "three": bytes(range(256))})
    again = Cache(tmp_path / "c")
    assert again.get("three") == bytes(range(256))
    assert again.get_many(["one", "two", "gone"]) == {"one": b"1" * 100_000, "two": b""}
    assert again.get("gone") is None


def test_entries_are_added_and_replaced(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.get("a") is None
    cache.put("a", b"1")
    assert cache.get("a") == b"1"
    cache.put("b", b"2")
    cache.put("a", b"3")
    assert Cache(tmp_path).get_many(["a", "b"]) == {"a": b"3", "b": b"2"}


def test_a_key_tells_parts_apart() -> None:
    keys = [key("ab"), key("a", "b"), key("a", "b", ""), key(b"ab"), key("b", "a"), key(), key("a", b"b")]
    keys.append(key("\ud800"))
    assert len(set(keys)) == len(keys)
    assert key("a", "b") == key("a", "b")
    assert set("".join(keys)) <= set("0123456789abcdef")


def test_the_directory_says_that_it_is_a_cache(tmp_path: Path) -> None:
    Cache(tmp_path / "deep/c").put("a", b"1")
    assert (tmp_path / "deep/c/CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (tmp_path / "deep/c/.gitignore").read_text() == "*\n"


def test_nothing_is_written_when_nothing_is_new(tmp_path: Path) -> None:
    Cache(tmp_path).put_many({"a": b"1", "b": b"2"})
    before = (tmp_path / PACK).stat()
    Cache(tmp_path).put_many({"a": b"1"})
    after = (tmp_path / PACK).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_entries_that_nobody_asks_for_are_dropped(tmp_path: Path) -> None:
    Cache(tmp_path).put_many({"used": b"1", "unused": b"2"})
    for number in range(KEPT_UNUSED + 1):
        cache = Cache(tmp_path)
        assert cache.get("used") == b"1"
        cache.put(f"new{number}", b"3")
    assert Cache(tmp_path).get_many(["used", "unused"]) == {"used": b"1"}


def test_a_cache_without_directory_is_off(tmp_path: Path) -> None:
    cache = Cache(None)
    cache.put("a", b"1")
    cache.clear()
    assert cache.get("a") is None


@pytest.mark.parametrize("damage", ["empty", "half", "head", "foreign", "directory", "pipe", "index"])
def test_a_damaged_pack_is_empty_and_mended_by_the_next_write(tmp_path: Path, damage: str) -> None:
    Cache(tmp_path).put_many({"a": b"1" * 1000, "b": b"2" * 1000})
    pack = tmp_path / PACK
    data = pack.read_bytes()
    pack.unlink()
    if damage == "directory":
        pack.mkdir()
    elif damage == "pipe":
        os.mkfifo(pack)
    else:
        position = data.index(b'"a"')
        pack.write_bytes(
            {
                "empty": b"",
                "half": data[:60],
                "head": data[:10],
                "foreign": b"#!/bin/sh\n" * 50,
                "index": data[:position] + b'"z"' + data[position + 3 :],
            }[damage]
        )
    cache = Cache(tmp_path)
    assert cache.get_many(["a", "b", "z"]) == {}
    cache.put("a", b"new")
    assert Cache(tmp_path).get("a") == (None if damage == "directory" else b"new")


def test_a_damaged_entry_is_a_miss_and_the_others_are_kept(tmp_path: Path) -> None:
    Cache(tmp_path).put_many({"a": b"1" * 1000, "b": b"2" * 1000, "c": b"3" * 1000})
    pack = tmp_path / PACK
    data = pack.read_bytes()
    pack.write_bytes(data[:-1500] + b"x" + data[-1499:-10])
    cache = Cache(tmp_path)
    assert cache.get_many(["a", "b", "c"]) == {"a": b"1" * 1000}
    cache.put("b", b"2" * 1000)
    assert Cache(tmp_path).get_many(["a", "b", "c"]) == {"a": b"1" * 1000, "b": b"2" * 1000}


def test_damage_anywhere_never_gives_a_wrong_entry(tmp_path: Path) -> None:
    entries = {"a": b"first entry", "b": b"second entry"}
    Cache(tmp_path).put_many(entries)
    pack = tmp_path / PACK
    data = pack.read_bytes()
    for position in range(len(data)):
        pack.write_bytes(data[:position] + bytes([data[position] ^ 0x41]) + data[position + 1 :])
        found = Cache(tmp_path).get_many(["a", "b"])
        assert found.items() <= entries.items()
        pack.write_bytes(data[:position])
        assert Cache(tmp_path).get_many(["a", "b"]).items() <= entries.items()


def test_a_link_in_place_of_the_cache_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere", target_is_directory=True)
    Cache(tmp_path / "link").put("a", b"1")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (tmp_path / "c").mkdir()
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "c" / PACK).symlink_to(tmp_path / "victim")
    Cache(tmp_path / "c").put("a", b"1")
    assert (tmp_path / "victim").read_text() == "precious"
    assert Cache(tmp_path / "c").get("a") == b"1"


def test_a_file_in_place_of_the_directory_turns_the_cache_off(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file")
    cache = Cache(tmp_path / "c")
    cache.put("a", b"1")
    assert cache.get("a") is None
    assert (tmp_path / "c").read_text() == "a file"


def test_an_interrupted_write_leaves_the_old_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Cache(tmp_path).put("a", b"1")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    Cache(tmp_path).put("b", b"2")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".gitignore", "CACHEDIR.TAG", PACK]
    assert Cache(tmp_path).get_many(["a", "b"]) == {"a": b"1"}


def test_clear_removes_entries_and_leftovers(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"1")
    (tmp_path / f"{PACK}.left").write_bytes(b"half")
    cache.clear()
    assert sorted(file.name for file in tmp_path.iterdir()) == [".gitignore", "CACHEDIR.TAG"]
    assert cache.get("a") is None


def test_processes_that_write_at_once_leave_a_whole_pack(tmp_path: Path) -> None:
    where = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PUT, str(tmp_path)]
    writers = [subprocess.Popen([*command, name], cwd=where) for name in ("x", "y", "z")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    cache = Cache(tmp_path)
    assert cache.get("shared") == b"s" * 100
    found = cache.get_many([f"{name}{number}" for name in "xyz" for number in range(20)])
    assert found
    assert all(data == name[:1].encode() * 5000 for name, data in found.items())


def test_a_run_in_which_nothing_changed_loads_no_rule_that_reads_code(tmp_path: Path) -> None:
    """Loading them takes longer than everything else that such a run does."""
    (tmp_path / "main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n", encoding="utf-8")
    asked = (
        "import sys; from fastapi_seclint.cli import run; run(['check', '.']);"
        " print([name for name in sys.modules if name.startswith('fastapi_seclint.subjects')])"
    )
    for loaded in (True, False):
        done = subprocess.run(
            [sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
        )
        assert (done.stdout.splitlines()[-1] != "[]") is loaded
