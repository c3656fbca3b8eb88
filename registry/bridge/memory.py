"""A model registry in memory: what the tests put in MLflow's place; it can be away, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from registry.bridge.port import RunRecord, VersionRecord


@dataclass
class MemoryBridge:
    """Keeps runs, versions and aliases as MLflow would.

    Attributes:
        runs: run id to what was recorded.
        artifacts: run id to the bytes that came with it.
        versions: model to its versions, number 1 first.
        aliases: model to alias to number.
        is_away: while set, every call fails as a network does.
    """

    runs: dict[str, RunRecord] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, list[VersionRecord]] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    is_away: bool = False

    def record_run(self, run: RunRecord) -> str:
        """Keep the run unless it is known; its id."""
        self._answer()
        for run_id, known in list(self.runs.items()):
            if (known.experiment, known.key) == (run.experiment, run.key):
                return run_id
        data = run.artifact().read_bytes() if run.artifact else None
        run_id = f"run-{len(self.runs) + 1}"
        self.runs[run_id] = run
        if data is not None:
            self.artifacts[run_id] = data
        return run_id

    def register_version(self, version: VersionRecord) -> str:
        """Keep the version unless it is known; its number."""
        self._answer()
        line = self.versions.setdefault(version.model, [])
        for number, known in enumerate(line, start=1):
            if known.key == version.key:
                return str(number)
        line.append(version)
        return str(len(line))

    def project(
        self, model: str, *, aliases: Mapping[str, str], stages: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Set the aliases and stages; the aliases that stood there before."""
        self._answer()
        line = self.versions.setdefault(model, [])
        numbers = {version.key: str(number) for number, version in enumerate(line, start=1)}
        keys = {number: key for key, number in numbers.items()}
        before = self.aliases.get(model, {})
        self.aliases[model] = {alias: numbers[key] for alias, key in aliases.items()}
        for index, version in enumerate(line):
            if version.key in stages:
                tags = {**version.tags, "stage": stages[version.key]}
                line[index] = replace(version, tags=tags)
        return {alias: keys.get(number, "") for alias, number in before.items()}

    def _answer(self) -> None:
        if self.is_away:
            raise ConnectionError("The model registry is away.")
