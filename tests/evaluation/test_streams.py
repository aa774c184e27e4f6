"""Long recordings: what is stitched, what counts as right, which threshold is chosen."""

import numpy as np
import pytest

from kwscls.evaluation import streams
from kwscls.evaluation.streams import Word
from kwscls.serving.detector import Detection, Detector, ListenRules
from kwscls.serving.listening import listen
from tests.conftest import tone, write_wav

RULES = ListenRules(smooth=2, refractory=0.5, hop=0.1)


class Ear:
    """Hears high and low tones by their zero crossings, and quiet as silence."""

    labels, samples, sample_rate, frame_step, stream = ["_silence_", "high", "low"], 4000, 16000, None, None
    model = "ear"

    def scores(self, waveforms):
        crossings = (np.diff(np.sign(waveforms), axis=1) != 0).mean(axis=1) * 2
        loud = np.clip(4 * np.abs(waveforms).mean(axis=1), 0, 1)
        high = np.clip(crossings * 2, 0, 1)
        return np.stack([1 - loud, loud * high, loud * (1 - high)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("stream")
    for split in ("validation", "test"):
        for label, frequency in (("high", 3000), ("low", 300)):
            for clip in range(5):
                write_wav(made / split / label / f"s{clip}_nohash_0.wav", 1.2 * tone(frequency, seed=clip))
    return made


def test_detections_are_those_of_the_detector():
    draw = np.random.default_rng(0)
    scores = draw.dirichlet([0.3] * 3, 400)
    rules = ListenRules({"low": 0.5}, default=0.7, smooth=3, refractory=0.35, hop=0.1)
    times = 0.1 * (1 + np.arange(len(scores)))
    detector = Detector(Ear.labels, rules)
    expected = [found for time, row in zip(times, scores) if (found := detector.hear(time, row))]
    found = streams.detections(Ear.labels, times, streams.smooth(scores, 3), rules)
    assert len(expected) > 20 and [(one.time, one.label) for one in found] == [(one.time, one.label) for one in expected]
    np.testing.assert_allclose([one.score for one in found], [one.score for one in expected])


def test_windows_are_those_of_listen(folder):
    """The same recording through `listen`, block by block."""
    draw = np.random.default_rng(1)
    pieces = [draw.normal(0, 0.2, size).astype(np.float32) for size in (3000, 9001, 17, 20000)]
    times, scores, seconds = streams.window_scores(Ear(), iter(pieces), RULES.hop, 0.001, 3, "test")
    heard = []

    class Spy(Ear):
        def scores(self, waveforms):
            heard.append(super().scores(waveforms)[0])
            return np.array(heard[-1:])

    list(listen(Spy(), iter([np.concatenate(pieces)]), RULES))
    np.testing.assert_allclose(scores, heard, atol=1e-6)
    assert times[0] == pytest.approx(0.1) and seconds == pytest.approx(sum(map(len, pieces)) / 16000)


def test_what_counts_as_right():
    words = [Word("a", 1, 2, "s"), Word("b", 5, 6, "s"), Word("a", 9, 10, "t")]
    found = [Detection(1.5, "a", 1), Detection(2.8, "a", 1), Detection(5.5, "a", 1), Detection(6.9, "b", 1),
             Detection(11.5, "a", 1)]
    false, hit = streams.count(found, words, late=1)
    assert false == 3 and hit.tolist() == [True, True, False]
    heard = streams.Heard(["a", "b"], words, np.zeros(0), np.zeros((0, 2)), 1800, 1)
    told = streams.rates(false, hit, heard, seed=0)
    assert told["false_accepts"] == 3 and told["false_accepts_per_hour"] == 6
    assert told["false_reject_rate"] == pytest.approx(1 / 3)
    low, high = told["false_accepts_per_hour_interval"]  # Garwood (1936): 3 events, [0.619, 8.767]
    assert low == pytest.approx(2 * 0.6187, abs=1e-3) and high == pytest.approx(2 * 8.7673, abs=1e-3)


def test_the_lowest_threshold_that_keeps_the_rate():
    curve = [{"false_accepts_per_hour": rate} for rate in (9, 1, 2, 1, 0, 0)]
    assert streams.choose(curve, 1) == 3 and streams.choose(curve, 0.5) == 4 and streams.choose(curve, 20) == 0


def test_a_stitched_recording_is_measured(folder):
    told = streams.measure(Ear(), folder, hours=0.02, per_hour=1, hop=0.1)
    assert told["words"] == 10 and told["hours"] == pytest.approx(0.02, abs=1e-3) and told["chosen"] == "validation"
    assert told["noise"] == "white noise" and told["rules"]["default"] == told["threshold"]
    assert told["rules"]["smooth"] in streams.SMOOTH and told["rules"]["hop"] == 0.1
    assert told["at_wanted"]["false_accepts_per_hour"] <= 1
    rates = [point["false_reject_rate"] for point in told["curve"]]
    assert rates[0] < rates[-1]
    assert told["false_accepts_per_hour"] == 0 and told["false_reject_rate"] <= 0.6


def test_the_rules_are_those_that_miss_least(folder):
    """One loud window a word: an average over more windows buries it."""
    words = [Word("high", place, place + 0.25, "") for place in range(1, 9)]
    times = 0.1 * (1 + np.arange(100))
    scores = np.tile([0.9, 0.05, 0.05], (100, 1))
    scores[[10 * word.start + 2 for word in words]] = [0.0, 1.0, 0.0]
    heard = streams.Heard(Ear.labels, words, times, scores, 10.0, 0.25)
    rules = streams.choose_rules(heard, 1, 0.1)
    assert rules.smooth == 1 and rules.refractory == min(streams.REFRACTORY)
    point = next(one for one in streams.curve(heard, rules) if one["threshold"] == rules.default)
    assert point["false_reject_rate"] == 0 and point["false_accepts"] == 0
