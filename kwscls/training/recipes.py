"""How each model is trained when nothing is said: recipes as data."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of a training.

    Args:
        epochs: passes over the training clips, at most; with `sound`, at least.
        sound: seconds of sound to learn from in all, which gives a small corpus more passes (see `fitted`); 0 leaves it
            at `epochs`.
        batch_size: clips a step.
        optimizer: "adam", "adamw", "sgd" (momentum 0.9, Nesterov) or "rmsprop".
        learning_rate: the highest rate of the schedule.
        schedule: "constant" or "cosine" (down to zero at the last step).
        warmup: share of all steps in which the rate climbs from zero.
        weight_decay: decoupled; not of biases, norms and positions.
        label_smoothing: share of each target spread evenly over the labels.
        clip_norm: the largest norm of all gradients together; 0 is none.
        patience: epochs without a better validation score before it stops; 0 never stops early.
        jit: whether XLA compiles the step. On a CPU that takes minutes, helps transformers in 16 bits and hurts convolutions.
        abreast: whether shares of a batch go through the model side by side on the cores of a CPU (see `devices.open_lanes`): for
            models without norms over a batch, where that is faster.
        average: share of the steps so far that the running average of the weights reaches back over; validation hears it,
            and it is what training leaves. 0 is none.
        rate_factors: part of a variable's path, or body -> factor on its learning rate.
        even_start: whether fresh layers are scaled until each of their channels varies by 1 over some training clips, for
            deep nets without norms.
        shift: the most that a clip is shifted in time, either way, in seconds.
        speed: share of the clips that are played slower or faster.
        speed_most: how much at most, as a share of the speed.
        gain: the most that a clip is made louder or softer, in decibels.
        noise: share of the clips that get background noise: the corpus's own, or coloured noise where it has none.
        snr: lowest and highest signal-to-noise ratio of these, in decibels.
        imagined: share of the clips that become a noise that nobody recorded, where there is the label `_silence_`.
        reverb: share of the clips that are put into an imagined room.
        mixup: share of the clips that are mixed with another one.
        mixup_alpha: of the Beta distribution of the mixture.
        cutmix: share of the clips that get a stretch of another one.
        time_mask: the most frames that each hidden stretch takes, as a share of the clip's, in [0, 1].
        time_warp: by how many frames one moment of a clip is moved at most, as a share of the clip's, in [0, 1].
        band_mask: the most bands that each hidden band takes, as a share of all, in [0, 1].
        band_warp: the most that mel bands are stretched either way, as a share of their place.
        band_gain: the most that mel bands are raised or lowered, in decibels.
        patchout: share of a transformer's patches that are left out, in [0, 1).
        source: where the settings come from.
    """

    epochs: int = 40
    sound: float = 0.0
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    patience: int = 0
    jit: bool = False
    abreast: bool = False
    average: float = 0.0
    rate_factors: dict = dataclasses.field(default_factory=dict)
    even_start: bool = False
    shift: float = 0.1
    speed: float = 0.5
    speed_most: float = 0.15
    gain: float = 6.0
    noise: float = 0.5
    snr: tuple = (0.0, 30.0)
    imagined: float = 0.1
    reverb: float = 0.0
    mixup: float = 0.0
    mixup_alpha: float = 0.4
    cutmix: float = 0.0
    time_mask: float = 0.0
    time_warp: float = 0.0
    band_mask: float = 0.0
    band_warp: float = 0.0
    band_gain: float = 0.0
    patchout: float = 0.0
    source: str = ""


FEWEST_STEPS = 16
"""Steps that an epoch shall have at least: a smaller corpus is trained in smaller batches."""

SMALLEST_BATCH = 16
"""Clips that a batch of such a corpus has at least."""

MOST_SOUND = 128.0
"""Seconds of sound from which a batch is made smaller: in the time that long clips take there would be too few steps."""

MOST_EPOCHS = 130
"""Passes that a small corpus gets at most: by then all that it says is learnt."""

LONG = 2.0
"""Seconds from which a clip holds a scene rather than a word: two of them sound together as scenes do, two words do not."""

LONG_SHIFT = 0.2
"""The most that a long clip is shifted, as a share of its length."""

