"""Captions: true to the scene, in templates that training and test do not share."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from support.corpus import HELDOUT, a_scene, a_thing, groups
from vtr.evaluation.corpus import splits
from vtr.evaluation.corpus.annotate import gallery, triplets, video_record
from vtr.evaluation.corpus.captions import (
    caption,
    clause,
    form_count,
    modification,
    moment_caption,
    sound_caption,
)
from vtr.evaluation.corpus.edits import FACTORS, edit
from vtr.evaluation.corpus.factors import COLOURS, PATTERNS, SHAPES, SIZES, WORDS
from vtr.evaluation.corpus.grammar import GRAMMARS, TEST, TRAIN, VAL, Grammar
from vtr.evaluation.corpus.lexicon import (
    ADVERB,
    DIRECTION,
    PLACE,
    RELATION,
    SHAPE_PLURAL,
    SOUND,
    TIME,
    VERBS,
    Voice,
)
from vtr.evaluation.corpus.record import Options, VideoRecord
from vtr.evaluation.corpus.sample import SceneOptions, sample_group
from vtr.evaluation.corpus.scene import Event

VOICE = Voice("a")


def slot_words() -> list[str]:
    """Every word or phrase that fills a slot, longest first."""
    tables: list[str] = [*SHAPES, *SHAPE_PLURAL.values(), *COLOURS, *PATTERNS, *SIZES, *WORDS]
    for table in (DIRECTION, ADVERB, RELATION, PLACE, TIME, SOUND):
        tables += [word for words in table.values() for word in words]
    for verbs in VERBS.values():
        tables += [w for v in verbs for w in (v.it, v.they, v.doing, v.tail) if w]
    tables += ["the", "a", "an", "one", "two", "three"]
    return sorted({word.lower() for word in tables}, key=len, reverse=True)


PATTERN = re.compile(r"\b(?:" + "|".join(map(re.escape, slot_words())) + r")\b")


def skeleton(text: str) -> str:
    """A sentence without the words that fill its slots."""
    return re.sub(r"_(?: _)+", "_", PATTERN.sub("_", text.lower()))


def records(split: str, count: int, seed: int = 0) -> list[VideoRecord]:
    options = Options(videos=1, seed=seed, side=64)
    found = []
    for group in groups(split, count):
        base, edits = sample_group(group, seed, SceneOptions(), splits.draw_heldout(seed))
        members = {"base": (base, None), **edits}
        found += [
            video_record(group, m, s, e, sha256="0", options=options, heldout=splits.draw_heldout(seed))
            for m, (s, e) in members.items()
        ]
    return found


def texts(found: list[VideoRecord]) -> list[str]:
    return [c.text for r in found for c in r.captions] + [
        t for r in found for e in r.events for t in e.captions
    ]


def test_the_grammars_share_no_template() -> None:
    for one, other in combinations((TRAIN, VAL, TEST), 2):
        for field in ("full", "joiners", "moment", "modification", "sound", "both"):
            assert not set(getattr(one, field)) & set(getattr(other, field)), field
        assert not {(j.first, j.last) for j in one.joiners} & {(j.first, j.last) for j in other.joiners}


def test_training_and_test_captions_share_no_sentence_skeleton() -> None:
    train, test = (texts(records(s, 60)) for s in (splits.TRAIN, splits.TEST))
    shared = {skeleton(t) for t in train} & {skeleton(t) for t in test}
    assert not shared
    # The delexicaliser itself works: two captions of one form have one skeleton.
    one = caption(a_scene(), TRAIN, 0, VOICE)
    other = caption(
        a_scene(things=(a_thing(colour="blue", shape="star"),), background="sea"), TRAIN, 0, VOICE
    )
    assert one != other
    assert skeleton(one) == skeleton(other)


def test_test_captions_use_only_words_that_training_uses() -> None:
    def words(found: list[str]) -> set[str]:
        return {w for text in found for w in re.findall(r"[a-z]+", text.lower())}

    train, test = records(splits.TRAIN, 500), records(splits.TEST, 120)
    known = words(texts(train)) | {w for t in TRAIN.modification for w in re.findall(r"[a-z]+", t)}
    assert words(texts(test)) - known - set(WORDS) == set()
    said = {w for t in (*TEST.modification, *VAL.modification) for w in re.findall(r"[a-z]+", t)}
    assert said <= known


@pytest.mark.parametrize("grammar", [TRAIN, VAL, TEST])
def test_a_caption_says_all_that_the_scene_has_in_the_order_of_events(grammar: Grammar) -> None:
    scene = a_scene(
        Event(thing=0, action="moves", direction="left", adverb="slowly"),
        Event(thing=1, action="spins", direction="clockwise"),
        Event(thing=1, action="blinks", adverb="quickly"),
        things=(a_thing(home=(0.3, 0.5)), a_thing(shape="star", colour="blue", pattern="striped", count=2)),
        relation="left_of",
    )
    for form in range(form_count(grammar)):
        text = caption(scene, grammar, form, VOICE)
        lower = text.lower()
        assert "a small red circle" in lower
        assert "two small striped blue stars" in lower
        assert any(w in lower for w in RELATION["left_of"])
        assert any(w in lower for w in PLACE["tiles"])
        assert any(w in lower for w in TIME["day"])
        places = [lower.index(clause(scene, k, VOICE).lower()) for k in range(3)]
        assert places == sorted(places)
        assert text[0].isupper()
        assert "{" not in text


def test_verbs_agree_with_their_subject() -> None:
    one = clause(a_scene(Event(thing=0, action="bounces")), 0, VOICE)
    many = clause(a_scene(Event(thing=0, action="bounces"), things=(a_thing(count=3),)), 0, VOICE)
    assert one in {"the red circle bounces", "the red circle hops"}
    assert many in {"the three red circles bounce", "the three red circles hop"}


def test_an_order_swap_uses_the_same_words_in_another_order() -> None:
    scene = a_scene(Event(thing=0, action="moves", direction="left"), Event(thing=0, action="grows"))
    swapped = edit(scene, "order", "0")
    assert swapped is not None
    one, other = (caption(s, TEST, 1, VOICE) for s in (scene, swapped[0]))
    assert one != other
    assert sorted(re.findall(r"\w+", one.lower())) == sorted(re.findall(r"\w+", other.lower()))


@pytest.mark.parametrize("split", splits.SPLITS)
def test_a_swapped_caption_is_the_caption_of_the_edited_sibling(split: str) -> None:
    seen = 0
    found = {r.id: r for r in records(split, 9)}
    for record in found.values():
        base = found[f"{record.group}-base"]
        if record.edit is None or record.member not in base.captions[0].swaps:
            continue
        seen += 1
        for one, other in zip(base.captions, record.captions, strict=True):
            if one.kind == "full":
                assert one.swaps[record.member] == other.text
                assert one.text != other.text
                assert one.form == other.form
    assert seen >= 3


def test_no_swapped_caption_of_training_speaks_of_a_held_out_composition() -> None:
    names = [
        re.compile(rf"\b{colour} (?:{shape}|{SHAPE_PLURAL[shape]})\b") for shape, colour in HELDOUT.looks
    ]
    said = [t for r in records(splits.TRAIN, 80) for c in r.captions for t in (c.text, *c.swaps.values())]
    assert len(said) > 1000
    assert not [t for t in said if any(n.search(t.lower()) for n in names)]


@pytest.mark.parametrize("factor", FACTORS)
def test_a_modification_names_what_is_new(factor: str) -> None:
    scene = a_scene(
        Event(thing=0, action="moves", direction="left", adverb="slowly"),
        Event(thing=1, action="grows", adverb="jerkily"),
        things=(a_thing(home=(0.3, 0.5)), a_thing(shape="star", colour="blue")),
        relation="left_of",
        sound="bell",
        word="tiger",
    )
    found = edit(scene, factor, "0")
    assert found is not None
    edited, change = found
    text = modification(scene, edited, change, TEST, form=0, voice=VOICE)
    fresh = {
        "order": clause(edited, 0, VOICE),
        "direction": VOICE.pick(change.after, DIRECTION.get(change.after, ("",))),
        "adverb": VOICE.pick(change.after, ADVERB.get(change.after, ("",))),
        "action": clause(edited, change.event or 0, VOICE),
        "count": {"1": "one", "2": "two", "3": "three"}.get(change.after, ""),
        "relation": VOICE.pick(change.after, RELATION.get(change.after, ("",))),
        "scene": VOICE.pick(change.after, PLACE.get(change.after, ("",))),
        "time": VOICE.pick(change.after, TIME.get(change.after, ("",))),
        "sound": VOICE.pick(change.after, SOUND.get(change.after, ("",))),
    }.get(factor, change.after)
    assert fresh
    assert fresh in text
    back = modification(edited, scene, change.inverse(), TEST, form=0, voice=VOICE)
    assert back != text


def test_triplets_go_both_ways_between_videos_of_one_split() -> None:
    for split in splits.SPLITS:
        found = records(split, 1)
        made = list(triplets({r.member: r for r in found}, 0))
        assert len(made) == 2 * (len(found) - 1)
        ways = {(t.reference, t.target) for t in made}
        assert ways == {(b, a) for a, b in ways}
        assert {t.split for t in made} == {split}


def test_a_hard_gallery_has_the_base_and_the_three_hard_edits() -> None:
    found = {r.member: r for r in records(splits.TEST, 1)}
    hard = gallery(found)
    assert hard is not None
    assert hard.factors == ("base", "order", "direction", "adverb")
    queries = {r.captions[0].text for r in found.values()}
    assert len(queries) == len(found)
    del found["order"]
    assert gallery(found) is None


def test_a_moment_caption_speaks_of_its_event_alone() -> None:
    scene = a_scene(
        Event(thing=0, action="moves", direction="left"), Event(thing=0, action="grows", adverb="slowly")
    )
    for grammar in (TRAIN, VAL, TEST):
        for form in range(len(grammar.moment)):
            first, second = (moment_caption(scene, k, grammar, form, VOICE) for k in range(2))
            assert "left" in first
            assert "slowly" not in first
            assert "slowly" in second
            assert "left" not in second


def test_a_sound_caption_names_what_is_heard_and_nothing_without_sound() -> None:
    heard = a_scene(sound="bell", word="tiger")
    assert sound_caption(a_scene(), TEST, 0, VOICE, speech=True) is None
    text = sound_caption(heard, TEST, 0, VOICE, speech=True) or ""
    assert "bell rings" in text
    assert '"tiger"' in text
    assert "circle" not in text
    mute = sound_caption(heard, TEST, 0, VOICE, speech=False) or ""
    assert "tiger" not in mute


def test_the_held_out_split_is_asked_in_the_grammar_of_the_test() -> None:
    assert GRAMMARS[splits.HELDOUT] is TEST
    assert all(c.form.startswith("test/") for r in records(splits.HELDOUT, 2) for c in r.captions)
