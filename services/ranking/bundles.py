"""The heads that serve now: the published bundle of the live collection's model, kept up to date."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vtr.contracts.step import Unavailable
from vtr.models.bundle.store import Objects, current_revision, fetch_bundle
from vtr.models.heads.serving.protocol import HeadBundle
from vtr.observability.logging import get_logger

log = get_logger("ranking.heads")


@dataclass(frozen=True, slots=True)
class Found:
    """The ``bundle`` of a model, or the ``reason`` why there is none; ``loading``: there may be one soon."""

    bundle: HeadBundle | None = None
    reason: str = ""
    loading: bool = False


class BundleWatch:
    """A loop that looks every ``interval_s``, and at once when a query is of a model it did not look for:
    the live alias changed.

    ``live``: the live collection's model. ``load`` makes a bundle of a fetched folder; it is called in this
    loop's thread alone. A bundle that cannot be fetched or loaded leaves the one before in use. Thread safe.
    """

    name = "heads"

    def __init__(
        self,
        live: Callable[[], str | None],
        objects: Objects,
        cache_dir: Path,
        load: Callable[[Path, str], HeadBundle],
        *,
        interval_s: float,
    ) -> None:
        self._live = live
        self._objects = objects
        self._cache_dir = cache_dir
        self._load = load
        self._interval_s = interval_s
        self._found: dict[str, Found] = {}
        self._revisions: dict[str, str] = {}
        self._asked: str | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heads", daemon=True)

    def find(self, model: str) -> Found:
        """What there is for the vectors of ``model``; never waits."""
        found = self._found.get(model)
        if found is not None:
            return found
        self._asked = model
        self._wake.set()
        return Found(reason=f"the heads of {model} are not looked up yet", loading=True)

    def look(self) -> None:
        """Look once, now."""
        models = {model for model in (self._live_model(), self._asked) if model is not None}
        for model in sorted(models):
            before = self._found.get(model, Found())
            try:
                self._found[model] = self._current(model, before)
            except (ValueError, OSError, ImportError, Unavailable) as error:
                # ValueError is the base of what a corrupt or foreign bundle raises; an image of ranking may
                # have no torch.
                log.warning("heads not loaded", model=model, reason=str(error))
                self._found[model] = before if before.bundle is not None else Found(reason=str(error))

    def _live_model(self) -> str | None:
        try:
            return self._live()
        except Unavailable as error:
            log.warning("live model not known", reason=str(error))
            return None

    def _current(self, model: str, before: Found) -> Found:
        revision = current_revision(self._objects, model)
        if revision is None:
            return Found(reason=f"no heads are published for {model}")
        if before.bundle is not None and self._revisions.get(model) == revision:
            return before
        folder = fetch_bundle(self._objects, model, self._cache_dir, revision=revision)
        bundle = self._load(folder, model)
        self._revisions[model] = revision
        log.info(
            "heads loaded",
            model=model,
            revision=revision,
            heads=sorted([*bundle.runners, *bundle.composers]),
            broken=dict(bundle.broken),
        )
        return Found(bundle)

    # --- As a loop ------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def failure(self) -> BaseException | None:
        """None: without heads there are answers, too."""
        return None

    def stalled(self) -> str | None:
        return None

    def check(self) -> None:
        """A check of readiness: raises until the first look is over, whatever it found."""
        if not self._looked.is_set():
            raise Unavailable("heads", "not looked up yet")

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.look()
            except Exception:
                log.exception("heads not looked up")
            self._looked.set()
            self._wake.wait(self._interval_s)
