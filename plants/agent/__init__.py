from __future__ import annotations

import os

# onnxruntime's wheel reports usage to its vendor from its first import on, unless told not to.
# Nothing leaves a plant that the plant did not send.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
