"""Pictures of what goes on inside single families: learned bands, pre-training, answers frame by frame."""

import numpy as np

from kwscls.evaluation.plots import BLUE, GREY, ORANGE, _figure, _legend, _style, _wave


def sinc_bands(start, end, sample_rate):
    """The bands of sinc filters before and after training, and how many filters hear each frequency.

    Args:
        start: lower and upper edges before, two arrays [filters] in Hz, as of `SincConv.edges()`.
        end: the same after.
        sample_rate: in Hz.
    """
    (low, high), (new_low, new_high) = (tuple(np.asarray(edge) for edge in edges) for edges in (start, end))
    order = np.argsort(low + high)
    places = np.arange(len(low))
    frequencies = np.linspace(0, sample_rate / 2, 400)
    with _style():
        figure, (left, right) = _figure(12, 5, columns=2)
        for bottom, top, colour, aside, what in ((low, high, GREY, -0.2, "before training"),
                                                 (new_low, new_high, BLUE, 0.2, "after training")):
            left.vlines(places + aside, bottom[order] / 1000, top[order] / 1000, color=colour, linewidth=2, label=what)
        moved = np.abs(np.concatenate([new_low - low, new_high - high])).mean()
        left.set(title=f"Bands; an edge moved by {moved:.0f} Hz on average", ylabel="kHz", ylim=(0, sample_rate / 2000),
                 xlabel="filter, by frequency before training")
        for (lower, upper), colour in (((low, high), GREY), ((new_low, new_high), BLUE)):
            hears = (lower[:, None] <= frequencies) & (frequencies <= upper[:, None])
            right.plot(frequencies / 1000, hears.sum(0), color=colour)
        right.set(title="Filters that hear a frequency", xlabel="kHz", xlim=(0, sample_rate / 2000))
        right.set_ylim(bottom=0)
        _legend(figure, *left.get_legend_handles_labels())
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
            ax.set_ylim(bottom=0)
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
                  yticklabels=labels)
        figure.colorbar(mesh, ax=below, label="score")
        return figure
