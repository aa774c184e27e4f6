import json

from kwscls import console
from kwscls.evaluation import tables
from kwscls.evaluation.calibration import reliability
from kwscls.evaluation.scores import scores
from tests.evaluation.made import answers


def results(clips=90):
    truth, probabilities = answers(clips, 3, truth=[i % 2 for i in range(clips)])
    labels = ["left", "right", "stop"]
    return {**scores(truth, probabilities, labels), "calibration": reliability(truth, probabilities, labels)}


def test_labels_come_worst_first_and_those_without_clips_last():
    found = results()
    rows = tables.labels(found)
    worse, better = sorted(("left", "right"), key=lambda name: found["per_label"][name]["f1"])
    assert [row[0] for row in rows] == [worse, better, "stop"]
    assert rows[-1][1] == 0 and rows[-1][2] == rows[-1][4] == rows[-1][5] == "-"
    assert all(len(row) == len(tables.LABEL_COLUMNS) for row in rows)


def test_every_row_has_a_cell_for_each_column():
    found = results()
    assert all(len(row) == len(tables.measure_columns(found)) for row in tables.measures(found))
    assert tables.measure_columns(found)[2] == "95 % over 90 clips#"
    assert tables.measure_columns({**found, "accuracy": 1.0})[2] == "95 %#"  # then it is Wilson's


def test_numbers_are_short():
    assert tables.number(0.12345) == "0.123" and tables.number(None) == "-"
    assert tables.bounds([0.1, 0.25]) == "0.100 - 0.250" and tables.bounds(None) == "-"
    assert tables.percent(0.979, [0.889, 0.996]) == "97.9 (89-100)"
    assert tables.percent(0.0, None) == "0.0" and tables.percent(None, None) == "-"


def test_the_table_of_labels_fits_into_80_columns(capsys):
    rows = [("backward", 1000, "100.0 (99-100)", "97.9 (89-100)", "97.9 (89-100)", "0.985")]
    console.table("Each label", tables.LABEL_COLUMNS, rows)
    out = capsys.readouterr().out
    assert "…" not in out and all(cell in out for cell in rows[0][2:])


def test_names_with_brackets_and_odd_bytes_are_shown_whole(capsys):
    console.table("of [my] words", ("recording", "label"), [("song [live].wav", "[red]x"), ("take[/x].wav", "caf\udce9")])
    shown = capsys.readouterr().out
    for name in ("of [my] words", "song [live].wav", "[red]x", "take[/x].wav", "caf\\udce9"):
        assert name in shown
    console.print_json({"path": "caf\udce9"})
    assert json.loads(capsys.readouterr().out) == {"path": "caf\udce9"}
