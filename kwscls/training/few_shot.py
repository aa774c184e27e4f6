"""Few examples of new labels: the body of a trained model stays, and its head is solved in seconds."""

import functools
import time

import keras
import numpy as np
import tensorflow as tf

from kwscls import console
from kwscls.data import balance, pipeline
from kwscls.errors import KwsclsError

COPIES = 6
"""How often each clip is heard with other augmentation, beside once as it is."""

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of the regularisation, of which the validation clips choose."""


def solve_head(model, train, validation, *, seed=0, change=None, even=False, batch_size=64):
    """Set a model's head to the logistic regression of its embeddings that the validation clips like best.

    Args:
        model: an `AudioClassifier` with trained weights, whose head is one dense layer on an embedding of the clip.
        train: `Clips` to learn from.
        validation: `Clips` that choose how freely the head may fit.
        seed: of the augmentation.
        change: augmentation, see `pipeline.training_batches`.
        even: whether clips weigh the more, the rarer their labels are.
        batch_size: clips at once.

    Returns:
        A history as that of `fit`, of one epoch.

    Raises:
        KwsclsError: the model has another head.
    """
    started = time.monotonic()
    head = model.get_layer("logits")
    if not isinstance(head, keras.layers.Dense) or len(model.embedding.shape) != 2:
        raise KwsclsError("has no dense head on one embedding a clip", "--few-shot", "train it with --freeze body instead")
    (seen, marks), (asked, truth) = _heard(model, train, validation, seed, change, batch_size)
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    weights = balance.clip_chances(marks) * len(marks) if even else None
    best = None
    for strength in STRENGTHS:
        kernel, bias = _regression((seen - mean) / spread, marks, weights, strength, model.activation)
        kernel = kernel / spread[:, None]
        bias = bias - mean @ kernel
        loss, accuracy = _scored(asked @ kernel + bias, truth, model.activation)
        if best is None or (accuracy, -loss) > best[:2]:
            best = accuracy, -loss, strength, kernel, bias
    accuracy, loss, strength, kernel, bias = best
    head.set_weights([kernel, bias] if head.use_bias else [kernel])
    own_loss, own_accuracy = _scored(seen @ kernel + bias, marks, model.activation)
    seconds = round(time.monotonic() - started, 3)
    console.say(f"the head was solved on {len(seen)} embeddings in {seconds:.1f} s: validation accuracy {accuracy:.3f}")
    return [{"epoch": 1, "loss": own_loss, "accuracy": own_accuracy, "val_loss": -loss, "val_accuracy": accuracy,
             "learning_rate": 0.0, "seconds": seconds, "val_score": accuracy, "kept": 1}]


def _heard(model, train, validation, seed, change, batch_size):
    """Embeddings [clips, width] and targets [clips, labels] of the training clips, augmented ones too, and of the validation's."""
    body = tf.function(functools.partial(keras.Model(model.inputs[0], model.embedding), training=False), autograph=False)
    copies = COPIES if change is not None else 0
    with console.progress(transient=True) as bar:
        task = bar.add_task("listening", total=(1 + copies) * len(train) + len(validation))

        def embedded(batches):
            seen, marks = [], []
            for waveforms, targets, *_ in batches:
                seen.append(body(waveforms).numpy())
                marks.append(targets.numpy())
                bar.advance(task, len(waveforms))
            return np.concatenate(seen).astype(np.float64), np.concatenate(marks)

        learnt = [embedded(pipeline.ordered_batches(train, batch_size))]
        if copies:
            learnt.append(embedded(pipeline.training_batches(train, batch_size, seed, copies, change=change)))
        return [np.concatenate(parts) for parts in zip(*learnt)], embedded(pipeline.ordered_batches(validation, batch_size))


def _regression(seen, marks, weights, strength, activation):
    """The kernel [width, labels] and bias [labels] of a logistic regression on mixed or plain targets of weighted clips."""
    from sklearn.linear_model import LogisticRegression

    labels = marks.shape[1]
    if activation == "sigmoid":
        columns = [_two_sided(seen, marks[:, label] > 0.5, weights, strength) for label in range(labels)]
        return np.stack([kernel for kernel, _ in columns], axis=1), np.array([bias for _, bias in columns])
    truth = marks.argmax(axis=1)
    made = LogisticRegression(C=strength, max_iter=500).fit(seen, truth, weights)
    kernel, bias = made.coef_, made.intercept_
    if len(made.classes_) == 2:  # of two labels there is one row, the difference
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    whole, biases = np.zeros((seen.shape[1], labels)), np.full(labels, -30.0)
    whole[:, made.classes_], biases[made.classes_] = kernel.T, bias
    return whole, biases


def _two_sided(seen, has, weights, strength):
    from sklearn.linear_model import LogisticRegression

    if has.all() or not has.any():
        return np.zeros(seen.shape[1]), 10.0 if has.all() else -10.0
    made = LogisticRegression(C=strength, max_iter=500).fit(seen, has, weights)
    return made.coef_[0], made.intercept_[0]


def _scored(logits, marks, activation):
    """The mean loss, and the share of clips whose best answer is one of their labels."""
    if activation == "sigmoid":
        loss = (np.logaddexp(0, logits) - marks * logits).mean()
    else:
        loss = (marks * (np.logaddexp.reduce(logits, axis=1, keepdims=True) - logits)).sum(axis=1).mean()
    best = logits.argmax(axis=1)
    return float(loss), float((marks[np.arange(len(best)), best] > 0.5 * marks.max(axis=1)).mean())
