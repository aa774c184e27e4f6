"""What is told of a long recording: false accepts and words missed, and the rules under which the fewest are missed."""

import dataclasses
import itertools

import numpy as np

from kwscls.evaluation import intervals
from kwscls.serving.detector import BACKGROUND, Detection, ListenRules

THRESHOLDS = np.round(np.concatenate([np.arange(0.30, 0.95, 0.025), np.arange(0.95, 0.9995, 0.0025), [0.9999]]), 4)
NEVER = 2.0
"""A threshold that no score passes: the last of those that a label can have."""
RATES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""False accepts per hour for which a curve is drawn."""
SMOOTH = (1, 2, 3, 4, 6, 8)
"""Windows over which scores are averaged, to choose from."""
REFRACTORY = (0.5, 1.0, 1.5)
"""Seconds between two equal detections, to choose from."""


@dataclasses.dataclass(frozen=True)
class Word:
    """A word in a stitched recording: its label, its times in seconds, and whose voice it is."""

    label: str
    start: float
    end: float
    group: str


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a model says about a stitched recording.

    Args:
        labels: of the scores.
        words: the `Word`s that are in it.
        times: ends of the windows in seconds.
        scores: [windows, labels].
        seconds: the recording's length.
        late: seconds after a word's end in which it may still be told.
    """

    labels: list
    words: list
    times: np.ndarray
    scores: np.ndarray
    seconds: float
    late: float

    @property
    def hours(self):
        return self.seconds / 3600


def smooth(scores, windows):
    """Means of scores [windows, labels] over each window and those before it."""
    sums = np.cumsum(np.concatenate([np.zeros((1, scores.shape[1])), scores.astype(np.float64)]), axis=0)
    ends = np.arange(1, len(scores) + 1)
    starts = np.maximum(0, ends - max(1, windows))
    return (sums[ends] - sums[starts]) / (ends - starts)[:, np.newaxis]


def detections(labels, times, smoothed, rules):
    """What a `serving.detector.Detector` tells about smoothed scores [windows, labels], at once."""
    best = smoothed.argmax(axis=1)
    score = smoothed[np.arange(len(best)), best]
    limits = np.array([np.inf if label in BACKGROUND else rules.of(label) for label in labels])
    found, last = [], {}
    for place in np.flatnonzero(score >= limits[best]):
        label = labels[best[place]]
        if times[place] - last.get(label, -np.inf) >= rules.refractory:
            last[label] = times[place]
            found.append(Detection(round(float(times[place]), 3), label, float(score[place])))
    return found


def count(found, words, late):
    """Which detections are false, bool [found], and which words were told, bool [words].

    A detection is right if its word is there, once, up to `late` seconds after its end.
    """
    starts, hit, false = np.array([word.start for word in words]), np.zeros(len(words), bool), np.zeros(len(found), bool)
    for place, one in enumerate(found):
        low = int(np.searchsorted(starts, one.time, side="right")) - 1
        near = [word for word in range(max(0, low - 2), low + 1)
                if words[word].label == one.label and not hit[word] and one.time <= words[word].end + late]
        if near:
            hit[near[-1]] = True
        else:
            false[place] = True
    return false, hit


def rates(told, rules, seed):
    """False accepts and misses of a `Heard` under some rules, with 95 % intervals and by label.

    That of a Poisson count is Garwood's (1936); words are drawn with their speakers.

    Returns:
        A dict: `hours`, `words`, `false_accepts`, `false_accepts_per_hour`, `false_reject_rate`, the rates also with
        `_interval`; `per_label`: `threshold`, `words`, `missed` and `false_accepts` of each.
    """
    from scipy.stats import chi2

    found = detections(told.labels, told.times, smooth(told.scores, rules.smooth), rules)
    wrong, hit = count(found, told.words, told.late)
    missed, false = (~hit).astype(float), int(wrong.sum())
    low, high = chi2.ppf([0.025, 0.975], [2 * max(false, 0.5), 2 * false + 2]) / 2 / told.hours
    own = np.array([word.label for word in told.words])
    heard = np.array([one.label for one in found])
    return {"hours": told.hours, "words": len(hit), "false_accepts": false, "false_accepts_per_hour": false / told.hours,
            "false_accepts_per_hour_interval": [float(low) if false else 0.0, float(high)],
            "false_reject_rate": float(missed.mean()),
            "false_reject_rate_interval": intervals.mean_interval(missed, [word.group for word in told.words], seed=seed),
            "per_label": {label: {
                "threshold": rules.of(label), "words": int((own == label).sum()), "missed": int(missed[own == label].sum()),
                "false_accepts": int(wrong[heard == label].sum()) if found else 0}
                for label in told.labels if label not in BACKGROUND}}


