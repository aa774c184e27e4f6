"""Training and evaluating on shards: the same clips, the same answers, in memory or in a stream."""

import functools

import pytest

from kwscls.data.pipeline import open_clips
from kwscls.data.prepare import prepare
from kwscls.evaluation.report import page
from kwscls.evaluation.run import evaluate
from kwscls.settings import PrepareSettings, TrainSettings
from kwscls.training import run as room


def test_a_run_on_a_stream_of_shards(tones, tmp_path, monkeypatch):
    for name, more in (("folder", {}), ("packed", {"shards": True, "shard_megabytes": 0.05})):
        prepare(PrepareSettings(data=str(tones), out=str(tmp_path / name), **more))
    monkeypatch.setattr(room, "open_clips", functools.partial(open_clips, memory=0))
    run = room.train(TrainSettings(data=str(tmp_path / "packed"), model="cnn", out=str(tmp_path / "run"), epochs=2,
                                   size=["width=2", "units=4"], evened="weights"))
    results = evaluate(run)
    other = evaluate(run, data=str(tmp_path / "folder"), out=tmp_path / "other")
    assert results["data"] == str(tmp_path / "packed") and results["clips"] == 12
    assert results["accuracy"] == other["accuracy"]
    assert results["calibration"]["ece"] == pytest.approx(other["calibration"]["ece"], abs=1e-6)
    results["mistakes"] = [{"clip": "test/low/speakertest0_nohash_0.wav", "label": "low", "answer": "high", "confidence": 0.5,
                            "probability": 0.5}]
    assert "data:audio/wav" in page(results)
