"""The files that fixes change: read with everything that writing them back needs, written atomically or left alone."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import tokenize
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BOM = "\ufeff"
_NEW_MODE = 0o644


class FileError(Exception):
    """A file, by its display path, that cannot be read or written as it is, and why."""

    def __init__(self, display: str, reason: str) -> None:
        super().__init__(f"{display}: {reason}")
        self.display = display


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """A file as it was read; `data` is None for one that does not exist. `text` is without the byte order mark."""

    path: Path
    display: str
    data: bytes | None = field(repr=False)
    text: str = field(repr=False)
    encoding: str = "utf-8"
    bom: str = ""

    def encoded(self, text: str) -> bytes:
        """The bytes of a new text in the file's encoding; raises `FileError` for a character it lacks."""
        try:
            return (self.bom + text).encode(self.encoding)
        except UnicodeEncodeError:
            raise FileError(self.display, f"the file's encoding, {self.encoding}, lacks a new character") from None


def read(display: str, cwd: Path) -> Original:
    """A file by its display path, line ends as they are; raises `FileError` when it cannot be read."""
    path = cwd / display
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Original(path, display, None, "")
    except OSError as error:
        raise FileError(display, f"cannot be read: {error.strerror or error}") from None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding.removesuffix("-sig"))
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise FileError(display, "cannot be decoded") from None
    bom = BOM if text.startswith(BOM) else ""
    return Original(path, display, data, text.removeprefix(BOM), encoding.removesuffix("-sig"), bom)


def write(groups: Sequence[Mapping[str, str]], originals: Mapping[str, Original]) -> tuple[str, ...]:
    """Write new texts by display path, each group wholly or not at all; returns why groups were left alone.

    A file is replaced in one step: a reader, or a kill at any time, finds the old or the new content. Its mode stays,
    a link's target is written, and a file that changed since it was read or is read-only is left alone.
    """
    messages: list[str] = []
    for group in groups:
        try:
            _write_group({originals[name]: originals[name].encoded(text) for name, text in sorted(group.items())})
        except FileError as error:
            others = sorted(set(group) - {error.display})
            messages.append(f"{error}" + (f"; left alone with it: {', '.join(others)}" if others else ""))
    return tuple(messages)


def _write_group(contents: Mapping[Original, bytes]) -> None:
    """Replace the files of a group, new ones first; whatever stops it half-way, all are as they were."""
    targets = {original: _target(original) for original in contents}
    staged: dict[Original, Path] = {}
    replaced: list[Original] = []
    made: list[Path] = []
    try:
        for original in sorted(contents, key=lambda one: (one.data is not None, one.display)):
            made += _make_folders(targets[original].parent)
            staged[original] = _stage(original, targets[original], contents[original])
        for original, temporary in staged.items():
            _unchanged(original, targets[original])
            os.replace(temporary, targets[original])
            replaced.append(original)
    except OSError as error:
        raise FileError(original.display, f"cannot be written: {error.strerror or error}") from None
    finally:
        if len(replaced) < len(contents):
            for original in replaced:
                _restore(original, targets[original])
            for temporary in staged.values():
                temporary.unlink(missing_ok=True)
            for folder in reversed(made):
                with suppress(OSError):
                    folder.rmdir()


def _target(original: Original) -> Path:
    """The file to replace, links followed; raises `FileError` when it must be left alone."""
    target = original.path.resolve()
    _unchanged(original, target)
    if original.data is not None and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK)):
        raise FileError(original.display, "is read-only")
    return target


def _unchanged(original: Original, target: Path) -> None:
    try:
        now = target.read_bytes()
    except FileNotFoundError:
        now = None
    except OSError as error:
        raise FileError(original.display, f"cannot be read: {error.strerror or error}") from None
    if now != original.data:
        raise FileError(original.display, "changed since it was read")


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; returns the ones that were not there, outermost first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _stage(original: Original, target: Path, content: bytes) -> Path:
    """Write content beside its target, with the target's mode."""
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".seclint", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        temporary.chmod(_NEW_MODE if original.data is None else stat.S_IMODE(target.stat().st_mode))
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _restore(original: Original, target: Path) -> None:
    if original.data is None:
        target.unlink(missing_ok=True)
    else:
        os.replace(_stage(original, target, original.data), target)
