"""Everything about states in one place: of clips, of texts, of a corpus, and a clip's in a file."""

from __future__ import annotations

from vtr.models.dual.corpus_states import CorpusStates, corpus_states
from vtr.models.dual.tower_states import Seen, TextStates, clip_states, see_clips, text_states
from vtr.models.encoders.clip_states import ClipStates, ClipStatesError, read_states, write_states

__all__ = [
    "ClipStates",
    "ClipStatesError",
    "CorpusStates",
    "Seen",
    "TextStates",
    "clip_states",
    "corpus_states",
    "read_states",
    "see_clips",
    "text_states",
    "write_states",
]
