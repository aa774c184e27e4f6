"""Our own small residual networks: their sizes, and what their keywords change."""

import math

import pytest

from kwscls.models import build


def count(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


@pytest.mark.parametrize("name, parameters", [("res1d", 151274), ("res2d", 221394), ("resfold", 346482)])
def test_parameters(name, parameters):
    assert count(build(name, 10, 16000)) == parameters


def test_the_one_over_time_halves_the_frames_where_it_is_told_to():
    model = build("res1d", 10, 16000)
    assert [model.get_layer(f"block{n}_relu").output.shape[1:] for n in range(3)] == [
        (25, 48),
        (13, 64),
        (13, 96),
    ]
    model = build("res1d", 10, 16000, widths=(8, 8), strides=(1, 1))
    assert [model.get_layer(f"block{n}_relu").output.shape[1:] for n in range(2)] == [
        (49, 8),
        (49, 8),
    ]
    assert not any(layer.name == "block1_shortcut" for layer in model.layers)


def test_the_one_on_the_picture_halves_both_axes_in_every_stage():
    model = build("res2d", 10, 16000, depths=(1, 2, 1))
    assert model.get_layer("stage1_block0_relu").output.shape[1:] == (25, 10, 32)
    assert model.get_layer("stage2_block1_relu").output.shape[1:] == (13, 5, 64)
    assert model.embedding.shape == (None, 96)


def test_the_folded_one_halves_the_picture_in_each_block_and_folds_what_is_left():
    model = build("resfold", 10, 16000, pictures=(8, 12), depth=2, folded=20)
    assert model.get_layer("picture1_block1_relu").output.shape[1:] == (13, 5, 12)
    assert model.get_layer("fold").output.shape[1:] == (13, 60)
    assert model.get_layer("folded_relu").output.shape[1:] == (13, 20)
    assert model.embedding.shape == (None, 128)
