"""Damaged and odd files, each with what must become of it.

A submission of any of them ends as searchable, or as failed with one of the expected codes; it never takes
the service down and never hangs it.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from support.media import halves, scenes, write_audio, write_video

SEARCHABLE = "searchable"


@dataclass(frozen=True)
class BadMedia:
    """One file: ``build(folder)`` makes it there and returns what to submit as its uri.

    ``outcomes`` are the allowed ends: ``"searchable"`` or a failure code.
    """

    name: str
    build: Callable[[Path], str]
    outcomes: frozenset[str]

    def __str__(self) -> str:
        return self.name


CASES: list[BadMedia] = []
Build = Callable[[Path], "Path | str"]


def _case(*outcomes: str) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        name = build.__name__.strip("_").replace("_", "-")
        CASES.append(BadMedia(name, lambda folder: str(build(folder)), frozenset(outcomes)))
        return build

    return register


# --- Not there, or not a file ------------------------------------------------------------------------


@_case("source-not-found")
def _missing_file(folder: Path) -> Path:
    return folder / "never-written.mp4"


@_case("source-not-a-file")
def _folder_instead_of_a_file(folder: Path) -> Path:
    path = folder / "folder.mp4"
    path.mkdir()
    return path


@_case("source-not-found")
def _broken_link(folder: Path) -> Path:
    path = folder / "link.mp4"
    path.symlink_to(folder / "gone.mp4")
    return path


@_case("source-unsupported")
def _unknown_protocol(_folder: Path) -> str:
    return "gopher://example.invalid/video.mp4"


@_case("source-unsupported")
def _chained_uri(_folder: Path) -> str:
    return "simplecache::file:///etc/hostname"


@_case("source-not-found")
def _name_with_a_null_byte(folder: Path) -> str:
    return f"{folder}/nul\x00byte.mp4"


# --- Not media ---------------------------------------------------------------------------------------


@_case("empty-file")
def _zero_bytes(folder: Path) -> Path:
    return _write(folder / "zero.mp4", b"")


@_case("not-a-media-file")
def _one_byte(folder: Path) -> Path:
    return _write(folder / "one-byte.mp4", b"\x00")


@_case("not-a-media-file")
def _text_named_mp4(folder: Path) -> Path:
    return _write(folder / "text.mp4", b"This is no video.\n" * 500)


@_case("not-a-media-file", "no-video-stream", "no-frames")
def _random_bytes(folder: Path) -> Path:
    return _write(folder / "random.mp4", random.Random(7).randbytes(200_000))


@_case("not-a-media-file")
def _only_zeros(folder: Path) -> Path:
    return _write(folder / "zeros.mp4", bytes(100_000))


@_case("not-a-media-file")
def _picture_named_mp4(folder: Path) -> Path:
    return _write(folder / "picture.mp4", _png(64, 48))


@_case("not-a-media-file")
def _huge_picture_named_mp4(folder: Path) -> Path:
    """A few kilobytes that would be 900 million pixels."""
    return _write(folder / "bomb.mp4", _png(30_000, 30_000, rows=64))


@_case("not-a-media-file")
def _concat_script(folder: Path) -> Path:
    """Would open other files, were it followed."""
    write_video(folder / "inner.mp4")
    return _write(folder / "concat.mp4", b"ffconcat version 1.0\nfile inner.mp4\n")


@_case("not-a-media-file")
def _hls_playlist(folder: Path) -> Path:
    write_video(folder / "segment.ts")
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:3", "#EXTINF:3.0,", "segment.ts", "#EXT-X-ENDLIST", ""]
    return _write(folder / "playlist.mp4", "\n".join(lines).encode())


@_case("not-a-media-file")
def _subtitles_named_mp4(folder: Path) -> Path:
    return _write(folder / "subtitles.mp4", b"1\n00:00:00,000 --> 00:00:02,000\nhello\n\n" * 20)


@_case("not-a-media-file")
def _archive_named_mp4(folder: Path) -> Path:
    return _write(folder / "archive.mp4", b"PK\x03\x04" + random.Random(3).randbytes(5000))


# --- Media without a video ---------------------------------------------------------------------------


@_case("no-video-stream")
def _audio_only(folder: Path) -> Path:
    return write_audio(folder / "audio.mp4")


@_case("no-video-stream")
def _wav_named_mp4(folder: Path) -> Path:
    return write_audio(folder / "wave.mp4", codec="pcm_s16le", container_format="wav")


@_case("not-a-media-file", "no-video-stream", "no-frames")
def _header_without_frames(folder: Path) -> Path:
    return write_video(folder / "header.mp4", times_s=[])


@_case("not-a-media-file", "no-video-stream", "no-frames")
def _matroska_header_only(folder: Path) -> Path:
    data = write_video(folder / "whole.mkv").read_bytes()
    return _write(folder / "header.mkv", data[: data.index(b"\x1f\x43\xb6\x75")])


# --- Cut off and damaged -----------------------------------------------------------------------------


@_case("not-a-media-file")
def _index_cut_off(folder: Path) -> Path:
    """The index (moov) comes last in a plain MP4."""
    return _cut(write_video(folder / "whole.mp4", seconds=6), folder / "cut.mp4", 0.5)


@_case("not-a-media-file")
def _index_missing(folder: Path) -> Path:
    data = write_video(folder / "whole.mp4").read_bytes()
    return _write(folder / "no-moov.mp4", data[: _box(data, b"moov")])


@_case(SEARCHABLE)
def _cut_off_behind_its_index(folder: Path) -> Path:
    whole = _faststart(folder / "whole.mp4")
    return _cut(whole, folder / "half.mp4", 0.6)


@_case(SEARCHABLE, "no-frames", "not-a-media-file")
def _cut_off_right_after_its_index(folder: Path) -> Path:
    data = _faststart(folder / "whole.mp4").read_bytes()
    return _write(folder / "stub.mp4", data[: _box(data, b"mdat") + 12])


@_case(SEARCHABLE)
def _cut_off_matroska(folder: Path) -> Path:
    return _cut(write_video(folder / "whole.mkv", seconds=6), folder / "half.mkv", 0.6)


@_case(SEARCHABLE)
def _cut_off_transport_stream(folder: Path) -> Path:
    return _cut(write_video(folder / "whole.ts", seconds=6), folder / "half.ts", 0.55)


@_case(SEARCHABLE, "no-frames")
def _transport_stream_without_its_start(folder: Path) -> Path:
    """No keyframe and no parameter sets until the next group of pictures."""
    data = write_video(folder / "whole.ts", seconds=6, gop=20).read_bytes()
    return _write(folder / "tail.ts", data[188 * (len(data) // 188 // 4) :])


@_case(SEARCHABLE, "no-frames")
def _no_keyframe_at_the_start(folder: Path) -> Path:
    data = write_video(folder / "whole.h264", seconds=4, gop=15).read_bytes()
    second = data.index(b"\x00\x00\x00\x01", len(data) // 4)
    return _write(folder / "late.h264", data[second:])


@_case(SEARCHABLE, "no-frames")
def _pictures_overwritten_in_the_middle(folder: Path) -> Path:
    data = bytearray(_faststart(folder / "whole.mp4").read_bytes())
    start = _box(bytes(data), b"mdat") + 8
    middle = start + (len(data) - start) // 3
    data[middle : middle + (len(data) - start) // 3] = random.Random(5).randbytes((len(data) - start) // 3)
    return _write(folder / "damaged.mp4", bytes(data))


@_case(SEARCHABLE, "no-frames", "not-a-media-file")
def _all_pictures_overwritten(folder: Path) -> Path:
    data = bytearray(_faststart(folder / "whole.mp4").read_bytes())
    start = _box(bytes(data), b"mdat") + 8
    data[start:] = random.Random(6).randbytes(len(data) - start)
    return _write(folder / "overwritten.mp4", bytes(data))


@_case(SEARCHABLE, "no-frames", "not-a-media-file", "no-video-stream", "unsupported-codec", "too-large-frame")
def _flipped_bytes_everywhere(folder: Path) -> Path:
    return _flip(write_video(folder / "whole.mp4", seconds=4), folder / "flipped.mp4", share=0.01, seed=11)


@_case(SEARCHABLE, "no-frames", "not-a-media-file", "no-video-stream", "unsupported-codec", "too-large-frame")
def _flipped_bytes_in_matroska(folder: Path) -> Path:
    return _flip(write_video(folder / "whole.mkv", seconds=4), folder / "flipped.mkv", share=0.005, seed=12)


@_case(SEARCHABLE)
def _flipped_bytes_in_a_transport_stream(folder: Path) -> Path:
    return _flip(write_video(folder / "whole.ts", seconds=4), folder / "flipped.ts", share=0.001, seed=13)


@_case(SEARCHABLE)
def _zeros_appended(folder: Path) -> Path:
    data = write_video(folder / "whole.mp4").read_bytes()
    return _write(folder / "padded.mp4", data + bytes(100_000))


@_case("unsupported-codec", "no-frames", "not-a-media-file")
def _unknown_codec(folder: Path) -> Path:
    data = write_video(folder / "whole.mp4").read_bytes()
    return _write(folder / "codec.mp4", data.replace(b"avc1", b"zzz9").replace(b"avcC", b"zzzC"))


# --- Lies --------------------------------------------------------------------------------------------


@_case(SEARCHABLE)
def _huge_declared_duration(folder: Path) -> Path:
    """Header, track and media claim over 500 000 hours."""
    data = bytearray(write_video(folder / "whole.mp4", audio=True).read_bytes())
    for name, offset in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        at = data.find(name)
        while at >= 0:
            struct.pack_into(">I", data, at + 4 + offset, 0x7FFFFFFF)
            at = data.find(name, at + 4)
    return _write(folder / "long.mp4", bytes(data))


@_case(SEARCHABLE)
def _zero_declared_duration(folder: Path) -> Path:
    data = bytearray(write_video(folder / "whole.mp4").read_bytes())
    for name, offset in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        struct.pack_into(">I", data, data.index(name) + 4 + offset, 0)
    return _write(folder / "none.mp4", bytes(data))


@_case(SEARCHABLE)
def _a_frame_dated_years_ahead(folder: Path) -> Path:
    return write_video(folder / "leap.mkv", times_s=[0.0, 0.1, 0.2, 90_000_000.0])


@_case(SEARCHABLE)
def _wrong_extension(folder: Path) -> Path:
    return write_video(folder / "matroska.mp4", container_format="matroska")


@_case("too-large-frame", "not-a-media-file", "no-frames", "unsupported-codec")
def _frame_size_beyond_the_limit(folder: Path) -> Path:
    """Claims 60000x60000 pixels in a few kilobytes."""
    data = bytearray(write_video(folder / "whole.avi", codec="mjpeg", pix_fmt="yuvj420p").read_bytes())
    struct.pack_into("<II", data, data.index(b"strf") + 12, 60_000, 60_000)
    frame = data.index(b"\xff\xc0")
    while frame >= 0:
        struct.pack_into(">HH", data, frame + 5, 60_000, 60_000)
        frame = data.find(b"\xff\xc0", frame + 9)
    return _write(folder / "enormous.avi", bytes(data))


# --- Odd but right -----------------------------------------------------------------------------------


@_case(SEARCHABLE)
def _one_frame(folder: Path) -> Path:
    return write_video(folder / "one.mp4", seconds=0.1)


@_case(SEARCHABLE)
def _frame_of_8k(folder: Path) -> Path:
    size = (7680, 4320)
    return write_video(
        folder / "8k.mp4",
        seconds=2,
        fps=1,
        size=size,
        painter=scenes(size=size),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )


@_case(SEARCHABLE)
def _frame_of_one_pixel(folder: Path) -> Path:
    return write_video(folder / "pixel.mkv", size=(1, 1), codec="ffv1", pix_fmt="yuv444p")


@_case(SEARCHABLE)
def _extremely_wide(folder: Path) -> Path:
    return write_video(folder / "wide.mkv", size=(4096, 2), codec="ffv1", seconds=1)


@_case(SEARCHABLE)
def _odd_dimensions(folder: Path) -> Path:
    return write_video(folder / "odd.mp4", size=(63, 47), pix_fmt="yuv444p")


@_case(SEARCHABLE)
def _portrait_rotated_90(folder: Path) -> Path:
    return write_video(folder / "r90.mp4", painter=halves(), rotation=90)


@_case(SEARCHABLE)
def _rotated_180(folder: Path) -> Path:
    return write_video(folder / "r180.mp4", painter=halves(), rotation=180)


@_case(SEARCHABLE)
def _portrait_rotated_270(folder: Path) -> Path:
    return write_video(folder / "r270.mp4", painter=halves(), rotation=-90)


@_case(SEARCHABLE)
def _variable_rate(folder: Path) -> Path:
    return write_video(folder / "vfr.mp4", times_s=[0, 0.04, 0.08, 1.5, 1.52, 1.9, 4.0, 4.01, 6.5])


@_case(SEARCHABLE)
def _a_minute_without_a_frame(folder: Path) -> Path:
    return write_video(folder / "gap.mkv", times_s=[0, 0.5, 60.0, 60.5, 61.0])


@_case(SEARCHABLE)
def _missing_timestamps(folder: Path) -> Path:
    return write_video(folder / "raw.h264")


@_case(SEARCHABLE)
def _bare_jpegs(folder: Path) -> Path:
    return write_video(folder / "raw.mjpeg", codec="mjpeg", pix_fmt="yuvj420p")


@_case(SEARCHABLE)
def _mpeg4_in_avi(folder: Path) -> Path:
    return write_video(folder / "old.avi", codec="mpeg4")


@_case(SEARCHABLE)
def _vp9_in_webm(folder: Path) -> Path:
    return write_video(folder / "web.webm", codec="libvpx-vp9")


@_case(SEARCHABLE)
def _hevc(folder: Path) -> Path:
    return write_video(folder / "hevc.mp4", codec="libx265")


@_case(SEARCHABLE)
def _ten_bits(folder: Path) -> Path:
    return write_video(folder / "ten.mkv", pix_fmt="yuv420p10le")


@_case(SEARCHABLE)
def _grayscale(folder: Path) -> Path:
    return write_video(folder / "gray.mkv", pix_fmt="gray")


@_case(SEARCHABLE)
def _interlaced(folder: Path) -> Path:
    options = {"flags": "+ilme+ildct", "field_order": "tt"}
    return write_video(folder / "interlaced.mpg", codec="mpeg2video", fps=25, size=(128, 96), options=options)


@_case(SEARCHABLE)
def _animated_gif(folder: Path) -> Path:
    return write_video(folder / "moving.gif", codec="gif", pix_fmt="rgb8")


@_case(SEARCHABLE)
def _transparent(folder: Path) -> Path:
    return write_video(folder / "alpha.mkv", codec="ffv1", pix_fmt="yuva420p")


@_case(SEARCHABLE)
def _fragmented(folder: Path) -> Path:
    return write_video(
        folder / "fragments.mp4", gop=5, container_options={"movflags": "frag_keyframe+empty_moov"}
    )


@_case(SEARCHABLE)
def _embedded_subtitles(folder: Path) -> Path:
    return write_video(
        folder / "subtitled.mkv", subtitles=[(0.5, 1.5, "hello there"), (1.6, 2.5, "good bye")]
    )


@_case(SEARCHABLE)
def _with_sound(folder: Path) -> Path:
    return write_video(folder / "sound.mp4", audio=True)


@_case(SEARCHABLE)
def _name_with_spaces_and_unicode(folder: Path) -> Path:
    return write_video(folder / "Žluťoučký kůň 100% #1 & 馬 'x'.mp4")


@_case(SEARCHABLE)
def _percent_encoded_uri(folder: Path) -> str:
    return write_video(folder / "a b ü.mp4").as_uri()


# --- How they are made -------------------------------------------------------------------------------


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _cut(whole: Path, path: Path, share: float) -> Path:
    data = whole.read_bytes()
    return _write(path, data[: int(len(data) * share)])


def _flip(whole: Path, path: Path, *, share: float, seed: int) -> Path:
    data = bytearray(whole.read_bytes())
    chance = random.Random(seed)
    for _ in range(max(1, int(len(data) * share))):
        data[chance.randrange(64, len(data))] ^= 1 << chance.randrange(8)
    return _write(path, bytes(data))


def _faststart(path: Path) -> Path:
    """Six seconds with many keyframes, the index before the pictures."""
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return write_video(
        path,
        seconds=6,
        gop=5,
        painter=lambda time_s: np.roll(noise, int(time_s * 10), axis=1),
        container_options={"movflags": "+faststart"},
    )


def _box(data: bytes, name: bytes) -> int:
    """Where the box of that name begins, its length included."""
    return data.index(name) - 4


def _png(width: int, height: int, *, rows: int | None = None) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b"".join(b"\x00" + bytes(width * 3) for _ in range(rows if rows is not None else height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def can_encode(codec: str) -> bool:
    """Whether this build of PyAV has the encoder."""
    try:
        av.codec.Codec(codec, "w")
    except ValueError:
        return False
    return True
