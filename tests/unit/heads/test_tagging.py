"""The rule tagger on captions, and spaCy's tags where it takes its place."""

from __future__ import annotations

import importlib.util
from collections import defaultdict

import pytest

from vtr.evaluation.corpus import factors, lexicon
from vtr.models.heads.tagging.lexicon import forms
from vtr.models.heads.tagging.rules import RuleTagger
from vtr.models.heads.tagging.spacy_tagger import SpacyTagger, TaggerUnavailableError, tag_of
from vtr.models.heads.tagging.tags import PosTagger, Tag

TAGGER: PosTagger = RuleTagger()


def by_tag(text: str) -> dict[Tag, list[str]]:
    found: dict[Tag, list[str]] = defaultdict(list)
    for word in TAGGER.tag(text):
        found[word.tag].append(word.text.lower())
    return found


@pytest.mark.parametrize(
    ("text", "nouns", "verbs"),
    [
        ("A man carefully pours milk into a glass.", ["man", "milk", "glass"], ["pours"]),
        ("Two dogs are running in the park at night", ["dogs", "park", "night"], ["running"]),
        ("the red circle circles the blue square", ["circle", "square"], ["circles"]),
        ("three circles move to the left", ["circles", "left"], ["move"]),
        ("a bell rings and two rings move left", ["bell", "rings"], ["rings", "move"]),
        ("a woman is riding a running horse", ["woman", "horse"], ["riding"]),
        ("she likes to sleep", [], ["sleep"]),
        ("a grommet wobbles", ["grommet"], []),
    ],
)
def test_nouns_and_verbs_of_captions(text: str, nouns: list[str], verbs: list[str]) -> None:
    found = by_tag(text)
    assert [n for n in nouns if n not in found[Tag.NOUN]] == []
    assert [v for v in verbs if v not in found[Tag.VERB]] == []


def test_the_words_of_generated_captions_are_what_they_are() -> None:
    for name, synonyms in lexicon.VERBS.items():
        for verb in synonyms:
            for subject, form in (("the red star", verb.it), ("two red stars", verb.they)):
                assert form in by_tag(f"{subject} {form} quickly")[Tag.VERB], (name, form)
    for shape, plural in lexicon.SHAPE_PLURAL.items():
        assert shape in by_tag(f"the small {shape} moves")[Tag.NOUN]
        assert plural in by_tag(f"three small {plural} move")[Tag.NOUN]
    for colour in factors.COLOURS:
        assert colour in by_tag(f"a {colour} square")[Tag.ADJ]
    assert {"slowly", "jerkily", "wildly"} <= set(by_tag("it moves slowly, jerkily and wildly")[Tag.ADV])


def test_offsets_point_into_the_text_and_no_character_of_a_word_is_lost() -> None:
    text = "Élan's dog—well-fed—runs 3.5 km!"
    words = TAGGER.tag(text)
    assert [text[w.start : w.end] for w in words] == [w.text for w in words]
    assert "".join(w.text for w in words) == text.replace(" ", "")
    assert TAGGER.tag("  ") == []


def test_regular_forms() -> None:
    assert {"stop", "stops", "stopped", "stopping"} <= forms("stop")
    assert {"carries", "carried", "carrying"} <= forms("carry")
    assert {"dances", "danced", "dancing"} <= forms("dance")


def test_spacy_tags_are_ours_and_a_missing_spacy_says_so() -> None:
    assert [tag_of(pos) for pos in ("NOUN", "PROPN", "CCONJ", "VERB", "SPACE")] == [
        Tag.NOUN,
        Tag.NOUN,
        Tag.CONJ,
        Tag.VERB,
        Tag.OTHER,
    ]
    if importlib.util.find_spec("spacy") is None:
        with pytest.raises(TaggerUnavailableError, match="spaCy is not installed"):
            SpacyTagger()
    else:
        with pytest.raises(TaggerUnavailableError, match="no pipeline 'none_such'"):
            SpacyTagger("none_such")
