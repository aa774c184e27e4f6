"""From a run to a SavedModel, put in place only after its answers were compared with the model's."""

from pathlib import Path

import numpy as np

from kwscls import files, models
from kwscls.errors import KwsclsError
from kwscls.serving import bundle

TOLERANCE = 0.0
"""What an export may differ by on equal batches: nothing."""


def export(settings):
    """Write the model of a run as a SavedModel.

    Args:
        settings: an `ExportSettings`.

    Returns:
        The SavedModel's folder.

    Raises:
        KwsclsError: the run holds no model, the folder exists, or the export answers otherwise than the model.
    """
    run = Path(settings.run)
    out = Path(settings.out or run / "saved_model")
    model = load_model(run)
    with files.writing_folder(out, overwrite=settings.overwrite) as beside:
        bundle.save(model, beside / "made")
        error = difference(model, bundle.load(beside / "made"))
        if not error <= TOLERANCE:
            raise KwsclsError(f"the export answers otherwise than the model, by {error:.3g}", out)
        for part in (beside / "made").iterdir():
            part.rename(beside / part.name)
        (beside / "made").rmdir()
    return out


def load_model(run):
    """The Keras model of a run's folder.

    Raises:
        KwsclsError: there is none, or it cannot be read.
    """
    path = Path(run) / "model.keras"
    if not path.is_file():
        raise KwsclsError("holds no model.keras", run, "name the folder of a run, such as export/cnn")
    return models.load(path)


def difference(model, loaded, batch=4):
    """The largest difference between the scores of a model and of its loaded bundle, on noise and on silence."""
    noise = np.random.default_rng(0).normal(0, 0.1, (batch, model.samples)).astype(np.float32)
    noise[0] = 0
    return float(np.max(np.abs(bundle.scores_of(model, noise) - loaded.scores(noise))))
