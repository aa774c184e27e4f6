"""The benchmarks of scale and of devices: each of their measurements runs, on a small corpus, and counts clips."""

import pytest

from benchmarks import devices, scale


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


@pytest.mark.parametrize("setting", devices.SETTINGS)
def test_a_device_learns_and_answers(setting):
    found = devices.measure("cnn", setting, batch_size=2, seconds=0.0)
    assert set(found) == {"step", "answer"} and min(found.values()) > 0


def test_a_line_a_model():
    rows = [{"model": "cnn", "setting": "float32", "step": 1234.5, "answer": 5678.4}]
    assert devices.table(rows).splitlines()[-1] == "| `cnn` | 1,234 |  |  | 5,678 |  |  |"


def test_every_record_of_a_stream_is_read_once(capsys):
    scale.stream_records(10_000)
    assert "each of 10,000 exactly once: True" in capsys.readouterr().out
