"""Every tensor once, every weight once, or nothing happens and the rest is named."""

import keras
import numpy as np
import pytest

from kwscls.errors import KwsclsError
from kwscls.layers.auxiliary import AuxiliaryHead
from kwscls.layers.fbank import FeatureStandardization
from kwscls.models.classifier import AudioClassifier, waveform_input
from kwscls.pretrained import fill
from kwscls.pretrained.assign import Pair, Plan, assign
from kwscls.pretrained.layouts import convolution, dense, dense_beside, depthwise, stacked
from kwscls.pretrained.read import Source


def model(labels=("a", "b")):
    waveform = waveform_input(4)
    body = keras.layers.Dense(3, name="body")(FeatureStandardization(name="standardize")(waveform))
    return AudioClassifier(waveform, keras.layers.Dense(len(labels), name="logits")(body), labels=labels)


def tensors(labels=2):
    draw = np.random.default_rng(0).normal
    return {"w": draw(size=(3, 4)), "b": draw(size=3), "head.w": draw(size=(labels, 3)), "head.b": draw(size=labels)}


PAIRS = [Pair("body/kernel", "w", dense), Pair("body/bias", "b"),
         Pair("logits/kernel", "head.w", dense, head=True), Pair("logits/bias", "head.b", head=True)]


def test_everything_is_set():
    ours, theirs = model(), tensors()
    assert assign(ours, Plan(PAIRS), theirs) == []
    waveform = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32)
    expected = (waveform @ theirs["w"].T + theirs["b"]) @ theirs["head.w"].T + theirs["head.b"]
    np.testing.assert_allclose(ours(waveform), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("spoil, named", [
    (lambda plan, theirs: theirs.update(extra=np.ones(1)), "left over in the file: extra"),
    (lambda plan, theirs: theirs.pop("b"), "not in the file: b"),
    (lambda plan, theirs: plan.pairs.pop(1), "not set in the model: body/bias"),
    (lambda plan, theirs: plan.pairs.append(Pair("other/bias", "b")), "not in the model: other/bias"),
    (lambda plan, theirs: plan.pairs.append(Pair("body/bias", "b")), "set twice: body/bias"),
    (lambda plan, theirs: plan.pairs.append(Pair("body/bias", "b")), "used twice: b"),
    (lambda plan, theirs: theirs.update(w=np.ones((3, 5))), r"body/kernel is \[4, 3\], in the file \[5, 3\]"),
    (lambda plan, theirs: theirs.update({"head.w": np.ones((2, 5))}),
     r"logits/kernel is \[3, 2\], in the file \[5, 2\]"),
])
def test_nothing_is_set_unless_all_fits(spoil, named):
    ours, theirs, plan = model(), tensors(), Plan(list(PAIRS))
    before = ours.get_weights()
    spoil(plan, theirs)
    with pytest.raises(KwsclsError, match=named) as told:
        assign(ours, plan, theirs, where="w.npz")
    assert str(told.value).startswith("w.npz: ") and "\n" not in str(told.value)
    for old, new in zip(before, ours.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_many_names_are_counted():
    theirs = tensors() | {f"extra.{n}": np.ones(1) for n in range(30)}
    with pytest.raises(KwsclsError, match=r"extra\.9 and 20 more"):
        assign(model(), Plan(PAIRS), theirs)


def test_ignored_tensors_and_counters_may_be_left():
    more = {"old.w": np.ones(1), "norm.num_batches_tracked": np.ones(())}
    assert assign(model(), Plan(PAIRS, ignored=(r"old\..*",)), tensors() | more) == []


def test_new_weights_may_be_left():
    ours = model()
    before = ours.get_layer("logits").kernel.numpy()
    assign(ours, Plan(PAIRS[:2], ignored=("head.*",), new=("logits/.*",)), tensors())
    np.testing.assert_array_equal(ours.get_layer("logits").kernel, before)


def test_a_head_for_another_number_of_labels_stays_new():
    ours, theirs = model(), tensors(labels=5)
    before = ours.get_layer("logits").kernel.numpy()
    said, = assign(ours, Plan(PAIRS), theirs)
    assert "head is new" in said and "5 labels" in said
    np.testing.assert_array_equal(ours.get_layer("logits").kernel, before)
    np.testing.assert_allclose(ours.get_layer("body").kernel, theirs["w"].T, rtol=1e-6)


def test_a_head_for_other_words_stays_new():
    said, = assign(model(), Plan(PAIRS), tensors(), labels=["a", "c"])
    assert "others" in said


def test_labels_in_another_order_are_brought_into_ours():
    ours, theirs = model(), tensors()
    assert assign(ours, Plan(PAIRS), theirs, labels=["b", "a"]) == []
    np.testing.assert_allclose(ours.get_layer("logits").kernel, theirs["head.w"][::-1].T, rtol=1e-6)
    np.testing.assert_allclose(ours.get_layer("logits").bias, theirs["head.b"][::-1], rtol=1e-6)


def test_a_head_kept_for_labels_that_are_numbers_is_told():
    said, = assign(model(labels=("0", "1")), Plan(PAIRS), tensors(), labels=["a", "c"])
    assert "mere numbers" in said
    assert assign(model(labels=("0", "1")), Plan(PAIRS), tensors(), labels=["1", "0"]) == []


def sided(labels):
    """A run with a side head, small."""
    waveform = waveform_input(4)
    keep = keras.layers.Dense(3, name="quantizer")(waveform)
    side = keras.layers.Dense(len(labels), name="auxiliary1_logits")(keep)
    answer = keras.layers.Dense(len(labels), name="logits")(AuxiliaryHead(name="auxiliary1")([keep, side]))
    return AudioClassifier(waveform, answer, labels=labels)


def test_side_heads_of_our_own_runs_are_heads():
    first = sided("abc")
    source = Source({weight.path: weight.numpy() for weight in first.weights}, labels=["a", "b", "c"])
    other, turned = sided("abcd"), sided("cab")
    start = other.get_layer("auxiliary1_logits").kernel.numpy()
    said, = fill(other, source, "googlenet")
    assert "head is new" in said
    np.testing.assert_array_equal(other.get_layer("auxiliary1_logits").kernel, start)
    assert fill(turned, source, "googlenet") == []
    for head in ("logits", "auxiliary1_logits"):
        np.testing.assert_array_equal(turned.get_layer(head).kernel, first.get_layer(head).kernel.numpy()[:, [2, 0, 1]])


def test_layouts():
    a = np.arange(24.0).reshape(2, 3, 4)
    assert convolution(a).shape == (4, 3, 2) and convolution(a)[3, 1, 0] == a[0, 1, 3]
    b = np.arange(30.0).reshape(5, 1, 2, 3)
    assert depthwise(b).shape == (2, 3, 5, 1) and depthwise(b)[1, 2, 4, 0] == b[4, 0, 1, 2]
    np.testing.assert_array_equal(dense_beside(np.eye(2), 2 * np.eye(2)), [[1, 0, 2, 0], [0, 1, 0, 2]])
    np.testing.assert_array_equal(stacked(np.ones((1, 1, 2)), np.zeros((1, 1, 2))), [[1, 1], [0, 0]])
