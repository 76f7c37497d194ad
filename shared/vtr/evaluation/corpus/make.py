"""Makes a corpus: plans it, renders the videos that are missing, writes the annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import msgspec

from vtr.evaluation.corpus import GENERATOR_VERSION, annotate, read
from vtr.evaluation.corpus.datasheet import datasheet
from vtr.evaluation.corpus.encode import write_video
from vtr.evaluation.corpus.factors import WORDS
from vtr.evaluation.corpus.record import Manifest, Options, VideoRecord
from vtr.evaluation.corpus.render import render
from vtr.evaluation.corpus.sample import sample_group
from vtr.evaluation.corpus.scene import Scene
from vtr.evaluation.corpus.sound import RATE, mix
from vtr.evaluation.corpus.speech import load_word, speak_all
from vtr.evaluation.corpus.splits import Group, Heldout, draw_heldout, plan
from vtr.evaluation.processes import single_threaded

_JOURNAL = "journal.jsonl"
_SPEECH = "speech"


class CorpusMismatchError(ValueError):
    """The directory holds a corpus made otherwise; the message names the option that differs."""


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A video that is finished: ``key`` hashes all that determines it, ``sha256`` is that of its file."""

    id: str
    key: str
    sha256: str


@dataclass(frozen=True)
class Made:
    """What a run did."""

    manifest: Manifest
    rendered: int
    kept: int


@dataclass(frozen=True)
class _Job:
    group: Group
    options: Options
    heldout: Heldout
    root: Path
    finished: Mapping[str, JournalLine]


@dataclass(frozen=True)
class _Done:
    records: dict[str, VideoRecord]
    rendered: list[JournalLine]


def make(
    options: Options, root: Path, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> Made:
    """Make, finish or repair the corpus of ``options`` in directory ``root``.

    A video whose file is there with the hash that was written down when it was made is kept; every other one
    is rendered. ``workers`` processes share the work; ``progress(videos, rendered)`` is told each group's
    numbers. Raises :class:`CorpusMismatchError` if ``root`` holds a corpus of other options (more videos are
    no others).
    """
    _refuse_other(options, root)
    (root / "videos").mkdir(parents=True, exist_ok=True)
    if options.speech:
        speak_all(WORDS, root / _SPEECH)
    heldout = draw_heldout(options.seed)
    groups = list(plan(options.videos, options.shares))
    key = _key(options)
    finished = {line.id: line for line in _read_journal(root / _JOURNAL) if line.key == key}
    jobs = [
        _Job(
            group,
            options,
            heldout,
            root,
            {i: finished[i] for i in map(group.video_id, group.members) if i in finished},
        )
        for group in groups
    ]
    done: dict[str, dict[str, VideoRecord]] = {}
    rendered = 0
    with (root / _JOURNAL).open("ab") as journal:
        # A line that a crash cut off must not swallow the next one.
        journal.write(b"\n")
        for group_id, result in _run(jobs, workers):
            for line in result.rendered:
                journal.write(msgspec.json.encode(line) + b"\n")
            journal.flush()
            done[group_id] = result.records
            rendered += len(result.rendered)
            if progress is not None:
                progress(len(result.records), len(result.rendered))
    manifest = _write(root, options, heldout, [done[group.id] for group in groups])
    return Made(manifest, rendered, options.videos - rendered)


def _refuse_other(options: Options, root: Path) -> None:
    path = root / read.MANIFEST
    if not path.exists():
        return
    try:
        old = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise CorpusMismatchError(f"{path}: {error}") from error
    if old.generator_version != GENERATOR_VERSION:
        raise CorpusMismatchError(
            f"{root}: made by generator {old.generator_version}, this is {GENERATOR_VERSION}"
        )
    for field in ("seed", "side", "speech", "scenes", "shares"):
        was, now = getattr(old.options, field), getattr(options, field)
        if was != now:
            raise CorpusMismatchError(f"{root}: holds a corpus of {field} {was}, not {now}")
    if options.videos < old.options.videos:
        raise CorpusMismatchError(f"{root}: already holds {old.options.videos} videos, not {options.videos}")


def _key(options: Options) -> str:
    """What determines every video, besides its id. The number of videos does not."""
    what = (GENERATOR_VERSION, options.seed, options.side, options.speech, options.scenes)
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:16]


def _read_journal(path: Path) -> Iterator[JournalLine]:
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(JournalLine)
    for line in path.read_bytes().splitlines():
        try:
            yield decoder.decode(line)
        except msgspec.MsgspecError:
            # Cut off when a run was killed: its video is rendered again.
            continue


def _run(jobs: list[_Job], workers: int) -> Iterator[tuple[str, _Done]]:
    if workers <= 1:
        for job in jobs:
            yield job.group.id, make_group(job)
        return
    # Not forked: a fork copies the locks of the progress bar's thread.
    with single_threaded(), ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(make_group, job): job.group.id for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def make_group(job: _Job) -> _Done:
    """Render what is missing of one group, and describe all of it. Runs in a worker process."""
    group, options = job.group, job.options
    base, edits = sample_group(group, options.seed, options.scenes, job.heldout)
    records: dict[str, VideoRecord] = {}
    rendered = []
    for member in group.members:
        scene, edit = (base, None) if member == "base" else edits[member]
        video_id = group.video_id(member)
        path = job.root / annotate.file_name(video_id)
        line = job.finished.get(video_id)
        if line is None or _hash(path) != line.sha256:
            _render_file(path, scene, job)
            line = JournalLine(id=video_id, key=_key(options), sha256=_hash(path) or "")
            rendered.append(line)
        records[member] = annotate.video_record(
            group, member, scene, edit, sha256=line.sha256, options=options, heldout=job.heldout
        )
    return _Done(records, rendered)


def _render_file(path: Path, scene: Scene, job: _Job) -> None:
    word = None
    if job.options.speech and scene.word is not None:
        word = load_word(job.root / _SPEECH, scene.word, RATE)
    write_video(path, render(scene, job.options.side), scene.fps, mix(scene, word), RATE)


def _hash(path: Path) -> str | None:
    """SHA-256 of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _write(root: Path, options: Options, heldout: Heldout, groups: list[dict[str, VideoRecord]]) -> Manifest:
    records = [record for group in groups for record in group.values()]
    triplets = [t for group in groups for t in annotate.triplets(group, options.seed)]
    galleries = [g for group in groups if (g := annotate.gallery(group)) is not None]
    adverbs = [item for record in records for item in annotate.adverb_items(record, heldout)]
    hashes = {
        read.ANNOTATIONS: _write_lines(root / read.ANNOTATIONS, records),
        read.TRIPLETS: _write_lines(root / read.TRIPLETS, triplets),
        read.GALLERIES: _write_lines(root / read.GALLERIES, galleries),
        read.ADVERBS: _write_lines(root / read.ADVERBS, adverbs),
    }
    manifest = Manifest(
        generator_version=GENERATOR_VERSION,
        options=options,
        heldout=heldout,
        counts={
            "videos": len(records),
            "triplets": len(triplets),
            "galleries": len(galleries),
            "adverbs": len(adverbs),
            "bytes": sum((root / record.file).stat().st_size for record in records),
        },
        sha256=hashes,
    )
    _replace(root / "datasheet.md", datasheet(manifest, records, triplets).encode())
    # Last, as its presence says that the corpus is whole.
    _replace(root / read.MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return manifest


def _write_lines(path: Path, lines: Sequence[msgspec.Struct]) -> str:
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    _replace(path, data)
    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    half = path.with_suffix(path.suffix + ".part")
    half.write_bytes(data)
    half.replace(path)
