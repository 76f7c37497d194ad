"""CoVR at work: an example and words that change it, as one vector of the ordinary index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vtr.models.encoders.base import FloatArray
from vtr.models.heads.covr.batch import CovrBatch
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.serving.card import serving_of
from vtr.models.heads.serving.padding import padded, words_for
from vtr.models.heads.serving.protocol import Clip, Composed, QueryStates
from vtr.models.training.checkpoints import Card


class CovrComposer:
    """A :class:`~vtr.models.heads.serving.protocol.Composer`; it reads all of the example."""

    name = Covr.name

    def __init__(self, head: Covr, card: Card) -> None:
        self._head = head.eval()
        self.version = card.sha256[:12]
        self.serving = serving_of(card)

    @torch.inference_mode()
    def compose(self, query: QueryStates, example: FloatArray, clips: Sequence[Clip]) -> Composed:
        if not clips:
            raise ValueError("example: no states of its clips")
        frames, frame_mask = padded([np.concatenate([clip.states.frames for clip in clips])])
        tokens, token_mask = words_for(query, 1)
        found = self._head(
            CovrBatch(
                example=torch.from_numpy(example).unsqueeze(0),
                frames=frames,
                frame_mask=frame_mask,
                tokens=tokens,
                token_mask=token_mask,
            )
        )
        return Composed(found.vectors[0].numpy().copy(), float(found.kept[0]))
