"""Groups of recorded numbers that share a figure.

Names are ``player/quantity``. The losses of all players share one figure. ``real_x``
and ``fake_x`` of a player share another. Each score of an evaluation and each other
number has a separate figure, because units differ."""

from ganjax.report.figures import Panel, Series

Columns = dict[str, tuple[list[int], list[float]]]
EVALUATION = "evaluation/"
# Suffix of scores that use held-out data in place of generated samples.
FLOOR = "_floor"


def title_of(name: str) -> str:
    """Return the title of a recorded number: ``inner/some_name`` gives ``inner: some
    name``."""
    return ": ".join(part.replace("_", " ") for part in name.split("/"))


def score_panels(columns: Columns) -> list[Panel]:
    """Return a panel (a plot of curves over steps) for each score, sorted by name."""
    return [
        _single(name.removeprefix(EVALUATION), name, columns)
        for name in sorted(columns)
        if name.startswith(EVALUATION)
    ]


def player_panels(columns: Columns) -> tuple[list[Panel], list[Panel]]:
    """Return the panels (plots of curves over steps) of all recorded numbers except
    scores.

    Returns:
      ``(game, terms)``: ``game`` has a panel with the losses of all players, and a
        panel for each pair ``real_x`` and ``fake_x``. ``terms`` has a panel for each
        other number.
    """
    left = sorted(name for name in columns if not name.startswith(EVALUATION))
    losses = [name for name in left if name.endswith("/loss")]
    game = []
    if losses:
        curves = tuple(
            Series(title_of(name.removesuffix("/loss")), *columns[name])
            for name in losses
        )
        game.append(Panel("Loss", curves))
    left = [name for name in left if name not in losses]
    pairs, paired = [], set()
    for name in left:
        player, _, quantity = name.rpartition("/")
        if not quantity.startswith("real_"):
            continue
        start = f"{player}/" if player else ""
        twin = start + "fake_" + quantity.removeprefix("real_")
        if twin in columns:
            pairs.append(_pair(player, quantity.removeprefix("real_"), name, twin,
                               columns))  # fmt: skip
            paired |= {name, twin}
    # Logits come before accuracies, which are derived from them.
    pairs.sort(key=lambda panel: (panel.level is not None, panel.title))
    terms = [_single(name, name, columns) for name in left if name not in paired]
    return game + pairs, terms


def _pair(player, quantity, real, fake, columns: Columns) -> Panel:
    curves = (Series("real", *columns[real]), Series("fake", *columns[fake]))
    title = title_of(f"{player}/{quantity}" if player else quantity)
    title = title[:1].upper() + title[1:]
    if quantity.endswith("accuracy"):
        return Panel(title, curves, level=(0.5, "chance"), limits=(-0.03, 1.03))
    return Panel(title, curves)


def _single(title: str, name: str, columns: Columns) -> Panel:
    title = title_of(title)
    return Panel(title[:1].upper() + title[1:], (Series(title, *columns[name]),))
