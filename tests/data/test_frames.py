"""The table of segments and the labels of frames."""

import numpy as np
import pytest

from kwscls.data.frames import FrameClips, Segment, Talk, frame_targets, is_table, read
from kwscls.errors import KwsclsError
from tests.conftest import write_wav

ROWS = ["path,start,end,label,split", "b.wav,0.5,1.0,no,train", "b.wav,0,0.5,yes,train", "a.wav,0.25,0.75,yes,test"]


def table(folder, rows):
    path = folder / "segments.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_table_is_read_in_order(tmp_path):
    path = table(tmp_path, ROWS)
    assert is_table(path) and not is_table(tmp_path) and not is_table(tmp_path / "none.csv")
    first, second = read(path)
    assert first == Talk(tmp_path / "a.wav", (Segment(0.25, 0.75, "yes"),), "test")
    assert [segment.label for segment in second.segments] == ["yes", "no"] and second.split == "train"
    assert not is_table(table(tmp_path, ["path,label", "a.wav,yes"]))


def test_without_splits_a_hash_of_the_path_decides(tmp_path):
    rows = ["path,start,end,label", *(f"{number}.wav,0,1,yes" for number in range(500))]
    splits = {talk.path.name: talk.split for talk in read(table(tmp_path, rows))}
    counts = [list(splits.values()).count(name) for name in ("train", "validation", "test")]
    assert abs(counts[0] - 400) < 40 and min(counts[1:]) > 25
    assert {talk.path.name: talk.split for talk in read(table(tmp_path, [rows[0], *rows[:0:-1]]))} == splits


@pytest.mark.parametrize("row, says", [
    ("a.wav,0,1,", "line 2: a path or a label is missing"), ("a.wav,0,x,yes", "are no seconds"),
    ("a.wav,1,1,yes", "cannot last from 1 s to 1 s"), ("a.wav,-1,1,yes", "cannot last"),
    ("a.wav,0,nan,yes", "cannot last"),
    ("a.wav,0,1,yes\na.wav,0.9,2,no", "yes until 1 s and no from 0.9 s overlap")])
def test_bad_rows_are_told(tmp_path, row, says):
    with pytest.raises(KwsclsError, match=says):
        read(table(tmp_path, ["path,start,end,label", row]))


def test_bad_splits_are_told(tmp_path):
    with pytest.raises(KwsclsError, match="two splits"):
        read(table(tmp_path, [*ROWS, "a.wav,0.8,0.9,yes,train"]))
    with pytest.raises(KwsclsError, match="is no split"):
        read(table(tmp_path, [*ROWS, "c.wav,0.8,0.9,yes,later"]))
    with pytest.raises(KwsclsError, match="has no rows"):
        read(table(tmp_path, ROWS[:1]))


def test_a_frame_has_the_label_of_its_middle():
    segments = (Segment(0.0, 0.1, "a"), Segment(0.1, 0.2, "b"), Segment(0.3, 0.4, "a"))
    targets = frame_targets(segments, ["a", "b"], 10, 40, 40, 1000)  # middles at 20, 60, 100, ... ms
    assert targets.tolist() == [0, 0, 1, 1, 1, -1, -1, 0, 0, 0] and targets.dtype == np.int32
    assert frame_targets(segments, ["a", "b"], 3, 40, 80, 1000).tolist() == [0, 0, 1]  # middles at 40, 80, 120 ms
    assert frame_targets(segments, ["a", "b"], 3, 40, 40, 1000, offset=300).tolist() == [0, 0, -1]
    assert frame_targets(segments, ["a", "b"], 4, 40, 40, 1000, samples=90).tolist() == [0, 0, -1, -1]


def test_recordings_are_cut_into_clips(tmp_path):
    write_wav(tmp_path / "a.wav", np.linspace(0, 0.5, 2500), 1000)
    talk = Talk(tmp_path / "a.wav", (Segment(0, 1.5, "yes"), Segment(1.5, 2.5, "no")), "train")
    clips = FrameClips([talk], ["no", "yes"], 1000, 1000, 5, 200, 200)
    assert len(clips) == 3 and clips.waveforms.shape == (3, 1000) and clips.names == [str(tmp_path / "a.wav")] * 3
    assert clips.targets.tolist() == [[1] * 5, [1, 1, 0, 0, 0], [0, 0, -1, -1, -1]]
    waveforms, targets = clips.batch([2, 0])
    np.testing.assert_allclose(waveforms[1], np.linspace(0, 0.5, 2500)[:1000], atol=1e-4)
    assert not waveforms[0, 500:].numpy().any() and targets.shape == (2, 5)
    with pytest.raises(KwsclsError, match="segments of yes"):
        FrameClips([talk], ["no"], 1000, 1000, 5, 200, 200)
    with pytest.raises(KwsclsError, match="cannot be read"):
        FrameClips([Talk(tmp_path / "b.wav", (), "train")], ["no"], 1000, 1000, 5, 200, 200)
    with pytest.raises(KwsclsError, match="no recordings"):
        FrameClips([], ["no"], 1000, 1000, 5, 200, 200)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings(tmp_path, encoding):
    path = tmp_path / "segments.csv"
    path.write_text("path,label\ncafé.wav,yes\n", encoding=encoding)
    assert not is_table(path)
    path.write_text("path,start,end,label\n\ncafé.wav,0,1,yes\n", encoding=encoding)
    with pytest.raises(KwsclsError, match="is no CSV table in UTF-8"):
        read(path)