LONG_MIXUP = 0.5
"""Share of the long clips that are mixed."""

LONG_SIZES = dict.fromkeys(("res1d", "res2d", "resfold", "resfold_large"), {"frame_step": 20})
"""Sizes of models for long clips: ours step twice as far, take half the time, and so see the clips twice as often."""

UNCHANGED = {"shift": 0.0, "speed": 0.0, "gain": 0.0, "noise": 0.0, "imagined": 0.0, "reverb": 0.0,
             "mixup": 0.0, "cutmix": 0.0, "time_mask": 0.0, "time_warp": 0.0, "band_mask": 0.0, "band_warp": 0.0,
             "band_gain": 0.0, "patchout": 0.0}
"""What turns a recipe's augmentation off."""

RECIPES = {
    "ast": Recipe(batch_size=16, optimizer="adamw", learning_rate=3e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
                  abreast=True, label_smoothing=0.1, clip_norm=1.0, average=0.05, patchout=0.6,
                  source="DeiT's settings, for clips of 1 s from scratch: a small batch with a low rate, and only two "
                         "fifths of the patches, which halves the time of a step"),
    "ast_small": Recipe(batch_size=16, optimizer="adamw", learning_rate=2e-4, schedule="cosine", warmup=0.1, abreast=True,
                        weight_decay=0.05, label_smoothing=0.1, clip_norm=1.0, average=0.05, patchout=0.6,
                        source="as ast, at a lower rate for the wider net"),
    "ast_base": Recipe(batch_size=16, optimizer="adamw", learning_rate=1e-4, schedule="cosine", warmup=0.1, abreast=True,
                       weight_decay=0.05, label_smoothing=0.1, clip_norm=1.0, average=0.05, patchout=0.6,
                       source="as ast, at a lower rate for the wider net"),
    "cnn": Recipe(epochs=20, sound=250_000, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.05,
                  weight_decay=0.1, label_smoothing=0.1, patience=30, average=0.05, mixup=0.5,
                  source="ours, and the tutorial's batch of 64: five minutes on two CPU cores for a corpus of an hour or less"),
    "alexnet": Recipe(
        epochs=40, batch_size=32, learning_rate=1e-4, schedule="cosine", warmup=0.1, clip_norm=1.0, patience=10,
        source="ours: without batch norm a small rate; torchvision: SGD 0.01, 90 epochs"),
    **dict.fromkeys(("vgg11", "vgg13", "vgg16", "vgg19"), Recipe(
        epochs=40, batch_size=16, optimizer="sgd", learning_rate=0.01, schedule="cosine", warmup=0.1, clip_norm=1.0,
        patience=10, even_start=True,
        source="torchvision's rate (SGD 0.01, 90 epochs); Adam stays at chance. The start and the small batches are ours: "
               "the paper starts its deeper nets from layers of the trained VGG-11")),
    **dict.fromkeys(("vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"), Recipe(
        epochs=40, batch_size=32, optimizer="adamw", learning_rate=1e-3, schedule="cosine", warmup=0.1, weight_decay=1e-4,
        clip_norm=1.0, patience=10, rate_factors={"fc": 0.02, "logits": 0.02},
        source="ours: dense layers that read 25,088 and 4,096 numbers are thrown off at the rate that the convolutions "
               "need; torchvision: SGD 0.01, 90 epochs")),
    **dict.fromkeys(("googlenet", "inception_v3", "resnet18", "resnet34", "resnet50", "densenet121"), Recipe(
        epochs=40, batch_size=32, optimizer="adamw", learning_rate=1e-3, schedule="cosine", warmup=0.1, weight_decay=0.02,
        patience=10, source="ours: in small batches AdamW learns from the first steps, where torchvision's SGD (0.1 at batch "
                            "256, 90 epochs of a million pictures) is thrown off by a short warm-up")),
    **dict.fromkeys(("squeezenet1_0", "squeezenet1_1"), Recipe(
        epochs=60, batch_size=32, learning_rate=1e-4, schedule="cosine", warmup=0.1, clip_norm=1.0, patience=15,
        source="ours: without batch norm a small rate, at 3e-4 it stays at chance; the paper: SGD 0.04, falling linearly")),
    **dict.fromkeys(("mobilenet_v3_small", "mobilenet_v3_large"), Recipe(
        epochs=60, batch_size=32, learning_rate=2e-3, schedule="cosine", warmup=0.1, weight_decay=1e-5, patience=15,
        source="ours, with the paper's decay; the paper: RMSprop, 600 epochs")),
    **dict.fromkeys(("vit_tiny", "vit_small", "vit_base"), Recipe(
        epochs=100, batch_size=16, optimizer="adamw", learning_rate=2e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
        abreast=True, label_smoothing=0.1, clip_norm=1.0,
        source="DeiT, Touvron et al., arXiv 2012.12877: AdamW, decay 0.05; its rate of 5e-4, for batches of 512, leaves "
               "small batches at chance")),
    "convnext_tiny": Recipe(
        epochs=60, batch_size=32, optimizer="adamw", learning_rate=5e-4, schedule="cosine", warmup=0.1, weight_decay=0.05,
        label_smoothing=0.1, source="the paper: AdamW, 4e-3 at batch 4096, decay 0.05, smoothing 0.1, 300 epochs"),
    "sincnet": Recipe(
        epochs=50, optimizer="adamw", learning_rate=2e-3, schedule="cosine", warmup=0.05, weight_decay=1e-3,
        label_smoothing=0.1, rate_factors={"_hz": 1000.0}, source="ours; edges are in Hz and move a thousand times faster"),
    "sincnet_timit": Recipe(
        epochs=360, batch_size=128, optimizer="rmsprop", learning_rate=1e-3,
        source="the repository's cfg/SincNet_TIMIT.cfg; its published log stops at epoch 360"),
    **dict.fromkeys(("wav2vec2", "wav2vec2_frames"), Recipe(
        epochs=60, batch_size=32, optimizer="adamw", learning_rate=1e-3, schedule="cosine", warmup=0.1, weight_decay=0.05,
        abreast=True, label_smoothing=0.1, clip_norm=1.0, average=0.04, source="ours, from scratch")),
    **dict.fromkeys(("wav2vec2_base", "wav2vec2_large"), Recipe(
        epochs=30, batch_size=16, optimizer="adamw", learning_rate=3e-5, schedule="cosine", warmup=0.1, weight_decay=0.01,
        abreast=True, clip_norm=1.0, source="the paper's fine-tuning rate, for published weights")),
    "res1d": Recipe(epochs=80, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.1, weight_decay=0.02,
                    label_smoothing=0.1, source="ours"),
    "res2d": Recipe(epochs=60, optimizer="adamw", learning_rate=2e-3, schedule="cosine", warmup=0.1, weight_decay=0.02,
                    label_smoothing=0.1, source="ours"),
    "resfold": Recipe(epochs=20, sound=180_000, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.1,
                      weight_decay=0.02, label_smoothing=0.1, average=0.06, gain=20.0, reverb=0.3, band_warp=0.12, band_gain=8.0,
                      source="ours: three minutes on two CPU cores for a corpus of an hour or less; wide in level, room and "
                             "colour, by which speakers and microphones differ"),
    "resfold_large": Recipe(epochs=30, sound=300_000, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.1,
                            weight_decay=0.02, label_smoothing=0.1, average=0.04, gain=20.0, reverb=0.3, mixup=0.2, band_warp=0.15,
                            band_gain=8.0, band_mask=0.1, time_mask=0.05,
                            source="ours: ten minutes on two CPU cores; what learns longer shall hear more voices"),
    **dict.fromkeys(("bcresnet_1", "bcresnet_1_5", "bcresnet_2", "bcresnet_3", "bcresnet_6", "bcresnet_8"), Recipe(
        epochs=100, batch_size=32, optimizer="adamw", learning_rate=1e-2, schedule="cosine", warmup=0.05, weight_decay=1e-2,
        source="ours: AdamW in small batches gets to 81 % where the repository's SGD 0.1 at batch 100 (200 epochs of 85,000 "
               "clips) gets to 54 %, in two minutes on two CPU cores")),
    **dict.fromkeys(("kwt_1", "kwt_2", "kwt_3"), Recipe(
        epochs=100, batch_size=32, optimizer="adamw", learning_rate=1e-3, schedule="cosine", warmup=0.1, weight_decay=0.1,
        abreast=True, label_smoothing=0.1, clip_norm=1.0,
        source="ARM-software/keyword-transformer: AdamW 1e-3, decay 0.1, cosine, smoothing 0.1, there at batch 512; few clips "
               "want small batches")),
    **dict.fromkeys(("matchboxnet_3x1x64", "matchboxnet_3x2x64"), Recipe(
        epochs=100, batch_size=128, optimizer="adamw", learning_rate=3e-3, schedule="cosine", warmup=0.05, weight_decay=1e-3,
        source="NVIDIA/NeMo: batch 128, 200 epochs, 5 % of warm-up, decay 1e-3; AdamW in the place of NovoGrad")),
    **dict.fromkeys(("tcresnet8", "tcresnet8_1_5", "tcresnet14", "tcresnet14_1_5"), Recipe(
        epochs=100, batch_size=100, optimizer="sgd", learning_rate=0.1, schedule="cosine", warmup=0.05, weight_decay=1e-2,
        source="hyperconnect/TC-ResNet: SGD 0.1 at batch 100, decay 1e-3, which its momentum makes 1e-2 of ours; a cosine in "
               "the place of its steps")),
    **dict.fromkeys(("dscnn_s", "dscnn_m", "dscnn_l"), Recipe(
        epochs=100, batch_size=100, learning_rate=2e-3, schedule="cosine", warmup=0.05,
        source="ARM-software/ML-KWS-for-MCU: Adam, batch 100, there 30,000 steps from 5e-4 down; few clips want a higher rate")),
    "attrnn": Recipe(epochs=60, batch_size=32, schedule="cosine", clip_norm=1.0, patience=10,
                     source="douglas125/SpeechCmdRecognition: Adam 1e-3, batch 32, 60 epochs, patience 10"),
    "mhattrnn": Recipe(epochs=60, batch_size=100, schedule="cosine", clip_norm=1.0,
                       source="kws_streaming: Adam 1e-3, batch 100; a cosine in the place of its steps"),
    "yamnet": Recipe(batch_size=32, learning_rate=1e-3, schedule="cosine", warmup=0.1, weight_decay=0.0, patience=10,
                     source="ours: its training was not published"),
}


