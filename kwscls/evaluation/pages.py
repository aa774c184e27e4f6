"""What every HTML page of ours is made of: one file with nothing beside it, for light and dark, broad and narrow screens."""

import base64
import html
import string


def page(title, body, style="", script=""):
    """A whole page as text.

    Args:
        title: in plain text.
        body: HTML.
        style: CSS beside that of all pages.
        script: JavaScript that runs when the body is there.
    """
    return string.Template(PAGE).substitute(title=html.escape(title), body=body, style=STYLE + style,
                                            script=f"<script>{script}</script>" if script else "")


def table(columns, rows):
    """An HTML table.

    Args:
        columns: the headings; those that end in "#" stand over numbers.
        rows: sequences of values, in plain text.
    """
    kinds = [" class=number" if column.endswith("#") else "" for column in columns]
    head = "".join(f"<th{kind}>{html.escape(column.rstrip('#'))}</th>" for kind, column in zip(kinds, columns))
    lines = ("".join(f"<td{kind}>{html.escape(str(cell))}</td>" for kind, cell in zip(kinds, row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def figure(words, png, broad=False):
    """A picture under its heading; a broad one takes the whole width and may be moved sideways on a narrow screen."""
    return (f"<figure{' class=broad' * broad}><h2>{html.escape(words)}</h2><div>{image(png, words)}</div></figure>")


def image(png, words):
    """A picture, PNG bytes, and what to say where it is not seen."""
    return f'<img alt="{html.escape(words)}" src="{data("image/png", png)}">'


def card(value, words, small):
    """A number to see first, what it is, and a line about it."""
    return f"<div class=card><b>{html.escape(value)}</b><span>{html.escape(words)}</span><small>{html.escape(small)}</small></div>"


def data(kind, content):
    """Bytes inside a page, as an address."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c1e21; --soft: #5f6670; --line: #dde1e6; --card: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e7e9ec; --soft: #9aa3ad; --line: #31373e; --card: #1e2328; }
  img { filter: brightness(.9); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 1.2rem; background: var(--back); color: var(--text);
       font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.9rem; }
h2 { margin: 2rem 0 .6rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; }
h3 span, p, small, .card span { color: var(--soft); font-weight: normal; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.card { padding: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.card b, .card span, .card small { display: block; }
.card b { font-size: 2rem; line-height: 1.2; }
.figures { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
figure { margin: 0; }
.broad { grid-column: 1 / -1; }
.broad div { overflow-x: auto; }
.broad img { min-width: min(52rem, 230%); }
img { max-width: 100%; height: auto; border-radius: 8px; background: #fff; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
th { color: var(--soft); font-weight: normal; }
.number { text-align: right; }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
$body
$script
</body>
</html>
"""
