"""The order of the examples: a pure function of (key, step), without stored state.

A run reads the examples in epochs. The positions of all epochs are numbered in one
sequence: position p is place p % size of epoch p // size. Each epoch has a different
permutation, which the key decides. The example at any position can be computed alone.
So a device or a thread computes only its part, and a resumed run needs only its step.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

# Folded into the data key. It is larger than any step, so no step uses its keys.
_BALANCED = 2**31 + 2
ROUNDS = 8
SHUFFLE_BELOW = 512
"""Up to this size, epochs are shuffled directly: few items mix poorly by Feistel."""


def indices(key, step, per_step: int, size: int, offset, count: int) -> jax.Array:
    """Return the data indices of ``count`` positions from ``step * per_step + offset``
    on.

    Works under jit, vmap and scan. The position may be far above 2³², although all
    integers have 32 bits.

    Args:
        key: the random key of the run's data, the same at every step.
        step: int32 scalar ≥ 0, may be traced.
        per_step: positions that a step consumes (static).
        size: items in the data set (static), 1 ≤ size < 2³¹.
        offset: int32 scalar ≥ 0, may be traced: the first position in the step.
        count: number of indices (static).

    Returns:
        int32 ``[count]``, each in [0, size).

    Raises:
        ValueError: ``size`` is out of range or ``count`` is not positive.
    """
    if not 1 <= size < 2**31 or count < 1:
        raise ValueError(
            f"size={size}, count={count}: expected 1 <= size < 2**31 and count >= 1"
        )
    first, epoch, place = _positions(step, per_step, size, offset, count)
    epochs = (count - 1) // size + 2  # the most that `count` positions touch
    keys = jax.vmap(jax.random.fold_in, (None, 0))(
        key, first + jnp.arange(epochs, dtype=jnp.uint32)
    )
    if size <= SHUFFLE_BELOW:
        orders = jax.vmap(lambda k: jax.random.permutation(k, size))(keys)
        return orders[epoch, place].astype(jnp.int32)
    words = jax.vmap(lambda k: jax.random.bits(k, (ROUNDS,), jnp.uint32))(keys)
    return _permute(place, words[epoch], *_sides(size)).astype(jnp.int32)


@dataclass(frozen=True)
class Balance:
    """The rows of a data set sorted by class, to draw each class equally often.

    Attributes:
        rows: int32 ``[N]``, the rows of the first class, then of the second, ….
        counts: number of rows of each class that has any; at least one class.
    """

    rows: np.ndarray
    counts: tuple[int, ...]

    @classmethod
    def of(cls, label: np.ndarray) -> "Balance":
        """Sort the rows of a data set by their labels ``[N]``. Classes without rows are
        left out."""
        counts = np.unique(label, return_counts=True)[1]
        rows = np.argsort(label, kind="stable").astype(np.int32)
        return cls(rows, tuple(map(int, counts)))


def balanced(key, step, per_step: int, counts, offset, count: int) -> jax.Array:
    """Return places in ``Balance.rows`` in an order in which each class occurs equally
    often.

    With K classes, each block of K positions holds one example of every class, in
    random order. The n-th block holds the n-th example of every class. Each class
    repeats its rows in epochs, and each epoch is a different permutation. ``key``
    decides both orders.

    Args:
        key, step, per_step, offset, count: as in ``indices``.
        counts: number of rows of each class (static).

    Returns:
        int32 ``[count]``. After 2³² blocks the examples of a class start again.
    """
    for_classes, for_rows = jax.random.split(jax.random.fold_in(key, _BALANCED))
    classes = len(counts)
    label = indices(for_classes, step, per_step, classes, offset, count)
    first, block, _ = _positions(step, per_step, classes, offset, count)
    starts = np.cumsum([0, *counts[:-1]]).astype(np.uint32)
    start, *sides = (jnp.asarray(x)[label] for x in (starts, *_sides(counts)))
    block = first + block
    epoch, place = block // sides[0], block % sides[0]

    def words(label, epoch):
        of_epoch = jax.random.fold_in(jax.random.fold_in(for_rows, label), epoch)
        return jax.random.bits(of_epoch, (ROUNDS,), jnp.uint32)

    place = _permute(place, jax.vmap(words)(label, epoch), *sides)
    return (start + place).astype(jnp.int32)


def _positions(step, per_step, size, offset, count):
    """Return the first epoch, and for ``count`` positions the epoch after it and the
    place in this epoch, uint32 ``[count]``."""
    first, place = _epoch_and_place(step, per_step, size, offset)
    place = place + jnp.arange(count, dtype=jnp.uint32)
    return first, place // np.uint32(size), place % np.uint32(size)


def _epoch_and_place(step, per_step, size, offset):
    """Return (position // size mod 2³², position % size), uint32, computed exactly.

    position = Σ_k digit_k(step) · 256^k · per_step + offset. Tables hold the quotient
    and the remainder of every term before tracing; the sum carries if it reaches size.
    (One term per bit needs no table, but XLA compiles that long chain for minutes.)
    """
    step, offset = (jnp.asarray(x).astype(jnp.uint32) for x in (step, offset))
    n = np.uint32(size)
    epoch, place = np.uint32(0), np.uint32(0)
    for k in range(4):
        terms = [divmod(digit * 256**k * per_step, size) for digit in range(256)]
        quotients = jnp.array([q % 2**32 for q, _ in terms], jnp.uint32)
        remainders = jnp.array([r for _, r in terms], jnp.uint32)
        digit = (step >> np.uint32(8 * k)) & np.uint32(255)
        epoch, place = _carry(epoch + quotients[digit], place + remainders[digit], n)
    return _carry(epoch + offset // n, place + offset % n, n)


def _carry(epoch, place, n):
    over = (place >= n).astype(jnp.uint32)  # place < 2n < 2³²
    return epoch + over, place - over * n


def _sides(size):
    """Return (size, a, b), uint32, with a·b just above ``size``: the sides of
    ``_permute``. The host computes them, so no device rounds their root differently."""
    size = np.asarray(size, np.int64)
    a = np.ceil(np.sqrt(size)).astype(np.int64)
    return tuple(np.asarray(x, np.uint32)[()] for x in (size, a, -(-size // a)))


def _permute(place, words, size, a, b):
    """Apply a keyed bijection of [0, size) to each ``place`` [n], by ``words`` [n, 8].

    ``size, a, b`` are the ``_sides`` of a size, or of a size for each place.

    A generalised Feistel network on Z_a × Z_b, with a·b just above size, is repeated
    until the value is in range (Black and Rogaway 2002, "Ciphers with arbitrary finite
    domains"). Fewer than √size + 1 values are out of range, so repetitions are few.
    """

    def network(x):
        left, right = x // b, x % b
        for i in range(0, ROUNDS, 2):
            left = (left + _mix(right ^ words[:, i]) % a) % a
            right = (right + _mix(left ^ words[:, i + 1]) % b) % b
        return left * b + right

    return jax.lax.while_loop(
        lambda x: jnp.any(x >= size),
        lambda x: jnp.where(x >= size, network(x), x),
        network(place),
    )


def _mix(x):
    """MurmurHash3's 32-bit finaliser: every input bit affects every output bit."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return x ^ (x >> np.uint32(16))
