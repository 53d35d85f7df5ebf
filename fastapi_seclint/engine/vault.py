"""What the cache holds for one project: facts of its files, and whole results of runs on the same facts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b

from fastapi_seclint.cache import PACK, Cache, key
from fastapi_seclint.engine import replacing, stored
from fastapi_seclint.engine.gathering import Content
from fastapi_seclint.engine.planning import Unit
from fastapi_seclint.engine.replacing import Replacements
from fastapi_seclint.engine.stored import Examined
from fastapi_seclint.program import entry_points
from fastapi_seclint.program.versions import Versions
from fastapi_seclint.rule import Fix

FACTS = "facts.pack"
"""Facts have a pack of their own: a run that finds its result neither reads nor writes it."""

Prints = Mapping[str, str]
"""The fingerprint of a file's facts, by the digest of its content."""


def fingerprint(entry: bytes) -> str:
    """What tells the facts of one file from others."""
    return blake2b(entry, digest_size=16).hexdigest()


class Vault:
    """The cache of one run on one project. Nothing in it can change a result: a wrong or missing entry is a miss.

    A result is kept for the facts of the files, not for their texts: an edit that changes no fact (to a comment, say)
    finds it again. `kind` tells runs apart that ask for different results.
    """

    def __init__(self, unit: Unit, contents: Sequence[Content], *, kind: str, enabled: bool) -> None:
        directory = unit.cache_directory if enabled else None
        self._cache = Cache(directory, PACK)
        self._facts = Cache(directory, FACTS)
        self._unit = unit
        self._contents = contents
        self._kind = kind
        self._enabled = enabled

    def prints(self) -> dict[str, str]:
        """The fingerprints that are known, of files whose facts were extracted in an earlier run."""
        found = self._cache.get_many(self._prints.values())
        return {digest: found[name].decode("latin-1") for digest, name in self._prints.items() if name in found}

    def facts(self, prints: Prints) -> dict[str, bytes]:
        """The entries of files' facts, by the digest of the content; files without one in the cache are left out."""
        found = self._facts.get_many(prints.values())
        return {digest: found[name] for digest, name in prints.items() if name in found}

    def result(self, prints: Prints) -> Examined | None:
        """What a run on the same facts with the same configuration found."""
        entry = self._cache.get(self._result_key(prints)) if self._enabled else None
        try:
            return stored.loads(entry) if entry is not None else None
        except ValueError:
            return None

    def replacements(self, fixes: Iterable[Fix]) -> Replacements:
        """What fixes come to as replacements of text."""
        contents = {content.file.display: content for content in self._contents}
        return replacing.replacements(fixes, contents, self._cache, stored.tool_digest())

    def keep_prints(self, prints: Prints) -> None:
        """Keep the fingerprints of files whose result is in the cache."""
        self._cache.put_many({self._prints[digest]: name.encode() for digest, name in prints.items()})

    def keep(self, prints: Prints, entries: Mapping[str, bytes], examined: Examined) -> None:
        """Keep the facts of files, by the digest of the content, and the result unless the tool failed."""
        if not self._enabled:
            return
        kept = {self._prints[digest]: prints[digest].encode() for digest in entries}
        if not examined.failures:
            kept[self._result_key(prints)] = stored.dumps(examined)
        self._cache.put_many(kept)
        self._facts.put_many({prints[digest]: entry for digest, entry in entries.items()})

    @cached_property
    def _prints(self) -> Mapping[str, str]:
        """The key of each content's fingerprint, by digest."""
        return {content.digest: key("facts", *self._tool(), content.digest) for content in self._contents}

    def _result_key(self, prints: Prints) -> str:
        files = (part for content in self._contents for part in (content.file.display, prints[content.digest]))
        return key(*self._circumstances, *files)

    @cached_property
    def _circumstances(self) -> Sequence[str]:
        """What a result depends on besides the facts of the files."""
        unit = self._unit
        root = unit.project.root
        packages = [folder.name for folder in (root, *root.parents) if (folder / "__init__.py").is_file()]
        return [
            self._kind,
            *self._tool(),
            str(root),
            *packages,
            unit.config.fingerprint(),
            Versions.find(root).fingerprint(),
            *(part for source in entry_points.sources(root, self._paths()) for part in source),
            *(f"{error.path}:{error.line}:{error.message}" for error in unit.unreadable),
        ]

    def _paths(self) -> Iterable[str]:
        return (content.file.path.as_posix() for content in self._contents)

    @staticmethod
    def _tool() -> tuple[str, str]:
        return stored.tool_digest(), f"{sys.version_info.major}.{sys.version_info.minor}"
