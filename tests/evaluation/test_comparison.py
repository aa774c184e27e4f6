"""A comparison's numbers against hand-worked ones, and its page as a browser shows it."""

import json
import re
import shlex
import shutil
import subprocess

import numpy as np
import pytest

from kwscls.command_line import parse
from kwscls.errors import KwsclsError
from kwscls.evaluation import comparison, comparison_plots, comparison_report
from kwscls.settings import CompareSettings
from tests.evaluation.test_report import Reader

LABELS = ["go", "no", "stop"]
CONFUSION = {("quick", 0): [[8, 2, 0], [1, 9, 0], [0, 0, 10]], ("quick", 1): [[9, 1, 0], [0, 10, 0], [0, 1, 9]],
             ("large", 0): [[10, 0, 0], [0, 10, 0], [2, 0, 8]], ("<b>", 0): [[3, 4, 3], [4, 3, 3], [3, 3, 4]]}
COSTS = {"quick": dict(parameters=20000, multiply_adds=3000000, latency_ms=2.0, clips_per_second=900.0),
         "large": dict(parameters=90000000, multiply_adds=800000000, latency_ms=50.0, clips_per_second=30.0),
         "<b>": dict(parameters=10000, multiply_adds=1000000, latency_ms=4.0, clips_per_second=500.0)}


def write_run(out, name, seed, confusion=None):
    """What training leaves of a run, as far as a comparison reads it."""
    folder = comparison.place(out, name, seed)
    folder.mkdir(parents=True)
    counts = np.array(confusion or CONFUSION[name, seed])
    right = counts.trace() / counts.sum()
    (folder / "metrics.json").write_text(json.dumps({
        "accuracy": right, "accuracy_interval": [right - 0.06, min(1, right + 0.04)], "balanced_accuracy": right,
        "macro_f1": right, "labels": LABELS, "confusion": counts.tolist(), "split": "test", "clips": int(counts.sum()),
        "interval": {"over": "groups", "units": 5},
        "per_label": {label: {"recall": row[place] / 10, "support": 10}
                      for place, (label, row) in enumerate(zip(LABELS, counts.tolist()))}}))
    (folder / "training.json").write_text(json.dumps({"epochs": 2 + seed, "seconds": 10.0 + 2 * seed, "memory": 10 ** 9 + seed}))
    (folder / "history.csv").write_text("epoch,val_accuracy,seconds\n1,0.5,4.0\n2,0.75,6.0\n")


def write_cost(out, name):
    (out / "runs" / name / "cost.json").write_text(json.dumps(
        {**COSTS[name], "latency_p95_ms": 3.0, "bytes": 500000, "memory": None, "machine": "2 cores"}))


@pytest.fixture
def out(tmp_path):
    """The folder of a comparison of three models, one of them with two seeds and one not finished."""
    (tmp_path / "conditions.json").write_text(json.dumps(
        {"data": "words", "prepared": "/words", "budget": 600.0, "epochs": None, "seconds": None}))
    for name, seed in CONFUSION:
        write_run(tmp_path, name, seed)
    for name in COSTS:
        write_cost(tmp_path, name)
    (tmp_path / "runs" / "large" / "seed_1.unfinished").mkdir()
    return tmp_path


def test_rows_bring_the_seeds_together(out):
    results = comparison.collect(out)
    assert [one["model"] for one in results["models"]] == ["large", "quick", "<b>"]
    quick = results["models"][1]
    assert quick["seeds"] == [0, 1] and quick["accuracy"] == pytest.approx((27 + 28) / 60)
    assert quick["accuracy_range"] == pytest.approx([27 / 30, 28 / 30])
    assert quick["accuracy_interval"] == pytest.approx([55 / 60 - 0.06, 55 / 60 + 0.04])
    assert quick["training_seconds"] == 11 and quick["epochs"] == 2.5 and quick["training_memory"] == 10 ** 9 + 1
    assert quick["recalls"] == pytest.approx({"go": 0.85, "no": 0.95, "stop": 0.95})
    assert quick["confusion"] == [[17, 3, 0], [1, 19, 0], [0, 1, 19]]
    assert quick["curves"][0] == {"seconds": [4.0, 10.0], "accuracy": [0.5, 0.75]}
    assert results["models"][0]["seeds"] == [0], "an unfinished run does not count"
    assert results["clips"] == 30 and results["machine"] == "2 cores" and "machine" not in quick


def test_what_is_not_beaten_and_what_is_as_good(out):
    results = comparison.collect(out)
    assert [one["model"] for one in comparison.front(results["models"], "parameters")] == ["<b>", "quick", "large"]
    assert [one["model"] for one in comparison.front(results["models"], "latency_ms")] == ["quick", "large"]
    assert [one["model"] for one in comparison.level(results)] == ["large", "quick"]
    assert list(comparison_report.advice(results))[0][:2] == ("large", "most accurate")
    assert list(comparison_report.advice(results))[1][:2] == ("quick", "smallest, quickest answer, least work")
    assert comparison.confusions(results["models"][1], LABELS) == [
        ("go", "no", 3, 20), ("no", "go", 1, 20), ("stop", "no", 1, 20)]


