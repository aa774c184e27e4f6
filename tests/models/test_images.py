"""The image backbones have the published sizes, and their names, side heads and images are what is promised."""

import keras
import numpy as np
import pytest

from kwscls import models
from kwscls.errors import KwsclsError
from kwscls.models.auxiliary import AuxiliaryClassifier

# Trainable parameters with three channels, for 1000 labels and for 8, counted in torchvision 0.29.2.
COUNTS = {
    "alexnet": (61_100_840, 57_036_616),
    "vgg11": (132_863_336, 128_799_112),
    "vgg13": (133_047_848, 128_983_624),
    "vgg16": (138_357_544, 134_293_320),
    "vgg16_bn": (138_365_992, 134_301_768),
    "vgg19": (143_667_240, 139_603_016),
    "googlenet": (6_624_904, 5_608_104),
    "inception_v3": (23_834_568, 21_801_960),
    "resnet18": (11_689_512, 11_180_616),
    "resnet34": (21_797_672, 21_288_776),
    "resnet50": (25_557_032, 23_524_424),
    "densenet121": (7_978_856, 6_962_056),
    "squeezenet1_0": (1_248_424, 739_528),
    "squeezenet1_1": (1_235_496, 726_600),
    "mobilenet_v3_small": (2_542_856, 1_526_056),
    "mobilenet_v3_large": (5_483_032, 4_212_280),
    "convnext_tiny": (28_589_128, 27_826_280),
}
WITH_SIDE_HEADS = {"googlenet": (13_004_888, 9_954_488), "inception_v3": (27_161_264, 24_365_808)}
WITHOUT = {"googlenet": dict(auxiliary=False)}  # the name stands for the network in training, side heads and all
ONE_CHANNEL = {
    "alexnet": 57_021_128,
    "convnext_tiny": 27_823_208,
    "densenet121": 6_955_784,
    "googlenet": 5_601_832,
    "inception_v3": 21_801_384,
    "mobilenet_v3_small": 1_525_768,
    "resnet18": 11_174_344,
    "squeezenet1_0": 730_120,
    "vgg11": 128_797_960,
    "vit_tiny": 5_399_240,
}


def trainable(name, labels, **sizes):
    """How many parameters a model would train; no weight takes memory."""
    with keras.StatelessScope(initialize_variables=False):
        model = models.build(name, labels, 16000, **sizes)
        count = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    keras.utils.clear_session()
    return count


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_the_published_ones(name):
    assert trainable(name, 8, channels=3, **WITHOUT.get(name, {})) == COUNTS[name][1]


@pytest.mark.parametrize("name", ["resnet50", "squeezenet1_1"])
def test_parameters_for_the_classes_of_imagenet(name):
    assert trainable(name, 1000, channels=3) == COUNTS[name][0]


@pytest.mark.parametrize("name", WITH_SIDE_HEADS)
def test_parameters_with_side_heads(name):
    assert trainable(name, 8, channels=3, auxiliary=True) == WITH_SIDE_HEADS[name][1]
    assert trainable(name, 1000, channels=3, auxiliary=True) == WITH_SIDE_HEADS[name][0]


@pytest.mark.parametrize("name", ONE_CHANNEL)
def test_parameters_told_in_the_docstrings(name):
    assert trainable(name, 8, **WITHOUT.get(name, {})) == ONE_CHANNEL[name]


def test_vit_of_the_published_size():
    assert trainable("vit_base", 8, channels=3, image_size=(224, 224)) == 85_804_808


def test_side_heads_weigh_in_training_only():
    keras.utils.set_random_seed(0)
    model = models.build("googlenet", 3, 8000, width=0.05, bands=32, auxiliary=True, dropout=0.0, auxiliary_dropout=0.0,
                         auxiliary_weight=0.3)
    assert isinstance(model, AuxiliaryClassifier) and len(model.outputs) == 1
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
    clips = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 8000)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    sides = [model.get_layer(f"auxiliary{number}_logits").output for number in (1, 2)]
    main, first, second = keras.Model(model.inputs[0], [model.output, *sides])(clips, training=True)
    expected = float(loss(labels, main) + 0.3 * loss(labels, first) + 0.3 * loss(labels, second))
    assert model.fit(clips, labels, verbose=0).history["loss"][0] == pytest.approx(expected, rel=1e-4)
    assert model.evaluate(clips, labels, verbose=0) == pytest.approx(float(loss(labels, model(clips))), rel=1e-5)


def test_every_layer_with_weights_belongs_to_a_named_stage():
    model = models.build("resnet18", 3, 16000)
    names = [layer.name for layer in model.layers if layer.trainable_weights]
    assert {name.split("_")[0] for name in names} == {"stem", "stage1", "stage2", "stage3", "stage4", "logits"}


def test_a_lone_clip_is_an_image_of_bands_and_frames():
    model = models.build("squeezenet1_1", 3, 16000, stem=4, squeezes=(2,) * 8)
    image = keras.Model(model.inputs[0], model.get_layer("image").output)(np.zeros((1, 16000), np.float32))
    assert image.shape == (1, 64, 98, 1)
    np.testing.assert_allclose(image, np.log(1e-6), rtol=1e-6)


def test_a_short_clip_is_followed_by_silence():
    model = models.build("squeezenet1_0", 3, 1600, stem=4, squeezes=(2,) * 8)
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 1600)).astype(np.float32)
    image = keras.Model(model.inputs[0], model.get_layer("image").output)(clip).numpy()
    assert image.shape == (1, 64, 21, 1)
    np.testing.assert_allclose(image[:, :, 10:], np.log(1e-6), rtol=1e-6)
    assert image[:, :, :8].min() > -10


def test_an_image_that_is_too_small_is_refused():
    with pytest.raises(KwsclsError, match="reads 75 or more; raise bands"):
        models.build("inception_v3", 3, 16000, bands=64)
    with pytest.raises(KwsclsError, match="image_size"):
        models.build("alexnet", 3, 16000, image_size=(32, 224))


@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_a_residual_block_can_start_as_its_shortcut(block):
    model = models.build("resnet18", 4, 4000, block=block, depths=(2, 1, 1, 1), widths=(8, 8, 8, 8), stem=8, bands=32,
                         zero_last_norm=True)
    around = keras.Model(model.input, [model.get_layer(name).output for name in ("stage1_block0_relu", "stage1_block1_relu")])
    before, behind = around(np.random.default_rng(0).normal(0, 0.1, (2, 4000)).astype("float32"))
    np.testing.assert_array_equal(before, behind)


def test_squeezenet_starts_with_every_label_alive_and_can_say_no_to_all():
    clips = np.random.default_rng(0).uniform(-1, 1, (4, 16000)).astype(np.float32)
    keras.utils.set_random_seed(0)
    model = models.build("squeezenet1_1", 5, 16000)
    image = model.get_layer("image")
    image.adapt(keras.Model(model.inputs, image.input)(clips))  # as training does before its first step
    assert (model(clips).numpy() > 0).all()
    several = models.build("squeezenet1_1", 5, 16000, activation="sigmoid")
    several.get_layer("logits").bias.assign([-5.0] * 5)
    assert (several(clips).numpy() < 0).all()
