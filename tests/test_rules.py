"""Refused configs: an example of each check, and the words of its message."""

import ast
import inspect
import re

import pytest

from ganjax.build import build
from ganjax.config import resolve, rules
from ganjax.errors import BadInput

LABELLED = {"game": "conditional_gan", "data": {"name": "digits"}}
PICTURES = {"data": {"name": "digits"}}
POINTS = {"data": {"name": "ring8"}}


def conditioned(discriminator, **stated):
    return {**LABELLED, "conditioning": {"discriminator": discriminator}, **stated}


# What is refused -> (config, words of the message).
CONFIGS = {
    "penalties_of_no_critic": (
        {"regularizers": {"r1": {"player": "discriminatr"}}},
        ["regularizers.r1.player='discriminatr'", "did you mean 'discriminator'?"],
    ),
    "labels_of_a_relativistic_loss": (
        {"loss": {"name": "relativistic_pairing", "smoothing": 0.1}},
        ["loss.smoothing=0.1", "a loss of single samples", "relativistic_pairing"],
    ),
    "top_k_of_a_relativistic_loss": (
        {"loss": {"name": "relativistic_average", "top_k": 0.5}},
        ["loss.top_k=0.5", "a loss of single samples", "relativistic_average"],
    ),
    "joint_moves_of_several_turns": (
        {
            "dynamics": {"name": "consensus"},
            "optimizers": {"discriminator": {"updates_per_step": 2}},
        },
        ["updates_per_step=2", "expected 1", "dynamics.name='consensus'"],
    ),
    "labels_that_nobody_reads": (
        {"conditioning": {"generator": "conditional_batch_norm"}},
        ["conditioning.generator", "expected one of none, self_modulation"],
    ),
    "loss_of_a_conditioning": (
        conditioned("multi_hinge"),
        ["loss.name='non_saturating'", "expected 'hinge'", "multi_hinge"],
    ),
    "what_multi_hinge_replaces": (
        conditioned("multi_hinge", loss={"name": "hinge", "top_k": 0.5}),
        ["loss.top_k=0.5", "a separate adversarial loss", "multi_hinge"],
    ),
    "vectors_that_are_not_compared": (
        conditioned("projection", networks={"discriminator": {"embedding": 8}}),
        ["networks.discriminator.embedding=8", "a critic with embeddings"],
    ),
    "packs_of_labels": (
        conditioned("projection", packing=2),
        ["packing=2", "labels joined to samples", "projection"],
    ),
    "packs_of_single_samples": (
        {"game": "infogan", "packing": 2},
        ["packing=2", "a critic that takes packs", "game='infogan'"],
    ),
    "packs_that_fill_no_batch": (
        {"packing": 2, "batch_size": 9},
        ["packing=2", "a batch of whole packs", "batch_size=9"],
    ),
    "terms_of_a_generator_from_latents": (
        {"game": "cyclegan", "terms": {"path_length": {"weight": 1.0}}},
        ["terms.path_length.weight=1.0", "a generator from latents", "cyclegan"],
    ),
    "adaptation_of_nothing": (
        {"augmentation": {"adaptive": True}},
        ["augmentation.adaptive=True", "augmentation.names or pseudo"],
    ),
    "augmented_latents": (
        {"game": "adversarial_autoencoder", "augmentation": {"names": ("flip",)}},
        [
            "augmentation.names=('flip',)",
            "a critic that sees data",
            "adversarial_autoencoder",
        ],
    ),
    "schedules_of_nothing": (
        {"schedules": {"decay": {"knobs": "optimizers.*.learning_rat"}}},
        ["schedules.decay.knobs='optimizers.*.learning_rat'", "did you mean"],
    ),
    "features_of_no_extractor": (
        {"evaluation": {"weights": "weights.npz"}},
        ["evaluation.weights='weights.npz'", "evaluation.extractor"],
    ),
    "a_best_of_no_score": (
        {"checkpoint": {"best": "fd"}},
        ["checkpoint.best='fd'", "evaluation.names"],
    ),
    "a_start_from_nowhere": (
        {"start": {"networks": ("generator",)}},
        ["start.networks=('generator',)", "start.workdir"],
    ),
    "truncated_uniform_latents": (
        {"sampling": {"truncation": 0.5}, "latents": {"name": "uniform"}},
        ["sampling.truncation=0.5", "normal latents", "latents.name='uniform'"],
    ),
    "an_interval_within_a_dispatch": (
        {"parallel": {"inner_steps": 3}, "log": {"every": 10}, "steps": 30},
        ["log.every=10", "a multiple of parallel.inner_steps=3"],
    ),
    "growth_of_one_side": (
        {"networks": {"generator": {"name": "progressive"}}},
        ["networks.discriminator.name='mlp'", "must both be progressive"],
    ),
    "normalization_that_an_architecture_lacks": (
        {"networks": {"generator": {"name": "dcgan", "normalization": "instance"}}},
        ["networks.generator.normalization='instance'", "one of batch, none, spectral"],
    ),
}
BUILDS = {
    "penalties_of_a_batch": (
        {
            **PICTURES,
            "regularizers": {"r1": {"weight": 1.0}},
            "networks": {"discriminator": {"normalization": "batch"}},
        },
        ["regularizers.r1.weight=1.0", "normalization='spectral' or 'none'"],
    ),
    "modulation_of_nothing": (
        {**LABELLED, "conditioning": {"generator": "conditional_batch_norm"}},
        ["conditioning.generator='conditional_batch_norm'", "normalization='batch'"],
    ),
    "modulation_of_what_cannot_be_modulated": (
        {
            **LABELLED,
            "conditioning": {"generator": "conditional_batch_norm"},
            "networks": {"generator": {"name": "stylegan2"}},
        },
        ["expected 'concatenation' with networks.generator.name='stylegan2'"],
    ),
    "embedding_of_nothing": (
        {**LABELLED, "conditioning": {"generator": "embedding"}},
        ["conditioning.generator='embedding'", "'r3gan' or 'stylegan2'", "'mlp'"],
    ),
    "statistics_that_nobody_keeps": (
        {
            **POINTS,
            "game": "infogan",
            "networks": {"posterior": {"normalization": "batch"}},
        },
        ["networks.posterior.normalization='batch'", "expected 'none'"],
    ),
    "pictures_of_points": (
        {**POINTS, "augmentation": {"names": ("cutout",)}},
        ["augmentation.names=('cutout',)", "images", "not data.name='ring8'"],
    ),
}


