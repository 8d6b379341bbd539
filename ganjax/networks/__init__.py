"""Network architectures, one file each.

Each file has a ``Generator``, a ``Discriminator`` or both. Some generators map images
to images. Networks of captions have other kinds: a ``TextEncoder`` gives a ``Text``,
which a ``GeneratorFromText`` and a ``DiscriminatorWithText`` take as second input.
Networks of sentences are a ``WordGenerator`` and a ``WordDiscriminator``.

A module declares its options as fields. Its other fields follow from the rest of the
config: ``shape`` from the data, ``dtype`` of the arithmetic from ``precision``
(parameters and outputs are float32), ``conditioning`` (how the network uses a label)
and ``classes`` from the game and the data. Every module is called with the keyword
``train``. A conditional module takes the labels as its second input. Discriminators are
``Critic``s. Their call returns logits of shape ``[n]`` (``patchgan``: ``[n, p]``).
``full_output`` also returns the features and the outputs that the conditioning needs.
``mixes_samples`` is true if a logit depends on other samples of the batch.

A network raises ``BadInput`` for a size or an option that it cannot take.
"""

import dataclasses
import functools
from collections.abc import Sequence

import flax.linen as nn
import jax

from ganjax.errors import BadInput
from ganjax.names import Table
from ganjax.networks import (
    biggan,
    captioned,
    cyclegan_resnet,
    dcgan,
    deep_conv,
    gated_unet,
    gru,
    lstm,
    mlp,
    molgan,
    patchgan,
    progressive,
    r3gan,
    recurrent,
    sagan,
    sn_dcgan,
    sngan_resnet,
    srresnet,
    stylegan2,
    tabular,
    transformer,
    unet,
    vgg16,
)
from ganjax.networks.layers import MODULATIONS
from ganjax.networks.sizes import WrongSize
from ganjax.options import Option, options_of

PRECISIONS = ("float32", "bfloat16")

# Kind of network -> the architecture that a config has by default.
KINDS = {
    "generator": "mlp",
    "encoder": "mlp",
    "discriminator": "mlp",
    "text_encoder": "gru",
    "generator_from_text": "captioned",
    "discriminator_with_text": "captioned",
    "encoder_to_maps": "vgg16",
    "decoder_from_maps": "vgg16",
    "word_generator": "lstm",
    "word_discriminator": "lstm",
}

# Fields that are not options, because they follow from the rest of the config.
_FILLED_IN = (
    "shape", "dtype", "conditioning", "classes", "truncation", "vocabulary",
)  # fmt: skip


def _class_of(architecture, kind):
    if not isinstance(architecture, type):
        name = "".join(word.capitalize() for word in kind.split("_"))
        architecture = getattr(architecture, name, None)
    is_class = isinstance(architecture, type) and issubclass(architecture, nn.Module)
    return architecture if is_class else None


_MODULES = (
    mlp, dcgan, deep_conv, sn_dcgan, sngan_resnet, sagan, biggan, progressive,
    stylegan2, r3gan, transformer, unet, cyclegan_resnet, patchgan, srresnet, gru,
    captioned, gated_unet, vgg16, tabular, molgan, recurrent, lstm,
)  # fmt: skip

ARCHITECTURES = Table(
    "a network (a Flax module class, or a module with a class of its kind, such as "
    "Generator, Encoder or Discriminator)",
    {module.__name__.rpartition(".")[2]: module for module in _MODULES},
    accepts=lambda found: any(_class_of(found, kind) for kind in KINDS),
)


def network_class(field: str, name: str, kind: str) -> type[nn.Module]:
    """Return the Flax module class of a network.

    Args:
      field: the config field that names the network, for messages.
      name: a key of ``ARCHITECTURES``, or the import path ``MODULE:NAME`` of an
        architecture or of a Flax module class. Such a class is returned for every
        ``kind``.
      kind: one of ``KINDS``.

    Raises:
      BadInput: for an unknown name, or an architecture without a class of this kind.
    """
    found = _class_of(ARCHITECTURES.find(field, name), kind)
    if found is None:
        able = sorted(n for n, made in ARCHITECTURES.items() if _class_of(made, kind))
        raise BadInput(
            f"{field}='{name}': expected an architecture with a {kind}, one of "
            f"{', '.join(able)}"
        )
    return found


def module_of(
    path: str, section, kind: str, inputs: Sequence[jax.ShapeDtypeStruct], **filled_in
) -> nn.Module:
    """Return the network that a section of a config describes.

    Args:
      path: the path of the section, for messages.
      section: option -> value; ``name`` is the network's name.
      kind: one of ``KINDS``.
      inputs: the shapes and dtypes that the network is called with.
      filled_in: values for fields of the network, such as ``shape``; a value is ignored
        if the network has no such field.

    Raises:
      BadInput: if the network cannot take the inputs, the shape, or the label.
    """
    made = network_class(f"{path}.name", section["name"], kind)
    if not any("__call__" in vars(base) for base in made.__mro__):
        raise BadInput(
            f"{path}.name='{section['name']}': expected a network with __call__"
        )
    has = {field.name for field in dataclasses.fields(made)} - {"name"}
    values = {**section, **filled_in}
    module = made(**{name: value for name, value in values.items() if name in has})
    if kind == "generator":
        _check_label(path, section["name"], module, filled_in.get("conditioning"))
    try:
        init = functools.partial(module.init, train=True)
        # The key is made inside, because outside it would be computed.
        jax.eval_shape(lambda *x: init(jax.random.key(0), *x), *inputs)
    except WrongSize as error:
        raise BadInput(f"{path}.name='{section['name']}': {error}") from error
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    return module


def _check_label(path, name, module, way):
    expected = "'concatenation'"
    if way in MODULATIONS and not getattr(module, "takes_conditions", False):
        has = {field.name for field in dataclasses.fields(module)}
        batch = module.clone(normalization="batch") if "normalization" in has else None
        if getattr(batch, "takes_conditions", False):
            expected += f", or {path}.normalization='batch',"
    elif way == "embedding" and not getattr(module, "embeds_labels", False):
        classes = {k: _class_of(x, "generator") for k, x in ARCHITECTURES.items()}
        able = [k for k, x in classes.items() if getattr(x, "embeds_labels", False)]
        expected += f", or {path}.name={' or '.join(map(repr, sorted(able)))},"
    else:
        return
    raise BadInput(
        f"conditioning.generator='{way}': expected {expected} with {path}.name='{name}'"
    )


def network_options(network: type[nn.Module]) -> dict[str, Option]:
    """Return the options of a network's class, in the order of its fields.

    A field declared without ``option`` is an option without limits if a config can hold
    its default: a bool, a number, a text, or a tuple of integers or of texts. Fields
    that the builder fills in, such as ``shape``, are left out.
    """
    declared = options_of(network)
    options = {
        field.name: declared.get(field.name) or _plain_option(field)
        for field in dataclasses.fields(network)
    }
    return {name: option for name, option in options.items() if option is not None}


def _plain_option(field):
    default, item = field.default, int
    if field.name in _FILLED_IN:
        return None
    if type(default) is tuple:
        item = str if default and type(default[0]) is str else int
        held = all(type(x) is item for x in default)
    else:
        held = type(default) in (bool, int, float, str)
    return Option(default, item=item) if held else None
