"""Data sets by name, the order of their samples, and feeds, which serve the batches of
training steps."""

from ganjax.data.feeds import Feed, drawn, make_feed, resident, scaled, streamed
from ganjax.data.held_out import as_bytes, chosen_rows, examples_of, held_out
from ganjax.data.mirror import mirrored
from ganjax.data.only_labels import only_labels
from ganjax.data.opening import (
    SOURCES,
    DataOptions,
    feed_of,
    is_streamed,
    open_source,
    source_of,
)
from ganjax.data.partial import CLASSES, labels_named, some_of
from ganjax.data.record import (
    RecordedSource,
    differences,
    form_of,
    read_record,
    record_of,
    spec_differences,
    spec_of,
)
from ganjax.data.source import (
    Arrays,
    Composed,
    Items,
    Sampler,
    Source,
    Spec,
    fixed_sample,
    in_memory,
    independent,
    labels_of,
    real_samples,
    samples,
)
from ganjax.data.watchdog import leave

__all__ = [
    "Arrays", "CLASSES", "Composed", "DataOptions", "Feed", "Items", "RecordedSource",
    "SOURCES", "Sampler", "Source", "Spec", "as_bytes", "chosen_rows", "differences",
    "drawn", "examples_of", "feed_of", "fixed_sample", "form_of", "held_out",
    "in_memory", "independent", "is_streamed", "labels_named", "labels_of", "leave",
    "make_feed", "mirrored", "only_labels", "open_source", "read_record",
    "real_samples", "record_of", "resident", "samples", "scaled", "some_of",
    "source_of", "spec_differences", "spec_of", "streamed",
]  # fmt: skip
