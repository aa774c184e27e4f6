"""The formats of the edge: TensorFlow Lite with built-in operations alone, and ONNX. A waveform in, scores out."""

import logging
import re
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from kwscls.dsp.stft import as_matrix_products
from kwscls.errors import KwsclsError
from kwscls.serving.runtimes import FILES

CALIBRATION = 200
"""Training clips by which int8 finds the ranges of what it rounds."""


def write_tflite(made, folder, quantize="none", clips=None):
    """Write a bundle as `model.tflite`: `waveform`, float32 [1, samples], to `scores`.

    Args:
        made: a `graph.Bundle`.
        folder: where to.
        quantize: "none"; "dynamic", weights in 8 bits; "float16", weights in 16; "int8", weights and what flows between
            layers in 8, while the spectrum and its logarithm stay in float: their range is wider than 8 bits.
        clips: for int8, float32 [clips, samples] from the training set.

    Raises:
        KwsclsError: the model needs an operation that TensorFlow Lite does not have.
    """
    @tf.function(input_signature=[tf.TensorSpec([1, made.model.samples], tf.float32, name="waveform")], autograph=False)
    def ask(waveform):
        return {"scores": made.score(waveform)[0]}

    def convert(**chosen):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([ask.get_concrete_function()], made)
        for name, value in chosen.items():
            setattr(converter, name, value)
        return converter

    best = [tf.lite.Optimize.DEFAULT]
    try:
        if quantize == "int8":
            contents = rounded(convert, front_layers(made.model), best, clips[:CALIBRATION])
        else:
            converter = convert(optimizations=best if quantize != "none" else [])
            if quantize == "float16":
                converter.target_spec.supported_types = [tf.float16]
            contents = converter.convert()
    except Exception as error:  # the converter's own classes share no base
        raise KwsclsError(f"cannot be converted ({str(error).strip().splitlines()[0][:200]})", made.model.name,
                          "export it as a SavedModel or as ONNX") from error
    _place(folder, "tflite").write_bytes(contents)


def front_layers(model):
    """The names of the layers before the first that has a kernel: those that make a picture of the sound."""
    names = []
    for layer in model.layers:
        if any("kernel" in weight.path.rpartition("/")[2] for weight in layer.weights):
            return names
        names.append(layer.name)
    return names


def rounded(convert, front, optimizations, clips):
    """A model in 8 bits, but for some layers.

    Args:
        convert: a function that makes a converter with some of its attributes.
        front: names of the layers whose operations stay in float.
        optimizations: of the converter.
        clips: float32 [clips, samples] to calibrate with.
    """
    scopes = re.compile("|".join(rf"(^|[/;]){re.escape(name)}(_\d+)?/" for name in front) or r"(?!)")
    kept = [name for name in tensor_names(convert().convert()) if scopes.search(name)]

    def examples():
        return ({"waveform": clip[None]} for clip in clips)

    return tf.lite.experimental.QuantizationDebugger(
        converter=convert(optimizations=optimizations, representative_dataset=examples), debug_dataset=examples,
        debug_options=tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=kept)).get_nondebug_quantized_model()


def tensor_names(contents):
    """The names of all tensors in a TFLite model."""
    return [tensor["name"] for tensor in tf.lite.Interpreter(model_content=contents).get_tensor_details()]


def write_onnx(made, folder):
    """Write a bundle as `model.onnx`: `waveform`, float32 [batch, samples], to `scores`.

    Raises:
        KwsclsError: the model needs an operation that ONNX does not have, or tf2onnx is not installed.
    """
    try:
        import tf2onnx
    except ImportError as error:
        raise KwsclsError("tf2onnx is not installed", None, "pip install 'kwscls[onnx]'") from error

    with as_matrix_products():
        ask = tf.function(lambda waveform: {"scores": made.score(waveform)[0]}, autograph=False)
        frozen = convert_variables_to_constants_v2(ask.get_concrete_function(
            tf.TensorSpec([None, made.model.samples], tf.float32, name="waveform")), lower_control_flow=False)
    waveform, scores = frozen.inputs[0].name, frozen.outputs[0].name
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # tf2onnx reports each step
    try:
        tf2onnx.convert.from_graph_def(frozen.graph.as_graph_def(), input_names=[waveform], output_names=[scores], opset=17,
                                       tensors_to_rename={waveform: "waveform", scores: "scores"},
                                       output_path=str(_place(folder, "onnx")))
    except (ValueError, KeyError, RuntimeError) as error:
        raise KwsclsError(f"cannot be converted ({str(error).strip().splitlines()[0][:200]})", made.model.name,
                          "export it as a SavedModel or as TFLite") from error
    finally:
        logging.disable(before)


def _place(folder, kind):
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / FILES[kind]
