"""Whatever a file or the judging process does, the parent gets a verdict in bounded time."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from registry.verifier import RULES, Verdict, checks, parent, structure, verify, wire
from tests.registry.verifier import graphs
from tests.registry.verifier.conftest import Judge

_ROOT = Path(__file__).resolve().parents[3]
_VALID = graphs.images().SerializeToString()
_TABLE = graphs.table().SerializeToString()


def length_delimited(number: int, content: bytes) -> bytes:
    size, header = len(content), bytearray([number << 3 | 2])
    while size >= 0x80:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(header) + bytes([size]) + content


def judged_unrun(data: bytes) -> list[str]:
    """The checks in Python, up to the first that hands the file to a native library."""
    refusals = list(wire.check_wire(data))
    if refusals:
        return [item.rule for item in refusals]
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
        parts = structure.Parts.of(model)
        for stage, check in checks.static_checks(parts, data):
            refusals = list(check()) if stage != "graph" else []
            if refusals:
                break
    except (DecodeError, structure.NotText):
        return ["caught"]
    assert all(item.sentence.isprintable() for item in refusals)
    return [item.rule for item in refusals]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(_VALID) - 1))
def test_a_file_cut_anywhere_is_refused(offset: int) -> None:
    assert judged_unrun(_VALID[:offset])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([_VALID, _TABLE]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_flipped_bytes_never_surprise_the_checks(data: bytes, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for offset, value in flips:
        damaged[offset % len(damaged)] = value
    assert set(judged_unrun(bytes(damaged))) <= {*RULES, "caught"}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert judged_unrun(data)
    assert judged_unrun(b"\x08\x08" + length_delimited(7, data))


_FUZZ = r"""
import os, sys
import numpy as np
from registry.verifier import checks
from tests.registry.verifier import graphs

def damaged(seed):
    random = np.random.default_rng(seed)
    base = (graphs.images, graphs.table, graphs.trees)[seed % 3]()
    data = bytearray(base.SerializeToString())
    for offset in random.integers(0, len(data), size=random.integers(1, 4)):
        data[offset] = random.integers(0, 256)
    return bytes(data)

if __name__ == "__main__":
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        os.write(1, b"%d\n" % seed)
        try:
            refusals, facts = checks.inspect(damaged(seed), None, lambda stage: None)
        except MemoryError:
            continue
        assert (facts is None) == bool(refusals)
