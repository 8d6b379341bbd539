"""The schema: defaults, overrides, knobs, and conversion to JSON and back."""

import importlib.util
import inspect
import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from ganjax import command_line
from ganjax.build import build, build_game
from ganjax.command_line import load_config
from ganjax.config import flatten, knobs, resolve
from ganjax.core import init_state, make_train_step
from ganjax.data import Source, Spec, open_source
from ganjax.data.captions import Captions
from ganjax.data.forms import Form
from ganjax.data.tables.files import Texts
from ganjax.data.tables.sources import table_source
from ganjax.errors import BadInput
from ganjax.games import GAMES
from ganjax.networks import conv
from ganjax.resumption import changed_fields
from ganjax.sweeps.sweep import Sweep
from ganjax.training import trace

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "configs").glob("*.py"))
BUILT_IN = (
    "digits", "ring", "grid", "swiss_roll", "two_clusters", "unpaired", "gratings"
)  # fmt: skip
# Image shape and number of classes of data sets that are not on this machine.
SHAPES = {
    "mnist": ((28, 28, 1), 10),
    "fashion_mnist": ((28, 28, 1), 10),
    "cifar10": ((32, 32, 3), 10),
    "cifar10_jpeg": ((32, 32, 3), 10),
    "image_folder": ((128, 128, 3), 1000),
    "mnist_twins": ((28, 28, 1), 10),
    "edges_fashion_mnist": ((28, 28, 1), 10),
    "textures": ((64, 64, 1), 3),
    "style_pictures": ((64, 64, 3), 0),
    "molecules": ((6, 29), 0),
    "moses": ((27, 116), 0),
    "italy_power_demand": ((24, 1), 2),
    "oracle_words": ((20,), 0),
    "captioned_images": ((64, 64, 3), 0),
    "image_pairs": ((256, 256, 3), 0),
}
DOMAINS = {
    "mnist_twins": {"domains": ("a", "b")},
    "edges_fashion_mnist": {"domains": ("a", "b"), "paired": True},
    "style_pictures": {"domains": ("a", "b")},
    "image_pairs": {"domains": ("a", "b")},
    "molecules": {"form": Form("molecules", tuple("CNOF"), valences=(4, 3, 2, 1))},
    "moses": {"form": Form("molecules", ("Br", "C", "Cl", "F", "N", "O", "S"))},
    "oracle_words": {"form": Form("sentences", tuple(map(str, range(500))))},
    "captioned_images": {"captions": Captions(("face", "flag"), 32, ("face",))},
}

