"""The replay of an export's own clips in any runtime, and the verdict."""

from kwscls.errors import KwsclsError
from kwscls.serving import bundle, checksums, proof, runtimes

FITTING = {"savedmodel": ("savedmodel", "c-api", "http", "grpc"), "tflite": ("tflite",), "onnx": ("onnx",)}
"""The runtimes that can run each format; the first is the usual one."""


def verify(folder, runtime=None, url=None, name=None, tolerance=None):
    """Replay an export's clips, and say how far the outputs are from those that it must give.

    Args:
        folder: an export's, or the folder of its versions.
        runtime: a name in `runtimes.RUNTIMES`; the usual one of the format when None.
        url: of the server, for http and grpc.
        name: of the model on that server; the name of the versions' folder when None.
        tolerance: the largest difference that is allowed; what the export says when None.

    Returns:
        A dict with `folder`, `runtime`, `fingerprint`, `tolerance`, `same` (whether all is within it) and `rows`, see
        `proof.replay`.

    Raises:
        KwsclsError: a file is not what its checksum says, the runtime does not fit, or nobody answers.
    """
    folder = bundle.find(folder)
    kind, facts = bundle.format_of(folder), bundle.read_facts(folder)
    runtime = runtime or kind
    if runtime not in FITTING[kind]:
        raise KwsclsError(f"holds a model in the format {kind}, which {runtime} does not run", folder,
                          f"take --runtime {' or '.join(FITTING[kind])}")
    fingerprint = checksums.check(folder)
    place = folder.resolve()
    ask = runtimes.RUNTIMES[runtime](folder, url=url, name=name or (place.parent if place.name.isdigit() else place).name)
    if tolerance is None:
        tolerance = facts["tolerance"]
    rows = proof.replay(ask, folder, facts["signatures"])
    if facts.get("stream"):
        rows.append(proof.replay_stream(ask, folder, facts))
    return {"folder": str(folder), "runtime": runtime, "fingerprint": fingerprint, "tolerance": tolerance,
            "same": all(within(row, tolerance) for row in rows), "rows": rows}


STREAM = 1e-5
"""What the signature `stream`, which sums in another order, may differ by where nothing may."""


def within(row, tolerance):
    """Whether a row of a replay is as it must be; what is no number never is."""
    tolerance = max(tolerance, STREAM) if row["signature"] == "stream" else tolerance
    return row["words"] == 0 if row["difference"] is None else row["difference"] <= tolerance


COLUMNS = ("signature", "output", "clips#", "largest difference#", "allowed#", "")


def table(found):
    """What `verify` found, as rows of words under `COLUMNS`."""
    return [(row["signature"], row["output"], row["clips"],
             f"{row['difference']:.2g}" if row["words"] is None else f"{row['words']:.0%} of the names",
             f"{found['tolerance']:g}" if row["words"] is None else "0%",
             "same" if within(row, found["tolerance"]) else "DIFFERS") for row in found["rows"]]
