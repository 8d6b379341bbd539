"""The engine: it compiles a game into one training step, a pure function. A game has
networks, and players that train them.

The engine contains no network, no loss and no data. Its callers pass them in as values.
"""

from ganjax.core.clipping import ClippedExamples
from ganjax.core.dynamics import DYNAMICS
from ganjax.core.game import Game, Player
from ganjax.core.parallel import (
    POPULATIONS,
    compile_step,
    local_copy,
    member,
    replicate,
    split_batch,
    spread_members,
    stack_members,
)
from ganjax.core.randomness import child_key, sample_keys
from ganjax.core.skipping import SKIPPED
from ganjax.core.state import (
    GameState,
    averaged,
    init_on_host,
    init_state,
    state_digest,
)
from ganjax.core.step import make_train_step
from ganjax.core.view import Network, Report, View

__all__ = [
    "ClippedExamples", "DYNAMICS", "Game", "GameState", "Network", "POPULATIONS",
    "Player", "Report", "SKIPPED", "View", "averaged", "child_key", "compile_step",
    "local_copy", "init_on_host", "init_state",
    "make_train_step", "member", "replicate", "sample_keys", "split_batch",
    "spread_members", "state_digest", "stack_members",
]  # fmt: skip
