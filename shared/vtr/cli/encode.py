"""``vtr encode``: what an encoder makes of texts, images and videos, for looking at it closely."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.errors import CliError, usage_error
from vtr.cli.options import DataDirOption, JsonOption, TenantOption, TimeoutOption
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from vtr.models.encoders.base import ClipFrames, Encoder, FloatArray

SHOWN_ELEMENTS = 4


class Kind(StrEnum):
    """What was encoded."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True)
class Encoded:
    """One input with its unit vector [D]."""

    kind: Kind
    name: str
    vector: FloatArray


def encode(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts.", show_default=False)] = None,
    image: Annotated[
        list[Path] | None, typer.Option("--image", exists=True, dir_okay=False, help="An image (repeatable).")
    ] = None,
    video: Annotated[
        list[Path] | None, typer.Option("--video", exists=True, dir_okay=False, help="A video (repeatable).")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Encode here, with this encoder (as VTR_ENCODER); without it, texts go to the "
            "text_encoder service, and images and videos to `offline`.",
            show_default=False,
        ),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, max=256, help="Frames taken of each video.")] = 8,
    vectors: Annotated[bool, typer.Option("--vectors", help="With --json: print whole vectors.")] = False,
    timeout: TimeoutOption = 60.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Encode texts, images and videos; prints dimensions, and how alike the inputs are.

    Examples:

      vtr encode "a rabbit" "a person riding a bicycle"

      vtr encode "a rabbit" --video bunny.mp4 --encoder offline
    """
    texts, images, videos = texts or [], image or [], video or []
    if not (texts or images or videos):
        raise usage_error(
            "nothing to encode", 'Give a text, --image FILE or --video FILE: vtr encode "a cat"'
        )
    output = Output(as_json)
    if encoder is None and not (images or videos):
        from vtr.cli.context import locate

        url = f"{locate(data_dir).addresses.text_encoder_url}/v1/embed"
        model, encoded = by_service(url, texts, tenant, timeout)
    else:
        output.note(f"loading {encoder or 'offline'}")
        from vtr.cli.context import objects_of

        spec = encoder or "offline"
        model, encoded = here(spec, texts, images, videos, frames, objects_uri=objects_of(data_dir))
    show(model, encoded, output)
    output.document(document(model, encoded, vectors))


def by_service(url: str, texts: list[str], tenant: str, timeout_s: float) -> tuple[str, list[Encoded]]:
    """Vectors of ``texts`` from the text_encoder service: (model version, encoded)."""
    import msgspec
    import numpy as np

    from vtr.cli.http import call_for

    answer = msgspec.defstruct("EmbedResponse", [("model", str), ("dim", int), ("vectors", list[bytes])])
    body = {"texts": texts, "tenant": tenant}
    embedded: Any = call_for(answer, "text_encoder", "POST", url, timeout_s=timeout_s, body=body)
    arrays = [np.frombuffer(data, dtype=np.dtype("<f4")) for data in embedded.vectors]
    if len(arrays) != len(texts) or any(array.shape != (embedded.dim,) for array in arrays):
        raise CliError(f"text_encoder: the vectors are not {len(texts)} of {embedded.dim} elements")
    return embedded.model, [
        Encoded(Kind.TEXT, text, array.astype(np.float32)) for text, array in zip(texts, arrays, strict=True)
    ]


def here(
    spec: str, texts: list[str], images: list[Path], videos: list[Path], frames: int, *, objects_uri: str
) -> tuple[str, list[Encoded]]:
    """Encode in this process: (model version, encoded)."""
    from vtr.models.encoders.options import EncoderOptions
    from vtr.models.encoders.registry import load_encoder, load_text_encoder

    options = EncoderOptions(objects_uri=objects_uri)
    clips = [(Kind.IMAGE, path, _image(path)) for path in images]
    clips += [(Kind.VIDEO, path, _video(path, frames)) for path in videos]
    try:
        if not clips:
            text_encoder = load_text_encoder(spec, options=options)
            return text_encoder.model_version, _texts(text_encoder, texts)
        loaded: Encoder = load_encoder(spec, options=options)
        encoded = _texts(loaded, texts)
        embeddings = loaded.encode_clips([clip for _kind, _path, clip in clips])
    except ValueError as error:
        raise CliError(str(error)) from error
    encoded += [
        Encoded(kind, str(path), embedding.clip)
        for (kind, path, _clip), embedding in zip(clips, embeddings, strict=True)
    ]
    return loaded.model_version, encoded


def _texts(encoder: Any, texts: list[str]) -> list[Encoded]:
    if not texts:
        return []
    vectors = encoder.encode_texts(texts)
    return [Encoded(Kind.TEXT, text, vector) for text, vector in zip(texts, vectors, strict=True)]


def _image(path: Path) -> ClipFrames:
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    from vtr.models.encoders.base import ClipFrames

    try:
        with Image.open(path) as image:
            frame = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.uint8)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise CliError(f"{path}: is no image that can be read: {error}") from error
    return ClipFrames(frames=[frame], times_s=(0.0,))


def _video(path: Path, frames: int) -> ClipFrames:
    from vtr.media.sample import SampleError, sample_frames
    from vtr.models.encoders.base import ClipFrames

    try:
        times, images = sample_frames(str(path), frames)
    except SampleError as error:
        raise CliError(str(error)) from error
    return ClipFrames(frames=images, times_s=times)


def cosines(encoded: list[Encoded]) -> list[list[float]]:
    """The cosine of each pair [N][N]; the vectors are of unit length."""
    return [[round(float(one.vector @ other.vector), 4) for other in encoded] for one in encoded]


def document(model: str, encoded: list[Encoded], vectors: bool) -> dict[str, Any]:
    """What ``--json`` prints."""
    inputs: list[dict[str, Any]] = []
    for one in encoded:
        item: dict[str, Any] = {"kind": one.kind.value, "name": one.name, "dim": int(one.vector.shape[0])}
        if vectors:
            item["vector"] = one.vector.tolist()
        inputs.append(item)
    return {"model": model, "inputs": inputs, "cosines": cosines(encoded)}


def show(model: str, encoded: list[Encoded], output: Output) -> None:
    from rich.table import Table

    table = Table(title=plain(f"model {model}", "bold"), title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("kind")
    table.add_column("input", overflow="fold", ratio=1)
    table.add_column("dim", justify="right")
    table.add_column("begins", no_wrap=True)
    for number, _one in enumerate(encoded, start=1):
        table.add_column(f"cos {number}", justify="right", no_wrap=True)
    for number, (one, row) in enumerate(zip(encoded, cosines(encoded), strict=True), start=1):
        begins = " ".join(f"{value:+.3f}" for value in one.vector[:SHOWN_ELEMENTS])
        cells = [f"{cosine:.3f}" for cosine in row]
        table.add_row(
            str(number), one.kind.value, plain(one.name), str(one.vector.shape[0]), begins + " …", *cells
        )
    output.show(table)
