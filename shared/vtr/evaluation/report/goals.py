"""The bars of the generated corpus, which were set before the methods were trained."""

from __future__ import annotations

from vtr.evaluation.metrics.rows import (
    ADVERBS,
    COMPOSED,
    FACTORS,
    MOMENTS,
    REGIONS,
    SOUND,
    TEXT_TO_VIDEO,
    VIDEO_TO_TEXT,
)
from vtr.evaluation.report.bars import Bar
from vtr.evaluation.report.measured import Pick, cut, difference, distance, ratio

DATA = "generated"
HARD = f"{DATA}, hard galleries"
SEVERAL = f"{DATA}, examples that have several edits"
"""Without the queries that ask an edit for its base, which is what is nearest to it anyway."""
HELDOUT = "test-heldout-composition"
DUAL = "dual encoder"


def _dual(metric: str, task: str = TEXT_TO_VIDEO, data: str = DATA, split: str = "test") -> Pick:
    return Pick(task, DUAL, metric, data, split)


GOALS: tuple[Bar, ...] = (
    Bar(DUAL, "text to video R@1 at least 60", _dual("R@1"), 60),
    Bar(DUAL, "text to video R@1 at least 75", _dual("R@1"), 75),
    Bar(DUAL, "text to video R@5 at least 85", _dual("R@5"), 85),
    Bar(DUAL, "text to video MedR 1", _dual("MedR"), 1, at_most=True),
    Bar(
        DUAL,
        "video to text R@1 within 5 points of text to video",
        _dual("R@1", VIDEO_TO_TEXT),
        5,
        at_most=True,
        compare=distance,
        against=(_dual("R@1"),),
        unit=" points apart",
    ),
    Bar(DUAL, "held-out compositions R@1 at least 40", _dual("R@1", split=HELDOUT), 40),
    Bar(DUAL, "hard galleries R@1 at least 50 (chance 25)", _dual("R@1", data=HARD), 50),
    Bar(DUAL, "direction at least 90 (chance 50)", _dual("direction", FACTORS), 90),
    Bar(DUAL, "adverb at least 80 (chance 50)", _dual("adverb", FACTORS), 80),
    Bar(DUAL, "order at least 80 (chance 50)", _dual("order", FACTORS), 80),
    *(
        Bar(
            "CoVR",
            f"composed R@1 at least twice the better of text alone and video alone{which}",
            Pick(COMPOSED, "CoVR", "R@1", data),
            2,
            compare=ratio,
            against=(Pick(COMPOSED, "text alone", "R@1", data), Pick(COMPOSED, "video alone", "R@1", data)),
            unit=" times",
        )
        for data, which in ((DATA, ", all queries"), (SEVERAL, ", examples that have several edits"))
    ),
    Bar("VLG-Net", "R@1 at IoU 0.5 at least 60", Pick(MOMENTS, "VLG-Net", "R@1 IoU=0.5", DATA), 60),
    Bar("VLG-Net", "R@1 at IoU 0.7 at least 35", Pick(MOMENTS, "VLG-Net", "R@1 IoU=0.7", DATA), 35),
    *(
        Bar(
            "VLG-Net",
            f"R@1 at IoU {iou} at least 1.5 times the sliding window",
            Pick(MOMENTS, "VLG-Net", f"R@1 IoU={iou}", DATA),
            1.5,
            compare=ratio,
            against=(Pick(MOMENTS, "best window of cosine", f"R@1 IoU={iou}", DATA),),
            unit=" times",
        )
        for iou in (0.5, 0.7)
    ),
    Bar(
        "CAMoE",
        "R@1 over the dual encoder by at least 2 points, intervals apart",
        Pick(TEXT_TO_VIDEO, "CAMoE", "R@1", DATA),
        2,
        compare=difference,
        against=(_dual("R@1"),),
        apart=True,
        unit=" points",
    ),
    *(
        Bar(
            method,
            "hubness cut by at least 30 % with the query bank",
            Pick(TEXT_TO_VIDEO, f"{method} + query bank", "hubness", DATA),
            30,
            compare=cut,
            against=(Pick(TEXT_TO_VIDEO, method, "hubness", DATA),),
            unit=" %",
        )
        for method in ("CAMoE", DUAL)
    ),
    Bar(
        "ReGaDa",
        "antonym accuracy at least 85 (chance 50), action given",
        Pick(ADVERBS, "ReGaDa", "Acc-A", f"{DATA}, action given"),
        85,
    ),
    *(
        Bar(
            "ReGaDa",
            f"{metric} over the dual encoder, intervals apart, {given}",
            Pick(ADVERBS, "ReGaDa", metric, f"{DATA}, {given}"),
            0,
            compare=difference,
            against=(Pick(ADVERBS, DUAL, metric, f"{DATA}, {given}"),),
            apart=True,
            unit=" points",
        )
        for given in ("action given", "action not given")
        for metric in ("mAP-W", "mAP-M")
    ),
    Bar(
        "ReGaDa",
        "pointing: peak inside the thing that acts, at least 70",
        Pick(REGIONS, "ReGaDa", "pointing", f"{DATA}, the thing that acts"),
        70,
    ),
    Bar(
        "audio",
        "R@1 of queries that name a sound or a word at least 3 times that without sound",
        Pick(SOUND, "with sound", "R@1", DATA),
        3,
        compare=ratio,
        against=(Pick(SOUND, "without sound", "R@1", DATA),),
        unit=" times",
    ),
)
