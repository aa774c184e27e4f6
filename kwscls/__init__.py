"""kwscls: audio classification in Keras, from a folder of recordings to a served model."""

import os

# The layers are written with TensorFlow's ops, so Keras must run on TensorFlow whatever ~/.keras says.
os.environ["KERAS_BACKEND"] = "tensorflow"

# TensorFlow's bfloat16 convolutions of few channels are wrong or not a number on processors with AMX tiles (oneDNN of
# TensorFlow 2.17): without those, 16 bits are slower there, and right.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_FP16")

__version__ = "0.1.0"
