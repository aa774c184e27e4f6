"""Reading weights as numpy arrays from any file that people keep them in."""

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.errors import KwsclsError

PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".tar")
_WRAPPERS = ("model", "state_dict", "model_state_dict")  # where a checkpoint keeps its weights beside other things


@dataclasses.dataclass(frozen=True)
class Source:
    """Weights as they were found.

    Args:
        tensors: arrays by the original's names, floats as float32.
        config: the settings that came with them: transformers' config.json, or our own file's; of a .keras file those
            of its layers by name under "layers"; else empty.
        labels: the names of the labels in order, where the file tells them.
        where: the file or folder.
    """

    tensors: dict
    config: dict = dataclasses.field(default_factory=dict)
    labels: list | None = None
    where: str | None = None


def read(source, allow_pickle=False):
    """Read a .safetensors, .npz or .keras file, a folder in transformers' form, "hf:owner/name", or a file of PyTorch.

    Args:
        source: the path or the name on the hub.
        allow_pickle: whether a file of PyTorch may be read. Even then nothing in it is run: its reader knows tensors
            only.

    Returns:
        A `Source`; the prefix "module." that DataParallel adds is gone.

    Raises:
        KwsclsError: it is missing, damaged, of a kind that is not read, or a pickle that was not allowed.
    """
    if str(source).startswith("hf:"):
        from kwscls.pretrained.hub import fetch
        source = fetch(str(source)[3:], allow_pickle)
    path = Path(source)
    if not path.exists():
        raise KwsclsError("there are no weights here", path, "give a file, a folder or hf:owner/name")
    found = _read_folder(path, allow_pickle) if path.is_dir() else _read_file(path, allow_pickle)
    if not found.tensors:
        raise KwsclsError("holds no tensors", path)
    return dataclasses.replace(found, tensors=_without_prefix(found.tensors, "module."), where=str(source))


def _read_file(path, allow_pickle):
    if path.suffix in PICKLES:
        return Source(_read_pickle(path, allow_pickle))
    if path.suffix not in _READERS:
        raise KwsclsError(f"weights are not read from {path.suffix or 'such'} files", path,
                          f"{', '.join(_READERS)} are, and transformers' folders")
    return _READERS[path.suffix](path)


def _read_folder(folder, allow_pickle):
    """A run of ours, or a folder of transformers: config.json, and weights in one file or in several with an index."""
    if (folder / "model.keras").is_file():
        return _read_keras(folder / "model.keras")
    config = _json(folder / "config.json")
    config["preprocessor"] = _json(folder / "preprocessor_config.json")
    names = [name for kind in ("model.safetensors", "pytorch_model.bin") for name in (kind, f"{kind}.index.json")]
    name = next((name for name in names if (folder / name).exists()), None)
    if name is None:
        raise KwsclsError("has no model.safetensors", folder, "give the file of the weights itself")
    parts = [name]
    if name.endswith(".index.json"):
        parts = sorted(set(files.read_json(folder / name).get("weight_map", {}).values()))
        if not all(Path(part).name == part for part in parts):
            raise KwsclsError("its index points out of the folder", folder / name)
    tensors = {}
    for part in parts:
        tensors |= _read_file(folder / part, allow_pickle).tensors
    return Source(tensors, config, _config_labels(config))


def _json(path):
    return files.read_json(path) if path.exists() else {}


def _config_labels(config):
    """The labels of transformers' config; None where they are its placeholders LABEL_0, LABEL_1..."""
    named = sorted((int(index), str(label)) for index, label in config.get("id2label", {}).items())
    labels = [label for _, label in named]
    return None if all(label.startswith("LABEL_") for label in labels) else labels


def _read_safetensors(path):
    from safetensors import SafetensorError, safe_open
    from safetensors.tensorflow import load_file  # numpy alone has no bfloat16

    try:
        tensors = {name: tensor.numpy() for name, tensor in load_file(path).items()}
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise KwsclsError(f"is no safetensors file ({error})", path) from error
    config = json.loads(metadata["kwscls"]) if "kwscls" in metadata else {}
    return Source(_floats(tensors), config, config.get("labels"))


def _read_npz(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            tensors = dict(file)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise KwsclsError(f"is no plain npz file ({error})", path, "save arrays of numbers with numpy.savez") from error
    return Source(_floats(tensors))


def _read_keras(path):
    from kwscls import models

    model = models.load(path)
    layers = {layer.name: layer.get_config() for layer in model.layers}
    return Source({weight.path: weight.numpy() for weight in model.weights}, {"layers": layers}, list(model.labels))


def _read_h5(path):
    from kwscls.pretrained import h5_file

    return Source(_floats(h5_file.load(path)))


_READERS = {".safetensors": _read_safetensors, ".npz": _read_npz, ".keras": _read_keras, ".h5": _read_h5}


def _read_pickle(path, allow_pickle):
    if not allow_pickle:
        raise KwsclsError("pickles are refused: loading one may run code of a stranger", path,
                          "python -m kwscls.convert with --allow-pickle reads its tensors and nothing else")
    from kwscls.pretrained.torch_file import load

    content = load(path)
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    return _floats(dict(_tensors(content)))


def _tensors(content, prefix=""):
    """Arrays by name from dictionaries in dictionaries; whatever else a checkpoint holds is left."""
    for name, value in content.items() if isinstance(content, dict) else ():
        if isinstance(value, np.ndarray):
            yield f"{prefix}{name}", value
        else:
            yield from _tensors(value, f"{prefix}{name}.")


def _floats(tensors):
    """Every kind of float as float32; whole numbers stay."""
    return {name: tensor if tensor.dtype.kind in "iub" else tensor.astype(np.float32)
            for name, tensor in tensors.items()}


def _without_prefix(tensors, prefix):
    if not all(name.startswith(prefix) for name in tensors):
        return tensors
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
