"""Costs counted on the graph, against hand-worked sums and the published figures."""

import keras
import pytest

from kwscls import models
from kwscls.models.classifier import AudioClassifier, waveform_input
from kwscls.models.facts import facts, multiply_adds


def test_layers_by_hand():
    layers = keras.layers
    waveform = waveform_input(600)
    x = layers.Reshape((20, 10, 3))(waveform)
    x = layers.Conv2D(8, 3, padding="same")(x)  # 200 places x 3 x 3 x 3 x 8
    x = layers.DepthwiseConv2D((3, 5), padding="same")(x)  # 200 places x 15 x 8
    x = layers.Reshape((20, 80))(x)
    x = layers.Bidirectional(layers.GRU(4))(x)  # 20 steps x 2 ways x 12 x (80 + 4)
    logits = layers.Dense(5, name="logits")(x)  # 8 x 5
    model = AudioClassifier(waveform, logits, name="made")
    assert multiply_adds(model) == 200 * 216 + 200 * 120 + 20 * 2 * 12 * 84 + 40


@pytest.mark.parametrize("name,labels,published,frontend", [
    ("tcresnet8", 12, 1.52e6, 98 * (257 * 64 + 64 * 40)),
    ("kwt_1", 12, 73.7e6, 98 * (257 * 80 + 80 * 40)),
    ("dscnn_s", 12, 2.66e6, 49 * (513 * 40 + 40 * 10)),
])
def test_the_published_figures(name, labels, published, frontend):
    """What peers publish, to three digits, once the frontend's mel and cosine products are taken away."""
    assert multiply_adds(models.build(name, labels, 16000)) - frontend == pytest.approx(published, rel=0.005)


def test_side_heads_are_no_work_for_who_answers():
    small = dict(width=0.1, bands=32)
    with_heads, without = (models.build("googlenet", 3, 8000, auxiliary=heads, **small) for heads in (True, False))
    assert multiply_adds(with_heads) == multiply_adds(without) and with_heads.count_params() > without.count_params()


def test_facts_of_the_tutorials_cnn():
    known = facts(models.build("cnn", 8, 16000))
    assert known["parameters"] == 1_625_611 and known["trainable"] == 1_625_608
    assert known["multiply_adds"] == 30 * 30 * 9 * 32 + 28 * 28 * 9 * 32 * 64 + 12544 * 128 + 128 * 8
