"""Reproduce the rows of the README's tables of results.

    python benchmarks/results.py                     lists the rows
    python benchmarks/results.py ROW [ROW ...]       trains and evaluates them, and prints them as Markdown

The recordings are prepared from SPEECH_COMMANDS, a folder with a manifest.csv of Speech Commands, if `data/words8` and
`data/keywords12` are not there. Runs that are done stay, so that a stopped benchmark goes on: they lie in `export/results/`.
"""

import os
import sys
from pathlib import Path

from kwscls import console, files, prepare, train

WORDS = "down go left no right stop up yes".split()
DATA = {
    "data/words8": ["--labels", *WORDS, "--test", "20"],
    "data/keywords12": ["--labels", *WORDS, "off", "on", "--unknown", "10", "--silence", "10", "--test", "20"],
}
ROWS = {
    "cnn": ["--data", "data/words8", "--model", "cnn", "--seeds", "3"],
    "res1d": ["--data", "data/words8", "--model", "res1d", "--seeds", "3"],
    "resfold": ["--data", "data/words8", "--seeds", "3"],
    "resfold_large": ["--data", "data/words8", "--model", "resfold_large", "--seeds", "3"],
    "sincnet": ["--data", "data/words8", "--model", "sincnet", "--seeds", "3"],
    "ast": ["--data", "data/words8", "--model", "ast", "--epochs", "62", "--seeds", "3"],
    "wav2vec2": ["--data", "data/words8", "--model", "wav2vec2", "--epochs", "120", "--seeds", "3"],
    "keywords": ["--data", "data/keywords12", "--seeds", "3"],
}
SHORT = ["--data", "data/words8", "--epochs", "30", "--seeds", "3"]
ROWS |= {
    "ablation": SHORT,
    "ablation without augmentation": [*SHORT, "--no-augment"],
    "ablation without shift": [*SHORT, "--shift", "0"],
    "ablation without speed": [*SHORT, "--speed", "0"],
    "ablation without noise": [*SHORT, "--noise", "0"],
    "ablation without gain": [*SHORT, "--gain", "0"],
    "ablation without averaging": [*SHORT, "--average", "0"],
    "ablation without label smoothing": [*SHORT, "--label-smoothing", "0"],
    "ablation without weight decay": [*SHORT, "--weight-decay", "0"],
    "ablation with masks": [*SHORT, "--time-mask", "0.1", "--band-mask", "0.1"],
    "ablation with mixup": [*SHORT, "--mixup", "0.3"],
}


def run(name):
    """Train a row if that was not done, and give its line of the table."""
    words = ROWS[name]
    data, out = words[1], Path("export/results") / name.replace(" ", "_")
    if not Path(data).is_dir():
        source = Path(os.environ.get("SPEECH_COMMANDS", "speech_commands")) / "manifest.csv"
        if prepare.main(["--data", str(source), *DATA[data], "--out", data]):
            sys.exit(2)
    if not out.is_dir():
        unfinished = out.with_name(f"{out.name}.unfinished").is_dir()
        if train.main([*words, "--out", str(out), *(["--resume"] if unfinished else [])]):
            sys.exit(2)
    summary = out / "summary.json"  # of several seeds
    runs = [out / row["name"] for row in files.read_json(summary)["runs"]] if summary.is_file() else [out]
    metrics = [files.read_json(folder / "metrics.json") for folder in runs]
    right = [100 * found["accuracy"] for found in metrics]
    low, high = metrics[0]["accuracy_interval"]
    minutes = files.read_json(runs[0] / "training.json")["seconds"] / 60
    return (f"| `{name}` | {sum(right) / len(right):.1f} % ({', '.join(f'{one:.1f}' for one in right)}) | "
            f"{100 * low:.1f} - {100 * high:.1f} % | {minutes:.1f} min |")


def main():
    names = sys.argv[1:]
    for name in names or ROWS:
        if name not in ROWS:
            sys.exit(f"error: {name}: is no row; known are {', '.join(ROWS)}")
        if not names:
            print(f"{name:35} python -m kwscls.train {' '.join(ROWS[name])}")
    if names:
        console.quiet_tensorflow()
        lines = [run(name) for name in names]
        print("| row | test accuracy (each seed) | 95 % interval of the first | training |\n|---|---|---|---|")
        print("\n".join(lines))


if __name__ == "__main__":
    main()
