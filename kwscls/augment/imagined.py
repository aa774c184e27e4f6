"""Sounds that nobody recorded: what a model that listens shall take for no word, however loud or sudden it is."""

import numpy as np

SECONDS = 3
"""Length of one sound."""

KNOTS = 10
"""Gains from the lowest octave to the highest that colour a sound."""


def imagined_noise(sample_rate, seconds=600, seed=0):
    """Noises of many kinds one after another, each a source, a colour and an envelope drawn at random.

    Sources hiss, hum, whistle, click or sing on a wandering pitch; colours are random gains over the frequencies, some
    with narrow resonances; envelopes are steady, throb as engines do, or, half of them, are struck as doors and dogs are.

    Args:
        sample_rate: in Hz.
        seconds: of all of them together, at least.
        seed: of what is drawn.

    Returns:
        float32 [any], each sound of RMS 0.1 before peaks above 1 are cut.
    """
    draw = np.random.default_rng(seed)
    count, length = -(-seconds // SECONDS), SECONDS * sample_rate
    sources = (_hiss, _tones, _pulses, _clicks)
    made = []
    for _ in range(count):
        sound = _coloured(draw, sources[draw.integers(len(sources))](draw, length, sample_rate), sample_rate)
        if draw.random() < 0.3:
            sound = _unit(sound) + draw.uniform(0.1, 1) * _unit(_coloured(draw, _hiss(draw, length, sample_rate), sample_rate))
        sound = _unit(sound * _envelope(draw, length, sample_rate))
        made.append(np.clip(0.1 * sound, -1, 1).astype(np.float32))
    return np.concatenate(made)


def _unit(sound):
    return sound / max(np.sqrt(np.mean(sound ** 2)), 1e-9)


def _hiss(draw, length, rate):
    """White noise."""
    return draw.normal(size=length)


def _tones(draw, length, rate):
    """A few tones that glide, with no common root."""
    sound = np.zeros(length)
    for _ in range(draw.integers(1, 6)):
        pitch = np.exp(draw.uniform(np.log(80), np.log(0.45 * rate))) * 2 ** _wander(draw, length, rate, draw.uniform(0, 0.7))
        sound += draw.uniform(0.1, 1) * np.sin(2 * np.pi * np.cumsum(np.minimum(pitch, 0.48 * rate)) / rate)
    return sound


def _pulses(draw, length, rate):
    """A train of pulses on a wandering pitch: all harmonics, as of a throat, a horn or a motor."""
    pitch = np.exp(draw.uniform(np.log(20), np.log(1200))) * 2 ** _wander(draw, length, rate, draw.uniform(0, 1))
    phase = np.cumsum(pitch) / rate
    sound = np.diff(np.floor(phase), prepend=0.0)
    return sound + 0.02 * draw.uniform(0, 1) * draw.normal(size=length)


def _clicks(draw, length, rate):
    """Clicks, few or many, at random times or on a beat."""
    every = rate / np.exp(draw.uniform(np.log(1), np.log(200)))
    steps = every * (draw.exponential(size=int(length / every) + 2) if draw.random() < 0.5 else np.ones(int(length / every) + 2))
    places = np.cumsum(steps).astype(int) - int(every * draw.random())
    places = places[(places >= 0) & (places < length)]
    sound = 1e-3 * draw.normal(size=length)
    sound[places] += draw.normal(1, 0.5, len(places))
    return sound


def _wander(draw, length, rate, octaves):
    """A slow random curve of so many octaves either way."""
    knots = max(2, int(length / rate * draw.uniform(1, 8)) + 1)
    return octaves * np.interp(np.arange(length), np.linspace(0, length, knots), draw.uniform(-1, 1, knots))


def _coloured(draw, sound, rate):
    """A sound through random gains over its frequencies, sometimes with resonances."""
    bins = np.fft.rfftfreq(len(sound), 1 / rate)
    octaves = np.log2(np.maximum(bins, 40) / 40)
    gains = np.interp(octaves, np.linspace(0, np.log2(rate / 80), KNOTS), np.cumsum(draw.normal(-1, 6, KNOTS)))
    for _ in range(draw.integers(0, 4)):
        centre, width = draw.uniform(0, octaves[-1]), draw.uniform(0.03, 0.5)
        gains += draw.uniform(5, 30) * np.exp(-((octaves - centre) / width) ** 2)
    return np.fft.irfft(np.fft.rfft(sound) * 10 ** (gains / 20), len(sound))


def _envelope(draw, length, rate):
    """How loud a sound is over time: steady, throbbing, or struck now and then."""
    times = np.arange(length) / rate
    kind = draw.random()
    if kind < 0.25:
        return 10 ** (_wander(draw, length, rate, draw.uniform(0, 0.5)))
    if kind < 0.5:
        beat = np.exp(draw.uniform(np.log(1), np.log(60)))
        return np.maximum(0, 1 + draw.uniform(0.3, 2) * np.sin(2 * np.pi * (beat * times + draw.random())))
    loud = np.full(length, draw.choice([0.0, 0.003, 0.03]))
    for start in np.cumsum(draw.exponential(draw.uniform(0.15, 1.2), 3 * SECONDS)):
        after = times - start
        rise, fall = draw.uniform(0.001, 0.06), np.exp(draw.uniform(np.log(0.01), np.log(0.5)))
        loud += draw.uniform(0.2, 1) * np.where(after > 0, (1 - np.exp(-np.maximum(after, 0) / rise)) *
                                                np.exp(-np.maximum(after, 0) / fall), 0)
    return loud
