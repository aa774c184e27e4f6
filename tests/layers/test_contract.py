"""What every layer promises, taken as the models use it: a config that makes it again, and sense in low precision."""

import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwscls import layers, models
from kwscls.training.learner import convolve_in_float32
from tests.models.small import SMALL


def ours():
    """Every layer class of the room by name."""
    found = {}
    for module in pkgutil.iter_modules(layers.__path__):
        for name, thing in vars(importlib.import_module(f"kwscls.layers.{module.name}")).items():
            if inspect.isclass(thing) and issubclass(thing, keras.layers.Layer) and thing.__module__.startswith("kwscls"):
                found[name] = thing
    return found


def by_hand():
    """A model of the layers that only other sizes, other objectives and ensembles have."""
    frames, samples = keras.Input((12, 6)), keras.Input((400,))
    states = layers.hidden_states.WeightedSum()([frames, frames])
    codes, _ = layers.quantizer.ProductQuantizer(2, 3, 8, seed=1)(states)
    spare = layers.sinc.SpareNorm((6, 12), statistics=True)(frames)
    mean = layers.mean_scores.MeanScores("sigmoid", [1.0, 2.0])([frames, spare])
    return keras.Model([frames, samples], [codes, mean, layers.feature_encoder.FrameMask((10, 3), (5, 2))(samples)])


@pytest.fixture(scope="module")
def used():
    """An instance of each layer class from the first small model that has one: name -> (layer, its inputs or None)."""
    first = {row.builder: name for name, row in reversed(models.MODELS.items())}
    built = [models.build(name, 3, 4000, **SMALL.get(name, {})) for name in [*first.values(), "wav2vec2_base"]]
    found = {}
    for model in [*built, by_hand()]:
        whole = {layer.name: layer.input for layer in model.layers if len(layer._inbound_nodes) == 1}
        for layer in model._flatten_layers(include_self=False):
            mine = type(layer).__module__.startswith("kwscls")
            if mine and (type(layer).__name__ not in found or found[type(layer).__name__][1] is None):
                found[type(layer).__name__] = (layer, whole.get(layer.name) if layer in model.layers else None)
    return found


@pytest.mark.parametrize("name", sorted(ours()))
def test_its_class_is_registered_with_keras(name):
    assert keras.saving.get_registered_name(ours()[name]) == f"kwscls>{name}"
    own = vars(ours()[name])
    assert ours()[name].__doc__ and ("get_config" in own or "__init__" not in own)


def test_every_layer_is_looked_at(used):
    assert set(used) == set(ours())


def test_configs_make_the_same_layers(used):
    for name, (layer, _) in used.items():
        config = layer.get_config()
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert type(again) is type(layer) and again.get_config() == config, name


def test_a_layer_made_again_answers_the_same(used):
    draw = np.random.default_rng(0)
    for name, (layer, inputs) in used.items():
        if inputs is None or not layer.built or not isinstance(inputs, keras.KerasTensor):
            continue
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        x = tf.constant(draw.normal(size=(2, *inputs.shape[1:])), inputs.dtype)
        again(x)
        again.set_weights(layer.get_weights())
        for one, other in zip(tf.nest.flatten(layer(x)), tf.nest.flatten(again(x))):
            np.testing.assert_array_equal(one, other, err_msg=name)


def test_low_precision_stays_close(used):
    draw = np.random.default_rng(0)
    for name, (layer, inputs) in used.items():
        if inputs is None or not isinstance(inputs, keras.KerasTensor) or layer.dtype_policy.name != "float32":
            continue
        config = {**layer.get_config(), "dtype": "mixed_bfloat16"}
        low = type(layer).from_config(config)
        convolve_in_float32(low)
        x = tf.constant(draw.normal(size=(2, *inputs.shape[1:])), inputs.dtype)
        low(x)
        low.set_weights(layer.get_weights())
        assert all(weight.dtype == "float32" for weight in low.weights if "float" in weight.dtype), name
        for one, other in zip(tf.nest.flatten(layer(x)), tf.nest.flatten(low(x))):
            one, other = np.asarray(one, np.float32), np.asarray(tf.cast(other, tf.float32))
            assert np.abs(one - other).max() <= 0.05 * np.abs(one).max() + 1e-6, name
