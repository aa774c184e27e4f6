"""Preparing: whole or not at all, again only when something changed, nothing that leaks, and clear words."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from kwscls import files
from kwscls import prepare as verb
from kwscls.data import convert as convert_room
from kwscls.data import corrections, duplicates, manifest, prepare as room
from kwscls.data.prepare import ready
from kwscls.data.splits import shared
from kwscls.errors import KwsclsError
from kwscls.settings import PrepareSettings
from tests.data.sounds import corpus, write


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def prepare(data="words", **more):
    return room.prepare(PrepareSettings(data=str(data), **more))


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in Path(folder).rglob("*") if path.is_file()}


def leftovers():
    return [path.name for path in Path("data").glob(".*")]


def test_a_folder_of_class_folders():
    corpus(Path("words"), suffix=".flac")
    write(Path("words/_background_noise_/hum.wav"), seed=99, seconds=2)
    report = prepare()
    rows = manifest.read("data/words/manifest.csv")
    assert len(rows) == 24 and not shared(rows) and {one.split for one in rows} == set(manifest.SPLITS)
    assert all(one.path.parent.name == one.labels[0] and one.path.parent.parent.name == one.split for one in rows)
    assert sorted(Path("data/words").rglob("*.wav")) == sorted(
        [Path("data/words/noise/hum.wav")] + [one.path.relative_to(Path.cwd()) for one in rows])
    assert sum(report["clips"].values()) == 24 and report["noises"] == 1 and report["rates"] == {"16000": 24}
    assert files.read_json("data/words/report.json") == json.loads(json.dumps(report))
    assert Path("data/words/balance.png").read_bytes()[:4] == b"\x89PNG" and leftovers() == []


def test_keras_reads_what_was_prepared():
    import keras

    corpus(Path("words"), speakers=8, suffix=".flac", rate=8000)
    out = ready("words")
    data = keras.utils.audio_dataset_from_directory(
        out / "train", output_sequence_length=16000, verbose=False, batch_size=4)
    waves, labels = next(iter(data))
    assert waves.shape == (4, 16000, 1) and data.class_names == ["no", "yes"] and np.abs(waves).max() > 0.1


def test_again_is_quick_and_changes_nothing(capsys):
    corpus(Path("words"))
    prepare()
    before = stamps("data")
    start = time.time()
    prepare()
    assert stamps("data") == before and time.time() - start < 1
    assert "nothing changed" in capsys.readouterr().err


def test_changes_of_the_source_are_noticed():
    corpus(Path("words"))
    ready("words")
    write(Path("words/yes/0000ffff_nohash_0.wav"), seed=1000)
    assert len(manifest.read(ready("words") / "manifest.csv")) == 25
    os.remove("words/yes/0000ffff_nohash_0.wav")
    assert len(manifest.read(ready("words") / "manifest.csv")) == 24


def test_a_clip_that_was_lost_is_made_again():
    corpus(Path("words"))
    lost = manifest.read(ready("words") / "manifest.csv")[0].path
    lost.unlink()
    ready("words")
    assert lost.is_file()


def test_the_verb_replaces_nothing_unasked():
    corpus(Path("words"))
    prepare()
    with pytest.raises(KwsclsError, match="was prepared with other settings.*--overwrite"):
        prepare(rate=8000)
    assert prepare(rate=8000, overwrite=True)["rate"] == 8000
    Path("mine").mkdir()
    Path("mine/precious.txt").write_text("mine")
    with pytest.raises(KwsclsError, match="mine: exists and is no prepared folder"):
        prepare(out="mine")
    assert Path("mine/precious.txt").read_text() == "mine"


def test_ready_knows_its_own():
    corpus(Path("words"))
    out = ready("words", rate=8000)
    assert out == Path("data/words") and ready(out) == out and room.is_prepared(out)
    before = stamps("data")
    assert ready("words") == out and stamps("data") == before, "settings said before still hold"
    ready("words", rate=16000)
    assert files.read_json(out / "report.json")["rate"] == 16000
    corpus(Path("other/words"), labels=("left", "right"))
    other = ready("other/words")
    assert other != out and files.read_json(out / "report.json")["labels"].keys() == {"no", "yes"}
    assert ready("other/words") == other


def test_data_in_the_place_of_the_prepared():
    corpus(Path("data/words"))
    assert ready("data/words") == Path("data/words-prepared")
    with pytest.raises(KwsclsError, match="lies in the recordings' own folder"):
        prepare("data/words", out="data/words/prepared")


def test_the_embedded_corpus(monkeypatch):
    from kwscls.data import corpora

    corpus(Path("checkout/spoken_words"), labels=corpora.EIGHT, speakers=3)
    monkeypatch.setattr(corpora, "EMBEDDED", Path("checkout").absolute())
    assert ready("spoken_words") == ready("data/spoken_words") == Path("data/spoken_words")
    report = files.read_json("data/spoken_words/report.json")
    assert report["licence"] == "CC0 1.0" and "24 clips are here, 1656 were published" in report["warnings"]


def test_the_licence_can_be_told():
    corpus(Path("words"))
    assert prepare("words")["licence"] is None
    assert prepare("words", licence="CC BY 4.0", overwrite=True)["licence"] == "CC BY 4.0"


def test_a_part_of_a_published_corpus():
    corpus(Path("part"), labels=("left", "right", "zebra"))
    report = prepare("speech_commands_v0.02-8", source="part")
    assert set(report["labels"]) == {"left", "right"}
    assert "the published corpus has these labels too: down, go, no, stop, up, yes" in report["warnings"]


def test_a_manifest_with_several_labels():
    for number in range(12):
        write(Path(f"clips/{number}.wav"), number)
    with open("clips/list.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "labels", "speaker"])
        table.writerows([f"{number}.wav", ("dog;rain", "dog", "rain")[number % 3], number // 3] for number in range(12))
    report = prepare("clips/list.csv")
    rows = manifest.read("data/list/manifest.csv")
    assert {one.labels for one in rows} == {("dog", "rain"), ("dog",), ("rain",)} and report["several_labels"] == 4
    assert report["labels"]["rain"]["train"] >= 2 and not shared(rows)


def test_names_that_collide():
    names = [f"{label}/{group}/take{suffix}" for label in ("no", "yes") for group in "abcd" for suffix in (".wav", ".flac")]
    for seed, name in enumerate(names):
        write(Path("words") / name, seed)
    prepare()
    assert len(set(manifest.read("data/words/manifest.csv"))) == 16


def test_what_cannot_be_used_is_listed_and_left_out(capsys):
    corpus(Path("words"))
    whole = Path("words/yes/00000000_nohash_0.wav").read_bytes()
    for name, contents in (("empty.wav", b""), ("short.wav", whole[:1000]), ("page.wav", b"<html>"),
                           ("notes.txt", b"hello"), ("header.wav", whole[:44])):
        (Path("words/yes") / f"{name.split('.')[0]}_nohash_0.{name.split('.')[1]}").write_bytes(contents)
    report = prepare()
    why = {Path(one["path"]).name.split("_")[0]: one["why"] for one in report["unreadable"]}
    assert why.keys() == {"empty", "short", "page", "notes", "header"}
    assert why["empty"] == "is empty" and why["short"].startswith("is cut off")
    assert why["page"].startswith("is no sound file")
    assert sum(report["clips"].values()) == 24
    assert "note: clips that could not be used and are left out: 5, for example" in capsys.readouterr().err


def test_duplicates_do_not_leak(capsys):
    corpus(Path("words"))
    for name in os.listdir("words/yes"):
        shutil.copy(f"words/yes/{name}", f"words/yes/9{name[1:]}")
    write(Path("words/no/88888888_nohash_0.wav"), seed=12)  # the same sound as yes/00000000
    report = prepare()
    assert report["duplicates"]
    contents = {}
    for one in manifest.read("data/words/manifest.csv"):
        contents.setdefault(one.path.read_bytes(), set()).add(one.split)
    assert all(len(places) == 1 for places in contents.values())
    assert len(manifest.read("data/words/manifest.csv")) == len(list(Path("data/words").glob("t*/*/*.wav"))) + len(
        list(Path("data/words").glob("validation/*/*.wav")))


def test_torn_speakers_are_an_error_with_two_ways_out():
    for number in range(30):
        for label in ("no", "yes"):
            split = ("train", "validation", "test")[number % 3]
            write(Path(f"words/{split}/{label}/{number // 5:08x}_nohash_{number}.wav"), number + 100 * (label == "yes"))
    with pytest.raises(KwsclsError, match="6 speakers or groups are in several splits.*--split group.*--split given"):
        prepare()
    assert not shared(manifest.read(ready("words", split="group") / "manifest.csv"))
    report = prepare(out="data/kept", split="given")
    assert len(report["shared_groups"]) == 6 and any("will flatter" in warning for warning in report["warnings"])


def test_a_label_of_one_recordings_pieces_is_only_learnt():
    corpus(Path("words"))
    for piece in range(20):
        write(Path(f"words/hum/hum.mp3_{piece}.wav"), 500 + piece)
    report = prepare()
    assert report["labels"]["hum"] == {"train": 20, "validation": 0, "test": 0}
    assert "the label hum has no clips in validation and test: too few speakers or recordings have it" in report["warnings"]


def test_a_label_that_is_only_tested():
    for split, labels in (("train", "ab"), ("validation", "ab"), ("test", "abc")):
        for label in labels:
            for take in range(2):
                write(Path(f"words/{split}/{label}/{split}{take}.wav"), zlib.crc32(f"{split}{label}{take}".encode()) % 9999)
    with pytest.raises(KwsclsError, match="the label c is in test but not in train.*--labels"):
        prepare()
    assert set(prepare(labels=["a", "b"])["labels"]) == {"a", "b"}


def test_unknown_and_silence():
    corpus(Path("words"), labels=("no", "yes", "cat", "dog"), speakers=20)
    write(Path("words/_background_noise_/hum.wav"), seed=99, seconds=30)
    report = prepare(labels=["no", "yes"], unknown=25.0, silence=50.0)
    counts = report["labels"]
    assert set(counts) == {"no", "yes", "_unknown_", "_silence_"}
    for split in manifest.SPLITS:
        words = counts["no"][split] + counts["yes"][split]
        assert counts["_unknown_"][split] == -(-words // 4) and counts["_silence_"][split] == -(-words // 2)
    first = {path.name: path.read_bytes() for path in Path("data/words/train/_silence_").iterdir()}
    assert len(set(first.values())) == len(first) and all(len(one) == 44 + 32000 for one in first.values())
    prepare(labels=["no", "yes"], unknown=25.0, silence=50.0, out="data/again")
    assert {path.name: path.read_bytes() for path in Path("data/again/train/_silence_").iterdir()} == first
    assert sorted(p.name for p in Path("data/again").glob("*/_unknown_/*")) == sorted(
        p.name for p in Path("data/words").glob("*/_unknown_/*"))


def test_silences_of_a_test_were_not_trained_on(monkeypatch):
    from kwscls.data import extra_labels

    monkeypatch.setattr(extra_labels, "LEVELS", (0, 0))
    noise = np.arange(16000, dtype=np.int16)
    for split, _, samples in extra_labels.silences([noise], {"train": 50, "validation": 50, "test": 50}, 1000, 1.0, 0):
        first, last = {"train": (0, 12800), "validation": (12800, 14400), "test": (14400, 16000)}[split]
        np.testing.assert_array_equal(samples, np.arange(samples[0], samples[0] + 1000))
        assert first <= samples[0] and samples[-1] < last


@pytest.mark.parametrize("more, message", [
    (dict(unknown=10.0), "--unknown: it needs the words that are wanted"),
    (dict(labels=["no", "yes"], unknown=10.0), "--unknown: there are no other words"),
    (dict(silence=10.0), "--silence: there are no noise recordings"),
    (dict(labels=["no", "yess"]), "yess: no recording has this label; there are no, yes"),
    (dict(labels=["no"]), "there is only the label no"),
    (dict(min_seconds=9.0), "none of the 24 files can be used"),
    (dict(split="given"), "the manifest gives no splits"),
])
def test_settings_that_do_not_fit(more, message):
    corpus(Path("words"))
    with pytest.raises(KwsclsError, match=message):
        prepare(**more)
    assert not Path("data/words").exists()


def test_another_column_of_a_table_is_prepared_anew():
    rows = ["path,label,who\n"]
    for number in range(24):
        write(Path(f"words/{number}.wav"), number)
        rows.append(f"{number}.wav,{('no', 'yes')[number % 2]},{('anna', 'ben', 'cleo')[number % 3]}\n")
    Path("words/manifest.csv").write_text("".join(rows), encoding="utf-8")
    assert sorted(prepare()["labels"]) == ["no", "yes"]
    with pytest.raises(KwsclsError, match="was prepared with other settings"):
        prepare(label_column="who")
    report = prepare(label_column="who", overwrite=True)
    assert sorted(report["labels"]) == ["anna", "ben", "cleo"] and report["settings"]["label_column"] == "who"


def test_nothing_to_prepare():
    Path("words").mkdir()
    for make, message in ((lambda: None, "words: holds no recordings"),
                          (lambda: write(Path("words/yes/a.wav")), "there is only the label yes"),
                          (lambda: Path("words/no").mkdir(), "there is only the label yes"),
                          (lambda: write(Path("words/no/b.wav"), 5), "too few recordings")):
        make()
        with pytest.raises(KwsclsError, match=message):
            prepare()
    assert not Path("data/words").exists()


def test_a_full_disk_is_told_and_the_next_run_goes_on(monkeypatch, capsys):
    corpus(Path("words"))
    made, real = [], files.write_bytes

    def full(path, data):
        if len(made) == 10:  # the plan and nine clips
            raise KwsclsError("cannot be written: the disk is full", path, "free space or choose another place")
        made.append(path)
        real(path, data)

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(KwsclsError, match="the disk is full"):
        prepare(workers=1)
    assert not Path("data/words").exists() and leftovers() == [".words.unfinished"]
    monkeypatch.setattr(files, "write_bytes", real)
    prepare()
    assert "9 of 24 clips are there already" in capsys.readouterr().err and leftovers() == []
    assert len(manifest.read("data/words/manifest.csv")) == 24


def test_a_journal_that_cannot_be_written(monkeypatch):
    corpus(Path("words"))

    real = json.dumps

    def full(value, *more, **words):
        if "decoder" in str(value):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(value, *more, **words)

    monkeypatch.setattr(json, "dumps", full)
    with pytest.raises(KwsclsError, match="cannot be written: no space left on device"):
        prepare()


def test_killed_at_any_moment_and_run_again():
    corpus(Path("words"), speakers=60)
    slowly = ("import sys, time; from kwscls.data import convert; real = convert.convert\n"
              "def slow(*words): time.sleep(0.01); return real(*words)\n"
              "convert.convert = slow\nfrom kwscls.prepare import main; sys.exit(main())")
    command = [sys.executable, "-c", slowly, "--data", "words", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(room.__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = Path("data/.words.unfinished/done.jsonl")
    for _ in range(2400):
        if journal.exists() and journal.read_text().count("\n") > 20:
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not Path("data/words").exists()
    with open(journal, "a") as file:
        file.write('["train/yes/half')
    Path("data/.words.unfinished/train/.half.wav").write_bytes(b"RIFF")
    done = stamps("data/.words.unfinished")
    prepare()
    kept = [path for path in done if path.suffix == ".wav"]
    assert not list(Path("data").rglob(".*"))
    assert len(kept) > 10 and len(manifest.read("data/words/manifest.csv")) == 120
    now = stamps("data/words")
    same = [path for path in kept
            if now.get(Path("data/words") / path.relative_to("data/.words.unfinished")) == done[path]]
    assert len(same) >= 20, "what the journal knew of was made again"


def test_two_at_once_do_it_once():
    from concurrent.futures import ThreadPoolExecutor

    corpus(Path("words"), speakers=40)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: ready("words"), range(3))) == [Path("data/words")] * 3
    assert len(manifest.read("data/words/manifest.csv")) == 80 and leftovers() == []


def test_an_archive():
    corpus(Path("in/words"))
    shutil.make_archive("words", "zip", "in")
    assert ready("words.zip") == Path("data/words")
    before = stamps("data")
    ready("words.zip")
    assert stamps("data") == before and not Path("data/words/source").exists()
    report = files.read_json("data/words/report.json")
    assert report["archive_sha256"] == files.sha256("words.zip")


def test_the_verb(capsys):
    corpus(Path("words"))
    assert verb.main(["--data", "words", "--json"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1 and json.loads(out)["clips"] == {"train": 20, "validation": 2, "test": 2}
    assert verb.main(["--data", "words"]) == 0
    out = capsys.readouterr().out
    assert "words: 24 clips" in out and "16000 Hz: 24" in out
    assert verb.main([]) == 0 and "speech_commands_v0.02-12" in capsys.readouterr().out
    assert verb.main(["--data", "nowhere"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: nowhere: is neither a folder") and len(error.splitlines()) == 1
    assert verb.main(["--data", "words", "--split", "by-luck"]) == 2
    assert "invalid choice" in capsys.readouterr().err


def test_wrong_rates_are_brought_to_one():
    for number, rate in enumerate((8000, 11025, 16000, 22050, 44100, 48000)):
        for label in ("no", "yes"):
            write(Path(f"words/{label}/{number}.flac"), number + 10 * (label == "yes"), rate=rate)
    report = prepare()
    assert len(report["rates"]) == 6
    for one in manifest.read("data/words/manifest.csv"):
        samples = convert_room.read_wav(one.path)
        assert len(samples) in (4800, 4801) and np.abs(samples).max() > 0.2 * 32768


def corrected(capsys, *rows):
    """The names of the clips that are left after such corrections of the raw recordings, and what was said."""
    Path("table.csv").write_text("path,label,action,becomes\n" + "".join(f"{row}\n" for row in rows))
    capsys.readouterr()
    prepare(corrections="table.csv", out="data/mended", overwrite=True)
    top = Path("data/mended").absolute()
    rows = manifest.read(top / "manifest.csv")
    return {one.path.relative_to(top).as_posix(): one.labels for one in rows}, capsys.readouterr().err


def test_corrections_of_prepared_clips_fit_the_recordings(capsys):
    corpus(Path("words"), speakers=6, suffix=".flac")
    prepare()
    top = Path("data/words").absolute()
    names = [one.path.relative_to(top).as_posix() for one in manifest.read(top / "manifest.csv")]
    name = next(name for name in names if name.startswith("train/no"))
    left, said = corrected(capsys, f"{name},no,drop,", "train/no/gone.wav,no,drop,")
    assert len(left) == len(names) - 1 and not any(other.endswith(name.removeprefix("train")) for other in left)
    assert "1 of 2 rows fit no clip and change nothing, for example train/no/gone.wav" in said
    left, said = corrected(capsys, f"no/{Path(name).stem}.flac,no,relabel, yes ; no;")
    assert ("yes", "no") in left.values() and "fit no clip" not in said


def test_corrections_that_can_mean_two_clips():
    clips = [manifest.Recording(Path(f"/c/{place}/0.wav"), ("yes",)) for place in ("yes/a", "yes/b")]
    names = {clip.path: f"{split}/yes/0.wav" for clip, split in zip(clips, ("train", "test"))}
    assert corrections.corrected(clips, {"train/yes/0.wav": None}, names=names) == clips[1:]
    with pytest.raises(KwsclsError, match="0.wav: fits both /c/yes/a/0.wav and /c/yes/b/0.wav"):
        corrections.corrected(clips, {"0.wav": None}, "table.csv")
    with pytest.raises(KwsclsError, match="is a test clip"):
        corrections.corrected(clips, {"test/yes/0.wav": None}, "table.csv", names)


@pytest.mark.parametrize("contents, message", [
    (b"path,action\ncaf\xe9.wav,drop\n", "is no CSV table in UTF-8"), (b"path,action\na.wav\n", "table.csv:2: the action ''"),
    (b"path,action\n\n,drop\n", "table.csv:3: has no path"), (b"path,action,becomes\na,relabel,;\n", "needs a label")])
def test_bad_tables_of_corrections(contents, message):
    Path("table.csv").write_bytes(contents)
    with pytest.raises(KwsclsError, match=message):
        corrections.read("table.csv")


def test_the_same_sound_under_two_labels_in_two_splits():
    clips = [manifest.Recording(Path(f"{split}.wav"), (label,), split) for split, label in (("test", "no"), ("train", "yes"))]
    facts = {one.path: {"content": "same"} for one in clips}
    kept, dropped, doubles, contradictions = duplicates.without_duplicates(clips, facts, {one.path: one.path for one in clips})
    assert (kept, dropped) == (clips[:1], clips[1:]) and doubles == contradictions and len(doubles) == 1


@pytest.mark.parametrize("label, peak, kept", [("no", 0.5, 1), ("no", 0.0, 2), ("yes", 0.5, 2)])
def test_the_same_sound_twice_in_a_split_counts_once_unless_silent_or_contradicting(label, peak, kept):
    """RAVDESS as Kaggle has it holds every clip in two folders."""
    clips = [manifest.Recording(Path("a.wav"), ("no",), "test"), manifest.Recording(Path("b.wav"), (label,), "test")]
    facts = {one.path: {"content": "same", "peak": peak} for one in clips}
    stays, dropped, doubles, contradictions = duplicates.without_duplicates(clips, facts, {one.path: one.path for one in clips})
    assert stays == clips[:kept] and len(dropped) == len(doubles) == 2 - kept and len(contradictions) == (label == "yes")


def test_an_archive_of_a_prepared_folder_keeps_its_noise():
    corpus(Path("words"), speakers=6)
    write(Path("words/_background_noise_/hum.wav"), seed=99, seconds=2)
    prepare()
    shutil.make_archive("packed", "zip", "data", "words")
    report = prepare("packed.zip")
    assert report["noises"] == 1 and report["clips"] == files.read_json("data/words/report.json")["clips"]


def _zipped():
    corpus(Path("in/words"))
    shutil.make_archive("b/words", "zip", "in")
    return "b/words.zip"


def _listed():
    corpus(Path("b/words"))
    lines = [f"{path.absolute()},{path.parent.name}" for path in sorted(Path("b/words").rglob("*.wav"))]
    Path("list.csv").write_text("path,label\n" + "\n".join(lines))
    return "list.csv"


@pytest.mark.parametrize("make", [lambda: corpus(Path("b/words")), _zipped, _listed])
def test_a_folder_that_holds_the_recordings_is_not_replaced(make):
    data = make()
    before = stamps("b")
    with pytest.raises(KwsclsError, match="b: holds the recordings that are to be prepared"):
        prepare(data, out="b", overwrite=True)
    assert stamps("b") == before


def test_edited_tables_of_suspects_stay_in_the_folder_that_is_prepared_again():
    corpus(Path("words"))
    prepare()
    text = "path,action,becomes\nyes/00000000_nohash_0.wav,drop,\n"
    for name in ("suspects.csv", "mine/own.csv"):
        Path("data/words/mine").mkdir(exist_ok=True)
        Path("data/words", name).write_text(text)
    report = prepare(corrections="data/words/mine/own.csv", overwrite=True)
    assert sum(report["clips"].values()) == 23
    assert [Path("data/words", name).read_text() for name in ("suspects.csv", "mine/own.csv")] == [text, text]
    ready("words", rate=8000)  # the settings said before still hold
    assert Path("data/words/suspects.csv").read_text() == Path("data/words/mine/own.csv").read_text() == text


def test_silences_that_came_along_stay(capsys):
    corpus(Path("words"), speakers=20)
    write(Path("words/_background_noise_/hum.wav"), seed=99, seconds=30)
    first = prepare(silence=50.0)
    again = prepare("data/words", out="data/again", silence=50.0)
    assert again["labels"] == first["labels"] and "_silence_ is there already" in capsys.readouterr().err
    assert len(manifest.read("data/again/manifest.csv")) == sum(first["clips"].values())
    words = prepare("data/words", out="data/some", labels=["no", "yes"], silence=25.0)
    assert words["labels"]["_silence_"]["test"] == -(-first["labels"]["_silence_"]["test"] // 2)


def test_an_unpacked_archive_with_hidden_folders_is_gone_on_with(monkeypatch):
    corpus(Path("in/words"))
    for name in (".git/config", "no/.ipynb_checkpoints/a.wav", ".DS_Store"):
        Path("in/words", name).parent.mkdir(parents=True, exist_ok=True)
        Path("in/words", name).write_text("hidden")
    shutil.make_archive("words", "zip", "in")

    def stop(*_):
        raise KwsclsError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(room.clip_names, "of", stop)
        with pytest.raises(KwsclsError, match="stopped"):
            prepare("words.zip")
    Path("data/.words.unfinished/.half-unpacked/no").mkdir(parents=True)
    Path("data/.words.unfinished/.half-unpacked/no/a.wav").touch()
    assert sum(prepare("words.zip")["clips"].values()) == 24 and leftovers() == []


def test_a_split_that_loses_all_its_clips_is_told():
    for number in range(9):
        for label in ("no", "yes"):
            write(Path(f"words/{manifest.SPLITS[number % 3]}/{label}/{number}.wav"), number + 100 * (label == "yes"))
    for path in Path("words/validation").rglob("*.wav"):
        path.write_bytes(b"junk")
    with pytest.raises(KwsclsError, match=r"nothing is left for validation: 1.wav is no sound file"):
        prepare()
    shutil.rmtree("words/validation")
    shutil.copytree("words/test", "words/validation")
    with pytest.raises(KwsclsError, match="nothing is left for validation: .*the same sound"):
        prepare()
    assert not Path("data/words").exists()


def test_what_is_no_sound_takes_no_place_in_a_split():
    corpus(Path("words"), speakers=5)
    for label in ("no", "yes"):
        for name in ("Thumbs.db", "desktop.ini", "notes.txt", *(f"{number}.json" for number in range(20))):
            Path("words", label, name).write_text("no sound")
    report = prepare()
    assert len(report["unreadable"]) == 46
    assert report["labels"] == {label: {"train": 3, "validation": 1, "test": 1} for label in ("no", "yes")}


def test_names_that_a_table_or_a_disk_does_not_take():
    corpus(Path("words"))
    long = "\u0436" * 125
    for seed, name in enumerate((b"caf\xe9.wav", b"caf\xe8.wav", b"two\rlines.wav", f"{long}a.wav".encode(), f"{long}b.wav".encode())):
        write(Path("words/yes") / os.fsdecode(name), 200 + seed)
    Path(os.fsdecode(b"words/yes/bad\xe9.wav")).write_bytes(b"junk")
    report = prepare()
    rows = manifest.read("data/words/manifest.csv")
    assert len(rows) == 29 and all(one.path.is_file() for one in rows)
    assert report["unreadable"][0]["path"].endswith("bad\\udce9.wav")
    write(Path(os.fsdecode(b"words/caf\xe9/a.wav")), 300)
    with pytest.raises(KwsclsError, match="is no text in UTF-8 on one line; rename it"):
        prepare(overwrite=True)


@pytest.mark.parametrize("out, message", [("file.txt/x", "file.txt: cannot be written"), ("file.txt/x/y", "cannot be written"),
                                          ("dangling", "dangling: is a link to nothing"), ("/", "/: cannot be replaced")])
def test_places_that_cannot_be(out, message):
    corpus(Path("words"))
    Path("file.txt").write_text("mine")
    Path("dangling").symlink_to("nowhere")
    with pytest.raises(KwsclsError, match=message):
        prepare(out=out, overwrite=True)
    assert sorted(path.name for path in Path().iterdir()) == ["dangling", "file.txt", "words"]


def test_out_may_be_a_link_or_where_one_is(monkeypatch):
    words = corpus(Path("words")).absolute()
    for name in ("disk", "here"):
        Path(name).mkdir()
    Path("link").symlink_to("disk")
    prepare(words, out="link", overwrite=True)
    assert Path("link").is_symlink() and len(manifest.read("disk/manifest.csv")) == 24
    place = Path("here").absolute()
    monkeypatch.chdir(place)
    prepare(words, out=".", overwrite=True)
    assert len(manifest.read(place / "manifest.csv")) == 24 and not list(place.parent.glob(".*"))
    monkeypatch.chdir(place.parent)


def test_shards_of_no_size_are_refused(capsys):
    corpus(Path("words"))
    assert verb.main(["--data", "words", "--shards", "--shard-megabytes", "0"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
