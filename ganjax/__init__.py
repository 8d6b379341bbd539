"""ganjax: GAN research in JAX.

    run = ganjax.train(config, "runs/mine")      # or ganjax.load("runs/mine")
    images = run.sample(key=0, n=64)

``import ganjax`` starts no JAX backend. Names are imported when they are first used.
"""

import lazy_loader

__version__ = "0.1.0"

# The stub ``__init__.pyi`` lists the public names; type checkers read it as well.
__getattr__, _, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["load", "project", "score", "train"]


def __dir__():
    return sorted(__all__)


def load(run, *, trust_code=False):
    """Return the run in a folder, a ``ganjax.Run``.

    Args:
      run: the folder.
      trust_code: whether to run the code outside ganjax that the run's config names.

    Raises:
      BadInput: if the folder holds no run of this format, or its config names code and
        ``trust_code`` is false.
    """
    from ganjax.loading import Run

    return Run(run, trust_code=trust_code)


def project(run, images, **options):
    """Find the latents of a run whose images are closest to your own pictures.

    Args:
      run: a run, or its folder.
      images: image files.
      options: the options of ``ganjax.projection.project``, which describes the result.

    Raises:
      BadInput: for input that ``ganjax project`` refuses.
    """
    from ganjax import projection

    return projection.project(run, images, **options)


def score(reference, samples=None, other=None, **options):
    """Return the scores of a set of samples against a reference set.

    Args:
      reference, samples, other: folders, archives, arrays or runs.
      options: the options of ``ganjax.scoring.score``, which describes the result.

    Raises:
      BadInput: for input that ``ganjax score`` refuses.
    """
    from ganjax import scoring

    return scoring.score(reference, samples, other, **options)


def train(config, workdir, *, allow_config_change=False):
    """Train with a config, and return the run.

    The same call resumes an interrupted run and does not change a finished run.

    Args:
      config: a ConfigDict or a nested dict. It states only what is not the default.
      workdir: the folder of the run.
      allow_config_change: whether to continue a run that began with another config.

    Raises:
      BadInput: for input that ``ganjax train`` refuses.
    """
    from ganjax.config import resolve
    from ganjax.launch import RunRequest, launch

    launch(
        RunRequest(resolve(config), workdir), allow_config_change=allow_config_change
    )
    return load(workdir, trust_code=True)
