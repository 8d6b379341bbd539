"""Two domains of images without files and without pairs."""

import jax

from ganjax.data import Source, Spec, open_source


def two_domains(size=8):
    """Return a source with two domains of independent waves."""
    waves = open_source(f"gratings{size}").train

    def draw(keys):
        pair = jax.vmap(jax.random.split)(keys)
        return {"a": waves(pair[:, 0])["data"], "b": waves(pair[:, 1])["data"]}

    return Source(Spec("waves", (size, size, 3), domains=("a", "b")), draw, draw)


def waves(directory):
    """Open two domains of independent waves, 8×8×3."""
    return two_domains()
