"""ConSE: class probabilities become a point among the words (Norouzi et al. 2014, arXiv 1312.5650).

A frame is the convex combination of the embeddings of its most probable classes:
``f = norm(sum over the top k of p(class) * (text(class) - mean over classes of text))``. The mean, which
all class texts share ("a photo of"), is taken off, so that a frame that the classifier is unsure about
does not come near every query. Probabilities are softened, since the classifier is surer than it is right.
"""

from __future__ import annotations

import numpy as np

from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.pooling import unit

TOP_K = 20
TEMPERATURE = 2.0


def conse(logits: FloatArray, labels: FloatArray) -> FloatArray:
    """Logits ``[T, C]`` and label vectors ``[C, D]`` to frame vectors ``[T, D]`` of L2 norm 1."""
    softened = logits.astype(np.float64) / TEMPERATURE
    top = np.argpartition(softened, -TOP_K, axis=1)[:, -TOP_K:]
    scores = np.take_along_axis(softened, top, axis=1)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    centred = labels - labels.mean(axis=0, dtype=np.float64)
    return unit(np.einsum("tk,tkd->td", weights, centred[top]))
