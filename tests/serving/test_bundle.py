"""The bundle: it answers as the model does, about any clip, in a process that knows nothing of kwscls."""

import io
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from kwscls import devices, models
from kwscls.data.pipeline import Clips
from kwscls.dsp.resample import resample
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, c_api
from tests.serving.mutated import good_clip, mutated


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return models.build("cnn", ("high", "low"), 4000, width=4, units=8)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    made = tmp_path_factory.mktemp("bundle") / "saved_model"
    bundle.save(model, made)
    return made


def wav_bytes(waveform, rate=16000, subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, waveform, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def test_what_training_heard_is_what_serving_hears(tones, model, folder):
    """No skew: waveforms of the training pipeline and bytes of the same files give the same scores, bit for bit."""
    clips = Clips(tones / "test", 4000)
    loaded = bundle.load(folder)
    by_waveform = loaded.answer("serving_default", waveform=clips.batch(range(len(clips)))[0])
    by_bytes = loaded.answer("wav_bytes", wav_bytes=[open(path, "rb").read() for path in clips.paths])
    for name, value in by_waveform.items():
        np.testing.assert_array_equal(value, by_bytes[name])
    np.testing.assert_array_equal(by_waveform["scores"], bundle.scores_of(model, clips.batch(range(len(clips)))[0]))
    logits = model.predict(clips.batch(range(len(clips)))[0], batch_size=len(clips), verbose=0)
    np.testing.assert_allclose(by_waveform["scores"], tf.nn.softmax(logits), atol=1e-6)


@pytest.mark.parametrize("clips", [1, 2, 7])
def test_shares_that_go_side_by_side_are_answered_in_order(folder, monkeypatch, clips):
    waveforms = np.random.default_rng(0).normal(0, 0.1, (clips, 4000)).astype(np.float32)
    loaded = bundle.load(folder)
    whole = loaded.scores(waveforms)
    monkeypatch.setattr(devices, "lanes", lambda: 3)
    np.testing.assert_allclose(loaded.scores(waveforms), whole, atol=1e-6)


def test_every_output_has_the_batch_first(folder):
    loaded = bundle.load(folder)
    for batch in (0, 1, 3):
        answer = loaded.answer("serving_default", waveform=np.zeros((batch, 4000), np.float32))
        assert {name: value.shape for name, value in answer.items()} == {
            "scores": (batch, 2), "label": (batch,), "labels": (batch, 2)}
    assert answer["labels"].tolist() == 3 * [[b"high", b"low"]]
    np.testing.assert_allclose(answer["scores"].sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("rate,channels,subtype", [(16000, 1, "PCM_24"), (44100, 2, "FLOAT"), (8000, 1, "ULAW"),
                                                   (11025, 3, "PCM_16")])
def test_bytes_of_any_rate_and_channels(folder, rate, channels, subtype):
    draw = np.random.default_rng(0).normal(0, 0.1, (rate // 3, channels)).astype(np.float32)
    stored, _ = soundfile.read(io.BytesIO(wav_bytes(draw, rate, subtype)), dtype="float32", always_2d=True)
    loaded = bundle.load(folder)
    theirs = loaded.answer("wav_bytes", wav_bytes=[wav_bytes(draw, rate, subtype)])["scores"]
    ours = loaded.scores(resample(stored.mean(axis=1), rate, 16000)[None])
    np.testing.assert_allclose(theirs, ours, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 100, 3999, 4001, 64000])
def test_any_length_is_cut_or_padded_at_the_end(folder, samples):
    loaded = bundle.load(folder)
    waveform = np.random.default_rng(0).normal(0, 0.1, (2, samples)).astype(np.float32)
    fitted = np.pad(waveform, ((0, 0), (0, 4000)))[:, :4000]
    np.testing.assert_array_equal(loaded.scores(waveform), loaded.scores(fitted))


def test_a_bad_clip_is_named_by_its_place(folder):
    good = wav_bytes(np.zeros(4000, np.float32))
    with pytest.raises(KwsclsError, match="^clip 1: not a WAV file: its 5 bytes do not start with RIFF and WAVE$"):
        bundle.load(folder).answer("wav_bytes", wav_bytes=[good, b"hello", good])
    slow = wav_bytes(np.zeros(40, np.float32), rate=2)
    with pytest.raises(KwsclsError, match="^clip 2: cannot resample from 2 to 16000 Hz"):
        bundle.load(folder).answer("wav_bytes", wav_bytes=[good, good, slow])


def test_mutated_files_give_a_result_or_say_which_clip_is_bad(folder):
    """A small part of what benchmarks/mutated_wav.py asks."""
    draw, loaded = np.random.default_rng(1), bundle.load(folder)
    clip, results = good_clip(draw), 0
    for _ in range(300):
        try:
            answer = loaded.answer("wav_bytes", wav_bytes=[clip, mutated(clip, draw)[0]])
            results += np.isfinite(answer["scores"]).all()
        except KwsclsError as error:
            assert str(error).startswith("clip 1: ") and str(error).isascii()
    assert 100 < results < 200


ASK = """
import importlib.util
import sys

for name in ("kwscls", "keras", "tensorflow_io", "keras_cv"):
    sys.modules[name] = None  # whoever imports it fails

import numpy
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

folder = sys.argv[1]
proto = saved_model_pb2.SavedModel.FromString(open(folder + "/saved_model.pb", "rb").read())
graph = proto.meta_graphs[0].graph_def
own = {part.signature.name for part in graph.library.function}
names = {node.op for node in graph.node} | {node.op for part in graph.library.function for node in part.node_def}
foreign = [name for name in names - own if op_def_registry.get(name) is None]
assert not foreign, foreign
assert not {"ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "PyFuncStateless"} & names
answer = tf.saved_model.load(folder).signatures["serving_default"](waveform=tf.constant(numpy.load("clips.npy")))
numpy.save("scores.npy", answer["scores"].numpy())

with tf.compat.v1.Session(graph=tf.Graph()) as session:
    made = tf.compat.v1.saved_model.load(session, ["serve"], folder).signature_def["serving_default"]
    asked = {made.inputs["waveform"].name: numpy.load("clips.npy")}
    numpy.save("session.npy", session.run(made.outputs["scores"].name, asked))

spec = importlib.util.spec_from_file_location("c_api", sys.argv[2])
spec.loader.exec_module(c_api := importlib.util.module_from_spec(spec))
loaded = c_api.Session(folder)
numpy.save("c_api.npy", loaded.run("serving_default", waveform=numpy.load("clips.npy"))["scores"])
loaded.close()
"""


def test_it_answers_where_neither_kwscls_nor_keras_is(folder, model, tmp_path):
    """Stock operations alone, no files read, no Python called; by TensorFlow's loaders new and old, and by its C API."""
    np.save(tmp_path / "clips.npy", np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32))
    done = subprocess.run([sys.executable, "-I", "-c", ASK, folder, c_api.__file__], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    ours = bundle.scores_of(model, np.load(tmp_path / "clips.npy"))
    for name in ("scores", "session", "c_api"):
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), ours)


def test_what_lies_in_it(folder, model):
    assert (folder / "assets" / "labels.txt").read_text() == "high\nlow\n"
    told = json.loads((folder / bundle.FACTS).read_text())
    assert told["labels"] == ["high", "low"] and told["samples"] == 4000 and told["sample_rate"] == 16000
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 4 * model.count_params() + 600_000


def test_side_heads_do_not_travel(tmp_path):
    keras.utils.set_random_seed(0)
    with_heads, without = (models.build("googlenet", 3, 8000, auxiliary=heads, width=0.05, bands=32) for heads in (True, False))
    bundle.save(with_heads, tmp_path / "saved_model")
    stored = tf.train.load_checkpoint(str(tmp_path / "saved_model" / "variables" / "variables"))
    sizes = [np.prod(shape) for name, shape in stored.get_variable_to_shape_map().items() if name.startswith("weights/")]
    assert sum(sizes) == without.count_params() < with_heads.count_params()
    clips = np.random.default_rng(0).normal(0, 0.1, (2, 8000)).astype(np.float32)
    answer = bundle.load(tmp_path).answer("serving_default", waveform=clips)
    np.testing.assert_array_equal(answer["scores"], bundle.scores_of(with_heads, clips))
    np.testing.assert_allclose(answer["scores"], tf.nn.softmax(with_heads(clips)), atol=1e-6)
    assert "stream" in tf.saved_model.load(str(tmp_path / "saved_model")).signatures


def test_an_optimizer_does_not_travel(model, tmp_path):
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    bundle.save(model, tmp_path / "saved_model")
    names = [name for name, _ in tf.train.list_variables(str(tmp_path / "saved_model" / "variables" / "variables"))]
    assert sum("weights/" in name for name in names) == len(model.weights)
    assert not [name for name in names if "optimizer" in name or "momentum" in name]


def test_folders_that_hold_no_bundle(tmp_path):
    with pytest.raises(KwsclsError, match="does not exist"):
        bundle.load(tmp_path / "none")
    with pytest.raises(KwsclsError, match="holds no SavedModel"):
        bundle.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(KwsclsError, match="without assets.extra"):
        bundle.load(tmp_path)
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / bundle.FACTS).write_text(json.dumps({"model": "cnn"}))
    (tmp_path / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(KwsclsError, match="damaged"):
        bundle.load(tmp_path)
