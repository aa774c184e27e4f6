"""Recordings of any length and format, cut into windows and put together again."""

import io
import os
import threading
import types

import numpy as np
import pytest
import soundfile

from kwscls.errors import KwsclsError
from kwscls.serving.predict import predict, read, window_starts, windows


class Loud:
    """Stands for a bundle: the score of the second label is the loudness of the window."""

    labels, samples, sample_rate, frame_step, frame_length, stream = ["quiet", "loud"], 100, 1000, None, None, None

    def __init__(self):
        self.batches = []

    def scores(self, waveforms):
        self.batches.append(len(waveforms))
        loud = np.abs(waveforms).max(axis=1)
        return np.stack([1 - loud, loud], axis=1)


class LoudFrames(Loud):
    """The same with a frame for every 20 samples, each 40 samples long."""

    frame_step, frame_length = 20, 40

    def scores(self, waveforms):
        frames = np.stack([np.abs(waveforms[:, at:at + 40]).max(axis=1) for at in range(0, 61, 20)], axis=1)
        return np.stack([1 - frames, frames], axis=2)


def write(path, waveform, rate=1000):
    soundfile.write(path, waveform, rate, subtype="PCM_16")
    return str(path)


@pytest.mark.parametrize("length,starts", [(1, [0]), (100, [0]), (101, [0, 1]), (150, [0, 50]), (230, [0, 50, 100, 130])])
def test_windows_overlap_and_the_last_ends_with_the_recording(length, starts):
    waveform = np.arange(1, length + 1, dtype=np.float32)
    assert window_starts(length, 100, 50) == starts
    batches = list(windows([(waveform, starts)], 100, 3))
    assert [len(batch) for batch in batches] == [3, 1] if len(starts) == 4 else [len(starts)]
    for start, window in zip(starts, np.concatenate(batches), strict=True):
        expected = waveform[start:start + 100]
        np.testing.assert_array_equal(window, np.pad(expected, (0, 100 - len(expected))))


def test_many_recordings_are_answered_in_order_and_in_batches(tmp_path):
    bundle = Loud()
    paths = [write(tmp_path / f"{place}.wav", np.full(250 if place == 3 else 80, place / 10)) for place in range(9)]
    answers = list(predict(bundle, paths, batch_size=4))
    assert [answer.path for answer in answers] == paths
    np.testing.assert_allclose([answer.scores[1] for answer in answers], np.arange(9) / 10, atol=1e-3)
    assert [len(answer.windows) for answer in answers] == [1, 1, 1, 4, 1, 1, 1, 1, 1]
    assert max(bundle.batches) <= 4 and sum(bundle.batches) == 12


def test_a_folder_is_searched_and_a_bad_file_carries_its_error(tmp_path):
    write(tmp_path / "a.wav", np.full(80, 0.5))
    (tmp_path / "deep").mkdir()
    soundfile.write(tmp_path / "deep" / "b.flac", np.full(80, 0.25), 1000)
    (tmp_path / "deep" / "c.mp3").write_bytes(b"nothing of the kind")
    (tmp_path / "notes.txt").write_text("no recording")
    (tmp_path / "__MACOSX").mkdir()
    for shadow in ("._a.wav", "__MACOSX/._a.wav", "__MACOSX/a.wav"):
        (tmp_path / shadow).write_bytes(b"of a Mac")
    (tmp_path / "folder.wav").mkdir()
    answers = list(predict(Loud(), [str(tmp_path)]))
    assert [answer.error is None for answer in answers] == [True, True, False]
    assert "c.mp3" in answers[2].error


@pytest.mark.parametrize("format, subtype", [("WAV", "IMA_ADPCM"), ("RF64", "PCM_16"), ("WAVEX", "FLOAT")])
def test_what_training_reads_is_answered_too(tmp_path, format, subtype):
    path = str(tmp_path / "a.wav")
    soundfile.write(path, 0.5 * np.sin(np.arange(2000) / 10), 8000, format=format, subtype=subtype)
    assert np.abs(read(path, 8000)).max() == pytest.approx(0.5, abs=0.02)


