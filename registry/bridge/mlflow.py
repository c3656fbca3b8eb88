"""Writes runs, versions and aliases into MLflow; the only module that speaks to it."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import math
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from registry.bridge.port import RunRecord, VersionRecord

_PREFIX = "lineward."
_KEY = "lineward.key"
_STAGE = "lineward.stage"

# MLflow's limits (mlflow/utils/validation.py); beyond them it refuses the whole batch.
_MAX_NAME_CHARACTERS = 250
_MAX_PARAMETER_CHARACTERS = 6_000
_MAX_TAG_CHARACTERS = 8_000
_MAX_PER_BATCH = 100
_PAGE = 1_000

_FORBIDDEN_IN_NAMES = re.compile(r"[^\w.\- :]")

# Read by MLflow whenever it needs them; whoever runs the portal may set others.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # The outbox tries again, with pauses; seven attempts in a row would hold a worker for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds
}


class MlflowBridge:
    """MLflow behind a tracking URI: an SQLite file in the embedded set-up, else a server.

    Only `MlflowClient` is used. `mlflow.onnx` would store other bytes than those we verified, and
    `mlflow.pyfunc` runs code on loading.

    Args:
        tracking_uri: `sqlite:///…` or `http(s)://…`; the setting MLFLOW_TRACKING_URI by default.
        artifacts: the folder for the bytes beside a database; a server has its own place.
    """

    def __init__(self, tracking_uri: str = "", artifacts: Path | None = None) -> None:
        self._uri = tracking_uri or settings.MLFLOW_TRACKING_URI
        self._artifacts = artifacts or Path(settings.LINEWARD_HOME) / "mlflow" / "artifacts"
        self._lock = threading.Lock()
        self._connected: Any = None

    def record_run(self, run: RunRecord) -> str:
        """Write the run unless it is complete; one that a crash left half is completed."""
        experiment_id = self._experiment(run.experiment)
        found = self._find_run(experiment_id, run.key) or self._client.create_run(
            experiment_id,
            start_time=run.started_ms,
            run_name=run.name,
            # The key goes in with the row itself: no crash can leave a run without it.
            tags={_KEY: run.key},
        )
        run_id = str(found.info.run_id)
        if found.info.status != "FINISHED":
            self._log(found, run, parent=self._parent_tag(experiment_id, run))
            if run.artifact:
                self._upload(run_id, run.artifact(), run.artifact_name)
            self._client.set_terminated(run_id, "FINISHED", run.ended_ms)
        return run_id

    def register_version(self, version: VersionRecord) -> str:
        """Register the version unless its key is known."""
        client = self._client
        known = self._versions(version.model, key=version.key)
        if not known:
            self._ensure_model(version.model)
            artifact_uri = client.get_run(version.run_id).info.artifact_uri
            created = client.create_model_version(
                version.model,
                source=f"{artifact_uri}/{version.artifact_name}",
                run_id=version.run_id,
                tags={_KEY: version.key, **_tags(version.tags)},
                description=version.description,
                await_creation_for=0,
            )
            known = [created]
        return str(known[0].version)

    def project(
        self, model: str, *, aliases: Mapping[str, str], stages: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Set the aliases and stage tags that differ; the aliases that stood there before."""
        client = self._client
        versions = self._versions(model)
        keys = {str(one.version): one.tags.get(_KEY, "") for one in versions}
        numbers = {key: number for number, key in keys.items() if key}
        if missing := sorted(set(aliases.values()) - set(numbers)):
            raise LookupError(f"MLflow has no version {missing[0]} of {model}.")
        if not versions:
            return {}
        standing = {
            alias: str(number)
            for alias, number in client.get_registered_model(model).aliases.items()
        }
        for alias in standing.keys() - aliases.keys():
            client.delete_registered_model_alias(model, alias)
        for alias, key in aliases.items():
            if standing.get(alias) != numbers[key]:
                client.set_registered_model_alias(model, alias, numbers[key])
        for one in versions:
            stage = stages.get(one.tags.get(_KEY, ""))
            if stage and one.tags.get(_STAGE) != stage:
                client.set_model_version_tag(model, str(one.version), _STAGE, stage)
        return {alias: keys.get(number, "") for alias, number in standing.items()}

    @property
    def _client(self) -> Any:
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def _connect(self) -> Any:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        with warnings.catch_warnings(), self._alone():
            # MLflow's own use of SQLAlchemy is deprecated in several places.
            warnings.simplefilter("ignore")
            # Here, not above: it takes three seconds and 170 MB that most processes never need.
            from mlflow import MlflowClient

            for chatty in ("mlflow", "alembic"):
                logging.getLogger(chatty).setLevel(logging.WARNING)
            return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold back other processes while the store is made: MLflow's migrations do not."""
        if not self._is_embedded:
            yield
            return
        self._artifacts.mkdir(parents=True, exist_ok=True)
        if self._uri.startswith("sqlite:///"):
            database = self._uri.removeprefix("sqlite:///").partition("?")[0]
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        with (self._artifacts / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _is_embedded(self) -> bool:
        return not self._uri.startswith(("http://", "https://"))

    def _experiment(self, name: str) -> str:
        client = self._client
        found = client.get_experiment_by_name(name)
        if found is None:
            place = (self._artifacts / name).as_uri() if self._is_embedded else None
            try:
                return str(client.create_experiment(name, artifact_location=place))
            except Exception:
                # Another worker may have been first; anything else is a failure.
                found = client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _find_run(self, experiment_id: str, key: str) -> Any:
        runs = self._client.search_runs([experiment_id], f"tags.`{_KEY}` = '{key}'", max_results=1)
        return runs[0] if runs else None

    def _parent_tag(self, experiment_id: str, run: RunRecord) -> dict[str, str]:
        parent = run.parent_key and self._find_run(experiment_id, run.parent_key)
        return {"mlflow.parentRunId": parent.info.run_id} if parent else {}

    def _log(self, found: Any, run: RunRecord, *, parent: Mapping[str, str]) -> None:
        """What the run does not hold yet; MLflow refuses to write a parameter again."""
        from mlflow.entities import Metric, Param, RunTag

        run_id = found.info.run_id
        parameters = {
            _name(name): _text(value, _MAX_PARAMETER_CHARACTERS)
            for name, value in run.parameters.items()
        }
        metrics = {
            _name(name): value for name, value in run.metrics.items() if math.isfinite(value)
        }
        tags = {**_tags(run.tags), **_source_tags(run.tags), **parent}
        entities: list[tuple[str, Any]] = [
            *(
                ("params", Param(name, value))
                for name, value in parameters.items()
                if name not in found.data.params
            ),
            *(
                ("metrics", Metric(name, value, run.ended_ms, 0))
                for name, value in metrics.items()
                if name not in found.data.metrics
            ),
            *(("tags", RunTag(name, value)) for name, value in tags.items()),
        ]
        for start in range(0, len(entities), _MAX_PER_BATCH):
            batch: dict[str, list[Any]] = {}
            for kind, entity in entities[start : start + _MAX_PER_BATCH]:
                batch.setdefault(kind, []).append(entity)
            self._client.log_batch(run_id, **batch)

    def _upload(self, run_id: str, source: Path, name: str) -> None:
        # A copy under the name it shall have. Our own file is read-only, and a copy that inherits
        # this could not be written again after a crash.
        with tempfile.TemporaryDirectory(prefix="lineward-") as folder:
            named = Path(folder) / name
            shutil.copyfile(source, named)
            self._client.log_artifact(run_id, str(named))

    def _ensure_model(self, name: str) -> None:
        client = self._client
        if client.search_registered_models(f"name = '{name}'", max_results=1):
            return
        try:
            client.create_registered_model(name)
        except Exception:
            if not client.search_registered_models(f"name = '{name}'", max_results=1):
                raise

    def _versions(self, model: str, *, key: str = "") -> list[Any]:
        wanted = f"name = '{model}'" + (f" and tags.`{_KEY}` = '{key}'" if key else "")
        found: list[Any] = []
        token: str | None = None
        while token is None or token:
            page = self._client.search_model_versions(wanted, max_results=_PAGE, page_token=token)
            found += page
            token = page.token or ""
        return sorted(found, key=lambda one: int(one.version))


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {
        _name(_PREFIX + name): _text(value, _MAX_TAG_CHARACTERS) for name, value in tags.items()
    }


def _source_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """What MLflow's own pages show as the source of a run."""
    commit = tags.get("code_commit")
    return {"mlflow.source.git.commit": commit} if commit else {}


def _name(name: str) -> str:
    """A name that MLflow takes; another one than given carries a digest, so that none collide.

    >>> _name("recipe.train.seed")
    'recipe.train.seed'
    >>> _name("per_class.cut (deep).recall")
    'per_class.cut _deep_.recall-4b0dc5f6'
    """
    plain = _FORBIDDEN_IN_NAMES.sub("_", name).lstrip(".")
    if plain == name and len(name) <= _MAX_NAME_CHARACTERS:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: _MAX_NAME_CHARACTERS - 9]}-{digest}"


def _text(value: str, limit: int) -> str:
    """The value, or as much of it as MLflow takes with the digest of the whole."""
    if len(value) <= limit:
        return value
    mark = f"… sha256:{hashlib.sha256(value.encode()).hexdigest()}"
    return value[: limit - len(mark)] + mark
