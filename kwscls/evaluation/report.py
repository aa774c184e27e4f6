"""One HTML page about a run that needs nothing beside it: numbers, pictures, the worst mistakes to see and to hear."""

import csv
import html
import string
from pathlib import Path


from kwscls import files
from kwscls.data.convert import to_pcm16, wav_bytes
from kwscls.data.prepared import read_bytes
from kwscls.evaluation import frames, pages, plots, tables

REPORT = "report.html"
MOST_MISTAKES = 12
MOST_SECONDS = 10  # of one clip
MOST_AUDIO = 4 << 20  # bytes of all players together
CLIP_DPI = 75

PICTURES = (("curves", "How it learned"), ("frames", "A clip, frame by frame"), ("confusion", "What was taken for what"),
            ("per_label", "Each label"), ("reliability", "Whether its confidence is honest"), ("robustness", "Disturbed clips"))


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
    path, labelled = Path(out) / REPORT, Path(out) / frames.PICTURE
    of_frames = labelled.read_bytes() if "frames" in results else None
    files.write_text(path, page(results, history(Path(out) / "history.csv"), of_frames))
    return path


def history(path):
    """The rows of a training's history, or none where there is no such file."""
    if not Path(path).is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page(results, rows=(), of_frames=None):
    """The page as text.

    Args:
        results: what `run.evaluate` returns.
        rows: the training's history, a dict an epoch; empty when it is not known.
        of_frames: the picture of a clip with its frames' labels, bytes of a PNG, where frames were scored.
    """
    drawn = pictures(results, rows) | ({"frames": of_frames} if of_frames else {})
    broad = {"curves", "robustness", "frames"} | ({"confusion", "per_label"} if len(results["labels"]) > 20 else set())
    heading, columns, lines = tables.label_table(results)
    body = string.Template(BODY).substitute(
        model=html.escape(results["model"]), about=html.escape(about(results)), cards="".join(cards(results)),
        figures="".join(pages.figure(words, drawn[name], name in broad) for name, words in PICTURES if name in drawn),
        measures=pages.table(tables.measure_columns(results), tables.measures(results)),
        label_heading=heading, labels=pages.table(columns, lines),
        mistakes="".join(mistakes(results)) or "<p>There are none.</p>")
    return pages.page(f"{results['model']}: {results['split']} of {Path(results['data']).name}", body, STYLE)


def about(results):
    """The sentences under the heading."""
    found = results["interval"]
    over = {"groups": "groups of alike clips, such as speakers"}.get(found["over"], found["over"])
    return (f"{tables.counted(results)}, of {len(results['labels'])} labels, the {results['split']} split of "
            f"{results['data']}. Each number stands with its 95 % interval, by a bootstrap over {found['units']} "
            f"{over}; those of single labels, and of shares where all answers are right or wrong, are Wilson's, which takes "
            f"{'frames' if 'frames' in results else 'clips'} as independent, and those of ROC areas DeLong's.")


def cards(results):
    """The numbers to see first."""
    if "multilabel" in results:
        for name, words in (("mean_average_precision", "mean average precision"), ("roc_auc", "ROC AUC")):
            yield pages.card(tables.number(results["multilabel"][name]), words,
                             tables.bounds(results["multilabel"][f"{name}_interval"]).replace(" - ", " to "))
    for name, words in (("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro F1")):
        low, high = results[f"{name}_interval"]
        yield pages.card(f"{100 * results[name]:.1f} %", words, f"{100 * low:.1f} to {100 * high:.1f} %")


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
        sound = wav_bytes(to_pcm16(waveform), rate)
        room -= len(sound)
        player = f'<audio controls preload=none src="{pages.data("audio/wav", sound)}"></audio>' if room >= 0 else ""
        picture = plots.png(plots.clips([waveform], rate, [""]), CLIP_DPI)
        label, taken = html.escape(row["label"]), html.escape(row["answer"])
        yield (f"<div class=mistake><h3>{label} <span>taken for</span> {taken}</h3>"
               f"<p>{100 * row['confidence']:.1f} % sure, {100 * row['probability']:.1f} % for the truth</p>"
               f"{pages.image(picture, 'waveform and spectrogram')}{player}<code>{html.escape(row['clip'])}</code></div>")


def read_clip(path):
    """The first seconds of a WAV file: float32 [samples] and the rate in Hz.

    Raises:
        KwsclsError: it cannot be read.
    """
    import tensorflow as tf

    from kwscls.dsp import wav
    from kwscls.errors import KwsclsError

    try:
        waveform, rate = wav.decode(read_bytes(path))
    except tf.errors.OpError as error:
        raise KwsclsError("cannot be read as a WAV file", path) from error
    rate = int(rate)
    return waveform.numpy()[:MOST_SECONDS * rate], rate


STYLE = """
.mistakes { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
.mistake { padding: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.mistake p { margin: .2rem 0 .6rem; font-size: .9rem; }
.mistake code { display: block; margin-top: .4rem; color: var(--soft); font-size: .75rem; }
.mistake img { width: 100%; }
audio { display: block; width: 100%; margin-top: .5rem; }
"""

BODY = """<h1>$model</h1>
<p>$about</p>
<div class="cards">$cards</div>
<div class="figures">$figures</div>
<h2>All numbers</h2>
$measures
<h2>$label_heading</h2>
$labels
<h2>The surest mistakes</h2>
<div class="mistakes">$mistakes</div>"""
