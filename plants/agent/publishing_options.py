"""The command line of `publish`: what is said of a model trained elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options, as a person would say them."""
    parser.add_argument("model", type=Path, help="The ONNX file.")
    parser.add_argument("--family", required=True, help="The family's short name.")
    parser.add_argument("--dataset", required=True, help="The plant's data set to be judged on.")
    parser.add_argument(
        "--notes", required=True, help="How it was trained, at least a sentence; @FILE reads it."
    )
    parser.add_argument(
        "--parent", default="", help="baseline, 1.2.0 of this plant, centre/1.2.0, or an id."
    )
    parser.add_argument("--recipe", default="", help="Judged by it: name@1.0.0, or an id.")
    parser.add_argument("--classes", nargs="+", default=[], help="In the order of the outputs.")
    parser.add_argument("--numeric", nargs="+", default=[], help="Columns of a table, in order.")
    parser.add_argument("--categorical", nargs="+", default=[], help="Text columns, in order.")
    parser.add_argument(
        "--commit", default="", help="Of the training code; default git rev-parse HEAD here."
    )
    parser.add_argument(
        "--claimed",
        action="append",
        default=[],
        metavar="METRIC=VALUE",
        help="What you measured yourself, e.g. accuracy=0.97; may be said several times.",
    )
    parser.add_argument(
        "--wait", action="store_true", help="Until the plant's worker has evaluated it."
    )
