"""The corpus's datasheet, after Gebru et al., Datasheets for Datasets (CACM 2021)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from vtr.evaluation.corpus.factors import (
    ACTION_ADVERBS,
    ACTIONS,
    ADVERBS,
    BACKGROUNDS,
    CAMERAS,
    COLOURS,
    DIRECTIONS,
    PATTERNS,
    RELATIONS,
    SHAPES,
    SIZES,
    SOUNDS,
    TIMES_OF_DAY,
    TURNS,
    WORDS,
)
from vtr.evaluation.corpus.record import Manifest, Triplet, VideoRecord
from vtr.evaluation.corpus.splits import SPLITS


def datasheet(manifest: Manifest, records: Sequence[VideoRecord], triplets: Sequence[Triplet]) -> str:
    """The datasheet as Markdown; depends on the corpus alone, not on when or where it was made."""
    options = manifest.options
    return "\n".join(
        [
            "# Datasheet of the generated video-text corpus",
            "",
            f"Generator {manifest.generator_version}, seed {options.seed}. Made again with "
            f"`vtr corpus make --videos {options.videos} --seed {options.seed} --side {options.side} "
            f"--fps {options.scenes.fps} --max-events {options.scenes.max_events}"
            f"{'' if options.speech else ' --no-speech'} --out DIR`.",
            "",
            *_motivation(),
            *_composition(manifest, records, triplets),
            *_balance(records),
            *_process(manifest),
            *_uses(),
        ]
    )


def _motivation() -> list[str]:
    return [
        "## Motivation",
        "",
        "To train and measure video-text retrieval where no published set can be had, with "
        "everything that is "
        "true about a video known exactly: what is where, what happens when and how, and which video differs "
        "from which other in one factor alone. It measures whether a method uses order, direction "
        "and manner, "
        "which random galleries do not.",
        "",
    ]


def _composition(
    manifest: Manifest, records: Sequence[VideoRecord], triplets: Sequence[Triplet]
) -> list[str]:
    counts = manifest.counts
    seconds = sum(r.duration_s for r in records)
    lines = [
        "## Composition",
        "",
        f"{counts['videos']} videos ({manifest.options.side} x {manifest.options.side} px, "
        f"{manifest.options.scenes.fps} frames a second, H.264, AAC at 16 kHz, MP4), "
        f"{seconds / 3600:.2f} hours, "
        f"{min(r.duration_s for r in records):.1f} to {max(r.duration_s for r in records):.1f} s each, "
        f"{counts['bytes'] / 1e6:.1f} MB in all, "
        f"{counts['bytes'] / max(1, counts['videos']) / 1e3:.1f} kB each. "
        f"{counts['triplets']} triplets for composed retrieval, {counts['galleries']} hard galleries, "
        f"{counts['adverbs']} events with an adverb. Nothing shows or concerns a person.",
        "",
        "| split | videos | bases | edits | captions | events | triplets | hard galleries | "
        "duplicate captions |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for split in SPLITS:
        own = [r for r in records if r.split == split]
        full = [c.text for r in own if r.member == "base" for c in r.captions if c.kind == "full"]
        members = Counter(r.member for r in own)
        hard = sum(1 for r in own if r.member == "adverb") if split != "train" else 0
        lines.append(
            f"| {split} | {len(own)} | {members['base']} | {len(own) - members['base']} "
            f"| {sum(len(r.captions) for r in own)} | {sum(len(r.events) for r in own)} "
            f"| {sum(t.split == split for t in triplets)} | {hard} | {len(full) - len(set(full))} |"
        )
    lines += [
        "",
        "Duplicate captions: full captions of base videos that another base video of the split has too. "
        "All videos of a group (a base and its edits) are in one split. Captions of training, validation and "
        "test come from grammars that share no sentence template; the held-out split uses the test's.",
        "",
        "Held-out compositions (in `test-heldout-composition` only, and in every video of it at least one): "
        + ", ".join(f"{colour} {shape}" for shape, colour in manifest.heldout.looks)
        + "; "
        + ", ".join(f"{action} {adverb}" for action, adverb in manifest.heldout.manners)
        + ".",
        "",
    ]
    if not manifest.options.speech:
        lines += [
            "**Without speech**: made without espeak-ng, so no word is spoken and no caption names one.",
            "",
        ]
    return lines


def _balance(records: Sequence[VideoRecord]) -> list[str]:
    things = [t for r in records for t in r.scene.things]
    events = [e for r in records for e in r.events]
    pairs = Counter((e.action, e.adverb) for e in events)
    lines = [
        "## Factors and balance",
        "",
        "| factor | values (how often in all videos) |",
        "|---|---|",
        _row("shape", SHAPES, (t.shape for t in things)),
        _row("colour", COLOURS, (t.colour for t in things)),
        _row("pattern", PATTERNS, (t.pattern for t in things)),
        _row("size", SIZES, (t.size for t in things)),
        _row("count", ("1", "2", "3"), (str(t.count) for t in things)),
        _row("things in a video", ("1", "2", "3"), (str(len(r.scene.things)) for r in records)),
        _row("events in a video", map(str, range(1, 7)), (str(len(r.events)) for r in records)),
        _row("action", ACTIONS, (e.action for e in events)),
        _row("direction", (*DIRECTIONS, *TURNS), (e.direction for e in events)),
        _row("adverb", (*ADVERBS, None), (e.adverb for e in events)),
        _row("relation", (*RELATIONS, None), (r.scene.relation for r in records)),
        _row("scene", BACKGROUNDS, (r.scene.background for r in records)),
        _row("time of day", TIMES_OF_DAY, (r.scene.time_of_day for r in records)),
        _row("camera", CAMERAS, (r.scene.camera for r in records)),
        _row("sound", (*SOUNDS, None), (r.sound.what if r.sound else None for r in records)),
        _row("word", (*WORDS, None), (r.word.what if r.word else None for r in records)),
        _row("edit", None, (r.member for r in records)),
        "",
        "| action | " + " | ".join(ADVERBS) + " | (none) |",
        "|---|" + "---|" * (len(ADVERBS) + 1),
    ]
    for action, fitting in ACTION_ADVERBS.items():
        cells = [str(pairs[action, adverb]) if adverb in fitting else "-" for adverb in ADVERBS]
        lines.append(f"| {action} | {' | '.join(cells)} | {pairs[action, None]} |")
    return [*lines, ""]


def _row(name: str, values: Iterable[str | None] | None, found: Iterable[str | None]) -> str:
    counts = Counter(found)
    shown = sorted(counts, key=str) if values is None else values
    return f"| {name} | " + ", ".join(f"{value or '(none)'} {counts[value]}" for value in shown) + " |"


def _process(manifest: Manifest) -> list[str]:
    return [
        "## Collection and processing",
        "",
        "Scenes are drawn at random and kept if everything stays in view and apart, if their "
        "relation holds at "
        "every frame, and if the edits of their group are possible. Pixels (signed-distance shapes over "
        "procedural textures, sensor noise, camera motion), sound, captions, boxes, timelines and edits are "
        "functions of the same scene. An edit keeps everything but its factor: seed, texture, noise, camera, "
        "length. The same seed and options give the same annotations and decoded frames; file bytes, "
        "and with "
        "them the file hashes in the annotations, are the same for the same build of FFmpeg and "
        "x264. SHA-256: " + ", ".join(f"`{name}` {value}" for name, value in manifest.sha256.items()) + ".",
        "",
    ]


def _uses() -> list[str]:
    return [
        "## Uses and known limits",
        "",
        "- For training small towers and heads, and for comparing methods with each other. Not a "
        "stand-in for "
        "natural video: no people, no articulated motion, no cuts, one static background a video.",
        "- A random gallery flatters: most captions can be told apart by their bag of attributes. "
        "Report the hard "
        "galleries beside it.",
        "- Events follow one another without overlap, and captions tell them in their order; no caption says "
        '"X after Y". Every video has one event at a time, so moments do not overlap.',
        "- A relation that holds is drawn between the first two things only. A follower's direction "
        "is that of the "
        "relation. Things that travel far rarely share the frame with two others.",
        "- The same factor edited twice in one video is never drawn; an order edit swaps two events, "
        "whatever "
        "lies between.",
        "- An action's quiet tone gives the action away to a method that hears; it does not give "
        "away direction or "
        "manner. Sound and word are drawn independently of what is seen.",
        "- Spoken words come from one synthetic voice. English only.",
        "- Circles and rings never spin, as their turning can hardly be seen.",
        "- The time an event takes depends on its pace, so length within the slot gives slow and quick away; "
        "that is what they mean here.",
        "- Straight is drawn like a neutral motion at a different pace; only against zigzag is it told apart "
        "surely.",
        "",
    ]
