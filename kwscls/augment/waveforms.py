"""What training does to waveforms: shift, speed, gain, noise, reverberation, mixup, CutMix.

Every function takes a batch, float32 [batch, samples], and draws for each clip with stateless random numbers: the same seed,
int32 [2], gives the same batch.
"""

import numpy as np
import tensorflow as tf

BLOCK = 16
"""Samples that are moved together where a clip or a noise is shifted: copying blocks is ten times faster."""

TOGETHER = 8
"""Clips that share a draw where each draw costs: those that are played at another speed."""

QUIET = 1e-5
"""RMS below which a clip counts as silence when noise is scaled to it (-100 dB of full scale)."""


def shift(waveforms, seed, most):
    """Shift each clip in time, by whole blocks of 16 samples (1 ms at 16 kHz), which moves memory and computes nothing.

    Args:
        waveforms: float32 [batch, samples].
        seed: int32 [2].
        most: the most it is shifted either way, in samples; zeros come in from outside.

    Returns:
        float32 [batch, samples].
    """
    batch, samples = tf.shape(waveforms)[0], tf.shape(waveforms)[1]
    aside, count = -(-int(most) // BLOCK), -(-samples // BLOCK)
    padded = tf.pad(waveforms, [[0, 0], [aside * BLOCK, aside * BLOCK + count * BLOCK - samples]])
    blocks = tf.reshape(padded, [batch, -1, BLOCK])
    starts = tf.random.stateless_uniform([batch, 1], seed, 0, 2 * aside + 1, tf.int32)
    moved = tf.gather(blocks, starts + tf.range(count), batch_dims=1)  # [batch, count, BLOCK]
    return tf.reshape(moved, [batch, -1])[:, :samples]


def speed(waveforms, seed, share, most):
    """Play some of the clips slower or faster, which changes their pitch too, about their middle.

    Eight clips at a time are played at one speed: what is gathered from memory are then rows of eight samples and not
    single ones, which is four times faster.

    Args:
        waveforms: float32 [batch, samples], in random order: the first ones are changed.
        seed: int32 [2].
        share: of the clips that are changed, in [0, 1].
        most: the most that the speed changes either way, as a share: 0.1 is 0.9 to 1.1 times.

    Returns:
        float32 [batch, samples], linearly interpolated between samples; zeros come in from outside.
    """
    samples = tf.shape(waveforms)[1]
    seeds = tf.random.split(seed, 2)
    some, rest = _split(waveforms, share, seeds[0])
    count = tf.shape(some)[0]
    groups = -(-count // TOGETHER)
    rate = 1 + _uniform(seeds[1], groups, -most, most)
    middle = tf.cast(samples, tf.float32) / 2
    at = (tf.range(tf.cast(samples, tf.float32)) - middle) * rate + middle + 1  # [groups, samples], after a zero in front
    at = tf.clip_by_value(at, 0, tf.cast(samples + 1, tf.float32))
    low = tf.floor(at)
    index = tf.cast(low, tf.int32)
    padded = tf.pad(some, [[0, groups * TOGETHER - count], [1, 2]])
    rows = tf.transpose(tf.reshape(padded, [groups, TOGETHER, samples + 3]), [0, 2, 1])  # [groups, samples + 3, TOGETHER]
    left, right = tf.gather(rows, index, batch_dims=1), tf.gather(rows, index + 1, batch_dims=1)
    played = tf.transpose(left + (at - low)[..., tf.newaxis] * (right - left), [0, 2, 1])
    return tf.concat([tf.reshape(played, [groups * TOGETHER, samples])[:count], rest], axis=0)


def gain(waveforms, seed, decibels):
    """Make each clip louder or softer by up to so many decibels either way, but none louder than a peak of 1."""
    change = 10 ** (_uniform(seed, tf.shape(waveforms)[0], -decibels, decibels) / 20)
    peaks = tf.reduce_max(tf.abs(waveforms), axis=1, keepdims=True)
    return waveforms * tf.minimum(change, 1 / tf.maximum(peaks, 1e-6))


def add_noise(waveforms, seed, noises, share, snr):
    """Add a stretch of background noise to some of the clips.

    Args:
        waveforms: float32 [batch, samples].
        seed: int32 [2].
        noises: float32 [long], all noise recordings one after another, at least a block longer than a clip.
        share: of the clips that get noise, in [0, 1].
        snr: (lowest, highest) signal-to-noise ratio in decibels, drawn evenly.

    Returns:
        float32 [batch, samples].
    """
    batch, samples = tf.shape(waveforms)[0], tf.shape(waveforms)[1]
    seeds = tf.random.split(seed, 3)
    noise = _stretches(noises, seeds[0], batch, samples)
    ratio = _uniform(seeds[1], batch, *snr)
    wanted = tf.maximum(_rms(waveforms), QUIET) / 10 ** (ratio / 20)
    chosen = tf.cast(_uniform(seeds[2], batch, 0, 1) < share, tf.float32)
    return waveforms + chosen * wanted / tf.maximum(_rms(noise), QUIET) * noise


def imagine(waveforms, targets, seed, noises, silence, share):
    """Let some of the clips be a stretch of noise instead, at a random level of up to 40 dB below it, and no word.

    Args:
        waveforms: float32 [batch, samples].
        targets: float32 [batch, labels].
        seed: int32 [2].
        noises: float32 [long], at least a block longer than a clip.
        silence: place of the label of clips without a word.
        share: of the clips that are replaced, in [0, 1].

    Returns:
        Waveforms and targets.
    """
    batch, samples = tf.shape(waveforms)[0], tf.shape(waveforms)[1]
    seeds = tf.random.split(seed, 3)
    chosen = _uniform(seeds[0], batch, 0, 1) < share  # [batch, 1]
    noise = 10 ** (_uniform(seeds[1], batch, -40, 0) / 20) * _stretches(noises, seeds[2], batch, samples)
    silent = tf.one_hot(silence, tf.shape(targets)[1], dtype=targets.dtype)
    return tf.where(chosen, noise, waveforms), tf.where(chosen, silent, targets)


def reverberate(waveforms, seed, rooms, share):
    """Let some of the clips sound as in a room: convolve them with an impulse response, at equal loudness.

    Args:
        waveforms: float32 [batch, samples], in random order: the last ones are changed.
        seed: int32 [2].
        rooms: float32 [rooms, taps], impulse responses.
        share: of the clips that are changed, in [0, 1].
    """
    samples = tf.shape(waveforms)[1]
    seeds = tf.random.split(seed, 2)
    rest, dry = _split(waveforms, 1 - share, seeds[0])
    choice = tf.random.stateless_uniform([tf.shape(dry)[0]], seeds[1], 0, tf.shape(rooms)[0], tf.int32)
    size = [_power_of_two(samples + tf.shape(rooms)[1])]
    padded = tf.pad(dry, [[0, 0], [0, size[0] - samples]])  # rfft does it too, but not where no clip was chosen
    spectra = tf.signal.rfft(padded, size) * tf.gather(tf.signal.rfft(rooms, size), choice)
    wet = tf.signal.irfft(spectra, size)[:, :samples]
    wet *= _rms(dry) / tf.maximum(_rms(wet), QUIET)
    return tf.concat([rest, wet], axis=0)


def mixup(waveforms, targets, seed, share, alpha):
    """Mix some of the clips with others of the batch, and their targets alike.

    Args:
        waveforms: float32 [batch, samples].
        targets: float32 [batch, labels].
        seed: int32 [2].
        share: of the clips that are mixed, in [0, 1].
        alpha: of the symmetric Beta distribution of a clip's own part; the larger part is always its own.

    Returns:
        Waveforms and targets.

    Source: Zhang and others, "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """
    batch = tf.shape(waveforms)[0]
    seeds = tf.random.split(seed, 4)
    first, second = (tf.random.stateless_gamma([batch, 1], one, alpha) for one in (seeds[0], seeds[1]))
    own = first / (first + second)
    own = tf.where(_uniform(seeds[2], batch, 0, 1) < share, tf.maximum(own, 1 - own), 1.0)
    partner = tf.random.experimental.stateless_shuffle(tf.range(batch), seeds[3])
    mixed = own * waveforms + (1 - own) * tf.gather(waveforms, partner)
    return mixed, own * targets + (1 - own) * tf.gather(targets, partner)


def cutmix(waveforms, targets, seed, share):
    """Put a stretch of another clip of the batch into some of the clips, and as much of its target.

    Args:
        waveforms: float32 [batch, samples].
        targets: float32 [batch, labels].
        seed: int32 [2].
        share: of the clips that are changed, in [0, 1].

    Returns:
        Waveforms and targets; the stretch takes at most half of a clip, evenly drawn.

    Source: Yun and others, "CutMix", ICCV 2019, with a stretch of time for a box of an image.
    """
    batch, samples = tf.shape(waveforms)[0], tf.shape(waveforms)[1]
    seeds = tf.random.split(seed, 4)
    partner = tf.random.experimental.stateless_shuffle(tf.range(batch), seeds[0])
    chosen = tf.cast(_uniform(seeds[1], batch, 0, 1) < share, tf.float32)
    length = tf.floor(chosen * _uniform(seeds[2], batch, 0, 0.5) * tf.cast(samples, tf.float32))  # [batch, 1]
    start = tf.floor(_uniform(seeds[3], batch, 0, 1) * (tf.cast(samples, tf.float32) - length + 1))
    places = tf.range(tf.cast(samples, tf.float32))
    mixed = tf.where((places >= start) & (places < start + length), tf.gather(waveforms, partner), waveforms)
    own = 1 - length / tf.cast(samples, tf.float32)
    return mixed, own * targets + (1 - own) * tf.gather(targets, partner)


def coloured_noise(sample_rate, seed=0, seconds=10):
    """Noises for a corpus that brings none: white, pink, brown and a slow murmur, float32 [4 * seconds * rate]."""
    draw = np.random.default_rng(seed)
    count = int(seconds * sample_rate)
    slope = np.maximum(np.fft.rfftfreq(count, 1 / sample_rate), 20)
    made = []
    for power in (0.0, 0.5, 1.0, 0.5):
        noise = np.fft.irfft(np.fft.rfft(draw.normal(size=count)) / slope ** power, count)
        made.append(noise / np.sqrt(np.mean(noise ** 2)))
    steps = np.interp(np.arange(count), np.linspace(0, count, int(4 * seconds)), draw.uniform(0, 2, int(4 * seconds)))
    made[-1] = made[-1] * steps
    return (0.1 * np.concatenate(made)).astype(np.float32)


def made_rooms(sample_rate, count=64, seed=0):
    """Impulse responses of imagined rooms: noise that fades by 60 dB in 0.1 to 0.6 s, float32 [count, taps]."""
    draw = np.random.default_rng(seed)
    times = np.arange(int(0.6 * sample_rate)) / sample_rate
    fading = draw.uniform(0.1, 0.6, (count, 1))
    tails = draw.normal(size=(count, len(times))) * 10 ** (-3 * times / fading)
    tails *= draw.uniform(0.1, 0.7, (count, 1)) / np.sqrt(np.sum(tails ** 2, axis=1, keepdims=True))
    tails[:, 0] = 1  # the direct sound
    return tails.astype(np.float32)


def _stretches(noises, seed, batch, samples):
    """Stretches of a long noise from random places, by whole blocks, float32 [batch, samples]."""
    count = -(-samples // BLOCK)
    blocks = tf.reshape(noises[:tf.size(noises) // BLOCK * BLOCK], [-1, BLOCK])
    starts = tf.random.stateless_uniform([batch, 1], seed, 0, tf.shape(blocks)[0] - count + 1, tf.int32)
    return tf.reshape(tf.gather(blocks, starts + tf.range(count)), [batch, -1])[:, :samples]


def _uniform(seed, batch, low, high):
    """A random number for each clip, float32 [batch, 1]."""
    return tf.random.stateless_uniform([batch, 1], seed, low, high)


def _split(waveforms, share, seed):
    """The first share of a batch, rounded up or down at random so that small batches have it too, and the rest."""
    exact = share * tf.cast(tf.shape(waveforms)[0], tf.float32)
    count = tf.cast(tf.floor(exact + tf.random.stateless_uniform([], seed)), tf.int32)
    return waveforms[:count], waveforms[count:]


def _rms(waveforms):
    return tf.sqrt(tf.reduce_mean(tf.square(waveforms), axis=1, keepdims=True))


def _power_of_two(length):
    """The smallest power of two that is at least `length`, int32."""
    return tf.cast(2 ** tf.math.ceil(tf.math.log(tf.cast(length, tf.float64)) / np.log(2)), tf.int32)
