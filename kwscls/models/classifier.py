"""What every model of this room is: a functional Keras model that knows its labels."""

import numbers

import keras


@keras.saving.register_keras_serializable("kwscls")
class AudioClassifier(keras.Model):
    """A functional model from waveforms to logits that carries what its answers mean.

    Args:
        inputs: the waveform, float32 [batch, samples], mono, in [-1, 1].
        outputs: logits, [batch, labels], or [batch, frames, labels] with one row a frame.
        name: the model's name.
        labels: the names of the labels in the order of the logits, or their count.
        sample_rate: of the waveform, in Hz.
        activation: "softmax" (one label) or "sigmoid" (any number of labels): logits to scores.
        frame_step: samples from one frame of the logits to the next; None when there is one label a clip.
        frame_length: samples that one frame of the logits sees.
        thresholds: with "sigmoid", the score of each label from which on it counts as heard; 0.5 of all when None.
        temperature: what the logits are divided by before they become scores.
    """

    def __init__(self, *args, **kwargs):  # not by name: Keras 3.12 takes no other constructor for a functional model's
        facts = {key: kwargs.pop(key) for key in _FACTS if key in kwargs}
        super().__init__(*args, **kwargs)
        self._set_facts(**facts)

    def _set_facts(self, labels=None, sample_rate=16000, activation="softmax", frame_step=None, frame_length=None,
                   thresholds=None, temperature=1.0):
        if labels is None:
            labels = self.outputs[0].shape[-1]
        self.labels = label_names(labels)
        self.sample_rate = int(sample_rate)
        self.activation = activation
        self.frame_step = frame_step
        self.frame_length = frame_length
        self.thresholds = None if thresholds is None else tuple(float(one) for one in thresholds)
        self.temperature = float(temperature)

    @property
    def samples(self):
        """The clip length in samples."""
        return self.inputs[0].shape[1]

    @property
    def embedding(self):
        """The symbolic tensor that the head reads: the input of the layer named "logits"."""
        return self.get_layer("logits").input

    def get_config(self):
        facts = {key: getattr(self, key) for key in _FACTS}
        return {**super().get_config(), "facts": {**facts, "labels": list(self.labels)}}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        facts = config.pop("facts")
        model = super().from_config(config, custom_objects=custom_objects)
        model._set_facts(**facts)
        return model


_FACTS = ("labels", "sample_rate", "activation", "frame_step", "frame_length", "thresholds", "temperature")


def copied(model, name=None):
    """The same network with the same weights, in float32 and of one device, whatever it was trained in and on."""
    config = _in_float32(model.get_config())
    made = type(model).from_config({**config, "name": name or model.name})
    made.set_weights(model.get_weights())
    settle(made)
    return made


def _in_float32(config):
    """A Keras config whose dtype policies of mixed precision are float32's."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy" and config["config"]["name"].startswith("mixed_"):
            return {**config, "config": {**config["config"], "name": "float32"}}
        return {key: _in_float32(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_in_float32(value) for value in config)
    return config


def settle(model):
    """Let layers of statistics, such as Keras' Normalization, take over weights that were set from outside."""
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def label_names(labels):
    """Names from a sequence of names, or "0", "1", ... from a count."""
    return tuple(str(i) for i in range(labels)) if isinstance(labels, numbers.Integral) else tuple(str(name) for name in labels)


def waveform_input(samples):
    """The input of every model: float32 [batch, samples]."""
    return keras.Input((samples,), dtype="float32", name="waveform")