def choose_rules(told, wanted, hop):
    """The rules under which the fewest words are missed, for each rate of false accepts.

    Every label has a threshold of its own: one that noise sounds like is told less readily than the others. Smoothing
    and refractory time are the same for all rates: those that miss the fewest words at the first one, then over all.

    Args:
        told: a `Heard`.
        wanted: false accepts per hour, the most that there may be on this recording; the first counts most.
        hop: seconds from window to window.

    Returns:
        `ListenRules`, one for each rate.
    """
    def cheapest(pair):
        false, missed = trials(told, *pair)
        chosen = [allowed(false, missed, int(rate * told.hours + 1e-9)) for rate in wanted]
        losses = [int(np.take_along_axis(missed, columns[:, np.newaxis], 1).sum()) for columns in chosen]
        return losses[0], sum(losses), pair, chosen

    _, _, (windows, refractory), chosen = min(
        (cheapest(pair) for pair in itertools.product(SMOOTH, REFRACTORY)), key=lambda found: found[:3])
    words = [label for label in told.labels if label not in BACKGROUND]
    limits = [*THRESHOLDS.tolist(), NEVER]
    return [ListenRules({label: limits[column] for label, column in zip(words, columns, strict=True)},
                        NEVER, windows, refractory, hop) for columns in chosen]


def trials(told, windows, refractory):
    """False accepts and words missed by each label at each threshold and without any, int [labels, thresholds + 1].

    No label's threshold changes what another one tells: the highest score speaks, or none.
    """
    smoothed = smooth(told.scores, windows)
    best = smoothed.argmax(axis=1)
    false, missed = [], []
    for label in told.labels:
        if label in BACKGROUND:
            continue
        mine = best == told.labels.index(label)
        words = [word for word in told.words if word.label == label]
        counts = [count(detections(told.labels, told.times[mine], smoothed[mine], ListenRules({}, limit, windows, refractory)),
                        words, told.late) for limit in (*THRESHOLDS.tolist(), NEVER)]
        false.append([int(wrong.sum()) for wrong, _ in counts])
        missed.append([int((~hit).sum()) for _, hit in counts])
    return np.array(false), np.array(missed)


def allowed(false, missed, most):
    """The threshold of each label with which the fewest words are missed at no more than so many false accepts.

    Of equally good ones, those with fewer false accepts and then the highest are taken.

    Args:
        false, missed: int [labels, thresholds], as of `trials`; the last threshold has no false accept.
        most: false accepts of all labels together.

    Returns:
        Columns, int [labels].
    """
    fewest = np.full(most + 1, np.inf)  # words missed by the labels so far, at exactly so many false accepts
    fewest[0] = 0
    steps = []
    for costs, losses in zip(false, missed, strict=True):
        better, column = np.full(most + 1, np.inf), np.full(most + 1, -1)
        for place in range(len(costs) - 1, -1, -1):
            if costs[place] <= most:
                moved = np.concatenate([np.full(costs[place], np.inf), fewest[:most + 1 - costs[place]] + losses[place]])
                column[moved < better] = place
                better = np.minimum(better, moved)
        fewest = better
        steps.append(column)
    spent, columns = int(fewest.argmin()), []
    for costs, column in zip(false[::-1], steps[::-1], strict=True):
        columns.append(column[spent])
        spent -= costs[columns[-1]]
    return np.array(columns[::-1])
