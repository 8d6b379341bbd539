"""Rows of a finished run of a table: drawn, drawn by conditions, or filled in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data.tables import TableFormat
from ganjax.errors import BadInput, nearest, one_line
from ganjax.loading import Run

# Rows that are drawn until enough of them fit: at least so many, and so many a row.
TRIES, TRIES_A_ROW = 100_000, 1000
AT_A_TIME = 10_000


def format_of(run: Run, flag: str) -> TableFormat:
    """Return the columns of a run's data.

    Raises:
      BadInput: the data are no table. ``flag`` is what asked for one.
    """
    form = run.source.spec.table
    if form is None:
        raise BadInput(
            f"{flag}: expected a run of a table, such as data.name='table', not "
            f"data.name='{run.config.data.name}'"
        )
    return form


def draw_rows(
    run: Run, n: int, seed: int = 0, where: Mapping[str, float] | None = None
) -> dict[str, np.ndarray]:
    """Return ``n`` rows that the run draws, as values by column.

    With conditions, the generator gets the rarest of the categories among them, and
    rows that do not fit all conditions are drawn again.

    Args:
      seed: seed of the latents.
      where: column -> value, from ``conditions``.

    Raises:
      BadInput: too few of the drawn rows fit the conditions.
    """
    form, model = format_of(run, "sample"), run.model
    where = where or {}
    vector = condition_vector(form, where)
    found: list[dict[str, np.ndarray]] = []
    kept = drawn = 0
    most = max(TRIES, TRIES_A_ROW * n)
    while kept < n:
        if drawn >= most:
            said = ", ".join(f"{k}={form[k].texts([v])[0]}" for k, v in where.items())
            raise BadInput(
                f"--where={said}: {kept} of {drawn:,} drawn rows fit, expected "
                f"{n}; the run makes this combination too rarely"
            )
        key = child_key(jax.random.key(seed), f"rows/{drawn}")
        count = min(AT_A_TIME, most - drawn if where else n - kept)
        if vector is not None and model.sampler.conditioned:
            z = np.array(model.latents(key, count))
            z[:, z.shape[1] - len(vector) :] = vector
            rows = model.decode(z)
        else:
            rows = model.sample(key, count)
        values = form.decode(rows)
        fits = fitting(form, values, where)
        found.append({name: x[fits] for name, x in values.items()})
        kept, drawn = kept + int(fits.sum()), drawn + count
    return {
        name: np.concatenate([part[name] for part in found])[:n] for name in form.names
    }


def fitting(
    form: TableFormat, values: Mapping[str, np.ndarray], where: Mapping[str, float]
) -> np.ndarray:
    """Return which rows fit all conditions, bool ``[n]``."""
    fits = np.ones(len(values[form.names[0]]), bool)
    for name, value in where.items():
        own = values[name]
        fits &= np.isnan(own) if np.isnan(value) else own == value
    return fits


def condition_vector(
    form: TableFormat, where: Mapping[str, float]
) -> np.ndarray | None:
    """Return the condition that the generator gets, ``[condition_width]``: the category
    among the conditions that is the rarest in the training rows; ``None`` if no
    condition is a category."""
    best, first, vector = np.inf, 0, None
    for span in form.conditioned:
        encoded = form.columns[span.column]
        if encoded.column.name in where:
            category = int(where[encoded.column.name]) % span.width
            if encoded.counts[category] < best:
                best = encoded.counts[category]
                vector = np.zeros(form.condition_width, np.float32)
                vector[first + category] = 1
        first += span.width
    return vector


def conditions(form: TableFormat, texts: Sequence[str]) -> dict[str, float]:
    """Return the conditions of texts like ``age=40,sex=F``: column -> value, with the
    number of a category, -1 or nan for a missing value (``age=``).

    Raises:
      BadInput: a column is unknown or repeated, or a value was never seen in the data.
    """
    found: dict[str, float] = {}
    # Names may have commas and equals signs, and one name may begin with another.
    longest = sorted(form.names, key=len, reverse=True)
    names = "|".join(re.escape(name) for name in longest)
    for text in texts:
        for part in re.split(rf",(?=\s*(?:{names})\s*=)", text):
            said = f"--where={one_line(part.strip(), 60)}"
            match = re.match(rf"\s*({names})\s*=(.*)", part, re.DOTALL)
            if match is None:
                name = part.partition("=")[0].strip()
                raise BadInput(
                    f"{said}: expected COLUMN=VALUE with a column of the data"
                    f"{nearest(name, form.names)}"
                )
            name, value = match.groups()
            if name in found:
                raise BadInput(f"{said}: expected one value of a column")
            found[name] = _seen(form, name, value.strip(), said)
    return found


def _seen(form, name, text, said):
    encoded = next(x for x in form.columns if x.column.name == name)
    column = encoded.column
    try:
        value = float(column.read([text])[0])
    except BadInput:
        hint = nearest(text, column.values)
        raise BadInput(
            f"{said}: '{one_line(text, 40)}' was never seen in column '{name}', "
            f"expected {column.expected}{hint}"
        ) from None
    if np.isnan(value) or (column.is_category and value < 0):
        if column.absent is None:
            raise BadInput(f"{said}: no value of column '{name}' is missing")
        return value
    if column.is_category:
        return value
    if not encoded.seen:
        why = "has too many values"
        if form.public:
            why = "is public, and the values in its rows are not kept,"
        raise BadInput(f"{said}: column '{name}' {why} to ask for one of them")
    if value not in encoded.seen:
        near = sorted(encoded.seen, key=lambda x: abs(x - value))[:3]
        raise BadInput(
            f"{said}: '{one_line(text, 40)}' was never seen in column '{name}', the "
            f"nearest are {', '.join(column.texts(sorted(near)))}"
        )
    return value


def fill_rows(
    run: Run, texts: Mapping[str, Sequence[str]], seed: int = 0, place=""
) -> Any:
    """Return a user's rows with the missing values filled in, and how many these are.

    Args:
      texts: column -> texts ``[n]``, with all columns of the run.
      seed: seed of the generator's random numbers.
      place: the file, for messages.

    Returns:
      ``(values by column, number of filled cells)``. Known values stay as they are.

    Raises:
      BadInput: the run does not fill in, or a column is missing or has other values.
    """
    form = format_of(run, "--table")
    if "impute" not in run.sampler.abilities:
        raise BadInput(
            f"--table: expected a run that fills in missing values, such as "
            f"game='gain', not game='{run.config.game}'"
        )
    if missing := [name for name in form.names if name not in texts]:
        raise BadInput(f"{place}: expected the column '{missing[0]}'")
    values = {x.column.name: x.column.read(texts[x.column.name], place)
              for x in form.columns}  # fmt: skip
    data, known = form.in_range(values)
    noise = np.random.default_rng(seed).random(data.shape).astype(np.float32)
    asked = np.concatenate([data, known, noise], axis=1)
    made = form.decode(run.model.ask("impute", asked))
    found = {}
    for i, name in enumerate(form.names):
        found[name] = np.where(known[:, i] > 0, values[name], made[name])
    return found, int((known == 0).sum())
