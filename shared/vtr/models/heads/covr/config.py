"""The configuration of the composer and its loss."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class CovrConfig(HeadConfig):
    """``frame_dim``, ``text_dim``: of frame and token features; ``dim``: of the index's vectors.

    ``width``, ``layers``, ``heads``, ``dropout``: the composer. ``span``: consecutive frames that it sees as
    one, their mean. ``edit_layers``: those in which frames look at the words that looked at them, until they
    are what the target's frames should be; these are pooled as the index's vectors are, with ``slots`` and
    ``slot_dim`` of the dual encoder's. Without such layers words alone are pooled, as in the paper.

    ``alpha``, ``beta``, ``tau``: HN-NCE. ``caption_weight``: of the caption-retrieval term of CoVR-2.
    ``frame_weight``: of the edited frames' distance to the target's. ``change_weight``: of telling the right
    change of an example from those of the batch, at temperature ``change_tau``. 0 leaves a term out.
    ``example_is_negative``: whether an example that is also a target in the batch counts as a wrong answer to
    its own query. Serving leaves the example out of the answers either way; as a negative it teaches that the
    text must change something.
    """

    frame_dim: int
    text_dim: int
    dim: int = 256
    width: int = 256
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    span: int = 1
    edit_layers: int = 0
    slots: int = 4
    slot_dim: int = 16
    alpha: float = 1.0
    beta: float = 0.5
    tau: float = 0.07
    caption_weight: float = 1.0
    frame_weight: float = 0.0
    change_weight: float = 0.0
    change_tau: float = 0.02
    example_is_negative: bool = True

    def __post_init__(self) -> None:
        for field in (
            "frame_dim",
            "text_dim",
            "dim",
            "width",
            "layers",
            "heads",
            "tau",
            "span",
            "change_tau",
        ):
            if getattr(self, field) <= 0:
                raise HeadError(f"{field}: {getattr(self, field)} is not positive")
        if self.width % self.heads or self.width % 2:
            raise HeadError(f"width: {self.width} is no even multiple of heads {self.heads}")
        for field in ("edit_layers", "slots", "caption_weight", "frame_weight", "change_weight"):
            if getattr(self, field) < 0:
                raise HeadError(f"{field}: {getattr(self, field)} is negative")
        if self.edit_layers and self.slots * self.slot_dim >= self.dim:
            raise HeadError(
                f"dim: {self.dim} leaves nothing for the whole beside {self.slots} x {self.slot_dim}"
            )
        if self.frame_weight and not self.edit_layers:
            raise HeadError("frame_weight: no frames are edited without edit_layers")
