"""How much of its accuracy a model keeps when clips come with noise, late or early, louder or softer."""

import numpy as np

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.evaluation import answers, intervals

SIGNAL_TO_NOISE = (20, 15, 10, 5, 0)  # dB
SHIFTS = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)  # seconds
GAINS = (-30, -20, -10, 10, 20)  # dB
CLIPS = 500  # of a split, at most: each is answered once a level


def robustness(bundle, waveforms, marks, noises, groups=None, seed=0, batch_size=64):
    """The accuracy under each disturbance.

    Args:
        bundle: what answers: `scores(waveforms [batch, samples])`, `sample_rate`.
        waveforms: float32 [clips, samples], in [-1, 1].
        marks: bool [clips, labels], the labels of each clip: any of them is right.
        noises: a sequence of float arrays [any], at the bundle's rate.
        groups: a name for each clip, for the intervals; or None.
        seed: of the noise and the bootstrap.
        batch_size: clips answered at once.

    Returns:
        A list of dicts: `kind` ("noise", "shift", "gain"), `level`, `unit`, `accuracy`, `accuracy_interval`,
        `undisturbed` (the accuracy without), `clips`.

    Raises:
        KwsclsError: lengths differ, there are no clips, or no noise that sounds.
    """
    marks = np.asarray(marks, bool)
    if not len(waveforms) or len(waveforms) != len(marks):
        raise KwsclsError(f"there are labels of {len(marks)} clips for {len(waveforms)}", None,
                          "give one for each clip")
    rate = bundle.sample_rate
    changes = [("noise", level, "signal-to-noise ratio in dB", lambda level: add_noise(waveforms, noises, level, seed))
               for level in SIGNAL_TO_NOISE]
    changes += [("shift", level, "seconds late", lambda level: shift(waveforms, round(level * rate)))
                for level in SHIFTS if abs(level) * rate < waveforms.shape[1]]
    changes += [("gain", level, "dB", lambda level: gain(waveforms, level)) for level in GAINS]
    undisturbed = float(_right(bundle, waveforms, marks, batch_size).mean())
    rows = []
    with console.progress(transient=True) as bar:
        for kind, level, unit, change in bar.track(changes, description="disturbing"):
            right = _right(bundle, change(level), marks, batch_size)
            rows.append({"kind": kind, "level": level, "unit": unit, "accuracy": float(right.mean()),
                         "accuracy_interval": intervals.mean_interval(right, groups, seed=seed),
                         "undisturbed": undisturbed, "clips": len(marks)})
    return rows


def add_noise(waveforms, noises, decibels, seed=0):
    """Add a random piece of a random noise, one that sounds, to each clip.

    Args:
        waveforms: float32 [clips, samples].
        noises: a sequence of float arrays [any]; a short one is repeated.
        decibels: power of the clip over power of the noise, each over the whole clip.
        seed: of the choice; the same pieces come at every level.

    Returns:
        float32 [clips, samples], cut off at -1 and 1. A silent clip stays silent.

    Raises:
        KwsclsError: there is no noise that sounds.
    """
    random, samples = np.random.default_rng(seed), waveforms.shape[1]
    usable = [np.resize(noise, max(len(noise), samples)) for noise in noises if np.any(noise)]
    if not usable:
        raise KwsclsError("there is no noise to add", None, "give recordings of noise")
    pieces = np.zeros_like(waveforms)
    for piece in pieces:
        while not piece.any():  # recordings may fall silent for as long as a clip
            noise = usable[random.integers(len(usable))]
            start = random.integers(len(noise) - samples + 1)
            piece[:] = noise[start:start + samples]
    signal, power = (np.square(one, dtype=np.float64).mean(axis=1, keepdims=True) for one in (waveforms, pieces))
    return np.clip(waveforms + pieces * np.sqrt(signal / power / 10 ** (decibels / 10)), -1, 1).astype(np.float32)


def shift(waveforms, samples):
    """Clips [clips, length] that start so many samples later (or earlier, when negative), silence in the gap."""
    moved = np.zeros_like(waveforms)
    if samples >= 0:
        moved[:, samples:] = waveforms[:, :waveforms.shape[1] - samples]
    else:
        moved[:, :samples] = waveforms[:, -samples:]
    return moved


def gain(waveforms, decibels):
    """Clips louder or softer by so many decibels, cut off at -1 and 1 as a converter does."""
    return np.clip(waveforms * 10 ** (decibels / 20), -1, 1).astype(np.float32)


def waveforms(bundle, paths):
    """The waveforms of WAV files as the bundle hears them: float32 [clips, samples]."""
    return np.concatenate(list(answers.read_waveforms(paths, bundle.sample_rate, bundle.samples, 64)))


def _right(bundle, waveforms, marks, batch_size):
    """Which clips get the right answer, bool [clips]."""
    answered = [answers.clip_scores(bundle, waveforms[start:start + batch_size]).argmax(axis=1)
                for start in range(0, len(waveforms), batch_size)]
    return marks[np.arange(len(marks)), np.concatenate(answered)]
