"""Which learned heads take part in a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranking.bundles import Found
from ranking.query_heads import Desk, QueryHeads
from ranking.stages import Stages
from vtr.contracts.events import QuerySubmitted
from vtr.models.encoders.clip_states import ClipStates
from vtr.models.heads.serving.protocol import Composer, HeadBundle, HeadRunner
from vtr.vectors.store import ClipRow


class Heads:
    """The heads of whichever model answers. Thread safe. ``find``: what there is for a model's vectors."""

    def __init__(self, find: Callable[[str], Found], desk: Desk) -> None:
        self._find = find
        self._desk = desk

    def begin(self, query: QuerySubmitted, model: str, stages: Stages) -> QueryHeads:
        """The heads of ``query``, whose vectors are of ``model``.

        What it asks for and cannot have is noted in ``stages``.
        """
        found = self._find(model)
        if found.bundle is None:
            if found.loading or query.heads not in ("auto", ()):
                asked = "" if query.heads == "auto" else f"{', '.join(query.heads)}: "
                stages.skip("heads", f"{asked}{found.reason}", degrades=True)
            return QueryHeads(self._desk, None, (), None, stages=stages, text=query.text)
        composer, runners = _chosen(query, found.bundle, stages)
        return QueryHeads(self._desk, found.bundle, runners, composer, stages=stages, text=query.text)


def no_heads() -> Heads:
    """Those of a ranking that has none."""
    return Heads(lambda _model: Found(reason="no heads here"), Desk(_NoStates(), candidates=1, batch=1))


class _NoStates:
    def load(self, rows: Sequence[ClipRow]) -> list[ClipStates | str]:
        return ["without states"] * len(rows)


def _chosen(
    query: QuerySubmitted, bundle: HeadBundle, stages: Stages
) -> tuple[Composer | None, tuple[HeadRunner, ...]]:
    """The composer and the runners that take part, the quickest first."""
    composed = query.example is not None and bool(query.text.strip())
    runners: list[HeadRunner] = []
    composer: Composer | None = None
    known: dict[str, Composer | HeadRunner] = {**bundle.composers, **bundle.runners}
    names = (
        [name for name, head in known.items() if head.serving.default_on]
        if query.heads == "auto"
        else list(dict.fromkeys(query.heads))
    )
    for name in names:
        reason: str | None = None
        if name in bundle.composers:
            if composed:
                composer = bundle.composers[name]
            else:
                reason = "composes an example with words; the query has not both"
        elif name in bundle.runners:
            if query.example is not None:
                reason = "the words change an example, they do not describe what is sought"
            elif "visual" not in query.modalities:
                reason = "reads what is seen, which the query does not ask for"
            else:
                runners.append(bundle.runners[name])
        else:
            # The name is the query's own, and stages are labels of metrics: it goes into the reason.
            why = bundle.broken.get(name, f"{bundle.model} has no such head")
            stages.skip("heads", f"{name}: {why}", degrades=True)
            continue
        if reason is not None and query.heads != "auto":
            stages.skip(f"head:{name}", reason, degrades=False)
    return composer, tuple(sorted(runners, key=lambda r: (bundle.cost_ms.get(r.name, 0.0), r.name)))
