"""Pictures of listening to a long recording: matplotlib figures to save or to show in a notebook."""

import numpy as np

from kwscls.evaluation.plots import BLUE, GREY, ORANGE, _figure, _legend, _style


def stream(found):
    """DET and ROC of a long recording: words missed, and words heard, against false accepts per hour, a point a wanted rate.

    Args:
        found: what `streams.measure` returns.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    points = sorted(found["curve"], key=lambda point: point["false_accepts_per_hour"])
    per_hour = np.array([point["false_accepts_per_hour"] for point in points])
    missed = 100 * np.array([point["false_reject_rate"] for point in points])
    low, high = 100 * np.array([point["false_reject_rate_interval"] for point in points]).T
    fewest = 0.5 / found["hours"]  # none at all, and no word missed, have no logarithm: they are drawn at half of the least
    least = 50 / found["words"]
    with _style():
        figure, axes = _figure(12, 5, columns=2)
        for ax, own, chosen in ((axes[0], (missed, low, high), found["false_reject_rate"]),
                                (axes[1], (100 - missed, 100 - high, 100 - low), 1 - found["false_reject_rate"])):
            floor = least if ax is axes[0] else 0
            middle, lower, upper = (np.maximum(values, floor) for values in own)
            across = np.maximum(per_hour, fewest)
            ax.fill_between(across, lower, upper, color=BLUE, alpha=0.2, linewidth=0, label="95 % interval over voices")
            ax.plot(across, middle, ".-", color=BLUE, markersize=5, label="rules for each rate")
            ax.plot(max(found["false_accepts_per_hour"], fewest), max(100 * chosen, floor), "o", color=ORANGE, markersize=9,
                    label=f"rules for {found['wanted_per_hour']:g} per hour, chosen on {found['chosen']}")
            ax.axvline(found["wanted_per_hour"], color=GREY, linestyle="--", linewidth=1.2, label="wanted")
            ax.set(xscale="log", xlabel=f"false accepts per hour (none: drawn at {fewest:.2g})")
        axes[0].set(yscale="log", ylabel="% of words missed",
                    title=f"Detection error trade-off: {found['hours']:.1f} hours, {found['words']} words")
        axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes[0].yaxis.set_major_formatter("{x:g}")
        axes[0].yaxis.set_minor_formatter(NullFormatter())
        axes[1].set(ylabel="% of words heard", ylim=(None, 100), title="Receiver operating characteristic")
        for ax in axes:
            ax.xaxis.set_major_formatter("{x:g}")
        _legend(figure, *axes[0].get_legend_handles_labels())
        return figure
