"""A small bundle, and servers of it in a thread."""

import contextlib
import threading

import keras
import pytest

from kwscls import models
from kwscls.serving import bundle
from kwscls.serving.server import Server, listening, on_uvicorn


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory):
    """A SavedModel of a tiny net with two labels and clips of 4000 samples."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("served") / "small" / "1"
    bundle.save(models.build("cnn", ("high", "low"), 4000, width=2, units=4), folder)
    return folder


@contextlib.contextmanager
def running(versions, **settings):
    """The address of a server in a thread, and the server."""
    server = Server("small", versions, **settings)
    runner = on_uvicorn(server)
    with listening("127.0.0.1", 0) as place:
        thread = threading.Thread(target=runner.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{place.getsockname()[1]}", server
        finally:
            runner.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def served(small_bundle):
    """The address of a server of the small bundle, and the server."""
    from kwscls.serving.servable import Servable
    from kwscls.serving.versions import Versions

    with running(Versions(small_bundle.parent, Servable), body_limit=1 << 20, body_seconds=1.5, poll=0.05) as made:
        yield made