# The parts of each game's config that differ between games, by hand.
NETWORKS = {
    "gan": {"generator", "discriminator"},
    "conditional_gan": {"generator", "discriminator"},
    "adversarial_autoencoder": {"encoder", "decoder", "discriminator"},
    "cyclegan": {"a_to_b", "b_to_a", "critic_a", "critic_b"},
    "infogan": {"generator", "discriminator", "posterior"},
    "bigan": {"generator", "discriminator", "encoder"},
    "semi_supervised": {"generator", "discriminator"},
    "semi_supervised_autoencoder": {
        "encoder", "decoder", "discriminator", "class_discriminator"
    },
    "anogan": {"generator", "discriminator"},
    "f_anogan": {"generator", "discriminator", "encoder"},
    "ganomaly": {"encoder", "decoder", "second_encoder", "discriminator"},
    "pix2pix": {"generator", "discriminator"},
    "super_resolution": {"generator", "discriminator"},
    "text_to_image": {
        "generator", "discriminator", "generator_text", "discriminator_text"
    },
    "inpainting": {"generator", "discriminator"},
    "style_transfer": {"encoder", "decoder"},
    "adversarial_style_transfer": {"encoder", "decoder", "discriminator"},
    "ctgan": {"generator", "discriminator"},
    "gain": {"generator", "discriminator"},
    "private_gan": {"generator", "discriminator"},
    "pate_gan": {"generator", "discriminator", "teachers"},
    "molgan": {"generator", "discriminator", "reward"},
    "timegan": {"embedder", "recovery", "generator", "supervisor", "discriminator"},
    "word_gan": {"generator", "discriminator"},
}  # fmt: skip
PLAYERS = {
    "gan": {"generator", "discriminator"},
    "conditional_gan": {"generator", "discriminator"},
    "adversarial_autoencoder": {"autoencoder", "encoder", "discriminator"},
    "cyclegan": {"generators", "critic_a", "critic_b"},
    "infogan": {"generator", "discriminator"},
    "bigan": {"generator", "discriminator"},
    "semi_supervised": {"generator", "discriminator"},
    "semi_supervised_autoencoder": {
        "autoencoder", "encoder", "discriminator", "class_discriminator", "classifier"
    },
    "anogan": {"generator", "discriminator"},
    "f_anogan": {"generator", "discriminator", "encoder"},
    "ganomaly": {"autoencoder", "discriminator"},
    "pix2pix": {"generator", "discriminator"},
    "super_resolution": {"generator", "discriminator"},
    "text_to_image": {"generator", "discriminator"},
    "inpainting": {"generator", "discriminator"},
    "style_transfer": {"decoder"},
    "adversarial_style_transfer": {"decoder", "discriminator"},
    "ctgan": {"generator", "discriminator"},
    "gain": {"generator", "discriminator"},
    "private_gan": {"generator", "discriminator"},
    "pate_gan": {"generator", "discriminator", "teachers"},
    "molgan": {"generator", "discriminator", "reward"},
    "timegan": {
        "autoencoder", "supervisor", "generator", "embedder", "discriminator"
    },
    "word_gan": {"likelihood", "discriminator", "generator"},
}  # fmt: skip
WEIGHTS = {
    "gan": set(),
    "conditional_gan": set(),
    "adversarial_autoencoder": {"reconstruction", "corruption"},
    "cyclegan": {"cycle", "identity"},
    "infogan": {"category", "continuous"},
    "bigan": set(),
    "semi_supervised": {"adversarial", "supervised", "fooling"},
    "semi_supervised_autoencoder": {"reconstruction", "corruption", "supervised"},
    "anogan": set(),
    "f_anogan": {"features"},
    "ganomaly": {"features", "content", "code"},
    "pix2pix": {"adversarial", "l1", "discriminator"},
    "super_resolution": {"content", "adversarial"},
    "text_to_image": set(),
    "inpainting": {"adversarial", "hole", "seam"},
    "style_transfer": {"content", "style"},
    "adversarial_style_transfer": {"content", "style", "adversarial"},
    "ctgan": {"condition"},
    "gain": {"reconstruction"},
    "private_gan": set(),
    "pate_gan": set(),
    "molgan": {"reward"},
    "word_gan": set(),
    "timegan": {"reconstruction", "dynamics", "supervised", "moments", "intermediate"},
}
# Numbers of the section ``options`` that the compiled step takes as data.
OPTION_KNOBS = {
    "private_gan": {"options.clip", "options.noise"},
    "pate_gan": {"options.vote_rate"},
    "word_gan": {"options.relaxation"},
}
FROM_LATENTS = (
    "gan",
    "conditional_gan",
    "infogan",
    "semi_supervised",
    "anogan",
    "f_anogan",
    "molgan",
)
WITHOUT_LATENTS = (
    "cyclegan",
    "pix2pix",
    "super_resolution",
    "inpainting",
    "style_transfer",
    "adversarial_style_transfer",
    "gain",
)


@pytest.mark.parametrize("game", NETWORKS)
def test_defaults_of_every_game(game):
    config = resolve({"game": game})
    assert config.game == game
    assert set(config.networks) == NETWORKS[game]
    assert set(config.optimizers) == PLAYERS[game]
    assert set(config.get("weights", {})) == WEIGHTS[game]
    assert ("latents" in config) == (game not in WITHOUT_LATENTS)
    for term in config.regularizers.values():
        assert term.player.startswith(("discriminator", "critic"))
    with pytest.raises(AttributeError):
        config.step = 1  # locked


