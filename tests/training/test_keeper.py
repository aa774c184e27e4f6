"""What stays of a training: the last epoch whose score is as good as the best, for all that so many clips can tell."""

import keras
import pytest

from kwscls.training.keeper import Keeper, is_within_error
from kwscls.training.plan import Plan


@pytest.mark.parametrize("best, clips, least", [(0.8125, 32, 0.7417), (1.0, 32, 0.9701), (0.5, 100, 0.45), (0.97, 3000, 0.9669)])
def test_the_standard_error_of_a_score(best, clips, least):
    assert is_within_error(least + 1e-3, best, clips) and not is_within_error(least - 1e-3, best, clips)


def test_the_last_epoch_within_the_error_of_the_best_stays(tmp_path):
    """Fold 1 of ESC-10 had its highest score on 32 clips in epoch 14 of 123."""
    class Weights:
        """An average that is the number of the epoch."""
        variables = []

        def weights(self):
            return [epoch]

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    keeper = Keeper(tmp_path / "checkpoint.npz", Plan(5, 1), 0, 32, Weights())
    keeper.set_model(model)
    for epoch, score in enumerate((0.7, 0.8125, 0.6875, 0.75, 0.71875)):
        keeper.on_epoch_begin(epoch)
        keeper.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": score})
    assert [row["kept"] for row in keeper.rows] == [1, 1, 0, 1, 0] and keeper.kept == [3] and keeper.best_epoch == 2
