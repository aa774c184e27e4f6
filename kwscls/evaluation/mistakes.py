"""The worst mistakes by name: what a person should listen to first."""

import numpy as np

from kwscls.errors import KwsclsError
from kwscls.evaluation import checks


def worst_mistakes(truth, probabilities, labels, clips, most=20):
    """Rank the clips that got a wrong label by how sure the model was of it.

    Args:
        truth: int [clips].
        probabilities: [clips, labels], in [0, 1].
        labels: the names of the labels.
        clips: what to call each clip, such as its path.
        most: how many to return.

    Returns:
        A list of dicts, the surest first: `clip`, `label` (the true one), `answer`, `confidence` (of the answer),
        `probability` (of the true label).

    Raises:
        KwsclsError: lengths differ, or a value is not finite.
    """
    labels = checks.label_list(labels)
    probabilities = checks.shares(probabilities, labels)
    truth = checks.places(truth, len(probabilities), labels)
    if len(clips) != len(truth):
        raise KwsclsError(f"{len(clips)} names were given for {len(truth)} clips", None, "give one for each clip")
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != truth)
    order = wrong[np.argsort(-probabilities[wrong, answers[wrong]], kind="stable")][:most]
    return [{"clip": str(clips[i]), "label": labels[truth[i]], "answer": labels[answers[i]],
             "confidence": float(probabilities[i, answers[i]]), "probability": float(probabilities[i, truth[i]])}
            for i in order]
