"""Pictures of trainings, results and clips: each function returns a matplotlib Figure and leaves no global state."""

import contextlib
import io

import numpy as np

from kwscls import files
from kwscls.figures import Figure, short

BLUE, ORANGE, GREEN, GREY, PALE = "#0072B2", "#D55E00", "#009E73", "#6B6B6B", "#E4E4E4"
"""Colours that colour-blind readers tell apart (M. Okabe and K. Ito, "Color universal design", 2008)."""
DPI = 150
TIGHT = {"bbox_inches": "tight", "pad_inches": 0.12}
FLOOR = -80  # dB below the loudest bin of a spectrogram


def save(figure, path):
    """Write a figure as an image of the format of the path's ending, whole or not at all."""
    with files.writing(path) as beside:
        figure.savefig(beside, dpi=DPI, **TIGHT)


def png(figure, dpi=DPI):
    """A figure as the bytes of a PNG."""
    room = io.BytesIO()
    figure.savefig(room, format="png", dpi=dpi, **TIGHT)
    return room.getvalue()


def curves(history):
    """Loss and accuracy of training and validation by epoch, the epoch marked whose weights stay.

    Args:
        history: a dict an epoch with `epoch`, `loss`, `accuracy`, `val_loss`, `val_accuracy`, `val_score` and `kept`, 1 where
            its weights were taken.
    """
    from matplotlib.ticker import MaxNLocator

    epochs = [int(row["epoch"]) for row in history]
    kept = [row["epoch"] for row in history if float(row.get("kept", 0))]  # older runs do not tell
    with _style():
        figure, axes = _figure(10, 4, columns=2)
        for ax, name in zip(axes, ("loss", "accuracy")):
            for key, colour, what in ((name, BLUE, "training"), (f"val_{name}", ORANGE, "validation")):
                ax.plot(epochs, [float(row[key]) for row in history], "o-" if len(history) < 15 else "-", color=colour,
                        label=what, markersize=4)
            if name == "accuracy" and any(row.get("val_score") not in (None, row["val_accuracy"]) for row in history):
                ax.plot(epochs, [float(row["val_score"]) for row in history], "--", color=GREEN, label="validation score")
            for epoch in kept[-1:]:
                ax.axvline(int(epoch), color=GREY, linestyle=":", label=f"epoch {epoch}, kept")
            ax.set(title=name.capitalize(), xlabel="epoch")
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes[0].set_ylim(bottom=0)
        axes[1].set_ylim(top=1.005)
        _legend(figure, *axes[1].get_legend_handles_labels())
        return figure


def confusion(counts, labels):
    """A confusion matrix: counts as numbers, the share of each row as colour.

    Args:
        counts: int [labels, labels], rows are true labels.
        labels: the names.
    """
    import seaborn

    counts, names = np.asarray(counts), [short(label) for label in labels]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    many, room = len(names) > 20, 0.1 * max(map(len, names))  # inches that the longest name takes
    size = max(4.5, 1.2 + max(0.8, room) + (0.26 if many else 0.5) * len(names))
    with _style("white"):
        figure, ax = _figure(size + 0.8, size)
        seaborn.heatmap(shares, ax=ax, vmin=0, vmax=1, cmap="Blues", square=True, cbar=False, linewidths=0.5,
                        linecolor=PALE, annot=np.where(counts > 0, counts.astype(str), ""), fmt="",
                        annot_kws={"size": 7 if many else 10}, xticklabels=names, yticklabels=names)
        bar = figure.colorbar(ax.collections[0], ax=ax, aspect=30, fraction=0.03, pad=0.02)
        bar.set_label("share of the true label's clips")
        bar.outline.set_visible(False)
        ax.set(xlabel="answer", ylabel="true label")
        upright = room > (size - 2) / len(names)
        ax.tick_params(labelsize=9 if many else None)
        ax.tick_params(axis="x", rotation=90 if upright else 0)
        ax.tick_params(axis="y", rotation=0)
        return figure


