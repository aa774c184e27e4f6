"""A model as a picture: its layers brought together into blocks, and how these hang together."""

import dataclasses
import re
from pathlib import Path

from kwscls import files
from kwscls.errors import KwsclsError

BLOCK = r"(?:stem|top|head)(?=_|$)|stage\d+_[a-z]+\d*(?=_)|auxiliary\d*|[a-z_]*?\d+"
STAGE = r"(?:stem|top|head)(?=_|$)|stage\d+|auxiliary\d*|[a-z_]*?\d+"
PART = r"_(?:pad|norm|relu|conv|act|swish|dropout)\d*$"
MOST = 24  # blocks that are looked at one by one; of more the stages are drawn
COLUMN = 9  # blocks under each other
FRONT, BODY, HEAD = "#DCEBF5", "#F5F6F7", "#DDF0E8"


@dataclasses.dataclass
class Block:
    """Layers that belong together.

    Args:
        name: what their names begin with.
        layers: the kinds of the layers with weights, or of all where none has, each once, in their order.
        shape: of one clip's answer, in words.
        parameters: how many.
        learns: whether any of them is trained.
        times: how many alike follow each other.
        sources: the names of the blocks that it reads from.
    """

    name: str
    layers: list
    shape: str
    parameters: int = 0
    learns: bool = False
    times: int = 1
    sources: list = dataclasses.field(default_factory=list)


def blocks(model):
    """The blocks of a model, in their order: what is alike and follows each other stands together.

    Args:
        model: a functional Keras model.

    Returns:
        A list of `Block`.
    """
    found = _grouped(model, BLOCK)
    if len(found) > MOST:
        found = _grouped(model, STAGE)
    joined, where = [], {}
    for one in found:
        one.sources = list(dict.fromkeys(where[source] for source in one.sources if source in where))
        last = joined[-1] if joined else None
        if last and one.sources == [last.name] and _likeness(one) == _likeness(last) and one.parameters:
            last.times += 1
        else:
            joined.append(one)
        where[one.name] = joined[-1].name
    return joined


def frontend(found):
    """How many of a model's blocks stand in front of the first one that learns: what it reads is the answer of the last."""
    return next((place for place, one in enumerate(found) if one.learns), len(found))


def draw(model, path, title=None):
    """Draw a model's blocks as boxes and arrows into an image file: names, shapes, kinds of layers and, blue, parameters.

    Args:
        model: a functional Keras model.
        path: the file, such as .png or .svg.
        title: what stands above; the model's name and size when None.

    Raises:
        KwsclsError: the file's name is of no kind that can be drawn, or the place cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    form = form_of(path)
    boxes = blocks(model)
    columns = -(-len(boxes) // COLUMN)
    lines = -(-len(boxes) // columns)
    figure = Figure(figsize=(3.7 * columns, 0.9 * lines + 0.8))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 3.7 * columns), ylim=(-0.9 * lines - 0.1, 0.7))
    ax.axis("off")
    ax.text(0.3, 0.3, title or f"{model.name}: {model.count_params():,} parameters", fontsize=13, fontweight="bold",
            va="center")
    places = {one.name: (0.3 + 3.7 * (place // lines), -0.9 * (place % lines)) for place, one in enumerate(boxes)}
    first = frontend(boxes)
    for place, one in enumerate(boxes):
        _box(ax, places[one.name], one, FRONT if place < first else HEAD if one.name == "logits" else BODY)
        for source in one.sources:
            _arrow(ax, places[source], places[one.name], boxes[place - 1].name == source)
    with files.writing(path) as beside:
        figure.savefig(beside, dpi=130, format=form)


def form_of(path):
    """The form of a picture that a file's name asks for, in matplotlib's words.

    Raises:
        KwsclsError: its suffix is none that matplotlib writes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    form, known = Path(path).suffix[1:].lower(), FigureCanvasAgg.get_supported_filetypes()
    if form not in known:
        raise KwsclsError("is no picture's name", path, f"let it end in {', '.join(f'.{one}' for one in sorted(known))}")
    return form


def _likeness(one):
    return one.layers, one.shape, one.parameters


def _grouped(model, pattern):
    """The blocks whose layers' names begin alike, by a pattern."""
    from keras import tree

    found, group = {}, {}
    for operation in model.operations:
        readers = [tensor._keras_history.operation for node in operation._inbound_nodes for tensor in node.input_tensors]
        layer = operation in model.layers
        name = _name(operation.name, pattern) if layer else group[readers[0].name]
        group[operation.name] = name
        one = found.setdefault(name, Block(name, [], ""))
        one.sources += [group[reader.name] for reader in readers if group[reader.name] not in (name, *one.sources)]
        if layer:
            one.shape = " x ".join(str(side) for side in tree.flatten(operation.output)[0].shape[1:])
            one.parameters += operation.count_params()
            one.learns = one.learns or bool(operation.trainable_variables)
            kind = type(operation).__name__.removeprefix("Fused").replace("Normalization", "Norm")
            one.layers.append((kind, bool(operation.weights)))
    for one in found.values():
        chosen = [kind for kind, weighs in one.layers if weighs] or [kind for kind, _ in one.layers]
        one.layers = list(dict.fromkeys(chosen))
    return list(found.values())


def _name(name, pattern):
    match = re.match(pattern, name)
    return match[0] if match else re.sub(PART, "", name)


def _box(ax, corner, one, colour):
    from matplotlib.patches import FancyBboxPatch

    x, y = corner
    ax.add_patch(FancyBboxPatch((x, y - 0.6), 3, 0.6, boxstyle="round,pad=0,rounding_size=0.08", facecolor=colour,
                                edgecolor="#9AA3AD", linewidth=0.8))
    times = f"  × {one.times}" if one.times > 1 else ""
    ax.text(x + 0.12, y - 0.16, one.name + times, fontsize=9, fontweight="bold", va="center")
    ax.text(x + 2.88, y - 0.16, one.shape, fontsize=8, va="center", ha="right", color="#3C434B")
    kinds = ", ".join(one.layers)
    ax.text(x + 0.12, y - 0.43, kinds if len(kinds) < 33 else kinds[:31] + " …", fontsize=7.5, va="center", color="#5F6670")
    if one.parameters:
        ax.text(x + 2.88, y - 0.43, f"{one.parameters * one.times:,}", fontsize=7.5, va="center", ha="right", color="#0072B2")


def _arrow(ax, source, target, follows):
    """An arrow from box to box: down where they follow each other, around the side where they don't."""
    style = dict(arrowstyle="-|>", color="#5F6670", linewidth=0.9, mutation_scale=9, shrinkA=0, shrinkB=0)
    (x, y), (to_x, to_y) = source, target
    if follows and x == to_x:
        ax.annotate("", (to_x + 1.5, to_y), (x + 1.5, y - 0.6), arrowprops=style)
    elif x == to_x:
        ax.annotate("", (to_x + 3, to_y - 0.2), (x + 3, y - 0.4), arrowprops={**style, "connectionstyle": "arc3,rad=-0.35"})
    else:
        ax.annotate("", (to_x, to_y - 0.3), (x + 3, y - 0.3), arrowprops={**style, "connectionstyle": "arc3,rad=0"})
