"""Every metric of vtr, declared in one place: name, type, unit, labels, meaning.

Units follow the Prometheus conventions (seconds, bytes, ratios; counters end in ``_total``). No label may
take an unbounded set of values: ids, texts and uris never become labels.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, Info

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
_FRESHNESS_SECONDS = (0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

BUILD = Info("vtr_build", "The version of vtr that this process runs.")

# --- The consumer loop -------------------------------------------------------------------------------
CONSUMED = Counter("vtr_consumed", "Records fetched from Kafka.", ["service", "topic"])
PROCESSED = Counter("vtr_processed", "Records whose step finished well.", ["service", "topic"])
REJECTED = Counter(
    "vtr_rejected", "Records that can never be handled, by reason.", ["service", "topic", "code"]
)
DLQ_RECORDS = Counter("vtr_dlq_records", "Records written to a dead letter topic.", ["service", "topic"])
RETRIES = Counter("vtr_retries", "Repeats of a batch after a transient fault.", ["service", "dependency"])
PRODUCED = Counter("vtr_produced", "Events published and acknowledged.", ["service", "topic"])
IN_FLIGHT = Gauge("vtr_in_flight", "Records fetched and not yet done.", ["service"])
IN_FLIGHT_BYTES = Gauge("vtr_in_flight_bytes", "Bytes of the records in flight.", ["service"])
LAG = Gauge(
    "vtr_consumer_lag", "Records between committed and end offset.", ["service", "topic", "partition"]
)
COMMITS = Counter("vtr_commits", "Checkpoints committed to Kafka.", ["service"])
REBALANCES = Counter("vtr_rebalances", "Assignments changed.", ["service"])
PAUSED = Gauge("vtr_paused_partitions", "Partitions paused by backpressure.", ["service"])
BATCH_SIZE = Histogram("vtr_batch_size", "Records in one batch.", ["service", "topic"], buckets=_SIZES)
HANDLE_SECONDS = Histogram(
    "vtr_handle_seconds", "Time of one batch in its step.", ["service", "topic"], buckets=_SECONDS
)

# --- Ingest ------------------------------------------------------------------------------------------
VIDEOS_INGESTED = Counter("vtr_videos_ingested", "Videos whose decoding ended.", ["outcome"])
CLIPS_EXTRACTED = Counter("vtr_clips_extracted", "Shots cut out of videos.")
FRAMES_DECODED = Counter("vtr_frames_decoded", "Frames that the decoder returned.")
DECODED_MEDIA_SECONDS = Counter("vtr_decoded_media_seconds", "Seconds of video decoded.")

# --- Encoding ----------------------------------------------------------------------------------------
CLIPS_ENCODED = Counter("vtr_clips_encoded", "Clips embedded.")
FRAMES_ENCODED = Counter("vtr_frames_encoded", "Frames embedded.")
TEXTS_ENCODED = Counter("vtr_texts_encoded", "Texts embedded by the model (cache misses).")
QUEUE_SECONDS = Histogram(
    "vtr_encode_queue_seconds", "Wait of a text for its micro-batch.", ["service"], buckets=_SECONDS
)
INFERENCE_SECONDS = Histogram(
    "vtr_inference_seconds", "Time of one forward pass.", ["service", "kind"], buckets=_SECONDS
)
CACHE_REQUESTS = Counter("vtr_cache_requests", "Cache look-ups.", ["cache", "result"])
MODEL = Info("vtr_model", "The model version in use.")

# --- Index -------------------------------------------------------------------------------------------
CLIPS_INDEXED = Counter("vtr_clips_indexed", "Clips made searchable.")
VIDEOS_SEARCHABLE = Counter("vtr_videos_searchable", "Videos all of whose clips became searchable.")
UPLOAD_TO_SEARCHABLE_SECONDS = Histogram(
    "vtr_upload_to_searchable_seconds",
    "From a video's submission to its last clip being searchable.",
    buckets=_FRESHNESS_SECONDS,
)
WATERMARK_AGE_SECONDS = Gauge(
    "vtr_watermark_age_seconds", "Age of the watermark: everything submitted before it is searchable."
)

# --- Queries -----------------------------------------------------------------------------------------
QUERIES = Counter("vtr_queries", "Queries answered.", ["path", "outcome"])
QUERY_SECONDS = Histogram("vtr_query_seconds", "From query to answer.", ["path"], buckets=_SECONDS)
STAGE_SECONDS = Histogram("vtr_query_stage_seconds", "Time of one stage.", ["stage"], buckets=_SECONDS)
STAGES_SKIPPED = Counter("vtr_query_stages_skipped", "Stages left out of an answer.", ["stage"])

# --- People ------------------------------------------------------------------------------------------
INTERACTIONS = Counter("vtr_interactions", "Interactions recorded.", ["kind"])
RECOMMENDATIONS = Counter("vtr_recommendations", "Feeds computed.", ["start"])
SSE_CLIENTS = Gauge("vtr_sse_clients", "Open event streams.")
