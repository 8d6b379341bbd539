"""How the players' gradients become one update when they do not take turns.

A joint dynamics is ``(field, params, knobs) -> (gradients, reports)``. ``field`` maps
all parameters to each player's gradient of its own objective and its report, at one and
the same point; ``gradients`` and ``reports`` are by player. The engine averages the
gradients over devices and hands each to its player's optimizer.
"""


def simultaneous(field, params, knobs):
    """Every player's gradient at the old parameters (simultaneous gradient descent;
    Mescheder et al. 2017, arXiv 1705.10461, eq. 3)."""
    return field(params)


# None is the alternating game: players in order, each seeing the ones before it.
DYNAMICS = {
    "alternating": None,
    "simultaneous": simultaneous,
}
