import base64
import io
import re
import wave
from html.parser import HTMLParser


from kwscls.evaluation import report
from kwscls.evaluation.run import evaluate


class Reader(HTMLParser):
    """Collects tags, what they refer to, and the words."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.sources, self.words, self.open = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def made(evaluated):
    run, results = evaluated
    path = report.write_report(results, run)
    return results, path.read_text(encoding="utf-8")


def test_the_page_is_whole_and_needs_nothing_else(evaluated):
    results, page = made(evaluated)
    reader = Reader(page)
    assert not reader.open
    assert reader.sources and all(source.startswith("data:") for source in reader.sources)
    assert not re.search(r"https?:|@import|url\(", page)
    assert reader.tags.count("audio") == len(results["mistakes"]) == 2
    assert reader.tags.count("img") == 4 + 2  # curves, confusion, per label, reliability; and the mistakes
    assert "93.3 %" in page and "test/low/00.wav" in page and "prefers-color-scheme: dark" in page


def test_players_hold_the_clip(evaluated, prepared):
    results, page = made(evaluated)
    content = re.search(r'src="data:audio/wav;base64,([^"]+)"', page).group(1)
    with wave.open(io.BytesIO(base64.b64decode(content))) as heard, \
            wave.open(str(prepared / results["mistakes"][0]["clip"])) as told:
        assert heard.getframerate() == told.getframerate()
        assert heard.readframes(1 << 20) == told.readframes(1 << 20)


def test_the_page_stays_small(evaluated, monkeypatch):
    monkeypatch.setattr(report, "MOST_AUDIO", 9000)
    results, page = made(evaluated)
    assert Reader(page).tags.count("audio") < len(results["mistakes"])


def test_names_are_escaped(evaluated):
    _, results = evaluated
    hostile = "<script>alert(1)</script>"
    results = {**results, "model": hostile, "mistakes": [{**results["mistakes"][0], "label": hostile}]}
    assert "<script" not in report.page(results)


def test_no_mistakes_and_no_history_are_fine(saved_models, prepared, tmp_path):
    results = evaluate(saved_models / "softmax", data=prepared, split="validation", out=tmp_path)
    page = report.page(results)
    assert "There are none." in page and Reader(page).tags.count("img") == 3


def test_what_cannot_be_ranked_has_a_card_without_a_number(make_run, tmp_path):
    results = evaluate(make_run("sigmoid"), out=tmp_path)
    assert "mean average precision" in report.page(results)
    unranked = dict.fromkeys((f"{name}{end}" for name in ("mean_average_precision", "roc_auc", "d_prime") for end in ("", "_interval")))
    first, second, third, *_ = report.cards({**results, "multilabel": {**results["multilabel"], **unranked}})
    assert ">-<" in first and ">-<" in second and "93.3 %" in third
