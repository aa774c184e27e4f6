"""Decoding: both decoders give the same samples, and what cannot be decoded is named."""

import os
import struct
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwscls.data import decode as room
from kwscls.data.convert import wav_bytes
from kwscls.data.decode import decode, decode_bytes
from kwscls.data.headers import kind_of
from kwscls.errors import KwsclsError
from tests.data.sounds import encoded, tone

LOSSLESS = [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"),
            ("FLAC", "PCM_24"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("NIST", "PCM_16")]
VIOLENT = (b"", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb\x90\x00", b"<html>no sound here</html>", bytes(1000))


@pytest.mark.parametrize("form, subtype", LOSSLESS)
@pytest.mark.parametrize("rate", [8000, 44100])
def test_lossless_forms_come_back_exactly(form, subtype, rate):
    wave = tone(1, rate=rate)
    sound = decode_bytes(encoded(wave, rate, form, subtype))
    np.testing.assert_array_equal(sound.waveform, wave)
    assert (sound.rate, sound.channels, sound.waveform.dtype) == (rate, 1, np.float32)


@pytest.mark.parametrize("form, subtype, kind", [
    ("OGG", "VORBIS", "Ogg Vorbis"), ("OGG", "OPUS", "Opus"), ("MP3", None, "MP3")])
def test_lossy_forms_come_back_nearly_and_as_long(form, subtype, kind):
    rate = 48000 if kind == "Opus" else 44100
    wave = tone(2, rate=rate)
    contents = encoded(wave, rate, form, subtype)
    sound = decode_bytes(contents)
    assert kind_of(contents) == kind
    assert len(sound.waveform) == len(wave) and sound.rate == rate
    assert np.corrcoef(sound.waveform, wave)[0, 1] > 0.98


@pytest.mark.parametrize("form, subtype, tolerance", [
    ("WAV", "PCM_16", 0), ("OGG", "VORBIS", 1e-5), ("MP3", None, 1e-5)])
@pytest.mark.parametrize("channels", [1, 2])
def test_both_decoders_give_the_same(form, subtype, tolerance, channels):
    if room._tensorflow_io() is None:
        pytest.skip("tensorflow-io does not load here")
    contents = encoded(tone(3, rate=22050, channels=channels), 22050, form, subtype)
    kind = kind_of(contents)
    (ours, rate), (theirs, their_rate) = (decoder(contents, kind) for decoder in room.DECODERS.values())
    assert rate == their_rate == 22050 and ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_flac_is_the_same_in_tensorflow_io():
    if room._tensorflow_io() is None:
        pytest.skip("tensorflow-io does not load here")
    contents = encoded(tone(3, channels=2), form="FLAC", subtype="PCM_16")
    theirs = room._tensorflow_io().decode_flac(contents, dtype="int16").numpy() / np.float32(32768)
    np.testing.assert_array_equal(decode_bytes(contents).waveform, theirs.mean(axis=1, dtype=np.float32))


def test_without_tensorflow_io_soundfile_decodes(monkeypatch):
    contents = encoded(tone(4), form="OGG", subtype="VORBIS")
    one = decode_bytes(contents)
    monkeypatch.setattr(room, "_tensorflow_io", lambda: None)
    other = decode_bytes(contents)
    assert other.decoder == "soundfile"
    np.testing.assert_allclose(one.waveform, other.waveform, rtol=0, atol=1e-5)


def test_channels_are_averaged():
    stereo = np.stack([tone(5), tone(6)], axis=1)
    np.testing.assert_allclose(decode_bytes(encoded(stereo)).waveform, stereo.mean(axis=1), atol=1e-7)


def test_variety_that_tensorflow_io_lacks():
    sound = decode_bytes(encoded(tone(7), subtype="ALAW"))
    assert sound.decoder == "soundfile" and np.corrcoef(sound.waveform, tone(7))[0, 1] > 0.99


def test_an_mp3_with_a_tag_is_as_long_as_it_was_and_without_it_longer():
    wave = tone(8, seconds=1, rate=44100)
    contents = encoded(wave, 44100, "MP3")
    first = contents.index(b"\xff\xfb") if b"\xff\xfb" in contents[:10] else 0
    second = contents.index(contents[first:first + 2], first + 100)
    assert b"Info" in contents[:second] or b"Xing" in contents[:second]
    bare = decode_bytes(contents[second:]).waveform
    assert len(decode_bytes(contents).waveform) == len(wave) < len(bare)


def test_an_id3_tag_is_skipped():
    wave = tone(9, rate=44100)
    contents = encoded(wave, 44100, "MP3")
    tag = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
    np.testing.assert_array_equal(decode_bytes(tag + contents).waveform, decode_bytes(contents).waveform)


def test_a_streamed_wav_without_a_size_is_whole():
    contents = bytearray(wav_bytes((tone(10) * 32768).astype(np.int16), 16000))
    for size in (0, 0xFFFFFFFF):
        struct.pack_into("<I", contents, 40, size)
        struct.pack_into("<I", contents, 4, size)
        np.testing.assert_array_equal(decode_bytes(bytes(contents)).waveform, tone(10))


def test_a_streamed_flac_without_a_length_is_whole():
    contents = bytearray(encoded(tone(10), form="FLAC"))
    contents[21] &= 0xF0  # the count of samples: 36 bits
    contents[22:26] = bytes(4)
    np.testing.assert_array_equal(decode_bytes(bytes(contents)).waveform, tone(10))


def test_an_empty_wav_is_empty_whatever_follows():
    following = b"LIST" + struct.pack("<I", 9) + b"INFOabcde\0"
    with pytest.raises(KwsclsError, match="holds no samples"):
        decode_bytes(wav_bytes(np.zeros(0, np.int16), 16000) + following)
    assert len(decode_bytes(wav_bytes(np.zeros(0, np.int16), 16000) + following + b"x\0").waveform) == 10


@pytest.mark.parametrize("form, subtype", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
                                           ("MP3", None), ("AU", "PCM_16"), ("NIST", "PCM_16"), ("AIFF", "PCM_16"), ("CAF", "PCM_16")])
def test_a_file_that_is_cut_off_is_refused(form, subtype, tmp_path):
    rate = 48000 if subtype == "OPUS" else 44100
    contents = encoded(tone(11, seconds=1, rate=rate), rate, form, subtype)
    path = tmp_path / "clip.snd"
    path.write_bytes(contents[:len(contents) * 2 // 3])
    with pytest.raises(KwsclsError, match="clip.snd: (is cut off|cannot be decoded)"):
        decode(path)


@pytest.mark.parametrize("contents, kind", [
    (b"\0\0\0\x1cftypM4A \0\0\0\0", "M4A or MP4"), (b"\x1aE\xdf\xa3\x01", "WebM or Matroska"), (b"#!AMR\n<", "AMR"),
    (b"\xff\xf1\x50\x80\x02\x1f", "AAC")])
def test_recordings_of_phones_and_browsers_come_with_the_way_out(contents, kind, tmp_path):
    path = tmp_path / "memo 1.m4a"
    path.write_bytes(contents)
    with pytest.raises(KwsclsError, match=f"memo 1.m4a: is {kind}, which is not decoded here .ffmpeg -i 'memo 1.m4a' 'memo 1.wav'"):
        decode(path)


@pytest.mark.parametrize("contents", VIOLENT)
def test_what_is_no_sound_is_named(contents, tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(contents)
    with pytest.raises(KwsclsError, match="clip.wav: (is empty|is no sound|is cut off|cannot be decoded)") as caught:
        decode(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_wav_without_samples(tmp_path):
    with pytest.raises(KwsclsError, match="gone.wav: cannot be read: no such file"):
        decode(tmp_path / "gone.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(KwsclsError, match="pipe.wav: is no regular file"):
        decode(tmp_path / "pipe.wav")
    with pytest.raises(KwsclsError, match="holds no samples"):
        decode_bytes(wav_bytes(np.zeros(0, np.int16), 16000))


@pytest.mark.parametrize("form, subtype", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None)])
@settings(max_examples=40, deadline=None, database=None)
@given(data=st.data())
def test_damage_never_hangs_and_never_surprises(form, subtype, data):
    contents = bytearray(encoded(tone(12, rate=22050), 22050, form, subtype))
    damage = st.tuples(st.integers(0, len(contents) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(damage, max_size=20)):
        contents[place] = byte
    done = threading.Event()

    def attempt():
        try:
            assert np.isfinite(decode_bytes(bytes(contents)).waveform).all()
        except KwsclsError:
            pass
        done.set()

    threading.Thread(target=attempt, daemon=True).start()
    assert done.wait(20), "the decoder did not come back, or raised something else"
