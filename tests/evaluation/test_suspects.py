"""Planted mistakes are found, the page shows them, and the table is taken back by train and prepare."""

import json
import re

import numpy as np
import pytest

from kwscls import prepare as prepare_verb
from kwscls import suspects as verb
from kwscls.data import corrections, manifest, prepare
from kwscls.data.pipeline import Clips
from kwscls.errors import KwsclsError
from kwscls.evaluation import suspects
from tests.conftest import tone, write_wav

TONES = {"high": 2500, "low": 400, "middle": 1100}
WRONG = {"train/high/low_3.wav", "train/middle/high_4.wav"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Prepared tones: two under a wrong label, one silent, one clipped, and a wrong one in the test split."""
    place = tmp_path_factory.mktemp("planted")
    rows = ["path,label,split"]
    for split, clips in (("train", 14), ("validation", 4), ("test", 3)):
        for label, frequency in TONES.items():
            for clip in range(clips):
                name = f"{split}/{label}_{clip}.wav"
                sound = tone(frequency, 0.15, seed=len(rows))
                sound[-400:] *= np.linspace(1, 0, 400)
                sound[:400] *= np.linspace(0, 1, 400)
                sound *= {("low", 5): 0, ("low", 6): 2.2}.get((label, clip), 1)
                given = {"train/low_3": "high", "train/high_4": "middle", "test/low_0": "high"}.get(name[:-4], label)
                write_wav(place / "sounds" / name, sound)
                rows.append(f"{name},{given},{split}")
    (place / "sounds" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return prepare.ready(place / "sounds", out=place / "tones")


def test_confident_learning_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9], [0.6, 0.4], [0.7, 0.3]])
    truth = np.array([0, 0, 0, 1, 1, 1])  # usual: 2/3 of label 0, 0.533 of label 1
    assert [(row, other, pytest.approx(margin)) for row, other, margin in [(5, 0, 0.4), (2, 1, 0.4)]] == sorted(
        suspects.wrong_labels(probabilities, truth), reverse=True)
    assert suspects.wrong_labels(probabilities, truth, np.ones((6, 2), bool)) == []


def test_planted_mistakes_are_found_and_test_clips_left_alone(planted):
    found = suspects.suspects(planted)
    wrong = {row["path"]: row["becomes"] for row in found if row["why"].startswith("probably")}
    assert WRONG <= set(wrong) and len(wrong) <= 4
    assert wrong["train/high/low_3.wav"] == "low" and found[0]["score"] > suspects.SURE and found[0]["action"] == "drop"
    told = {row["path"]: row["why"] for row in found}
    assert told["train/low/low_5.wav"] == "silent" and told["train/low/low_6.wav"] == "clipped"
    assert not any(row["path"].startswith("test") for row in found)


def test_the_page_and_the_table_of_the_verb(planted, tmp_path, capsys):
    assert verb.main([str(planted), "--out", str(tmp_path), "--json", "--most", "3"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    page = (tmp_path / "suspects.html").read_text()
    assert page.count("<audio") == 3 and page.count("<select") == 3 and "data:image/png" in page
    assert not re.search(r'(src|href)="?(http|/)', page)
    table = corrections.read(tmp_path / "suspects.csv")
    assert {row["path"] for row in told if row["action"] == "drop"} == set(table) and WRONG <= set(table)


def write(path, *lines):
    path.write_text("path,label,action,becomes,why,score\n" + "".join(f"{line}\n" for line in lines))
    return str(path)


def test_train_takes_the_table_back(planted, tmp_path):
    table = write(tmp_path / "table.csv", "train/high/low_3.wav,high,relabel,low,,", "train/low/low_5.wav,low,drop,,,",
                  "train/low/low_6.wav,low,keep,,,")
    before, after = Clips(planted / "train", 2400), Clips(planted / "train", 2400, corrections=table)
    assert after.marks.sum(axis=0).tolist() == (before.marks.sum(axis=0) + [-1, 0, 0]).tolist()
    place = [path.endswith("high/low_3.wav") for path in after.paths].index(True)
    assert after.labels[after.targets[place]] == "low" and not any("low_5" in path for path in after.paths)
    old = [path.endswith("high/low_3.wav") for path in before.paths].index(True)
    np.testing.assert_array_equal(after.batch([place])[0], before.batch([old])[0])


def test_prepare_takes_it_back_too(planted, tmp_path):
    table = write(tmp_path / "table.csv", "train/high/low_3.wav,high,relabel,low,,", "train/low/low_5.wav,low,drop,,,")
    words = ["--data", str(planted), "--out", str(tmp_path / "mended")]
    assert prepare_verb.main([*words, "--corrections", table]) == 0
    assert (tmp_path / "mended" / "train" / "low" / "low_3.wav").is_file()
    assert len(manifest.read(tmp_path / "mended" / "manifest.csv")) == len(manifest.read(planted / "manifest.csv")) - 1
    write(tmp_path / "table.csv", "train/low/low_5.wav,low,drop,,,")
    assert prepare_verb.main([*words, "--corrections", table]) == 2, "it changed"


def test_what_is_wrong_with_a_table_is_told(planted, tmp_path):
    for lines, why in ((["test/high/low_0.wav,,drop,,,"], "is a test clip"), (["a,,burn,,,"], "'burn' is none of keep"),
                       (["a,,relabel,,,"], "needs a label")):
        with pytest.raises(KwsclsError, match=why):
            Clips(planted / "test", 2400, corrections=write(tmp_path / "table.csv", *lines))
    (tmp_path / "table.csv").write_text("clip\n")
    with pytest.raises(KwsclsError, match="no columns path and action"):
        corrections.read(tmp_path / "table.csv")
    with pytest.raises(KwsclsError, match="does not exist"):
        corrections.read(tmp_path / "none.csv")


@pytest.mark.parametrize("clips", [{"no": 0, "yes": 3}, {"no": 1, "yes": 3}, {"no": 1, "yes": 1}, {"no": 2, "yes": 2}, {"no": 0}],
                         ids=str)
def test_without_two_labels_to_tell_apart_the_poor_clips_are_told(tmp_path, clips):
    """Labels with so many clips that sound, or with two of zeros; one of zeros to validate with."""
    for label, count in clips.items():
        for clip in range(count or 2):
            write_wav(tmp_path / "train" / label / f"{clip}.wav", (count > 0) * tone(TONES["low"], 0.15, seed=clip))
    write_wav(tmp_path / "validation" / "no" / "0.wav", np.zeros(2400))
    silent = {row["path"] for row in suspects.suspects(tmp_path) if row["why"] == "silent"}
    assert silent == {"validation/no/0.wav", *(f"train/no/{clip}.wav" for clip in range(2) if not clips["no"])}
