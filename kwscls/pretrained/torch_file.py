"""PyTorch's files of weights, read without PyTorch and without running anything that is in them.

A pickle names functions to call. Here only three kinds of name are known: dictionaries, PyTorch's storages, and the two
functions that put a tensor together, for which our own stand in. Any other name stops the reading.

Source: torch/serialization.py, torch/_utils.py (the two formats: a zip of `data.pkl` and raw storages since 1.6, before
that five pickles in a row, then the storages).
"""

import collections
import math
import pickle
import struct
import zipfile

import numpy as np

from kwscls.errors import KwsclsError

_STORAGES = {"DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "bfloat16",
             "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1",
             "BoolStorage": "?"}
_LEGACY_MAGIC, _LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def load(path):
    """What a file of PyTorch holds, its tensors as numpy arrays.

    Args:
        path: a file that torch.save wrote, in the zip format or the older one.

    Raises:
        KwsclsError: it is damaged, compressed, or holds anything beside tensors, numbers, text and containers.
    """
    try:
        return _load_zip(path) if zipfile.is_zipfile(path) else _load_legacy(path)
    except KwsclsError as error:
        raise KwsclsError(error.what, path, error.remedy) from error
    except Exception as error:  # a damaged pickle fails in any way it likes
        raise KwsclsError(f"is no file of PyTorch that can be read ({type(error).__name__}: {error})", path) from error


class _Storage:
    """The numbers that tensors are views of."""

    __slots__ = ("dtype", "values")

    def __init__(self, dtype, values=None):
        self.dtype, self.values = dtype, values


class _Tensor:
    """A view of a storage, made into an array once all storages are read."""

    __slots__ = ("storage", "offset", "shape", "strides")

    def __init__(self, storage, offset, shape, strides):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self):
        values = self.storage.values
        if math.prod(self.shape) > values.size:  # a stride of 0 would let a small file fill the memory
            raise KwsclsError("a tensor is larger than its storage")
        reach = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides)) + 1
        if min((self.offset, *self.shape, *self.strides)) < 0 or (0 not in self.shape and reach > values.size):
            raise KwsclsError("a tensor reaches beyond its storage")
        if 0 in self.shape:
            return np.zeros(self.shape, values.dtype)
        steps = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset:], self.shape, steps).copy()


class _Unpickler(pickle._Unpickler):  # the one in Python: in C's, one opcode can claim 64 GB for its memo
    """A reader of pickles that knows tensors."""

    def __init__(self, file, storage_of):
        super().__init__(file, encoding="utf-8")
        self._storage_of = storage_of

    def find_class(self, module, name):
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]  # a name in the place of a class: nothing of it can be called
        if (module, name) not in _KNOWN:
            raise KwsclsError(f"names {module}.{name}, which is no part of a tensor", None,
                              "ask for the weights as safetensors")
        return _KNOWN[module, name]

    def persistent_load(self, reference):
        kind, dtype, key, _, count, *view = reference
        if kind != "storage" or dtype not in _STORAGES.values() or any(part is not None for part in view):
            raise KwsclsError("refers to something that is no storage")
        return self._storage_of(_dtype(dtype), key, count)


def _rebuild_tensor(storage, offset, shape, strides, *_):
    if not isinstance(storage, _Storage) or len(shape) != len(strides):
        raise KwsclsError("holds a tensor without numbers")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(tensor, *_):
    return tensor


_KNOWN = {("collections", "OrderedDict"): collections.OrderedDict,
          ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
          ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
          ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
          ("torch", "Size"): tuple}


def _dtype(name):
    if name == "bfloat16":
        import ml_dtypes  # comes with TensorFlow
        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _load_zip(path):
    with zipfile.ZipFile(path) as file:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.infolist()):
            raise KwsclsError("is compressed, as PyTorch's files never are")
        record = next(name for name in file.namelist() if name.endswith("data.pkl"))
        folder = record.removesuffix("data.pkl")
        if f"{folder}byteorder" in file.namelist() and file.read(f"{folder}byteorder") != b"little":
            raise KwsclsError("was written on a big-endian machine")
        storages = {}

        def storage_of(dtype, key, count):
            if key not in storages:
                storages[key] = _Storage(dtype, np.frombuffer(file.read(f"{folder}data/{key}"), dtype))
            return storages[key]

        return _arrays(_Unpickler(file.open(record), storage_of).load())


def _load_legacy(path):
    storages = {}

    def storage_of(dtype, key, count):
        return storages.setdefault(key, _Storage(dtype))

    with open(path, "rb") as file:
        magic, protocol, system, content, keys = (_Unpickler(file, storage_of).load() for _ in range(5))
        if magic != _LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL or not system.get("little_endian", True):
            raise KwsclsError("is no file of PyTorch")
        for key in keys:
            count, = struct.unpack("<q", file.read(8))
            dtype = storages[key].dtype
            storages[key].values = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return _arrays(content)


def _arrays(content):
    """Arrays in the place of tensors, in dictionaries and sequences of any depth."""
    if isinstance(content, _Tensor):
        return content.array()
    if isinstance(content, dict):
        return {key: _arrays(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_arrays(value) for value in content]
    return content
