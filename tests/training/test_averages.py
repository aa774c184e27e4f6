"""The running average of the weights against the formula, and what hears it."""

import keras
import numpy as np

from kwscls.training.averages import Averages


def made():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    model.compile("sgd", "mse")
    return model, np.random.default_rng(0).normal(size=(6, 3)), np.ones((6, 2))


def test_the_average_reaches_back_over_a_share_of_the_steps_so_far():
    model, x, y = made()
    averages = Averages(model, 0.5)
    seen = []
    keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()))
    model.fit(x, y, batch_size=1, epochs=1, verbose=0, callbacks=[averages, keep])
    for place, average in enumerate(averages.weights()):
        wanted = np.average([weights[place] for weights in seen], axis=0, weights=[0, 1, 2, 3, 4, 5])
        np.testing.assert_allclose(average, wanted, rtol=1e-5, atol=1e-6)


def test_a_reach_of_all_steps_is_their_mean():
    model, x, y = made()
    averages, seen = Averages(model, 1), []
    keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(model.get_weights()))
    model.fit(x, y, batch_size=1, epochs=1, verbose=0, callbacks=[averages, keep])
    for place, average in enumerate(averages.weights()):
        np.testing.assert_allclose(average, np.mean([weights[place] for weights in seen], axis=0), rtol=1e-5, atol=1e-6)


def test_validation_hears_the_average_and_training_never_sees_it():
    model, x, y = made()
    plain, _, _ = made()
    plain.fit(x, y, batch_size=2, epochs=2, verbose=0, shuffle=False)
    averages = Averages(model, 0.8)
    history = model.fit(x, y, batch_size=2, epochs=2, verbose=0, shuffle=False, validation_data=(x, y),
                        callbacks=[averages]).history
    for one, other in zip(model.get_weights(), plain.get_weights()):
        np.testing.assert_array_equal(one, other)
    model.set_weights(averages.weights())
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), history["val_loss"][-1], rtol=1e-6)


def test_without_a_reach_there_is_none():
    model, x, y = made()
    averages = Averages(model, 0)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[averages])
    assert averages.variables == []
    for one, other in zip(averages.weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_reach_under_one_step_is_the_last_step():
    model, x, y = made()
    averages = Averages(model, 0.1)
    model.fit(x, y, batch_size=1, epochs=1, verbose=0, callbacks=[averages])
    for one, other in zip(averages.weights(), model.get_weights()):
        np.testing.assert_allclose(one, other, rtol=1e-6)
