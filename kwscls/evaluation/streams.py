"""Listening to long recordings: false accepts per hour against words missed, and the rules for a wanted rate."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from kwscls import console, files
from kwscls.data.prepared import has_split
from kwscls.errors import KwsclsError
from kwscls.evaluation import answers, intervals, robustness
from kwscls.serving import checksums
from kwscls.serving.detector import BACKGROUND, STORED, Detection, ListenRules

THRESHOLDS = np.round(np.concatenate([np.arange(0.30, 0.95, 0.025), np.arange(0.95, 0.9995, 0.0025), [0.9999]]), 4)
SMOOTH = (1, 2, 3, 4, 6, 8)
"""Windows over which scores are averaged, to choose from."""
REFRACTORY = (0.5, 1.0, 1.5)
"""Seconds between two equal detections, to choose from."""
LEVELS = (-50, -25)
"""Loudness of the background, dB of full scale, drawn anew for each piece of it."""


USABLE = 0.5
"""Rules that miss more than this share of the words are not stored."""
POINT = ("threshold", "false_accepts_per_hour", "false_accepts_per_hour_interval", "false_reject_rate",
         "false_reject_rate_interval")


@dataclasses.dataclass(frozen=True)
class Word:
    """A word in a stitched recording: its label, its times in seconds, and whose voice it is."""

    label: str
    start: float
    end: float
    group: str


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

    Threshold, smoothing and refractory time for the wanted rate are chosen on the validation clips where there are some,
    with other recordings of noise; the recording that is reported on has no part in it.

    Args:
        bundle: a loaded bundle.
        folder: a prepared folder.
        split: which clips of it.
        hours: length of the recording, at least that of its clips.
        per_hour: false accepts per hour that are wanted.
        noise: a folder of WAV files for the background; that of the prepared folder when None, or else soft noise.
        hop: seconds from window to window.
        seed: of order, gaps, background and intervals.
        batch_size: windows answered at once.

    Returns:
        A dict: `hours`, `words`, `wanted_per_hour`, `noise`; on which split the `rules` were `chosen`; `threshold`,
        `false_accepts_per_hour`, `false_reject_rate`, each rate with its `_interval`; `curve`, a list of those at every
        threshold; `at_wanted`, the point of the curve where this recording has the wanted rate.

    Raises:
        KwsclsError: the split has no words to listen for.
    """
    noises, told = background(bundle, folder, noise, seed)
    chosen_on = "validation" if split != "validation" and has_split(folder, "validation") else split
    found = {}
    for place, name in enumerate(dict.fromkeys((chosen_on, split))):
        own = noises if chosen_on == split or len(noises) < 2 else noises[place::2]
        found[name] = heard(bundle, answers.find_split(folder, name, bundle.labels), own, hours, hop, seed, batch_size)
    rules = choose_rules(found[chosen_on], per_hour, hop)
    tests = curve(found[split], rules, seed)
    point = next(one for one in tests if one["threshold"] == rules.default)
    return {"hours": point["hours"], "words": point["words"], "wanted_per_hour": per_hour, "noise": told, "chosen": chosen_on,
            **{key: point[key] for key in POINT}, "rules": dataclasses.asdict(rules), "curve": tests,
            "at_wanted": {key: tests[choose(tests, per_hour)][key] for key in POINT}}


def store(bundle, results):
    """Leave the chosen rules with an export, where `listen` finds them; returns the path."""
    path = bundle.folder / STORED
    files.write_json(path, results["rules"])
    if (bundle.folder / checksums.SUMS).is_file():
        checksums.write(bundle.folder)
    return path


def choose(curve, per_hour):
    """The place in a curve of the lowest threshold with at most so many false accepts per hour; else the highest."""
    fits = [place for place, point in enumerate(curve) if all(
        later["false_accepts_per_hour"] <= per_hour for later in curve[place:])]
    return min(fits) if fits else len(curve) - 1


@dataclasses.dataclass(frozen=True)
class Heard:
    """What a model says about a stitched recording.

    Args:
        labels: of the scores.
        words: the `Word`s that are in it.
        times: ends of the windows in seconds.
        scores: [windows, labels].
        seconds: the recording's length.
        late: seconds after a word's end in which it may still be told.
    """

    labels: list
    words: list
    times: np.ndarray
    scores: np.ndarray
    seconds: float
    late: float


def heard(bundle, clips, noises, hours, hop, seed, batch_size):
    """What a bundle says about the long recording of a split: a `Heard`."""
    words, pieces = stitch(bundle, clips, noises, hours, seed)
    if not words:
        raise KwsclsError("has no words to listen for", clips.folder / clips.name,
                          f"labels other than {', '.join(BACKGROUND)} are words")
    times, scores, seconds = window_scores(bundle, pieces, hop, hours, batch_size, clips.name)
    return Heard(bundle.labels, words, times, scores, seconds, bundle.samples / bundle.sample_rate)


