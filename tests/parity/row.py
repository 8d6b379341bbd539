"""A row of the table of parity: what is compared with which code, and how."""

import dataclasses
from collections.abc import Callable
from typing import Any

from tests.parity.fixture import Fixture


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
      name: of the row and of its fixture.
      entries: what ``ganjax describe`` shows the row with: ``(axis, entry)``, for
        example ``("losses", "hinge")``, or ``("configs", "r3gan_cifar10")``.
      source: a key of ``SOURCES``, or the paper and its equation.
      compared: what is compared, in words.
      ours: ``fixture -> {"KIND/NAME": array}``, computed by ganjax.
      differs: what differs from the source on purpose, and the option that makes it
        equal. Empty if nothing does.
      slow: whether the row runs only with ``--full``.
    """

    name: str
    entries: tuple[tuple[str, str], ...]
    source: str
    compared: str
    ours: Callable[[Fixture], dict[str, Any]]
    differs: str = ""
    slow: bool = False
