"""From a trained run to others: new words, few examples, a pupil, an ensemble, honest scores, a found rate."""

import dataclasses
import shutil

import numpy as np
import pytest

from kwscls import combine as combine_verb
from kwscls import export as export_verb
from kwscls import files, models
from kwscls.data import balance, pipeline, prepare
from kwscls.data.pipeline import Clips
from kwscls.errors import KwsclsError
from kwscls.evaluation import plots_inside
from kwscls.pretrained import load
from kwscls.serving import bundle
from kwscls.serving.export import load_model
from kwscls.settings import TrainSettings
from kwscls.training import combine, few_shot, rates, recipes, run, teacher
from kwscls.training.choices import check_few_shot, chosen_recipe, sizes_of_run
from kwscls.training.run import train, with_found_rate
from kwscls.training.steps import Steps
from tests.conftest import tone, write_wav
from tests.models.small import SMALL as SIZES

SMALL = ["width=8", "units=32", "size=16", "dropout=(0.1,0.1)"]


def settings(prepared, out, **changes):
    return TrainSettings(**{"data": str(prepared), "model": "cnn", "out": str(out), "epochs": 12, "augment": False,
                            "batch_size": 8, "learning_rate": 0.003, "patience": 0, "size": SMALL, **changes})


@pytest.fixture(scope="module")
def first(tones, tmp_path_factory):
    """A run on the two tones, and beside it their prepared folder."""
    place = tmp_path_factory.mktemp("transfer")
    prepared = prepare.ready(tones, out=place / "tones")
    return train(settings(prepared, place / "first", seconds=0.25))


@pytest.fixture(scope="module")
def second(first):
    """A run that began with the first one's weights, and whose head was solved."""
    return train(settings(first.parent / "tones", first.parent / "second", size=[], weights=str(first), few_shot=True,
                          epochs=None, batch_size=None, learning_rate=None, patience=None, seconds=0.25))


@pytest.fixture(scope="module")
def new_words(tmp_path_factory):
    """Three other tones, few of each, as a split of a prepared folder each."""
    folder = tmp_path_factory.mktemp("new") / "words"
    for split, clips in (("train", 4), ("validation", 3)):
        for place, frequency in enumerate((300, 900, 3000)):
            for clip in range(clips):
                write_wav(folder / split / f"tone{frequency}" / f"{split}{clip}.wav", tone(frequency, seed=7 * clip + place))
    return folder


def test_a_run_goes_on_from_a_run_with_its_sizes(first, second):
    stored = files.read_json(second / "settings.json")
    assert stored["sizes"] == files.read_json(first / "settings.json")["sizes"] and stored["size"] == []
    assert files.read_json(second / "metrics.json")["accuracy"] == 1.0 and (second / "saved_model").is_dir()
    with pytest.raises(KwsclsError, match="is a run of cnn, not of .*; add --model cnn"):
        train(TrainSettings(data=str(first.parent / "tones"), weights=str(first), out=str(first.parent / "third")))


def test_new_words_get_a_new_head(first, new_words):
    model = models.build("cnn", ["tone300", "tone3000", "tone900"], 4000, **files.read_json(first / "settings.json")["sizes"])
    said = load(model, str(first))
    assert said == ["the head is new: the file has 2 labels, the model 3"]
    old = load_model(first)
    for one, other in zip(model.layers, old.layers):
        if one.name != "logits":
            for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
                np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_few_examples_are_learnt_in_seconds(first, new_words, activation):
    clips, others = (Clips(new_words / split, 4000) for split in ("train", "validation"))
    model = models.build("cnn", clips.labels, 4000, activation=activation, **files.read_json(first / "settings.json")["sizes"])
    load(model, str(first))
    history = few_shot.solve_head(model, clips, others)
    waveforms, marks = others.batch(range(len(others)))
    answers = bundle.scores_of(model, waveforms).argmax(axis=1)
    assert (answers == marks.numpy().argmax(axis=1)).mean() == pytest.approx(history[0]["val_accuracy"]) and \
        history[0]["val_accuracy"] > 0.8


def test_few_examples_of_a_rare_label_can_weigh_more(first, new_words, tmp_path):
    shutil.copytree(new_words, tmp_path / "rare")
    label = sorted(path.name for path in (tmp_path / "rare" / "train").iterdir())[0]
    for path in sorted((tmp_path / "rare" / "train" / label).iterdir())[2:]:
        path.unlink()
    clips, others = (Clips(tmp_path / "rare" / split, 4000) for split in ("train", "validation"))
    waveforms, marks = clips.batch(range(len(clips)))
    model = models.build("cnn", clips.labels, 4000, **files.read_json(first / "settings.json")["sizes"])
    load(model, str(first))
    for even in (False, True):
        few_shot.solve_head(model, clips, others, even=even)
        chances = balance.clip_chances(marks) if even else np.full(len(clips), 1 / len(clips))
        mean = chances @ bundle.scores_of(model, waveforms)  # a logistic regression's mean scores are the labels' shares
        np.testing.assert_allclose(mean, chances @ marks.numpy(), atol=2e-3)


