"""Every test has four host devices and strict ranks. Slow tests need ``--full``."""

import gc
import os
import signal
import tempfile
from importlib import metadata

# Added to the existing flags, unless they already set the number of devices.
_flags = os.environ.get("XLA_FLAGS", "")
if "--xla_force_host_platform_device_count" not in _flags:
    _flags += " --xla_force_host_platform_device_count=4"
os.environ["XLA_FLAGS"] = _flags.strip()
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# A worker has about one core. More threads of NumPy would only spin and wait.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
# The cache belongs to this session and to the processes that it starts.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _cache = tempfile.TemporaryDirectory(prefix="ganjax-tests-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

# nohup and the background jobs of a shell ignore these signals. The tests send them.
for _signal, _default in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _default)

import pytest  # noqa: E402

# Tracing makes millions of small objects. To scan them takes a sixth of its time.
gc.set_threshold(200_000, 50, 100)


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run the slow tests as well")


def pytest_configure(config):
    """Set flags for fast compilation, unless ``--full`` is given.

    Most of the time goes into compiling programs that run for milliseconds. XLA's
    passes stay the same, except LLVM's passes and the last pass, which turns loops
    into code. A program is one LLVM module, because each core already has a worker."""
    if not config.getoption("--full"):
        os.environ["XLA_FLAGS"] += (
            " --xla_backend_optimization_level=0"
            " --xla_llvm_disable_expensive_passes=true"
        )
        # Later versions may not know these flags.
        if tuple(map(int, metadata.version("jax").split(".")[:2])) < (0, 11):
            os.environ["XLA_FLAGS"] += (
                " --xla_cpu_use_fusion_emitters=false"
                " --xla_cpu_parallel_codegen_split_count=1"
            )
    else:
        import hypothesis

        # ``tests/anything.py`` reads it.
        hypothesis.settings.register_profile("full", max_examples=2000)
        hypothesis.settings.load_profile("full")
    # The process that only distributes tests to workers needs no JAX.
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        import jax

        # [n] and [n, 1] would silently broadcast to [n, n].
        jax.config.update("jax_numpy_rank_promotion", "raise")


# The number of cases of each test that run by default, evenly chosen. The other cases
# check the same statement for other networks or sizes. They run with --full.
CASES = {
    "core/test_step.py::test_a_forgotten_average_fails_at_trace_time": 2,
    "core/test_step.py::test_a_turn_changes_only_what_its_player_owns": 1,
    "data/test_feeds.py::test_the_global_batch_does_not_depend_on_the_devices": 2,
    "data/test_order.py::test_an_epoch_visits_every_item_once": 2,
    "evaluation/test_directions.py::test_a_direction_prefers_the_good_game": 0,
    "evaluation/test_directions.py::"
    "test_a_direction_is_known_of_the_evaluators_that_there_are": 0,
    "evaluation/test_evaluation.py::test_paths_and_neighbours_do_not_measure_noise": 0,
    "gallery/test_gallery.py::test_directions_are_of_the_layer_that_sees_the_latent": 2,
    "gallery/test_gallery.py::test_a_mode_looks_at_the_options_that_it_names": 5,
    "networks/test_architectures.py::"
    "test_a_discriminator_knows_whether_it_mixes_samples": 4,
    "networks/test_architectures.py::test_images_are_in_range_and_use_it": 3,
    "networks/test_architectures.py::test_shapes": 7,
    "networks/test_architectures.py::test_sizes_that_dcgan_can_make": 12,
    "networks/test_biggan.py::test_shapes_at_full_width": 2,
    "networks/test_conv.py::test_convolve_transpose_is_the_adjoint_of_convolve": 3,
    "networks/test_conv_forms.py::test_forms_are_the_stock_one": 14,
    "networks/test_layers.py::"
    "test_a_resampling_convolution_is_one_before_or_after_resampling": 3,
    "networks/test_layers.py::test_conditional_batch_norm_starts_as_batch_norm": 1,
    "networks/test_minibatch_discrimination.py::"
    "test_discriminators_see_the_rest_of_the_batch": 2,
    "networks/test_minibatch_discrimination.py::test_a_game_with_it_trains": 0,
    "networks/test_modulated.py::test_it_is_a_kernel_for_every_sample": 1,
    "networks/test_precision.py::test_a_half_precise_network_is_the_same_function": 2,
    "networks/test_progressive.py::test_images_in_range_and_second_order_gradients": 0,
    "networks/test_progressive.py::test_images_of_a_level_are_enlarged_pixels": 2,
    "networks/test_progressive.py::test_nothing_jumps_where_a_fade_begins_or_ends": 1,
    "networks/test_progressive.py::test_shapes": 2,
    "networks/test_progressive.py::test_the_deviation_within_a_group": 3,
    "networks/test_r3gan.py::test_parameters_of_the_published_networks": 1,
    "networks/test_sagan.py::test_where_attention_is": 6,
    "networks/test_sizes.py::test_shapes_of_images_that_are_not_square_with_alpha": 2,
    "networks/test_sizes.py::test_where_attention_is": 2,
    "networks/test_stylegan2.py::"
    "test_images_as_of_another_latent_differ_by_their_own": 1,
    "networks/test_transformer.py::test_shapes": 5,
    "test_architectures_in_games.py::test_a_step_has_the_shapes_of_its_state": 3,
    "test_augment.py::test_never_and_always": 7,
    "test_export.py::test_the_step_lowers": 3,
    "test_optimizers.py::test_clip_keeps_the_box_and_nothing_else_changes": 2,
    "test_practice.py::test_both_players_learn_their_own_embeddings_of_a_label": 1,
}


def _left_out(items):
    """Yield the cases of the tests in ``CASES`` that a default run skips."""
    cases = {}
    for item in items:
        name = item.nodeid.partition("[")[0].removeprefix("tests/")
        if name in CASES and "full" not in item.keywords:
            cases.setdefault(name, []).append(item)
    for name, found in cases.items():
        kept = CASES[name]
        places = {round(i * (len(found) - 1) / max(kept - 1, 1)) for i in range(kept)}
        yield from (item for place, item in enumerate(found) if place not in places)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="slow: runs with scripts/test.sh --full")
    for item in [*(i for i in items if "full" in i.keywords), *_left_out(items)]:
        item.add_marker(skip)
