"""SincNet: the published stack's sizes and settings, and our variant for keywords."""

import numpy as np
import pytest

from kwscls import models
from kwscls.errors import KwsclsError
from kwscls.models.sinc_keywords import sinc_keywords
from kwscls.models.sincnet import sincnet


def count(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_timit_has_as_many_parameters_as_the_original(weightless):
    model = models.build("sincnet_timit", 462, 3200)
    assert count(model) == 22_787_134
    for index, shape in enumerate([(983, 80), (326, 60), (107, 60)]):
        assert model.get_layer(f"pool_{index}").output.shape[1:] == shape
    assert model.embedding.shape == (None, 2048)
    assert count(models.build("sincnet_timit", 462, 3200, spare_norms=False)) == 22_787_134 - 14_536


def test_libris_setting():
    model = sincnet(2484, 3000, sample_rate=8000, activations="relu", dnn1_units=(2048,) * 3)
    assert model.get_layer("conv_0").highest_edge == 4000 and model.sample_rate == 8000


def test_batch_norms_of_the_convolutions_have_their_length_as_epsilon():
    model = sincnet(3, 1000, filters=(4, 3), kernel_sizes=(33, 5), pools=(4, 2), norms=("layer", "batch"),
                    dnn1_units=(8,))
    assert model.get_layer("batch_norm_1").epsilon == model.get_layer("pool_1").output.shape[1] == 119
    assert model.get_layer("dnn1_batch_norm_0").epsilon == 1e-5


def test_only_a_first_layer_norm_takes_absolute_values():
    sizes = dict(filters=(4,), kernel_sizes=(33,), pools=(4,), dnn1_units=(8,))
    for norm, there in (("layer", True), ("batch", False), (None, False)):
        names = [operation.name for operation in sincnet(3, 500, norms=norm, **sizes).operations]
        assert any(name.startswith("absolute") for name in names) == there


def test_settings_that_do_not_fit():
    with pytest.raises(KwsclsError, match="pools: has 2 values for 3 stages"):
        sincnet(3, 3200, pools=(3, 3))
    with pytest.raises(KwsclsError, match="take clips of 325 samples or more"):
        sincnet(3, 324)
    with pytest.raises(KwsclsError, match="take clips of 327 samples or more"):
        sincnet(3, 326, kernel_sizes=(252, 5, 5))
    with pytest.raises(KwsclsError, match="no norm"):
        sincnet(3, 3200, norms="group")
    with pytest.raises(KwsclsError, match="no activation"):
        sincnet(3, 3200, activations="swish")
    sincnet(3, 325, dnn1_units=(4,))


def test_an_even_first_kernel_counts_as_given_in_epsilons_and_spares():
    model = sincnet(3, 61, filters=(3, 2), kernel_sizes=(10, 3), pools=(2, 5), norms="batch", dnn1_units=(4,),
                    spare_norms=True)
    assert model.get_layer("pool_0").output.shape[1] == 25
    assert model.get_layer("batch_norm_0").epsilon == 26
    assert model.get_layer("layer_norm_0").gamma.shape == (26, 3)


def test_an_input_may_have_both_norms():
    model = sincnet(3, 500, filters=(4,), kernel_sizes=(33,), pools=(4,), input_norm="layer+batch", dnn1_units=(8,))
    assert model.get_layer("input_batch_norm").input is model.get_layer("input_layer_norm").output


def test_a_norm_or_an_activation_may_stand_between_the_last_layer_and_the_logits():
    model = sincnet(3, 500, filters=(4,), kernel_sizes=(33,), pools=(4,), dnn1_units=(8,), dnn2_norms=("batch",))
    assert model.layers[-1].name == "logits" and model(np.zeros((1, 500), np.float32)).shape == (1, 3)


def test_keywords_hear_frames_of_25_ms_every_10():
    model = models.build("sincnet", 8, 16000)
    assert model.get_layer("energies").output.shape == (None, 98, 64)
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)[None]
    energies = model.get_layer("energies")(model.get_layer("sinc")(model.get_layer("waveform_norm")(tone))).numpy()[0]
    low, high = (edge.numpy() for edge in model.get_layer("sinc").edges())
    loudest = energies.mean(0).argmax()
    assert abs((low + high)[loudest] / 2 - 1000) < 300  # 129 taps tell bands of some 300 Hz apart


def test_loudness_does_not_change_an_answer():
    model = sinc_keywords(3, 4000, filters=8, kernel_size=33, widths=(8, 8))
    clip = np.random.default_rng(0).normal(0, 0.1, (1, 4000)).astype(np.float32)
    np.testing.assert_allclose(model(clip), model(clip / 8), atol=2e-3)
