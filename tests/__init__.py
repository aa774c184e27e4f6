import os

# Values are held against float32; GPUs would multiply with the ten bits of TF32 instead.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
