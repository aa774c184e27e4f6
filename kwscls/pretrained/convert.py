"""An original's weights, once and for all in our own file: safetensors under our names, with what they are for."""

import json
from pathlib import Path

from kwscls import files
from kwscls.errors import KwsclsError
from kwscls.models import build, row
from kwscls.pretrained import origin_of
from kwscls.pretrained.assign import assign
from kwscls.pretrained.read import read


def convert(source, name, out, seconds=1.0, allow_pickle=False):
    """Read an original's weights, fill the model of a name, and write its weights; statistics of data sets stay out.

    Args:
        source: what `kwscls.pretrained.read.read` takes.
        name: of `kwscls.models`.
        out: the file to be, .safetensors; its metadata "kwscls" is JSON: model, sizes, labels, samples and sample rate.
        seconds: clip length the model is built for.
        allow_pickle: whether a file of PyTorch may be read, by a reader that runs nothing in it.

    Returns:
        Sentences that tell what was left out or changed on the way.

    Raises:
        KwsclsError: the weights cannot be read or are of another model, or `out` has another ending.
    """
    if Path(out).suffix != ".safetensors":
        raise KwsclsError("is no name for safetensors", out, "end it with .safetensors")
    found, family = read(source, allow_pickle), row(name).builder.partition(":")[0]
    origin = origin_of(found, family)
    sizes = origin.sizes_of(found)
    samples = round(seconds * sizes.get("sample_rate", 16000))
    model = build(name, found.labels or _head_size(build(name, 2, samples, **sizes), origin, found), samples, **sizes)
    plan = origin.plan_of(model, found)
    said = assign(model, plan, found.tensors, found.labels, found.where)
    kept = {pair.weight for pair in plan.pairs}
    _write(out, {weight.path: weight.numpy() for weight in model.weights if weight.path in kept},
           {"model": name, "sizes": sizes, "labels": found.labels, "samples": samples,
            "sample_rate": model.sample_rate})
    return said


def _head_size(model, origin, source):
    """How many labels the file's head has; two where it has no head."""
    pairs = (pair for pair in origin.plan_of(model, source).pairs if pair.weight.startswith("logits/"))
    return next((pair.value(source.tensors).shape[-1] for pair in pairs), 2)


def _write(out, tensors, facts):
    from safetensors.numpy import save

    files.write_bytes(out, save(tensors, metadata={"kwscls": json.dumps(facts)}))