def recipe(name):
    """The recipe of a model's name."""
    return RECIPES[name]


def fitted_sizes(name, seconds):
    """The sizes of a model, by its name, that differ for clips of a length in seconds from those that it has by itself."""
    return LONG_SIZES.get(name, {}) if seconds >= LONG else {}


def fitted(chosen, clips, seconds, said=()):
    """A recipe fitted to a corpus: how often it is passed, and what is done to long clips.

    By `sound` training takes about as long on a small corpus as on a middling one. Where clips are `LONG`, they are shifted
    by a share of their length and mixed.

    Args:
        chosen: a `Recipe`.
        clips: how many there are to learn from.
        seconds: length of one.
        said: names of settings that the user chose and that stay as they are.

    Returns:
        The recipe.
    """
    found = {**_passes(chosen, clips, seconds), **(_of_long_clips(chosen, seconds) if seconds >= LONG else {})}
    return dataclasses.replace(chosen, **{name: value for name, value in found.items() if name not in said})


def _passes(chosen, clips, seconds):
    """As many epochs as a recipe's sound makes, and batches small enough for `FEWEST_STEPS` an epoch and `MOST_SOUND`."""
    if not chosen.sound:
        return {}
    batch_size = chosen.batch_size
    while batch_size > SMALLEST_BATCH and (clips < FEWEST_STEPS * batch_size or batch_size * seconds >= MOST_SOUND):
        batch_size //= 2
    return {"epochs": max(chosen.epochs, min(MOST_EPOCHS, round(chosen.sound / (clips * seconds)))), "batch_size": batch_size}


def _of_long_clips(chosen, seconds):
    """The augmentation of clips in which a sound lasts, or is anywhere."""
    return {"shift": LONG_SHIFT * seconds, "mixup": max(chosen.mixup, LONG_MIXUP)}
