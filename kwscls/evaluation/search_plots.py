"""The picture of a search: a line a trial through the values that it took, to its score."""

import numpy as np

from kwscls.evaluation.plots import _figure, _style


def parallel(trials, ranges):
    """Parallel coordinates: an axis for each setting and one for the score; the better a trial, the darker its line.

    Args:
        trials: dicts with `values` (setting -> value) and `score` in [0, 1], the best first.
        ranges: setting -> list of choices, or a dict with `low`, `high` and perhaps `log`.

    Returns:
        A matplotlib Figure.
    """
    from matplotlib import colormaps

    axes = [*(_axis(name, values) for name, values in ranges.items()), _score_axis(trials)]
    places = np.array([[place(one) for _, place, _ in axes] for one in trials])  # [trials, axes], in [0, 1]
    shown = sorted(range(len(trials)), key=lambda index: (places[index, -1], -index))  # of equals the first one on top
    with _style("white"):
        figure, ax = _figure(2.2 + 1.6 * len(axes), 4.8)
        for rank, index in enumerate(shown):
            share = (rank + 1) / len(shown)
            ax.plot(range(len(axes)), places[index], color=colormaps["Blues"](0.25 + 0.75 * share),
                    linewidth=2.6 if rank == len(shown) - 1 else 1.2, alpha=0.35 + 0.65 * share, zorder=2 + share)
        for number, (name, _, ticks) in enumerate(axes):
            ax.axvline(number, color="0.55", linewidth=1, zorder=1)
            for place, words in ticks:
                ax.annotate(words, (number, place), xytext=(-4, 0), textcoords="offset points", ha="right", va="center",
                            fontsize=8, color="0.25", zorder=5,
                            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75})
        ax.set(xlim=(-0.6, len(axes) - 0.8), ylim=(-0.06, 1.06), yticks=[])
        ax.set_xticks(range(len(axes)), [name.replace("_", " ") for name, _, _ in axes])
        for side in ax.spines.values():
            side.set_visible(False)
        return figure


def _axis(name, values):
    """(name, function of a trial to its place in [0, 1], ticks as (place, words)) of a setting."""
    if isinstance(values, list):
        known = [str(value) for value in values]
        steps = np.linspace(0, 1, len(known)) if len(known) > 1 else [0.5]
        return name, lambda one: steps[known.index(str(one["values"][name]))], list(zip(steps, known))
    scale = np.log10 if values.get("log") else float
    low, high = scale(values["low"]), scale(values["high"])
    shown = [low + share * (high - low) for share in (0, 0.25, 0.5, 0.75, 1)]
    if values.get("log") and high - low >= 2:
        shown = np.arange(np.ceil(low), high + 1e-9)  # powers of ten
    return (name, lambda one: (scale(one["values"][name]) - low) / (high - low),
            [((tick - low) / (high - low), f"{10 ** tick if values.get('log') else tick:.3g}") for tick in shown])


def _score_axis(trials):
    scores = 100 * np.array([one["score"] for one in trials])
    low, high = scores.min(), max(scores.max(), scores.min() + 0.1)
    return ("validation, %", lambda one: (100 * one["score"] - low) / (high - low),
            [(place, f"{low + place * (high - low):.1f}") for place in (0, 0.25, 0.5, 0.75, 1)])
