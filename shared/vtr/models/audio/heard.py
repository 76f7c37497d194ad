"""What is heard in a video of the corpus, and which of its texts say so."""

from __future__ import annotations

from vtr.evaluation.corpus.record import Caption, VideoRecord

SOUND, BOTH, FULL = "sound", "both", "full"
"""Kinds of captions: of what is heard, of all, of what is seen."""
SENSES = {FULL: (1.0, 0.0), BOTH: (1.0, 1.0), SOUND: (0.0, 1.0)}
"""Whether a caption of a kind names something seen, something heard."""


def heard_in(record: VideoRecord) -> frozenset[str]:
    """The sound and the spoken word of a video; two videos in which the same is heard have equal sets."""
    found = set()
    if record.sound is not None:
        found.add(f"sound {record.sound.what}")
    if record.word is not None:
        found.add(f"word {record.word.what}")
    return frozenset(found)


def captions_of(record: VideoRecord, kind: str) -> list[Caption]:
    """The captions of ``kind``; none of kind sound or both where nothing is heard."""
    return [caption for caption in record.captions if caption.kind == kind]
