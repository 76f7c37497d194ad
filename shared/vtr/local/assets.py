"""Where the data files of the laptop stack lie: in the wheel, or in ``deploy/local`` of a checkout."""

from __future__ import annotations

from pathlib import Path


def asset(relative: str) -> Path:
    """Path of a file under ``deploy/local``.

    A wheel carries that folder as ``vtr/local/assets``; an editable install finds it at the root of its
    checkout. Raises FileNotFoundError naming both places when the file is in neither.
    """
    package = Path(__file__).resolve().parent
    places = (package / "assets" / relative, package.parents[2] / "deploy" / "local" / relative)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(
        f"{relative}: not found as {places[0]} or {places[1]}; the installation is not whole"
    )
