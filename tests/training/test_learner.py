"""Training in 16 bits: what must stay float32 does, the steps are sound, and the export is the float32 model."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls import models
from kwscls.models.classifier import copied
from kwscls.serving import bundle
from kwscls.training import recipes
from kwscls.training.learner import in_precision, learner, synchronise
from kwscls.training.steps import Steps
from tests.models.small import SMALL

FRONT = ("LogMel", "MFCC", "Spectrogram", "KaldiFilterbank", "FeatureStandardization", "Normalization", "SpectrogramImage",
         "WaveformNormalization", "SincConv", "BandEnergies", "BandShake")
CLIPS = np.random.default_rng(0).normal(0, 0.1, (6, 4000)).astype(np.float32)
TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]


@pytest.mark.parametrize("name", ["cnn", "ast", "resfold", "sincnet", "wav2vec2", "resnet18", "bcresnet_1"])
def test_what_stays_float32(name):
    keras.utils.set_random_seed(0)

    def build():
        return models.build(name, 3, 4000, **SMALL[name])

    plain = build()
    low = learner(plain, build, tf.distribute.get_strategy(), "mixed_bfloat16")
    assert keras.config.dtype_policy().name == "float32"
    assert any(layer.compute_dtype == "bfloat16" for layer in low.layers)
    assert all(weight.dtype == "float32" for weight in low.weights if "float" in weight.dtype)
    front = [layer for layer in low.layers if type(layer).__name__ in FRONT]
    assert {layer.compute_dtype for layer in [*front, low.get_layer("logits")]} == {"float32"}
    assert front and {layer.input.dtype for layer in front} == {"float32"}
    ours, theirs = plain(CLIPS, training=False).numpy(), low(CLIPS, training=False)
    assert theirs.dtype == tf.float32
    np.testing.assert_allclose(theirs, ours, atol=0.1 * np.abs(ours).max())
    back = copied(low)
    assert {layer.compute_dtype for layer in back._flatten_layers()} <= {"float32"} and back.labels == plain.labels
    np.testing.assert_array_equal(bundle.scores_of(back, CLIPS), bundle.scores_of(plain, CLIPS))


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_steps_in_16_bits(precision):
    keras.utils.set_random_seed(0)

    def build():
        return models.build("cnn", 3, 4000, width=4, units=8, dropout=(0.0, 0.0))

    plain = build()
    recipe = dataclasses.replace(recipes.recipe("cnn"), learning_rate=0.005, clip_norm=1.0, jit=False)
    found = {}
    for kind in ("float32", precision):
        low = learner(plain, build, tf.distribute.get_strategy(), kind)
        start = low.get_weights()
        steps, batches = Steps(low, recipe), iter(tf.data.Dataset.from_tensors((CLIPS, TARGETS)).repeat())
        found[kind] = []
        for _ in range(8):
            steps.reset()
            steps.update(batches)
            found[kind].append(steps.results()["loss"])
        low.set_weights(start)
    assert isinstance(low.optimizer, keras.optimizers.LossScaleOptimizer) == (precision == "mixed_float16")
    np.testing.assert_allclose(found[precision], found["float32"], atol=0.03)
    assert found[precision][-1] < found[precision][0]


def test_batch_norms_are_told_to_look_at_the_whole_batch():
    with in_precision("float32"):
        model = models.build("bcresnet_1", 3, 4000, **SMALL["bcresnet_1"])
    synchronise(model)
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) > 3 and all(norm.synchronized for norm in norms)
