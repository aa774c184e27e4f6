"""What is handed over: its layout, its proof in every runtime, and that nothing which differs is put in place."""

import json
import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from kwscls import export, models, verify
from kwscls.errors import KwsclsError
from kwscls.serving import bundle, checksums, proof, tf_serving
from kwscls.serving import export as exports
from kwscls.serving.detector import STORED
from kwscls.settings import ExportSettings

SETTINGS = {"model": "cnn", "seed": 0, "sizes": {"width": 4, "units": 8}}


def make_run(folder, tones, seed=0):
    """A run as training leaves it, as far as an export needs it."""
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(seed)
    models.build("cnn", ("high", "low"), 4000, width=4, units=8).save(folder / "model.keras")
    (folder / "settings.json").write_text(json.dumps({**SETTINGS, "data": str(tones), "prepared": str(tones)}))
    (folder / "metrics.json").write_text(json.dumps({
        "accuracy": 0.75, "accuracy_interval": [0.5, 0.9], "clips": 12, "split": "test", "data": str(tones),
        "per_label": {"high": {"support": 6, "recall": 1.0, "precision": None},
                      "low": {"support": 6, "recall": 0.5, "precision": 1.0}}}))
    return folder


@pytest.fixture(scope="module")
def served(tones, tmp_path_factory):
    """The served folder of an exported run, where a version 3 was before."""
    room = tmp_path_factory.mktemp("export")
    run = make_run(room / "words", tones)
    (room / "served" / "words" / "3").mkdir(parents=True)
    assert export.main(["--run", str(run)]) == 0
    return room / "served" / "words"


@pytest.fixture(scope="module")
def loaded(served):
    return bundle.load(served)


@pytest.fixture
def copied(served, tmp_path):
    """A copy of the export, to be spoilt."""
    shutil.copytree(served / "4", tmp_path / "4")
    return tmp_path / "4"


def test_the_next_version_lies_where_a_server_looks_for_it(served):
    assert sorted(place.name for place in served.iterdir()) == ["3", "4"]
    there = {path.relative_to(served / "4").as_posix() for path in (served / "4").rglob("*") if path.is_file()}
    assert there >= {"saved_model.pb", "assets/labels.txt", "assets.extra/kwscls.json", "assets.extra/tf_serving_warmup_requests",
                     "README.md", "SHA256SUMS", "settings.json", "assets.extra/proof/0_high.wav", "assets.extra/proof/1_low.wav"}
    assert bundle.find(served) == bundle.find(served / "4") == served / "4"


def test_every_signature_gives_what_it_says(served, loaded):
    assert loaded.labels == ["high", "low"]
    inputs, expected = proof.read(served / "4")
    answer = loaded.answer("wav_bytes", wav_bytes=inputs["wav_bytes"])
    top = loaded.answer("top", wav_bytes=inputs["wav_bytes"])
    np.testing.assert_array_equal(top["top_scores"], -np.sort(-answer["scores"], axis=1))
    np.testing.assert_array_equal(top["top_labels"][:, 0], answer["label"])
    embedding = loaded.answer("embedding", waveform=inputs["waveform"])["embedding"]
    model = models.load(served.parent.parent / "words" / "model.keras")
    head = model.get_layer("logits")
    np.testing.assert_allclose(tf.nn.softmax(embedding @ head.kernel + head.bias), answer["scores"], atol=1e-6)
    assert set(expected) == {"scores", "label", "labels", "top_labels", "top_scores", "embedding"}


def test_rules_for_listening_go_along_unless_the_scores_change(tones, tmp_path, capsys):
    run = make_run(tmp_path / "words", tones)
    bundle.save(models.load(run / "model.keras"), run / "saved_model")
    (run / "saved_model" / STORED).write_text('{"threshold": {"high": 0.9}}')

    def sharpened(model, run):
        model.temperature = 0.5
        return model

    same = exports.export(ExportSettings(run=str(run), out=str(tmp_path / "same")))
    assert (same / STORED).read_text() == '{"threshold": {"high": 0.9}}'
    assert "models/same:predict" in (same / "README.md").read_text()
    other = exports.export(ExportSettings(run=str(run), out=str(tmp_path / "other")), sharpened)
    assert not (other / STORED).exists() and "rules for listening" in capsys.readouterr().err


def test_warm_up_requests_are_what_the_server_reads(served, loaded):
    from tensorflow_serving.apis import prediction_log_pb2

    records = list(tf.data.TFRecordDataset(str(served / "4" / "assets.extra" / "tf_serving_warmup_requests")))
    requests = [prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request for record in records]
    assert [request.model_spec.signature_name for request in requests] == [*proof.INPUTS, "stream"]
    for request in requests:
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert all(len(value) == 1 for value in loaded.answer(request.model_spec.signature_name, **inputs).values())