def test_few_shot_wants_weights(first):
    with pytest.raises(KwsclsError, match="needs a trained body"):
        train(settings(first.parent / "tones", first.parent / "none", few_shot=True, epochs=None))
    for name, value in (("epochs", 3), ("budget", 60.0), ("find_rate", True), ("accumulate", 2), ("precision", "mixed_float16"),
                        ("learning_rate", 0.1), ("optimizer", "sgd"), ("batch_size", 8), ("patience", 0), ("jit", True),
                        ("rate_factors", {"body": 0.1}), ("freeze", ["body"]), ("unfreeze", ["3=body"]), ("band_gain", 6.0)):
        with pytest.raises(KwsclsError, match=f"leave out --{name.replace('_', '-')}"):
            check_few_shot(TrainSettings(few_shot=True, weights=str(first), **{name: value}))


@pytest.mark.parametrize("name,few_shot,scored", [("cnn", False, True), ("cnn", True, False), ("wav2vec2_frames", False, False)])
def test_uneven_labels_are_told_as_they_are_scored(first, monkeypatch, capsys, name, few_shot, scored):
    monkeypatch.setattr(balance, "is_uneven", lambda counts: True)
    prepared = first.parent / "tones"
    run.warn(prepared, Clips(prepared / "train", 4000), TrainSettings(few_shot=few_shot), models.build(name, 2, 4000, **SIZES[name]))
    told = capsys.readouterr().err
    assert "--evened sampling" in told and ("scored by a mean over labels" in told) == scored


def test_a_step_in_parts_is_not_compiled():
    with pytest.raises(KwsclsError, match="--jit: compiles whole batches, not their parts"):
        chosen_recipe(TrainSettings(jit=True, accumulate=2))
    assert chosen_recipe(TrainSettings(jit=True)).jit and not chosen_recipe(TrainSettings(accumulate=2)).jit


def test_a_teachers_scores_are_a_part_of_the_targets(first):
    clips = Clips(first.parent / "tones" / "train", 4000)
    waveforms, targets = clips.batch([0, 31])
    seed = np.array([0, 1], np.int32)
    swapped = teacher.taught(None, first, ["low", "high"], 16000, share=1.0)
    same = teacher.taught(lambda waveforms, targets, seed: (waveforms / 2, targets), first, ["high", "low"], 16000,
                          share=0.25)
    expected = bundle.load(first).scores(waveforms.numpy())
    np.testing.assert_allclose(swapped(waveforms, targets, seed)[1], expected[:, ::-1], atol=1e-6)
    expected = 0.75 * targets + 0.25 * bundle.load(first).scores(waveforms.numpy() / 2)
    np.testing.assert_allclose(same(waveforms, targets, seed)[1], expected, atol=1e-6)
    batch = next(iter(pipeline.training_batches(clips, 4, 0, 1, change=same)))
    np.testing.assert_allclose(batch[1].numpy().sum(axis=1), 1, atol=1e-5)
    with pytest.raises(KwsclsError, match="scores of a softmax"):
        teacher.taught(None, first, ["low", "high"], 16000, "sigmoid")
    for labels, rate, share, why in ((["a", "b"], 16000, 0.5, "knows the labels"), (["high", "low"], 8000, 0.5, "sample rate"),
                                     (["high", "low"], 16000, 2, "from 0 to 1")):
        with pytest.raises(KwsclsError, match=why):
            teacher.taught(None, first, labels, rate, share=share)


def test_an_ensemble_answers_with_the_mean_of_the_scores(first, second, tmp_path, capsys):
    out = tmp_path / "both"
    assert combine_verb.main([str(first), str(second), "--out", str(out), "--calibrate"]) == 0
    printed = capsys.readouterr()
    assert "mean of scores" in printed.out and "temperature" in printed.err
    clips = np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)
    whole = load_model(out)
    temperature, whole.temperature = whole.temperature, 1.0
    expected = (bundle.load(first).scores(clips) + bundle.load(second).scores(clips)) / 2
    np.testing.assert_allclose(bundle.scores_of(whole, clips), expected, atol=1e-6)
    logits = np.log(expected)
    cool = np.exp(logits / temperature)
    np.testing.assert_allclose(bundle.load(out).scores(clips), cool / cool.sum(axis=1, keepdims=True), atol=1e-5)
    assert files.read_json(out / "metrics.json")["accuracy"] == 1.0
    assert combine_verb.main([str(first), str(second), "--out", str(out)]) == 2, "it exists"
    with pytest.raises(KwsclsError, match="several models that answer together; name one of them: .*first"):
        sizes_of_run(TrainSettings(model="cnn", weights=str(out)))