@pytest.mark.parametrize("game", NETWORKS)
def test_knobs_are_the_numbers_of_the_terms(game):
    # 6 per optimizer, a weight per regularizer and per term, and the term's numbers.
    config = resolve({"game": game})
    expected = {"loss.smoothing", "loss.flipping", "loss.top_k", "dynamics.strength"}
    expected |= {f"ema.{number}" for number in ("begin", "decay", "half_life", "ramp")}
    expected |= {
        f"augmentation.{number}"
        for number in ("probability", "target", "speed", "noise")
    }
    expected |= {f"terms.{name}.weight" for name in config.terms}
    expected |= {f"terms.latent_{part}.std" for part in ("consistency", "diversity")}
    expected |= {f"terms.{name}.decay" for name in ("lecam", "path_length")}
    if game in FROM_LATENTS:
        expected |= {"latents.optimisation", "latents.damping"}
    if game == "conditional_gan":
        expected |= {"conditioning.weight"}
    expected |= {f"weights.{name}" for name in WEIGHTS[game]}
    expected |= OPTION_KNOBS.get(game, set())
    expected |= {
        f"optimizers.{player}.{number}"
        for player in PLAYERS[game]
        for number in (
            "learning_rate", "b1", "b2", "weight_decay", "clip", "gradient_clip"
        )
    }  # fmt: skip
    expected |= {f"regularizers.{name}.weight" for name in config.regularizers}
    found = knobs(config)
    assert set(found) == expected
    assert {type(value) for value in found.values()} == {float}
    assert found["optimizers." + min(PLAYERS[game]) + ".b2"] == 0.999


# Their networks take long to trace.
SLOW = (
    "biggan_cifar10",
    "biggan_diffaugment_cifar10",
    "biggan_imagenet128",
    "conditional_mnist",
    "cyclegan_mnist",
    "dcgan_small_mnist",
    "gan_2014_mnist",
    "infogan_mnist",
    "inpainting",
    "pix2pix_edges",
    "r3gan_cifar10",
    "reacgan_cifar10",
    "sagan_cifar10",
    "sngan_projection_cifar10",
    "stylegan2_ada_cifar10",
    "style_transfer",
    "stylegan2_cifar10",
    "super_resolution",
    "text_to_image_emoji",
    "text_to_image_scenes",
    "timegan",
    "wgan_gp_cifar10",
)


@pytest.mark.parametrize(
    "name",
    [
        "ring_losses",
        pytest.param("grid_losses", marks=pytest.mark.full),
        "r3gan_rates",
        pytest.param("mnist_losses:tiny", marks=pytest.mark.full),
        pytest.param("architectures:tiny", marks=pytest.mark.full),
        pytest.param("anomaly:tiny", marks=pytest.mark.full),
        pytest.param("inpainting:tiny", marks=pytest.mark.full),
        pytest.param("semi_supervised_mnist:tiny", marks=pytest.mark.full),
        pytest.param("text_to_image:tiny", marks=pytest.mark.full),
        pytest.param("style_transfer:tiny", marks=pytest.mark.full),
    ],
)
def test_sweep_files(name, request):
    """Every row is a config, and the networks of every program have shapes. With --full
    the programs are traced as well."""
    file, _, argument = name.partition(":")
    path = f"{ROOT}/configs/sweeps/{file}.py" + (f":{argument}" if argument else "")
    flags = command_line.parser("")
    _, stated, space, _ = command_line.parse_with_sweep(flags, [f"--config={path}"])
    sweep = Sweep(stated, space, say=pytest.fail)
    assert len(sweep.trials) == len(space)
    if request.config.getoption("--full"):
        for kind in sweep.kinds:
            setup = build(kind[0].config)
            trace(setup.game, setup.knobs, setup.feed, setup.plan)


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.full if p.stem in SLOW else ()) for p in FILES],
    ids=lambda path: path.stem,
)
def test_config_files(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "get_config"):
        pytest.skip("what other config files share")
    relative = path.relative_to(ROOT)
    assert f"--config={path.stem}" in module.__doc__, "the command is in the docstring"
    config = resolve(load_config(str(relative)))
    assert resolve(json.loads(json.dumps(config.to_dict()))) == config
    game, _ = build_game(config, shaped(config.data))
    state, metrics = stepped(config, game)
    assert set(state.params) == set(config.networks)
    assert set(state.optimizer) == set(config.optimizers)
    assert {name.partition("/")[0] for name in metrics} == set(config.optimizers)
    if "arg" in inspect.signature(module.get_config).parameters:
        tiny = resolve(module.get_config("tiny"))
        build(tiny)
        assert tiny.steps <= 10 and set(tiny.networks) == set(config.networks)


VARIANTS = [
    (path, variant)
    for path in FILES
    for variant in sorted(set(re.findall(r"``:(\w+)``", path.read_text())))
]


