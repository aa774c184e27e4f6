"""Pictures of a race of models: each function returns a matplotlib Figure."""

import numpy as np

from kwscls.evaluation.comparison import front
from kwscls.evaluation.plots import BLUE, GREY, PALE, _figure, _style
from kwscls.figures import short

MANY = 10
"""Models from which on curves are told apart by a list beside them."""

MOST_ACROSS = 16
"""Labels that stand side by side in a picture as wide as a page."""


def against(rows, key, scale, words):
    """Accuracy against a cost, on a logarithmic axis; the line joins what no other model beats in both.

    Args:
        rows: as of `comparison.collect`.
        key: the cost's.
        scale: what a cost is divided by.
        words: what stands at the axis.
    """
    from matplotlib.ticker import LogLocator

    best = front(rows, key)
    with _style():
        figure, ax = _figure(7.5, 5.2)
        ax.plot([one[key] / scale for one in best], [100 * one["accuracy"] for one in best], color=BLUE, linewidth=1.2,
                alpha=0.5, zorder=2, label="not beaten in both")
        for one in rows:
            low, high = one["accuracy_range"] if len(one["seeds"]) > 1 else one["accuracy_interval"]
            colour = BLUE if one in best else GREY
            ax.plot([one[key] / scale] * 2, [100 * low, 100 * high], color=colour, alpha=0.35, linewidth=2, zorder=2)
            ax.plot(one[key] / scale, 100 * one["accuracy"], "o", color=colour, markersize=6, zorder=3)
        ax.set_xscale("log")
        values = np.array([one[key] for one in rows]) / scale
        ax.set(xlim=(values.min() / 1.6, values.max() * 2.6), xlabel=words, ylabel="accuracy, %")
        for axis in (ax.xaxis.set_major_locator, ax.xaxis.set_minor_locator):
            axis(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
        ax.set_ylim(top=min(101, ax.get_ylim()[1]))
        _name(figure, ax, [(one[key] / scale, 100 * one["accuracy"], one["model"], one in best) for one in rows])
        return figure


def curves(rows):
    """Validation accuracy as training went on, by the clock: a line a model, thin ones for its seeds beside the first."""
    import seaborn

    colours = seaborn.color_palette("colorblind" if len(rows) <= MANY else "husl", len(rows))
    longest = max(one["curves"][0]["seconds"][-1] for one in rows)
    scale, unit = (60, "minutes") if longest > 180 else (1, "seconds")
    with _style():
        figure, ax = _figure(10, 5)
        for place, (one, colour) in enumerate(zip(rows, colours)):
            for seed, found in enumerate(one["curves"]):
                ax.plot(np.array(found["seconds"]) / scale, 100 * np.array(found["accuracy"]), color=colour,
                        linewidth=0.7 if seed else 1.6, alpha=0.6 if seed else 1, zorder=3 - 0.01 * place,
                        linestyle=("-", "--", ":")[place // MANY % 3] if len(rows) > MANY else "-",
                        marker="o" if len(found["seconds"]) < 4 else None, markersize=4,
                        label=None if seed else one["model"])
        ax.set(xlabel=f"{unit} of training", ylabel="validation accuracy, %", ylim=(0, 101))
        ax.set_xlim(left=0)
        figure.legend(*ax.get_legend_handles_labels(), loc="outside right upper", frameon=False,
                      ncols=1 if len(rows) <= 24 else 2)
        return figure


def labels(rows):
    """The recall of each label by each model, as colour and number; many labels stand down the side, so that a page can show them.

    Args:
        rows: as of `comparison.collect`, each with the same labels.
    """
    import seaborn

    names = list(rows[0]["recalls"])
    shares = 100 * np.array([[one["recalls"][name] for name in names] for one in rows])
    side, across = [one["model"] for one in rows], [short(name) for name in names]
    if len(names) > MOST_ACROSS:
        shares, side, across = shares.T, across, side
    with _style("white"):
        figure, ax = _figure(max(5, 3 + 0.62 * len(across)), 1.8 + 0.36 * len(side))
        seaborn.heatmap(shares, ax=ax, cmap="Blues", vmin=min(50, shares.min()), vmax=100, annot=True, fmt=".0f",
                        annot_kws={"size": 9}, linewidths=0.5, linecolor=PALE, xticklabels=across, yticklabels=side,
                        cbar_kws={"label": "recall, %"})
        ax.collections[0].colorbar.outline.set_visible(False)
        if max(map(len, across)) > 5:
            ax.set_xticks(ax.get_xticks(), ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
        ax.tick_params(axis="y", rotation=0)
        return figure


def confusions(rows, labels):
    """What each model takes for what: a small matrix a model, with the share of the true label's clips; right answers are left out.

    Args:
        rows: as of `comparison.collect`.
        labels: their names.
    """
    columns = min(4, len(rows))
    lines = -(-len(rows) // columns)
    names, shares = [short(label) for label in labels], []
    for one in rows:
        counts = np.array(one["confusion"], float)
        shares.append(100 * counts * (1 - np.eye(len(labels))) / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    most = max(1.0, max(share.max() for share in shares))
    with _style("white"):
        figure, axes = _figure(1 + 3 * columns, 1 + 3 * lines, rows=lines, columns=columns)
        for ax in np.atleast_1d(axes):
            ax.set_visible(False)
        for place, (ax, one, share) in enumerate(zip(np.atleast_1d(axes), rows, shares)):
            ax.set_visible(True)
            drawn = ax.imshow(np.where(np.eye(len(labels), dtype=bool), np.nan, share), cmap="Reds", vmin=0, vmax=most)
            ax.set_title(one["model"], fontsize=11)
            ticks = range(len(labels)) if len(labels) <= 16 else []
            ax.set_xticks(ticks, [names[i] for i in ticks], rotation=90, fontsize=8)
            ax.set_yticks(ticks, [names[i] for i in ticks] if place % columns == 0 else [""] * len(ticks), fontsize=8)
            ax.set_facecolor(PALE)
        figure.colorbar(drawn, ax=axes, label="share of the true label's clips, %", shrink=0.7, aspect=30)
        figure.supxlabel("answer", fontsize=11)
        figure.supylabel("true label", fontsize=11)
        return figure


def _name(figure, ax, points):
    """Write names beside points, inside the axes, where they cover neither each other nor a point nor the line of the best.

    Args:
        points: (x, y, name, whether it is one of the best) each; the best are named first.
    """
    figure.draw_without_rendering()
    dots = [tuple(ax.transData.transform((x, y))) for x, y, *_ in points]
    taken, room = [(x - 4, y - 4, x + 4, y + 4) for x, y in dots], ax.bbox.extents
    unit = figure.dpi / 72
    joined = sorted(dot for dot, (*_, best) in zip(dots, points) if best)
    for start, end in zip(joined, joined[1:]):
        taken += [(x, y - 1, x, y + 1) for x, y in np.linspace(start, end, 2 + int((end[0] - start[0]) / (4 * unit)))]
    for place in sorted(range(len(points)), key=lambda place: not points[place][3]):
        x, y = dots[place]
        name, best = points[place][2:]
        text = ax.annotate(name, points[place][:2], (0, 0), textcoords="offset points", va="center", fontsize=9,
                           color=BLUE if best else GREY, arrowprops=dict(arrowstyle="-", color=PALE, shrinkB=3))
        width, height = text.get_window_extent().width, 11 * unit
        spots = [(gap, up) for up in (0, 9, -9, 18, -18, 27, -27, 36, -36, 45, -45) for gap in (7, -7 - width / unit)]
        boxes = [(x + gap * unit, y + up * unit - height / 2, x + gap * unit + width, y + up * unit + height / 2)
                 for gap, up in spots]
        free = next((spot for spot, box in enumerate(boxes)
                     if _within(box, room) and not any(_cover(box, other) for other in taken)), 0)
        taken.append(boxes[free])
        text.set_position(spots[free])
        text.arrow_patch.set_visible(abs(spots[free][1]) > 9)


def _cover(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _within(one, other):
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]
