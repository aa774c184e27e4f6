"""The benchmark of scale: each of its stages goes through a small corpus and counts its clips."""

import pytest

from benchmarks import scale


@pytest.fixture(scope="module")
def packed(tones, tmp_path_factory):
    target = tmp_path_factory.mktemp("scale") / "packed"
    scale.pack(tones, target)
    return target


@pytest.mark.parametrize("stage", scale.STAGES)
def test_a_turn_of_each_stage(stage, tones, packed, monkeypatch):
    monkeypatch.setattr(scale, "BATCH", 8)
    turn = scale.STAGES[stage](packed if stage.startswith("shards") else tones, "cnn")
    clips = turn()
    assert clips > 0 and clips == turn()


def test_words_for_times():
    assert [scale.hours(seconds) for seconds in (600, 7200, 200_000)] == ["10 min", "2.0 h", "2.3 days"]
