"""Serve a model on TensorFlow Serving's REST paths, with a page to record, drop files and watch scores."""

import sys

from kwscls import console
from kwscls.errors import KwsclsError
from kwscls.settings import ServeSettings


def main(argv=None):
    """Run the verb."""
    return console.command(ServeSettings, act, argv)


def act(settings):
    """Serve until the process is told to stop."""
    try:
        from kwscls.serving.server import serve
    except ModuleNotFoundError as error:
        raise KwsclsError(f"serving needs {error.name}", None, "pip install 'kwscls[serve]'") from error

    serve(settings, told)
    console.say("stopped")


def told(server, address):
    """Say where it is served."""
    path = f"{address}/v1/models/{server.name}"
    console.say(f"{server.name}, version {server.versions.current.version}, is served; Ctrl-C ends it\n"
                f"  page      {address}/\n  predict   {path}:predict\n  metadata  {path}/metadata\n"
                f"  health    {address}/healthz\n  metrics   {address}/metrics\n"
                f"  ask it    python -m kwscls.client clip.wav --url {address}")


if __name__ == "__main__":
    sys.exit(main())
