"""Band-limited change of the sample rate, in the graph, between any two rates.

The filter is a windowed sinc (J. O. Smith, "Digital Audio Resampling", CCRMA): a low-pass at 0.96
of the lower rate's half, 64 of the lower rate's samples to either side, under a Kaiser window.
Measured against the lower rate's half ("Nyquist"):

- passband up to 0.92: flat within 0.002 dB, error below -80 dB;
- transition from 0.92 to 1; everything above, which would fold back, is below -80 dB.

Where the reduced ratio of the rates is small, all phases of the filter are laid out once as a
matrix and the work is two matrix products. Where it is not (44099 -> 16000 has 16000 phases of 353
taps) the taps are interpolated linearly between 512 phases, block by block, which costs time but no
memory; its error is below -100 dB.
"""

import functools
import math
import operator

import tensorflow as tf

from kwscls.dsp.require import checked

MAX_RATE = 10_000_000  # Hz
MAX_RATIO = 100  # between the rates, either way
RATES = f"rates are 1 to {MAX_RATE} Hz"
RATIOS = f"they are more than {MAX_RATIO} times apart"
CUTOFF = 0.96  # of the lower rate's half
HALF_WIDTH = 64  # of the filter, in samples of the lower rate
BETA = 8.0  # of the Kaiser window: 80 dB
MAX_MATRIX = 2**21  # taps of all phases; above, phases are interpolated
PHASES = 512  # per sample of the lower rate, where they are interpolated
MAX_BLOCK = 2**20  # taps held at once, where they are interpolated


