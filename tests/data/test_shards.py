"""Shards: the same clips as the WAV folder, found by name, and told when they are not what was written."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from kwscls import files
from kwscls.data import prepare as room
from kwscls.data import prepared, shards, storage
from kwscls.data.pipeline import Clips, clip_length, open_clips
from kwscls.data.prepare import ready
from kwscls.errors import KwsclsError
from kwscls.settings import PrepareSettings
from tests.data.sounds import corpus, write


def prepare(data, **more):
    return room.prepare(PrepareSettings(data=str(data), **more))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same recordings prepared as a folder and as shards of four clips, one of them unreadable, with noise."""
    top = tmp_path_factory.mktemp("sharded")
    corpus(top / "words", takes=2, suffix=".flac")
    write(top / "words/_background_noise_/hum.wav", seed=99, seconds=2)
    (top / "words/yes/0000_nohash_9.wav").write_bytes(b"RIFF")
    reports = [prepare(top / "words", out=str(top / name), silence=20.0, **more) for name, more in (
        ("folder", {}), ("packed", {"shards": True, "shard_megabytes": 0.04}))]
    return top / "folder", top / "packed", *reports


def test_they_hold_the_same_clips_to_the_byte(both):
    folder, packed, one, other = both
    assert {key: value for key, value in one.items() if key not in ("fingerprint", "settings")} == {
        key: value for key, value in other.items() if key not in ("fingerprint", "settings")}
    for split in ("train", "validation", "test"):
        clips = {clip.path.relative_to(packed): clip for clip in prepared.split_clips(packed / split)}
        assert len(clips) == one["clips"][split] and prepared.has_split(packed, split)
        for clip in prepared.split_clips(folder / split):
            found = clips[clip.path.relative_to(folder)]
            assert (found.labels, found.group, found.split) == (clip.labels, clip.group, clip.split)
            assert prepared.read_bytes(found.path) == clip.path.read_bytes()
    assert (packed / "noise/hum.wav").read_bytes() == (folder / "noise/hum.wav").read_bytes()
    assert not (packed / "train").exists() and not prepared.has_split(packed, "noise")
    assert clip_length(packed / "train") == clip_length(folder / "train")
    for place in (packed, folder):
        assert prepared.label_names(prepared.split_clips(place / "train")) == ["_silence_", "no", "yes"]
    assert prepared.shared_groups(packed) == {}


def test_the_manifest_says_what_is_where(both):
    import tensorflow as tf

    _, packed, report, _ = both
    told = shards.read_index(packed)
    rows = list(csv.DictReader(open(packed / "manifest.csv")))
    at = 0
    for shard in told["shards"]:
        records = list(tf.data.TFRecordDataset(str(packed / shard["file"])).as_numpy_iterator())
        assert len(records) == shard["clips"] <= 5 and files.sha256(packed / shard["file"]) == shard["sha256"]
        for record in records:
            example, row = tf.train.Example.FromString(record).features.feature, rows[at]
            assert example["path"].bytes_list.value[0].decode() == row["path"] and row["shard"] == shard["file"]
            assert [told["labels"][place] for place in example["labels"].int64_list.value] == row["label"].split(";")
            assert example["group"].bytes_list.value[0].decode() == row["group"]
            at += 1
    assert at == len(rows) == sum(report["clips"].values())
    assert {split: count["clips"] for split, count in told["splits"].items()} == report["clips"]
    assert [shard["split"] for shard in told["shards"]].count("train") > 4


def test_clips_of_shards_are_those_of_the_folder(both):
    folder, packed = both[:2]
    expected = Clips(folder / "train", 5000)
    places = {Path(path).parts[-2:]: place for place, path in enumerate(expected.paths)}
    for memory in (1 << 30, 0):
        clips = Clips(packed / "train", 5000, memory=memory)
        order = [places[Path(path).parts[-2:]] for path in clips.paths]
        for one, other in zip(clips.batch(range(len(clips))), expected.batch(order)):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(clips.counts, expected.counts)
    assert isinstance(open_clips(packed / "train", 5000), Clips)
    assert not isinstance(open_clips(packed / "train", 5000, memory=0), Clips)


def test_preparing_again_notices_what_is_lost(both, capsys):
    packed = both[1]
    assert ready(packed) == packed
    again = dict(data=str(packed.parent / "words"), out=str(packed), silence=20.0, shards=True, shard_megabytes=0.04)
    before = (packed / "shards.json").read_bytes()
    prepare(**again)
    assert "nothing changed" in capsys.readouterr().err
    shards.verify(packed)
    lost = packed / shards.read_index(packed)["shards"][0]["file"]
    contents = lost.read_bytes()
    lost.write_bytes(contents[:-1] + bytes([contents[-1] ^ 1]))
    with pytest.raises(KwsclsError, match="is missing or not what was written"):
        shards.verify(packed)
    lost.unlink()
    prepare(**again, overwrite=True)
    assert lost.read_bytes() == contents and (packed / "shards.json").read_bytes() == before