def per_label(rows):
    """Recall, precision and F1 of each label with their intervals, the worst F1 on top.

    Args:
        rows: name -> dict, the `per_label` of `scores.scores`.
    """
    measures = (("recall", BLUE, "o"), ("precision", ORANGE, "s"), ("f1", GREEN, "D"))
    edges = [row[f"{measure}_interval"][0] for row in rows.values() for measure, *_ in measures
             if row[f"{measure}_interval"]]
    names = sorted((name for name in rows if rows[name]["support"]), key=lambda name: rows[name]["f1"])
    with _style():
        figure, ax = _figure(8, 1.6 + (0.3 if len(names) > 20 else 0.45) * len(names))
        for place, name in enumerate(names):
            for shift, (measure, colour, marker) in zip((-0.22, 0, 0.22), measures):
                value = rows[name][measure]
                low, high = rows[name][f"{measure}_interval"] or (value, value)
                ax.plot([low, high], [place + shift] * 2, color=colour, linewidth=1.6, alpha=0.55,
                        solid_capstyle="butt")
                ax.plot(value, place + shift, marker, color=colour, markersize=5, clip_on=False, zorder=4,
                        label=measure.replace("f1", "F1") if place == 0 else None)
        ax.set_yticks(range(len(names)), [f"{short(name)}  ({rows[name]['support']})" for name in names])
        ax.set(xlim=(np.floor(10 * min(edges)) / 10, 1), ylim=(len(names) - 0.4, -0.6),
               xlabel="value with its 95 % interval; in brackets the clips")
        ax.xaxis.grid(True)
        ax.yaxis.grid(False)
        _legend(figure, *ax.get_legend_handles_labels())
        return figure


def reliability(found):
    """A reliability diagram: how many answers were right at each confidence, and how often each confidence came.

    Args:
        found: what `calibration.reliability` returns.
    """
    bins = found["bins"]
    lows, widths = [one["low"] for one in bins], [one["high"] - one["low"] for one in bins]
    confidence, right = (np.array([one[name] for one in bins]) for name in ("confidence", "accuracy"))
    spread = np.abs(np.array([one["accuracy_interval"] for one in bins]).T - right)
    with _style():
        figure, (ax, below) = _figure(6, 6.6, rows=2, heights=(3, 1))
        ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="perfectly calibrated")
        ax.errorbar(confidence, right, yerr=spread, fmt="o", color=BLUE, capsize=3, markersize=6, clip_on=False,
                    zorder=3, label="clips, with 95 % intervals")
        low, high = found["ece_interval"]
        ax.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is right",
               title=f"Expected calibration error {found['ece']:.3f}  [{low:.3f}, {high:.3f}]")
        _legend(figure, *ax.get_legend_handles_labels())
        below.bar(lows, [one["clips"] for one in bins], widths, align="edge", color=BLUE, edgecolor="white")
        below.set(xlim=(0, 1), xlabel="confidence of the answer", ylabel="clips")
        return figure


