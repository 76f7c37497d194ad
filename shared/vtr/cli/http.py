"""Calls to the services' HTTP APIs, with their failures in words."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from vtr.cli.errors import CliError, not_reachable
from vtr.cli.exit_codes import ExitCode

T = TypeVar("T")

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def call(service: str, method: str, url: str, *, timeout_s: float, body: Any = None) -> bytes:
    """The body of a successful answer.

    Raises :class:`CliError`: not reachable, timed out, not found (404), or failed with the problem document's
    detail.
    """
    content = None if body is None else msgspec.json.encode(body)
    headers = {"accept": "application/json"} | ({"content-type": "application/json"} if content else {})
    # A proxy in the environment is meant for the outside, and cannot reach this machine's own services.
    proxied = urlsplit(url).hostname not in _LOOPBACK
    try:
        with httpx.Client(timeout=timeout_s, trust_env=proxied) as client:
            response = client.request(method, url, content=content, headers=headers)
    except httpx.TimeoutException as error:
        raise CliError(
            f"{service} gave no answer within {timeout_s:g} s ({url})",
            code=ExitCode.TIMED_OUT,
            fix="See `vtr status`, or give it longer with --timeout.",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise not_reachable(service, url, str(error) or type(error).__name__) from error
    if response.is_success:
        return response.content
    raise _failure(service, response)


def call_for(
    answer: type[T], service: str, method: str, url: str, *, timeout_s: float, body: Any = None
) -> T:
    """:func:`call`, with the answer checked to be ``answer``."""
    content = call(service, method, url, timeout_s=timeout_s, body=body)
    try:
        return msgspec.json.decode(content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CliError(
            f"{service} at {url} answered something else than {answer.__name__}: {error}",
            fix="Is this the address of another service, or of another version of vtr?",
        ) from error


def _failure(service: str, response: httpx.Response) -> CliError:
    detail = _detail(response)
    if response.status_code == httpx.codes.NOT_FOUND:
        return CliError(detail, code=ExitCode.NOT_FOUND)
    if response.status_code in {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE}:
        return CliError(
            f"{service} cannot answer now: {detail}",
            code=ExitCode.NOT_REACHABLE,
            fix="See what is missing with `vtr status`.",
        )
    if response.status_code == httpx.codes.GATEWAY_TIMEOUT:
        return CliError(f"{service}: {detail}", code=ExitCode.TIMED_OUT)
    return CliError(f"{service} refused ({response.status_code}): {detail}")


def _detail(response: httpx.Response) -> str:
    try:
        document = response.json()
    except ValueError:
        return response.text.strip()[:500] or response.reason_phrase
    if isinstance(document, dict) and isinstance(document.get("detail"), str):
        return str(document["detail"])
    return response.text.strip()[:500] or response.reason_phrase
