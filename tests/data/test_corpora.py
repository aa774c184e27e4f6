"""The corpora by name, each from a small archive in the layout that is published."""

import csv
import tarfile
import zipfile

import pytest

from kwscls.data import corpora, sources
from kwscls.data.archives import unpack
from kwscls.data.manifest import NOISE, labels_of
from kwscls.data.splits import split
from kwscls.errors import KwsclsError
from tests.data.sounds import write


def speech_commands(folder, labels):
    for label in labels:
        for speaker in range(6):
            write(folder / label / f"{speaker:08x}_nohash_0.wav", seed=speaker)
    write(folder / "_background_noise_/hum.wav", seconds=1)
    (folder / "_background_noise_/README.md").write_text("noise")
    (folder / "testing_list.txt").write_text("".join(f"{label}/00000000_nohash_0.wav\n" for label in labels))
    (folder / "validation_list.txt").write_text("".join(f"{label}/00000001_nohash_0.wav\n" for label in labels))
    (folder / "LICENSE").write_text("CC BY 4.0")


def esc50(folder):
    with_table = folder / "ESC-50-master"
    (with_table / "meta").mkdir(parents=True)
    with open(with_table / "meta/esc50.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "fold", "target", "category", "esc10", "src_file", "take"])
        for fold in range(1, 6):
            for target, category in enumerate((*corpora.ESC10, "pig", "hen")):
                name = f"{fold}-{target}{fold}-A-{target}.wav"
                write(with_table / "audio" / name, seed=target, seconds=0.05)
                table.writerow([name, fold, target, category, target < 10, f"{target}{fold}", "A"])


def digits(folder):
    for digit in range(10):
        for speaker in ("george", "jackson", "theo"):
            name = f"free-spoken-digit-dataset-1.0.10/recordings/{digit}_{speaker}_0.wav"
            write(folder / name, seed=digit, rate=8000)
    (folder / "free-spoken-digit-dataset-1.0.10/README.md").write_text("digits")


def packed(folder, name):
    """An archive of all that a folder holds."""
    archive = folder.parent / name
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as file:
            for path in paths:
                file.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, "w:gz") as file:
            for path in paths:
                file.add(path, "./" + path.relative_to(folder).as_posix())
    return archive


@pytest.mark.parametrize("name, labels, clips", [
    ("speech_commands_v0.01", corpora.THIRTY, 180), ("speech_commands_v0.02", corpora.THIRTY_FIVE, 210)])
def test_speech_commands(tmp_path, name, labels, clips):
    speech_commands(tmp_path / "in", labels)
    source = sources.find(name, packed(tmp_path / "in", "commands.tar.gz"))
    recordings, how = split(source.recordings(scratch=tmp_path))
    assert how == "as given" and tuple(labels_of(recordings)) == labels
    words = [one for one in recordings if not one.noise]
    assert len(words) == clips and [one.labels for one in recordings if one.noise] == [(NOISE,)]
    assert {one.path.name[:8] for one in words if one.split == "test"} == {"00000000"}
    assert {one.path.name[:8] for one in words if one.split == "validation"} == {"00000001"}


def test_mini_speech_commands(tmp_path):
    for label in corpora.EIGHT:
        for speaker in range(5):
            write(tmp_path / f"in/mini_speech_commands/{label}/{speaker:08x}_nohash_0.wav", speaker, 0.05)
    (tmp_path / "in/mini_speech_commands/README.md").write_text("mini")
    (tmp_path / "in/__MACOSX/mini_speech_commands/up").mkdir(parents=True)
    (tmp_path / "in/__MACOSX/mini_speech_commands/up/._a.wav").write_bytes(b"\0")
    source = sources.find("mini_speech_commands", packed(tmp_path / "in", "mini.zip"))
    recordings = source.recordings(scratch=tmp_path)
    assert tuple(labels_of(recordings)) == corpora.EIGHT and len(recordings) == 40


@pytest.mark.parametrize("form", [".zip", ".tar.gz", "folder", "inner folder"])
def test_esc(tmp_path, form):
    esc50(tmp_path / "in")
    place = {"folder": tmp_path / "in", "inner folder": tmp_path / "in/ESC-50-master"}.get(form)
    source = sources.find("esc50", place or packed(tmp_path / "in", f"esc{form}"))
    recordings, how = split(source.recordings(scratch=tmp_path))
    assert how.startswith("by fold: 5 is test") and len(labels_of(recordings)) == 12
    assert all(one.path.is_file() for one in recordings)


def test_digits_keep_speakers_apart(tmp_path):
    digits(tmp_path / "in")
    source = sources.find("fsdd", packed(tmp_path / "in", "fsdd.tar.gz"))
    recordings, how = split(source.recordings(scratch=tmp_path))
    assert tuple(labels_of(recordings)) == corpora.DIGITS and how.startswith("by group")
    assert len({(one.group, one.split) for one in recordings}) == 3


def test_the_embedded_corpus_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("spoken_words", "data/spoken_words"):
        source = sources.find(name)
        recordings, how = split(source.recordings())
        assert how == "as given" and tuple(labels_of(recordings)) == corpora.EIGHT
        assert sum(not one.noise for one in recordings) == corpora.CORPORA["spoken_words"].clips
        assert len({one.group for one in recordings if not one.noise}) == 69


def test_the_table_is_whole():
    for name, entry in corpora.CORPORA.items():
        assert entry.title and entry.licence and entry.citation, name
        assert entry.url is None or entry.url.startswith("https://") and entry.file, name
        assert entry.sha256 is None or len(entry.sha256) == 64, name
    assert len(corpora.THIRTY) == 30 and len(corpora.THIRTY_FIVE) == 35 and len(corpora.ESC10) == 10


def test_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for data, source, message in [
            ("esc01", None, "did you mean esc"), ("nothing/here", None, "does not exist"),
            ("clips.csv", None, "does not exist"),
            ("zzz", None, "corpora are spoken_words"), ("esc50", "gone", "--source gone: does not exist"),
            ("mine", tmp_path, "is neither a folder, a manifest nor a corpus")]:
        with pytest.raises(KwsclsError, match=message):
            sources.find(data, source)
    (tmp_path / "empty").mkdir()
    with pytest.raises(KwsclsError, match="has no meta/esc50.csv, so it is not esc50"):
        sources.find("esc50", tmp_path / "empty").recordings()


def test_a_download_that_fails_says_what_to_do(monkeypatch):
    import keras

    def refuse(*words, **more):
        raise Exception("URL fetch failure on https://example.org: None -- no route\nto host")

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    with pytest.raises(KwsclsError, match="cannot be downloaded .URL fetch failure.*pass --source ARCHIVE") as caught:
        corpora.download("fsdd")
    assert "\n" not in str(caught.value)


def test_a_download_is_checked_and_kept(tmp_path, monkeypatch):
    import dataclasses

    from kwscls import files

    digits(tmp_path / "in")
    archive = packed(tmp_path / "in", "fsdd.tar.gz")
    entry = dataclasses.replace(corpora.CORPORA["fsdd"], url=archive.as_uri(), file="digits.tar.gz",
                                sha256=files.sha256(archive))
    monkeypatch.setitem(corpora.CORPORA, "fsdd", entry)
    unpack(corpora.download("fsdd", tmp_path), tmp_path / "out")
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 30
    monkeypatch.setitem(corpora.CORPORA, "fsdd", dataclasses.replace(entry, file="other.tar.gz", sha256="0" * 64))
    with pytest.raises(KwsclsError, match="fsdd: cannot be downloaded"):
        corpora.download("fsdd", tmp_path)
