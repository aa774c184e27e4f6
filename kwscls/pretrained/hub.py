"""The Hugging Face hub: a model's folder on this disk, and of it only what is read."""

from kwscls.errors import KwsclsError

_PLAIN = ("config.json", "preprocessor_config.json", "model.safetensors", "model-*.safetensors",
          "model.safetensors.index.json")
_PICKLED = ("pytorch_model.bin", "pytorch_model-*.bin", "pytorch_model.bin.index.json")


def fetch(name, allow_pickle=False):
    """Download a model, or find it in the hub's cache on this disk.

    Args:
        name: "owner/name", or "owner/name@revision".
        allow_pickle: whether weights in PyTorch's pickles may come too.

    Returns:
        The folder with config.json and the weights.

    Raises:
        KwsclsError: huggingface_hub is not installed, or the hub does not give the model.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise KwsclsError("huggingface_hub is not installed", f"hf:{name}", "pip install 'kwscls[hub]'") from error
    repository, _, revision = name.partition("@")
    try:
        return snapshot_download(repository, revision=revision or None,
                                 allow_patterns=[*_PLAIN, *(_PICKLED if allow_pickle else ())])
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise KwsclsError(f"the hub does not give it ({str(error).splitlines()[0]})", f"hf:{name}",
                          "check the name and the connection, or download it and give the folder") from error
