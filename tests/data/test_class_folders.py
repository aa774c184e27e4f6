"""Class folders below splits or folds that are called in many ways, and folders that are no labels."""

import pytest

from kwscls.data.layouts import load
from kwscls.errors import KwsclsError
from tests.data.test_manifest import touch


def told(folder):
    return {one.path.name: (one.labels[0], one.split, one.fold, one.group) for one in load(folder)}


@pytest.mark.parametrize("learnt, heard, split", [
    ("train_data", "test_data", "test"), ("nsynth-train", "nsynth-valid", "validation"), ("my training set", "my eval set", "test"),
    ("development", "evaluation", "test")])
def test_a_word_in_its_name_tells_a_folders_split(tmp_path, learnt, heard, split):
    touch(tmp_path, f"{learnt}/dog/a.wav", f"{learnt}/cat/b.wav", f"{heard}/dog/c.wav", f"{heard}/cat/anna/d.wav")
    assert told(tmp_path) == {"a.wav": ("dog", "train", None, None), "b.wav": ("cat", "train", None, None),
                              "c.wav": ("dog", split, None, None), "d.wav": ("cat", split, None, "anna")}


def test_folders_of_folds(tmp_path):
    touch(tmp_path, *(f"fold{fold}/{label}/{label}{fold}.wav" for fold in (1, 2, 3) for label in ("dog", "cat")))
    assert told(tmp_path) == {f"{label}{fold}.wav": (label, None, str(fold), None) for fold in (1, 2, 3) for label in ("dog", "cat")}


@pytest.mark.parametrize("folders", [
    ("train-clean-100/19/198", "dev-clean/84/121", "test-clean/61/70"), ("nsynth-train/audio", "nsynth-valid/audio"),
    ("development", "evaluation", "validation"), ("training-a", "training-b", "validation"), ("fold1", "fold2")])
def test_parts_of_a_corpus_without_class_folders_are_no_labels(tmp_path, folders):
    touch(tmp_path, *(f"{folder}/{number}.wav" for number, folder in enumerate(folders)))
    with pytest.raises(KwsclsError, match="which tell no labels; list the recordings"):
        load(tmp_path)


def test_labels_with_such_a_word_stay_labels(tmp_path):
    touch(tmp_path, "freight_train/a.wav", "train_horn/b.wav", "train_whistle/c.wav")
    assert {label for label, *_ in told(tmp_path).values()} == {"freight_train", "train_horn", "train_whistle"}
    touch(tmp_path, "dog/d.wav", "test_tone/e.wav")
    assert {label for label, *_ in told(tmp_path).values()} == {"dog", "freight_train", "test_tone", "train_horn", "train_whistle"}
