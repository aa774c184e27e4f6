"""How each wav2vec 2.0 is pre-trained when nothing is said: recipes as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class PretrainingRecipe:
    """The settings of a pre-training that depend on the model.

    Args:
        learning_rate: the highest.
        mask_prob: share of frames that the hidden spans would cover without overlap.
        mask_length: frames of a hidden span.
        diversity: weight of the loss that asks for all entries of the codebooks.
        codebook: sizes of the `Codebook` that differ from the paper's.
        source: where the settings come from.
    """

    learning_rate: float
    mask_prob: float = 0.65
    mask_length: int = 10
    diversity: float = 0.1
    codebook: dict = dataclasses.field(default_factory=dict)
    source: str = "Baevski et al. (2020), section 4.2"


_SMALL = PretrainingRecipe(2e-3, mask_length=5, diversity=1.0, codebook={"num_codevectors_per_group": 64},
                           source="ours, for minutes in the place of weeks: with the paper's settings it stays at chance in the "
                                  "first hundreds of steps; without the weight on diversity a few entries say everything")

PRETRAINING = {
    "wav2vec2": _SMALL,
    "wav2vec2_frames": _SMALL,
    "wav2vec2_base": PretrainingRecipe(5e-4),
    "wav2vec2_large": PretrainingRecipe(3e-4),
}


def chosen(settings):
    """The model's recipe with what the settings, a `PretrainSettings`, override."""
    given = {name: getattr(settings, name) for name in ("learning_rate", "mask_prob", "mask_length", "diversity")}
    return dataclasses.replace(PRETRAINING[settings.model],
                               **{name: value for name, value in given.items() if value is not None})
