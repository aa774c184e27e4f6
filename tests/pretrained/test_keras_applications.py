"""Our models answer as those of keras.applications do, with their weights."""

import keras
import numpy as np
import pytest
from keras.src.applications import convnext, densenet  # the functions with open sizes are not exported

from kwscls import models, pretrained
from kwscls.pretrained.read import Source, read

SHAPE = (64, 96, 3)


def from_image(model):
    return keras.Model(model.get_layer("image").output, model.outputs[0])


def shaken(model, seed=0):
    """A model of keras.applications with no weight left at 0 or 1."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        noise = rng.standard_normal(weight.shape).astype(np.float32)
        value = weight.numpy() + 0.05 * noise
        weight.assign(np.abs(value) if "variance" in weight.path else value)
    return model


def source(model):
    return Source({weight.path: weight.numpy() for weight in model.weights})


def kept(model, folder):
    """What a user keeps of a model of keras.applications, read again."""
    model.save(folder / "theirs.h5")
    return read(folder / "theirs.h5")


THEIRS = {
    "densenet121": lambda **top: densenet.DenseNet([1, 2, 1, 1], weights=None, input_shape=SHAPE, **top),
    "convnext_tiny": lambda **top: convnext.ConvNeXt([1, 1, 2, 1], [8, 16, 24, 32], include_preprocessing=False,
                                                     weights=None, input_shape=SHAPE, **top),
}
SIZES = {"densenet121": dict(depths=(1, 2, 1, 1)), "convnext_tiny": dict(depths=(1, 1, 2, 1), dims=(8, 16, 24, 32))}


@pytest.mark.parametrize("name", THEIRS)
def test_answers_are_theirs(name, tmp_path):
    theirs = shaken(THEIRS[name](classes=5, classifier_activation=None))
    ours = models.build(name, 5, 16000, image_size=SHAPE[:2], channels=3, **SIZES[name])
    assert pretrained.fill(ours, kept(theirs, tmp_path), models.row(name).builder.partition(":")[0]) == []
    images = np.random.default_rng(1).standard_normal((2, *SHAPE)).astype(np.float32)
    expected = theirs.predict(images, verbose=0)
    answers = from_image(ours).predict(images, verbose=0)
    np.testing.assert_allclose(answers, expected, atol=1e-5 * np.abs(expected).max())


def test_a_file_without_top_leaves_ours_new():
    theirs = THEIRS["densenet121"](include_top=False)
    ours = models.build("densenet121", 5, 16000, **SIZES["densenet121"])
    before = ours.get_layer("logits").kernel.numpy()
    said = pretrained.fill(ours, source(theirs), "densenet")
    assert any("new" in sentence for sentence in said) and any("summed" in sentence for sentence in said)
    np.testing.assert_array_equal(ours.get_layer("logits").kernel.numpy(), before)
    kernel = theirs.get_layer("conv1_conv").kernel.numpy().sum(axis=2, keepdims=True)
    np.testing.assert_allclose(ours.get_layer("stem_conv").kernel.numpy(), kernel, atol=1e-6)


def test_vgg_hears_images_of_deviation_1_as_theirs_of_0_to_255():
    theirs = keras.applications.VGG16(include_top=False, weights=None, input_shape=SHAPE)
    ours = models.build("vgg16", 5, 16000, image_size=SHAPE[:2], channels=3, units=8)
    pretrained.fill(ours, source(theirs), "vgg")
    images = np.random.default_rng(1).standard_normal((1, *SHAPE)).astype(np.float32)
    expected = theirs.predict(57.4 * images, verbose=0)
    last_map = keras.Model(ours.get_layer("image").output, ours.get_layer("stage5_pool").output)
    np.testing.assert_allclose(last_map.predict(images, verbose=0), expected, atol=1e-4 * np.abs(expected).max())