@pytest.mark.parametrize(
    ("path", "variant"), VARIANTS, ids=[f"{p.stem}:{v}" for p, v in VARIANTS]
)
def test_variants_that_a_docstring_names(path, variant, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = resolve(load_config(f"{path.relative_to(ROOT)}:{variant}"))
    assert config != resolve(load_config(str(path.relative_to(ROOT))))
    build_game(config, shaped(config.data))


def shaped(section):
    """Return a source with the shapes of a data set, without its data."""
    name = section.name
    if name.startswith(BUILT_IN):
        return open_source(name)
    if name == "scenes":
        return open_source(name, glyphs="digits", side=section.side)
    if "encoding" in section:
        return of_columns(section)
    if name == "sines":
        return open_source(name, length=section.length, variables=section.variables)
    shape, classes = SHAPES[name]
    how = DOMAINS.get(name, {})
    if section.labels:
        how = {"domains": ("data", "labelled"), "labels": "known"}
    return Source(Spec(name, shape, tuple(map(str, range(classes))), **how), None, None)


def of_columns(section):
    """Return a table with the encoding and the public columns of a section, without its
    data."""
    names = [text.split(":")[0] for text in section.public] or ["x", "group"]
    first = [text.partition(":")[2].partition(":")[2] for text in section.public]
    values = [re.split(r"\||\.\.", text)[0] for text in first] or ["1", "a"]
    columns = {name: [x] * 10 for name, x in zip(names, values, strict=True)}
    columns = {
        n: x if section.public else [*x[1:], f"{x[0]}0"] for n, x in columns.items()
    }
    return table_source(
        Texts(columns, {}), "t", "t", encoding=section.encoding, public=section.public
    )


def stepped(config, game):
    """Return the shapes of ``(state, metrics)`` after a step. Nothing is computed."""

    def examples(field):
        n = (game.rounds, config.batch_size)
        source = shaped(config.data)
        if field == "known" and source.spec.table is not None:
            return jax.ShapeDtypeStruct((*n, *source.spec.shape), jnp.float32)
        if field in ("label", "known", "row"):
            return jax.ShapeDtypeStruct(n, jnp.int32)
        if field == "condition":
            width = source.spec.table.condition_width
            return jax.ShapeDtypeStruct((*n, width), jnp.float32)
        if field in ("present", "rate"):
            return jax.ShapeDtypeStruct(n, jnp.float32)
        if field == "caption":
            longest = source.spec.captions.longest
            return jax.ShapeDtypeStruct((*n, longest), jnp.int32)
        of_words = source.spec.vocabulary and not source.spec.captions
        dtype = jnp.int32 if of_words else jnp.float32
        return jax.ShapeDtypeStruct((*n, *source.spec.shape), dtype)

    private = ("row", "present", "rate") if config.data.feed == "poisson" else ()
    data = {field: examples(field) for field in (*GAMES[config.game].reads, *private)}
    step = make_train_step(game, batch=lambda data, key, step, axis: data)
    carried = jax.vmap(step, (0, None), 0, axis_name="data")
    state = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    batched = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct((1, *x.shape), x.dtype), state
    )
    with conv.form("stock"):  # fastest to trace, same shapes
        return jax.eval_shape(carried, batched, data)


# The networks of text, and of feature maps, have no options with several numbers.
OTHERS = ("text_to_image", "word_gan", "style_transfer")


