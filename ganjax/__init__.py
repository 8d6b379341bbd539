"""ganjax: GAN research in JAX. ``ganjax.load(run)`` gives a run back."""

__version__ = "0.1.0"


def load(run):
    """The run in a folder, see ``ganjax.loading.Run``."""
    from ganjax.loading import Run

    return Run(run)


__all__ = ["load"]
