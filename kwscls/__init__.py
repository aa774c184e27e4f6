"""kwscls: audio classification in Keras, from a folder of recordings to a served model."""

import os

# The layers are written with TensorFlow's ops, so Keras must run on TensorFlow whatever ~/.keras says.
os.environ["KERAS_BACKEND"] = "tensorflow"

__version__ = "0.1.0"
