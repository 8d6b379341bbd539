"""A step that is skipped if its result is not finite."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

# The entry of a state's memory, and of the metrics, with the number of skipped steps.
SKIPPED = "skipped"
# The parts of a state that a skipped step leaves as they were.
_KEPT = ("params", "variables", "optimizer", "ema", "memory")


def skip_non_finite(step: Callable) -> Callable:
    """Return ``step`` with a check of its result. If the step makes a number of the
    state nan or infinite, or if one of its metrics is not finite, the state stays as it
    was before, except for ``step``. A number that was not finite before does not count.

    ``memory['skipped']`` of the state counts the skipped steps, and the metric
    ``'skipped'`` is this count. The choice between both states is made on the device,
    for each member of a population alone.

    Args:
      step: ``(state, data, due) -> (state, metrics)``, from ``make_train_step``.
    """

    def guarded(state, data, due=None):
        moved, metrics = step(state, data, due)
        pairs = _pairs(state, moved)
        kept = [jnp.all(jnp.isfinite(x)) for x in metrics.values()]
        kept += [jnp.all(jnp.isfinite(new) | ~jnp.isfinite(old)) for old, new in pairs]
        good = jnp.all(jnp.stack(kept))
        chosen = jax.tree.map(
            lambda new, old: jnp.where(good, new, old), _parts(moved), _parts(state)
        )
        count = state.memory[SKIPPED] + jnp.where(good, 0, 1)
        chosen["memory"] = {**chosen["memory"], SKIPPED: count}
        return moved.replace(**chosen), {**metrics, SKIPPED: count}

    return guarded


def _parts(state):
    return {name: getattr(state, name) for name in _KEPT}


def _pairs(before, after):
    leaves = zip(*(jax.tree.leaves(_parts(x)) for x in (before, after)), strict=True)
    return [(x, y) for x, y in leaves if jnp.issubdtype(y.dtype, jnp.inexact)]
