"""The model card of an export: what it hears, how well, on which data, and how to ask it."""

import json
from pathlib import Path

from kwscls import files

CARD = "README.md"

ASK = {
    "savedmodel": """\
The folder above this one is what TensorFlow Serving takes; WAV files of any rate go to the signature `wav_bytes`:

```
printf '{{"signature_name": "wav_bytes", "instances": [{{"b64": "%s"}}]}}' "$(base64 -w0 clip.wav)" |
  curl --data-binary @- http://localhost:8501/v1/models/{name}:predict
```

In Python, with TensorFlow alone:

```python
import tensorflow as tf
model = tf.saved_model.load("this folder")
print(model.signatures["wav_bytes"](wav_bytes=tf.constant([open("clip.wav", "rb").read()]))["label"])
```
""",
    "tflite": """\
`model.tflite` takes `waveform`, float32 [1, {samples}] at {sample_rate} Hz in [-1, 1], and gives `scores`; it has built-in
operations alone.

```python
import tensorflow as tf
ask = tf.lite.Interpreter("model.tflite").get_signature_runner()
print(ask(waveform=waveform)["scores"])
```
""",
    "onnx": """\
`model.onnx` takes `waveform`, float32 [batch, {samples}] at {sample_rate} Hz in [-1, 1], and gives `scores`.

```python
import onnxruntime
model = onnxruntime.InferenceSession("model.onnx")
print(model.run(["scores"], {{"waveform": waveforms}}))
```
"""}


def write(folder, facts, run, name, compared=()):
    """Write the model card of an export.

    Args:
        folder: the export's.
        facts: what the export says about its model.
        run: the folder of the run that it is made of: its settings and results, and through them the data's report.
        name: under which it will be served.
        compared: rows (format, bytes, accuracy) of formats that were compared on the test split.
    """
    run = Path(run)
    settings, results = (_read(run / file) for file in ("settings.json", "metrics.json"))
    parts = [heading(facts), "## How to ask it\n\n" + ASK[facts["format"]].format(name=name, **facts)]
    if results:
        parts.append(quality(results))
    if compared:
        rows = "".join(f"| {name} | {size:,} | {100 * accuracy:.2f} % |\n" for name, size, accuracy in compared)
        parts.append("## Beside the SavedModel\n\nAccuracy on the test split.\n\n"
                     "| format | bytes | accuracy |\n|---|---:|---:|\n" + rows)
    if settings:
        parts.append(provenance(settings))
    parts.append(PROOF)
    files.write_text(Path(folder) / CARD, "\n".join(parts))


def heading(facts):
    """What the model is and what it hears."""
    labels = ", ".join(f"`{label}`" for label in facts["labels"])
    kind = "one of them a clip" if facts["activation"] == "softmax" else "any number of them at once"
    if facts["frame_step"]:
        kind = f"one each {1000 * facts['frame_step'] / facts['sample_rate']:g} ms"
    quantised = f", quantised ({facts['quantize']})" if facts["quantize"] != "none" else ""
    return (f"# {facts['model']}\n\nHears {len(facts['labels'])} labels, {kind}: {labels}.\n\n"
            f"A clip is {facts['samples'] / facts['sample_rate']:g} s at {facts['sample_rate']} Hz, mono; longer ones are cut and "
            f"shorter ones filled with silence at their end. {facts['parameters']:,} parameters; format: {facts['format']}"
            f"{quantised}.\n")


HEARD = {"test": "which training never heard", "validation": "by which training chose its weights",
         "train": "which training learnt from"}
"""What training had to do with a split."""


def quality(results):
    """How good it was measured to be, and on what."""
    low, high = results["accuracy_interval"] or (None, None)
    interval = f" (95 % interval {100 * low:.1f} - {100 * high:.1f} %)" if low is not None else ""
    rows = "".join(f"| {label} | {row['support']} | {_percent(row['recall'])} | {_percent(row['precision'])} |\n"
                   for label, row in results["per_label"].items())
    return (f"## How good it is\n\nAccuracy {100 * results['accuracy']:.1f} %{interval} on {results['clips']} clips of the split "
            f"`{results['split']}` of `{Path(results['data']).name}`, {HEARD[results['split']]}.\n\n"
            f"| label | clips | recall | precision |\n|---|---:|---:|---:|\n{rows}")


def provenance(settings):
    """The data with its licence, and how the model was trained."""
    report = _read(Path(settings.get("prepared") or "") / "report.json") or {}
    name = report.get("name") or Path(str(settings.get("data"))).name
    told = {key: value for key, value in settings.items()
            if key not in ("data", "prepared", "out") and value not in (None, [], "")}
    return (f"## What it was made of\n\nData: `{name}`. Licence of the data: {report.get('licence') or 'not stated'}."
            + (f" {report['citation']}" if report.get("citation") else "")
            + f"\n\nSettings of the training:\n\n```json\n{json.dumps(told, indent=2, ensure_ascii=False)}\n```\n")


PROOF = """\
## Proof

`assets.extra/proof` holds clips and the outputs that they must give; `SHA256SUMS` the checksum of every file.

```
python -m kwscls.verify "this folder"
sha256sum -c SHA256SUMS
```
"""


def _percent(value):
    return "-" if value is None else f"{100 * value:.1f} %"


def _read(path):
    """The JSON of a file, or None where there is none."""
    return files.read_json(path) if path.is_file() else None
