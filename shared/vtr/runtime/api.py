"""A FastAPI app whose every error is a problem document (RFC 9457). Needs the extra ``api``."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from vtr.runtime.problems import HANDLERS, problem


def build_api(title: str) -> FastAPI:
    """An app without routes; parameters that break their type give a 422 problem naming them."""
    # No documentation pages: they load scripts from elsewhere. /openapi.json describes the API.
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, exception_handlers=dict(HANDLERS))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
        return problem(422, "; ".join(faults), code="invalid-parameter")

    return app
