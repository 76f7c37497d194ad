"""The page and what belongs to it: static files, with a policy that lets nothing else in."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

WEB = Path(__file__).parent.parent / "web"
_TYPES = {"index.html": "text/html", "app.js": "text/javascript", "style.css": "text/css"}
_HEADERS = {
    # Media may be redirected to where a video lies; scripts, styles and requests stay here.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' http: https:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def build_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def serve(name: str) -> Response:
        return FileResponse(WEB / name, media_type=_TYPES[name], headers=_HEADERS)

    @router.get("/")
    def page() -> Response:
        return serve("index.html")

    @router.get("/app.js")
    def script() -> Response:
        return serve("app.js")

    @router.get("/style.css")
    def style() -> Response:
        return serve("style.css")

    return router
