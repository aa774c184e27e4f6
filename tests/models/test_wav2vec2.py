"""wav2vec 2.0: published sizes, heads, masks; values are checked in tests/pretrained/test_wav2vec2.py."""

import dataclasses

import keras
import numpy as np
import pytest

from kwscls import models
from kwscls.errors import KwsclsError
from kwscls.models.wav2vec2 import Body, classify, encode, wav2vec2
from kwscls.models.wav2vec2_pretraining import Codebook, wav2vec2_pretraining
from tests.models.small import SMALL


def count(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def body(**sizes):
    known = {**wav2vec2.__kwdefaults__, **sizes}
    return Body(**{field.name: known[field.name] for field in dataclasses.fields(Body)})


def test_base_has_as_many_parameters_as_the_original(weightless):
    assert count(models.build("wav2vec2_base", 12, 16000)) == 94_571_660
    assert count(models.build("wav2vec2_base", 32, 16000, head="frames")) == 94_396_320
    assert count(wav2vec2_pretraining(16000, body(), Codebook())) == 95_044_608


def test_large_has_as_many_parameters_as_the_original(weightless):
    assert count(models.build("wav2vec2_large", 12, 16000)) == 315_704_204


def test_a_frame_model_says_where_its_frames_are():
    model = models.build("wav2vec2_frames", 3, 16000, **SMALL["wav2vec2_frames"])
    assert (model.frame_step, model.frame_length) == (320, 740)
    assert model(np.zeros((2, 16000), np.float32)).shape == (2, 48, 3)
    base = models.build("wav2vec2_base", 3, 16000, **{
        **SMALL["wav2vec2_base"], "head": "frames", "conv_dim": (4,) * 7, "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
        "conv_stride": (5, 2, 2, 2, 2, 2, 2)})
    assert (base.frame_step, base.frame_length) == (320, 400) and base.outputs[0].shape == (None, 49, 3)


def test_what_stands_behind_a_clips_end_does_not_count():
    sizes = body(**{**models.MODELS["wav2vec2"].sizes, **SMALL["wav2vec2"], "head": None})
    waveform, mask = keras.Input((8000,)), keras.Input((8000,), dtype="int32")
    encoded = encode(waveform, sizes, mask)
    logits = classify(encoded.hidden_states, 3, classifier_proj_size=8, frame_mask=encoded.frame_mask)
    model = keras.Model([waveform, mask], logits)
    clip = np.random.default_rng(0).normal(size=(2, 8000)).astype(np.float32)
    real = (np.arange(8000) < np.array([[8000], [5000]])).astype(np.int32)
    other = np.where(real, clip, 7).astype(np.float32)
    np.testing.assert_allclose(model([clip, real]), model([other, real]), rtol=1e-4, atol=1e-5)
    assert np.abs(model([clip, real]) - model([clip, np.ones_like(real)]))[1].max() > 1e-4


def test_a_clip_too_short_for_a_frame_is_padded():
    model = models.build("wav2vec2_frames", 3, 300, **SMALL["wav2vec2_frames"])
    assert model(np.ones((1, 300), np.float32)).shape == (1, 1, 3)


def test_parts_have_the_names_that_freezing_asks_for():
    model = models.build("wav2vec2", 3, 4000, **SMALL["wav2vec2"])
    parts = {weight.path.split("/")[0] for weight in model.weights}
    assert parts == {"feature_encoder", "feature_projection", "mask", "encoder_position", "encoder_norm",
                     "encoder_layer_0", "encoder_layer_1", "projector", "logits"}


def test_sizes_that_do_not_fit():
    with pytest.raises(KwsclsError, match="differ in length"):
        wav2vec2(3, 4000, conv_dim=(4, 4))
    with pytest.raises(KwsclsError, match="is no head"):
        wav2vec2(3, 4000, head="words")
    with pytest.raises(KwsclsError, match="without apply_spec_augment no frame is hidden"):
        wav2vec2_pretraining(4000, body(apply_spec_augment=False), Codebook())
    with pytest.raises(KwsclsError, match="norm of the feature encoder"):
        wav2vec2(3, 4000, feat_extract_norm="batch")
