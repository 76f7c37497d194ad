from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from support.tiny_detectors import save_tiny_grounding_dino, save_tiny_owlv2
from vtr.models.heads.base import HeadError
from vtr.models.heads.regada.detectors import GroundingDinoRegions, Owlv2Regions, grounding_prompt

FRAMES = [
    np.random.default_rng(0).integers(0, 255, (h, w, 3), dtype=np.uint8) for h, w in ((24, 48), (40, 20))
]


def test_prompts_are_lower_case_and_closed() -> None:
    assert grounding_prompt(["A Red Ball", "the cup."]) == "a red ball. the cup."


@pytest.mark.parametrize("family", ["owlv2", "grounding_dino"])
def test_boxes_are_shares_of_the_frame(family: str, tmp_path: Path) -> None:
    detector: Any
    if family == "owlv2":
        detector = Owlv2Regions(save_tiny_owlv2(tmp_path), threshold=0.0)
    else:
        detector = GroundingDinoRegions(save_tiny_grounding_dino(tmp_path), threshold=0.0)
    found = detector.detect(FRAMES, ["cat", "dog"])
    assert len(found) == 2
    for boxes in found:
        assert boxes.dtype == np.float32
        assert len(boxes) > 0
        assert boxes.min() >= 0
        assert boxes.max() <= 1
        assert (boxes[:, 2:] > boxes[:, :2]).all()
    with pytest.raises(HeadError, match="phrases"):
        detector.detect(FRAMES, [" "])


def test_owlv2_boxes_of_the_padded_square_become_boxes_of_the_frame(tmp_path: Path) -> None:
    detector = Owlv2Regions(save_tiny_owlv2(tmp_path), threshold=0.0)
    wide = FRAMES[0]
    inputs = detector.processor(text=[["cat"]], images=[wide], return_tensors="pt")
    with torch.inference_mode():
        raw = detector.model(**inputs)
    expected = []
    for place in raw.logits[0, :, 0].argsort(descending=True).tolist():
        x, y, width, height = raw.pred_boxes[0, place].tolist()
        # The square is as wide as this frame and twice as high.
        edges = np.array([x - width / 2, 2 * (y - height / 2), x + width / 2, 2 * (y + height / 2)])
        x0, y0, x1, y1 = np.clip(edges, 0, 1)
        if x1 > x0 and y1 > y0:
            expected.append([x0, y0, x1, y1])
    (boxes,) = detector.detect([wide], ["cat"])
    np.testing.assert_allclose(boxes, expected, atol=1e-5)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeadError, match="no config"):
        Owlv2Regions(tmp_path)
