"""A table of many answers: the same as one by one, gone on with after a stop, by threads and by Beam."""

import csv
import json
import os
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from kwscls import predict as verb
from kwscls.data import storage
from kwscls.errors import KwsclsError
from kwscls.serving import bulk, bundle, predict
from kwscls.serving.versions import state_of

CLIPS = 10


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Ten recordings, one of them longer than a clip and one that is none."""
    folder = tmp_path_factory.mktemp("many") / "sounds"
    folder.mkdir()
    for number in range(CLIPS):
        noise = np.random.default_rng(number).normal(0, 0.1, 9000 if number == 3 else 4000)
        soundfile.write(folder / f"{number}.wav", noise, 16000, subtype="PCM_16")
    (folder / "7.wav").write_bytes(b"nothing of the kind")
    return folder


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(bulk, "PIECE", 4)


@pytest.fixture(scope="module")
def expected(small_bundle, sounds):
    """What is heard one by one."""
    model = bundle.load(small_bundle)
    return model, [next(predict.answers(model, [str(sounds / f"{number}.wav")], embedding=True)) for number in range(CLIPS)]


def test_a_row_for_each_recording_in_order(small_bundle, sounds, expected, tmp_path):
    model, answers = expected
    assert bulk.predict_table(small_bundle, [str(sounds)], tmp_path / "answers.parquet", embedding=True) == (CLIPS, 1)
    rows = pq.read_table(tmp_path / "answers.parquet").to_pylist()
    assert [row["path"] for row in rows] == [str(sounds / f"{number}.wav") for number in range(CLIPS)]
    assert [path.name for path in tmp_path.iterdir()] == ["answers.parquet"]
    for row, answer in zip(rows, answers):
        if answer.error:
            assert row["error"] == answer.error and row["label"] is row["score"] is row["embedding"] is None
            continue
        assert row["label"] == model.labels[answer.scores.argmax()] and row["error"] is None
        assert row["score"] == pytest.approx(answer.scores.max(), abs=1e-6)
        np.testing.assert_allclose(row["embedding"], answer.embedding, atol=1e-5)
    assert len(answers[3].windows) == 4 and answers[3].embedding.shape == answers[0].embedding.shape == (4,)


def test_beam_gives_the_same_table(small_bundle, sounds, expected, tmp_path):
    bulk.predict_table(small_bundle, [str(sounds)], tmp_path / "here.csv")
    bulk.predict_table(small_bundle, [str(sounds)], tmp_path / "beam.csv", runner="DirectRunner")
    assert (tmp_path / "beam.csv").read_text() == (tmp_path / "here.csv").read_text()
    rows = list(csv.DictReader(open(tmp_path / "here.csv")))
    assert list(rows[0]) == ["path", "label", "score", "error"] and len(rows) == CLIPS
    assert float(rows[0]["score"]) == pytest.approx(expected[1][0].scores.max(), abs=1e-6)


def test_it_goes_on_where_it_was_stopped(small_bundle, sounds, tmp_path, monkeypatch, capsys):
    out, real, done = tmp_path / "answers.csv", bulk.answer_piece, []

    def stopped(piece, **more):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(piece["paths"])
        return real(piece, **more)

    monkeypatch.setattr(bulk, "THREADS", 1)
    monkeypatch.setattr(bulk, "answer_piece", stopped)
    with pytest.raises(KeyboardInterrupt):
        bulk.predict_table(small_bundle, [str(sounds)], out)
    assert not out.exists() and len(done) == 2
    monkeypatch.setattr(bulk, "answer_piece", lambda piece, **more: done.append(piece["paths"]) or real(piece, **more))
    assert bulk.predict_table(small_bundle, [str(sounds)], out) == (CLIPS, 1)
    assert "2 of 3 pieces are done already" in capsys.readouterr().err and len(done) == 3
    assert sum(len(paths) for paths in done) == CLIPS == len(out.read_text().splitlines()) - 1


def test_another_question_begins_anew(small_bundle, sounds, tmp_path):
    place = tmp_path / ".answers.csv.unfinished"
    bulk.begin(place, ["one"])
    storage.write(place / "answers-000000.done.json", b"0")
    bulk.begin(place, ["one"])
    assert (place / "answers-000000.done.json").exists()
    bulk.begin(place, ["another"])
    assert not (place / "answers-000000.done.json").exists()


def test_a_model_that_was_trained_anew_answers_anew(small_bundle, tmp_path):
    folder = shutil.copytree(small_bundle, tmp_path / "model")
    first, state = bulk.loaded(str(folder)), state_of(folder)
    assert bulk.loaded(str(folder)) is first
    os.utime(folder / "saved_model.pb", (1, 1))
    assert state_of(folder) != state and bulk.loaded(str(folder)) is not first


def test_names_that_are_no_text_and_standard_input(small_bundle, sounds, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")
    shutil.copy(sounds / "0.wav", odd)
    assert bulk.predict_table(small_bundle, [odd], tmp_path / "answers.csv") == (1, 0)
    assert "caf\\udce9.wav" in (tmp_path / "answers.csv").read_text()
    with pytest.raises(KwsclsError, match="standard input: cannot go into a table"):
        bulk.predict_table(small_bundle, ["-"], tmp_path / "other.csv")


def test_manifests_addresses_and_missing_files(small_bundle, sounds, tmp_path):
    place = f"ram://{tmp_path.name}"
    storage.write(f"{place}/far.wav", (sounds / "0.wav").read_bytes())
    table = tmp_path / "list.jsonl"
    table.write_text("".join(json.dumps({"path": path, "label": "any"}) + "\n" for path in (
        f"{place}/far.wav", str(sounds / "1.wav"), "gone.wav")))
    assert bulk.predict_table(small_bundle, [str(table)], f"{place}/answers.parquet") == (3, 1)
    storage.write(tmp_path / "copy.parquet", storage.read(f"{place}/answers.parquet"))
    rows = pq.read_table(tmp_path / "copy.parquet").to_pylist()
    assert rows[0]["path"] == f"{place}/far.wav" and [row["error"] is None for row in rows] == [True, True, False]
    assert "gone.wav: cannot be read" in rows[2]["error"]


def test_the_verb(small_bundle, sounds, tmp_path, capsys):
    out = str(tmp_path / "answers.csv")
    assert verb.main([str(small_bundle), str(sounds), "--out", out]) == 2  # one could not be read
    assert f"{out}: 1 of the recordings could not be read; the column error says why" in capsys.readouterr().err
    assert verb.main([str(small_bundle), str(sounds), "--out", out]) == 2
    assert "exists already" in capsys.readouterr().err
    assert verb.main([str(small_bundle), str(sounds / "0.wav"), "--out", out, "--overwrite"]) == 0
    assert verb.main([str(small_bundle), str(sounds), "--runner", "DirectRunner"]) == 2
    assert "--runner: writes into a file; name one with --out" in capsys.readouterr().err
    with pytest.raises(KwsclsError, match="is named as neither .parquet nor .csv"):
        bulk.predict_table(small_bundle, [str(sounds)], "answers.txt")
