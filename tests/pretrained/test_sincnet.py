"""SincNet's checkpoints, checked against a forward pass in numpy on the original's names."""

import collections
import io
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
from scipy.signal import correlate
from scipy.special import log_softmax

from kwscls.errors import KwsclsError
from kwscls.models.sincnet import sincnet
from kwscls.pretrained import fill
from kwscls.pretrained.read import Source, read

SIZES = dict(filters=(4, 3), kernel_sizes=(21, 5), pools=(3, 2), dnn1_units=(6, 5), dnn1_norms=("batch", "layer"))
SAMPLES, LABELS = 150, 3
TIMES = (43, 19)  # after each pool


def checkpoint():
    """A checkpoint's three state dicts, with the norms that the original owns and does not use."""
    draw = np.random.default_rng(3)
    shapes = {"CNN_model_par.conv.0.low_hz_": (4, 1), "CNN_model_par.conv.0.band_hz_": (4, 1),
              "CNN_model_par.conv.1.weight": (3, 4, 5), "CNN_model_par.conv.1.bias": (3,)}
    for index, (channels, times) in enumerate(zip((4, 3), TIMES)):
        shapes |= {f"CNN_model_par.ln.{index}.{part}": (channels, times) for part in ("gamma", "beta")}
        shapes |= {f"CNN_model_par.bn.{index}.{part}": (channels,) for part in BATCH}
    shapes |= {f"CNN_model_par.ln0.{part}": (SAMPLES,) for part in ("gamma", "beta")}
    features = 3 * TIMES[-1]
    shapes |= {f"DNN1_model_par.ln0.{part}": (features,) for part in ("gamma", "beta")}
    for part, units, inputs in (("DNN1_model_par", (6, 5), features), ("DNN2_model_par", (LABELS,), 5)):
        for index, width in enumerate(units):
            shapes |= {f"{part}.wx.{index}.weight": (width, inputs), f"{part}.wx.{index}.bias": (width,)}
            shapes |= {f"{part}.ln.{index}.{name}": (width,) for name in ("gamma", "beta")}
            shapes |= {f"{part}.bn.{index}.{name}": (width,) for name in BATCH}
            inputs = width
    tensors = {name: draw.normal(0.3, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    tensors |= {name: np.abs(value) for name, value in tensors.items() if name.endswith("running_var")}
    tensors["CNN_model_par.conv.0.low_hz_"] = draw.normal(0, 2000, (4, 1)).astype(np.float32)
    tensors["CNN_model_par.conv.0.band_hz_"] = draw.normal(0, 2000, (4, 1)).astype(np.float32)
    return tensors


BATCH = ("weight", "bias", "running_mean", "running_var")


def forward(tensors, waveform):
    """Log-probabilities of one clip, by the original's formulas with time last."""
    def parts(prefix, names):
        return [tensors[f"{prefix}.{name}"].astype(np.float64) for name in names]

    def layer_norm(x, prefix):
        gamma, beta = parts(prefix, ("gamma", "beta"))
        return gamma * (x - x.mean(-1, keepdims=True)) / (x.std(-1, ddof=1, keepdims=True) + 1e-6) + beta

    def leaky(x):
        return np.where(x > 0, x, 0.2 * x)

    def pool(x, size):
        whole = x[:, :x.shape[1] // size * size]
        return whole.reshape(len(x), -1, size).max(-1)

    x = layer_norm(waveform.astype(np.float64), "CNN_model_par.ln0")
    low, band = (np.abs(part[:, 0]) for part in parts("CNN_model_par.conv.0", ("low_hz_", "band_hz_")))
    low = 50 + low
    high = np.clip(low + 50 + band, 50, 8000)
    n = 2 * np.pi * np.arange(-10, 0) / 16000
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.linspace(0, 21 / 2 - 1, 10) / 21)
    left = (np.sin(np.outer(high, n)) - np.sin(np.outer(low, n))) / (n / 2) * window
    taps = np.concatenate([left, 2 * (high - low)[:, None], left[:, ::-1]], 1) / (2 * (high - low))[:, None]
    x = np.stack([correlate(x, one, "valid") for one in taps])
    x = leaky(layer_norm(pool(np.abs(x), 3), "CNN_model_par.ln.0"))
    kernel, bias = parts("CNN_model_par.conv.1", ("weight", "bias"))
    x = np.stack([sum(correlate(channel, one, "valid") for channel, one in zip(x, kernels)) for kernels in kernel])
    x += bias[:, None]
    x = leaky(layer_norm(pool(x, 2), "CNN_model_par.ln.1"))
    x = layer_norm(x.ravel(), "DNN1_model_par.ln0")
    for index in range(2):
        kernel, bias = parts(f"DNN1_model_par.wx.{index}", ("weight", "bias"))
        x = kernel @ x + bias
        if index:
            x = layer_norm(x, "DNN1_model_par.ln.1")
        else:
            gain, shift, mean, variance = parts("DNN1_model_par.bn.0", BATCH)
            x = gain * (x - mean) / np.sqrt(variance + 1e-5) + shift
        x = leaky(x)
    kernel, bias = parts("DNN2_model_par.wx.0", ("weight", "bias"))
    return log_softmax(kernel @ x + bias)


@pytest.mark.parametrize("spare", [False, True])
def test_answers_are_those_of_the_formulas(spare):
    tensors = checkpoint()
    model = sincnet(LABELS, SAMPLES, spare_norms=spare, **SIZES)
    fill(model, Source(tensors), "sincnet")
    waveforms = np.random.default_rng(0).normal(size=(3, SAMPLES)).astype(np.float32)
    ours = log_softmax(model(waveforms).numpy(), axis=-1)
    np.testing.assert_allclose(ours, [forward(tensors, one) for one in waveforms], rtol=1e-4, atol=1e-4)
    if spare:
        assert sum(weight.shape.num_elements() for weight in model.weights) == sum(one.size for one in tensors.values())


def save_as_torch(path, content, monkeypatch):
    """Write nested dicts of float32 arrays as torch.save does, without PyTorch."""
    torch, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    kind = torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    def rebuild(*parts):
        raise AssertionError(parts)

    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = "torch._utils", *["_rebuild_tensor_v2"] * 2
    inner._rebuild_tensor_v2 = rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", inner)
    kept = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", kind, str(thing.place), "cpu", thing.size) if isinstance(thing, Kept) else None

        def reducer_override(self, thing):
            if not isinstance(thing, np.ndarray):
                return NotImplemented
            kept.append(thing)
            strides = tuple(step // thing.itemsize for step in thing.strides)
            return rebuild, (Kept(len(kept) - 1, thing.size), 0, thing.shape, strides, False, collections.OrderedDict())

    room = io.BytesIO()
    Pickler(room, 2).dump(content)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", room.getvalue())
        for place, value in enumerate(kept):
            file.writestr(f"archive/data/{place}", np.ascontiguousarray(value).tobytes())
        file.writestr("archive/version", "3\n")


Kept = collections.namedtuple("Kept", "place size")


def test_a_checkpoint_as_the_repository_saves_it(tmp_path, monkeypatch):
    tensors, parts = checkpoint(), {}
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, collections.OrderedDict())[rest] = value
    save_as_torch(tmp_path / "model_raw.pkl", parts, monkeypatch)
    with pytest.raises(KwsclsError, match="pickles are refused"):
        read(tmp_path / "model_raw.pkl")
    source = read(tmp_path / "model_raw.pkl", allow_pickle=True)
    assert source.tensors.keys() == tensors.keys()
    model = sincnet(LABELS, SAMPLES, **SIZES)
    assert fill(model, source, "sincnet") == []
    np.testing.assert_array_equal(model.get_layer("conv_0").low_hz, tensors["CNN_model_par.conv.0.low_hz_"][:, 0])


def test_other_speakers_get_a_new_head():
    model = sincnet(4, SAMPLES, **SIZES)
    assert "3 labels, the model 4" in fill(model, Source(checkpoint()), "sincnet")[0]


def test_what_does_not_fit_is_named():
    with pytest.raises(KwsclsError, match=r"left over.*CNN_model_par.conv.1.weight"):
        one_stage = {**SIZES, "filters": (4,), "kernel_sizes": (21,), "pools": (3,)}
        fill(sincnet(3, SAMPLES, **one_stage), Source(checkpoint()), "sincnet")
    with pytest.raises(KwsclsError, match="sizes differ.*conv_1/kernel"):
        fill(sincnet(3, SAMPLES - 2, **{**SIZES, "kernel_sizes": (21, 3)}), Source(checkpoint()), "sincnet")
    tensors = checkpoint()
    del tensors["DNN1_model_par.bn.0.weight"]
    with pytest.raises(KwsclsError, match="not in the file: DNN1_model_par.bn.0.weight"):
        fill(sincnet(3, SAMPLES, **SIZES), Source(tensors), "sincnet")
