"""Reading golden files: one case of an original model, with its weights drawn again from their recipe.

A file holds JSON under `meta` and arrays under `input.*`, `output.*` and `weight.*`. Weights that are not in the file
are drawn, each from a Philox stream whose key is (the case's seed, CRC-32 of the weight's name), and their SHA-256 is
checked.
"""

import dataclasses
import hashlib
import json
import zipfile
import zlib

import numpy as np

from kwscls.errors import KwsclsError


@dataclasses.dataclass(frozen=True)
class Case:
    """One golden file.

    Args:
        meta: what the file says of itself: family, config, notes and so on.
        weights: the original's weights by its own names, float32.
        inputs: arrays by name.
        outputs: what the original answered, by name, sliced as `meta["notes"]["slices"]` says.
    """

    meta: dict
    weights: dict
    inputs: dict
    outputs: dict

    def sliced(self, name, value):
        """The part of a whole output that the file stores."""
        axes = self.meta["notes"].get("slices", {}).get(name)
        return value if axes is None else value[tuple(slice(*axis) if axis else slice(None) for axis in axes)]


def read(path):
    """Read a golden file.

    Raises:
        KwsclsError: it is missing, is no golden file, or its weights come out otherwise here.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        meta = json.loads(arrays.pop("meta").item())
    except FileNotFoundError as error:
        raise KwsclsError("does not exist", path) from error
    except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise KwsclsError(f"is no golden file ({type(error).__name__})", path) from error

    def stored(kind):
        return {name.removeprefix(kind): value for name, value in arrays.items() if name.startswith(kind)}

    kept = stored("weight.")
    weights = {entry["name"]: kept[entry["name"]] if entry["name"] in kept else _drawn(meta["seed"], **entry)
               for entry in meta["weights"]}
    digest = hashlib.sha256()
    for weight in weights.values():
        digest.update(np.ascontiguousarray(weight, "<f4"))
    if digest.hexdigest() != meta["weights_sha256"]:
        raise KwsclsError("its weights come out otherwise here", path, "compare the version of numpy")
    return Case(meta, weights, stored("input."), stored("output."))


def _drawn(seed, name, shape, mean, std, abs):
    stream = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(name.encode())]))
    noise = np.asarray(stream.standard_normal(shape))  # of some models gigabytes: what follows takes no second place
    if abs:
        np.abs(noise, out=noise)
    noise *= std
    noise += mean
    return noise.astype(np.float32)
