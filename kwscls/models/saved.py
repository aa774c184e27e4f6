"""Models from .keras files."""

import importlib
import pkgutil

import keras

from kwscls import layers
from kwscls.errors import KwsclsError


def load(path):
    """Load a model that this house saved, in safe mode and without its optimizer.

    Args:
        path: a .keras file.

    Raises:
        KwsclsError: it is missing, damaged, or holds what safe mode refuses.
    """
    _register()
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises anything here, from KeyError to zipfile's errors
        raise KwsclsError(f"Keras cannot load it in safe mode ({' '.join(str(error).split())[:200]})", path) from error


def _register():
    """Import every file that registers a class, so that Keras knows them all by name."""
    importlib.import_module("kwscls.models.classifier")
    for found in pkgutil.iter_modules(layers.__path__):
        importlib.import_module(f"kwscls.layers.{found.name}")
