"""Rows about one compiled step: against torch, with penalties, against the machine."""

import contextlib
import functools

import jax
import jax.numpy as jnp

from benchmarks.agreement import (
    TOLERANCE,
    Disagreement,
    example,
    first_step,
    perturbed,
    require_agreement,
)
from benchmarks.child import Child
from benchmarks.models import (
    IMAGES,
    LATENTS,
    SIZE,
    Programs,
    Steps,
    image_config,
    ring_config,
)
from benchmarks.record import NotRun, Part, Settings
from benchmarks.timing import Contender, compare
from ganjax.build import build
from ganjax.core import init_state
from ganjax.networks.flops import multiply_adds

INNER = 8
# Two programs must agree at one of ``POINTS`` states. Rounding can move an activation
# over the kink of its ReLU, which changes gradients by more than rounding. So the batch
# is small, and there are a few states. A program that is not equal agrees at none.
POINTS, POINT_BATCH = 6, 2
ONE = "ganjax, a step a dispatch"
SCANNED = "ganjax, scanned"
STOCK = "ganjax with stock convolutions"
TORCH = "torch"
PIECES = "ganjax, scanned, in XLA's own graphs"


def cases(settings: Settings) -> list[tuple[str, int]]:
    """Return pairs ``(precision, batch size)``: the pairs that the command names, or
    defaults for the hardware if it names none."""
    if settings.cases:
        return list(settings.cases)
    if jax.default_backend() == "cpu":
        return [("float32", 64)]
    return [("float32", 64), ("bfloat16", 64), ("bfloat16", 512)]


def dcgan(settings: Settings) -> list[Part]:
    return [_against_torch(settings, "dcgan", *case) for case in cases(settings)]


def sn_dcgan(settings: Settings) -> list[Part]:
    return [_against_torch(settings, "sn_dcgan", *case) for case in cases(settings)]


def sngan_resnet(settings: Settings) -> list[Part]:
    return [_against_torch(settings, "sngan_resnet", *case) for case in cases(settings)]


def sizes(settings: Settings) -> dict[str, int]:
    """Return arguments of ``image_config`` for the sizes: the full ones, or tiny ones
    for a quick run."""
    return settings.size({"images": IMAGES}, {"images": 256, "width": 8})


def _against_torch(settings, architecture, precision, batch_size):
    options = {"batch_size": batch_size, "precision": precision, **sizes(settings)}
    inner = settings.size(INNER, 2)
    notes = [f"{SCANNED}: {inner} steps a dispatch"]
    programs = {SCANNED: {"inner_steps": inner}, ONE: {"inner_steps": 1}}
    on_cpu = jax.default_backend() == "cpu"
    if not on_cpu:
        programs[PIECES] = {"inner_steps": inner, "options": {}}
    with contextlib.ExitStack() as stack:
        run = _programs(stack, architecture, options, programs)
        contenders = [
            Contender(name, functools.partial(run, name), how["inner_steps"])
            for name, how in programs.items()
        ]
        setup = build(image_config(architecture, **options))
        if on_cpu:
            contenders.append(_fastest_stock(settings, setup, inner, notes))
        if settings.peer == "torch":
            peer = _torch(settings, architecture, options, setup, notes)
            contenders.append(Contender(TORCH, peer.run))
        samples = compare(contenders, settings.windows)
    part = Part(
        f"{architecture} 32×32, batch {batch_size}, {precision}",
        "s/step",
        samples,
        notes=notes,
    )
    if settings.peer == "torch":
        case = architecture, precision, batch_size
        part.faster(SCANNED, TORCH, **_set("torch", *case))
        part.faster(ONE, TORCH)
    if on_cpu:
        part.faster(SCANNED, STOCK, **_set("stock", architecture))
    else:
        part.faster(SCANNED, PIECES)
    part.faster(SCANNED, ONE)
    return part


