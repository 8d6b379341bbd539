"""Pictures of tables: columns next to the real ones, and how columns depend on each
other."""

import numpy as np
from PIL import Image

from ganjax.data import held_out
from ganjax.errors import BadInput
from ganjax.gallery.request import Request, looks_at
from ganjax.metrics.tables import associations
from ganjax.training.table_pictures import associations_picture, columns_picture

MOST_ROWS = 20_000  # real rows that are drawn


@looks_at("n", "seed")
def columns(request: Request) -> Image.Image:
    """Draw the distribution of each column of a table, of real test rows and of as many
    made rows, with their distance."""
    form, real, made = _both(request)
    return columns_picture(form, made, real)


@looks_at("n", "seed")
def correlations(request: Request) -> Image.Image:
    """Draw how strongly the columns of a table depend on each other, in real test rows
    and in made rows: |ρ|, Cramér's V, or the correlation ratio."""
    form, real, made = _both(request)
    found = (associations(x, form.sizes) for x in (real, made))
    return associations_picture(list(form.names), *found)


def _both(request):
    form = request.run.source.spec.table
    if form is None:
        raise BadInput(
            f"workdir={request.run.path}: expected a run of a table, but data.name="
            f"'{request.run.config.data.name}' is none"
        )
    rows, _ = held_out(request.run.source.test, MOST_ROWS, seed=0)
    count = len(rows) if request.n == Request.n else request.n
    made = request.run.sample(request.seed, count)
    return form, form.decode(np.asarray(rows)), form.decode(made)