@tf.autograph.experimental.do_not_convert
def resample(waveform, source, target, limit=None, index=None):
    """Bring waveforms from one sample rate to another.

    Args:
        waveform: float32 [..., samples].
        source, target: rates in Hz, from 1 to 10,000,000 and at most 100 times apart: integers, or
            scalar integer tensors known only when the graph runs.
        limit: at most so many samples are computed, an integer or a scalar integer tensor: what a
            caller would cut off anyway costs neither time nor memory.
        index: the clip's place in its batch, a scalar integer, only for the text of an error.

    Returns:
        float32 [..., ceil(samples * target / source)] (at most `limit`). The same samples, bit for
        bit, where the rates are equal.

    Raises:
        tf.errors.InvalidArgumentError: a rate is out of range.
    """
    waveform = tf.cast(waveform, tf.float32)
    known = _known(source), _known(target)
    if None in known:
        return _resample_at_run_time(waveform, source, target, limit, index)
    for wrong, text, *values in _problems(*known):
        if wrong:
            raise tf.errors.InvalidArgumentError(None, None, text.format(*values))
    if known[0] == known[1]:
        return waveform[..., :limit]
    divisor = math.gcd(*known)
    up, down = known[1] // divisor, known[0] // divisor
    small = _matrix_size(up, down) <= MAX_MATRIX
    function, taps = (_by_matrix, _matrix) if small else (_by_interpolation, _table)
    result = function(waveform, up, down, _constant(taps, up, down), limit)
    samples = waveform.shape[-1]
    length = None if samples is None or limit is not None else -(-samples * up // down)
    return tf.ensure_shape(result, waveform.shape[:-1].concatenate([length]))


def _known(rate):
    """A rate as an integer, or None if it is known only when the graph runs."""
    value = tf.get_static_value(rate) if tf.is_tensor(rate) else rate
    return None if value is None else operator.index(value)


def _problems(source, target):
    """What may be wrong with two rates, integers or tensors: see `checked`."""
    far = (source > MAX_RATIO * target) | (target > MAX_RATIO * source)
    return (
        ((source < 1) | (source > MAX_RATE), f"cannot resample from {{}} Hz: {RATES}", source),
        ((target < 1) | (target > MAX_RATE), f"cannot resample to {{}} Hz: {RATES}", target),
        (far, f"cannot resample from {{}} to {{}} Hz: {RATIOS}", source, target),
    )


def _resample_at_run_time(waveform, source, target, limit, index):
    source, target = tf.cast(source, tf.int64), tf.cast(target, tf.int64)

    def prefix():
        return "" if index is None else tf.strings.format("clip {}: ", index)

    with checked(*_problems(source, target), prefix=prefix):
        divisor, _ = tf.while_loop(lambda a, b: b > 0, lambda a, b: (b, a % b), (source, target))
    up, down = target // divisor, source // divisor

    def by_matrix():
        return _by_matrix(waveform, up, down, _matrix(up, down), limit)

    def by_interpolation():
        return _by_interpolation(waveform, up, down, _table(up, down), limit)

    def changed():
        small = _matrix_size(up, down) <= MAX_MATRIX
        return tf.cond(small, by_matrix, by_interpolation)

    result = tf.cond(up == down, lambda: waveform[..., :limit], changed)
    return tf.ensure_shape(result, waveform.shape[:-1].concatenate([None]))


# In what follows `up` / `down` is the reduced ratio target / source: Python integers, or int64
# tensors. -(-a // b) is a / b rounded up.


def _wider(up, down):
    """How much wider the filter is than at the source's own rate, times `up`."""
    return tf.maximum(up, down) if tf.is_tensor(up) else max(up, down)


def _half(up, down):
    """Samples of the source that the filter reaches to either side."""
    return -(-HALF_WIDTH * _wider(up, down) // up)


def _block(up, down):
    """Samples of the source in a block, and samples of the target that are made from it.

    A block is a whole number of periods, so that all blocks have the same taps, and so long that it
    and the next one hold all that the filter reaches.
    """
    periods = -(-2 * _half(up, down) // down)
    return periods * down, periods * up


def _matrix_size(up, down):
    step, made = _block(up, down)
    return 2 * step * made


def _filter(offset, up, down):
    """The filter's values at an `offset` [...] from its middle, in samples of the lower rate."""
    offset = tf.cast(offset, tf.float32)
    x = offset * (math.pi * CUTOFF)
    sinc = tf.where(x == 0, 1.0, tf.math.divide_no_nan(tf.sin(x), x))
    inside = 1 - tf.square(offset / HALF_WIDTH)
    kaiser = tf.math.bessel_i0(BETA * tf.sqrt(tf.maximum(inside, 0))) / tf.math.bessel_i0(BETA)
    gain = CUTOFF * tf.cast(up / _wider(up, down), tf.float32)
    return tf.where(inside >= 0, gain * sinc * kaiser, 0)


def _matrix(up, down):
    """The taps from a block of the source and the next one to the target: [2 * step, made]."""
    half, (step, made) = _half(up, down), _block(up, down)
    column = tf.range(made, dtype=tf.int64)[:, None]
    row = column * down // up + tf.range(1, 2 * half + 1, dtype=tf.int64)  # reached: [made, taps]
    taps = _filter(((row - half) * up - column * down) / _wider(up, down), up, down)
    places = tf.stack([row, tf.broadcast_to(column, tf.shape(row))], axis=-1)
    return tf.scatter_nd(places, taps, tf.cast([2 * step, made], tf.int64))


def _by_matrix(waveform, up, down, matrix, limit):
    """Resample by two matrix products over blocks of the source."""
    step, made = _block(up, down)
    rows, length = _rows(waveform), _length(waveform, up, down, limit)
    blocks = -(-length // made)
    rows = _fit(rows, _half(up, down), (blocks + 1) * step)
    rows = tf.reshape(rows, [-1, blocks + 1, step])
    result = rows[:, :-1] @ matrix[:step] + rows[:, 1:] @ matrix[step:]  # [rows, blocks, made]
    return _unrow(result, waveform, blocks * made, length)


def _table(up, down):
    """The taps for instants between two samples, a row for each phase: [phases + 1, 2 * half]."""
    half, phases = _half(up, down), -(-PHASES * up // _wider(up, down))
    phase = tf.range(phases + 1) / phases  # float64, in samples of the source
    sample = tf.cast(tf.range(1 - half, half + 1), tf.float64)
    return _filter((sample - phase[:, None]) * (up / _wider(up, down)), up, down)


def _by_interpolation(waveform, up, down, table, limit):
    """Resample by taps interpolated for each sample of the target, a block of samples at a time."""
    phases, taps = tf.unstack(tf.shape(table, tf.int64) - [1, 0])
    rows, length = _rows(waveform), _length(waveform, up, down, limit)
    last = tf.maximum(length - 1, 0) * down // up  # sample at or before the last instant
    rows = _fit(rows, taps // 2 - 1, last + taps)
    size = tf.maximum(MAX_BLOCK // (taps * tf.maximum(tf.shape(rows, tf.int64)[0], 1)), 1)
    blocks = tf.maximum(-(-length // size), 1)

    def block(number):
        instant = (number * size + tf.range(size)) * down  # in samples of the source, times `up`
        place, phase = tf.minimum(instant // up, last), instant % up * phases
        low, high = tf.gather(table, phase // up), tf.gather(table, phase // up + 1)  # [size, taps]
        share = tf.cast(phase % up / up, tf.float32)[:, None]
        window = tf.gather(rows, place[:, None] + tf.range(taps), axis=1)  # [rows, size, taps]
        return tf.reduce_sum(window * (low + share * (high - low)), -1)

    result = tf.map_fn(
        block, tf.range(blocks), parallel_iterations=1, fn_output_signature=tf.float32
    )  # [blocks, rows, size]
    return _unrow(tf.transpose(result, [1, 0, 2]), waveform, blocks * size, length)


@functools.lru_cache(maxsize=32)
def _constant(function, *arguments):
    """The filter for rates known beforehand, computed once, as an array."""
    with tf.init_scope():
        return function(*arguments).numpy()


def _length(waveform, up, down, limit):
    """Samples of the target, int64."""
    length = -(-tf.shape(waveform, tf.int64)[-1] * up // down)
    return length if limit is None else tf.minimum(length, tf.cast(limit, tf.int64))


def _rows(waveform):
    """The waveforms one below the other, [rows, samples]."""
    shape = tf.shape(waveform)
    return tf.reshape(waveform, [tf.reduce_prod(shape[:-1]), shape[-1]])


def _unrow(blocks, waveform, made, length):
    """Blocks of each row one after the other, cut to `length`, in the waveform's shape again."""
    shape = tf.shape(waveform, tf.int64)[:-1]
    rows = tf.reshape(blocks, [tf.reduce_prod(shape), made])[:, :length]
    return tf.reshape(rows, tf.concat([shape, [length]], 0))


def _fit(rows, before, width):
    """Put `before` zeros in front, then cut or zero-pad the end to `width`."""
    rows = rows[:, : width - before]
    return tf.pad(rows, [[0, 0], [before, width - before - tf.shape(rows, tf.int64)[1]]])
