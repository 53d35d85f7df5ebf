"""The facts of a project's files: looked up by content, extracted where new, in processes where that pays."""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_seclint import syntax
from fastapi_seclint.discovery import Project, SourceFile
from fastapi_seclint.outcome import Failure, ReadError

if TYPE_CHECKING:
    from fastapi_seclint.facts import FileFacts

Progress = Callable[[int, int], None]
"""Called with the number of files done and the number of all files to extract."""

WORTH_PROCESSES = 20_000_000
"""Bytes of new source text from which more processes pay: they save time to wait for and cost processor time."""
_UNREADABLE = b"!"
_CRASHED = b"?"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file; `text` where an overlay replaces it, whatever encoding the file declares."""

    file: SourceFile
    data: bytes = field(repr=False)
    digest: str
    text: str | None = field(default=None, repr=False)

    def decoded(self) -> str:
        """The text without BOM, line ends as they are; raises `syntax.Unreadable`."""
        return syntax.decode(self.data) if self.text is None else self.text.removeprefix("\ufeff")

    def source(self) -> syntax.Source:
        """The text and its tree; raises `syntax.Unreadable`."""
        text = self.decoded()
        return syntax.Source(self.file.display, text, *syntax.parse(text))


@dataclass(slots=True)
class Gathered:
    """The facts of the files that could be read, those that could not, and crashes, in order of path."""

    files: list[tuple[SourceFile, FileFacts]] = field(default_factory=list)
    unreadable: list[ReadError] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without garbage collection, which finds nothing among trees and facts and costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def contents(project: Project, cwd: Path, overlay: Mapping[Path, str]) -> tuple[list[Content], list[ReadError]]:
    """Every file of a project with a digest of its content; files that only the overlay has are part of it."""
    found, errors = [], []
    for file in (*project.files, *_created(project, cwd, overlay)):
        text = overlay.get(file.path) if overlay else None
        try:
            data = _bytes(file.path) if text is None else text.encode("utf-8", "surrogatepass")
        except OSError as error:
            errors.append(ReadError(file.display, 1, f"cannot be read: {error.strerror or error}"))
            continue
        found.append(Content(file, data, blake2b(data, digest_size=16).hexdigest(), text))
    return sorted(found, key=lambda content: content.file.display), errors


def _bytes(path: Path) -> bytes:
    """The content of a file, no more of a too large one than it takes to know that."""
    with path.open("rb", buffering=0) as stream:
        large = os.fstat(stream.fileno()).st_size > syntax.MAX_BYTES
        return stream.read(syntax.MAX_BYTES + 1) if large else stream.readall()


def extracted(
    files: Iterable[Content], *, jobs: int | None = None, progress: Progress | None = None
) -> dict[str, bytes]:
    """Entries for the cache of the files' facts, by digest.

    `jobs` is a number of processes; None takes as many as pay.
    """
    missing = {file.digest: file for file in files}
    return dict(zip(missing, _extracted(list(missing.values()), jobs, progress), strict=True))


def gather(files: Sequence[Content], entries: Mapping[str, bytes]) -> Gathered:
    """The facts of the files out of their entries."""
    result = Gathered()
    for content in files:
        _add(result, content, entries[content.digest])
    return result


def usable(entry: bytes) -> bool:
    """Whether an entry of an earlier run can be read."""
    from fastapi_seclint.facts import FileFacts

    try:
        if not entry.startswith(_UNREADABLE):
            FileFacts.loads("", entry)
    except ValueError:
        return False
    return True


def is_crash(entry: bytes) -> bool:
    """Whether an entry says that the tool crashed on a file; it is not kept."""
    return entry.startswith(_CRASHED)


def _add(result: Gathered, content: Content, entry: bytes) -> None:
    from fastapi_seclint.facts import FileFacts

    display = content.file.display
    if entry.startswith(_UNREADABLE):
        line, message = json.loads(entry[1:])
        result.unreadable.append(ReadError(display, line, message))
    elif entry.startswith(_CRASHED):
        message, detail = json.loads(entry[1:])
        result.failures.append(Failure(display, message, detail))
    else:
        result.files.append((content.file, FileFacts.loads(display, entry)))


def _created(project: Project, cwd: Path, overlay: Mapping[Path, str]) -> Iterator[SourceFile]:
    """The Python files that an overlay adds to a project."""
    known = {file.path for file in project.files} if overlay else set()
    for path in overlay:
        if path not in known and path.suffix == ".py" and path.is_relative_to(project.root):
            yield SourceFile(path, Path(os.path.relpath(path, cwd)).as_posix())


def _extracted(files: Sequence[Content], jobs: int | None, progress: Progress | None) -> list[bytes]:
    """An entry for each file, in order; when a process dies, for want of memory perhaps, this one does the rest."""
    entries: list[bytes] = []

    def take(new: Iterable[bytes]) -> None:
        for entry in new:
            entries.append(entry)
            if progress:
                progress(len(entries), len(files))

    count = _processes(files, jobs)
    if count > 1:
        take(_in_processes(files, count))
    take(map(_entry, files[len(entries) :]))
    return entries


def _processes(files: Sequence[Content], jobs: int | None) -> int:
    """How many processes to use: those asked for, else as many as there are processors if the files are worth it."""
    if jobs is not None:
        return min(jobs, len(files))
    if not hasattr(os, "fork") or sum(len(file.data) for file in files) < WORTH_PROCESSES:
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, 8, len(files))


def _in_processes(files: Sequence[Content], count: int) -> Iterator[bytes]:
    """Entries from other processes, in order, as far as they get."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_as_worker)
    try:
        yield from pool.map(_entry, files, chunksize=max(1, min(16, len(files) // (count * 4))))
    except BrokenProcessPool:
        return
    finally:
        pool.shutdown(cancel_futures=True)


def _as_worker() -> None:
    """An interrupt is for the process that waits for this one."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _entry(content: Content) -> bytes:
    """What the cache keeps of a file: its facts, or why it cannot be read, or how the tool crashed on it."""
    from fastapi_seclint import facts

    try:
        return facts.extract(content.source()).dumps()
    except syntax.Unreadable as error:
        return _UNREADABLE + json.dumps([error.line, error.message]).encode()
    except RecursionError:
        return _UNREADABLE + json.dumps([1, "nested too deeply"]).encode()
    except Exception as error:  # a crash names its file, and the others are still checked
        import traceback

        message = f"{type(error).__name__}: {error}"
        return _CRASHED + json.dumps([message, traceback.format_exc()]).encode()
