"""One HTML page about a run that needs nothing beside it: numbers, pictures, the worst mistakes to see and to hear."""

import base64
import csv
import html
import io
import string
import wave
from pathlib import Path

import numpy as np

from kwscls import files
from kwscls.evaluation import plots, tables

REPORT = "report.html"
MOST_MISTAKES = 12
MOST_SECONDS = 10  # of one clip
MOST_AUDIO = 4 << 20  # bytes of all players together
CLIP_DPI = 75

PICTURES = (("curves", "How it learned"), ("confusion", "What was taken for what"), ("per_label", "Each label"),
            ("reliability", "Whether its confidence is honest"), ("robustness", "Disturbed clips"))


def write_report(results, out):
    """Write `report.html` into a folder.

    Args:
        results: what `run.evaluate` returns; the worst mistakes are read from the data named there.
        out: the folder; the curves of its `history.csv` come in when it has one.

    Returns:
        The path.

    Raises:
        KwsclsError: a clip cannot be read, or the folder cannot be written.
    """
    path = Path(out) / REPORT
    files.write_text(path, page(results, history(Path(out) / "history.csv")))
    return path


def history(path):
    """The rows of a training's history, or none where there is no such file."""
    if not Path(path).is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page(results, rows=()):
    """The page as text.

    Args:
        results: what `run.evaluate` returns.
        rows: the training's history, a dict an epoch; empty when it is not known.
    """
    drawn = pictures(results, rows)
    broad = {"curves", "robustness"} | ({"confusion", "per_label"} if len(results["labels"]) > 20 else set())
    figures = [f"<figure{' class=broad' * (name in broad)}><h2>{words}</h2>"
               f"<div>{_image(drawn[name], words)}</div></figure>" for name, words in PICTURES if name in drawn]
    heading, columns, lines = tables.label_table(results)
    return string.Template(PAGE).substitute(
        title=html.escape(f"{results['model']}: {results['split']} of {Path(results['data']).name}"),
        model=html.escape(results["model"]), about=html.escape(about(results)), cards="".join(cards(results)),
        figures="".join(figures), style=STYLE,
        measures=_table(tables.measure_columns(results), tables.measures(results)),
        label_heading=heading, labels=_table(columns, lines),
        mistakes="".join(mistakes(results)) or "<p>There are none.</p>")


def about(results):
    """The sentences under the heading."""
    found = results["interval"]
    over = {"groups": "groups of alike clips, such as speakers", "clips": "clips"}[found["over"]]
    return (f"{results['clips']} clips of {len(results['labels'])} labels, the {results['split']} split of "
            f"{results['data']}. Each number stands with its 95 % interval, by a bootstrap over {found['units']} "
            f"{over}; those of single labels are Wilson's, which takes clips as independent.")


def cards(results):
    """The numbers to see first."""
    if "multilabel" in results:
        for name, words in (("mean_average_precision", "mean average precision"), ("roc_auc", "ROC AUC")):
            low, high = results["multilabel"][f"{name}_interval"]
            yield (f"<div class=card><b>{results['multilabel'][name]:.3f}</b><span>{words}</span>"
                   f"<small>{low:.3f} to {high:.3f}</small></div>")
    for name, words in (("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro F1")):
        low, high = results[f"{name}_interval"]
        yield (f"<div class=card><b>{100 * results[name]:.1f} %</b><span>{words}</span>"
               f"<small>{100 * low:.1f} to {100 * high:.1f} %</small></div>")


def pictures(results, rows):
    """Name -> PNG bytes of each picture there is."""
    drawn = {"confusion": plots.confusion(results["confusion"], results["labels"]),
             "per_label": plots.per_label(results["per_label"]),
             "reliability": plots.reliability(results["calibration"])}
    if len(rows):
        drawn["curves"] = plots.curves(rows)
    if "robustness" in results:
        drawn["robustness"] = plots.robustness(results["robustness"])
    return {name: plots.png(figure, 110) for name, figure in drawn.items()}