def _programs(stack, *arguments):
    """Return ``run(name, calls)`` of ``Programs``.

    On a GPU the programs run in a separate process, without the CUDA graphs of other
    programs.
    """
    if jax.default_backend() == "cpu":
        return Programs(*arguments).run
    names = "architecture", "options", "programs"
    options = dict(zip(names, arguments, strict=True))
    child = stack.enter_context(Child("benchmarks.models:Programs", options))
    for name in options["programs"]:
        child.ask("run", name, 1)  # compile all programs before any is timed
    return functools.partial(child.ask, "run")


def _set(against, architecture, *case):
    """Return the limits that were set in advance for a step ``against`` a program."""
    if jax.default_backend() == "cpu":
        bounds = {"torch": (0.9, 1.2), "stock": (1.4, 3)}[against]
        bounds = {"dcgan": bounds, "sn_dcgan": bounds}
    else:
        bounds = {"dcgan": (1.2, 2), "sngan_resnet": (1.1, 1.5)}
        bounds = bounds if case == ("bfloat16", 64) else {}
    return dict(zip(("must", "aim"), bounds.get(architecture, ()), strict=False))


def _fastest_stock(settings, setup, inner, notes):
    """Return stock convolutions with the faster number of steps in a dispatch."""
    tried = {n: Steps(setup, inner_steps=n, form="stock") for n in (1, inner)}
    took = compare(
        [Contender(str(n), steps.run, n) for n, steps in tried.items()],
        settings.quickly(),
    )
    best = min(tried, key=lambda n: min(took[str(n)]))
    for n in tried:
        notes.append(f"{STOCK}, {n} a dispatch: {min(took[str(n)]):.4g} s/step")
    notes.append(f"{STOCK}: the table has {best} a dispatch")
    return Contender(STOCK, tried[best].run, best)


def _torch(settings, architecture, options, setup, notes):
    try:
        from benchmarks import torch_peer
    except ImportError as error:
        raise NotRun(f"torch cannot be imported: {error}") from error

    config = image_config(architecture, **options)
    # The check uses single precision for every timed precision, for close agreement.
    small = {"precision": "float32", "batch_size": POINT_BATCH}
    single = image_config(architecture, **(options | small))
    exact = build(single)
    pixels = setup.feed.data[0]
    worst = 0.0

    @functools.cache
    def point(draw):
        state = perturbed(init_state(exact.game, jax.random.key(draw), exact.knobs))
        drawn = example(exact, single, state)
        return state, drawn, first_step(exact, state, drawn["real"])

    def agree(form, draw):
        nonlocal worst
        state, drawn, mine = point(draw)
        peer = torch_peer.Peer(single, state, pixels, form)
        expected = {
            name: (float(loss), torch_peer.as_torch(peer, name, gradients[name]))
            for name, (loss, gradients) in mine.items()
        }
        theirs = torch_peer.first_step(peer, drawn["real"], drawn["z"])
        worst = max(worst, require_agreement(expected, theirs))

    def checked(form):
        for draw in range(POINTS):
            try:
                agree(form, draw)
                break
            except Disagreement as error:
                last = error
        else:
            raise last
        torch_peer.forget()  # else torch compiles the batch size as a variable
        return torch_peer.Peer(config, point(0)[0], pixels, form)

    peer, form, tried = torch_peer.fastest(
        checked, 2 * settings.windows.seconds, settings.quick
    )
    notes.append(
        f"losses and gradients of step 1 agree to {worst:.1e} of each layer's largest "
        f"value ({TOLERANCE:g} is allowed), in every form that ran"
    )
    for name, took in tried.items():
        said = took if isinstance(took, str) else f"{took:.4g} s/step"
        notes.append(f"torch {name}: {said}")
    notes.append(f"torch is: {form}, fused Adam, {torch_peer.threads()}")
    return peer