def test_a_damaged_wav_keeps_the_reason_of_the_exports_reader(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(KwsclsError, match="bad WAV file"):
        read(str(tmp_path / "a.wav"), 8000)


def test_a_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    file = io.BytesIO()
    soundfile.write(file, np.full(80, 0.5), 1000, format="WAV", subtype="PCM_16")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(file.getvalue(),), daemon=True)
    writer.start()
    answer = next(predict(Loud(), [str(tmp_path / "pipe")]))
    writer.join(10)
    assert answer.scores[1] == pytest.approx(0.5, abs=1e-3)


def test_standard_input(monkeypatch):
    file = io.BytesIO()
    soundfile.write(file, np.full(80, 0.5), 1000, format="WAV", subtype="PCM_16")
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(file.getvalue())))
    answer = next(predict(Loud(), ["-"]))
    assert answer.path == "-" and answer.scores[1] == pytest.approx(0.5, abs=1e-3)


def test_frames_of_overlapping_windows_make_one_timeline(tmp_path):
    waveform = np.concatenate([np.zeros(120), np.full(110, 0.5)])
    answer = next(predict(LoudFrames(), [write(tmp_path / "a.wav", waveform)]))
    times, scores = answer.frames
    assert (np.diff(times) > 0).all() and times[0] == pytest.approx(0.02) and times[-1] <= 0.23
    assert scores.shape == (len(times), 2)
    np.testing.assert_allclose(scores[times < 0.1, 1], 0, atol=1e-3)
    np.testing.assert_allclose(scores[times > 0.15, 1], 0.5, atol=1e-3)


@pytest.mark.parametrize("length", [10, 100, 107, 230, 237])
def test_a_timeline_has_a_frame_a_step(tmp_path, length):
    """Wherever the last window begins, its frames do not stand among those of the windows before; only seams are shorter."""
    answer = next(predict(LoudFrames(), [write(tmp_path / "a.wav", np.full(length, 0.5))]))
    times, steps = answer.frames[0], np.diff(answer.frames[0])
    assert len(times) == len(answer.frames[1]) >= 1 and (steps > 0).all() and (steps < 0.0201).all()
    assert (steps < 0.0199).sum() < len(answer.windows)


def test_a_rate_that_cannot_be_is_told(tmp_path):
    odd = write(tmp_path / "odd.wav", np.zeros(100), 7)
    good = write(tmp_path / "good.wav", np.zeros(100))
    answers = list(predict(Loud(), [odd, good]))
    assert "cannot resample from 7" in answers[0].error and answers[1].error is None


def test_what_cannot_be_asked(tmp_path):
    with pytest.raises(KwsclsError, match="does not exist"):
        list(predict(Loud(), [str(tmp_path / "none.wav")]))
    with pytest.raises(KwsclsError, match="must be above zero"):
        list(predict(Loud(), [], hop=-1))
    with pytest.raises(KwsclsError, match="is empty"):
        (tmp_path / "empty.wav").touch()
        read(str(tmp_path / "empty.wav"), 1000)


def test_a_manifests_parts_of_recordings(tmp_path):
    write(tmp_path / "day.wav", np.repeat([0.0, 0.5, 0.25], 100))
    (tmp_path / "parts.csv").write_text("path,start,end,label\nday.wav,0,0.1,quiet\nday.wav,0.1,0.2,loud\nday.wav,0.15,0.25,loud\n")
    answers = list(predict(Loud(), [tmp_path / "parts.csv"]))
    assert [one.path.rsplit("/", 1)[1] for one in answers] == ["day@0.000-0.100.wav", "day@0.100-0.200.wav", "day@0.150-0.250.wav"]
    np.testing.assert_allclose([one.scores[1] for one in answers], [0, 0.5, 0.5], atol=1e-4)
