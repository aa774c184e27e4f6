"""What a simple judge makes of clips in seconds: pictures of a few numbers, and the out-of-fold answers of a probe."""

import numpy as np

from kwscls.data import stratified
from kwscls.evaluation import answers

BANDS, SLICES = 40, 12
"""Mel bands, and stretches of time, of a clip's picture."""

DIRECTIONS = 100
"""Main directions of the features that the probe looks at."""

FOLDS = 5


def features(paths, sample_rate, samples, batch_size=128):
    """A small picture of each clip: the log-mel spectrogram around its loudest part, averaged over stretches of time.

    Args:
        paths: WAV files.
        sample_rate: to bring them to, in Hz.
        samples: to cut or pad them to.
        batch_size: clips at once.

    Returns:
        float32 [clips, (SLICES + 2) * BANDS]: the slices, then each band's deviation over time and of its steps.
    """
    import tensorflow as tf

    pictures = tf.function(lambda waveforms: _pictures(waveforms, sample_rate), autograph=False,
                           input_signature=[tf.TensorSpec([None, samples], tf.float32)])
    return np.concatenate([pictures(waveforms).numpy()
                           for waveforms in answers.read_waveforms(paths, sample_rate, samples, batch_size)])


def _pictures(waveforms, sample_rate):
    import tensorflow as tf

    from kwscls.dsp import mel, stft

    step, length = round(0.01 * sample_rate), round(0.025 * sample_rate)
    waveforms = tf.pad(waveforms, [[0, 0], [0, max(0, SLICES * step + length - waveforms.shape[1])]])
    bins = stft.spectrogram(waveforms, length, step)
    filters = mel.mel_filters(bins.shape[-1], BANDS, sample_rate, low=60.0)
    bands = mel.log_mel(bins, filters, offset=1e-6)  # [batch, frames, bands]
    frames = bands.shape[1]
    loud = tf.nn.relu(tf.reduce_mean(bands, axis=2) - tf.reduce_min(tf.reduce_mean(bands, axis=2), axis=1, keepdims=True))
    weights = loud ** 2 / tf.maximum(tf.reduce_sum(loud ** 2, axis=1, keepdims=True), 1e-9)
    middle = tf.reduce_sum(weights * tf.range(frames, dtype=tf.float32), axis=1, keepdims=True)
    places = tf.range(frames, dtype=tf.float32) - frames // 2 + tf.round(middle)
    places = tf.cast(tf.clip_by_value(places, 0, frames - 1), tf.int32)
    centred = tf.gather(bands, places, batch_dims=1)
    edges = np.linspace(0, frames, SLICES + 1).astype(int)
    slices = [tf.reduce_mean(centred[:, start:end], axis=1) for start, end in zip(edges, edges[1:])]
    return tf.concat([*slices, tf.math.reduce_std(bands, axis=1),
                      tf.math.reduce_std(bands[:, 1:] - bands[:, :-1], axis=1)], axis=1)


def probe():
    """A classifier that learns from features in a second: linear discriminants of their hundred main directions."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), PCA(DIRECTIONS, whiten=True, random_state=0),
                         LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))


def out_of_fold(seen, truth, groups=None, seed=0):
    """The probabilities that probes give clips which they have not learnt from.

    Args:
        seen: float [clips, features].
        truth: int [clips], the label of each.
        groups: a name for each clip, so that no group is learnt from and asked about at once; None draws clips at random.
        seed: of the folds.

    Returns:
        float64 [clips, labels], labels from 0 to the highest; None where a fold leaves too little to learn from: fewer
        than two labels, or no more clips than labels.
    """
    from sklearn.model_selection import StratifiedKFold

    truth = np.asarray(truth)
    labels, clips = np.unique(truth, return_counts=True)
    count = int(min([FOLDS, *clips, *([] if groups is None else [len(set(groups))])]))
    if len(labels) < 2 or count < 2:
        return None
    folds = list(StratifiedKFold(count, shuffle=True, random_state=seed).split(seen, truth) if groups is None
                 else stratified.group_folds(truth, groups, count, seed))
    if any(not 2 <= len(np.unique(truth[learnt])) < len(learnt) for learnt, _ in folds):
        return None
    made = np.zeros((len(truth), truth.max() + 1))
    for learnt, asked in folds:
        judge = probe().set_params(pca__n_components=min(DIRECTIONS, len(learnt) - 1, seen.shape[1]))
        judge.fit(seen[learnt], truth[learnt])
        made[asked[:, None], judge.classes_[None, :]] = judge.predict_proba(seen[asked])
    return made