def clips(waveforms, sample_rate, titles):
    """Waveforms above their spectrograms, a column for each clip.

    Args:
        waveforms: a sequence of float arrays [samples] in [-1, 1].
        sample_rate: in Hz.
        titles: one for each.
    """
    rows = -(-len(waveforms) // 4)
    columns = -(-len(waveforms) // rows)
    with _style("ticks"):
        figure = _canvas(1.2 + 3 * columns, 3.6 * rows)
        figure.get_layout_engine().set(w_pad=0.1)
        grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[1, 2] * rows)
        for ax in grid.flat:
            ax.set_visible(False)
        for index, (waveform, title) in enumerate(zip(waveforms, titles)):
            row, column = divmod(index, columns)
            above, below = grid[2 * row, column], grid[2 * row + 1, column]
            _wave(above, np.asarray(waveform), sample_rate, title)
            _spectrogram(below, np.asarray(waveform), sample_rate)
            if column:
                above.tick_params(labelleft=False)
                below.tick_params(labelleft=False)
            else:
                below.set_ylabel("kHz")
        return figure


def clip_scores(scores, labels, most=10):
    """The highest scores of one clip as bars.

    Args:
        scores: [labels], each in [0, 1].
        labels: the names.
        most: how many to show.
    """
    scores = np.asarray(scores)
    order = np.argsort(-scores, kind="stable")[:most]
    with _style():
        figure, ax = _figure(6, 1 + 0.38 * len(order))
        ax.barh(range(len(order)), scores[order], color=[BLUE] + ["#9CC7E3"] * (len(order) - 1))
        for place, score in enumerate(scores[order]):
            ax.annotate(f"{score:.3f}", (score, place), (4, 0), textcoords="offset points", va="center", fontsize=10)
        ax.set_yticks(range(len(order)), [short(labels[i]) for i in order])
        ax.set(xlim=(0, 1.1), ylim=(len(order) - 0.5, -0.5), xlabel="score", xticks=np.linspace(0, 1, 6))
        ax.yaxis.grid(False)
        return figure


def robustness(rows):
    """Accuracy against each kind of disturbance, with intervals.

    Args:
        rows: what `robustness.robustness` returns.
    """
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    with _style():
        figure, axes = _figure(4.2 * len(kinds), 3.8, columns=len(kinds))
        for ax, kind in zip(axes, kinds):
            mine = [row for row in rows if row["kind"] == kind]
            levels, values = [row["level"] for row in mine], np.array([row["accuracy"] for row in mine])
            spread = np.abs(np.array([row["accuracy_interval"] for row in mine]).T - values)
            if min(levels) < 0:  # at nought nothing is disturbed
                place = np.searchsorted(levels, 0)
                levels, values = np.insert(levels, place, 0), np.insert(values, place, rows[0]["undisturbed"])
                spread = np.insert(spread, place, 0, axis=1)
            ax.errorbar(levels, values, yerr=spread, fmt="o-", color=BLUE, capsize=3, markersize=5)
            ax.axhline(rows[0]["undisturbed"], color=GREY, linestyle="--", linewidth=1.2, label="undisturbed")
            ax.set(title=kind.capitalize(), xlabel=mine[0]["unit"], ylim=(0, 1.02))
        axes[0].set_ylabel("accuracy")
        _legend(figure, *axes[0].get_legend_handles_labels())
        return figure


def _wave(ax, waveform, sample_rate, title):
    seconds = np.arange(len(waveform)) / sample_rate
    ax.plot(seconds, waveform, color=BLUE, linewidth=0.6)
    ax.set(xlim=(0, max(len(waveform) / sample_rate, 0.05)), ylim=(-1, 1), yticks=[-1, 0, 1], visible=True)
    ax.set_title(title, fontsize=11)
    ax.tick_params(labelbottom=False)


def _spectrogram(ax, waveform, sample_rate):
    """A spectrogram in dB below its loudest bin, from frames of 25 ms every 10 ms."""
    from matplotlib.mlab import specgram

    length = max(16, round(0.025 * sample_rate))
    padded = np.pad(waveform, (0, max(0, 2 * length - len(waveform))))
    power, _, _ = specgram(padded, NFFT=length, Fs=sample_rate, noverlap=length - round(0.01 * sample_rate),
                           pad_to=2 ** int(np.ceil(np.log2(length))))
    level = 10 * np.log10(np.maximum(power / max(power.max(), 1e-20), 10 ** (FLOOR / 10)))
    ax.imshow(level, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR, vmax=0,
              extent=(0, len(padded) / sample_rate, 0, sample_rate / 2000))
    ax.set(xlabel="seconds", visible=True)


def _legend(figure, handles, labels):
    """A legend above all axes, where it covers nothing."""
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)


@contextlib.contextmanager
def _style(name="whitegrid"):
    """Seaborn's look, for the axes made inside only."""
    import matplotlib
    import seaborn

    with matplotlib.rc_context(), seaborn.axes_style(name, {"grid.color": PALE}), seaborn.plotting_context("notebook"):
        yield


def _figure(width, height, rows=1, columns=1, heights=None):
    """A figure of so many inches and its axes: one, or an array."""
    figure = _canvas(width, height)
    axes = figure.subplots(rows, columns, height_ratios=heights, squeeze=rows * columns == 1 and heights is None)
    return figure, axes if rows * columns == 1 else np.ravel(axes)


def _canvas(width, height):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
