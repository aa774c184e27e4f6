import json

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from kwscls.errors import KwsclsError
from kwscls.evaluation.calibration import apply_temperature, fit_temperature, reliability
from tests.evaluation.made import answers

LABELS = ["down", "go", "left", "no"]


def honest(clips=4000, temperature=1.0, seed=0):
    """Answers whose logits are `temperature` times those of the true distribution."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(clips, 4))
    truth = (softmax(logits, axis=1).cumsum(axis=1) < random.random((clips, 1))).sum(axis=1)
    return truth, softmax(logits * temperature, axis=1)


def test_a_hand_worked_error():
    probabilities = [[0.95, 0.05], [0.95, 0.05], [0.65, 0.35], [0.45, 0.55]]
    found = reliability([0, 1, 0, 1], probabilities, ["yes", "no"], bins=10)
    # bins (0.5, 0.6]: 0.55 against 1; (0.6, 0.7]: 0.65 against 1; (0.9, 1]: 0.95 against 0.5
    assert found["ece"] == pytest.approx((0.45 + 0.35 + 2 * 0.45) / 4)
    assert found["highest"] == pytest.approx(0.45)
    assert [one["clips"] for one in found["bins"]] == [1, 1, 2]
    json.dumps(found, allow_nan=False)


def test_bins_are_those_of_scikit_learn():
    truth, probabilities = answers(500, 4)
    found = reliability(truth, probabilities, LABELS, bins=12)["bins"]
    share, mean = calibration_curve(probabilities.argmax(axis=1) == truth, probabilities.max(axis=1), n_bins=12)
    assert [one["accuracy"] for one in found] == pytest.approx(share)
    assert [one["confidence"] for one in found] == pytest.approx(mean)


def test_honest_answers_have_a_small_error_and_sure_ones_a_large():
    assert reliability(*honest(), LABELS)["ece"] < 0.02
    found = reliability(*honest(temperature=4), LABELS)
    assert found["ece"] > 0.1 and found["ece_interval"][0] < found["ece"] < found["ece_interval"][1]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_and_mends(temperature):
    truth, probabilities = honest(temperature=temperature)
    found = fit_temperature(truth, probabilities, LABELS)
    assert found == pytest.approx(temperature, rel=0.06)
    mended = apply_temperature(probabilities, found)
    assert mended == pytest.approx(softmax(np.log(probabilities) / found, axis=1))
    assert (mended.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert log_loss(truth, mended) <= log_loss(truth, probabilities) + 1e-9


def test_no_temperature_of_a_grid_is_better():
    truth, probabilities = answers(300, 4)
    found = fit_temperature(truth, probabilities, LABELS)
    targets = np.where(np.arange(4) == np.array(truth)[:, None], 301 / 302, 1 / 302 / 3)  # Platt's, of 300 clips

    def loss(temperature):
        return -(targets * log_softmax(np.log(probabilities) / temperature, axis=1)).sum(axis=1).mean()

    assert loss(found) <= min(loss(one) for one in np.geomspace(0.02, 50, 400)) + 1e-9


def test_who_errs_nowhere_on_few_clips_does_not_become_certain():
    truth, probabilities = honest(4000)
    right = np.flatnonzero(probabilities.argmax(axis=1) == truth)[:33]
    found = fit_temperature(truth[right], probabilities[right], LABELS)
    assert 0.2 < found < 1
    others = np.setdiff1d(np.arange(4000), right)
    mended = apply_temperature(probabilities[others], found)
    assert reliability(truth[others], mended, LABELS)["ece"] < 0.2


def test_one_label_tells_no_temperature():
    with pytest.raises(KwsclsError, match="all clips have the label go"):
        fit_temperature([1, 1], [[0.5, 0.5, 0, 0]] * 2, LABELS)


def test_bad_input_is_told():
    with pytest.raises(KwsclsError, match="not finite"):
        reliability([0, 1], np.full((2, 4), np.nan), LABELS)
    with pytest.raises(KwsclsError, match="for 2 clips"):
        reliability([0], np.full((2, 4), 0.25), LABELS)
