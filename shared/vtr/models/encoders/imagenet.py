"""The 1000 ImageNet classes in the order of the classifier's outputs, and what a photo of each shows.

Names are those of torchvision's weights metadata. Texts are "a photo of a NAME"; classes that are worn or
ridden name the person, because ImageNet has no class for people although such photos show one.
"""

from __future__ import annotations

from importlib.resources import files

CLASSES = 1000


def class_texts() -> list[tuple[str, str]]:
    """``(name, text)`` per class."""
    table = files("vtr.models.encoders").joinpath("imagenet_texts.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines()]
    if len(rows) != CLASSES or any(len(row) != 2 for row in rows):
        raise ValueError(f"imagenet_texts.tsv: needed are {CLASSES} lines of name and text")
    return [(name, text) for name, text in rows]
