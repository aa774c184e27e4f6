"""Made answers of a model of known skill."""

import numpy as np
from scipy.special import softmax


def answers(clips, labels, skill=2.0, seed=0, truth=None):
    """True labels int [clips] and probabilities [clips, labels] of a model that prefers the true one by `skill`."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, labels, clips) if truth is None else np.asarray(truth)
    logits = random.normal(size=(clips, labels))
    logits[np.arange(len(truth)), truth] += skill
    return truth, softmax(logits, axis=1)
