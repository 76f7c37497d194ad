"""HTTP errors as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vtr.contracts.codec import DecodeError
from vtr.contracts.step import Rejected, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


def problem(status: int, detail: str, *, code: str | None = None, **extra: Any) -> JSONResponse:
    """A problem document: ``title`` is the status' phrase, ``detail`` what went wrong this time.

    ``code`` becomes the type (``urn:vtr:problem:<code>``); further members may be given.
    """
    body: dict[str, Any] = {
        "type": f"urn:vtr:problem:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status in {429, 503} else None
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def on_http_exception(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return problem(error.status_code, str(error.detail))


async def on_rejected(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Rejected):
        raise error
    status = 404 if error.code.endswith("not-found") else 422
    return problem(status, error.message, code=error.code)


async def on_decode_error(_request: Request, error: Exception) -> Response:
    return problem(422, str(error), code="invalid-body")


async def on_unavailable(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Unavailable):
        raise error
    return problem(503, str(error), code="unavailable", dependency=error.dependency)


async def on_unexpected(_request: Request, error: Exception) -> Response:
    return problem(500, f"{type(error).__name__} (see the service's log)", code="internal")


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    HTTPException: on_http_exception,
    Rejected: on_rejected,
    DecodeError: on_decode_error,
    Unavailable: on_unavailable,
    Exception: on_unexpected,
}
"""Exception handlers for a Starlette or FastAPI app: ``Starlette(exception_handlers=HANDLERS)``."""
