"""Listening: windows over blocks of any size, smoothing, thresholds, refractory time."""

import io
import json
import sys
import types

import numpy as np
import pytest

from kwscls import listen as verb
from kwscls.errors import KwsclsError
from kwscls.serving import bundle as bundles
from kwscls.serving.detector import STORED, Detector, ListenRules, of_windows
from kwscls.serving.listening import listen, sound, stored_rules, streamed, windowed
from tests.conftest import write_wav
from tests.serving.test_predict import Loud


class Listener(Loud):
    """Hears "loud" as far as a window of 100 samples is."""

    model = "listener"


def test_rules_are_told_in_words():
    labels = ["_silence_", "no", "up", "yes"]
    assert ListenRules(default=0.8).told(labels) == "threshold 0.8"
    assert ListenRules({"no": 0.5, "up": 2.0}, default=0.9).told(labels) == "thresholds 0.5 to 0.9, never telling up"
    assert ListenRules(default=2.0).told(labels) == "never telling no, up, yes"


def test_smoothing_threshold_and_refractory_time():
    detector = Detector(["_silence_", "a", "b"], ListenRules({"b": 0.4}, default=0.6, smooth=2, refractory=1.0))
    rows = [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0.2, 0.8], [0.1, 0.9, 0], [0, 1, 0], [1, 0, 0]]
    found = [detector.hear(0.5 * place, row) for place, row in enumerate(rows)]
    assert [(one.time, one.label, one.score) if one else None for one in found] == [
        None, None, (1.0, "a", 1.0), None, (2.0, "a", 0.6), None, (3.0, "a", 0.95), None]


@pytest.mark.parametrize("block", [1, 7, 25, 100, 1000])
def test_the_size_of_the_blocks_does_not_matter(block):
    waveform = np.zeros(1000, np.float32)
    waveform[300:320] = 0.9
    waveform[800:900] = -0.7
    blocks = (waveform[at:at + block] for at in range(0, 1000, block))
    found = list(listen(Listener(), blocks, ListenRules(default=0.65, smooth=1, refractory=0.2, hop=0.025)))
    assert [one.time for one in found if one.label == "loud"] == [0.325, 0.825]


def test_a_word_at_the_end_is_heard():
    """Smoothing wants a few windows with it, which the silence behind the sound gives."""
    waveform = np.zeros(500, np.float32)
    waveform[470:] = 0.9
    found = listen(Listener(), [waveform], ListenRules(default=0.7, smooth=3, refractory=1.0, hop=0.025))
    assert [one.label for one in found if one.label == "loud"] == ["loud"]


def test_windows_of_frames_count_by_their_highest_and_no_number_is_never_heard():
    frames = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.6, 0.4]]])
    np.testing.assert_array_equal(of_windows(frames), [[0.9, 0.8], [0.6, 0.4]])
    assert Detector(["a", "b"], ListenRules()).hear(1.0, [np.nan, np.nan]) is None


def test_the_stream_hears_what_windows_hear(small_bundle):
    """The export's own state, in steps of its frames; other steps are heard in windows."""
    bundle = bundles.load(small_bundle)
    assert bundle.stream["step"] == 128
    sound, hears = np.random.default_rng(0).normal(0, 0.1, 6400).astype(np.float32), (streamed(bundle), windowed(bundle))
    for at in range(0, 6400, 640):
        ours, windows = (hear(sound[at:at + 640]) for hear in hears)
        np.testing.assert_allclose(ours, windows, atol=1e-5)


def test_a_pipe_of_raw_pcm(monkeypatch):
    samples = np.arange(-500, 500, dtype="<i2")
    stream = io.BufferedReader(io.BytesIO(samples.tobytes() + b"x"))
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=stream))
    np.testing.assert_array_equal(np.concatenate(list(sound("-", 1000, 1000))), samples / np.float32(32768))
    with pytest.raises(KwsclsError, match="listens at 16000 Hz"):
        sound("-", 16000, 8000)


@pytest.mark.parametrize("source,remedy", [
    ("raise ModuleNotFoundError('sounddevice')", "pip install sounddevice"),
    ("raise OSError('PortAudio library not found')", "apt-get install libportaudio2"),
])
def test_what_a_microphone_lacks_is_told_with_its_remedy(source, remedy, monkeypatch, tmp_path):
    (tmp_path / "sounddevice.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(KwsclsError) as told:
        next(sound("microphone", 16000))
    assert str(told.value).endswith(f"; {remedy}, or pipe raw PCM to -")


def test_the_verb_prints_what_it_hears_in_a_file(monkeypatch, tmp_path, capsys):
    waveform = np.zeros(3000)
    waveform[1500:1600] = 0.9
    write_wav(tmp_path / "long.wav", waveform, 1000)
    listener = Listener()
    listener.folder = tmp_path
    monkeypatch.setattr(bundles, "load", lambda run: listener)
    (tmp_path / STORED).parent.mkdir()
    (tmp_path / STORED).write_text(json.dumps({"threshold": {"quiet": 2.0}, "default": 0.8, "smooth": 1, "refractory": 0.5,
                                               "hop": 0.05}))
    assert stored_rules(listener).threshold == {"quiet": 2.0}
    assert verb.main(["run", str(tmp_path / "long.wav"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["time"], row["label"]) for row in rows] == [(1.55, "loud")]
    assert verb.main(["run", str(tmp_path / "long.wav"), "--threshold", "0.95"]) == 0
    assert "loud" not in capsys.readouterr().out
