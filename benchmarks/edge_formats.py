"""Which families become TFLite and ONNX, and how far do their answers move? One small member of each.

    python -m benchmarks.edge_formats [NAME ...] [--out build/edge_formats.jsonl]

For every family in `MODELS` at the contract tests' small sizes, with weights drawn at random and clips of a quarter of a second:
the largest difference of a score from those of the model in memory, or why it cannot be converted. Every finished pair is
a line of the file, so that a killed run goes on behind the last one.
"""

import argparse
import json
import tempfile
from pathlib import Path

from kwscls import console
from kwscls.errors import KwsclsError

SAMPLES = 4000


def convert(name, kind):
    """A row of the table: what became of a name in a format."""
    import keras
    import numpy as np

    from kwscls import models
    from kwscls.serving import formats, runtimes
    from kwscls.serving.graph import Bundle
    from tests.models.small import SMALL

    keras.utils.set_random_seed(1)
    made = Bundle(models.build(name, ("down", "go", "left"), SAMPLES, **SMALL.get(name, {})))
    clips = np.random.default_rng(0).normal(0, 0.1, (4, SAMPLES)).astype(np.float32)
    try:
        with tempfile.TemporaryDirectory() as room:
            {"tflite": formats.write_tflite, "onnx": formats.write_onnx}[kind](made, Path(room))
            size = (Path(room) / runtimes.FILES[kind]).stat().st_size
            scores = runtimes.RUNTIMES[kind](Path(room))(runtimes.WAVEFORM, waveform=clips)["scores"]
    except KwsclsError as error:
        return {"model": name, "format": kind, "refused": str(error)}
    difference = float(np.abs(scores - made.from_waveform(clips)["scores"].numpy()).max())
    keras.backend.clear_session()
    return {"model": name, "format": kind, "bytes": size, "difference": difference}


def told(row):
    """A cell of the table."""
    return row["refused"][:60] if "refused" in row else f"{row['difference']:.1g}" if row["difference"] == row["difference"] else "nan"


def main():
    """Convert what is not in the file yet, then print the table."""
    from kwscls.models import MODELS

    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("names", nargs="*", metavar="NAME")
    said.add_argument("--out", type=Path, default=Path("build/edge_formats.jsonl"))
    chosen = said.parse_args()
    console.quiet_tensorflow()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.touch()
    names = chosen.names or list({row.builder: name for name, row in reversed(MODELS.items())}.values())
    rows = [json.loads(line) for line in chosen.out.read_text().splitlines()]
    done = {(row["model"], row["format"]) for row in rows}
    for name, kind in ((name, kind) for name in names for kind in ("tflite", "onnx") if (name, kind) not in done):
        rows.append(convert(name, kind))
        with open(chosen.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(rows[-1]) + "\n")
    by = {(row["model"], row["format"]): told(row) for row in rows}
    console.table("Largest difference of a score", ("model", "tflite#", "onnx#"),
                  [(name, by[name, "tflite"], by[name, "onnx"]) for name in names])


if __name__ == "__main__":
    main()