def test_an_empty_folder(tmp_path):
    with pytest.raises(KwsclsError, match="no finished run"):
        comparison.collect(tmp_path)


def test_spans():
    assert [comparison.span(seconds) for seconds in (8.4, 89, 600, 5399, 9000)] == ["8 s", "89 s", "10 min", "90 min", "2.5 h"]


def test_the_report(out):
    results = {**comparison.collect(out), "failed": [{"model": "vgg19", "seed": 0, "why": "its process was killed"}]}
    paths = comparison_report.write(results, out)
    assert all(path.is_file() for path in paths) and [path.name for path in paths][:3] == [
        "report.html", "report.md", "results.json"]
    page = (out / "report.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert not reader.open and all(source.startswith("data:") for source in reader.sources)
    assert not re.search(r"https?:|@import|url\(", page)
    assert reader.tags.count("img") == 5 and "&lt;b&gt;" in page and "vgg19, seed 0, failed" in page
    assert "go → no (3 of 20)" in page and "10 min of training each, 2 seeds" in page
    table = (out / "report.md").read_text(encoding="utf-8")
    assert "| quick | 91.7 | 85.7-95.7 | 90.0-93.3 | 20,000 | 3.0 | 0.5 | 11 s | 2 | 2.00 | 900 | - | 1,000 |" in table
    assert "python -m kwscls.compare --data words --models 'large,quick,<b>' --budget 600s --seeds 0 1" in table
    assert json.loads((out / "results.json").read_text())["models"][1]["model"] == "quick"


def test_names_of_close_points_stand_apart_and_inside_the_axes():
    rows = [{"model": name, "latency_ms": cost, "accuracy": right, "seeds": [0],
             "accuracy_interval": [right - 0.02, right + 0.015]}
            for name, cost, right in (("resfold", 3.3, 0.962), ("res1d", 1.78, 0.961), ("matchboxnet_3x1x64", 1.89, 0.94),
                                      ("tcresnet8", 1.84, 0.939), ("dscnn_s", 1.37, 0.936), ("attrnn", 25.4, 0.724),
                                      ("kwt_1", 11.9, 0.216))]
    figure = comparison_plots.against(rows, "latency_ms", 1, "ms")
    figure.draw_without_rendering()
    axes = figure.axes[0].bbox
    boxes = [text.get_window_extent().shrunk(0.9, 0.7) for text in figure.axes[0].texts]
    assert len(boxes) == len(rows)
    assert all(axes.fully_contains(x, y) for box in boxes for x, y in box.corners())
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


@pytest.mark.parametrize("labels, models, across", [(8, 3, 8), (59, 12, 12)])
def test_many_labels_stand_down_the_side(labels, models, across):
    rows = [{"model": f"matchboxnet_{model}", "recalls": {f"label {place}": (place + model) % 7 / 7 for place in range(labels)}}
            for model in range(models)]
    figure = comparison_plots.labels(rows)
    ax = figure.axes[0]
    assert len(ax.get_xticklabels()) == across and len(ax.get_yticklabels()) == labels + models - across
    assert figure.get_size_inches()[0] < 13
    numbers = [int(text.get_text()) for text in ax.texts]
    expected = [round(100 * one["recalls"][f"label {place}"]) for place in range(labels) for one in rows] if across == models else [
        round(100 * recall) for one in rows for recall in one["recalls"].values()]
    assert numbers == expected


def test_the_command_is_one_to_paste():
    results = {"conditions": {"data": "My Words/take 1", "budget": 10, "epochs": None, "seconds": None},
               "models": [{"model": "cnn", "seeds": [0, 1]}, {"model": "res1d", "seeds": [0]}]}
    settings = parse(CompareSettings, shlex.split(comparison_report.command(results))[3:])
    assert (settings.data, settings.models, settings.budget, settings.seeds) == ("My Words/take 1", ["cnn,res1d"], 10, [0, 1])


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no browser to try the page in")
def test_headings_sort_in_a_browser(out, monkeypatch):
    monkeypatch.setattr(comparison_report, "pictures", lambda results: {})
    comparison_report.write(comparison.collect(out), out)
    page = (out / "report.html").read_text(encoding="utf-8")
    probe = """<script>const told = [];
    for (const place of [4, 4, 0]) { heads[place].firstChild.click();
      told.push(heads[place].ariaSort + ": " + [...body.rows].map(row => row.cells[0].textContent)); }
    document.title = told.join("; ");</script>"""
    (out / "probe.html").write_text(page.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    shown = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={out / 'browser'}",
                            "--dump-dom", (out / "probe.html").as_uri()], capture_output=True, text=True, timeout=60, check=True)
    assert re.search("<title>(.*)</title>", shown.stdout)[1] == (
        "descending: large,quick,&lt;b&gt;; ascending: &lt;b&gt;,quick,large; ascending: &lt;b&gt;,large,quick")
