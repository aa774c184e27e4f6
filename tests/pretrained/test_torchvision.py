"""torchvision's weights in our image backbones: every tensor once, colours summed, other heads and spellings told."""

import numpy as np
import pytest

from kwscls import models, pretrained
from kwscls.errors import KwsclsError
from kwscls.pretrained import torchvision
from kwscls.pretrained.read import Source
from tests.models.small import SMALL

RNG = np.random.default_rng(0)


def resnet(labels=5, colours=3):
    """A small ResNet's state dict under torchvision's names, one block a stage."""
    weights = {"conv1.weight": RNG.standard_normal((8, colours, 7, 7)), "fc.weight": RNG.standard_normal((labels, 16)),
               "fc.bias": RNG.standard_normal(labels), **norm("bn1", 8)}
    before = 8
    for stage, width in enumerate((8, 8, 16, 16), 1):
        block = f"layer{stage}.0"
        weights[f"{block}.conv1.weight"] = RNG.standard_normal((width, before, 3, 3))
        weights[f"{block}.conv2.weight"] = RNG.standard_normal((width, width, 3, 3))
        weights |= {**norm(f"{block}.bn1", width), **norm(f"{block}.bn2", width)}
        if stage > 1:
            weights[f"{block}.downsample.0.weight"] = RNG.standard_normal((width, before, 1, 1))
            weights |= norm(f"{block}.downsample.1", width)
        before = width
    return {name: np.asarray(value, np.float32) for name, value in weights.items()}


def norm(name, width):
    return {f"{name}.{part}": RNG.uniform(0.5, 1.5, width)
            for part in ("weight", "bias", "running_mean", "running_var")} | {f"{name}.num_batches_tracked": 3}


def small(name="resnet18", labels=5, **sizes):
    return models.build(name, labels, 8000, **{**SMALL[name], **sizes})


def test_one_channel_hears_the_image_as_three_alike():
    weights = resnet()
    one, three = small(), small(channels=3)
    assert any("summed to one channel" in sentence for sentence in pretrained.fill(one, Source(weights), "resnet"))
    assert pretrained.fill(three, Source(weights), "resnet") == []
    clips = RNG.uniform(-1, 1, (2, 8000)).astype(np.float32)
    np.testing.assert_allclose(one(clips), three(clips), rtol=1e-3)
    last = one.get_layer("stage4_block0_norm2")
    np.testing.assert_array_equal(last.moving_variance, weights["layer4.0.bn2.running_var"])


def test_another_number_of_labels_gets_a_new_head():
    model = small(labels=("down", "go"))
    before = model.get_layer("logits").kernel.numpy()
    assert any("head is new" in sentence for sentence in pretrained.fill(model, Source(resnet()), "resnet"))
    np.testing.assert_array_equal(model.get_layer("logits").kernel, before)


@pytest.mark.parametrize("change, says", [
    (lambda weights: weights.pop("layer3.0.bn1.running_mean"), "not in the file: layer3.0.bn1.running_mean"),
    (lambda weights: weights.update({"layer1.1.conv1.weight": np.zeros((8, 8, 3, 3))}), "left over.*: layer1.1.conv1"),
    (lambda weights: weights.update({"conv1.weight": np.zeros((9, 3, 7, 7))}), "sizes differ: stem_conv/kernel"),
])
def test_what_does_not_fit_is_named_and_nothing_is_set(change, says):
    model, weights = small(), resnet()
    before = [weight.numpy() for weight in model.weights]
    change(weights)
    with pytest.raises(KwsclsError, match=says):
        pretrained.fill(model, Source(weights), "resnet")
    for weight, value in zip(model.weights, before):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize("name, new, old", [("densenet121", "norm1", "norm.1"), ("vit_tiny", "mlp.0", "mlp.linear_1")])
def test_older_spellings_are_read(name, new, old):
    """The names of older files differ in a part; the plan asks for those that are there."""
    model, sign = small(name), {"densenet121": "features.denseblock1.denselayer1.{}.weight",
                                "vit_tiny": "encoder.layers.encoder_layer_0.{}.weight"}[name]
    for spelled, other in ((new, old), (old, new)):
        source = Source({"encoder.pos_embedding": np.zeros((1, 1 + 2 * 3, 24)), sign.format(spelled): np.zeros(1)})
        plan = getattr(torchvision, models.row(name).builder.partition(":")[0])(model, source)
        assert any(f".{spelled}." in pair.names for pair in plan.pairs)
        assert not any(f".{other}." in pair.names for pair in plan.pairs)


@pytest.mark.parametrize("ours, theirs, says", [
    (False, True, "left out: the model has none"), (True, False, "new: the file has none")])
def test_side_heads_are_left_out_or_stay_new(ours, theirs, says):
    model = small("inception_v3", auxiliary=ours)
    plan = torchvision.inception_v3(model, Source({"AuxLogits.fc.weight": np.zeros((5, 4))} if theirs else {}))
    assert any(says in sentence for sentence in plan.said)
    assert not any("AuxLogits" in pair.names for pair in plan.pairs)


def test_positions_of_224_pixels_are_brought_to_a_second_of_sound():
    model = models.build("vit_tiny", 5, 16000, hidden_dim=24, num_layers=1)
    learned = RNG.standard_normal((1, 1 + 14 * 14, 24)).astype(np.float32)
    plan = torchvision.vit(model, Source({"encoder.pos_embedding": learned}))
    pair = next(pair for pair in plan.pairs if pair.weight == "positions/positions")
    moved = pair.convert(learned)
    assert moved.shape == tuple(model.get_layer("positions").positions.shape) == (1 + 8 * 6, 24)
    np.testing.assert_array_equal(moved[0], learned[0, 0])
    np.testing.assert_array_equal(moved[1:].reshape(8, 6, 24), learned[0, 1:].reshape(14, 14, 24)[3:11, 4:10])
    assert any("14 x 14" in sentence and "8 x 6" in sentence for sentence in plan.said)


@pytest.mark.parametrize("places, says", [(8 * 8, "8 x 8 patches were brought to 4 x 16"), (4 * 15, None)])
def test_positions_of_a_square_are_moved_even_to_as_many(places, says):
    model = models.build("vit_tiny", 5, 8000, hidden_dim=24, num_layers=1, image_size=(64, 16 * places // 4))
    plan = torchvision.vit(model, Source({"encoder.pos_embedding": np.zeros((1, 1 + places, 24))}))
    assert [sentence for sentence in plan.said if "positions" in sentence] == ([f"positions learned for {says}"] if says else [])
    with pytest.raises(KwsclsError, match="for 65 patches, which are no square"):
        torchvision.vit(model, Source({"encoder.pos_embedding": np.zeros((1, 66, 24))}))
