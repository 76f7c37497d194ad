"""What determines an audio tower."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.base import HeadConfig, HeadError


@dataclass(frozen=True)
class MelConfig(HeadConfig):
    """Log-mel spectrogram: ``mels`` bands from ``low_hz`` to ``high_hz`` of sound at ``rate`` samples a
    second, windows of ``window`` samples every ``hop`` samples."""

    rate: int = 16_000
    window: int = 512
    hop: int = 320
    mels: int = 64
    low_hz: float = 50.0
    high_hz: float = 7_600.0

    def __post_init__(self) -> None:
        for name in ("rate", "window", "hop", "mels"):
            if getattr(self, name) < 1:
                raise HeadError(f"{name}: {getattr(self, name)} is less than 1")
        if not 0 <= self.low_hz < self.high_hz <= self.rate / 2:
            raise HeadError(
                f"low_hz, high_hz: {self.low_hz} to {self.high_hz} is no band below {self.rate / 2} Hz"
            )


@dataclass(frozen=True)
class AudioConfig(HeadConfig):
    """Sizes of both towers. ``channels``: of the convolutions, each of which halves time and bands.

    ``queries``: what attends to the steps of a sound beside the maximum; ``text_queries``: to the words.
    ``senses_weight``: of the loss of telling whether a text names something seen, something heard.
    """

    mel: MelConfig = MelConfig()
    dim: int = 128
    channels: tuple[int, ...] = (16, 32, 64)
    width: int = 128
    queries: int = 4
    text_width: int = 96
    text_queries: int = 4
    tau: float = 0.07
    senses_weight: float = 0.5

    def __post_init__(self) -> None:
        if not self.channels or self.mel.mels % 2 ** len(self.channels):
            raise HeadError(f"channels: {len(self.channels)} halvings of {self.mel.mels} bands leave a rest")
