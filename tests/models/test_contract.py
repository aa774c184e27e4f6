"""What every name in MODELS promises, at small sizes: it is built, learns, forgets nothing, and leaves the house whole."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls import models
from kwscls.errors import KwsclsError
from kwscls.serving import bundle
from kwscls.training.recipes import RECIPES
from kwscls.training.steps import has_batch_norms
from tests.models.small import SMALL

SAMPLES = 4000
LABELS = ("down", "go", "left")


def named(names):
    """A parameter for each name; all tests of a name go to one worker, which builds it once."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


# The first name of each builder; the others differ from it in sizes, which the tests make small anyway.
FAMILIES = list({row.builder: name for name, row in reversed(models.MODELS.items())}.values())


@pytest.fixture(scope="module", params=named(models.MODELS))
def model(request):
    """A small model of each name; its tests run one after another."""
    keras.utils.set_random_seed(1)
    made = models.build(request.param, LABELS, SAMPLES, **SMALL.get(request.param, {}))
    yield made
    keras.backend.clear_session()


def clips(batch=4, samples=SAMPLES):
    return np.random.default_rng(0).normal(0, 0.1, (batch, samples)).astype(np.float32)


def test_it_says_what_its_answers_mean(model):
    logits = model(clips(), training=False)
    assert model.labels == LABELS and model.samples == SAMPLES and model.sample_rate == 16000
    assert logits.shape[0] == 4 and logits.shape[-1] == 3 and logits.dtype == tf.float32
    assert np.isfinite(logits).all()
    assert (logits.shape.rank == 3) == bool(model.frame_step)
    assert model.embedding.shape[0] is None and model.get_layer("logits").compute_dtype == "float32"
    assert model.name in RECIPES, "one row in training/recipes.py"
    assert not (RECIPES[model.name].abreast and has_batch_norms(model)), "such a model would learn in one lane, on one core"


def test_clips_of_a_batch_do_not_hear_each_other(model):
    together = model(clips(), training=False).numpy()
    alone = np.concatenate([model(clip[np.newaxis], training=False) for clip in clips()])
    np.testing.assert_allclose(alone, together, rtol=1e-4, atol=1e-5 * np.abs(together).max())


def test_gradients_reach_every_weight(model):
    keras.utils.set_random_seed(2)
    waiting = {weight.path for weight in model.trainable_variables}
    for _ in range(8):  # whole layers may be dropped in one pass
        with tf.GradientTape() as tape:
            logits = model(clips(8), training=True)
            loss = tf.reduce_sum(logits * np.random.default_rng(1).normal(size=logits.shape))
        for weight, gradient in zip(model.trainable_variables,
                                    tape.gradient(loss, [weight.value for weight in model.trainable_variables])):
            if gradient is None and weight.path.startswith("auxiliary"):
                waiting.discard(weight.path)  # side heads learn by a loss of their own: test_images.py
                continue
            assert gradient is not None, weight.path
            gradient = np.array(tf.convert_to_tensor(gradient))
            assert np.isfinite(gradient).all(), weight.path
            if gradient.any():
                waiting.discard(weight.path)
        if not waiting:
            return
    assert not waiting


@pytest.mark.parametrize("name", named(FAMILIES))
def test_a_tenth_of_a_second_and_a_minute(name):
    shortest = models.build(name, 3, 1600, **SMALL.get(name, {}))
    assert np.isfinite(shortest(clips(1, 1600), training=False)).all()
    assert models.build(name, 3, 16000 * 60, **SMALL.get(name, {})).samples == 960000


@pytest.mark.parametrize("model", named(FAMILIES), indirect=True)
def test_its_file_and_its_export_answer_as_it_does(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    assert (again.labels, again.samples, again.name) == (model.labels, model.samples, model.name)
    np.testing.assert_array_equal(again(clips(), training=False), model(clips(), training=False))
    bundle.save(again, tmp_path / "saved_model")
    loaded = bundle.load(tmp_path)
    np.testing.assert_array_equal(loaded.scores(clips()), bundle.scores_of(model, clips()))
    assert bool(loaded.stream) == (model.name not in WITHOUT_STREAM)
    if loaded.stream:
        the_stream_is_the_last_clip(loaded)
    for samples in (1600, 32000, 960000):
        scores = loaded.scores(clips(2, samples))
        assert np.isfinite(scores).all() and scores.shape[-1] == 3


WITHOUT_STREAM = (
    "sincnet", "sincnet_timit", "wav2vec2",  # listen to the waveform, normalised clip by clip
    "bcresnet_1", "matchboxnet_3x1x64", "attrnn",  # their frames mirror or pad the ends of a clip
    "yamnet", "alexnet", "vgg11", "densenet121", "inception_v3", "convnext_tiny")  # pad clips as short as these


def the_stream_is_the_last_clip(loaded):
    """Piece by piece, in steps of a frame and more, the scores are those of the last clip, with silence before its start."""
    step, at = loaded.stream["step"], 0
    sound, state = clips(2, 4 * SAMPLES), np.zeros((2, loaded.stream["state"]), np.float32)
    for frames in (1, 3, 7, 30, 1):
        answer = loaded.answer("stream", waveform=sound[:, at:at + frames * step], state=state)
        at, state = at + frames * step, answer["state"]
        window = np.concatenate([np.zeros((2, SAMPLES), np.float32), sound], axis=1)[:, at:at + SAMPLES]
        np.testing.assert_allclose(answer["scores"], loaded.scores(window), atol=1e-5)
    with pytest.raises(KwsclsError, match=f"a multiple of {step} samples, not {step + 1}$"):
        loaded.answer("stream", waveform=sound[:, :step + 1], state=state)


def test_names_and_sizes_that_do_not_exist():
    with pytest.raises(KwsclsError, match="did you mean cnn?"):
        models.build("cnnn", 3, SAMPLES)
    with pytest.raises(KwsclsError, match="did you mean width?"):
        models.build("cnn", 3, SAMPLES, widht=3)
    with pytest.raises(KwsclsError, match="no setting actavation; it has dropout, frame_length, frame_step, size, units, width$"):
        models.build("cnn", 3, SAMPLES, actavation="relu")


@pytest.mark.parametrize("name,size,value,why", [
    ("cnn", "dropout", 0.5, "not subscriptable"), ("cnn", "width", -3, "strictly positive"), ("cnn", "frame_step", 0, "start at 1"),
    ("res1d", "widths", 16, "not iterable"), ("res1d", "stem", "abc", "not supported"), ("ast", "heads", 0, "by zero"),
    ("mobilenet_v3_small", "variant", "x", "KeyError")])
def test_sizes_that_no_net_can_have_are_told(name, size, value, why):
    with pytest.raises(KwsclsError, match=f"^the model {name} cannot be built with {size}={value}: .*{why}"):
        models.build(name, 3, SAMPLES, sample_rate=16000, **{size: value})


def test_an_error_that_no_size_made_is_not_hidden():
    with pytest.raises(TypeError):
        models.build("cnn", None, SAMPLES, sample_rate=16000)


def test_files_that_are_no_models(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"no model")
    with pytest.raises(KwsclsError, match="cannot be loaded"):
        models.load(tmp_path / "model.keras")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "other.keras")
    with pytest.raises(KwsclsError, match="not one of kwscls"):
        models.load(tmp_path / "other.keras")
