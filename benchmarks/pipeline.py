"""Does the input pipeline starve the model? And is an epoch quicker than with the tutorial's own pipeline?

    python benchmarks/pipeline.py [PREPARED_FOLDER [MODEL]]

MODEL is the tutorial's `cnn` if none is named. Prints clips per second of the pipeline alone (with and without augmentation),
of the training step alone, and of an epoch with both, beside the pipeline of TensorFlow's tutorial written out plainly: all in
one run, five rounds, medians.
"""

import sys
import time
from pathlib import Path

from kwscls import console

console.quiet_tensorflow()

import keras
import numpy as np
import tensorflow as tf

from kwscls import models
from kwscls.augment.change import augmentation, long_noise
from kwscls.augment.spectrograms import set_strengths
from kwscls.data.noises import noises_of
from kwscls.data.pipeline import Clips, clip_length, steps, training_batches
from kwscls.data.prepare import ready
from kwscls.training import recipes
from kwscls.training.statistics import adapt
from kwscls.training.steps import Steps

ROUNDS = 5


def seconds(action):
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def tutorials(folder, batch_size):
    """The tutorial's data: spectrograms made in tf.data, cached, shuffled among 10,000; and its network on them."""
    audio = keras.utils.audio_dataset_from_directory(folder, batch_size=batch_size, seed=0, output_sequence_length=16000,
                                                     verbose=False)

    def spectrogram(waveforms, labels):
        transformed = tf.signal.stft(tf.squeeze(waveforms, -1), frame_length=255, frame_step=128)
        return tf.abs(transformed)[..., tf.newaxis], labels

    data = audio.map(spectrogram, tf.data.AUTOTUNE).cache().shuffle(10000).prefetch(tf.data.AUTOTUNE)
    normalization = keras.layers.Normalization()
    normalization.adapt(data.map(lambda spectrograms, _: spectrograms))
    layers = keras.layers
    net = keras.Sequential([
        keras.Input((124, 129, 1)), layers.Resizing(32, 32), normalization, layers.Conv2D(32, 3, activation="relu"),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.25), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dropout(0.5), layers.Dense(8)])
    net.compile(keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"])
    return net, data


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ready("spoken_words")
    name = sys.argv[2] if len(sys.argv) > 2 else "cnn"
    samples, rate = clip_length(folder / "train", 1.0)
    clips = Clips(folder / "train", samples)
    recipe = recipes.fitted(recipes.recipe(name), len(clips), samples / rate)
    noises = long_noise(noises_of(folder, rate), rate, samples)
    change = augmentation(recipe, rate, noises)
    model = models.build(name, clips.labels, samples, sample_rate=rate)
    adapt(model, clips)
    set_strengths(model, recipe)
    learner = Steps(model, recipe)
    count = steps(clips, recipe.batch_size)
    theirs, their_data = tutorials(folder / "train", recipe.batch_size)

    def epoch_of(changing):
        return training_batches(clips, recipe.batch_size, 0, 1, change=changing)

    def pass_over(changing):
        return lambda: [None for _ in epoch_of(changing)]

    def learn(batches):
        batches = iter(batches)
        for _ in range(count):
            learner.update(batches)
        learner.results()

    kept = epoch_of(None).cache()
    measured = {
        "pipeline alone, no augmentation": pass_over(None),
        "pipeline alone, augmentation": pass_over(change),
        "training step alone": lambda: learn(kept),
        "epoch, no augmentation": lambda: learn(epoch_of(None)),
        "epoch, augmentation": lambda: learn(epoch_of(change)),
        "epoch of the tutorial's pipeline": lambda: theirs.fit(their_data, verbose=0),
    }
    for action in measured.values():
        action()  # traces and fills caches
    times = {what: [] for what in measured}
    for _ in range(ROUNDS):
        for what, action in measured.items():
            times[what].append(seconds(action))
    tutorial = np.median(times["epoch of the tutorial's pipeline"])
    console.table(f"{name}, {len(clips)} clips of {samples / rate:g} s, batch {recipe.batch_size}, medians of {ROUNDS}",
                  ("what", "seconds#", "clips/s#", "against the tutorial's epoch#"),
                  [(what, f"{np.median(taken):.2f}", f"{len(clips) / np.median(taken):.0f}",
                    f"{np.median(taken) / tutorial:.2f}") for what, taken in times.items()])


if __name__ == "__main__":
    main()
