"""Request bodies as msgspec types, read with a limit, with errors that name the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from vtr.contracts.codec import DecodeError

MAX_BODY_BYTES = 4 * 1024 * 1024

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


async def read_bytes(request: Request, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body of a request. Raises HTTP 413 past ``limit`` bytes, without reading on."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise HTTPException(413, f"body: more than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


async def read_body(request: Request, wanted: type[T], *, limit: int = MAX_BODY_BYTES) -> T:
    """The JSON body of a request as ``wanted``. Raises :class:`DecodeError` naming the field."""
    try:
        return msgspec.json.decode(await read_bytes(request, limit=limit), type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"body: {error}") from error


async def read_event(
    request: Request,
    wanted: type[S],
    defaults: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    limit: int = MAX_BODY_BYTES,
) -> S:
    """The JSON object in a body as the event ``wanted``.

    ``defaults`` is given the object as it came and returns values for fields that were left out. Field names
    that the event does not have are refused: a client that misspells one wants to know. Raises
    :class:`DecodeError` naming the field.
    """
    given = await read_body(request, dict[str, Any], limit=limit)
    known = {field.encode_name for field in msgspec.structs.fields(wanted)}
    if unknown := sorted(given.keys() - known):
        raise DecodeError(f"body: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    try:
        return msgspec.convert({**defaults(given), **given}, wanted)
    except (msgspec.ValidationError, RecursionError) as error:
        raise DecodeError(f"body: {error}") from error