def test_runs_of_other_splits_are_told_to_have_heard_the_clips(first, second, tmp_path, capsys):
    here = str((first.parent / "tones").resolve())
    shutil.copytree(second, tmp_path / "other")
    files.write_json(tmp_path / "other" / "settings.json", {
        **files.read_json(second / "settings.json"), "prepared": str(tmp_path / "fold")})
    words = [str(first), str(tmp_path / "other"), "--by", "weights", "--out"]
    assert combine_verb.main([*words, str(tmp_path / "both")]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "trained on other splits" in told and "the figures flatter" in told and "--data" in told
    assert files.read_json(tmp_path / "both" / "settings.json")["learnt_from"] == sorted([here, str(tmp_path / "fold")])
    assert combine.learnt_from([tmp_path / "both", first]) == sorted([here, str(tmp_path / "fold")])
    assert combine_verb.main([*words, str(tmp_path / "named"), "--data", here]) == 0
    assert "flatter" not in capsys.readouterr().err
    assert combine.learnt_from([first, second]) == [here]


def test_a_run_of_averaged_weights_has_the_sizes_of_the_first(first, second, tmp_path):
    assert combine_verb.main([str(first), str(second), "--by", "weights", "--out", str(tmp_path / "mean")]) == 0
    sizes = sizes_of_run(TrainSettings(model="cnn", weights=str(tmp_path / "mean")))
    assert sizes == files.read_json(first / "settings.json")["sizes"] != {}


def test_weights_are_averaged(first, second):
    one, other = load_model(first), load_model(second)
    made = combine.together([one, other], "weights")
    for mean, *parts in zip(made.get_weights(), one.get_weights(), other.get_weights()):
        np.testing.assert_allclose(mean, np.mean(parts, axis=0), atol=1e-6)
    wider = models.build("cnn", one.labels, 4000, width=6, units=16, size=16)
    with pytest.raises(KwsclsError, match="have no mean"):
        combine.together([one, wider], "weights")
    with pytest.raises(KwsclsError, match="other samples"):
        combine.together([one, models.build("cnn", one.labels, 8000, width=4)])


def test_mean_scores_of_independent_labels():
    made = [models.build("cnn", 3, 4000, width=4, units=8, activation="sigmoid") for _ in range(2)]
    made[0].temperature = 2.0
    clips = np.random.default_rng(0).normal(0, 0.1, (3, 4000)).astype(np.float32)
    expected = np.mean([bundle.scores_of(model, clips) for model in made], axis=0)
    np.testing.assert_allclose(bundle.scores_of(combine.together(made), clips), expected, atol=1e-6)
    with pytest.raises(KwsclsError, match="one label a clip"):
        combine.calibrate(made[0], None)


def test_an_export_is_calibrated_on_request(first, tmp_path, capsys):
    assert export_verb.main(["--run", str(first), "--out", str(tmp_path / "honest"), "--calibrate"]) == 0
    assert "calibration error of 12 validation clips" in capsys.readouterr().err
    clips = np.stack([tone(400, seed=1), tone(2500, seed=2)]).astype(np.float32)
    place = next(path.parent for path in (tmp_path / "honest").rglob("saved_model.pb"))
    plain, honest = bundle.load(first).scores(clips), bundle.load(place).scores(clips)
    assert (plain.argmax(axis=1) == honest.argmax(axis=1)).all() and not np.allclose(plain, honest)


def test_a_rate_is_found_and_the_model_left_as_it_was(first, tmp_path):
    clips = Clips(first.parent / "tones" / "train", 4000)
    model = models.build("cnn", clips.labels, 4000, width=8, units=32, size=16)
    recipe = recipes.recipe("cnn")
    steps = Steps(model, recipe)
    before = model.get_weights()
    found = rates.find_rate(steps, pipeline.training_batches(clips, 8, 0, 100), 1e-3)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert len(found["rates"]) == len(found["losses"]) and 1e-6 < found["rate"] < 0.1
    assert plots_inside.rate_ramp(found).axes[0].get_xscale() == "log"
    files.write_json(tmp_path / "learning_rate.json", found)
    assert with_found_rate(model, clips, recipe, tmp_path, 0, None).learning_rate == found["rate"], "a resumed run takes it"


def test_a_rate_is_found_by_the_training_that_follows(first, tmp_path, monkeypatch):
    clips = Clips(first.parent / "tones" / "train", 4000)
    model = models.build("ast", clips.labels, 4000, **SIZES["ast"])
    found = []

    def spy(steps, batches, rate):
        found.append((model.get_layer("patchout").rate, len(next(iter(batches)))))
        return {"rates": [1e-3, 1e-2, 1e-1], "losses": [3.0, 2.0, 1.0], "rate": 1e-2}

    monkeypatch.setattr(rates, "find_rate", spy)
    with_found_rate(model, clips, dataclasses.replace(recipes.recipe("ast"), patchout=0.25), tmp_path, 0, None,
                    evened="weights")
    assert found == [(0.25, 3)], "patches are left out, and clips have weights"


def test_the_steepest_descent_by_hand():
    ramp = np.geomspace(1e-4, 1e0, 9)
    assert rates.steepest(ramp, [5, 5, 4.9, 4, 2, 1.5, 1.4, 3, 9], 1e-3) == pytest.approx(ramp[3])
    assert rates.steepest(ramp, [1, 2, 3, 4, 5, 6, 7, 8, 9], 1e-3) == 1e-3
