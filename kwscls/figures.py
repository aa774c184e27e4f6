"""A matplotlib Figure that shows labels in any script for which this machine has a font, and names short enough for it."""

import contextlib
import functools
import warnings

from matplotlib import font_manager
from matplotlib.figure import Figure as _Figure
from matplotlib.text import Text

from kwscls import console

LONGEST = 26
"""Characters of a label in a picture."""

NO_LETTERS = "Last Resort"
"""The family of a font that only draws boxes."""


def short(name):
    """A name as it stands in a picture: a long one without its middle, for its end often tells it from others."""
    return name if len(name) <= LONGEST else f"{name[:LONGEST - 10].rstrip()}…{name[-9:].lstrip()}"


class Figure(_Figure):
    """A figure whose texts borrow the letters that their font lacks, and in which a label's dollar sign is no formula."""

    def draw(self, renderer):
        for text in _texts(self):
            _settle(text)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # `_lenders` has told
            super().draw(renderer)


def _texts(figure):
    """All texts of a figure, with those of ticks, which are written when they are asked for."""
    for axes in figure.axes:
        axes.get_xticklabels(), axes.get_yticklabels()
    return [text for text in figure.findobj(Text) if text.get_text()]


def _settle(text):
    string = text.get_text()
    if "$" in string and r"\mathdefault" not in string:  # which only the ticks of logarithmic axes have
        text.set_parse_math(False)
    if string.isascii():
        return
    own = _letters(font_manager.findfont(text.get_fontproperties()))
    lacking = frozenset(map(ord, string)) - own - {ord("\n")}
    families = [family for family in _lenders(lacking) if family not in text.get_fontfamily()]
    if families:
        text.set_fontfamily([*text.get_fontfamily(), *families])


@functools.cache
def _lenders(lacking):
    """The families, as few as may be, that have these characters; says which no font has."""
    families, fonts = [], _fonts() if lacking else ()
    while lacking and fonts:
        font = max(fonts, key=lambda font: len(lacking & _letters(font.fname)))
        if not lacking & _letters(font.fname):
            break
        families.append(font.name)
        lacking -= _letters(font.fname)
    if lacking:
        console.say(f"no font of this machine has {''.join(map(chr, sorted(lacking)))}: pictures show boxes in their place; "
                    "install one that has, such as fonts-noto-cjk for Chinese, Japanese and Korean")
    return families


@functools.cache
def _fonts():
    """The upright fonts of normal weight on this machine, those without serifs first; also what was installed lately."""
    known = {font.fname for font in font_manager.fontManager.ttflist}  # of matplotlib's cache
    for path in set(font_manager.findSystemFonts()) - known:
        with contextlib.suppress(OSError, RuntimeError):  # of files that FreeType cannot read, as matplotlib does
            font_manager.fontManager.addfont(path)
    plain = [font for font in font_manager.fontManager.ttflist
             if font.style == "normal" and font.weight in (400, "normal", "regular", "book") and NO_LETTERS not in font.name]
    return sorted(plain, key=lambda font: "Sans" not in font.name)


@functools.cache
def _letters(path):
    """The code points that a font draws at any size; none where it is of another kind."""
    font = font_manager.get_font(path)
    return frozenset(font.get_charmap()) if font.scalable else frozenset()
