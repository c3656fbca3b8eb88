"""A plant's agent as the portal sees it, and the smallest recipe, model and figures that pass."""

from __future__ import annotations

import json

import numpy as np

from plants.agent.ops.graph import GraphBuilder
from plants.services import credentials
from registry.domain.access import portal_scope
from registry.domain.digests import sha256
from registry.domain.manifests import build
from registry.domain.metrics import evaluate
from registry.domain.onnx_contract import Signature

CLASSES = ("good", "scratch")
RECIPE = """
apiVersion: lineward.recipe/v1
name: small
version: 1.0.0
description: As small as a recipe can be.
task: {kind: images, classes: dataset}
data_contract:
  min_rows: 10
  min_per_class: 2
  max_missing: 0.5
  split: {respect: [group], validation: 0.1, holdout: 0.3, seed: 17}
preprocess:
  - {op: resize@1, size: [32, 32]}
augment: []
model: {op: filterbank_linear@1, init: scratch}
train: {seed: 17, threads: 1, max_minutes: 5, class_weights: balanced}
export: {format: onnx, opset: 18, max_mb: 5, parity: {max_abs: 0.001}}
gates: []
plant_may_set: {}
"""


def small_model() -> bytes:
    """Mean grey value to two probabilities: honest, tiny, and passes the verifier."""
    graph = GraphBuilder()
    graph.input("pixels", "uint8", ("N", "H", "W", 3))
    level = graph.add(
        "ReduceMean",
        graph.add("Cast", "pixels", to=1),
        graph.constant(np.array([1, 2, 3], dtype=np.int64)),
        keepdims=0,
    )
    column = graph.add("Unsqueeze", level, graph.constant(np.array([1], dtype=np.int64)))
    weights = graph.constant(np.array([[0.01, -0.01]], dtype=np.float32))
    graph.output(
        "probabilities",
        graph.add("Softmax", graph.add("MatMul", column, weights), axis=1),
        "float32",
        ("N", 2),
    )
    graph.output("embedding", column, "float32", ("N", 1))
    return graph.build(Signature("images", CLASSES))


def manifest(secret: bytes = b"s" * 32) -> dict:
    labels = np.array([0, 1] * 30)
    rows = np.arange(60)
    return build(
        secret=secret,
        kind="images",
        classes=CLASSES,
        labels=labels,
        groups=None,
        parts={"train": rows[:40], "validation": rows[40:45], "holdout": rows[45:]},
        identities=np.arange(60 * 32, dtype=np.uint64).astype(np.uint8).reshape(60, 32),
        copies=0,
        variants=None,
        times=None,
        measures={
            name: np.linspace(1, 9, 60)
            for name in ("brightness", "contrast", "sharpness", "width", "height")
        },
        colour=0,
    )


def report() -> dict:
    right = np.array([[0.9, 0.1], [0.1, 0.9]] * 20)
    return evaluate(right, np.array([0, 1] * 20), list(CLASSES), latency_ms=np.ones(40))


class Agent:
    """A plant's agent as the portal sees it: a credential and HTTP."""

    def __init__(self, client, plant):
        code = credentials.issue_code(portal_scope(), plant)
        answer = client.post(
            "/api/v1/worker/enrolment/", {"code": code}, content_type="application/json"
        )
        assert answer.status_code == 201, answer.content
        self.answer = answer.json()
        self.client = client
        self.plant = plant

    def call(self, path, body=None, *, method="post", **options):
        return getattr(self.client, method)(
            f"/api/v1/worker/{path}",
            json.dumps(body or {}) if method == "post" else None,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.answer['credential']}"},
            **options,
        )

    def claim(self, job, boot="0a1b2c3d-0000"):
        return self.call(f"jobs/{job.pk}/claim/", {"worker": "w-1", "boot": boot})

    def send_part(self, upload, offset, part):
        return self.client.patch(
            f"/api/v1/worker/uploads/{upload}/",
            part,
            content_type="application/offset+octet-stream",
            headers={
                "Authorization": f"Bearer {self.answer['credential']}",
                "Upload-Offset": str(offset),
            },
        )

    def upload(self, job, token, data):
        body = {"token": token, "sha256": sha256(data), "size": len(data)}
        standing = self.call(f"jobs/{job.pk}/uploads/", body).json()
        half = len(data) // 2
        for offset, part in ((0, data[:half]), (half, data[half:])):
            standing = self.send_part(standing["upload"], offset, part).json()
        return standing

    def result(self, job, token, data, **other):
        body = {
            "token": token,
            "report": report(),
            "timings": {"train_seconds": 1.5},
            "artifact": sha256(data),
            "signature": Signature("images", CLASSES).as_document(),
            "code_commit": "abc123",
            "environment": {"python": "3.11"},
            "hyperparameters": {"l2": 1.0},
        } | other
        return self.call(f"jobs/{job.pk}/result/", body)


def work(agent, job, data):
    """Everything a worker does between claim and result; the fencing token."""
    order = agent.claim(job).json()["order"]
    token = order["token"]
    body = {"token": token, "state": "preparing", "progress": {"phase": "preparing", "fraction": 0}}
    assert agent.call(f"jobs/{job.pk}/progress/", body).json() == {"cancel": False}
    sent = agent.call(f"jobs/{job.pk}/manifest/", {"token": token, "manifest": manifest()})
    assert sent.status_code == 200, sent.content
    assert agent.upload(job, token, data)["complete"] is True
    return token
