"""What prepared recordings are like: counts, balance, lengths and what looks wrong; as a dict, a table, a picture."""

import collections
import statistics

from kwscls import console, files
from kwscls.data import convert
from kwscls.data.manifest import SPLITS
from kwscls.data.splits import flattery, shared

FEW = 10  # training clips of a label below which a warning is due
MUCH_CLIPPED = 0.01  # share of samples at the end of the scale


def findings(recordings, facts, names):
    """Describe prepared recordings.

    Args:
        recordings: those that were kept, with splits and labels.
        facts: of each, what `convert` found; a dict by the recording's path.
        names: of each, its path in the prepared folder; a dict by the recording's path.

    Returns:
        A dict for JSON.
    """
    words = [one for one in recordings if not one.noise]
    found = {one.path: facts[one.path] for one in words}
    lengths = sorted(fact["seconds"] for fact in found.values())
    middle = statistics.median(lengths)
    labels = collections.defaultdict(collections.Counter)
    for one in words:
        for label in one.labels:
            labels[label][one.split] += 1

    def named(wrong):
        return sorted(names[path] for path, fact in found.items() if wrong(fact))

    return {
        "clips": {split: sum(one.split == split for one in words) for split in SPLITS},
        "seconds": {split: round(sum(found[one.path]["seconds"] for one in words if one.split == split), 1)
                    for split in SPLITS},
        "groups": {split: len({one.group for one in words if one.split == split and one.group}) for split in SPLITS},
        "labels": {label: {split: labels[label][split] for split in SPLITS} for label in sorted(labels)},
        "several_labels": sum(len(one.labels) > 1 for one in words),
        "noises": sum(one.noise for one in recordings),
        "rates": _counts(fact["rate"] for fact in found.values()),
        "channels": _counts(fact["channels"] for fact in found.values()),
        "decoders": _counts(fact["decoder"] for fact in found.values()),
        "length": {"shortest": lengths[0], "median": round(middle, 4), "longest": lengths[-1]},
        "short": named(lambda fact: fact["seconds"] < middle / 4),
        "long": named(lambda fact: fact["seconds"] > middle * 4),
        "silent": named(lambda fact: fact["peak"] < convert.SILENT),
        "clipped": named(lambda fact: fact["clipped"] > MUCH_CLIPPED),
        "shared_groups": shared(words),
    }


def warnings(report):
    """What in a report a person should know before training: sentences."""
    made = []
    for key, what in (("unreadable", "that could not be used and are left out"), ("silent", "of nothing but silence"),
                      ("clipped", "clipped in more than 1 % of their samples"),
                      ("short", "shorter than a quarter of the median length"),
                      ("long", "longer than four times the median length"),
                      ("duplicates", "that are there twice, left out once"),
                      ("contradictions", "of the same sound under different labels")):
        items = report[key]
        if items:
            first = items[0]
            example = f"{first['path']}: {first['why']}" if isinstance(first, dict) else first
            made.append(f"clips {what}: {len(items)}, for example {example}")
    if report["shared_groups"]:
        made.append(f"groups in several splits: {len(report['shared_groups'])}, {flattery(report['shared_groups'])}")
    for label, counts in report["labels"].items():
        lacking = [split for split in SPLITS if not counts[split]]
        if lacking:
            why = ": too few speakers or recordings have it" if report["how"].startswith("by group") else ""
            made.append(f"the label {label} has no clips in {' and '.join(lacking)}{why}")
        elif counts["train"] < FEW:
            made.append(f"the label {label} has only {counts['train']} clips to train on")
    if report["several_labels"]:
        made.append(f"clips of several labels: {report['several_labels']}; their folder is that of the first, "
                    "manifest.csv has all")
    if report["missing_labels"]:
        made.append(f"the published corpus has these labels too: {', '.join(report['missing_labels'])}")
    here = sum(report["clips"].values()) + len(report["unreadable"]) + len(report["duplicates"])
    if report["published_clips"] not in (0, here):
        made.append(f"{here} clips are here, {report['published_clips']} were published")
    return made


def show(report):
    """Print a report as tables."""
    console.table(f"{report['name']}: {sum(report['clips'].values())} clips",
                  ["label", *(f"{split}#" for split in SPLITS)],
                  [[label, *(counts[split] for split in SPLITS)] for label, counts in report["labels"].items()]
                  + [["clips", *report["clips"].values()],
                     ["seconds", *(f"{value:.0f}" for value in report["seconds"].values())],
                     ["speakers or groups", *(count or "-" for count in report["groups"].values())]])
    length = report["length"]
    rows = [["split", report["how"]],
            ["sample rates", ", ".join(f"{rate} Hz: {count}" for rate, count in report["rates"].items())],
            ["brought to", f"{report['rate']} Hz, mono, 16 bits"],
            ["length", f"{length['shortest']:.3f} to {length['longest']:.3f} s, median {length['median']:.3f} s"],
            ["decoders", ", ".join(f"{name}: {count}" for name, count in report["decoders"].items())],
            ["noise recordings", report["noises"]],
            ["unreadable", len(report["unreadable"])], ["silent", len(report["silent"])],
            ["clipped", len(report["clipped"])],
            ["very short, very long", f"{len(report['short'])}, {len(report['long'])}"],
            ["duplicates", f"{len(report['duplicates'])} (left out)"],
            ["groups in several splits", len(report["shared_groups"])]]
    console.table("what was found", ["", "value"], rows)


def draw(report, lengths, path):
    """Draw clips per label and split, and the lengths of clips, as a PNG.

    Args:
        report: of `findings`.
        lengths: of all clips, in seconds.
        path: the file.
    """
    import seaborn
    from matplotlib.ticker import LogLocator, NullFormatter

    from kwscls.figures import Figure, short  # not pyplot, whose pictures belong to the caller, a notebook perhaps

    labels = list(report["labels"])
    colours = seaborn.color_palette("colorblind", len(SPLITS))
    height = max(3.2, 0.8 + 0.22 * len(labels))
    figure = Figure(figsize=(10, height), layout="constrained")
    bars, histogram = figure.subplots(1, 2, width_ratios=(3, 2))
    left = [0] * len(labels)
    for split, colour in zip(SPLITS, colours):
        counts = [report["labels"][label][split] for label in labels]
        bars.barh(range(len(labels)), counts, left=left, color=colour, label=split)
        left = [one + other for one, other in zip(left, counts)]
    bars.set_yticks(range(len(labels)), [short(label) for label in labels])
    bars.set_ylim(len(labels) - 0.4, -0.6)
    bars.set(xlabel="clips", title=f"{report['name']}: clips per label")
    bars.legend(loc="upper center", bbox_to_anchor=(0.5, -0.6 / height), ncols=3, frameon=False)
    seaborn.histplot(x=lengths, bins=40, ax=histogram, color=colours[0])
    histogram.set(xlabel="length in seconds", ylabel="clips", title="lengths", yscale="log")
    histogram.set_ylim(bottom=0.8)  # below one clip, so that lone ones show and no bar seems to begin in the middle
    histogram.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    histogram.yaxis.set_major_formatter("{x:g}")
    histogram.yaxis.set_minor_formatter(NullFormatter())
    for axes in (bars, histogram):
        seaborn.despine(ax=axes)
    with files.writing(path) as beside:
        figure.savefig(beside, dpi=110)


def _counts(values):
    return {str(value): count for value, count in sorted(collections.Counter(values).items())}
