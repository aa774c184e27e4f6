"""The report of a race of models: a page to sort and look at, a Markdown table, the numbers as JSON, and the pictures."""

import html
import shlex
import string

from kwscls import files
from kwscls.evaluation import comparison_plots, pages, plots
from kwscls.evaluation.comparison import RESULTS, confusions, level, span

PAGE, TABLE = "report.html", "report.md"

COLUMNS = (
    ("model", "model", str),
    ("accuracy %#", "accuracy", lambda value: f"{100 * value:.1f}"),
    ("95 %#", "accuracy_interval", lambda pair: f"{100 * pair[0]:.1f}-{100 * pair[1]:.1f}"),
    ("seeds#", "accuracy_range", lambda pair: f"{100 * pair[0]:.1f}-{100 * pair[1]:.1f}"),
    ("parameters#", "parameters", lambda value: f"{value:,}"),
    ("M multiply-adds#", "multiply_adds", lambda value: f"{value / 1e6:,.1f}"),
    ("file, MB#", "bytes", lambda value: f"{value / 1e6:,.1f}"),
    ("training#", "training_seconds", span),
    ("epochs#", "epochs", lambda value: f"{value:.0f}"),
    ("one clip, ms#", "latency_ms", lambda value: f"{value:.2f}"),
    ("clips/s#", "clips_per_second", lambda value: f"{value:,.0f}"),
    ("memory, MB#", "memory", lambda value: "-" if value is None else f"{value / 1e6:,.0f}"),
    ("to train, MB#", "training_memory", lambda value: "-" if value is None else f"{value / 1e6:,.0f}"),
)
"""Heading ("#": numbers), the row's key, and how its value is written."""

SHORT = [column for column in COLUMNS if column[1] in (
    "model", "accuracy", "accuracy_interval", "parameters", "multiply_adds", "latency_ms")]
"""The columns that a terminal has room for."""

SMALLER = {"parameters", "multiply_adds", "bytes", "latency_ms", "memory", "training_memory"}
LARGER = {"accuracy", "clips_per_second"}
"""Where the least and where the most is the best, which the page marks."""


def write(results, out):
    """Write page, table, numbers and pictures into a folder.

    Args:
        results: what `comparison.collect` returns.
        out: the folder.

    Returns:
        The paths.
    """
    drawn = pictures(results)
    for name, (_, figure, _) in drawn.items():
        plots.save(figure, out / f"{name}.png")
    files.write_text(out / PAGE, page(results, drawn))
    files.write_text(out / TABLE, markdown(results))
    files.write_json(out / RESULTS, results)
    return [out / name for name in (PAGE, TABLE, RESULTS, *(f"{name}.png" for name in drawn))]


def headings(columns=COLUMNS):
    """The headings of the table."""
    return [heading for heading, *_ in columns]


def cells(results, columns=COLUMNS):
    """The rows of the table in words."""
    return [[write(one[key]) for _, key, write in columns] for one in results["models"]]


def markdown(results):
    """The table in Markdown, with what it was measured on."""
    lines = ["| " + " | ".join(heading.rstrip("#") for heading in headings()) + " |",
             "|" + "|".join("---:" if heading.endswith("#") else "---" for heading in headings()) + "|",
             *("| " + " | ".join(row) + " |" for row in cells(results))]
    return "\n".join(["# " + title(results), "", about(results), "", *lines, "", EXPLAINED, "", *failures(results),
                      "```", command(results), "```", ""])


def title(results):
    """What was raced on what."""
    return f"{len(results['models'])} models on {results['conditions']['data']}"


def about(results):
    """Under which conditions, in sentences."""
    given = results["conditions"]
    most = max(len(one["seeds"]) for one in results["models"])
    time = f"{span(given['budget'])} of training each" if given["budget"] else f"{given['epochs']} epochs each"
    over = f"{results['over']['units']} {results['over']['over']}"
    return (f"{time}, {most} {'seeds' if most > 1 else 'seed'}, one after the other, each by its own recipe. Accuracy on the "
            f"{results['clips']} clips of the {results['split']} split, {len(results['labels'])} labels; 95 % intervals by a "
            f"bootstrap over {over}. Times on {results['machine']}.")


def failures(results):
    """Lines about trainings that failed."""
    return [f"{one['model']}, seed {one['seed']}, failed: {one['why']}\n" for one in results.get("failed", ())]


def command(results):
    """The command that makes this comparison, but for the place it is written to."""
    given = results["conditions"]
    seeds = sorted({seed for one in results["models"] for seed in one["seeds"]})
    said = [("--data", given["data"]), ("--models", ",".join(one["model"] for one in results["models"])),
            ("--budget", given["budget"] and f"{given['budget']:g}s"), ("--epochs", given["epochs"]),
            ("--seconds", given["seconds"]), ("--seeds", " ".join(map(str, seeds)))]
    return "python -m kwscls.compare " + " ".join(
        f"{flag} {value if flag == '--seeds' else shlex.quote(str(value))}" for flag, value in said if value not in (None, ""))


def advice(results):
    """Which model to take for what, by the numbers: (name, what it is, its numbers) each.

    The most accurate one; and of those as good as it, as far as the test tells, the one that costs least in each way.
    """
    needs = {results["models"][0]["model"]: ["most accurate"]}
    for words, key in (("smallest", "parameters"), ("quickest answer", "latency_ms"), ("least work", "multiply_adds")):
        needs.setdefault(min(level(results), key=lambda one: one[key])["model"], []).append(words)
    for one in results["models"]:
        if one["model"] in needs:
            yield (one["model"], ", ".join(needs[one["model"]]),
                   f"{100 * one['accuracy']:.1f} %, {one['parameters']:,} parameters, {one['latency_ms']:.2f} ms, "
                   f"{one['multiply_adds'] / 1e6:,.1f} M multiply-adds")


