"""Gradient boosted trees: LightGBM learns them, the ONNX file holds exactly the same splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from plants.agent.ops.graph import GraphBuilder
from plants.agent.ops.heads import ClassWeights, Float32, Float64, IntArray, row_weights
from registry.domain.errors import Invalid
from registry.domain.onnx_contract import ML_DOMAIN

if TYPE_CHECKING:
    import lightgbm

# Fewer validation rows than this judge a stopping point no better than a fixed number of rounds
# (measured on tables of 120 to 700 rows: equal within noise from about 150 rounds on).
_STOPPING_ROWS = 30
_ROUNDS_WITHOUT_STOPPING = 150
# LightGBM's decision_type: bit 0 categorical, bit 1 missing goes left, bits 2-3 the missing type
# (0 none, 1 zero, 2 NaN). Source: include/LightGBM/tree.h.
_CATEGORICAL_BIT, _DEFAULT_LEFT_BIT, _NAN_TYPE = 1, 2, 2


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """What a recipe may say about boosting; see `BOOSTING` in tables for the bounds."""

    rounds: int
    learning_rate: float
    leaves: int
    min_rows_per_leaf: int
    l2: float
    column_share: float
    row_share: float
    rows_per_round: int
    patience: int
    threads: int
    seed: int


@dataclass(frozen=True)
class Boosted:
    """A fitted ensemble.

    Attributes:
        booster: LightGBM's own model, kept for the parity check.
        classes_count: K; two classes share one tree per round.
        rounds: rounds in use, after early stopping.
        stopped_early: whether validation rows chose the number of rounds.
        threads: for LightGBM's own predictions, which do not depend on it.
    """

    booster: lightgbm.Booster
    classes_count: int
    rounds: int
    stopped_early: bool
    threads: int

    def logits(self, features: Float32) -> Float64:
        """Raw scores [n, K] from LightGBM itself; two classes get minus and plus half the score."""
        scores = self.booster.predict(features, raw_score=True, num_threads=self.threads)
        raw = np.asarray(scores, dtype=np.float64)
        return raw if raw.ndim == 2 else raw[:, None] * np.array([[-0.5, 0.5]])


def fit_trees(
    features: Float32,
    labels: IntArray,
    classes_count: int,
    options: TreeOptions,
    *,
    validation: tuple[Float32, IntArray] | None,
    class_weights: ClassWeights = "balanced",
    start: tuple[Float64, Float64] | None = None,
    report: Callable[[int, int, float | None], None] | None = None,
) -> Boosted:
    """Fit gradient boosted trees (Ke et al. 2017, "LightGBM", NeurIPS 30).

    Deterministic: histogram construction is forced row-wise, threads and seeds are fixed. Enough
    validation rows choose the number of rounds by weighted log loss; with a few, 150 are used, and
    without any (None), exactly as many as the options say.

    Args:
        features: float32 [n, D]; NaN is missing.
        labels: int64 [n].
        classes_count: K, at least 2.
        options: from the recipe.
        validation: features and labels that are not trained on, or None for a refit.
        class_weights: `balanced` gives every class the same total weight.
        start: logits [n, K] of train and validation rows to begin from; the trees then hold what is
            to be added to them.
        report: called after each round with (round, rounds, validation loss or None).
    """
    if not len(features):
        raise Invalid("A classifier needs at least one training row; the train split is empty.")
    import lightgbm

    weights = row_weights(labels, classes_count, class_weights)
    parameters = _parameters(options, classes_count, len(features))
    data = lightgbm.Dataset(
        features,
        labels,
        weight=weights,
        init_score=_scores(start[0]) if start else None,
        params=parameters,
    )
    stopping = validation is not None and len(validation[1]) >= _STOPPING_ROWS
    rounds = options.rounds
    if validation is not None and not stopping:
        rounds = min(rounds, _ROUNDS_WITHOUT_STOPPING)
    sets = []
    if validation is not None and stopping:
        judge = _validation_set(data, validation, weights, labels, parameters)
        if start:
            judge.set_init_score(_scores(start[1]))
        sets = [judge]
    callbacks: list[Any] = [_reporting(report)] if report else []
    if stopping:
        callbacks.append(lightgbm.early_stopping(options.patience, verbose=False))
    booster = lightgbm.train(parameters, data, rounds, valid_sets=sets, callbacks=callbacks)
    best = booster.best_iteration if stopping and booster.best_iteration > 0 else rounds
    # The text form is the model: reading it back drops the training data and unused rounds.
    kept = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=best))
    return Boosted(kept, classes_count, kept.current_iteration(), stopping, options.threads)


def append_trees(graph: GraphBuilder, features_name: str, boosted: Boosted) -> str:
    """Write the ensemble after a float32 [N, D] value; returns the logits' name, [N, K].

    ONNX compares float32 with float32, LightGBM compares float64: each threshold is rounded down to
    the float32 that leaves every float32 reading on its side. (LightGBM also takes magnitudes up to
    1e-35 for zero; no reading is that small, so the graph leaves that out.)
    """
    per_round = 1 if boosted.classes_count == 2 else boosted.classes_count
    trees = _read_trees(boosted.booster.model_to_string())
    scores = graph.add(
        "TreeEnsembleRegressor",
        features_name,
        domain=ML_DOMAIN,
        n_targets=per_round,
        aggregate_function="SUM",
        post_transform="NONE",
        **_ensemble_attributes(trees, per_round),
    )
    if per_round > 1:
        return scores
    return graph.add("MatMul", scores, graph.constant(np.array([[-0.5, 0.5]], dtype=np.float32)))


def _parameters(options: TreeOptions, classes_count: int, rows: int) -> dict[str, Any]:
    share = min(options.row_share, options.rows_per_round / rows)
    task = {"objective": "binary"}
    if classes_count > 2:
        task = {"objective": "multiclass", "num_class": str(classes_count)}
    return {
        **task,
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        # A table of a few dozen rows must still be able to split.
        "min_data_in_leaf": max(1, min(options.min_rows_per_leaf, rows // 20)),
        "min_sum_hessian_in_leaf": 1e-3,
        "lambda_l2": options.l2,
        "feature_fraction": options.column_share,
        "bagging_fraction": share,
        "bagging_freq": 1 if share < 1 else 0,
        "feature_pre_filter": False,
        "seed": options.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": options.threads,
        "verbosity": -1,
    }


def _scores(logits: Float64) -> Float64:
    """Logits as LightGBM counts them: for two classes only their difference matters."""
    return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits


def _validation_set(
    data: lightgbm.Dataset,
    validation: tuple[Float32, IntArray],
    train_weights: Float64,
    train_labels: IntArray,
    parameters: Mapping[str, Any],
) -> lightgbm.Dataset:
    """Weigh validation rows as train rows of the same class are weighed."""
    import lightgbm

    features, labels = validation
    per_class = np.ones(int(max(train_labels.max(), labels.max())) + 1)
    per_class[train_labels] = train_weights
    return lightgbm.Dataset(
        features, labels, weight=per_class[labels], reference=data, params=dict(parameters)
    )


def _reporting(report: Callable[[int, int, float | None], None]) -> Callable[[Any], None]:
    def tell(environment: Any) -> None:
        results = environment.evaluation_result_list
        loss = float(results[0][2]) if results else None
        report(environment.iteration + 1, environment.end_iteration, loss)

    return tell


class _Tree(NamedTuple):
    """The arrays of one tree as LightGBM's text form names them; a negative child is a leaf."""

    split_feature: IntArray
    threshold: Float64
    decision_type: IntArray
    left_child: IntArray
    right_child: IntArray
    leaf_value: Float64


