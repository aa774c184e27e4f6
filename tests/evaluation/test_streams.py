"""Long recordings: what is stitched and how it is heard."""

import numpy as np
import pytest

from kwscls.evaluation import streams
from kwscls.evaluation.detections import RATES, SMOOTH
from kwscls.serving.detector import ListenRules
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
    np.testing.assert_allclose(scores, heard[:len(scores)], atol=1e-6)  # behind the end listen hears silence too
    assert times[0] == pytest.approx(0.1) and seconds == pytest.approx(sum(map(len, pieces)) / 16000)


def test_a_stitched_recording_is_measured(folder):
    told = streams.measure(Ear(), folder, hours=0.02, per_hour=1, hop=0.1)
    assert told["words"] == 10 and told["hours"] == pytest.approx(0.02, abs=1e-3) and told["chosen"] == "validation"
    assert told["noise"] == "white noise" and set(told["rules"]["threshold"]) == set(told["per_label"]) == {"high", "low"}
    assert told["rules"]["smooth"] in SMOOTH and told["rules"]["hop"] == 0.1
    assert told["hindsight"]["false_accepts_per_hour"] <= 1
    assert [point["wanted"] for point in told["curve"]] == sorted(RATES)
    missed = [point["false_reject_rate"] for point in told["curve"]]
    assert missed == sorted(missed, reverse=True)
    assert told["false_accepts_per_hour"] == 0 and told["false_reject_rate"] <= 0.6
