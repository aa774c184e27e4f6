"""How far a number may be off: Wilson's interval, and the bootstrap over clips or over groups of clips."""

import numpy as np

from kwscls.errors import KwsclsError

CONFIDENCE = 0.95
DRAWS = 1000
BLOCK = 1 << 23  # numbers held at once while resampling


def wilson(successes, trials, confidence=CONFIDENCE):
    """Wilson's score interval of a proportion, for independent trials.

    Args:
        successes: counts, any shape; they need not be whole.
        trials: counts of the same shape; where one is 0 the interval is [0, 1].
        confidence: the share of such intervals that hold the truth.

    Returns:
        low, high: float64, of the same shape.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
    """
    from scipy.stats import norm

    successes, trials = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    square = norm.ppf(0.5 + confidence / 2) ** 2
    safe = np.maximum(trials, 1)
    share = successes / safe
    middle = (share + square / (2 * safe)) / (1 + square / safe)
    half = np.sqrt(square * (share * (1 - share) / safe + square / (4 * safe ** 2))) / (1 + square / safe)
    low = np.where(successes <= 0, 0, middle - half)
    high = np.where(successes >= trials, 1, middle + half)
    return np.where(trials > 0, low, 0.0)[()], np.where(trials > 0, high, 1.0)[()]


def percentile(values, confidence=CONFIDENCE):
    """The percentile interval of bootstrapped values.

    Args:
        values: [draws, ...]; those that are NaN, because a draw missed a label, are left out.

    Returns:
        low, high: [...]; NaN where every draw is.
    """
    values = np.asarray(values, np.float64)
    known = ~np.isnan(values).all(axis=0)
    tails = [0.5 - confidence / 2, 0.5 + confidence / 2]
    low, high = np.nanquantile(np.where(known, values, 0), tails, axis=0)
    return np.where(known, low, np.nan)[()], np.where(known, high, np.nan)[()]


def unit_of(groups, clips):
    """Which unit each clip is drawn with.

    Clips of one group (a speaker) are alike, so groups are drawn whole. A clip without a group is its own.

    Args:
        groups: a name for each clip, "" or None where it has none; or None.
        clips: how many there are.

    Returns:
        units: int [clips], counted from 0; name: "groups", or "clips" where fewer than two groups leave
        nothing to draw.

    Raises:
        KwsclsError: there are not as many groups as clips.
    """
    if groups is None:
        return np.arange(clips), "clips"
    names = ["" if group is None or group != group else str(group) for group in groups]
    if len(names) != clips:
        raise KwsclsError(f"{len(names)} groups were given for {clips} clips", None, "give one for each clip")
    places = {}
    units = np.array([places.setdefault(name or index, len(places)) for index, name in enumerate(names)], np.int64)
    if len(places) < 2 or not any(names):
        return np.arange(clips), "clips"
    return units, "groups"


def resampled_totals(values, units, draws=DRAWS, seed=0):
    """Sums over the clips of bootstrap samples.

    Args:
        values: [clips, columns], or [clips].
        units: int [clips], see `unit_of`; units are drawn with replacement, as many as there are.
        draws: bootstrap samples.
        seed: of the drawing.

    Returns:
        float64 [draws, columns], or [draws].
    """
    values = np.asarray(values, np.float64)
    count = int(units.max()) + 1
    totals = np.zeros((count, *values.shape[1:]))
    np.add.at(totals, units, values)
    return np.concatenate([weights @ totals for weights in _weights(count, draws, seed)])


def resampled_counts(cells, size, units, draws=DRAWS, seed=0):
    """How often each outcome comes in bootstrap samples.

    Args:
        cells: int [clips], the outcome of each clip, below `size`.
        size: how many outcomes there are.
        units, draws, seed: as in `resampled_totals`.

    Yields:
        float64 [some draws, size], `draws` rows in all, in blocks that fit in memory.
    """
    clips, count = len(cells), int(units.max()) + 1
    if count == clips:  # drawing clips one by one is drawing outcomes by their shares
        random = np.random.default_rng(seed)
        shares = np.bincount(cells, minlength=size) / clips
        for many in _blocks(draws, size):
            yield random.multinomial(clips, shares, size=many).astype(np.float64)
        return
    from scipy.sparse import coo_matrix

    totals = coo_matrix((np.ones(clips), (cells, units)), shape=(size, count)).tocsr()  # [size, units]
    for weights in _weights(count, draws, seed, size):
        yield (totals @ weights.T).T


def mean_interval(values, groups=None, draws=DRAWS, seed=0):
    """The bootstrap interval of the mean of values between 0 and 1, such as right or wrong.

    Args:
        values: [clips].
        groups: a name for each clip, or None.
        draws, seed: as in `resampled_totals`.

    Returns:
        [low, high]; Wilson's over the clips where the bootstrap finds nothing that varies.
    """
    values = np.asarray(values, np.float64)
    units, _ = unit_of(groups, len(values))
    totals = resampled_totals(np.column_stack([values, np.ones(len(values))]), units, draws, seed)
    low, high = percentile(totals[:, 0] / totals[:, 1])
    return [float(edge) for edge in (wilson(values.sum(), len(values)) if low == high else (low, high))]


def _weights(count, draws, seed, columns=1):
    """How often each of `count` units is drawn: float64 [some draws, count]."""
    random = np.random.default_rng(seed)
    for many in _blocks(draws, max(count, columns)):
        yield random.multinomial(count, np.full(count, 1 / count), size=many).astype(np.float64)


def _blocks(draws, width):
    """Numbers that sum up to `draws`, each small enough that a block of that many rows fits in memory."""
    most = max(1, BLOCK // width)
    return [min(most, draws - start) for start in range(0, draws, most)]
