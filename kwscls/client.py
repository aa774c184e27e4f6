"""Ask a served model about recordings, over REST or gRPC."""

import sys

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.settings import ClientSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ClientSettings, act, argv)


def act(settings):
    """Ask about every recording; those without an answer are an error at the end."""
    from kwscls.serving import client, remote

    if settings.examples:
        server = remote.Rest(settings.url, settings.model, settings.version, settings.timeout)
        print(client.examples(server, *settings.files[:1]))
        return
    if not settings.files:
        raise KwsclsError("there are no recordings to ask about", None, "name files, or --examples for curl")
    if settings.grpc:
        server = remote.Grpc(settings.grpc, settings.model, settings.version, settings.timeout)
    else:
        server = remote.Rest(settings.url, settings.model, settings.version, settings.timeout)
    rows, failed = [], 0
    for answer in client.ask(server, settings.files, settings.batch_size, settings.retries):
        if answer.error:
            failed += 1
            print(f"error: {answer.error}", file=sys.stderr)
            continue
        best = list(answer.scores.items())[:settings.top]
        if settings.json:
            console.print_json(as_json(answer, best))
        rows.extend((answer.path if place == 0 else "", label, f"{score:.4f}")
                    for place, (label, score) in enumerate(best))
    if rows and not settings.json:
        console.table(f"{server.model} at {server.url} hears", ("recording", "label", "score#"), rows)
    if failed:
        raise KwsclsError(f"{failed} of the recordings got no answer")


def as_json(answer, best):
    """An answer as one JSON object; `best` are the (label, score) pairs to name."""
    told = {"path": answer.path, "label": best[0][0], "score": round(best[0][1], 6),
            "scores": {label: round(score, 6) for label, score in best}}
    if answer.frames:
        told["frames"] = [{"time": round(time, 4), "label": label, "score": round(score, 6)}
                          for time, label, score in answer.frames]
    return told


if __name__ == "__main__":
    sys.exit(main())
