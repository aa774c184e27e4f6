"""The formats of the edge: they answer as the model does, each alone, and one that does not is refused."""

import json

import keras
import numpy as np
import pytest

from kwscls import export, models, predict, verify
from kwscls.dsp.stft import as_matrix_products, spectrogram
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, formats, runtimes
from kwscls.serving import export as exports
from kwscls.serving.graph import Bundle


@pytest.fixture(scope="module")
def run(tones, tmp_path_factory):
    """A run as training leaves it, as far as an export needs it."""
    folder = tmp_path_factory.mktemp("formats") / "words"
    folder.mkdir()
    keras.utils.set_random_seed(0)
    models.build("cnn", ("high", "low"), 4000, width=4, units=8).save(folder / "model.keras")
    (folder / "settings.json").write_text(json.dumps({"data": str(tones), "prepared": str(tones)}))
    return folder


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)


@pytest.mark.parametrize("power", [1.0, 2.0, 0.5])
@pytest.mark.parametrize("length", [400, 512])
def test_the_transform_as_matrix_products(power, length):
    waveform = np.random.default_rng(0).normal(0, 0.1, (2, 2000)).astype(np.float32)
    ours = spectrogram(waveform, length, 160, 512, power=power)
    with as_matrix_products():
        products = spectrogram(waveform, length, 160, 512, power=power)
    np.testing.assert_allclose(products, ours, atol=1e-5 * float(np.max(ours)))
    np.testing.assert_array_equal(spectrogram(waveform, length, 160, 512, power=power), ours)


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_it_is_written_proved_and_asked_like_a_saved_model(run, clips, tones, kind, capsys):
    assert export.main(["--run", str(run), "--format", kind]) == 0
    out = run.parent / kind / "words"
    assert verify.main([str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runtime"] == kind and told["same"] and [row["output"] for row in told["rows"]] == ["scores"]
    loaded = bundle.load(out / "1" / runtimes.FILES[kind])
    expected = bundle.scores_of(models.load(run / "model.keras"), clips)
    np.testing.assert_allclose(loaded.scores(clips), expected, atol=1e-5)
    np.testing.assert_array_equal(loaded.scores(clips[:, :1000]), loaded.scores(np.pad(clips[:, :1000], ((0, 0), (0, 9000)))))
    with pytest.raises(KwsclsError, match="no signature top"):
        loaded.answer("top", wav_bytes=[b""])
    assert predict.main([str(out), str(tones / "test" / "low"), "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6


def test_int8_is_calibrated_compared_and_small(run, capsys):
    assert export.main(["--run", str(run), "--format", "tflite", "--quantize", "int8"]) == 0
    folder = run.parent / "tflite" / "words-int8" / "1"
    shown = capsys.readouterr().out
    assert "tflite, int8" in shown and "savedmodel" in shown
    assert "## Beside the SavedModel" in (folder / "README.md").read_text()
    assert bundle.read_facts(folder)["quantize"] == "int8"
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(folder / "model.tflite"))
    interpreter.allocate_tensors()
    kinds = {tensor["name"]: tensor["dtype"] for tensor in interpreter.get_tensor_details()}
    assert np.int8 in kinds.values() and interpreter.get_input_details()[0]["dtype"] == np.float32
    assert not [one["op_name"] for one in interpreter._get_ops_details() if one["op_name"].startswith(("Flex", "Custom"))]


def test_what_answers_otherwise_is_not_put_in_place(run, monkeypatch, capsys):
    def broken(made, folder):
        keras.utils.set_random_seed(5)
        formats.write_tflite(Bundle(models.build("cnn", ("high", "low"), 4000, width=4, units=8)), folder)

    monkeypatch.setattr(exports, "formats", type("Broken", (), {"write_tflite": staticmethod(broken)}))
    assert export.main(["--run", str(run), "--format", "tflite", "--out", str(run.parent / "broken")]) == 2
    assert "answers otherwise than the model" in capsys.readouterr().err and not (run.parent / "broken").exists()


def test_what_cannot_be_asked_for(run, tmp_path, capsys):
    assert export.main(["--run", str(run), "--quantize", "int8"]) == 2
    assert "is for tflite" in capsys.readouterr().err
    (tmp_path / "model.tflite").write_bytes(b"nothing")
    with pytest.raises(KwsclsError, match="damaged TFLite"):
        runtimes.tflite(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(KwsclsError, match="damaged ONNX"):
        runtimes.onnx(tmp_path)