def mistakes(results):
    """A card for each of the worst mistakes, with a player as long as there is room."""
    room = MOST_AUDIO
    for row in results["mistakes"][:MOST_MISTAKES]:
        waveform, rate = read_clip(Path(results["data"]) / row["clip"])
        sound = wav_bytes(waveform, rate)
        room -= len(sound)
        player = f'<audio controls preload=none src="{_data("audio/wav", sound)}"></audio>' if room >= 0 else ""
        picture = plots.png(plots.clips([waveform], rate, [""]), CLIP_DPI)
        label, taken = html.escape(row["label"]), html.escape(row["answer"])
        yield (f"<div class=mistake><h3>{label} <span>taken for</span> {taken}</h3>"
               f"<p>{100 * row['confidence']:.1f} % sure, {100 * row['probability']:.1f} % for the truth</p>"
               f"{_image(picture, 'waveform and spectrogram')}{player}<code>{html.escape(row['clip'])}</code></div>")


def read_clip(path):
    """The first seconds of a WAV file: float32 [samples] and the rate in Hz.

    Raises:
        KwsclsError: it cannot be read.
    """
    import tensorflow as tf

    from kwscls.dsp import wav
    from kwscls.errors import KwsclsError

    try:
        waveform, rate = wav.decode(tf.io.read_file(str(path)))
    except tf.errors.OpError as error:
        raise KwsclsError("cannot be read as a WAV file", path) from error
    rate = int(rate)
    return waveform.numpy()[:MOST_SECONDS * rate], rate


def wav_bytes(waveform, rate):
    """A waveform as the bytes of a 16-bit WAV file."""
    room = io.BytesIO()
    with wave.open(room, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.rint(waveform * 32768), -32768, 32767).astype("<i2").tobytes())
    return room.getvalue()


def _table(columns, rows):
    """An HTML table; columns that end in "#" are numbers."""
    kinds = [" class=number" if column.endswith("#") else "" for column in columns]
    head = "".join(f"<th{kind}>{html.escape(column.rstrip('#'))}</th>" for kind, column in zip(kinds, columns))
    lines = ("".join(f"<td{kind}>{html.escape(str(cell))}</td>" for kind, cell in zip(kinds, row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _image(png, words):
    return f'<img alt="{html.escape(words)}" src="{_data("image/png", png)}">'


def _data(kind, content):
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c1e21; --soft: #5f6670; --line: #dde1e6; --card: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e7e9ec; --soft: #9aa3ad; --line: #31373e; --card: #1e2328; }
  img { filter: brightness(.9); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 1.2rem; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.9rem; }
h2 { margin: 2rem 0 .6rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; }
h3 span, p, small, .card span { color: var(--soft); font-weight: normal; }
.cards, .mistakes { display: grid; gap: 1rem; }
.cards { grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
.card, .mistake { padding: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.card b, .card span, .card small { display: block; }
.card b { font-size: 2rem; line-height: 1.2; }
.mistake p { margin: .2rem 0 .6rem; font-size: .9rem; }
.mistake code { display: block; margin-top: .4rem; color: var(--soft); font-size: .75rem; }
.figures { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
figure { margin: 0; }
.broad { grid-column: 1 / -1; }
.broad div { overflow-x: auto; }
.broad img { min-width: min(52rem, 230%); }
img { max-width: 100%; height: auto; border-radius: 8px; background: #fff; }
.mistake img { width: 100%; }
audio { display: block; width: 100%; margin-top: .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { color: var(--soft); font-weight: normal; }
.number { text-align: right; }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<h1>$model</h1>
<p>$about</p>
<div class="cards">$cards</div>
<div class="figures">$figures</div>
<h2>All numbers</h2>
$measures
<h2>$label_heading</h2>
$labels
<h2>The surest mistakes</h2>
<div class="mistakes">$mistakes</div>
</body>
</html>
"""
