"""A bundle whose answers several devices work out together."""

import dataclasses

import numpy as np


def spread(bundle, strategy):
    """The same bundle, each of whose batches is shared out among the devices of a strategy.

    Args:
        bundle: what `bundle.load` gives; a SavedModel, since no other format knows of devices.
        strategy: a `tf.distribute.Strategy`, or None.

    Returns:
        The bundle itself where there is one device.
    """
    import tensorflow as tf

    from kwscls import devices
    from kwscls.serving.bundle import format_of

    if strategy is None or strategy.num_replicas_in_sync == 1 or format_of(bundle.folder) != "savedmodel":
        return bundle
    count = strategy.num_replicas_in_sync
    with strategy.scope():
        graph = tf.saved_model.load(str(bundle.folder))

    @tf.function(reduce_retracing=True, autograph=False)
    def answer(waveforms):
        return strategy.run(lambda some: graph.signatures["serving_default"](waveform=some), args=(waveforms,))

    def ask(signature, **inputs):
        if signature != "serving_default":
            return bundle.ask(signature, **inputs)
        waveforms = np.asarray(inputs["waveform"], np.float32)
        filled = np.pad(waveforms, ((0, -len(waveforms) % count), (0, 0)))  # every device gets as many
        parts = np.split(filled, count)
        with devices.lost_workers():
            told = answer(strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(parts[context.replica_id_in_sync_group])))
            return {name: strategy.gather(value, axis=0).numpy()[:len(waveforms)] for name, value in told.items()}

    return dataclasses.replace(bundle, ask=ask)
