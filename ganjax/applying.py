"""Whether a run can be applied to a user's images."""

from ganjax.errors import BadInput, shape_text
from ganjax.loading import Run


def check_applies(run: Run, ability: str, example: str, complete: bool = True) -> None:
    """Check that the game of a run can do something with images of 1, 3 or 4 channels.

    Args:
      run: the run.
      ability: what its game has to do, a name in ``run.sampler.abilities``.
      example: a game that can do it, for the message.
      complete: whether the sampler also states what the ability needs.

    Raises:
      BadInput: otherwise.
    """
    there, spec = run.sampler.abilities, run.source.spec
    if ability not in there or not complete:
        raise BadInput(
            f"workdir={run.path}: expected a game with the ability '{ability}', such "
            f"as game='{example}'; game='{run.config.game}' has "
            f"{', '.join(sorted(there)) or 'nothing'}"
        )
    if len(spec.shape) != 3 or spec.shape[-1] not in (1, 3, 4) or spec.stacked:
        raise BadInput(
            f"workdir={run.path}: expected a run of images with 1, 3 or 4 channels, "
            f"found samples of {shape_text(spec.shape)}"
        )