def choose_rules(told, per_hour, hop):
    """The `ListenRules` with which the fewest words are missed at no more than so many false accepts per hour.

    Where that rate leaves no word, smoothing and refractory time are those that miss the fewest over all rates up to 1000.
    """
    def missed(pair):
        points = curve(told, ListenRules(smooth=pair[0], refractory=pair[1], hop=hop))
        point = points[choose(points, per_hour)]
        false, lost = (np.array([one[name] for one in points]) for name in ("false_accepts_per_hour", "false_reject_rate"))
        overall = np.mean([lost[false <= rate].min(initial=1) for rate in np.geomspace(1, 1000, 31)])
        lost = point["false_reject_rate"] if point["false_accepts_per_hour"] <= per_hour else 1.0
        return lost, overall, point["threshold"], pair

    _, _, threshold, (windows, refractory) = min(map(missed, itertools.product(SMOOTH, REFRACTORY)))
    return ListenRules({}, threshold, windows, refractory, hop)


def curve(told, rules, seed=None):
    """False accepts and misses of a `Heard` at every threshold; with intervals where a seed is given."""
    smoothed, points = smooth(told.scores, rules.smooth), []
    for threshold in THRESHOLDS.tolist():
        at = dataclasses.replace(rules, threshold={}, default=threshold)
        false, hit = count(detections(told.labels, told.times, smoothed, at), told.words, told.late)
        points.append({"threshold": threshold, **rates(false, hit, told, seed)})
    return points


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
    place = noise or (folder / "noise" if any((folder / "noise").rglob("*.wav")) else None)
    if place is None:
        soft = np.random.default_rng(seed).normal(0, 0.1, 60 * bundle.sample_rate)
        return [soft.astype(np.float32)], "white noise"
    return robustness.noises(place, bundle.sample_rate), str(place)


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
            found += [answers.clip_scores(bundle, np.ascontiguousarray(views[at:at + batch_size]))
                      for at in range(0, count, batch_size)]
            rest = rest[count * step:]
            bar.advance(task, len(piece) / bundle.sample_rate)
    scores = np.concatenate(found)
    return (1 + np.arange(len(scores))) * step / bundle.sample_rate, scores, total / bundle.sample_rate


def smooth(scores, windows):
    """Means of scores [windows, labels] over each window and those before it."""
    sums = np.cumsum(np.concatenate([np.zeros((1, scores.shape[1])), scores.astype(np.float64)]), axis=0)
    ends = np.arange(1, len(scores) + 1)
    starts = np.maximum(0, ends - max(1, windows))
    return (sums[ends] - sums[starts]) / (ends - starts)[:, np.newaxis]


def detections(labels, times, smoothed, rules):
    """What a `serving.detector.Detector` tells about smoothed scores [windows, labels], at once."""
    best = smoothed.argmax(axis=1)
    score = smoothed[np.arange(len(best)), best]
    limits = np.array([np.inf if label in BACKGROUND else rules.of(label) for label in labels])
    found, last = [], {}
    for place in np.flatnonzero(score >= limits[best]):
        label = labels[best[place]]
        if times[place] - last.get(label, -np.inf) >= rules.refractory:
            last[label] = times[place]
            found.append(Detection(round(float(times[place]), 3), label, float(score[place])))
    return found


def count(found, words, late):
    """How many detections are false, and which words were told, bool [words].

    A detection is right if its word is there, once, up to `late` seconds after its end.
    """
    starts, hit, false = np.array([word.start for word in words]), np.zeros(len(words), bool), 0
    for one in found:
        low = int(np.searchsorted(starts, one.time, side="right")) - 1
        near = [place for place in range(max(0, low - 2), low + 1)
                if words[place].label == one.label and not hit[place] and one.time <= words[place].end + late]
        if near:
            hit[near[-1]] = True
        else:
            false += 1
    return false, hit


def rates(false, hit, told, seed=None):
    """What `count` found, as rates of a `Heard`; with 95 % intervals where a seed is given.

    That of a Poisson count is Garwood's (1936); words are drawn with their speakers.
    """
    hours, missed = told.seconds / 3600, (~hit).astype(float)
    found = {"hours": hours, "words": len(hit), "false_accepts": false, "false_accepts_per_hour": false / hours,
             "false_reject_rate": float(missed.mean())}
    if seed is None:
        return found
    from scipy.stats import chi2

    low, high = chi2.ppf([0.025, 0.975], [2 * max(false, 0.5), 2 * false + 2]) / 2 / hours
    return found | {"false_accepts_per_hour_interval": [float(low) if false else 0.0, float(high)],
                    "false_reject_rate_interval": intervals.mean_interval(missed, [word.group for word in told.words],
                                                                          seed=seed)}
