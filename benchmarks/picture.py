"""Draw the README's picture of a run: recordings, training, confusions.

    python benchmarks/picture.py export/res1d notebooks/pictures/run.png
"""

import csv
import sys
from pathlib import Path

from kwscls import console, files

console.quiet_tensorflow()

import matplotlib.image
from matplotlib.figure import Figure

from kwscls.data.pipeline import Clips
from kwscls.evaluation import plots

WORDS = 4


def main():
    run, out = Path(sys.argv[1]), Path(sys.argv[2])
    stored = files.read_json(run / "settings.json")
    results = files.read_json(run / "metrics.json")
    samples = round(stored["seconds"] * 16000)
    clips = Clips(Path(stored["prepared"]) / "test", samples)
    first = [clips.targets.tolist().index(label) for label in range(WORDS)]
    with open(run / "history.csv", encoding="utf-8") as file:
        history = [{name: int(value) if name == "epoch" else float(value) for name, value in row.items()}
                   for row in csv.DictReader(file)]
    parts = [plots.clips(clips.batch(first)[0].numpy(), 16000, clips.labels[:WORDS]), plots.curves(history),
             plots.confusion(results["confusion"], results["labels"])]
    pictures = [matplotlib.image.imread(plots_file(part)) for part in parts]
    width = 1600
    left = Figure(figsize=(16, 6.6), layout="constrained")
    grid = left.add_gridspec(2, 2, width_ratios=(1.25, 1))
    for place, picture in zip((grid[0, 0], grid[1, 0], grid[:, 1]), pictures):
        ax = left.add_subplot(place)
        ax.imshow(picture, interpolation="lanczos")
        ax.axis("off")
    with files.writing(out) as beside:
        left.savefig(beside, dpi=width / 16)
    console.wrote(out)


def plots_file(figure):
    """A figure as a PNG file in memory."""
    import io

    return io.BytesIO(plots.png(figure))


if __name__ == "__main__":
    main()