def _read_trees(text: str) -> list[_Tree]:
    """Read the ensemble from LightGBM's documented model text, tree by tree."""
    body = text.partition("\nend of trees")[0]
    return [_read_tree(block) for block in body.split("\nTree=")[1:]]


def _read_tree(block: str) -> _Tree:
    fields = dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)

    def whole(name: str) -> IntArray:
        return np.array(fields.get(name, "").split(), dtype=np.int64)

    def real(name: str) -> Float64:
        return np.array(fields.get(name, "").split(), dtype=np.float64)

    tree = _Tree(
        whole("split_feature"),
        real("threshold"),
        whole("decision_type"),
        whole("left_child"),
        whole("right_child"),
        real("leaf_value"),
    )
    if (tree.decision_type & _CATEGORICAL_BIT).any():
        raise ValueError("A split on a categorical feature has no exact ONNX form.")
    return tree


def _ensemble_attributes(trees: list[_Tree], per_round: int) -> dict[str, Any]:
    """Attributes of `TreeEnsembleRegressor` (ONNX ai.onnx.ml 3): splits first, then leaves."""
    nodes = [_node_arrays(tree) for tree in trees]
    splits = [len(tree.split_feature) for tree in trees]
    leaves = [len(tree.leaf_value) for tree in trees]

    def joined(name: str) -> list[Any]:
        return list(np.concatenate([node[name] for node in nodes]).tolist())

    modes = [
        mode
        for split, leaf in zip(splits, leaves, strict=True)
        for mode in ["BRANCH_LEQ"] * split + ["LEAF"] * leaf
    ]
    owners = range(len(trees))
    return {
        "nodes_treeids": [i for i in owners for _ in range(splits[i] + leaves[i])],
        "nodes_nodeids": joined("node"),
        "nodes_featureids": joined("feature"),
        "nodes_modes": modes,
        "nodes_values": joined("value"),
        "nodes_truenodeids": joined("true"),
        "nodes_falsenodeids": joined("false"),
        "nodes_missing_value_tracks_true": joined("missing"),
        "target_treeids": [i for i in owners for _ in range(leaves[i])],
        "target_nodeids": [splits[i] + leaf for i in owners for leaf in range(leaves[i])],
        "target_ids": [i % per_round for i in owners for _ in range(leaves[i])],
        "target_weights": [
            value for tree in trees for value in tree.leaf_value.astype(np.float32).tolist()
        ],
    }


def _node_arrays(tree: _Tree) -> dict[str, Any]:
    splits, leaves = len(tree.split_feature), len(tree.leaf_value)
    blank = np.zeros(leaves, dtype=np.int64)

    def child(link: IntArray) -> IntArray:
        return np.concatenate([np.where(link >= 0, link, splits + ~link), blank])

    return {
        "node": np.arange(splits + leaves),
        "feature": np.concatenate([tree.split_feature, blank]),
        "value": np.concatenate([round_down(tree.threshold), blank.astype(np.float32)]),
        "true": child(tree.left_child),
        "false": child(tree.right_child),
        "missing": np.concatenate([_missing_left(tree), blank]),
    }


def _missing_left(tree: _Tree) -> IntArray:
    """Where NaN goes: the learnt side, or the side of zero if training saw no missing value."""
    learnt = (tree.decision_type >> 2 & 3) == _NAN_TYPE
    by_default = (tree.decision_type & _DEFAULT_LEFT_BIT) != 0
    return np.where(learnt, by_default, tree.threshold >= 0).astype(np.int64)


def round_down(values: Float64) -> Float32:
    """The largest float32 not above each value, so that `x <= value` keeps its answer for any x.

    >>> bool(round_down(np.array([0.1]))[0] <= 0.1), float(round_down(np.array([1e300]))[0]) > 3e38
    (True, True)
    """
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf), dtype=np.float32)
    return np.where(nearest.astype(np.float64) > values, lower, nearest)
