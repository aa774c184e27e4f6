"""kwscls: audio classification in Keras, from a folder of recordings to a served model."""

import os

# The layers are written with TensorFlow's ops, so Keras must run on TensorFlow whatever ~/.keras says.
os.environ["KERAS_BACKEND"] = "tensorflow"

# TensorFlow would take all memory of a GPU for one process; a race's trainings and a notebook beside them share it.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

__version__ = "0.1.0"
