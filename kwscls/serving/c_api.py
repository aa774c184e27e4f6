"""TensorFlow's C API by ctypes: the functions with which a server in C or C++ loads and runs a SavedModel.

Only the shared libraries in TensorFlow's wheel take part, and of its Python the protobufs in which a SavedModel describes its
signatures. The functions are those of tensorflow/c/c_api.h (2.17). This file imports nothing of kwscls, so that it can show what an
export does where kwscls is not.
"""

import ctypes
import functools
import importlib.util
from pathlib import Path

import numpy as np

TYPES = {1: np.float32, 3: np.int32, 9: np.int64, 10: np.bool_}
"""Numbers of `TF_DataType` that are arrays of plain values."""

STRING = 7
STRING_SIZE = 24  # of a TF_TString


class Buffer(ctypes.Structure):
    """A `TF_Buffer`."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p)]


class Output(ctypes.Structure):
    """A `TF_Output`: an operation and the index of one of its results."""

    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


@functools.cache
def library():
    """The C API in TensorFlow's wheel.

    Raises:
        OSError: there is none that can be loaded.
    """
    spec = importlib.util.find_spec("tensorflow")
    folder = Path(spec.origin).parent if spec else Path()
    ctypes.CDLL(str(folder / "libtensorflow_framework.so.2"), mode=ctypes.RTLD_GLOBAL)
    found = ctypes.CDLL(str(folder / "libtensorflow_cc.so.2"), mode=ctypes.RTLD_GLOBAL)
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    for name, result, arguments in (
            ("TF_NewStatus", pointer, []), ("TF_GetCode", ctypes.c_int, [pointer]), ("TF_Message", text, [pointer]),
            ("TF_DeleteStatus", None, [pointer]), ("TF_NewGraph", pointer, []), ("TF_NewBuffer", ctypes.POINTER(Buffer), []),
            ("TF_DeleteBuffer", None, [ctypes.POINTER(Buffer)]), ("TF_NewSessionOptions", pointer, []),
            ("TF_SetConfig", None, [pointer, text, size, pointer]), ("TF_DeleteSessionOptions", None, [pointer]),
            ("TF_LoadSessionFromSavedModel", pointer, [pointer, pointer, text, ctypes.POINTER(text), ctypes.c_int, pointer,
                                                       ctypes.POINTER(Buffer), pointer]),
            ("TF_GraphOperationByName", pointer, [pointer, text]),
            ("TF_AllocateTensor", pointer, [ctypes.c_int, ctypes.POINTER(ctypes.c_int64), ctypes.c_int, size]),
            ("TF_DeleteTensor", None, [pointer]), ("TF_TensorData", pointer, [pointer]), ("TF_TensorType", ctypes.c_int, [pointer]),
            ("TF_NumDims", ctypes.c_int, [pointer]), ("TF_Dim", ctypes.c_int64, [pointer, ctypes.c_int]),
            ("TF_StringInit", None, [pointer]), ("TF_StringCopy", None, [pointer, text, size]),
            ("TF_StringDealloc", None, [pointer]),
            ("TF_StringGetDataPointer", pointer, [pointer]), ("TF_StringGetSize", size, [pointer]),
            ("TF_SessionRun", None, [pointer, pointer, ctypes.POINTER(Output), ctypes.POINTER(pointer), ctypes.c_int,
                                     ctypes.POINTER(Output), ctypes.POINTER(pointer), ctypes.c_int, pointer, ctypes.c_int,
                                     pointer, pointer]),
            ("TF_CloseSession", None, [pointer, pointer]), ("TF_DeleteSession", None, [pointer, pointer]),
            ("TF_DeleteGraph", None, [pointer])):
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


class Session:
    """A SavedModel, loaded with `TF_LoadSessionFromSavedModel`.

    Args:
        folder: the SavedModel's.
        threads: that it may compute with; None leaves it to TensorFlow.

    Attributes:
        signatures: by name, the protobuf of each.

    Raises:
        ValueError: it cannot be loaded; with TensorFlow's message.
    """

    def __init__(self, folder, threads=None):
        from tensorflow.core.protobuf import config_pb2, meta_graph_pb2

        self._tf = library()
        self._graph, told = self._tf.TF_NewGraph(), self._tf.TF_NewBuffer()
        options = self._tf.TF_NewSessionOptions()
        if threads:
            config = config_pb2.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
            self._checked(self._tf.TF_SetConfig, options, config.SerializeToString(), config.ByteSize())
        tags = (ctypes.c_char_p * 1)(b"serve")
        try:
            self._session = self._checked(self._tf.TF_LoadSessionFromSavedModel, options, None, str(folder).encode(), tags, 1,
                                          self._graph, told)
            meta = meta_graph_pb2.MetaGraphDef.FromString(ctypes.string_at(told.contents.data, told.contents.length))
        finally:
            self._tf.TF_DeleteBuffer(told)
            self._tf.TF_DeleteSessionOptions(options)
        self.signatures = {name: made for name, made in meta.signature_def.items() if made.outputs}

    def close(self):
        """Give its memory back."""
        self._checked(self._tf.TF_CloseSession, self._session)
        self._checked(self._tf.TF_DeleteSession, self._session)
        self._tf.TF_DeleteGraph(self._graph)

    def run(self, signature, **inputs):
        """The outputs of a signature by name: numpy arrays, strings as bytes in arrays of objects.

        Raises:
            ValueError: the graph refuses the inputs; with TensorFlow's message.
        """
        made = self.signatures[signature]
        given = [self._tensor(value) for value in inputs.values()]
        asked = sorted(made.outputs)
        results = (ctypes.c_void_p * len(asked))()
        try:
            self._checked(self._tf.TF_SessionRun, self._session, None,
                          self._places(made.inputs[name] for name in inputs), (ctypes.c_void_p * len(given))(*given), len(given),
                          self._places(made.outputs[name] for name in asked), results, len(asked), None, 0, None)
        finally:
            for tensor in given:
                self._tf.TF_DeleteTensor(tensor)
        return {name: self._array(result) for name, result in zip(asked, results, strict=True)}

    def _checked(self, function, *arguments):
        """Call a function whose last argument is a status, and raise what it says."""
        status = self._tf.TF_NewStatus()
        try:
            result = function(*arguments, status)
            if self._tf.TF_GetCode(status):
                raise ValueError(self._tf.TF_Message(status).decode("utf-8", "replace"))
            return result
        finally:
            self._tf.TF_DeleteStatus(status)

    def _places(self, tensors):
        """The operations behind the tensors of a signature."""
        names = [tensor.name.split(":") for tensor in tensors]
        return (Output * len(names))(*[Output(self._tf.TF_GraphOperationByName(self._graph, name.encode()), int(index))
                                       for name, index in names])

    def _tensor(self, value):
        """A tensor of float32 values, or of bytes."""
        strings = not isinstance(value, np.ndarray)
        value = value if strings else np.ascontiguousarray(value, np.float32)
        shape = [len(value)] if strings else value.shape
        size = STRING_SIZE * len(value) if strings else value.nbytes
        tensor = self._tf.TF_AllocateTensor(STRING if strings else 1, (ctypes.c_int64 * len(shape))(*shape), len(shape), size)
        data = self._tf.TF_TensorData(tensor)
        if not strings:
            ctypes.memmove(data, value.ctypes.data, value.nbytes)
            return tensor
        for place, item in enumerate(value):
            self._tf.TF_StringInit(data + STRING_SIZE * place)
            self._tf.TF_StringCopy(data + STRING_SIZE * place, bytes(item), len(item))
        return tensor

    def _array(self, tensor):
        """The values of a tensor, which is deleted."""
        shape = [self._tf.TF_Dim(tensor, axis) for axis in range(self._tf.TF_NumDims(tensor))]
        count, data, kind = int(np.prod(shape)), self._tf.TF_TensorData(tensor), self._tf.TF_TensorType(tensor)
        try:
            if kind != STRING:
                kind = np.dtype(TYPES[kind])
                return np.frombuffer(ctypes.string_at(data, count * kind.itemsize), kind).reshape(shape)
            values = np.empty(count, object)
            for place in range(count):
                text = data + STRING_SIZE * place
                values[place] = ctypes.string_at(self._tf.TF_StringGetDataPointer(text), self._tf.TF_StringGetSize(text))
            return values.reshape(shape)
        finally:
            self._tf.TF_DeleteTensor(tensor)
