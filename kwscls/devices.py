"""Which devices a job runs on: one, all of this machine, or those of the workers that TF_CONFIG names; how cores share work."""

import contextlib
import functools
import json
import os

from kwscls.errors import KwsclsError

STRATEGIES = ("auto", "none", "mirrored", "multiworker", "tpu")
"""What `begin` takes."""

EXAMPLE = ('set it to {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}, with another index on '
           'each worker')


@functools.cache
def begin(name="auto"):
    """The strategy of a job; call it before anything else of TensorFlow, since workers must find each other first.

    Args:
        name: "none", one device; "mirrored", every GPU of this machine (without one, every logical CPU); "multiworker",
            the workers that the environment's TF_CONFIG names; "tpu", the TPU that the environment names; "auto",
            "multiworker" where TF_CONFIG names more than one worker, else "mirrored" where there are several GPUs, else
            "none".

    Returns:
        A `tf.distribute.Strategy`. Every replica of it works on its share of each batch.

    Raises:
        KwsclsError: there are no such devices, or TF_CONFIG is not as it should be.
    """
    import tensorflow as tf

    count = len(workers())
    if name == "auto":
        name = "multiworker" if count > 1 else "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "none"
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in found])
    if name == "multiworker":
        if not count:
            raise KwsclsError("names no workers", "TF_CONFIG", EXAMPLE)
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        try:
            return tf.distribute.TPUStrategy(tf.distribute.cluster_resolver.TPUClusterResolver.connect())
        except (ValueError, tf.errors.OpError) as error:
            raise KwsclsError("finds no TPU", "--strategy tpu", str(error).splitlines()[0]) from error
    raise KwsclsError("is no strategy", name, f"known are {', '.join(STRATEGIES)}")


def open_lanes(strategy="auto"):
    """Let every operation keep to one core for as long as the process lives, so that shares of a batch can go side by side.

    What transformers do between their matrix products scales badly over the cores that share one operation; a lane for each
    core does without their waiting for each other. Nothing is changed where GPUs or several workers compute, where another
    strategy is asked for, or where TensorFlow has begun already.

    Args:
        strategy: as of `begin`.
    """
    import tensorflow as tf

    if strategy not in ("auto", "none") or workers() or tf.config.list_physical_devices("GPU"):
        return
    with contextlib.suppress(RuntimeError):  # it has begun
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(len(os.sched_getaffinity(0)))


def lanes():
    """In how many shares a batch goes through a model side by side: one where operations spread over cores themselves."""
    from tensorflow.config import threading

    return max(1, threading.get_inter_op_parallelism_threads()) if threading.get_intra_op_parallelism_threads() == 1 else 1


@functools.cache
def start_compiler():
    """Let XLA compile a first small function: what it then tells of itself no setting of TensorFlow keeps off the screen."""
    import tensorflow as tf

    screen = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        tf.function(lambda x: x + 1.0, jit_compile=True, autograph=False)(tf.constant(1.0))
    finally:
        os.dup2(screen, 2)
        os.close(screen)


def workers():
    """The addresses of a job's workers as TF_CONFIG names them, the chief's first; none where it is not set.

    Raises:
        KwsclsError: TF_CONFIG is no such table, or gives this process another part than a worker's.
    """
    cluster, task = _configured()
    found = [*cluster.get("chief", ()), *cluster.get("worker", ())]
    if found and task.get("type") not in ("chief", "worker"):
        raise KwsclsError(f"makes this process {task.get('type')!r}", "TF_CONFIG", "a job has a chief and workers only")
    return found


def is_chief():
    """Whether this process is the one of its job that writes: the only one, the chief, or the first worker."""
    cluster, task = _configured()
    return not workers() or task["type"] == "chief" or ("chief" not in cluster and int(task.get("index", 0)) == 0)


def _configured():
    """TF_CONFIG's tables of the cluster and of this process."""
    try:
        told = json.loads(os.environ.get("TF_CONFIG") or "{}")
        cluster, task = told.get("cluster", {}), told.get("task", {})
        whole = all(isinstance(cluster.get(part, []), list) for part in ("chief", "worker"))
        if not whole or int(task.get("index", 0)) < 0:
            raise ValueError("addresses are lists, and an index is a number from 0 on")
    except (ValueError, TypeError, AttributeError) as error:
        raise KwsclsError("is no JSON of a cluster and a task", "TF_CONFIG", EXAMPLE) from error
    return cluster, task


def is_shared(strategy):
    """Whether several processes work on a job together."""
    import tensorflow as tf

    return len(workers()) > 1 and isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def from_chief(strategy, values):
    """The numbers that the chief of a job calls this with, in every worker; each has to call it.

    Args:
        strategy: the job's.
        values: a number or an array, of the same shape in every worker.

    Returns:
        The chief's values; where there is but one process, its own.
    """
    import tensorflow as tf

    if not is_shared(strategy):
        return values
    mine = tf.constant(values)

    def tell():
        replica = tf.distribute.get_replica_context()
        first = tf.cast(tf.equal(replica.replica_id_in_sync_group, 0), mine.dtype)
        return replica.all_reduce(tf.distribute.ReduceOp.SUM, mine * first)

    with lost_workers():
        return strategy.experimental_local_results(strategy.run(tell))[0].numpy()


def bytes_from_chief(strategy, data=b""):
    """The bytes that the chief of a job calls this with, in every worker; each has to call it."""
    import numpy as np

    if not is_shared(strategy):
        return data
    length = int(from_chief(strategy, np.int64(len(data))))
    words = np.frombuffer(data.ljust(length + -length % 4, b"\0")[:length + -length % 4], np.int32)
    return from_chief(strategy, words).tobytes()[:length]


@contextlib.contextmanager
def chief_first(strategy):
    """Let the chief of a job do the block before the other workers do it."""
    if not is_chief():
        wait(strategy)
    yield
    if is_chief():
        wait(strategy)


def wait(strategy):
    """Go on when every worker of the job has come here."""
    from_chief(strategy, 0)


@contextlib.contextmanager
def chiefs(folder, strategy):
    """Give a folder to write to: in the chief of a job this one, in the other workers one that disappears.

    All go on when every worker is done.
    """
    import tempfile

    if is_chief():
        yield folder
    else:
        with tempfile.TemporaryDirectory() as room:
            yield type(folder)(room)
    wait(strategy)


@contextlib.contextmanager
def lost_workers():
    """Say in one line that a worker went away, in the place of TensorFlow's story of it."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError,
            tf.errors.DeadlineExceededError) as error:
        if len(workers()) < 2:
            raise
        raise KwsclsError(f"lost another worker ({str(error).splitlines()[0][:120]})", None,
                          "start every worker again with --resume") from error
