"""Any text for any field of a config, and configs that are written and read back."""

import itertools
import json

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ganjax import command_line
from ganjax.config import declared, flatten, resolve
from ganjax.errors import BadInput
from ganjax.games import GAMES
from tests import tiny
from tests.anything import changed, examples

# Every field of every game, once.
FIELDS = dict(
    itertools.chain.from_iterable(declared({"game": game}).items() for game in GAMES)
)
texts = st.one_of(
    st.text(max_size=8),
    st.integers().map(str),
    st.floats().map(str),
    st.lists(st.integers(-2, 300), max_size=3).map(str),
    st.sampled_from(
        ["1_0", "٣", "1e400", "-0", "0x10", "True", "(3,)", "a,,b", "a\nb"]
    ),
    st.sampled_from(
        ["None", "nan", "9" * 5000, "os:", ":", "a.b:c", "\udcff", ",", "'"]
    ),
)


def one_line(error):
    text = str(error)
    assert "\n" not in text and "\r" not in text, text
    text.encode()  # it can be printed
    return True


@examples(400)
@given(st.sampled_from(sorted(FIELDS)), texts)
def test_any_text_is_a_value_of_the_type_or_one_line(path, text):
    option = FIELDS[path]
    try:
        value = option.parsed(path, text)
        option.check(path, value)
    except BadInput as error:
        assert str(error).startswith(path) and one_line(error)
        return
    assert type(value) is type(option.default)
    if isinstance(value, tuple):
        # Classes of data are numbers or names.
        kinds = (int, str) if path == "data.classes" else (option.item,)
        assert all(type(x) in kinds for x in value)
    # A value is read back from its text, as a command line states it.
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    assert option.parsed(path, shown) == value


@examples(300)
@given(
    st.sampled_from([x for x in FIELDS.values() if not isinstance(x.default, tuple)]),
    st.data(),
)
def test_values_are_read_back_from_their_text(option, data):
    kinds = {
        bool: st.booleans(),
        int: st.integers(),
        float: st.floats(allow_nan=False),
        str: st.text(),
    }
    value = data.draw(kinds[type(option.default)])
    assert option.parsed("x", str(value)) == value
    assert option.typed("x", json.loads(json.dumps(value))) == value


def values_of(option):
    """Strategy of values that a field of the gan accepts alone, near its default."""
    if isinstance(option.default, bool):
        return st.booleans()
    if isinstance(option.default, float):
        return st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.5]) | st.just(option.default)
    if isinstance(option.default, int):
        return st.integers(0, 9) | st.just(option.default)
    if isinstance(option.choices, list | tuple | dict) and option.choices:
        return st.sampled_from(sorted(option.choices))
    return st.just(option.default)


GAN = declared({"game": "gan"})
overrides = st.lists(
    st.sampled_from([x for x in GAN if not isinstance(GAN[x].default, tuple)]),
    max_size=4,
    unique=True,
).flatmap(lambda paths: st.fixed_dictionaries({x: values_of(GAN[x]) for x in paths}))


@examples(40)
@given(overrides, st.randoms(use_true_random=False))
def test_a_config_is_written_and_read_back(chosen, random):
    """And the order of overrides has no effect, on a valid or an invalid config."""
    given_ = {path: str(value) for path, value in chosen.items()}
    turned = list(given_.items())
    random.shuffle(turned)
    try:
        config = resolve({}, given_)
    except BadInput as error:
        assert one_line(error)
        with pytest.raises(BadInput):
            resolve({}, dict(turned))
        reject()
    assert resolve({}, dict(turned)) == config
    kept = json.loads(json.dumps(config.to_dict()))
    assert resolve(kept) == config
    # Each field that was not a consequence of another has the value that was given.
    flat = dict(flatten(config))
    assert {x: flat[x] for x in chosen if x != "kimg"} == {
        x: value for x, value in chosen.items() if x != "kimg"
    }


WHOLE = resolve(tiny.GAMES["gan"]).to_dict()


@examples(60)
@given(changed(json.loads(json.dumps(WHOLE))))
def test_any_json_is_a_config_or_one_line(document):
    """A run's config.json, with values of other types."""
    try:
        config = resolve(document)
    except BadInput as error:
        assert one_line(error)
        return
    assert resolve(config) == config


flags = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.builds("--{}={}".format, st.text(max_size=6), texts),
        st.builds("--config.{}={}".format, st.sampled_from(sorted(GAN)), texts),
        st.builds("--config.{}".format, st.text(max_size=6)),
        st.sampled_from(
            ["--workdir", "--workdir=", "--", "-", "--config.", "--config"]
        ),
    ),
    max_size=4,
)


@examples(60)
@given(flags)
def test_any_arguments_are_a_command_or_one_line(arguments):
    parser = command_line.parser("a command")
    parser.add_argument("--workdir")
    try:
        _, config, _ = command_line.parse_with_config(
            parser, ["--config=quickstart", *arguments]
        )
    except BadInput as error:
        assert one_line(error)
        return
    assert config["game"] == "gan"