@pytest.mark.parametrize("game", [x for x in NETWORKS if x not in OTHERS])
def test_json_and_back(game):
    first = "discriminator" if "style" in game else next(iter(NETWORKS[game]))
    config = resolve(
        {"game": game, "evaluation": {"names": ["pixels"]}, "seed": 2**32 - 1},
        {f"networks.{first}.widths": "3,5", "ema.decay": "1e-3"},
    )
    again = resolve(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert type(again.networks[first].widths) is tuple
    assert changed_fields(config.to_dict(), again) == []


@pytest.mark.parametrize("text", ["1e-3", "0.001", ".001", "1E-3", " 0.001"])
def test_spellings_of_a_float(text):
    config = resolve({}, {"optimizers.generator.learning_rate": text})
    assert config.optimizers.generator.learning_rate == 0.001


@pytest.mark.parametrize("text", ["1", "1.0", "1e0"])
def test_a_whole_number_for_a_float_is_a_float(text):
    for config in (
        resolve({}, {"regularizers.r1.weight": text}),
        resolve({"regularizers": {"r1": {"weight": 1}}}),
    ):
        assert config.regularizers.r1.weight == 1.0
        assert type(config.regularizers.r1.weight) is float


@pytest.mark.parametrize(
    "text, widths",
    [
        ("64,64", (64, 64)),
        ("(64, 64)", (64, 64)),
        ("[64,64]", (64, 64)),
        ("(64,)", (64,)),
        ("64", (64,)),
        ("()", ()),
        ("", ()),
    ],
)
def test_spellings_of_a_tuple(text, widths):
    config = resolve({}, {"networks.generator.widths": text})
    assert config.networks.generator.widths == widths


def test_spellings_of_names():
    for text in ("modes,pixels", "('modes', 'pixels')", '["modes", "pixels"]'):
        config = resolve({}, {"evaluation.names": text})
        assert config.evaluation.names == ("modes", "pixels")


@pytest.mark.parametrize(
    "stated", [1000, 1000.0, 1e3, "1000", "1e3", "1E3", "1000.0", "1_000"]
)
def test_spellings_of_a_whole_number(stated):
    given = ({}, {"steps": stated}) if isinstance(stated, str) else ({"steps": stated},)
    config = resolve(*given)
    assert config.steps == 1000 and type(config.steps) is int
    widths = [*given]
    if isinstance(stated, str):
        widths[-1] = {"networks.generator.widths": f"{stated},8.0"}
    else:
        widths = [{"networks": {"generator": {"widths": (stated, 8.0)}}}]
    assert resolve(*widths).networks.generator.widths == (1000, 8)


@pytest.mark.parametrize(
    ("stated", "value"),
    [(1, True), (0, False), (True, True), ("1", True), ("0", False), ("TRUE", True)],
)
def test_spellings_of_a_truth_value(stated, value):
    data = {"name": "digits"}
    if isinstance(stated, str):
        config = resolve({"data": data}, {"data.mirror": stated})
    else:
        config = resolve({"data": data | {"mirror": stated}})
    assert config.data.mirror is value


@pytest.mark.parametrize("stated", [2, 1.0, "2", "1.0", "yes", None, ""])
def test_what_is_no_truth_value(stated):
    with pytest.raises(BadInput, match="data.mirror=.*expected bool"):
        if isinstance(stated, str):
            resolve({}, {"data.mirror": stated})
        else:
            resolve({"data": {"mirror": stated}})


@pytest.mark.parametrize(
    ("stated", "overrides", "steps"),
    [
        ({"kimg": 1, "batch_size": 64}, {}, 16),  # 15.6 batches of 64
        ({"kimg": 6.4, "batch_size": 64}, {}, 100),
        ({"kimg": 6.4, "batch_size": 64}, {"batch_size": "32"}, 200),
        ({"kimg": 0.1, "batch_size": 8, "parallel": {"inner_steps": 5}}, {}, 15),
        ({"steps": 7, "batch_size": 8}, {"kimg": "1"}, 125),
        ({"kimg": 1, "batch_size": 8}, {"steps": "7"}, 7),
        ({"kimg": 0, "steps": 7}, {}, 7),
    ],
)
def test_steps_follow_from_kimg(stated, overrides, steps):
    """A length in thousands of images is a number of steps once it is resolved."""
    config = resolve({"log": {"every": 5}, **stated}, overrides)
    assert (config.steps, config.kimg) == (steps, 0.0)
    assert resolve(config.to_dict()) == config


@pytest.mark.parametrize("text", ["true", "True", "yes", "1.5", "inf", "0x10", ""])
def test_what_is_no_whole_number(text):
    with pytest.raises(BadInput, match="steps=.*expected int"):
        resolve({}, {"steps": text})


@pytest.mark.parametrize("text", ["64,,wide", "64 64", "6.4", "true"])
def test_what_is_no_tuple_of_whole_numbers(text):
    with pytest.raises(BadInput, match="widths=.*expected whole numbers"):
        resolve({}, {"networks.generator.widths": text})


def test_another_architecture_brings_its_own_options():
    # The options of the old architecture in the file do not apply to the new one.
    stated = {"networks": {"generator": {"widths": (32,), "normalization": "batch"}}}
    config = resolve(
        stated,
        {"networks.generator.name": "dcgan", "networks.generator.width": "12"},
    )
    assert config.networks.generator.to_dict() == {
        "name": "dcgan",
        "width": 12,
        "normalization": "batch",
    }
    assert config.networks.discriminator.name == "mlp"
    back = resolve(config.to_dict(), {"networks.generator.name": "mlp"})
    assert back.networks.generator.name == "mlp"
    assert back.networks.generator.widths == (128, 128)
    with pytest.raises(BadInput, match="networks.generator.widths=.*no such field"):
        resolve({"networks": {"generator": {"name": "dcgan", "widths": (32,)}}})


def test_a_section_may_be_stated_in_part_or_empty():
    assert resolve({"data": {}, "networks": {"generator": {}}}) == resolve({})
    config = resolve({"loss": {"smoothing": 0.1}})
    assert config.loss.name == "non_saturating"


@pytest.mark.parametrize(
    "network, name, there",
    [
        ("discriminator", "unet", "biggan, dcgan, deep_conv, mlp, molgan, patchgan"),
        ("discriminator", "cyclegan_resnet", "patchgan"),
        ("generator", "patchgan", "biggan, cyclegan_resnet, dcgan"),
    ],
)
def test_an_architecture_may_have_one_kind_of_network(network, name, there):
    with pytest.raises(BadInput) as said:
        resolve({}, {f"networks.{network}.name": name})
    assert str(said.value).startswith(
        f"networks.{network}.name='{name}': expected an architecture with a {network}, "
        f"one of "
    )
    assert there in str(said.value)
    assert f" {name}" not in str(said.value)
    other = {"generator": "critic_a", "discriminator": "a_to_b"}[network]
    config = resolve({"game": "cyclegan"}, {f"networks.{other}.name": name})
    assert config.networks[other].name == name


def test_architectures_have_normalisations_of_their_own():
    names = {"name": "unet", "normalization": "instance"}
    config = resolve({"game": "cyclegan", "networks": {"a_to_b": names}})
    assert config.networks.a_to_b.normalization == "instance"
    for name, other, expected in (
        ("dcgan", "instance", "batch, none, spectral"),
        ("unet", "spectral", "batch, instance, none"),
    ):
        with pytest.raises(BadInput) as said:
            resolve({"networks": {"generator": {"name": name, "normalization": other}}})
        assert str(said.value).startswith(
            f"networks.generator.normalization='{other}': expected one of {expected}"
        )


def test_flatten():
    nested = {"a": 1, "b": {"c": (2, 3), "d": {"e": None}}}
    assert dict(flatten(nested)) == {"a": 1, "b.c": (2, 3), "b.d.e": None}


def test_changed_fields_name_the_field_and_both_values():
    old = resolve({"game": "gan"})
    new = resolve({"seed": 7, "networks": {"generator": {"name": "dcgan", "width": 8}}})
    assert changed_fields(old.to_dict(), old) == []
    assert changed_fields(old.to_dict(), new) == [
        "networks.generator.activation: relu -> absent",
        "networks.generator.name: mlp -> dcgan",
        "networks.generator.normalization: none -> batch",
        "networks.generator.weight_std: 0.0 -> absent",
        "networks.generator.width: 64 -> 8",
        "networks.generator.widths: (128, 128) -> absent",
        "seed: 0 -> 7",
    ]


@pytest.mark.parametrize(
    ("stated", "overrides", "says"),
    [
        ({"optimizer": {}}, {}, "optimizer={}.*did you mean 'optimizers'"),
        ({"networks": {"generater": {}}}, {}, "generater.*'networks.generator'"),
        ({"regularizers": {"r3": {}}}, {}, "regularizers.r3"),
        ({"seed": "x"}, {"seed": "3"}, "seed='x': expected int"),
        ({"seed": 2**32}, {}, "expected at least 0 and at most 4294967295"),
        ({"steps": -(2**31)}, {}, "expected at least 1"),
        ({"ema": {"decay": float("nan")}}, {}, "ema.decay=nan: expected"),
        ({"schedules": {"shape": "cosine"}}, {}, "schedules.NAME.FIELD"),
    ],
)
def test_wrong_fields_and_values_are_refused(stated, overrides, says):
    with pytest.raises(BadInput, match=says):
        resolve(stated, overrides)


@pytest.mark.parametrize(
    "stated", [{"regularizers": {}}, {"data": {}}, {"ema": {}}, {"networks": {}}]
)
def test_an_empty_section_states_nothing(stated):
    assert resolve(stated) == resolve({})
