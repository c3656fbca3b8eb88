"""One ONNX file per version: its signature, the operators it may use and its caps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from registry.domain import digests
from registry.domain.errors import Invalid

Kind = Literal["images", "table"]

SIGNATURE_KEY = "lineward.signature"
PIXELS, NUMERIC, CATEGORICAL = "pixels", "numeric", "categorical"
PROBABILITIES, EMBEDDING = "probabilities", "embedding"

# Version pins of the interchange format. Opset 13 made axes an input and froze the semantics that
# the operators below rely on; 21 is the newest that every onnxruntime from 1.20 on executes.
OPSET = 18  # what our own graphs are written in
MIN_OPSET, MAX_OPSET = 13, 21
ML_OPSET = 3
MIN_ML_OPSET, MAX_ML_OPSET = 1, 5
# IR 4 separated initializers from inputs; IR 10 is what onnxruntime 1.20 reads.
MIN_IR_VERSION, MAX_IR_VERSION = 4, 10

# Caps. Unit in the name; the reason is the largest honest model we know, with room.
MAX_NODES = 10_000  # EfficientNet-B7 exports to about 1,700 nodes
MAX_INITIALIZERS = 10_000
MAX_ATTRIBUTES_PER_NODE = 64  # TreeEnsembleClassifier, the largest schema, has 18
MAX_GRAPH_DEPTH_NODES = (
    2_000  # longest path; a 150-layer network with its constants stays below 900
)
MAX_TENSOR_RANK = 8
MAX_TENSOR_ELEMENTS = 2**26  # 256 MiB of float32 in one intermediate result
MAX_EMBEDDING_VALUES = 4_096
MAX_METADATA_BYTES = 2**20  # all names of tools, notes and doc strings together
MAX_NAME_CHARACTERS = 1_024  # of a node or a tensor; exporters write whole module paths
MAX_CLASSES = 1_000
MAX_CLASS_CHARACTERS = 80
MAX_COLUMNS = 2_000
MAX_COLUMN_CHARACTERS = 120
MAX_SIGNATURE_BYTES = 2**19

_ARITHMETIC = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
    Cast CastLike Ceil Clip Cos Cosh CumSum Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf
    IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin Sinh
    Sqrt Sub Sum Tan Tanh Where Xor
"""
_ACTIVATIONS = """
    Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish PRelu Relu Selu Shrink
    Sigmoid Softmax Softplus Softsign ThresholdedRelu
"""
_LAYERS = """
    AveragePool BatchNormalization Conv ConvInteger ConvTranspose DequantizeLinear Dropout
    DynamicQuantizeLinear Einsum Flatten Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool
    GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization LpPool MatMul
    MatMulInteger MaxPool MeanVarianceNormalization QLinearConv QLinearMatMul QuantizeLinear
"""
_REDUCTIONS = """
    ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare TopK
"""
_SHAPES = """
    CenterCropPad Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Gather GatherElements
    GatherND GridSample Identity OneHot Pad Range Reshape Resize ScatterElements ScatterND Shape
    Size Slice SpaceToDepth Split Squeeze Tile Transpose Trilu Unsqueeze
"""
_CLASSICAL = """
    ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer LabelEncoder LinearClassifier
    LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
    TreeEnsembleClassifier TreeEnsembleRegressor
"""

