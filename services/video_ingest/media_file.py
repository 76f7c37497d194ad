"""Opening media files: what may be opened at all, and packets from damaged ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from vtr.contracts.step import Rejected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

# Demuxers of self-contained media. Playlists, concatenation scripts and picture sequences are left out: they
# open further files, which whoever submits a video must not make this service do.
FORMATS = (
    "3g2,3gp,aac,ac3,amr,asf,av1,avi,caf,dv,eac3,flac,flv,gif,h261,h263,h264,hevc,ivf,m4a,m4v,matroska,mj2,"
    "mjpeg,mov,mp3,mp4,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,swf,vc1,vvc,w64,wav,webm,wtv,yuv4mpegpipe"
)

_OPEN_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
_MAX_FAULTS_IN_A_ROW = 64


@dataclass(slots=True)
class Faults:
    """What went wrong while a file was read and was survived."""

    demux: int = 0
    decode: int = 0
    corrupt_frames: int = 0


def open_media(path: Path, name: str) -> InputContainer:
    """The container at ``path``, an absolute path of a local file.

    Raises :class:`~vtr.contracts.step.Rejected` ``not-a-media-file``, calling the file ``name``.
    """
    try:
        return av.open(str(path), mode="r", container_options=dict(_OPEN_OPTIONS), metadata_errors="replace")
    except (FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Rejected(
            "not-a-media-file", f"{name}: is not a media file that can be read ({reason})"
        ) from error


def packets(container: InputContainer, streams: Sequence[Stream], faults: Faults) -> Iterator[Packet[Stream]]:
    """The packets of ``streams`` in the order of the file, going on after damaged places where possible."""
    in_a_row = 0
    while in_a_row < _MAX_FAULTS_IN_A_ROW:
        try:
            for packet in container.demux(list(streams)):
                in_a_row = 0
                yield packet
        except FFmpegError:
            faults.demux += 1
            in_a_row += 1
        except IndexError:
            # PyAV, at the end of a file, flushes streams that appeared after it had listed them.
            return
        else:
            return
