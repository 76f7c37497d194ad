from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from vtr.observability import metrics

ALL = {name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)}
ALLOWED_LABELS = {
    *("service", "topic", "code", "dependency", "partition", "outcome"),
    *("kind", "cache", "result", "path", "stage", "start"),
}


def test_each_metric_follows_the_conventions() -> None:
    assert len(ALL) > 20
    for metric in ALL.values():
        assert metric._name.startswith("vtr_")
        assert metric._documentation.endswith("."), metric._name
        if isinstance(metric, Histogram) and "seconds" not in metric._name:
            assert metric._name == "vtr_batch_size"
        assert isinstance(metric, Counter | Gauge | Histogram) or metric._name in {"vtr_model", "vtr_build"}


def test_no_label_can_take_an_unbounded_set_of_values() -> None:
    for metric in ALL.values():
        assert set(metric._labelnames) <= ALLOWED_LABELS, metric._name