def test_every_refusal_has_its_example(monkeypatch):
    """An example above or below reaches each ``yield`` of a rule."""
    reached, there = set(), set()

    def noting(rule):
        lines, first = inspect.getsourcelines(rule)
        for node in ast.walk(ast.parse("".join(lines))):
            if isinstance(node, ast.Yield):
                there.add((rule.__name__, first + node.lineno - 1))

        def run(*given):
            for refusal in (refusals := rule(*given)):
                reached.add((rule.__name__, refusals.gi_frame.f_lineno))
                yield refusal

        return run

    groups = tuple(tuple(map(noting, group)) for group in rules.RULES)
    monkeypatch.setattr(rules, "RULES", groups)
    for stated, *_ in [*CONFIGS.values(), *BUILDS.values(), *OTHERS]:
        with pytest.raises(BadInput):
            build(resolve(stated))
    assert there - reached == set()


def test_every_need_has_its_example():
    """Each entry of ``rules.needs`` has an example that does not meet it."""
    examples = [parts for _, parts in [*CONFIGS.values(), *BUILDS.values(), *OTHERS]]
    said = " ".join(" ".join([x] if isinstance(x, str) else x) for x in examples)
    table = inspect.getsource(rules.needs).split("there = {")[1].split("}")[0]
    wanted = re.findall(r'^ +"([^"]+)": \(', table, flags=re.M)
    assert len(wanted) == 11
    assert [need for need in wanted if need not in said] == []


@pytest.mark.parametrize("name", CONFIGS)
def test_refused_by_the_config_alone(name):
    stated, parts = CONFIGS[name]
    with pytest.raises(BadInput) as refused:
        resolve(stated)
    said(refused, parts)


@pytest.mark.parametrize("name", BUILDS)
def test_refused_for_the_data_or_the_networks(name):
    stated, parts = BUILDS[name]
    with pytest.raises(BadInput) as refused:
        build(resolve(stated))
    said(refused, parts)


def said(refused, parts):
    message = str(refused.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


OTHERS = (
    (
        {"schedules": {"x": {"knobs": "ema.decay", "end": 2.0}}},
        "schedules.x.end=2.0: expected at least 0 and below 1, for ema.decay",
    ),
    (
        {**LABELLED, "conditioning": {"generator": "none"}},
        "conditioning.generator='none': expected one of concatenation,",
    ),
    (
        {**PICTURES, "game": "semi_supervised"},
        "data.name='digits': expected examples with data, labelled, known",
    ),
    (
        {"game": "pix2pix", "data": {"name": "unpaired"}},
        "data.name='unpaired': expected examples in pairs for game='pix2pix'",
    ),
    (
        {"data": {"name": "ring8", "mirror": True}},
        "data.mirror=True: expected images with it, not data.name='ring8'",
    ),
    (
        {**POINTS, "terms": {"consistency": {"weight": 1.0}}},
        "expected images with it, not data.name='ring8'",
    ),
    (
        {
            "schedules": {
                "one": {"knobs": "ema.decay"},
                "two": {"knobs": "ema.*"},
            }
        },
        "schedules.one already moves ema.decay",
    ),
    (
        {"schedules": {"x": {"knobs": "ema.decay", "shape": "exponential"}}},
        "both ends above 0",
    ),
    (
        {"steps": 10, "schedules": {"x": {"knobs": "ema.decay", "begin": 10}}},
        "a step before the last, steps=10",
    ),
    (
        {"networks": {"generator": {"updates_per_phase": 3}}},
        "networks.generator.updates_per_phase=3: there is no such field",
    ),
    (
        {**PICTURES, "optimizers": {"discriminator": {"frozen": ("linear",)}}},
        "optimizers.discriminator.frozen='linear'",
    ),
)


@pytest.mark.parametrize(("stated", "part"), OTHERS)
def test_refused_for_another_reason(stated, part):
    with pytest.raises(BadInput, match=".") as refused:
        build(resolve(stated))
    said(refused, [part])
