"""Listening to long recordings that are stitched of clips: what a model would tell of them."""

import dataclasses
from pathlib import Path

import numpy as np

from kwscls import console, files
from kwscls.data.extra_labels import UNTRAINED
from kwscls.data.noises import noises_of
from kwscls.data.prepared import has_split
from kwscls.errors import KwsclsError
from kwscls.evaluation import answers
from kwscls.evaluation.detections import RATES, Heard, Word, choose_rules, rates
from kwscls.serving import checksums
from kwscls.serving.detector import BACKGROUND, STORED, ListenRules, of_windows

LEVELS = (-50, -25)
"""Loudness of the background, dB of full scale, drawn anew for each piece of it."""
USABLE = 0.5
"""Rules that miss more than this share of the words are not stored."""


def evaluate_stream(run, data=None, out=None, **settings):
    """Measure a run's model on a long recording, write the results and the picture, and store the rules with the export.

    Args:
        run: a run's folder, or an export's.
        data: a prepared folder, or what `kwscls.data.prepare.ready` makes one of; the run's own when None.
        out: the folder for `stream.json` and `stream.png`; the run's when None.
        **settings: of `measure`.

    Returns:
        What `measure` returns, and the paths written.
    """
    from kwscls.evaluation import plots, plots_stream
    from kwscls.evaluation.run import prepared_folder
    from kwscls.serving import bundle as bundles

    bundle, out = bundles.load(run), Path(out or run)
    results = {"model": bundle.model} | measure(bundle, Path(prepared_folder(run, data)), **settings)
    plots.save(plots_stream.stream(results), out / "stream.png")
    files.write_json(out / "stream.json", results)
    paths = [out / "stream.json", out / "stream.png"]
    if results["false_reject_rate"] <= USABLE:
        paths.append(store(bundle, results))
    else:
        console.say(f"note: at {results['wanted_per_hour']:g} false accepts per hour {results['false_reject_rate']:.0%} of the words "
                    "are missed: no rules are stored; allow more with --per-hour, or train with more noise and other words")
    return results, paths


def measure(bundle, folder, split="test", hours=2.0, per_hour=1.0, noise=None, hop=ListenRules.hop, seed=0, batch_size=64):
    """Stitch a split into a long recording, listen to it, and say what is heard wrongly and what is missed.

    Thresholds, smoothing and refractory time for the wanted rate are chosen on the validation clips where there are some,
    with other recordings of noise; the recording that is reported on has no part in it.

    Args:
        bundle: a loaded bundle.
        folder: a prepared folder.
        split: which clips of it.
        hours: length of the recording, at least that of its clips.
        per_hour: false accepts per hour that are wanted.
        noise: a folder of recordings for the background; that of the prepared folder when None, or else soft noise.
        hop: seconds from window to window.
        seed: of order, gaps, background and intervals.
        batch_size: windows answered at once.

    Returns:
        A dict: what `detections.rates` says under the `rules` for the wanted rate, and on which split they were `chosen`;
        `wanted_per_hour`, `noise`; `curve`, a list of the same for the `wanted` rate and for those of `detections.RATES`;
        `hindsight`, the same with rules chosen on the recording itself, which no rules chosen before could beat.

    Raises:
        KwsclsError: the split has no words to listen for.
    """
    noises, told = background(bundle, folder, noise, seed)
    chosen_on = "validation" if split != "validation" and has_split(folder, "validation") else split
    found = {}
    for place, name in enumerate(dict.fromkeys((chosen_on, split))):
        own = noises if chosen_on == split or len(noises) < 2 else noises[place::2]
        found[name] = heard(bundle, answers.find_split(folder, name, bundle.labels), own, hours, hop, seed, batch_size)
    wanted = list(dict.fromkeys((per_hour, *RATES)))
    rules = choose_rules(found[chosen_on], wanted, hop)
    curve = [{"wanted": rate, **rates(found[split], one, seed)} for rate, one in zip(wanted, rules, strict=True)]
    return {**{key: value for key, value in curve[0].items() if key != "wanted"}, "wanted_per_hour": per_hour, "noise": told,
            "chosen": chosen_on, "rules": dataclasses.asdict(rules[0]),
            "curve": sorted(curve, key=lambda point: point["wanted"]),
            "hindsight": rates(found[split], choose_rules(found[split], [per_hour], hop)[0], seed)}