DEFAULT_DOMAIN, ML_DOMAIN = "", "ai.onnx.ml"
# `ai.onnx` is the long spelling of the default domain (ONNX IR specification, Operator Sets).
DOMAIN_ALIASES: Mapping[str, str] = {
    "": DEFAULT_DOMAIN,
    "ai.onnx": DEFAULT_DOMAIN,
    ML_DOMAIN: ML_DOMAIN,
}
ALLOWED_OPERATORS: Mapping[str, frozenset[str]] = {
    DEFAULT_DOMAIN: frozenset(
        (_ARITHMETIC + _ACTIVATIONS + _LAYERS + _REDUCTIONS + _SHAPES).split()
    ),
    ML_DOMAIN: frozenset(_CLASSICAL.split()),
}
# Repetition and branching hide the cost of a graph from every static check.
CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_REPEATABLE = "a released model must give the same answer twice: export in inference mode"
# Known refusals whose way out is better than "not on the list".
OPERATOR_ADVICE: Mapping[str, str] = {
    "ZipMap": "export with zipmap=False so that probabilities stay a tensor",
    "CategoryMapper": "use LabelEncoder",
    "Upsample": "use Resize",
    "NonMaxSuppression": "return class probabilities; this platform judges classifiers",
    "ImageDecoder": "take decoded pixels as the input",
    "RandomNormal": _REPEATABLE,
    "RandomNormalLike": _REPEATABLE,
    "RandomUniform": _REPEATABLE,
    "RandomUniformLike": _REPEATABLE,
    "Bernoulli": _REPEATABLE,
    "Multinomial": _REPEATABLE,
}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A graph input or output: name, element type and shape, where `None` is a free dimension."""

    name: str
    element: Literal["uint8", "float32", "string"]
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into a version and what comes out: classes in output order, columns in input order.

    >>> Signature("images", ("good", "scratch")).as_json()
    '{"classes":["good","scratch"],"kind":"images"}'
    >>> Signature.from_json(
    ...     '{"kind":"table","classes":["0","1"],"numeric":["x"],"categorical":[]}'
    ... ).numeric
    ('x',)
    """

    kind: Kind
    classes: tuple[str, ...]
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("images", "table"):
            raise _invalid("kind", f"is {str(self.kind)[:40]!r}; write images or table")
        _check_names("classes", self.classes, MAX_CLASSES, MAX_CLASS_CHARACTERS)
        if len(self.classes) < 2:
            raise _invalid("classes", f"lists {len(self.classes)}; a classifier needs at least two")
        columns = self.numeric + self.categorical
        _check_names("columns", columns, MAX_COLUMNS, MAX_COLUMN_CHARACTERS)
        if self.kind == "images" and columns:
            raise _invalid(
                "columns", "belong to a table; leave numeric and categorical out for images"
            )
        if self.kind == "table" and not columns:
            raise _invalid(
                "columns", "are missing; name at least one numeric or categorical column"
            )

    def as_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"kind": self.kind, "classes": list(self.classes)}
        if self.kind == "table":
            document |= {"numeric": list(self.numeric), "categorical": list(self.categorical)}
        return document

    def as_json(self) -> str:
        """Canonical JSON: the text stored in the file's `lineward.signature` metadata."""
        return digests.canonical_json(self.as_document()).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Signature:
        """Read a signature; anything else than the closed shape is refused with its reason."""
        if len(text) > MAX_SIGNATURE_BYTES:
            raise _invalid(
                "text", f"is longer than {MAX_SIGNATURE_BYTES} characters; shorten the names"
            )
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise _invalid("text", "is not JSON; write the value of Signature.as_json()") from None
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: object) -> Signature:
        if not isinstance(document, dict):
            raise _invalid("text", "is not a JSON object; write the value of Signature.as_json()")
        unknown = sorted(set(document) - {"kind", "classes", "numeric", "categorical"})
        if unknown:
            raise _invalid(
                unknown[0][:40], "is not known; keep kind, classes, numeric and categorical"
            )
        kind = document.get("kind")
        if not isinstance(kind, str):
            raise _invalid("kind", "is missing; write images or table")
        return cls(
            cast(Kind, kind),
            _texts(document, "classes"),
            _texts(document, "numeric"),
            _texts(document, "categorical"),
        )

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        if self.kind == "images":
            return (TensorSpec(PIXELS, "uint8", (None, None, None, 3)),)
        numeric = TensorSpec(NUMERIC, "float32", (None, len(self.numeric)))
        categorical = TensorSpec(CATEGORICAL, "string", (None, len(self.categorical)))
        return tuple(spec for spec in (numeric, categorical) if spec.shape[1])

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return (
            TensorSpec(PROBABILITIES, "float32", (None, len(self.classes))),
            TensorSpec(EMBEDDING, "float32", (None, None)),
        )


def _invalid(where: str, what: str) -> Invalid:
    return Invalid(f"In the signature, {where} {what}.", code="signature-invalid")


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(key, "is not a list of texts; put each name in quotes")
    return tuple(value)


def _check_names(where: str, names: tuple[str, ...], most: int, longest: int) -> None:
    if len(names) > most:
        raise _invalid(where, f"lists {len(names)} names; at most {most} are allowed")
    for name in names:
        if not name.strip() or not name.isprintable() or len(name) > longest:
            raise _invalid(
                where, f"holds {name[:40]!r}; a name is 1 to {longest} printable characters"
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid(where, f"names {twice[:40]!r} twice; each name stands once")
