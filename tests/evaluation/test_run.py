import json

import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.evaluation import answers
from kwscls.evaluation.run import evaluate, written
from tests.evaluation.conftest import RATE, TONES, tone, write_wav


def test_a_run_is_scored_on_its_own_data(evaluated, prepared):
    run, results = evaluated
    assert results["clips"] == 30 and results["labels"] == list(TONES)
    assert results["accuracy"] == pytest.approx(28 / 30)
    assert results["confusion"] == [[10, 0, 0], [0, 8, 2], [0, 0, 10]]
    assert results["interval"]["over"] == "groups" and results["interval"]["units"] == 3
    assert {row["clip"] for row in results["mistakes"]} == {"test/low/00.wav", "test/low/01.wav"}
    assert all((prepared / row["clip"]).is_file() for row in results["mistakes"])
    assert results["calibration"]["temperature"] > 0
    assert json.loads((run / "metrics.json").read_text()) == results
    assert [path.name for path in written(results, run)] == [
        "metrics.json", "confusion.png", "per_label.png", "reliability.png"]
    assert all(path.is_file() for path in written(results, run))


def test_results_go_where_they_are_asked_for(saved_models, prepared, tmp_path):
    results = evaluate(saved_models / "softmax", data=prepared, split="validation", out=tmp_path / "out")
    assert results["clips"] == 12 and results["split"] == "validation" and results["accuracy"] == 1
    assert "temperature" not in results["calibration"]  # it would be chosen on what is scored
    assert (tmp_path / "out" / "metrics.json").is_file()
    assert not (saved_models / "softmax" / "metrics.json").exists()


def test_a_frame_model_answers_by_the_mean_of_its_frames(make_run):
    assert evaluate(make_run("frames"))["accuracy"] == pytest.approx(28 / 30)


def test_a_model_of_independent_labels_gets_multilabel_scores_too(make_run):
    results = evaluate(make_run("sigmoid"))
    assert results["accuracy"] == pytest.approx(28 / 30)
    found = results["multilabel"]
    assert found["mean_average_precision"] > 0.9
    assert found["per_label"]["low"]["threshold"] != 0.5
    json.dumps(results, allow_nan=False)


def test_noise_adds_the_robustness(make_run, tmp_path):
    write_wav(tmp_path / "noises" / "hum.wav", tone(50, seconds=2, loud=0.1))
    run = make_run()
    results = evaluate(run, noise=tmp_path / "noises")
    assert {row["kind"] for row in results["robustness"]} == {"noise", "shift", "gain"}
    assert all(row["undisturbed"] == results["accuracy"] for row in results["robustness"])
    assert (run / "robustness.png").is_file()


def test_waveforms_are_read_as_the_export_reads_them(tmp_path):
    long, short = tone(300, seconds=1), tone(300, seconds=0.2)
    write_wav(tmp_path / "long.wav", long)
    write_wav(tmp_path / "short.wav", short)
    write_wav(tmp_path / "double.wav", tone(300, seconds=1, rate=2 * RATE), 2 * RATE)
    paths = [tmp_path / "long.wav", tmp_path / "short.wav", tmp_path / "double.wav"]
    first, second = answers.read_waveforms(paths, RATE, 4000, batch_size=2)
    assert first.shape == (2, 4000) and second.shape == (1, 4000) and first.dtype == np.float32
    assert first[0] == pytest.approx(long[:4000], abs=1e-4)
    assert first[1, :1600] == pytest.approx(short, abs=1e-4) and not first[1, 1600:].any()
    expected = 0.4 * np.sin(2 * np.pi * 300 * np.arange(4000) / RATE)
    assert np.abs(second[0, 100:-100] - expected[100:-100]).mean() < 0.03


@pytest.mark.parametrize("content", [b"", b"RIFF nonsense", None], ids=["empty", "garbage", "gone"])
def test_a_bad_file_is_named(tmp_path, content):
    write_wav(tmp_path / "good.wav", tone(300))
    if content is not None:
        (tmp_path / "bad.wav").write_bytes(content)
    paths = [tmp_path / "good.wav", tmp_path / "good.wav", tmp_path / "bad.wav"]
    with pytest.raises(KwsclsError, match="bad.wav: cannot be read as a WAV file"):
        list(answers.read_waveforms(paths, RATE, 4000, batch_size=2))


def test_labels_that_the_model_does_not_know_are_named(tmp_path):
    for label in ("low", "squeak", "whistle"):
        write_wav(tmp_path / "test" / label / "0.wav", tone(300))
    with pytest.raises(KwsclsError, match="does not know: squeak, whistle; it knows high, low, middle"):
        answers.find_split(tmp_path, "test", list(TONES))


def test_a_split_that_is_not_there_is_told(prepared, tmp_path):
    with pytest.raises(KwsclsError, match="has no split dev; it has test, train, validation"):
        answers.find_split(prepared, "dev", list(TONES))
    (tmp_path / "test").mkdir()
    with pytest.raises(KwsclsError, match="holds no class folders"):
        answers.find_split(tmp_path, "test", list(TONES))


def test_a_clip_may_have_further_labels_in_the_manifest(tmp_path):
    for label in ("low", "high"):
        write_wav(tmp_path / "test" / label / "0.wav", tone(300))
    (tmp_path / "manifest.csv").write_text("path,label,split\ntest/low/0.wav,low;middle,test\n")
    split = answers.find_split(tmp_path, "test", list(TONES))  # high, low, middle
    assert split.truth.tolist() == [0, 1] and split.marks.tolist() == [[1, 0, 0], [0, 1, 1]]
    with pytest.raises(KwsclsError, match="does not know: middle; it knows high, low"):
        answers.find_split(tmp_path, "test", ["high", "low"])


def test_without_a_manifest_clips_have_no_groups(tmp_path):
    write_wav(tmp_path / "test" / "low" / "0.wav", tone(300))
    assert answers.find_split(tmp_path, "test", list(TONES)).groups == [""]


def test_groups_are_found_from_a_relative_folder(prepared, monkeypatch):
    monkeypatch.chdir(prepared.parent)
    split = answers.find_split("tones", "test", list(TONES))
    assert set(split.groups) == {"test0", "test1", "test2"} and split.names[0] == "test/high/00.wav"


def test_some_of_a_split_keeps_clips_labels_and_groups_together(prepared):
    split = answers.find_split(prepared, "test", list(TONES))
    some = split.some(7)
    assert len(some.paths) == 7 and some.names == sorted(some.names)
    place = {name: i for i, name in enumerate(split.names)}
    for name, truth, group in zip(some.names, some.truth, some.groups):
        assert truth == split.truth[place[name]] and group == split.groups[place[name]]
    assert some.marks.argmax(axis=1).tolist() == some.truth.tolist()


def test_an_export_without_settings_needs_data(saved_models):
    with pytest.raises(KwsclsError, match="--data"):
        evaluate(saved_models / "softmax")
