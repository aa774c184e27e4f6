"""From the scores of overlapping windows to detections: smoothing, threshold and refractory time for each label."""

import collections
import dataclasses

import numpy as np

STORED = "assets.extra/listen.json"
"""Where, in an export, the settings stand that an evaluation chose."""
BACKGROUND = ("_silence_", "_unknown_", "_background_noise_")
"""Labels that mean that nothing was said that is listened for."""


@dataclasses.dataclass(frozen=True)
class Detection:
    """A label that was heard.

    Args:
        time: the end, in seconds, of the window with which the smoothed score passed the threshold.
        label: its name.
        score: smoothed.
    """

    time: float
    label: str
    score: float


@dataclasses.dataclass
class ListenRules:
    """When a label counts as heard.

    Args:
        threshold: label -> smallest smoothed score; `default` for those that are not in it.
        default: the threshold of other labels.
        smooth: windows over which scores are averaged.
        refractory: seconds after a detection in which the same label is not told again.
        hop: seconds from window to window.
    """

    threshold: dict = dataclasses.field(default_factory=dict)
    default: float = 0.8
    smooth: int = 3
    refractory: float = 1.0
    hop: float = 0.25

    def of(self, label):
        """The threshold of a label."""
        return self.threshold.get(label, self.default)

    def told(self, labels):
        """The thresholds of some labels in words, and which of them no score reaches."""
        limits = {label: self.of(label) for label in labels if label not in BACKGROUND}
        some = sorted({limit for limit in limits.values() if limit <= 1})
        never = [label for label, limit in limits.items() if limit > 1]
        text = f"thresholds {some[0]:g} to {some[-1]:g}" if len(some) > 1 else f"threshold {some[0]:g}" if some else ""
        return ", ".join(part for part in (text, f"never telling {', '.join(never)}" if never else "") if part)


def of_windows(scores):
    """The scores of windows, [windows, labels]; those of a frame model, [windows, frames, labels], are of the highest frames."""
    scores = np.asarray(scores)
    return scores if scores.ndim == 2 else scores.max(axis=1)


class Detector:
    """Watches the scores of window after window.

    Posteriors are averaged over the last windows, and the highest label counts if its mean passes its threshold.

    Args:
        labels: their names, in the order of the scores.
        rules: `ListenRules`.

    Source: G. Chen, C. Parada, G. Heigold, "Small-footprint keyword spotting using deep neural networks", ICASSP 2014,
    section 2.3 (posterior smoothing).
    """

    def __init__(self, labels, rules):
        self.labels, self.rules = list(labels), rules
        self._last = collections.deque(maxlen=max(1, rules.smooth))
        self._heard = {}

    def hear(self, time, scores):
        """The `Detection` that a window makes, or None.

        Args:
            time: its end in seconds.
            scores: [labels].
        """
        self._last.append(np.asarray(scores, np.float64))
        smoothed = np.mean(self._last, axis=0)
        best = int(smoothed.argmax())
        label = self.labels[best]
        if label in BACKGROUND or not smoothed[best] >= self.rules.of(label):  # what is no number is not heard
            return None
        if time - self._heard.get(label, -np.inf) < self.rules.refractory:
            return None
        self._heard[label] = time
        return Detection(round(float(time), 3), label, float(smoothed[best]))
