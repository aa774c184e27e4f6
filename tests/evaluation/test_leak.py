"""The leak meter measures a leak that was planted, and finds groups by ear."""

import json

import numpy as np
import pytest

from kwscls import prepare as verb
from kwscls.data import prepare
from kwscls.evaluation import leak, probe
from tests.conftest import tone, write_wav


def corpus(folder, speakers=8, takes=4, named=True):
    """Two labels that only a speaker's own habits tell apart: each says them with two tones of its own, in any order.
    All takes of a speaker's label are one sound, louder or softer and with other noise."""
    draw = np.random.default_rng(0)
    rows = ["path,label,speaker" if named else "path,label"]
    for speaker in range(speakers):
        pair = draw.permutation([500 + 600 * speaker, 800 + 600 * speaker])
        for label, frequency in zip(("no", "yes"), pair):
            for take in range(takes):
                name = f"{chr(97 + speaker)}{label}{take}.wav"
                noise = draw.normal(0, 0.002, 2400)
                write_wav(folder / name, draw.uniform(0.4, 1) * tone(frequency, 0.15, seed=frequency) + noise)
                rows.append(f"{name},{label},s{speaker}" if named else f"{name},{label}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_planted_leak_is_measured(tmp_path, capsys):
    assert verb.main(["--data", str(corpus(tmp_path / "sounds")), "--out", str(tmp_path / "made"), "--leak", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["leak"]
    assert found["clips"] == 64 and found["groups"] == 8 and found["shared"] == 0
    assert found["random"] > 0.9 and found["grouped"] < 0.75 and found["gap"] == pytest.approx(found["random"] - found["grouped"])
    assert found["grouped_interval"][0] <= found["grouped"] <= found["grouped_interval"][1]
    assert "flatters by" in leak.verdict(found) and "share no group" in leak.verdict(found)


def test_without_speakers_near_duplicates_are_groups(tmp_path):
    place = prepare.ready(corpus(tmp_path / "sounds", named=False), out=tmp_path / "made")
    found = leak.measure(place)
    assert found["how"] == "clips that sound nearly the same" and found["groups"] < 64 and found["shared"] > 0
    leak.show(found)


def test_clips_alike_are_one_group_also_by_way_of_others():
    draw = np.random.default_rng(0)
    seen = draw.normal(size=(6, 40))
    seen[1], seen[2] = seen[0] + 0.01, seen[0] + 0.02
    groups = leak.alike(seen)
    assert groups[0] == groups[1] == groups[2] and len(set(groups)) == 4


def test_features_and_probe(tones):
    paths = sorted(tones.glob("train/*/*.wav"))
    seen = probe.features(paths, 16000, 4000)
    assert seen.shape == (32, (probe.SLICES + 2) * probe.BANDS) and np.isfinite(seen).all()
    truth = np.array([path.parent.name == "low" for path in paths]).astype(int)
    made = probe.out_of_fold(seen, truth)
    assert made.sum(axis=1) == pytest.approx(1) and (made.argmax(axis=1) == truth).all()


def few(folder, *rows):
    """A manifest and a tone for each (label, speaker)."""
    for place, (label, _) in enumerate(rows):
        write_wav(folder / f"{place}.wav", tone({"no": 400, "yes": 2500}.get(label, 1000), 0.15, seed=place))
    (folder / "manifest.csv").write_text("path,label,speaker\n" + "".join(
        f"{place}.wav,{label},{speaker}\n" for place, (label, speaker) in enumerate(rows)))
    return folder


def test_a_rare_label_is_left_out(tmp_path):
    rows = [(label, speaker) for speaker in "abcd" for label in ("no", "yes") for _ in range(2)]
    place = prepare.ready(few(tmp_path / "sounds", *rows, ("rare", "a")), out=tmp_path / "made")
    found = leak.measure(place)
    assert found["clips"] == 16 and found["groups"] == 4 and found["random"] == found["grouped"] == 1 and found["gap"] == 0


@pytest.mark.parametrize("rows, random, why", [
    ([("no", "a")] * 2 + [("yes", "b")] * 2, None, "needs two labels of more clips"),
    ([("no", "a")] * 3 + [("yes", "a")] * 3 + [("yes", "b")], 5 / 7, "without a group the others hold too little"),
], ids=["two clips each", "one clip beside a group"])
def test_what_cannot_be_measured_is_said_under_the_findings(tmp_path, capsys, rows, random, why):
    words = ["--data", str(few(tmp_path / "sounds", *rows)), "--out", str(tmp_path / "made"), "--leak"]
    assert verb.main(words) == 0
    out, err = capsys.readouterr()
    assert "clips" in out and why in err
    assert verb.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["leak"]
    assert found["random"] == random and found["grouped"] is None and found["gap"] is None


@pytest.mark.parametrize("truth", [[], [0], [0, 0, 0], [0, 1], [0, 1, 1], [0, 0, 1, 1]], ids=str)
def test_too_few_clips_are_no_probe(truth):
    assert probe.out_of_fold(np.random.default_rng(0).normal(size=(len(truth), 4)), np.array(truth, int)) is None
