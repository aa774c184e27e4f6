"""Distillation: a small model learns from the scores of a trained one, beside the labels."""

import tensorflow as tf

from kwscls.errors import KwsclsError
from kwscls.serving import bundle


def taught(change, run, labels, sample_rate, activation="softmax", share=0.5):
    """A change of training batches after which a teacher's scores are a part of the targets.

    The teacher hears each clip as the pupil does, after the augmentation `change`.

    Args:
        change: a function (waveforms, targets, seed) -> (waveforms, targets), or None.
        run: the folder of the teacher's run or export.
        labels: the pupil's labels, in order.
        sample_rate: of its waveforms, in Hz.
        activation: of its scores.
        share: of the teacher's scores in the targets, in [0, 1].

    Returns:
        A function as `change`.

    Raises:
        KwsclsError: the teacher knows other labels, hears another rate, has scores of another kind or answers for frames.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015; here at temperature 1.
    """
    folder = bundle.find(run)
    facts = bundle.read_facts(folder)
    if set(facts["labels"]) != set(labels):
        raise KwsclsError(f"knows the labels {', '.join(facts['labels'])}", f"--teacher {run}",
                          f"it needs {', '.join(labels)}")
    if facts["sample_rate"] != sample_rate or facts["frame_step"]:
        raise KwsclsError("hears another sample rate, or answers for frames", f"--teacher {run}",
                          f"it needs {sample_rate} Hz and an answer for each clip")
    if facts["activation"] != activation:
        raise KwsclsError(f"has scores of a {facts['activation']}", f"--teacher {run}",
                          f"train one with --activation {activation}, or this model with --activation {facts['activation']}")
    if not 0 <= share <= 1:
        raise KwsclsError("must be from 0 to 1", f"--teacher-share {share:g}")
    if bundle.format_of(folder) != "savedmodel":
        raise KwsclsError("is no SavedModel", f"--teacher {run}", "name the run's folder")
    order = [facts["labels"].index(label) for label in labels]
    teacher = tf.saved_model.load(str(folder))
    answer = teacher.signatures["serving_default"]

    def teach(waveforms, targets, seed):
        if change is not None:
            waveforms, targets = change(waveforms, targets, seed)
        scores = tf.gather(answer(waveform=waveforms)["scores"], order, axis=1)
        return waveforms, (1 - share) * targets + share * scores

    teach.teacher = teacher  # it must live as long as the function
    return teach
