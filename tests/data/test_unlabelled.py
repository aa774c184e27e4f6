"""Unlabelled recordings: found, packed, cut."""

import numpy as np
import pytest
import soundfile

from kwscls.data.unlabelled import Crops, pack, sounds
from kwscls.errors import KwsclsError


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "recordings"
    (place / "deep" / ".hidden").mkdir(parents=True)
    ramp = np.arange(1, 5001, dtype=np.int16)
    soundfile.write(place / "a.flac", ramp, 16000, subtype="PCM_16")
    soundfile.write(place / "deep" / "b.WAV", ramp[:300] + 10000, 16000, subtype="PCM_16")
    soundfile.write(place / "deep" / ".hidden" / "c.wav", ramp, 16000)
    (place / "d.wav").write_bytes(b"no sound")
    (place / "notes.txt").write_text("no sound")
    return place


def test_sounds_are_found_at_any_depth(folder):
    assert [path.name for path in sounds(folder)] == ["a.flac", "d.wav", "b.WAV"]
    with pytest.raises(KwsclsError, match="is no folder"):
        sounds(folder / "notes.txt")
    (folder.parent / "empty").mkdir()
    with pytest.raises(KwsclsError, match="holds no recordings"):
        sounds(folder.parent / "empty")


def test_packing_keeps_samples_and_leaves_out_what_cannot_be_read(folder, tmp_path, capsys):
    starts = pack(sounds(folder), 16000, tmp_path / "packed")
    assert starts.tolist() == [0, 5000, 5300]
    kept = np.fromfile(tmp_path / "packed", "<i2")
    np.testing.assert_array_equal(kept[:5000], np.arange(1, 5001))
    np.testing.assert_array_equal(kept[5000:], np.arange(10001, 10301))
    assert "1 of 3 recordings cannot be read; the first: " in capsys.readouterr().err
    with pytest.raises(KwsclsError, match="none of 1 recordings can be read"):
        pack([folder / "d.wav"], 16000, tmp_path / "nothing")
    assert len(pack(sounds(folder), 8000, tmp_path / "half")) == 3


def test_crops_are_pieces_and_the_same_for_the_same_step(folder, tmp_path):
    crops = Crops(tmp_path / "packed", pack(sounds(folder), 16000, tmp_path / "packed"), 1000, seed=1)
    assert len(crops) == 2
    waveforms, real = crops.batch(7, 64)
    assert waveforms.shape == (64, 1000) and waveforms.dtype == np.float32 and set(real) == {300, 1000}
    for clip, length in zip(waveforms * 32768, real):
        assert (np.diff(clip[:length]) == 1).all() and not clip[length:].any()
    assert 5 < (real == 300).sum() < 25  # one in six: drawn by length
    long = waveforms[real == 1000, 0] * 32768
    assert long.min() < 800 and long.max() > 3200 and long.max() <= 4001
    for one, other in zip(crops.batch(7, 64), (waveforms, real)):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(crops.batch(8, 64)[0], waveforms)
