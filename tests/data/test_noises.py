"""Recordings of noise: any form and rate, without the silence behind them, and told apart from what is none."""

import numpy as np
import pytest
import soundfile

from kwscls import train
from kwscls.data.extra_labels import UNTRAINED
from kwscls.data.noises import noises_of, read_noises
from kwscls.errors import KwsclsError
from tests.conftest import tone, write_wav


def test_any_form_and_rate_is_read(tmp_path):
    write_wav(tmp_path / "a" / "fan.wav", np.concatenate([tone(1000, 0.5), np.zeros(4000)]))
    write_wav(tmp_path / "silent.wav", np.zeros(8000))
    soundfile.write(tmp_path / "b.flac", np.stack([tone(1000, 90, 44100)] * 2, axis=1), 44100)
    (tmp_path / "readme.txt").write_text("not a sound")
    fan, long = sorted(read_noises(tmp_path, 16000), key=len)
    assert 7900 <= len(fan) <= 8000 and fan.dtype == np.float32 and len(long) == 60 * 16000
    for noise in (fan, long):  # still 1000 Hz
        spectrum = np.abs(np.fft.rfft(noise[:6400] * np.hanning(6400)))
        assert abs(spectrum.argmax() * 16000 / 6400 - 1000) < 5


def test_a_prepared_folder_may_bring_some(tmp_path):
    assert noises_of(tmp_path, 16000) == []
    write_wav(tmp_path / "noise" / "fan.wav", tone(1000, 0.5))
    assert len(noises_of(tmp_path, 16000)) == 1
    for loudness in (1, 0):
        write_wav(tmp_path / f"other{loudness}" / "hum.wav", loudness * tone(300, 0.2))
    assert len(noises_of(tmp_path, 16000, tmp_path / "other1")[0]) < 4000  # the named one in its place
    with pytest.raises(KwsclsError, match="nothing but silence"):
        noises_of(tmp_path, 16000, tmp_path / "other0")


@pytest.mark.parametrize("name, message", [("missing", "is no folder"), ("empty", "holds no recordings"), ("bad", "fan.wav")])
def test_what_is_no_noise_is_told_before_training(tones, tmp_path, monkeypatch, capsys, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "fan.wav").write_bytes(b"junk")
    with pytest.raises(KwsclsError, match=message):
        read_noises(tmp_path / name, 16000)
    assert train.main(["--data", str(tones), "--noises", str(tmp_path / name), "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("error: ") and message in told and not (tmp_path / "run").exists()


def test_training_hears_no_noise_that_silences_are_tested_with(tmp_path):
    write_wav(tmp_path / "noise" / "fan.wav", np.repeat([0.1, 0.2, 0.3], [12800, 1600, 1600]))
    heard, = noises_of(tmp_path, 16000)
    assert len(heard) == 12800 and heard.max() < 0.11
    kept, = noises_of(tmp_path, 16000, part=UNTRAINED)
    assert len(kept) == 3200 and kept.min() > 0.19
    named, = noises_of(tmp_path, 16000, tmp_path / "noise")
    assert len(named) == 16000
