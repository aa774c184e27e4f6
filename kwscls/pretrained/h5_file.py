"""Keras' older files of weights, HDF5: the arrays in them, and never the model they describe."""

import numpy as np

from kwscls.errors import KwsclsError


def load(path):
    """Arrays by the names that the file has for them; links to other files are not followed.

    Args:
        path: an .h5 file.

    Raises:
        KwsclsError: it is no HDF5 file, or damaged.
    """
    import h5py

    tensors = {}

    def keep(name, entry):
        if isinstance(entry, h5py.Dataset) and entry.dtype.kind in "fiu":
            tensors[name] = np.asarray(entry)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except (OSError, RuntimeError, ValueError) as error:
        raise KwsclsError(
            f"is no HDF5 file that can be read ({' '.join(str(error).split())[:200]})", path
        ) from error
    return {
        name.removeprefix("model_weights/"): value
        for name, value in tensors.items()
        if not name.startswith("optimizer_weights/")
    }
