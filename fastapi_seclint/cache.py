"""Bytes by key in one file a directory: read lazily, checked, written atomically, and off where it cannot work.

A pack is a header (magic, length and digest of the index), the index in JSON (key: offset, length, CRC-32, age) and the
entries. Whatever is wrong with a pack or an entry is a miss. Nothing in it is ever executed or unpickled.
"""

from __future__ import annotations

import json
import mmap
import os
import stat
import struct
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

PACK = "seclint.pack"
KEPT_UNUSED = 4
"""How many times a pack is rewritten with an entry that nobody asked for before the entry is dropped."""

_HEADER = struct.Struct("<8sQ16s")
_MAGIC = b"seclint1"
_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by seclint.
"""
_Row = tuple[int, int, int, int]


def key(*parts: bytes | str) -> str:
    """A key for a list of parts; no other list gives the same."""
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%c%d:" % (b"s" if isinstance(part, str) else b"b", len(data)))
        digest.update(data)
    return digest.hexdigest()


class Cache:
    """A pack in a directory; it is off for None, a directory that cannot be written, or a link in its place."""

    def __init__(self, directory: Path | None, name: str = PACK) -> None:
        self._directory = None if directory is None or os.path.islink(directory) else directory
        self._name = name
        self._pack: _Pack | None = None
        self._used: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """The entry of a key, or None."""
        return self.get_many((key,)).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The entries of those keys that have one."""
        if self._directory is None:
            return {}
        if self._pack is None:
            self._pack = _Pack.open(self._directory / self._name)
        found = {key: data for key in keys if (data := self._pack.read(key)) is not None}
        self._used.update(found)
        return found

    def put(self, key: str, data: bytes) -> None:
        """Keep an entry."""
        self.put_many({key: data})

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        """Keep entries, with one write at most; what nobody asked for in the last few writes is dropped."""
        if self._directory is None:
            return
        pack = _Pack.open(self._directory / self._name)
        try:
            if all(pack.has(key, data) for key, data in entries.items()):
                return
            ages = {key: 0 if key in self._used else age + 1 for key, age in pack.ages().items() if key not in entries}
            young = [key for key, age in ages.items() if age <= KEPT_UNUSED]
            kept = {key: data for key in young if (data := pack.read(key)) is not None}
        finally:
            pack.close()
        self._used.update(entries)
        self.close()
        with suppress(OSError):
            _prepare(self._directory)
            _write(self._directory / self._name, {**kept, **entries}, ages)

    def clear(self) -> None:
        """Remove the entries, and what interrupted writes left behind."""
        self.close()
        if self._directory is None or not self._directory.is_dir():
            return
        for file in self._directory.glob(f"{self._name}*"):
            with suppress(OSError):
                file.unlink()

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        if self._pack is not None:
            self._pack.close()
            self._pack = None


class _Pack:
    """An open pack; one that cannot be read has no entries."""

    def __init__(self, data: mmap.mmap | None, start: int, index: Mapping[str, object]) -> None:
        self._data = data
        self._start = start
        self._index = index

    @classmethod
    def open(cls, file: Path) -> _Pack:
        """The pack in a file; never waits for a pipe, never follows a link."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        data = None
        try:
            descriptor = os.open(file, flags)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    data = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
            return cls._opened(data) if data is not None else cls(None, 0, {})
        except (OSError, ValueError, RecursionError, struct.error):
            if data is not None:
                data.close()
            return cls(None, 0, {})

    @classmethod
    def _opened(cls, data: mmap.mmap) -> _Pack:
        magic, length, digest = _HEADER.unpack_from(data)
        start = _HEADER.size + length
        text = data[_HEADER.size : start]
        if magic != _MAGIC or _digest(text) != digest:
            raise ValueError("not a pack")
        index = json.loads(text)
        if not isinstance(index, dict):
            raise ValueError("not an index")
        return cls(data, start, index)

    def read(self, key: str) -> bytes | None:
        row = self._row(key)
        if row is None or self._data is None:
            return None
        offset, length, checksum, _ = row
        data = self._data[self._start + offset : self._start + offset + length]
        return data if len(data) == length and crc32(data) == checksum else None

    def has(self, key: str, data: bytes) -> bool:
        """Whether the pack has this entry."""
        row = self._row(key)
        if row is None or self._data is None or row[1:3] != (len(data), crc32(data)):
            return False
        return self._data[self._start + row[0] : self._start + row[0] + row[1]] == data

    def ages(self) -> dict[str, int]:
        return {key: row[3] for key in self._index if (row := self._row(key)) is not None}

    def close(self) -> None:
        if self._data is not None:
            self._data.close()
        self._data, self._index = None, {}

    def _row(self, key: str) -> _Row | None:
        match self._index.get(key):
            case [int(offset), int(length), int(checksum), int(age)] if offset >= 0 <= length and age >= 0:
                return offset, length, checksum, age
        return None


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _prepare(directory: Path) -> None:
    """Make the directory, with its tag for backup programs and its own ignores."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
        with suppress(FileExistsError), (directory / name).open("x", encoding="utf-8") as file:
            file.write(text)


def _write(file: Path, entries: Mapping[str, bytes], ages: Mapping[str, int]) -> None:
    """Write a pack beside the old one and put it in its place."""
    index: dict[str, _Row] = {}
    offset = 0
    for name in sorted(entries):
        data = entries[name]
        index[name] = (offset, len(data), crc32(data), ages.get(name, 0))
        offset += len(data)
    text = json.dumps(index, separators=(",", ":")).encode()
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(_HEADER.pack(_MAGIC, len(text), _digest(text)))
            stream.write(text)
            stream.writelines(entries[name] for name in index)
        os.replace(temporary, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
