"""One recording: PCM16 bit for bit, the rate by the exported resampler, facts."""

import numpy as np
import scipy.io.wavfile

from kwscls.data.convert import convert, read_wav, to_pcm16, wav_bytes
from tests.data.sounds import tone, write


def test_sixteen_bits_come_back_bit_for_bit(tmp_path):
    found = convert(write(tmp_path / "a.flac", 1), tmp_path / "out/a.wav", 16000)
    rate, samples = scipy.io.wavfile.read(tmp_path / "out/a.wav")
    assert rate == 16000 and samples.dtype == np.int16
    np.testing.assert_array_equal(samples, (tone(1) * 32768).astype(np.int16))
    np.testing.assert_array_equal(read_wav(tmp_path / "out/a.wav"), samples)
    assert (found["seconds"], found["rate"], found["channels"], found["decoder"]) == (0.3, 16000, 1, "soundfile")
    assert found["peak"] == round(float(np.abs(tone(1)).max()), 6) and found["clipped"] == 0


def test_rounding_to_the_nearest_and_clipping():
    values = np.array([0.4, 0.5, 1.5, -0.5, -0.6, 32766.6, 40000, -40000], np.float32) / 32768
    assert to_pcm16(values).tolist() == [0, 0, 2, 0, -1, 32767, 32767, -32768]
    every = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(to_pcm16(every.astype(np.float32) / 32768), every)


def test_another_rate_is_that_of_the_export(tmp_path):
    from kwscls.dsp.resample import resample

    found = convert(write(tmp_path / "a.wav", 2, rate=8000), tmp_path / "b.wav", 16000)
    expected = resample(tone(2, rate=8000), 8000, 16000).numpy()
    np.testing.assert_array_equal(read_wav(tmp_path / "b.wav"), to_pcm16(expected))
    assert found["rate"] == 8000 and found["seconds"] == 0.3


def test_same_sound_same_content_whatever_the_file(tmp_path):
    one, other = (convert(write(tmp_path / name, 3), tmp_path / "out.wav", 16000) for name in ("a.wav", "a.flac"))
    assert one["content"] == other["content"]


def test_limits_and_what_cannot_be_used(tmp_path):
    clip = write(tmp_path / "a.wav", seconds=0.3)
    assert convert(clip, tmp_path / "o.wav", 16000, shortest=0.5)["why"] == "lasts 0.300 s, less than 0.5 s"
    assert convert(clip, tmp_path / "o.wav", 16000, longest=0.2)["why"] == "lasts 0.300 s, more than 0.2 s"
    clip.write_bytes(b"no sound")
    assert convert(clip, tmp_path / "o.wav", 16000)["why"].startswith("is no sound file")
    odd = tmp_path / "odd.wav"
    odd.write_bytes(wav_bytes(np.ones(100, np.int16), 7))
    assert convert(odd, tmp_path / "o.wav", 16000)["why"] == "has a rate of 7 Hz, which cannot be brought to 16000 Hz"
    assert not (tmp_path / "o.wav").exists()


def test_clipped_share(tmp_path):
    wave = np.full(1000, 0.1, np.float32)
    wave[:100], wave[100:150] = 1.5, -1
    path = tmp_path / "a.wav"
    import soundfile
    soundfile.write(path, wave, 16000, subtype="FLOAT")
    assert convert(path, tmp_path / "o.wav", 16000)["clipped"] == 0.15