def store(bundle, results):
    """Leave the chosen rules with an export, where `listen` finds them; returns the path.

    Raises:
        KwsclsError: a file of the export is not what its checksum says.
    """
    path, signed = bundle.folder / STORED, (bundle.folder / checksums.SUMS).is_file()
    if signed:
        checksums.check(bundle.folder)
    files.write_json(path, results["rules"])
    if signed:
        checksums.add(bundle.folder, path)
    return path


def heard(bundle, clips, noises, hours, hop, seed, batch_size):
    """What a bundle says about the long recording of a split: a `Heard`."""
    words, pieces = stitch(bundle, clips, noises, hours, seed)
    if not words:
        raise KwsclsError("has no words to listen for", clips.folder / clips.name,
                          f"labels other than {', '.join(BACKGROUND)} are words")
    times, scores, seconds = window_scores(bundle, pieces, hop, hours, batch_size, clips.name)
    return Heard(bundle.labels, words, times, scores, seconds, bundle.samples / bundle.sample_rate)


def stitch(bundle, clips, noises, hours, seed):
    """A long recording: every clip once, in random order, with background between and beneath.

    Returns:
        The `Word`s in it, and an iterator of its pieces, float32 [any].
    """
    draw, rate = np.random.default_rng(seed), bundle.sample_rate
    order, length = draw.permutation(len(clips.paths)), bundle.samples
    spare = max(hours * 3600 * rate - len(order) * length, len(order) * 0.5 * rate)
    share = draw.uniform(0.3, 1.7, len(order))
    gaps = np.round(share / share.sum() * spare).astype(int)
    starts = np.cumsum(gaps + length) - length
    labels = [bundle.labels[place] for place in clips.truth]
    words = [Word(labels[place], start / rate, (start + length) / rate, clips.groups[place])
             for place, start in zip(order, starts) if labels[place] not in BACKGROUND]

    def pieces():
        read = answers.read_waveforms([clips.paths[place] for place in order], rate, length, 64)
        waveforms = (waveform for batch in read for waveform in batch)
        for gap, waveform in zip(gaps, waveforms):
            piece = background_piece(draw, noises, gap + length)
            piece[gap:] += waveform
            yield np.clip(piece, -1, 1)

    return words, pieces()


def background(bundle, folder, noise, seed):
    """Background recordings at the bundle's rate, and where they are from."""
    found = noises_of(folder, bundle.sample_rate, noise, UNTRAINED)
    if found:
        return found, str(noise or folder / "noise")
    soft = np.random.default_rng(seed).normal(0, 0.1, 60 * bundle.sample_rate)
    return [soft.astype(np.float32)], "white noise"


def background_piece(draw, noises, samples):
    """So many samples of a random noise at a random loudness, float32."""
    noise = noises[draw.integers(len(noises))]
    piece = np.take(noise, np.arange(samples) + draw.integers(len(noise)), mode="wrap")
    power = max(float(np.sqrt(np.mean(np.square(noise, dtype=np.float64)))), 1e-9)
    return (piece * 10 ** (draw.uniform(*LEVELS) / 20) / power).astype(np.float32)


def window_scores(bundle, pieces, hop, hours, batch_size, name):
    """Ends in seconds, scores [windows, labels], of the windows that `listen` would hear; and the whole length."""
    step, samples = max(1, round(hop * bundle.sample_rate)), bundle.samples
    found, rest, total = [], np.zeros(samples - step if samples > step else 0, np.float32), 0
    with console.progress(transient=True) as bar:
        task = bar.add_task(f"listening to {name}", total=round(hours * 3600))
        for piece in pieces:
            total += len(piece)
            rest = np.concatenate([rest, piece])
            count = max(0, (len(rest) - samples) // step + 1)
            views = np.lib.stride_tricks.sliding_window_view(rest, samples)[::step][:count] if count else []
            found += [of_windows(bundle.scores(np.ascontiguousarray(views[at:at + batch_size])))
                      for at in range(0, count, batch_size)]
            rest = rest[count * step:]
            bar.advance(task, len(piece) / bundle.sample_rate)
    scores = np.concatenate(found)
    return (1 + np.arange(len(scores))) * step / bundle.sample_rate, scores, total / bundle.sample_rate
