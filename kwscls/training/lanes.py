"""Whether the shares of a training's batches go side by side, which is settled before TensorFlow begins."""

from kwscls import devices, models
from kwscls.training.choices import chosen_recipe
from kwscls.training.place import going_on, place_of


def open_lanes(settings):
    """Open `devices.lanes` for the training of this process, where the recipe says so and no setting wants whole batches.

    A run that is resumed goes on as it began, whatever model is named this time.

    Args:
        settings: a `TrainSettings`.

    Raises:
        KwsclsError: there is no such model, or two settings contradict each other.
    """
    settings = going_on(place_of(settings), settings)
    models.row(settings.model)  # a name that does not exist is told first
    recipe = chosen_recipe(settings)
    if recipe.abreast and not (recipe.jit or settings.accumulate > 1 or settings.few_shot):
        devices.open_lanes(settings.strategy)
