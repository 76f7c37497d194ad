"""The records of a group of videos: a function of its scenes and of the hashes of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from vtr.evaluation.corpus import captions, splits
from vtr.evaluation.corpus.edits import Edit, edit
from vtr.evaluation.corpus.factors import ANTONYMS
from vtr.evaluation.corpus.grammar import GRAMMARS
from vtr.evaluation.corpus.lexicon import Voice
from vtr.evaluation.corpus.record import (
    AdverbItem,
    Caption,
    EventRecord,
    Gallery,
    ObjectRecord,
    Options,
    SoundRecord,
    Triplet,
    VideoRecord,
)
from vtr.evaluation.corpus.render import boxes
from vtr.evaluation.corpus.sample import allowed
from vtr.evaluation.corpus.scene import Scene, event_times
from vtr.evaluation.corpus.sound import sound_times, word_start
from vtr.evaluation.corpus.splits import Group, Heldout

SWAPPED = ("order", "direction", "adverb", "relation", "colour")
"""The factors of which captions carry a swapped twin."""

_FULL_CAPTIONS = {splits.TRAIN: 4}
_OTHER_FULL_CAPTIONS = 2
_MOMENT_CAPTIONS = 2


def file_name(video_id: str) -> str:
    return f"videos/{video_id}.mp4"


def video_record(
    group: Group,
    member: str,
    scene: Scene,
    made_by: Edit | None,
    *,
    sha256: str,
    options: Options,
    heldout: Heldout,
) -> VideoRecord:
    """The record of one video of ``group``."""
    video_id = group.video_id(member)
    word = None
    if options.speech and scene.word is not None:
        word = SoundRecord(what=scene.word, start_s=word_start(scene))
    sound = None
    if scene.sound is not None:
        start, end = sound_times(scene)
        sound = SoundRecord(what=scene.sound, start_s=start, end_s=end)
    return VideoRecord(
        id=video_id,
        group=group.id,
        member=member,
        split=group.split,
        file=file_name(video_id),
        sha256=sha256,
        width=options.side,
        height=options.side,
        fps=scene.fps,
        frames=scene.frames,
        duration_s=round(scene.duration_s, 3),
        scene=scene,
        edit=made_by,
        events=tuple(_event(group, scene, k, options.seed) for k in range(len(scene.events))),
        objects=tuple(
            ObjectRecord(thing=o.thing, boxes=tuple(o.xyxy.ravel().tolist()))
            for o in boxes(scene, options.side)
        ),
        sound=sound,
        word=word,
        captions=tuple(_captions(group, scene, options, heldout)),
    )


def _event(group: Group, scene: Scene, k: int, seed: int) -> EventRecord:
    event = scene.events[k]
    start, end = event_times(scene, k)
    rng = Random(f"{seed}/{group.id}/moment/{k}")
    grammar = GRAMMARS[group.split]
    forms = rng.sample(range(len(grammar.moment)), _MOMENT_CAPTIONS)
    texts = (
        captions.moment_caption(scene, k, grammar, form, Voice(f"{seed}/{group.id}/{form}")) for form in forms
    )
    return EventRecord(
        thing=event.thing,
        action=event.action,
        direction=event.direction,
        adverb=event.adverb,
        antonym=ANTONYMS[event.adverb] if event.adverb else None,
        other=event.other,
        start_s=start,
        end_s=end,
        captions=tuple(texts),
    )


def _captions(group: Group, scene: Scene, options: Options, heldout: Heldout) -> Iterator[Caption]:
    """Form and synonyms depend on the group alone: siblings' captions differ where their scenes do."""
    grammar = GRAMMARS[group.split]
    name = f"{options.seed}/{group.id}"
    rng = Random(f"{name}/captions")
    number = _FULL_CAPTIONS.get(group.split, _OTHER_FULL_CAPTIONS)
    # A swapped caption is spoken of too: it must not leak what is held out.
    swapped = {
        factor: found[0]
        for factor in SWAPPED
        if (found := edit(scene, factor, name)) is not None and allowed(found[0], group.split, heldout)
    }
    forms = rng.sample(range(captions.form_count(grammar)), number)
    for form in forms:
        voice = Voice(f"{name}/{form}")
        yield Caption(
            text=captions.caption(scene, grammar, form, voice),
            kind="full",
            form=captions.form_name(grammar, form),
            swaps={f: captions.caption(other, grammar, form, voice) for f, other in swapped.items()},
        )
    form, voice = forms[0], Voice(f"{name}/{forms[0]}")
    heard = captions.sound_caption(scene, grammar, form, voice, speech=options.speech)
    if heard is not None:
        yield Caption(text=heard, kind="sound", form=f"{grammar.name}/sound.{form % len(grammar.sound)}")
    both = captions.both_caption(scene, grammar, form, voice, speech=options.speech)
    if both is not None:
        name_of_form = f"{captions.form_name(grammar, form)}+{form % len(grammar.both)}"
        yield Caption(text=both, kind="both", form=name_of_form)


def triplets(records: Mapping[str, VideoRecord], seed: int) -> Iterator[Triplet]:
    """Both ways between the base and each edit of one group; ``records`` by member."""
    base = records.get("base")
    if base is None:
        return
    grammar = GRAMMARS[base.split]
    for member, record in records.items():
        if record.edit is None or (member == "word" and record.word is None):
            continue
        ways = ((base, record, record.edit), (record, base, record.edit.inverse()))
        for way, (reference, target, change) in enumerate(ways):
            name = f"{seed}/{reference.id}/{target.id}"
            form = Random(name).randrange(len(grammar.modification))
            yield Triplet(
                split=base.split,
                factor=change.factor,
                reference=reference.id,
                text=captions.modification(
                    reference.scene, target.scene, change, grammar, form=form + way, voice=Voice(name)
                ),
                target=target.id,
            )


def gallery(records: Mapping[str, VideoRecord]) -> Gallery | None:
    """The hard gallery of one group, if it has all of order, direction and adverb."""
    wanted = ("base", *splits.HARD)
    if any(member not in records for member in wanted):
        return None
    base = records["base"]
    return Gallery(
        split=base.split,
        group=base.group,
        factors=wanted,
        videos=tuple(records[member].id for member in wanted),
    )


def adverb_items(record: VideoRecord, heldout: Heldout) -> Iterator[AdverbItem]:
    """The events of a video that are done in some manner."""
    for k, event in enumerate(record.events):
        if event.adverb is not None and event.antonym is not None:
            yield AdverbItem(
                split=record.split,
                video=record.id,
                event=k,
                action=event.action,
                adverb=event.adverb,
                antonym=event.antonym,
                start_s=event.start_s,
                end_s=event.end_s,
                composition_trained=(event.action, event.adverb) not in heldout.manners,
            )