def r1(settings: Settings) -> list[Part]:
    """Compare the times of steps with and without gradient penalties.

    All programs make the same number of steps in one call. On CPU this is one step,
    because ganjax runs penalties that are due only every few steps in this way there.
    """
    period = settings.size(16, 2)
    inner = 1 if jax.default_backend() == "cpu" else period
    weight = {"regularizers.r1.weight": 0.1}
    terms = {
        "plain": {},
        "R1": weight,
        "R1 + R2": {**weight, "regularizers.r2.weight": 0.1},
        "lazy R1, every 16 steps": {**weight, "regularizers.r1.interval": 16},
    }
    contenders = []
    for name, overrides in terms.items():
        config = image_config("dcgan", overrides=overrides, **sizes(settings))
        steps = Steps(build(config), inner_steps=inner)
        run = _repeated(steps.run, period // inner)
        contenders.append(Contender(name, run, period))
    part = Part(
        f"dcgan 32×32 with gradient penalties, steps a dispatch: {inner}",
        "s/step",
        compare(contenders, settings.windows),
    )
    part.costs("R1", "plain", must=1.6, aim=1.3)
    part.costs("R1 + R2", "plain", must=2.0, aim=1.6)
    part.costs("lazy R1, every 16 steps", "plain", must=1.05, aim=1.02)
    return [part]


def _repeated(run, times):
    return lambda calls: run(calls * times)


def roof(settings: Settings) -> list[Part]:
    """Compare the FLOP/s of each training step with the FLOP/s of a large matrix
    product, which is about the most that the machine reaches."""
    parts = []
    for precision, batch_size in cases(settings):
        product, product_flops = _product(settings, precision)
        contenders, work = [Contender("matrix product", product)], {}
        work["matrix product"] = product_flops
        for architecture in settings.size(("dcgan", "sn_dcgan"), ("dcgan",)):
            config = image_config(
                architecture,
                precision=precision,
                batch_size=batch_size,
                **sizes(settings),
            )
            setup = build(config)
            inner = settings.size(INNER, 2)
            steps = Steps(setup, inner_steps=inner)
            contenders.append(Contender(architecture, steps.run, inner))
            work[architecture] = step_flops(setup, batch_size, (LATENTS,), SIZE)
        if precision == "float32":
            config = ring_config(**{"regularizers__r1__weight": 0})
            setup = build(config)
            inner = settings.size(100, 2)
            steps = Steps(setup, inner_steps=inner)
            contenders.append(Contender("ring8 MLP", steps.run, inner))
            work["ring8 MLP"] = step_flops(setup, config.batch_size, (2,), (2,))
        seconds = compare(contenders, settings.windows)
        rates = {n: [work[n] / t / 1e9 for t in seconds[n]] for n in seconds}
        part = Part(f"batch {batch_size}, {precision}", "GFLOP/s", rates)
        for name in rates:
            if name != "matrix product":
                part.share(name, "matrix product")
                flops = work[name] / 1e9
                part.notes.append(f"{name}: {flops:.4g} GFLOP a step, counted")
        parts.append(part)
    return parts


def step_flops(setup, batch_size, latents, shape) -> int:
    """Return the FLOPs of a step with one discriminator update.

    Let g and d be the FLOPs of a forward pass of the generator and the discriminator.
    The discriminator's update takes g + 3·2d (real and fake). The generator's update
    takes 3g + 2d, because the discriminator is frozen. The sum is 4g + 8d.

    Args:
      setup: the result of ``ganjax.build.build``.
      batch_size: samples in a batch.
      latents: the shape of a latent.
      shape: the shape of a sample.
    """

    def forward(name, *sizes):
        module = setup.game.networks[name].module
        x = jax.ShapeDtypeStruct((batch_size, *sizes), jnp.float32)
        made = jax.eval_shape(
            lambda: module.init(
                jax.random.key(0), jnp.zeros((2, *sizes), jnp.float32), train=True
            )
        )
        return multiply_adds(lambda v, x: module.apply(v, x, train=False), made, x)

    products = 4 * forward("generator", *latents) + 8 * forward("discriminator", *shape)
    return 2 * products


def _product(settings, precision):
    """Return ``(run, flops)`` of a product that reaches the machine's top speed."""
    on_cpu = jax.default_backend() == "cpu"
    n = settings.size(2048 if on_cpu else 8192, 128)
    a = jax.random.normal(jax.random.key(0), (n, n), jnp.dtype(precision))
    multiply = jax.jit(lambda a, b: a @ b)

    def run(calls):
        for _ in range(calls):
            out = multiply(a, a)
        out.block_until_ready()

    return run, 2 * n**3
