"""Values inside an HTML page: JSON that cannot end its element, and packed numbers."""

import base64
import json
import math

import numpy as np
from markupsafe import Markup

# Characters that have a meaning in HTML. In JSON they occur inside strings only.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def to_json(value) -> Markup:
    """Return JSON text that is safe inside a ``<script>`` element and inside a script.

    All characters beyond ASCII are escaped, which includes the line separators U+2028
    and U+2029 that end a line of a script.

    Raises:
      ValueError: for nan and the infinities; use ``number``.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return Markup(text)


def number(value: float) -> float | str:
    """Return a value for JSON. nan and the infinities become the strings ``NaN``,
    ``Infinity`` and ``-Infinity``, which ``Number`` in a script reads."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def packed(values) -> str:
    """Return numbers as text with four characters for each number.

    The text is base64 of the upper three bytes of each float32, most significant byte
    first. So a number keeps 16 bits of its significand, about five digits. nan and the
    infinities are kept, and a number beyond float32 becomes infinite.
    """
    with np.errstate(over="ignore"):
        bits = np.asarray(values, np.float32).view(np.uint32)
    bits = bits + np.uint32(0x80)  # rounds the bits that are left out
    content = bits.astype(">u4").view(np.uint8).reshape(-1, 4)[:, :3]
    return base64.b64encode(content.tobytes()).decode("ascii")
