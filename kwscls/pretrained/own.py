"""Our own weights: every tensor under the path of the weight it is."""

from kwscls.pretrained.assign import Pair, Plan, is_head


def own(model, source):
    """The plan for weights that a model of this house wrote; statistics of a data set may be missing."""
    return Plan([Pair(weight.path, weight.path, head=is_head(weight.path)) for weight in model.weights
                 if weight.path in source.tensors])
