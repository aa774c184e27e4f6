"""Parts of recordings: rows of a table that mean a stretch of a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwscls.data import decode as room
from kwscls.data import parts, prepare
from kwscls.data.convert import read_wav
from kwscls.data.decode import decode
from kwscls.data.manifest import read
from kwscls.errors import KwsclsError
from tests.data.sounds import tone, write
from tests.data.test_manifest import table, touch


@given(st.integers(0, 10 ** 8), st.integers(1, 10 ** 8))
def test_names_of_parts_go_both_ways(start, length):
    name = parts.part("walks/in the wood.flac", start / 1000, f"{(start + length) / 1000}")
    file, stretch = parts.parted(name)
    assert str(file) == "walks/in the wood.flac"
    np.testing.assert_allclose(stretch, (start / 1000, (start + length) / 1000), rtol=1e-9)


@pytest.mark.parametrize("start, end", [("", "1"), ("1", "1"), ("2", "1"), ("-1", "1"), ("nan", "1"), ("0", "inf"), (None, None)])
def test_what_is_no_part(start, end):
    with pytest.raises(KwsclsError, match="table.csv:7: the part from .* to .* is (none|not in seconds)"):
        parts.part("a.wav", start, end, "table.csv:7")


def test_a_file_that_is_called_like_a_part_is_itself(tmp_path):
    touch(tmp_path, "a@0.100-0.200.wav")
    assert parts.parted(tmp_path / "a@0.100-0.200.wav") == (tmp_path / "a@0.100-0.200.wav", None)


def test_a_part_is_cut_and_the_recording_decoded_once(tmp_path, monkeypatch):
    write(tmp_path / "walk.flac", seed=1, seconds=2)
    wave, times = tone(1, 2), []
    monkeypatch.setattr(room, "decode_bytes", lambda *words, real=room.decode_bytes: times.append(words) or real(*words))
    for start, end in ((0, 0.5), (0.25, 1), (1.5, 9)):
        sound = decode(parts.part(tmp_path / "walk.flac", start, end))
        np.testing.assert_array_equal(sound.waveform, wave[int(start * 16000):int(end * 16000)])
    assert len(times) == 1
    with pytest.raises(KwsclsError, match="walk@2.000-3.000.flac: begins behind the end of the recording, which is 2.000 s long"):
        decode(parts.part(tmp_path / "walk.flac", 2, 3))
    with pytest.raises(KwsclsError, match="gone.flac: cannot be read: no such file"):
        decode(parts.part(tmp_path / "gone.flac", 0, 1))


def test_rows_with_start_and_end(tmp_path):
    touch(tmp_path, "long.wav", "other.wav")
    rows = read(table(tmp_path, "filename,onset,offset,event_label\nlong.wav,0,1.5,dog\nlong.wav,1.5,2,cat\nother.wav,3,4,dog\n"))
    assert [(one.path.name, one.labels[0], one.group) for one in rows] == [
        ("long@0.000-1.500.wav", "dog", "long.wav"), ("long@1.500-2.000.wav", "cat", "long.wav"),
        ("other@3.000-4.000.wav", "dog", "other.wav")]
    rows = read(table(tmp_path, "filename,start,end,label\nlong.wav,58.5,62.5,dog\nother.wav,3,4,cat\n"))  # cut already
    assert [one.path.name for one in rows] == ["long.wav", "other.wav"]
    assert [one.path.name for one in read(table(tmp_path, "path,start,end,label\nlong.wav,3,4,dog\n"))] == ["long@3.000-4.000.wav"]
    for text, message in (("a.wav,0,1,x\na.wav,0,1,y", r"manifest.csv:3: lists a@0.000-1.000.wav again, first in line 2"),
                          ("a.wav,0,1,x\na.wav,1,,y", r"manifest.csv:3: the part from '1' to '' is not in seconds"),
                          ("a.wav,0,1,x\n,1,2,y", r"manifest.csv:3: has no path")):
        with pytest.raises(KwsclsError, match=message):
            read(table(tmp_path, f"path,start,end,label\n{text}\n"))


def test_prepared_from_long_recordings(tmp_path):
    rows = ["path,start,end,label"]
    for number in range(6):
        write(tmp_path / f"day{number}.wav", seed=number, seconds=4)
        rows += [f"day{number}.wav,{second},{second + 0.8},{'bird' if second % 2 else 'frog'}" for second in range(4)]
    table(tmp_path, "\n".join(rows) + "\n")
    folder = prepare.ready(tmp_path / "manifest.csv", tmp_path.with_name(f"{tmp_path.name}-prepared"))
    clips = read(folder / "manifest.csv")
    assert len(clips) == 24 and {len({one.split for one in clips if one.group == f"day{day}.wav"}) for day in range(6)} == {1}
    samples = read_wav(folder / clips[0].split / clips[0].labels[0] / clips[0].path.name)
    day, start = int(clips[0].path.name[3]), float(clips[0].path.name[5:10])
    np.testing.assert_array_equal(samples, tone(day, 4)[int(start * 16000):][:12800] * 32768)
