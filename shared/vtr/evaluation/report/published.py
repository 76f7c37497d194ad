"""What others have published, to be printed beside our numbers and never as ours."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.evaluation.metrics.rows import ADVERBS, COMPOSED, MOMENTS, TEXT_TO_VIDEO


@dataclass(frozen=True)
class Published:
    """Numbers of ``method`` on ``data`` as its authors give them, for the task ``task``."""

    task: str
    method: str
    data: str
    numbers: str
    source: str


_SOLDAN = "Soldan et al., ICCV-W 2021"
_CHENG = "Cheng et al., 2021"
_HUMMEL = "Hummel et al., BMVC 2023"

PUBLISHED: tuple[Published, ...] = (
    Published(
        MOMENTS,
        "VLG-Net",
        "ActivityNet Captions",
        "R@1 IoU=0.5 46.32, IoU=0.7 29.82; R@5 77.15, 63.33",
        _SOLDAN,
    ),
    Published(
        COMPOSED,
        "BSE-CoVR, a successor of CoVR with dense modification texts",
        "Dense-WebVid-CoVR",
        "R@1 71.3",
        "Thawakar et al., 2025",
    ),
    Published(MOMENTS, "VLG-Net", "TACoS", "R@1 IoU=0.3 45.46, IoU=0.5 34.19", _SOLDAN),
    Published(TEXT_TO_VIDEO, "CAMoE + DSL (transductive)", "MSR-VTT 1k-A", "R@1 48.8", _CHENG),
    Published(TEXT_TO_VIDEO, "CAMoE + DSL (transductive)", "MSVD", "R@1 51.8", _CHENG),
    Published(TEXT_TO_VIDEO, "CAMoE + DSL (transductive)", "DiDeMo", "R@1 43.8", _CHENG),
    Published(TEXT_TO_VIDEO, "CAMoE + DSL (transductive)", "ActivityNet", "R@1 51.0", _CHENG),
    Published(
        ADVERBS, "ReGaDa", "HowTo100M Adverbs", "mAP-W 0.567, mAP-M 0.528, Acc-A 0.817 (prior 0.786)", _HUMMEL
    ),
    Published(ADVERBS, "ReGaDa", "AIR", "mAP-W 0.704, mAP-M 0.418, Acc-A 0.874 (prior 0.854)", _HUMMEL),
)
"""They need large checkpoints and the data sets, which are not part of this project."""
