"""Labels in pictures: letters that the font lacks, letters that no font has, dollar signs."""

import warnings

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg

from kwscls.figures import Figure, short

CUNEIFORM = "\U0001242A"


@pytest.fixture
def drawn():
    """A function that draws a text in a font of matplotlib's own; returns the text and its ink, and lets no warning pass."""
    def draw(string, family):
        figure = Figure(figsize=(2, 1))
        canvas = FigureCanvasAgg(figure)
        text = figure.text(0.1, 0.4, string, family=family)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            canvas.draw()
        return text, np.asarray(canvas.buffer_rgba())[..., 0] < 128

    return draw


def test_a_text_borrows_letters(drawn, capfd):
    text, ink = drawn("да", "cmr10")
    own, *others = text.get_fontfamily()
    assert own == "cmr10" and others
    letters = [font_manager.get_font(font_manager.findfont(family)).get_charmap() for family in others]
    assert all(any(ord(letter) in one for one in letters) for letter in "да")
    assert capfd.readouterr().err == ""
    assert (ink == drawn("да", others[0])[1]).mean() > 0.99  # the same shapes as in the lender's font


def test_a_font_that_has_all_stays(drawn):
    assert drawn("Grüße да", "DejaVu Sans")[0].get_fontfamily() == ["DejaVu Sans"]


def test_letters_that_no_font_has_are_told_once(drawn, capfd, monkeypatch):
    monkeypatch.setattr("kwscls.figures._fonts", lambda: [])
    drawn(CUNEIFORM, "DejaVu Sans"), drawn(CUNEIFORM, "DejaVu Sans")
    told = capfd.readouterr().err
    assert told.count("no font of this machine has") == 1 and CUNEIFORM in told


@pytest.mark.parametrize("string", [r"$\nonsense$", "$5 or $6"])
def test_a_dollar_sign_is_no_formula(drawn, string):
    text, ink = drawn(string, "DejaVu Sans")
    assert ink.any() and not text.get_parse_math()


def test_labels_of_ticks(drawn):
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    ax = figure.subplots()
    ax.barh(["да", "$x$"], [1, 2])
    ax.set_xscale("log")
    canvas.draw()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["да", "$x$"]
    assert not ax.get_yticklabels()[1].get_parse_math()
    assert all(label.get_parse_math() for label in ax.get_xticklabels())


def test_short_names():
    assert short("sea_waves") == "sea_waves"
    assert short("Human voice, conversation between people") == "Human voice, con…en people"
