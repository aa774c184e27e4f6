import json

import pytest

from kwscls import evaluate
from tests.evaluation.conftest import tone, write_wav


def test_tables_and_every_path_are_printed(make_run, capsys):
    run = make_run()
    assert evaluate.main([str(run)]) == 0
    out, err = capsys.readouterr()
    assert "accuracy" in out and "test/low/00.wav" in out and "3 groups" in out
    for name in ("metrics.json", "confusion.png", "per_label.png", "reliability.png", "report.html"):
        assert f"wrote {run / name}" in err and (run / name).is_file()


def test_disturbances_and_independent_labels_have_their_lines(make_run, tmp_path, capsys):
    write_wav(tmp_path / "hum.wav", tone(50, seconds=2, loud=0.1))
    run = make_run("sigmoid")
    assert evaluate.main([str(run), "--noise", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert "mean average precision" in out and "noise, signal-to-noise ratio in dB" in out
    assert f"wrote {tmp_path / 'out' / 'robustness.png'}" in err
    assert "Disturbed clips" in (tmp_path / "out" / "report.html").read_text()


def test_json_is_one_object_and_nothing_else(make_run, capsys):
    run = make_run()
    assert evaluate.main([str(run), "--json", "--split", "validation"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"accuracy", "accuracy_interval", "balanced_accuracy", "macro_f1", "labels", "per_label", "confusion",
            "clips"} <= set(found)
    assert found["clips"] == 12


@pytest.mark.parametrize("words, message", [
    (["nowhere"], "nowhere: does not exist"),
    (["RUN", "--split", "dev"], "invalid choice"),
    (["RUN", "--noise", "nowhere"], "is no folder"),
])
def test_what_the_user_can_mend_is_one_line_and_code_2(make_run, capsys, words, message):
    run = str(make_run())
    assert evaluate.main([run if word == "RUN" else word for word in words]) == 2
    err = capsys.readouterr().err.strip()
    assert message in err.splitlines()[-1] and err.splitlines()[-1].startswith("error:")
