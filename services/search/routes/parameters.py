"""Path and query parameters that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

_IDENTIFIER = r"^[A-Za-z0-9._:@-]+$"

VideoId = Annotated[str, Path(min_length=1, max_length=200, pattern=_IDENTIFIER)]
QueryId = Annotated[str, Path(min_length=1, max_length=200, pattern=_IDENTIFIER)]
UserId = Annotated[str, Path(min_length=1, max_length=200, pattern=_IDENTIFIER)]
MaybeId = Annotated[str | None, Query(min_length=1, max_length=200, pattern=_IDENTIFIER)]
TenantName = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")]
