from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from vtr.media.framepack import Frame, FramePackError, decode_frames, encode_jpeg, read_pack, write_pack


def grey(level: int, height: int = 24, width: int = 32) -> bytes:
    return encode_jpeg(np.full((height, width, 3), level, dtype=np.uint8))


def test_a_pack_gives_back_its_frames() -> None:
    pack = read_pack(write_pack([Frame(0.5, grey(10)), Frame(1.25, grey(200))]))
    assert pack.times_s == (0.5, 1.25)
    assert (pack.width, pack.height, len(pack)) == (32, 24, 2)
    dark, light = decode_frames(pack)
    assert dark.shape == (24, 32, 3)
    assert dark.dtype == np.uint8
    assert abs(int(dark.mean()) - 10) <= 2
    assert abs(int(light.mean()) - 200) <= 2


def test_equal_frames_give_equal_bytes() -> None:
    assert write_pack([Frame(0.0, grey(7))]) == write_pack([Frame(0.0, grey(7))])


def test_entries_are_stored_uncompressed_under_fixed_names() -> None:
    with zipfile.ZipFile(io.BytesIO(write_pack([Frame(0.0, grey(7)), Frame(1.0, grey(8))]))) as archive:
        assert archive.namelist() == ["pack.json", "0000.jpg", "0001.jpg"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


@pytest.mark.parametrize(
    ("times", "reason"),
    [([], "frames: 0"), ([1.0, 1.0], "rising"), ([2.0, 1.0], "rising"), ([float("nan"), 1.0], "finite")],
)
def test_frames_that_make_no_pack_are_refused(times: list[float], reason: str) -> None:
    with pytest.raises(FramePackError, match=reason):
        write_pack([Frame(time_s, grey(1)) for time_s in times])


def test_bytes_that_are_no_pack_are_refused() -> None:
    whole = write_pack([Frame(0.0, grey(1))])
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")
    short = io.BytesIO()
    with zipfile.ZipFile(short, "w") as archive:
        archive.writestr("pack.json", '{"version":1,"width":1,"height":1,"times_s":[0.0]}')
    for data in (b"", b"text", whole[: len(whole) // 2], other.getvalue(), short.getvalue()):
        with pytest.raises(FramePackError):
            read_pack(data)


def test_a_frame_that_is_no_jpeg_is_named() -> None:
    pack = read_pack(write_pack([Frame(0.0, b"not a picture")], width=4, height=4))
    with pytest.raises(FramePackError, match=r"0000\.jpg"):
        decode_frames(pack)
