"""How often does the model in the box cry wolf? Hours stitched from voices, words and noise that it never heard.

    python -m benchmarks.long_recording PREPARED SPEECH_COMMANDS NOISE [--run export/keywords] [--hours 3] [--out build/long]

PREPARED is the folder that the model was trained from (`data/keywords12_more`), SPEECH_COMMANDS the manifest of the recordings
that it was made of, NOISE a folder of recordings of other noise. Keywords are PREPARED's test clips; all clips of other words by
speakers of the test split, and by those of no split, are the unknown words; validation likewise. Half of the noise is for
the validation split, on which the rules are chosen, and half for the test split. What is written into --out: the folder
`stitched` that `evaluate --stream` takes, `noise`, and its results; the rules are stored with the export.
"""

import argparse
import csv
import sys
from pathlib import Path


def rows(path):
    """The rows of a manifest."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_manifest(prepared, corpus, labels, path):
    """A manifest of keywords and of all other words whose speakers training never heard.

    Args:
        prepared: the folder that the model was trained from.
        corpus: the manifest of the recordings that it was made of.
        labels: of the model.
        path: of the manifest to be.
    """
    known = rows(prepared / "manifest.csv")
    split_of = {row["group"]: row["split"] for row in known if row["group"]}
    told = [(prepared / row["path"], row["label"], row["group"], row["split"]) for row in known if row["label"][0] != "_"]
    told += [(corpus.parent / row["path"], "_unknown_", row["speaker"], split_of.get(row["speaker"], "test"))
             for row in rows(corpus) if row["speaker"] and row["label"] not in labels]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "group", "split"))
        writer.writerows((path.resolve(), *more) for path, *more in told)


def main():
    """Run and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("prepared", "corpus", "noise"):
        said.add_argument(name, type=Path)
    said.add_argument("--run", default="export/keywords")
    said.add_argument("--hours", default="3")
    said.add_argument("--out", type=Path, default=Path("build/long"))
    chosen = said.parse_args()

    from kwscls import evaluate, prepare
    from kwscls.serving import bundle

    chosen.out.mkdir(parents=True, exist_ok=True)
    folder, noise, manifest = (chosen.out / name for name in ("stitched", "noise", "manifest.csv"))
    if not folder.is_dir():
        write_manifest(chosen.prepared, chosen.corpus, bundle.read_facts(bundle.find(chosen.run))["labels"], manifest)
        if prepare.main(["--data", str(manifest), "--out", str(folder), "--split", "given"]):
            return 1
    if not noise.is_dir() and prepare.main(["--data", str(chosen.noise), "--out", str(noise), "--split", "clip"]):
        return 1
    return evaluate.main([chosen.run, "--stream", "--data", str(folder), "--noise", str(noise),
                          "--hours", chosen.hours, "--out", str(chosen.out)])


if __name__ == "__main__":
    sys.exit(main())
