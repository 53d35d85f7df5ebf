"""What the cache holds for one project: facts by content, and the whole result of a run in which nothing changed."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property

from fastapi_seclint.cache import Cache, key
from fastapi_seclint.engine import replacing, stored
from fastapi_seclint.engine.gathering import Content
from fastapi_seclint.engine.planning import Unit
from fastapi_seclint.engine.replacing import Replacements
from fastapi_seclint.engine.stored import Examined
from fastapi_seclint.program.versions import Versions
from fastapi_seclint.rule import Fix


class Vault:
    """The cache of one run on one project. Nothing in it can change a result: a wrong or missing entry is a miss.

    `kind` tells runs apart that ask for different results.
    """

    def __init__(self, unit: Unit, contents: Sequence[Content], *, kind: str, enabled: bool) -> None:
        self._cache = Cache(unit.cache_directory if enabled else None)
        self._unit = unit
        self._contents = contents
        self._kind = kind
        self._enabled = enabled

    def result(self) -> Examined | None:
        """What a run on the same files with the same configuration found."""
        entry = self._cache.get(self._result_key) if self._enabled else None
        try:
            return stored.loads(entry) if entry is not None else None
        except ValueError:
            return None

    def facts(self, known: Container[str]) -> Mapping[str, bytes]:
        """Entries of the files' facts, by digest, for those that are not known yet."""
        if not self._enabled:
            return {}
        found = self._cache.get_many([name for digest, name in self._facts.items() if digest not in known])
        return {digest: found[name] for digest, name in self._facts.items() if name in found}

    def replacements(self, fixes: Iterable[Fix]) -> Replacements:
        """What fixes come to as replacements of text."""
        contents = {content.file.display: content for content in self._contents}
        return replacing.replacements(fixes, contents, self._cache, stored.tool_digest())

    def keep(self, entries: Mapping[str, bytes], examined: Examined) -> None:
        """Keep the facts of all files, and the result unless the tool failed."""
        if not self._enabled:
            return
        kept = {self._facts[digest]: entry for digest, entry in entries.items()}
        if not examined.failures:
            kept[self._result_key] = stored.dumps(examined)
        self._cache.put_many(kept)

    @cached_property
    def _facts(self) -> Mapping[str, str]:
        """The key of each content's facts, by digest."""
        return {content.digest: key("facts", *self._tool(), content.digest) for content in self._contents}

    @cached_property
    def _result_key(self) -> str:
        unit = self._unit
        root = unit.project.root
        packages = [folder.name for folder in (root, *root.parents) if (folder / "__init__.py").is_file()]
        parts = [
            self._kind,
            *self._tool(),
            str(root),
            *packages,
            unit.config.fingerprint(),
            Versions.find(root).fingerprint(),
            *(f"{error.path}:{error.line}:{error.message}" for error in unit.unreadable),
        ]
        return key(*parts, *(part for content in self._contents for part in (content.file.display, content.digest)))

    @staticmethod
    def _tool() -> tuple[str, str]:
        return stored.tool_digest(), f"{sys.version_info.major}.{sys.version_info.minor}"