def published(name, fields):
    """A message class from the field list of a .proto file that the API's package leaves out: (name, number, type)."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="published", syntax="proto3",
                                              dependency=["google/protobuf/wrappers.proto"])
    message = file.message_type.add(name=name)
    for field, number, kind in fields:
        made = message.field.add(name=field, number=number, label=1)
        made.type = {"bool": made.TYPE_BOOL, "string": made.TYPE_STRING}.get(kind, made.TYPE_MESSAGE)
        if made.type == made.TYPE_MESSAGE:
            made.type_name = kind
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"published.{name}"))


def test_the_server_understands_its_configuration(served):
    from tensorflow_serving.config import model_server_config_pb2

    place = served.parent.parent
    told = text_format.Parse((place / "models.config").read_text(), model_server_config_pb2.ModelServerConfig())
    assert [(one.name, one.base_path, one.model_platform) for one in told.model_config_list.config] == [
        ("words", "/export/served/words", "tensorflow")]
    batching = published("BatchingParameters", [
        (name, number, ".google.protobuf.Int64Value") for number, name in enumerate(
            ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"), start=1)])
    assert text_format.Parse((place / "batching.config").read_text(), batching()).max_batch_size.value == 32
    prometheus = published("PrometheusConfig", [("enable", 1, "bool"), ("path", 2, "string")])
    inside = (place / "monitoring.config").read_text().split("{", 1)[1].rsplit("}", 1)[0]
    assert text_format.Parse(inside, prometheus()).enable
    service = yaml.safe_load((place / "compose.yaml").read_text())["services"]["kwscls"]
    named = [word.split("=/export/")[1] for word in service["command"] if "=/export/" in word]
    assert named == ["models.config", "batching.config", "monitoring.config"] and all((place / name).is_file() for name in named)
    assert service["volumes"] == [".:/export:ro"] and any("8501:8501" in port for port in service["ports"])


def test_a_changed_configuration_stays(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "batching.config").write_text("max_batch_size { value: 7 }")
    assert {path.name for path in tf_serving.configure(tmp_path / "served")} == {"models.config", "monitoring.config", "compose.yaml"}
    assert "7" in (tmp_path / "batching.config").read_text()


def test_the_card_says_what_and_how_good(served):
    card = (served / "4" / "README.md").read_text()
    assert "Hears 2 labels, one of them a clip: `high`, `low`" in card and "0.25 s at 16000 Hz" in card
    assert "Accuracy 75.0 % (95 % interval 50.0 - 90.0 %) on 12 clips of the split `test` of `tones`" in card
    assert "| low | 6 | 50.0 % | 100.0 % |" in card and '"units": 8' in card and "v1/models/words:predict" in card


@pytest.mark.parametrize("runtime", ["savedmodel", "c-api"])
def test_the_proof_holds_bit_for_bit(served, runtime, capsys):
    assert verify.main([str(served), "--runtime", runtime, "--tolerance", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["same"] and {row["signature"] for row in told["rows"]} == {*proof.INPUTS, "stream"}
    *rows, stream = told["rows"]
    assert len(rows) == 9 and all(row["clips"] == 2 and not (row["difference"] or row["words"]) for row in rows)
    assert stream["output"] == "scores" and stream["difference"] <= 1e-5


def test_what_differs_is_told(copied, capsys):
    path = copied / "assets.extra" / "proof" / "expected.npz"
    stored = dict(np.load(path))
    stored["scores"] = stored["scores"] + np.float32(1e-3)
    np.savez_compressed(path, **stored)
    assert verify.main([str(copied)]) == 2
    assert "expected.npz: is not what SHA256SUMS says" in capsys.readouterr().err
    (copied / "SHA256SUMS").unlink()
    assert verify.main([str(copied)]) == 2  # as it is of a run that was never exported
    assert "holds no SHA256SUMS; python -m kwscls.export --run RUN writes one that can be verified" in capsys.readouterr().err
    checksums.write(copied)
    assert verify.main([str(copied)]) == 2
    printed = capsys.readouterr()
    assert "answers otherwise than it must" in printed.err and printed.out.count("DIFFERS") == 3
    assert verify.main([str(copied), "--runtime", "onnx"]) == 2
    assert "which onnx does not run" in capsys.readouterr().err


def test_checksums_cover_every_file_of_the_model(copied):
    checksums.check(copied)
    (copied / "metrics.json").write_text("{}")  # as an evaluation leaves it
    (copied / "assets" / ".DS_Store").touch()
    assert checksums.check(copied)
    checksums.add(copied, copied / "metrics.json")
    (copied / "metrics.json").write_text("{ }")
    with pytest.raises(KwsclsError, match="is not what"):
        checksums.check(copied)
    sums = copied / "SHA256SUMS"
    lines = sums.read_text().splitlines(True)
    sums.write_text("".join(line for line in lines if not line.endswith(("metrics.json\n", "saved_model.pb\n"))))
    with pytest.raises(KwsclsError, match="saved_model.pb: is not in SHA256SUMS"):
        checksums.check(copied)
    sums.write_text("")
    with pytest.raises(KwsclsError, match="is not in SHA256SUMS"):
        checksums.check(copied)


def test_nothing_finite_is_the_same_as_what_is_no_number():
    row = {"signature": "top", **proof.difference(np.array([np.nan, 1.0]), np.array([0.0, 1.0]))}
    from kwscls.serving.verify import within

    assert not within(row, 1e9) and within({**row, "difference": 0.0}, 0.0)
    with pytest.raises(KwsclsError, match="instead of"):
        proof.difference(np.zeros(2), np.zeros(3))


def test_an_export_that_differs_is_not_put_in_place(served, tones, tmp_path, monkeypatch, capsys):
    """A model of other weights stands for whatever may go wrong on the way."""
    run = make_run(tmp_path / "other", tones, seed=1)
    monkeypatch.setattr(exports.bundle, "write", lambda made, folder: shutil.copytree(
        served / "4", folder, ignore=shutil.ignore_patterns("proof", "SHA256SUMS")))
    assert export.main(["--run", str(run), "--out", str(tmp_path / "out")]) == 2
    assert "answers otherwise than the model: in savedmodel, scores of serving_default" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_run_without_its_data_is_proved_on_noise(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"prepared": "/nowhere"}))
    clips = proof.choose(tmp_path, types.SimpleNamespace(samples=4000, sample_rate=16000))
    assert len(clips) == 4 and all(sound.shape == (4000,) and sound.dtype == np.int16 for sound in clips.values())
