"""YAMNet: patches, the mean of their scores, and the published file's names."""

import h5py
import keras
import numpy as np
import pytest

from kwscls import pretrained
from kwscls.dsp.mel import log_mel, mel_filters
from kwscls.dsp.stft import spectrogram
from kwscls.errors import KwsclsError
from kwscls.models import build

SMALL = dict(width=0.125, layers=((1, 64), (2, 128)))


@pytest.mark.parametrize(
    "samples, padded, patches",
    [(8000, 15600, 1), (15600, 15600, 1), (15601, 23280, 2), (48000, 54000, 6)],
)
def test_clips_are_followed_by_silence_until_the_last_patch_is_whole(samples, padded, patches):
    model = build("yamnet", 5, samples, **SMALL)
    assert model.get_layer("silence").output.shape[1] == padded
    assert model.get_layer("embeddings").patches == patches


def test_a_clips_score_is_the_mean_over_its_patches():
    model = build("yamnet", 4, 30000, activation="sigmoid", **SMALL)
    waveform = np.random.default_rng(0).normal(0, 0.1, (1, 30000)).astype(np.float32)
    padded = np.pad(waveform, [[0, 0], [0, 15600 + 2 * 7680 - 30000]])
    magnitude = spectrogram(padded, 400, 160)
    features = log_mel(
        magnitude, mel_filters(257, 64, 16000, 125, 7500, slopes="mel", keep_dc=False), offset=1e-3
    )[0]
    patches = np.stack([features[start : start + 96] for start in (0, 48, 96)])[..., np.newaxis]
    embed = keras.Model(model.get_layer("features").output, model.get_layer("pool").output)
    kernel, bias = model.get_layer("logits").get_weights()
    scores = 1 / (1 + np.exp(-(embed(patches).numpy() @ kernel + bias)))
    ours = 1 / (1 + np.exp(-model(waveform).numpy()))
    np.testing.assert_allclose(ours[0], scores.mean(axis=0), rtol=1e-4)


def test_the_head_may_read_one_embedding_a_clip():
    model = build("yamnet", 4, 30000, pool="embedding", **SMALL)
    assert model.embedding.shape == (None, 16)
    with pytest.raises(KwsclsError, match="no pool"):
        build("yamnet", 4, 30000, pool="max")


def published(model, path, last="logits"):
    """Write a model's weights as the published yamnet.h5 has them."""
    parts = {"depthwise": "depthwise_conv", "pointwise": "pointwise_conv"}
    values = {}
    with h5py.File(path, "w") as file:
        for number, weight in enumerate(model.weights):
            layer, name = weight.path.split("/")
            place, *kind = layer.split("_")
            theirs = (
                last
                if layer == "logits"
                else f"{place}/{parts[kind[0]] if kind and kind[0] in parts else 'conv'}"
            )
            theirs += "/bn" if kind and kind[-1] == "norm" else ""
            name = (
                "depthwise_kernel"
                if name == "kernel" and kind and kind[-1] == "depthwise"
                else name
            )
            values[weight.path] = (
                np.random.default_rng(number).uniform(0.1, 1, weight.shape).astype(np.float32)
            )
            file[f"{theirs}/{theirs}/{name}:0"] = values[weight.path]
    return values


@pytest.mark.parametrize("last", ["logits", "dense"])
def test_the_published_file_loads_and_another_head_stays_new(tmp_path, last):
    model = build("yamnet", 6, 16000, **SMALL)
    values = published(model, tmp_path / "yamnet.h5", last)
    assert pretrained.load(model, tmp_path / "yamnet.h5") == []
    for weight in model.weights:
        np.testing.assert_array_equal(weight, values[weight.path])
    other = build("yamnet", ("yes", "no"), 16000, **SMALL)
    assert "the head is new" in pretrained.load(other, tmp_path / "yamnet.h5")[0]
    np.testing.assert_array_equal(other.get_layer("layer1").kernel, values["layer1/kernel"])


def test_what_is_no_hdf5_file_is_refused(tmp_path):
    (tmp_path / "yamnet.h5").write_bytes(b"nothing")
    with pytest.raises(KwsclsError, match="HDF5"):
        pretrained.load(build("yamnet", 6, 16000, **SMALL), tmp_path / "yamnet.h5")
