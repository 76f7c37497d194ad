"""A generated corpus of real encoded videos with everything that is true about them.

``vtr corpus make`` writes it; :func:`vtr.evaluation.corpus.read.open_corpus` reads it. One seed fixes the
scenes, the splits, the captions, the edits and the decoded pixels. What happens in a video is a
:class:`~vtr.evaluation.corpus.scene.Scene`; the pixels, the sound, the captions and the counterfactual edits
are all functions of it, so none of them can contradict another.
"""

GENERATOR_VERSION = "1.0.0"
"""Changes whenever the same seed would give other videos or annotations."""
