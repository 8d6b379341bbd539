"""The options that a network declares, and how a name becomes a network class."""

import dataclasses
import sys
import types

import flax.linen as nn
import jax
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import (
    ARCHITECTURES,
    KINDS,
    mlp,
    network_class,
    network_options,
    patchgan,
    srresnet,
    unet,
)

FILLED_IN = {
    "shape", "dtype", "conditioning", "classes", "truncation", "vocabulary"
}  # fmt: skip
NAMES = {kind: kind.title().replace("_", "") for kind in KINDS}
CLASSES = {
    f"{name}.{kind}": getattr(architecture, of_kind)
    for name, architecture in ARCHITECTURES.items()
    for kind, of_kind in NAMES.items()
    if hasattr(architecture, of_kind)
}


class Plain(nn.Module):
    """A user's network that declares no options."""

    shape: tuple[int, ...] = ()
    conditioning: str = "none"
    classes: int = 0
    truncation: float = 1.0
    width: int = 32
    slope: float = 0.2
    residual: bool = True
    widths: tuple[int, ...] = (8, 8)
    parts: tuple[str, ...] = ("a", "b")
    rates: tuple[float, ...] = (0.5, 0.25)
    switches: tuple[bool, ...] = (True, False)
    activation: object = nn.relu


@pytest.fixture
def lab(monkeypatch):
    module = types.ModuleType("a_lab")
    module.quartic = lambda x: x**4
    module.Plain, module.number, module.words = Plain, 3, types
    module.both = types.SimpleNamespace(Generator=Plain, Discriminator=3)
    monkeypatch.setitem(sys.modules, "a_lab", module)


@pytest.mark.parametrize("name", CLASSES)
def test_every_option_is_declared_with_its_help_and_limits(name):
    module = CLASSES[name]
    options = network_options(module)
    own = {field.name for field in dataclasses.fields(module)} - {"parent", "name"}
    assert own - FILLED_IN == set(options)
    for field, option in options.items():
        assert option.default == getattr(module, field), field
        assert option.help, field
        if isinstance(option.default, str):
            assert option.default in option.choices
        else:
            assert option.holds(option.default)


def test_each_architecture_has_its_normalizations():
    def of(module):
        return tuple(network_options(module)["normalization"].choices)

    assert of(unet.Generator) == ("none", "batch", "instance")
    assert of(patchgan.Discriminator) == ("none", "batch", "instance", "spectral")
    assert of(srresnet.Generator) == ("none", "batch")
    assert of(mlp.Discriminator) == ("none", "batch", "spectral")


def test_plain_fields_are_options_without_limits():
    options = network_options(Plain)
    assert {name: (o.default, o.kind) for name, o in options.items()} == {
        "width": (32, "int"),
        "slope": (0.2, "float"),
        "residual": (True, "bool"),
        "widths": ((8, 8), "whole numbers, as in 64,64"),
        "parts": (("a", "b"), "names"),
    }
    assert options["width"].holds(-1)


def test_a_name_is_a_class_of_its_kind(lab):
    assert network_class("f", "mlp", "encoder") is mlp.Encoder
    assert network_class("f", "patchgan", "discriminator") is patchgan.Discriminator
    for kind in KINDS:
        assert network_class("f", "a_lab:Plain", kind) is Plain
    assert network_class("f", "a_lab:both", "generator") is Plain


@pytest.mark.parametrize(
    "name, kind, said",
    [
        ("patchgan", "generator", ["with a generator, one of biggan, cyclegan_resnet"]),
        (
            "unet",
            "discriminator",
            ["f='unet': expected", "one of biggan, dcgan, deep_conv, mlp"],
        ),
        ("a_lab:both", "discriminator", ["f='a_lab:both'", "with a discriminator"]),
        ("a_lab:number", "generator", ["f='a_lab:number': expected a network"]),
        ("a_lab:words", "generator", ["expected a network", "found a module"]),
        ("dcgn", "generator", ["did you mean 'dcgan'?"]),
    ],
)
def test_what_is_no_network_of_the_kind_is_refused(lab, name, kind, said):
    with pytest.raises(BadInput) as refused:
        network_class("f", name, kind)
    assert all(part in str(refused.value) for part in said), refused.value


def test_an_activation_may_be_of_another_package(lab):
    module = mlp.Generator((2,), widths=(3,), activation="a_lab:quartic")
    z = jax.random.normal(jax.random.key(0), (5, 4))
    variables = module.init(jax.random.key(1), z, train=True)
    x, scaled = (module.apply(variables, c * z, train=False) for c in (1, 2))
    np.testing.assert_allclose(scaled, 16 * x, rtol=1e-5)  # biases start at zero
