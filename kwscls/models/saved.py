"""Models from .keras files."""

import importlib
import pkgutil

import keras

from kwscls import layers, models
from kwscls.errors import KwsclsError


def load(path):
    """Load a model that this house saved, in safe mode and without its optimizer.

    Args:
        path: a .keras file.

    Raises:
        KwsclsError: it is missing, damaged, or holds what safe mode refuses.
    """
    _register_layers()
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything here, from KeyError to zipfile's errors
        raise KwsclsError(f"Keras cannot load it in safe mode ({' '.join(str(error).split())[:200]})", path) from error


def _register_layers():
    """Import every file that registers a layer, so that Keras knows them all by name."""
    for room in (layers, models):
        for found in pkgutil.iter_modules(room.__path__):
            if found.name != "__main__":
                importlib.import_module(f"{room.__name__}.{found.name}")
