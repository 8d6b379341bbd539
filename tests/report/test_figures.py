import html
import json
import math
import re

import pytest

from ganjax.report.axes import Scale, finite, format_number
from ganjax.report.figures import Panel, Series, draw
from ganjax.report.panels import player_panels, score_panels


def path_points(figure, kind="line"):
    path = re.search(rf'class="{kind} c0" d="([^"]*)"', figure)[1]
    return [
        tuple(map(float, pair.split())) for pair in re.findall(r"[\d.-]+ [\d.-]+", path)
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (20000.0, "20,000"),
        (-1.39712, "−1.397"),
        (3967.4, "3,967"),
        (0.00052, "5.2e−4"),
        (1.5e9, "1.5e9"),
        (math.nan, "nan"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_for_reading(value, text):
    assert format_number(value) == text


def test_a_curve_lies_where_its_values_say():
    # ``limits`` makes the axis 0 to 4. Value 1 is a quarter up: 750 from the top.
    panel = Panel("x", (Series("a", [0, 5, 10], [1.0, 4.0, 0.0]),), limits=(0, 4))
    expected = [(0, 750), (500, 0), (1000, 1000)]
    assert path_points(draw(panel, last_step=10)) == expected
    # If the last step is 20, the right half is empty.
    expected = [(0, 750), (250, 0), (500, 1000)]
    assert path_points(draw(panel, last_step=20)) == expected


def test_a_gap_where_values_are_not_finite():
    values = [1.0, 2.0, math.nan, 3.0, math.inf]
    figure = draw(Panel("x", (Series("a", [1, 2, 3, 4, 5], values),)), 5)
    line = re.search(r'class="line c0" d="([^"]*)"', figure)[1]
    # A line from step 1 to step 2, then step 4 alone.
    assert line.count("M") == 2 and line.count("L") == 1
    assert "Not finite in 2 rows, first at step 3." in figure


def test_many_points_become_means_and_ranges():
    # The values alternate between ±1, so each stretch has mean 0 and range -1 to 1.
    count = 4800
    series = Series("a", list(range(count)), [(-1.0) ** i for i in range(count)])
    figure = draw(Panel("x", (series,), limits=(-2, 2)), count - 1)
    line, band = path_points(figure), path_points(figure, "band")
    assert len(line) == 240 and {y for _, y in line} == {500.0}
    assert {y for _, y in band} == {250.0, 750.0}
    assert line[-1][0] == 1000


def test_axis_is_logarithmic_only_for_positive_values_over_decades():
    positive = finite([1e-3, 1.0, 1e3])
    scale = Scale(positive, positive, None)
    bottom, middle, top = scale([1e-3, 1.0, 1e3])
    assert bottom - middle == pytest.approx(middle - top)
    signed = finite([-1e-3, 1.0, 1e3])
    assert not Scale(signed, signed, None).log


def test_a_spike_does_not_flatten_the_curve_and_is_mentioned():
    values = [1 + 0.1 * (i % 5) for i in range(200)]
    values[100] = -500.0
    scale = Scale(finite(values), finite(values), None)
    assert abs(scale(1.4) - scale(1.0)) > 100
    assert scale.notes == ["Axis cut: values range from −500 to 1.4."]


@pytest.mark.parametrize(
    "values",
    [
        [math.nan],
        [math.nan, math.inf],
        [0.0],
        [3.0, 3.0],
        [1e308, -1e308, 0.0],
        [5e-324, 1e308],
        [-7.0] * 1000,
    ],
)
def test_every_position_is_finite_whatever_was_recorded(values):
    steps = list(range(len(values)))
    figure = draw(Panel("x", (Series("a", steps, values),)), steps[-1])
    for path in re.findall(r' d="([^"]*)"', figure):
        assert not re.search("nan|inf", path)


def test_names_are_escaped_and_data_is_json():
    panel = Panel("<b>", (Series('"><script>', [1], [math.nan]), Series("b", [1], [2])))
    figure = draw(panel, 1)
    assert "<script>" not in figure and "<b>&" not in figure
    data = json.loads(html.unescape(re.search(r'data-curves="([^"]*)"', figure)[1]))
    assert data["series"] == [['"><script>', [1], [None]], ["b", [1], [2.0]]]


def test_which_numbers_share_a_figure():
    names = [
        "generator/loss", "discriminator/loss", "encoder/loss",
        "discriminator/real_logit", "discriminator/fake_logit",
        "discriminator/real_accuracy", "discriminator/fake_accuracy",
        "latent/real_logit", "discriminator/r1", "real_y", "fake_y",
        "evaluation/ring/modes", "evaluation/fd_small_cnn",
    ]  # fmt: skip
    columns = {name: ([1], [0.5]) for name in names}
    game, terms = player_panels(columns)
    described = {panel.title: [s.name for s in panel.series] for panel in game}
    assert described == {
        "Loss": ["discriminator", "encoder", "generator"],
        "Discriminator: logit": ["real", "fake"],
        "Discriminator: accuracy": ["real", "fake"],
        "Y": ["real", "fake"],
    }
    chance = [panel.title for panel in game if panel.level == (0.5, "chance")]
    assert chance == ["Discriminator: accuracy"]
    # A ``real_`` column without its ``fake_`` column is shown as well.
    assert [p.title for p in terms] == ["Discriminator: r1", "Latent: real logit"]
    assert [p.title for p in score_panels(columns)] == ["Fd small cnn", "Ring: modes"]
