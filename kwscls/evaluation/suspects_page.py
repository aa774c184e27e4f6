"""One HTML page with the suspects to see and to hear, where a person decides and takes the table along."""

import html
import json
from pathlib import Path

from kwscls import files
from kwscls.data import corrections
from kwscls.data.convert import to_pcm16, wav_bytes
from kwscls.evaluation import pages, plots
from kwscls.evaluation.report import CLIP_DPI, STYLE, read_clip

PAGE_NAME = "suspects.html"
MOST_AUDIO = 24 << 20  # bytes of all players together


def write_page(found, folder, out, most=60):
    """Write `suspects.html`, which needs nothing beside it.

    Args:
        found: what `suspects.suspects` returned.
        folder: the prepared folder.
        out: the folder of the page.
        most: how many to show.

    Returns:
        The page's path.
    """
    path = Path(out) / PAGE_NAME
    files.write_text(path, page(found, folder, most))
    return path


def page(found, folder, most=60):
    """The page as text; arguments as of `write_page`."""
    rows, room = [], MOST_AUDIO
    for place, row in enumerate(found[:most]):
        waveform, rate = read_clip(Path(folder) / row["path"])
        sound = wav_bytes(to_pcm16(waveform), rate)
        room -= len(sound)
        rows.append(_card(place, row, waveform, rate, sound if room >= 0 else None))
    counts = {}
    for row in found:
        kind = "probably another label" if row["why"].startswith("probably") else row["why"]
        counts[kind] = counts.get(kind, 0) + 1
    about = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing that looks wrong"
    title = f"Suspects of {Path(folder).name}"
    said = (f"Of the clips to learn from: {about}. The first {min(most, len(found))} are here, test clips never. Listen, decide, "
            "and take the table along for train --corrections.")
    table = json.dumps([[row[name] for name in corrections.COLUMNS] for row in found]).replace("<", "\\u003c")
    return pages.page(title, f"<h1>{html.escape(title)}</h1><p>{html.escape(said)}</p>"
                      f"<div class=bar><button id=take>take the table</button></div><div class=mistakes>{''.join(rows)}</div>",
                      STYLE + MORE_STYLE, f"const columns = {json.dumps(corrections.COLUMNS)}, rows = {table};{SCRIPT}")


def _card(place, row, waveform, rate, sound):
    picture = pages.image(plots.png(plots.clips([waveform], rate, [""]), CLIP_DPI), "waveform and spectrogram")
    player = f'<audio controls preload=none src="{pages.data("audio/wav", sound)}"></audio>' if sound else ""
    choices = ["keep", "drop", *(["relabel"] if row["becomes"] else [])]
    words = {"keep": "keep as it is", "drop": "drop", "relabel": f"make it {row['becomes']}"}
    options = "".join(f"<option value={choice}{' selected' * (choice == row['action'])}>{html.escape(words[choice])}</option>"
                      for choice in choices)
    chance = "" if row["probability"] is None else f", {100 * row['probability']:.1f} % for its label"
    return (f"<div class=mistake><h3>{html.escape(row['label'])} <span>{html.escape(row['why'])}</span></h3>"
            f"<p>score {row['score']:.2f}{chance}</p>{picture}{player}"
            f"<select data-place={place} aria-label=\"what to do\">{options}</select><code>{html.escape(row['path'])}</code></div>")


MORE_STYLE = """
select, button { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 8px; background: var(--back);
                 color: var(--text); margin-top: .6rem; }
.mistake select { width: 100%; }
.bar { position: sticky; top: 0; padding: .2rem 0 .8rem; background: var(--back); }
"""

SCRIPT = """
const action = columns.indexOf("action");
const cell = value => /[",\\n]/.test(String(value)) ? '"' + String(value).replaceAll('"', '""') + '"' : String(value);
for (const choice of document.querySelectorAll("select"))
  choice.addEventListener("change", () => { rows[choice.dataset.place][action] = choice.value; });
document.getElementById("take").addEventListener("click", () => {
  const text = [columns, ...rows].map(row => row.map(cell).join(",")).join("\\n") + "\\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
  link.download = "suspects.csv";
  link.click();
});
"""
