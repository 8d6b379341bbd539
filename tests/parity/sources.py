"""The authors' code: repositories and the commits that the fixtures were made with."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Source:
    """A repository at a commit, or a formula.

    Attributes:
      repository: ``owner/name`` on GitHub; for a formula, the paper and its equation.
      commit: the full hash; empty for a formula.
    """

    repository: str
    commit: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder of a clone."""
        return self.repository.rpartition("/")[2]


SOURCES = {
    source.folder: source
    for source in (
        Source("NVlabs/stylegan2-ada-pytorch",
               "d72cc7d041b42ec8e806021a205ed9349f87c6a4"),
        Source("brownvc/R3GAN", "19a7ddf463fbac2bd39b4c1c73d63f1c441c7403"),
        Source("POSTECH-CVLab/PyTorch-StudioGAN",
               "947b35e9835b67860fdce44d337f6d7fee7c8db3"),
        Source("ajbrock/BigGAN-PyTorch", "98459431a5d618d644d54cd1e9fceb1e5045648d"),
        Source("kwotsin/mimicry", "a7fda06c4aff1e6af8dc4c4a35ed6636e434c766"),
        Source("google/lecam-gan", "f9af9485eda4637b25e694c142ce8e6992eb7243"),
        Source("mit-han-lab/data-efficient-gans",
               "0b6339510be1e3859d360cbf464d0a425514a6b4"),
        Source("EndlessSora/DeceiveD", "042c5c4a4e65b20866cba89e64cfb99961dd8343"),
        Source("junyanz/pytorch-CycleGAN-and-pix2pix",
               "003efc4c8819de47ff11b5a0af7ba09aee7f5fc1"),
    )
}  # fmt: skip