def test_what_cannot_be_used_is_a_list(both):
    folder, packed = both[:2]
    rows = list(csv.DictReader(open(packed / "unreadable.csv")))
    assert [Path(row["path"]).name for row in rows] == ["0000_nohash_9.wav"] and rows[0]["why"].startswith("is no sound file")
    assert (folder / "unreadable.csv").read_text() == (packed / "unreadable.csv").read_text()


def test_shards_elsewhere(both, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = f"ram://{tmp_path.name}/far"
    report = prepare(both[1].parent / "words", out=place, shards=True, silence=20.0)
    assert storage.exists(f"{place}/shards.json") and not list(Path("data/far").glob("*.tfrecord"))
    assert sum(report["clips"].values()) == sum(both[2]["clips"].values())
    tables = Path("data/far/shards.json").read_bytes()
    Path("data/far").rename("data/gone")
    assert ready(place) == Path("data/far") and Path("data/far/shards.json").read_bytes() == tables
    clips, expected = Clips("data/far/test", 5000), Clips(both[0] / "test", 5000)
    assert sorted(map(bytes, clips.batch(range(len(clips)))[0].numpy())) == sorted(
        map(bytes, expected.batch(range(len(expected)))[0].numpy()))
    assert prepared.read_bytes(prepared.split_clips(Path("data/far/test"))[0].path)[:4] == b"RIFF"
    assert Path("data/far/noise/hum.wav").is_file()
    with pytest.raises(KwsclsError, match="holds no shards"):
        ready("ram://nowhere")
    with pytest.raises(KwsclsError, match="takes shards only; add --shards"):
        prepare(both[1].parent / "words", out=place)
    with pytest.raises(KwsclsError, match="an address of an unknown kind, zz"):
        ready("zz://bucket/words")


def test_a_form_of_another_version(both, tmp_path):
    told = json.loads((both[1] / "shards.json").read_text())
    (tmp_path / "shards.json").write_text(json.dumps({**told, "form": 99}))
    with pytest.raises(KwsclsError, match="not of the form of this version"):
        shards.read_index(tmp_path)


def test_beam_makes_the_same(both, tmp_path):
    report = prepare(both[0].parent / "words", out=str(tmp_path / "beam"), silence=20.0, shards=True, shard_megabytes=0.04,
                     runner="DirectRunner")
    assert {key: value for key, value in report.items() if key != "fingerprint"} == {
        key: value for key, value in both[3].items() if key != "fingerprint"}
    for path in both[1].rglob("*"):
        if path.is_file() and path.name not in ("report.json", "balance.png"):
            assert (tmp_path / "beam" / path.relative_to(both[1])).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in (tmp_path / "beam").iterdir()) == sorted(path.name for path in both[1].iterdir())
    with pytest.raises(KwsclsError, match="--runner NoRunner: is refused by Beam: Unexpected pipeline runner"):
        prepare(both[0].parent / "words", out=str(tmp_path / "none"), runner="NoRunner")


def test_beam_makes_folders_too_and_reads_and_writes_elsewhere(both, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = f"ram://{tmp_path.name}"
    rows = ["path,label,split,group"]
    for clip in (clip for split in ("train", "validation", "test") for clip in prepared.split_clips(both[0] / split)[::3]):
        name = "-".join(clip.path.parts[-3:])
        storage.write(f"{place}/{name}", clip.path.read_bytes())
        rows.append(f"{name},{clip.labels[0]},{clip.split},{name}")
    storage.write(f"{place}/list.csv", "\n".join(rows).encode())
    one = prepare(f"{place}/list.csv", out="folder", runner="DirectRunner")
    assert sum(one["clips"].values()) == len(list(Path("folder").glob("*/*/*.wav"))) > 8
    prepare(f"{place}/list.csv", out=f"{place}/far", runner="DirectRunner", shards=True)
    assert not storage.exists(f"{place}/far.unfinished") and storage.exists(f"{place}/far/report.json")
    for clip in prepared.split_clips(Path("data/far/train")):
        assert prepared.read_bytes(clip.path) == Path("folder", *clip.path.parts[-3:]).read_bytes()


def test_a_sound_that_its_name_looks_like_is_found_in_its_own_place(tmp_path):
    name = "train/no/abcd.wav"
    storage.write(tmp_path / name, b"\0" * shards.HEADER + b"abcd")
    plan = {"file": "train-0.tfrecord", "split": "train", "rows": [[name, ["no"], None, None, 0.1]]}
    made = shards.write_shard(plan, str(tmp_path), str(tmp_path), ["no", "yes"])
    (offset, size), = made["pieces"]
    assert offset + size + 4 == made["bytes"] and storage.read_piece(tmp_path / plan["file"], offset, size) == b"abcd"


def test_copied_tables_replace_nothing_but_copied_tables(both):
    _, packed, _, _ = both
    for folder in (packed.parent / "words", packed.parent / "folder"):
        with pytest.raises(KwsclsError, match="exists already"):
            shards.copied(str(packed), folder)
        assert any(folder.rglob("*.flac")) or (folder / "balance.png").is_file()