def among(results):
    """Between how many models the advice chose."""
    others = len(level(results)) - 1
    if not others:
        return "No other model reaches the 95 % interval of the most accurate one."
    return (f"{others} other model{'s reach' if others > 1 else ' reaches'} the 95 % interval of the most accurate one; small, "
            "quick and light were chosen among these.")


def pictures(results):
    """Name -> its heading, the figure, and whether it is broad."""
    rows = results["models"]
    return {
        "work": ("Accuracy against work", comparison_plots.against(
            rows, "multiply_adds", 1e6, "million multiply-adds a clip"), False),
        "latency": ("Accuracy against the time of an answer", comparison_plots.against(
            rows, "latency_ms", 1, "milliseconds for one clip"), False),
        "curves": ("How they learned", comparison_plots.curves(rows), True),
        "labels": ("Each label", comparison_plots.labels(rows), True),
        "confusions": ("What each confuses", comparison_plots.confusions(rows, results["labels"]), True)}


def page(results, drawn):
    """The page as text.

    Args:
        results: what `comparison.collect` returns.
        drawn: what `pictures` returns.
    """
    figures = {name: pages.figure(words, plots.png(figure, 110), broad) for name, (words, figure, broad) in drawn.items()}
    mistakes = [(one["model"], *(f"{true} → {answer} ({count} of {clips})" for true, answer, count, clips in
                                 confusions(one, results["labels"]) + 3 * [("", "", 0, 0)] if count)) for one in results["models"]]
    body = string.Template(BODY).substitute(
        title=html.escape(title(results)), about=html.escape(about(results)), table=sortable(results), explained=EXPLAINED,
        cards="".join(pages.card(*card) for card in advice(results)), among=among(results),
        failed="".join(f"<p class=failed>{html.escape(line)}</p>" for line in failures(results)),
        figures="".join(figures.values()), mistakes=pages.table(("model", "its commonest mistakes", "", ""), mistakes),
        command=html.escape(command(results)))
    return pages.page(title(results), body, STYLE, SCRIPT)


def sortable(results):
    """The table, whose headings are buttons that sort it; the best of a column is marked."""
    rows = results["models"]
    head = "".join(
        f"<th{' class=number' if heading.endswith('#') else ''} aria-sort={'descending' if key == 'accuracy' else 'none'}>"
        f"<button>{html.escape(heading.rstrip('#'))}</button></th>" for heading, key, _ in COLUMNS)
    best = {key: choose(one[key] for one in rows if one[key] is not None)
            for keys, choose in ((SMALLER, min), (LARGER, max)) for key in keys if any(one[key] is not None for one in rows)}
    low = min(one["accuracy_interval"][0] for one in rows)
    lines = "".join("<tr>" + "".join(_cell(one, heading, key, write, best, low) for heading, key, write in COLUMNS) + "</tr>"
                    for one in rows)
    return f"<div class=wide><table id=race><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"


def _cell(one, heading, key, write, best, low):
    value = one[key]
    words = html.escape(write(value))
    if value is not None and value == best.get(key):
        words = f"<b>{words}</b>"
    if key == "accuracy":
        left, right = (100 * (edge - low) / max(1 - low, 1e-9) for edge in one["accuracy_interval"])
        words += f'<i><i style="left:{left:.1f}%;width:{max(right - left, 1):.1f}%"></i></i>'
    raw = value[0] if isinstance(value, list) else "" if value is None else value
    return f'<td{" class=number" if heading.endswith("#") else ""} data-value="{html.escape(str(raw))}">{words}</td>'


EXPLAINED = ("Accuracy is the mean over the seeds, 95 % the mean of their intervals, seeds the lowest and the highest. File is "
             "the SavedModel. One clip: the median time of an answer to a clip by itself; clips/s: in batches of 64. Memory is "
             "the most that a process held, TensorFlow included, while it loaded the SavedModel and answered clip by clip, or "
             "while it trained.")

STYLE = """
body { max-width: 1320px; }
th button { all: unset; cursor: pointer; color: var(--soft); }
th button:hover, th button:focus-visible { color: var(--text); text-decoration: underline; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--back); }
td i { display: block; position: relative; height: 4px; min-width: 5rem; border-radius: 2px; background: var(--line); }
td i i { position: absolute; top: 0; min-width: 0; background: #0072B2; }
.cards { margin: 1rem 0; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.card b { font-size: 1.4rem; }
.failed { color: #D55E00; }
pre { padding: .8rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); white-space: pre-wrap; }
"""

BODY = """<h1>$title</h1>
<p>$about</p>
$failed
<div class="cards">$cards</div>
<p>$among</p>
<h2>All numbers; a heading sorts by its column</h2>
$table
<p><small>$explained</small></p>
<div class="figures">$figures</div>
$mistakes
<h2>The same again</h2>
<pre>$command</pre>"""

SCRIPT = """
const race = document.getElementById("race"), body = race.tBodies[0], heads = [...race.tHead.rows[0].cells];
heads.forEach((head, place) => head.firstChild.addEventListener("click", () => {
  const text = !head.classList.contains("number");
  const first = text ? "ascending" : "descending", other = text ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first, sign = order === "ascending" ? 1 : -1;
  heads.forEach(one => one.setAttribute("aria-sort", one === head ? order : "none"));
  const value = row => row.cells[place].dataset.value;
  const compare = (a, b) => text ? value(a).localeCompare(value(b)) : value(a) - value(b);
  body.append(...[...body.rows].sort((a, b) => value(a) === "" ? 1 : value(b) === "" ? -1 : sign * compare(a, b)));
}));
"""
