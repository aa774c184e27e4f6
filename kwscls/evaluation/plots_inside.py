"""Pictures of what goes on inside single families: learned bands, pre-training, answers frame by frame."""

import numpy as np

from kwscls.evaluation.plots import BLUE, GREEN, GREY, ORANGE, _canvas, _figure, _legend, _style, _wave
from kwscls.figures import short


def sinc_bands(start, end, sample_rate):
    """How training moved the bands of sinc filters: each edge's way, and the bands' widths before and after.

    Args:
        start: lower and upper edges before, two arrays [filters] in Hz, as of `SincConv.edges()`.
        end: the same after.
        sample_rate: in Hz.
    """
    (low, high), (new_low, new_high) = (tuple(np.asarray(edge) for edge in edges) for edges in (start, end))
    order = np.argsort(low + high)
    moved = np.abs(np.concatenate([new_low - low, new_high - high])).mean()
    with _style():
        figure, (left, right) = _figure(12, 4.5, columns=2)
        left.axhline(0, color=GREY, linewidth=1)
        for before, after, colour, what in ((low, new_low, BLUE, "lower edge"), (high, new_high, ORANGE, "upper edge")):
            left.vlines(before / 1000, 0, after - before, color=colour, alpha=0.4)
            left.plot(before / 1000, after - before, "o", color=colour, markersize=4, label=what)
        left.set(title=f"How far an edge moved; {moved:.0f} Hz on average", ylabel="Hz", xlabel="kHz, before training")
        for bottom, top, colour, what in ((low, high, GREY, "before training"), (new_low, new_high, GREEN, "after training")):
            right.plot((bottom + top)[order] / 2000, (top - bottom)[order], "o-", color=colour, markersize=4, label=what)
        right.set(title="Widths of the bands", xlabel="kHz, middle of the band", ylabel="Hz")
        right.set_ylim(bottom=0)
        for ax in (left, right):
            ax.set_xlim(0, sample_rate / 2000)
        _legend(figure, *map(sum, zip(*(ax.get_legend_handles_labels() for ax in (left, right))), ([], [])))
        return figure


def learned_bands(model):
    """The bands of a model's sinc filters at their start and now, drawn by `sinc_bands`.

    Returns:
        A Figure, or None where the model has no such layer.
    """
    from kwscls.layers.sinc import SincConv

    layer = next((layer for layer in model.layers if isinstance(layer, SincConv)), None)
    if layer is None:
        return None
    fresh = SincConv.from_config(layer.get_config())
    fresh.build((None, layer.kernel_size))
    return sinc_bands(fresh.edges(), layer.edges(), layer.sample_rate)


def pretraining(history):
    """How a pre-training went: its losses, how often the right code was found, and how many entries are in use.

    Args:
        history: dicts with `step`, `contrastive`, `diversity`, `accuracy` and `perplexity`.
    """
    steps = [int(row["step"]) for row in history]
    pictures = (("Loss", (("contrastive", BLUE), ("diversity", ORANGE))), ("Right code found", (("accuracy", BLUE),)),
                ("Entries of the codebooks in use", (("perplexity", BLUE),)))
    with _style():
        figure, axes = _figure(14, 4, columns=3)
        for ax, (title, lines) in zip(axes, pictures):
            for name, colour in lines:
                ax.plot(steps, [float(row[name]) for row in history], "o-" if len(history) < 15 else "-", color=colour,
                        label=name, markersize=4)
            ax.set(title=title, xlabel="step")
            ax.set_ylim(0, 1.1 * ax.dataLim.y1 or 1)  # a level line stays below the frame
        _legend(figure, *axes[0].get_legend_handles_labels())
        return figure


def rate_ramp(found):
    """The smoothed loss over a climbing learning rate, and the rate that was chosen.

    Args:
        found: what `training.rates.find_rate` returned.
    """
    with _style():
        figure, ax = _figure(6.5, 4)
        ax.plot(found["rates"], found["losses"], color=BLUE, label="loss, smoothed")
        ax.axvline(found["rate"], color=ORANGE, linestyle="--", label=f"chosen: {found['rate']:.2g}")
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss", title="Where the loss falls the fastest")
        ax.legend(frameon=False)
        return figure


def log_mels(spectrograms, titles):
    """Log-mel spectrograms side by side, all in the same colours.

    Args:
        spectrograms: a sequence of float arrays [frames, bands].
        titles: one for each.
    """
    spectrograms = [np.asarray(one) for one in spectrograms]
    low, high = np.quantile(np.stack(spectrograms), (0.02, 1.0))
    rows = -(-len(spectrograms) // 4)
    columns = -(-len(spectrograms) // rows)
    with _style("ticks"):
        figure = _canvas(1 + 3 * columns, 2.6 * rows)
        for index, (ax, one, title) in enumerate(zip(figure.subplots(rows, columns, squeeze=False).flat, spectrograms, titles)):
            ax.imshow(one.T, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high)
            ax.set(title=title, xlabel="frame" if index >= len(spectrograms) - columns else "",
                   ylabel="" if index % columns else "mel band")
        return figure


def frame_labels(waveform, sample_rate, labels, frame_step, scores, targets=None, frame_length=None):
    """A clip above the labels of its frames: the scores as colour, what was meant as a line.

    Args:
        waveform: float [samples], in [-1, 1].
        sample_rate: in Hz.
        labels: their names.
        frame_step: samples from frame to frame.
        scores: float [frames, labels], from 0 to 1.
        targets: int [frames], the label of each frame, -1 where there is none; not drawn when None.
        frame_length: samples that a frame sees; `frame_step` when None.
    """
    scores = np.asarray(scores)
    first = ((frame_length or frame_step) - frame_step) / 2 / sample_rate  # a frame is drawn around its middle
    edges = first + np.arange(len(scores) + 1) * frame_step / sample_rate
    with _style("ticks"):
        figure, (above, below) = _figure(10, 3 + 0.3 * len(labels), rows=2, heights=[1, 1 + 0.15 * len(labels)])
        _wave(above, np.asarray(waveform), sample_rate, "")
        mesh = below.pcolormesh(edges, np.arange(len(labels) + 1) - 0.5, scores.T, cmap="Blues", vmin=0, vmax=1)
        if targets is not None:
            targets = np.asarray(targets)
            known = targets >= 0
            below.hlines(targets[known], edges[:-1][known], edges[1:][known], color=ORANGE, linewidth=3,
                         label="what was meant")
            _legend(figure, *below.get_legend_handles_labels())
        below.set(xlim=(0, len(waveform) / sample_rate), xlabel="seconds", yticks=np.arange(len(labels)),
                  yticklabels=[short(label) for label in labels])
        figure.colorbar(mesh, ax=below, label="score")
        return figure
