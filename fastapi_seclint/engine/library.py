"""The facts of a project's files, wherever they come from: this run, an earlier pass of it, or the cache."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from fastapi_seclint.engine import gathering
from fastapi_seclint.engine.gathering import Content, Gathered, Progress
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.engine.vault import Vault, fingerprint


class Library:
    """The facts of some files; those that no earlier run extracted are extracted at once."""

    def __init__(
        self, vault: Vault, contents: Sequence[Content], options: Options, progress: Progress | None = None
    ) -> None:
        self._vault = vault
        self._contents = contents
        self._options = options
        self._progress = progress
        memory = options.memory
        self._entries = {content.digest: memory[content.digest] for content in contents if content.digest in memory}
        prints = vault.prints()
        self._extract(prints)
        self.prints = {**prints, **{digest: fingerprint(entry) for digest, entry in self._entries.items()}}
        """The fingerprint of each file's facts, by the digest of its content."""

    @property
    def entries(self) -> Mapping[str, bytes]:
        """The entries that are at hand and worth keeping, by the digest of the content."""
        return {digest: entry for digest, entry in self._entries.items() if not gathering.is_crash(entry)}

    def gathered(self) -> Gathered:
        """The facts of all files."""
        absent = {digest: name for digest, name in self.prints.items() if digest not in self._entries}
        found = self._vault.facts(absent)
        self._entries.update({digest: entry for digest, entry in found.items() if gathering.usable(entry)})
        self._extract(())
        self._options.memory.update(self.entries)
        return gathering.gather(self._contents, self._entries)

    def _extract(self, known: Container[str]) -> None:
        """Extract what is neither at hand nor known."""
        missing = [file for file in self._contents if file.digest not in self._entries and file.digest not in known]
        new = gathering.extracted(missing, jobs=self._options.jobs, progress=self._progress)
        self._entries.update(new)
