"""Strategies of hypothesis: any JSON, and documents that are changed anywhere."""

import copy
import json

from hypothesis import settings
from hypothesis import strategies as st

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**400, "nan", "../..", "\udcff", "a\nb", ""]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
# Bytes that are no JSON, or JSON that no reader of a run expects.
bad_bytes = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"", b"null", b"[" * 100_000, b"9" * 5000, b'{"a": ', b"\xff\xfe"]
    ),
    values.map(lambda x: json.dumps(x).encode()),
)


def places(document):
    """Return the path, as a tuple of keys, of every value inside a document."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    found = []
    for key, value in inside:
        found.append((key,))
        if isinstance(value, dict | list):
            found += [(key, *rest) for rest in places(value)]
    return found


@st.composite
def changed(draw, document):
    """Draw the document with one to three values replaced or removed."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        if not (paths := places(document)):
            break
        *path, last = draw(st.sampled_from(paths))
        inside = document
        for key in path:
            inside = inside[key]
        if draw(st.booleans()):
            inside[last] = draw(values)
        else:
            del inside[last]
    return document


def examples(count):
    """Return the settings of a test with some examples, 20 times as many with
    ``--full``. They are the same at each call."""
    full = settings.default.max_examples > 1000
    count *= 20 if full else 1
    return settings(max_examples=count, deadline=None, derandomize=True)
