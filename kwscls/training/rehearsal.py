"""The way to the export, walked once before a long training: nobody trains for hours to fail at its end."""

import tempfile
from pathlib import Path

import numpy as np

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.serving import bundle


def rehearse(model, waveforms):
    """Export a model as it is, load the export, and compare its answers with the model's.

    Args:
        model: an `AudioClassifier`.
        waveforms: float32 [batch, samples], clips to compare on.

    Raises:
        KwsclsError: the export answers otherwise than the model.
    """
    with tempfile.TemporaryDirectory() as room:
        bundle.save(model, Path(room) / "saved_model")
        ours = bundle.scores_of(model, waveforms)
        theirs = bundle.load(room).scores(waveforms)
    error = float(np.max(np.abs(ours - theirs)))
    if not error <= 1e-5:
        raise KwsclsError(f"its export answers otherwise (by {error:.2g})", model.name,
                          "a layer of it does not survive being saved")
    console.say("the way to the export was walked once: it answers as the model does")