"""


@pytest.mark.slow
def test_damaged_files_end_in_a_judgement_or_kill_only_the_judging_process(judge: Judge) -> None:
    """Native code may abort on a damaged file; an exception of ours may not escape."""
    last, end = 0, 600
    deadly: list[int] = []
    while last < end:
        done = subprocess.run(
            [sys.executable, "-c", _FUZZ, str(last), str(end)],
            cwd=_ROOT, capture_output=True, text=True, check=False, timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)),
        )  # fmt: skip
        assert done.returncode <= 0, done.stderr[-2000:]
        seen = int(done.stdout.split()[-1])
        deadly += [seen] if done.returncode else []
        last = seen + 1
    names: dict[str, Any] = {"__name__": "fuzz"}
    exec(_FUZZ, names)  # noqa: S102 - our own text above
    for seed in [*deadly[:5], *range(5)]:
        verdict = judge(names["damaged"](seed), timeout_s=10.0)
        assert all(refusal.rule in RULES for refusal in verdict.refusals)
        assert verdict.ok == (not verdict.refusals)


def dynamic_bomb(factor: int) -> onnx.ModelProto:
    """Unfolds with the value of a pixel sum, which no static check can know."""
    model = graphs.images()
    make = helper.make_node
    place = len(model.graph.node) - 1
    model.graph.node[place].input[0] = "spoilt"
    added = [
        make("ReduceMax", ["floats"], ["brightest"], "brightest", keepdims=0),
        make("Mul", ["brightest", "factor"], ["long"], "long"),
        make("Cast", ["long"], ["length"], "length", to=TensorProto.INT64),
        make("Reshape", ["length", "one"], ["lengths"], "lengths"),
        make("ConstantOfShape", ["lengths"], ["big"], "bomb"),
        make("ReduceMax", ["big"], ["most"], "most", keepdims=0),
        make("Add", ["logits", "most"], ["spoilt"], "spoil"),
    ]
    for offset, node in enumerate(added):
        model.graph.node.insert(place + offset, node)
    model.graph.initializer.append(graphs.constant("factor", float(factor)))
    model.graph.initializer.append(graphs.constant("one", [1], "int64"))
    return model


def test_a_bomb_that_only_unfolds_at_run_time_runs_out_of_memory_and_we_survive(
    judge: Judge,
) -> None:
    assert judge(dynamic_bomb(1)).ok
    started = time.monotonic()
    (refusal,) = judge(dynamic_bomb(100_000_000)).refusals
    assert (refusal.rule, refusal.node) == ("out-of-memory", "bomb")
    assert time.monotonic() - started < 20
    assert judge(dynamic_bomb(1)).ok


def test_the_memory_limit_is_the_callers(judge: Judge) -> None:
    model = dynamic_bomb(2_000_000)  # 2 GB of float32
    (refusal,) = judge(model, memory_bytes=700 * 2**20).refusals
    assert refusal.rule == "out-of-memory"


def nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = length_delimited(1, length_delimited(5, length_delimited(6, content)))
    return b"\x08\x08" + length_delimited(7, content)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"\x08\x08" + length_delimited(7, b"\x0a\x00" * 20_000), "too-many-nodes"),
        (b"\x08\x08" + length_delimited(7, b"\x2a\x00" * 20_000), "too-many-nodes"),
        (b"\x08\x08" + length_delimited(7, b"\x6a\x00" * 400_000), "too-many-parts"),
        (b"\x08\x08" + b"\x42\x00" * 400_000, "too-many-parts"),
        (nested(20_000), "not-onnx"),
    ],
    ids=["nodes", "initializers", "value-infos", "opsets", "nesting"],
)
def test_parts_are_counted_before_they_are_parsed(judge: Judge, data: bytes, rule: str) -> None:
    started = time.monotonic()
    (refusal,) = judge(data).refusals
    assert refusal.rule == rule
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_millions_of_small_parts_run_out_of_memory_inside_the_child_only(judge: Judge) -> None:
    # 30 million empty dimensions of one value: 60 MB that unfold in the parser.
    shape = length_delimited(2, b"\x0a\x00" * 30_000_000)
    value = length_delimited(13, length_delimited(2, length_delimited(1, shape)))
    data = b"\x08\x08" + length_delimited(7, value)
    (refusal,) = judge(data, memory_bytes=600 * 2**20).refusals
    assert refusal.rule == "out-of-memory"


def test_a_slow_model_is_stopped_and_refused(judge: Judge) -> None:
    model = graphs.images()
    model.graph.node[5].attribute.append(helper.make_attribute("antialias", 1))
    size = next(item for item in model.graph.initializer if item.name == "size")
    size.CopyFrom(graphs.constant("size", [1500, 1500], "int64"))
    filters = next(item for item in model.graph.initializer if item.name == "filters")
    filters.CopyFrom(graphs.constant("filters", np.ones((8, 3, 31, 31))))
    model.graph.node[6].attribute[0].ints[:] = [15, 15, 15, 15]
    started = time.monotonic()
    (refusal,) = judge(model, timeout_s=1.5).refusals
    assert refusal.rule == "too-slow"
    assert "running" in refusal.sentence
    assert time.monotonic() - started < 6


@pytest.fixture
def artifact() -> Iterator[io.BufferedReader]:
    with Path(__file__).open("rb") as stream:
        yield stream


def ended(artifact: io.BufferedReader, script: str, timeout_s: float = 20.0) -> Verdict:
    request = {"memory_bytes": parent.MEMORY_BYTES, "cpu_seconds": 20}
    ending = parent.judge(artifact, request, timeout_s, ("-c", script))
    return parent.conclude(ending, "0" * 64, 7)


_REPORT = json.dumps({"sha256": "0" * 64, "refusals": [], "facts": {"nodes": 1}})
_REFUSAL = json.dumps(
    {
        "sha256": "0" * 64,
        "facts": None,
        "refusals": [{"rule": "not-onnx", "node": "\x1b[31m", "sentence": "a\nb" * 900}],
    }
)


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "verifier-flooded"),
        ("import os\nwhile True: os.write(2, b'x' * 65536)", "too-slow"),
        ("import time; time.sleep(60)", "too-slow"),
        ("import os, time; os.close(1); os.close(2); time.sleep(60)", "too-slow"),
        ("import os; os.kill(os.getpid(), 11)", "verifier-crashed"),
        ("import os; os.kill(os.getpid(), 9)", "out-of-memory"),
        ("import os; os.write(2, b'std::bad_alloc'); os.abort()", "out-of-memory"),
        ("raise SystemExit(3)", "verifier-crashed"),
        ("pass", "verifier-crashed"),
        ("print('{')", "verifier-crashed"),
        ("print('[' * 100000)", "verifier-crashed"),
        ("print('[]')", "verifier-crashed"),
        ("print('{}')", "verifier-crashed"),
        (f"print({_REPORT!r})", "verifier-crashed"),
        (f"print({_REPORT!r}, end='')", "verifier-crashed"),
        (f"print({_REPORT.replace('0' * 64, '1' * 64)!r})", "changed-while-read"),
    ],
    ids=[
        "flood", "noise", "sleep", "silence", "segfault", "killed", "allocation", "exit", "nothing",
        "half-json", "deep-json", "list", "object", "no-facts", "unfinished", "other-bytes",
    ],
)  # fmt: skip
def test_any_ending_of_the_child_is_a_refusal(
    artifact: io.BufferedReader, script: str, rule: str
) -> None:
    timeout = 1.0 if rule == "too-slow" else 20.0
    started = time.monotonic()
    (refusal,) = ended(artifact, script, timeout).refusals
    assert refusal.rule == rule
    assert refusal.sentence.endswith(".")
    assert time.monotonic() - started < 15


def test_a_report_is_cleaned_before_anyone_reads_it(artifact: io.BufferedReader) -> None:
    (refusal,) = ended(artifact, f"print({_REFUSAL!r})").refusals
    assert refusal.rule == "not-onnx"
    assert refusal.node == "?[31m"
    assert refusal.sentence.isprintable()
    assert len(refusal.sentence) <= 600


def test_what_the_child_leaves_running_is_ended_with_it(
    artifact: io.BufferedReader, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    script = (
        "import os, pathlib, time\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.close(1); os.close(2); time.sleep(60)\n"
        f"pathlib.Path({str(note)!r}).write_text(str(pid))\n"
    )
    assert not ended(artifact, script).ok
    left = int(note.read_text())
    deadline = time.monotonic() + 5
    while _runs(left) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(left)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_the_parent_keeps_no_descriptor_and_no_process(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(_VALID)
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        assert verify(path, expected=None, max_bytes=2**20).ok
    assert len(list(descriptors.iterdir())) == before
    assert signal.getsignal(signal.SIGXCPU) == signal.SIG_DFL
