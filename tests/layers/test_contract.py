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


@pytest.fixture(scope="module")
def used():
    """An instance of each layer class from the first small model that has one: name -> (layer, its inputs or None)."""
    found, built = {}, set()
    for name, row in models.MODELS.items():
        if row.builder in built:
            continue
        built.add(row.builder)
        model = models.build(name, 3, 4000, **SMALL.get(name, {}))
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
