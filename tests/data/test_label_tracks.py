"""Recordings labelled in Audacity."""

import pytest

from kwscls.data import prepare
from kwscls.data.layouts import load
from kwscls.data.manifest import read
from kwscls.errors import KwsclsError
from tests.data.sounds import write
from tests.data.test_manifest import touch


def test_tracks_beside_recordings(tmp_path):
    touch(tmp_path, "dawn.wav", "dusk.flac", "night.wav", "notes.txt")
    (tmp_path / "dawn.txt").write_text("0.500000\t1.250000\twren\n\\\t2000.0\t6000.0\n2.000000\t2.000000\tmark\n3\t4\trobin\n")
    (tmp_path / "dusk.txt").write_text("\ufeff1,5\t2,25\twren\n", encoding="utf-8")
    assert [(one.path.name, one.labels[0], one.group) for one in load(tmp_path)] == [
        ("dawn@0.500-1.250.wav", "wren", "dawn"), ("dawn@3.000-4.000.wav", "robin", "dawn"), ("dusk@1.500-2.250.flac", "wren", "dusk")]
    (tmp_path / "dusk.txt").write_text("1\t2\t \n")
    with pytest.raises(KwsclsError, match="dusk.txt:1: has no label; write one"):
        load(tmp_path)


def test_texts_that_are_no_tracks(tmp_path):
    touch(tmp_path, "dawn.wav")
    (tmp_path / "dawn.txt").write_text("0.5\t1\twren\nrecorded in the wood\n")
    with pytest.raises(KwsclsError, match="holds recordings but no class folders"):
        load(tmp_path)


def test_prepared_from_label_tracks(tmp_path):
    for day in range(5):
        write(tmp_path / "days" / f"day{day}.wav", seed=day, seconds=2)
        (tmp_path / "days" / f"day{day}.txt").write_text("0\t0.5\twren\n0.75\t1.5\trobin\n")
    folder = prepare.ready(tmp_path / "days", tmp_path / "birds")
    clips = read(folder / "manifest.csv")
    assert sorted((one.labels[0], one.seconds) for one in clips) == [("robin", 0.75)] * 5 + [("wren", 0.5)] * 5
    assert len({(one.group, one.split) for one in clips}) == 5


def test_tracks_tell_more_than_the_folders_of_their_recordings(tmp_path, capsys):
    touch(tmp_path, "site1/rec.wav", "site2/rec.wav", "site2/rec2.wav")
    for place in ("site1", "site2"):
        (tmp_path / place / "rec.txt").write_text("0\t1\tdog\n1\t2\tcat\n")
    assert [(one.path.name, one.labels[0], one.group) for one in load(tmp_path)] == [
        (f"rec@{second}.000-{second + 1}.000.wav", label, f"{place}/rec") for place in ("site1", "site2")
        for second, label in enumerate(("dog", "cat"))]
    assert "labels as the tracks beside 2 of 3 recordings say" in capsys.readouterr().err


def test_a_table_of_numbers_is_no_track(tmp_path):
    touch(tmp_path, "well/a.wav", "ill/b.wav")
    for name in ("well/a.txt", "ill/b.txt"):
        (tmp_path / name).write_text("0.1\t2.5\t0\t1\n2.5\t4\t1\t0\n")
    assert {one.path.name: one.labels[0] for one in load(tmp_path) if one.path.suffix == ".wav"} == {"a.wav": "well", "b.wav": "ill"}
