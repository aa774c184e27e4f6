"""wav2vec 2.0 without labels: the body, and beside it what chooses codes for the frames that it must guess."""

import dataclasses

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.feature_encoder import frame_count
from kwscls.layers.quantizer import ProductQuantizer
from kwscls.layers.waveform import WaveformNormalization
from kwscls.models.classifier import waveform_input
from kwscls.models.wav2vec2 import encode


@dataclasses.dataclass(frozen=True)
class Codebook:
    """The sizes of the pre-training's head under the names of transformers' config; the defaults make the base model.

    Args:
        num_codevector_groups: codebooks; a frame's code has an entry of each.
        num_codevectors_per_group: entries of each.
        codevector_dim: features of a code.
        proj_codevector_dim: features in which frames and codes are compared.
        feat_quantizer_dropout: rate on what is quantised.
    """

    num_codevector_groups: int = 2
    num_codevectors_per_group: int = 320
    codevector_dim: int = 256
    proj_codevector_dim: int = 256
    feat_quantizer_dropout: float = 0.0


def wav2vec2_pretraining(samples, body, codebook, normalize=True, name="wav2vec2_pretraining"):
    """The model that is pre-trained: waveform and hidden frames in, guesses and codes out.

    Args:
        samples: clip length.
        body: a `wav2vec2.Body`.
        codebook: a `Codebook`.
        normalize: whether each clip is brought to zero mean and unit variance first.
        name: the model's name.

    Returns:
        A Keras model with the inputs `waveform` [batch, samples] and `time_mask` bool [batch, frames] and the
        outputs of `project`.

    Raises:
        KwsclsError: the body hides nothing.

    Source: `Wav2Vec2ForPreTraining` (transformers 4.57).
    """
    if not body.apply_spec_augment:
        raise KwsclsError("without apply_spec_augment no frame is hidden, and there is nothing to guess", "wav2vec2")
    waveform = waveform_input(samples)
    frames = frame_count(samples, body.conv_kernel, body.conv_stride)
    time_mask = keras.Input((frames,), dtype="bool", name="time_mask")
    x = WaveformNormalization(dtype="float32", name="normalize")(waveform) if normalize else waveform
    outputs = project(encode(x, body, time_mask=time_mask), codebook)
    return keras.Model({"waveform": waveform, "time_mask": time_mask}, outputs, name=name)


def project(encoded, codebook):
    """The head of pre-training.

    Args:
        encoded: what `wav2vec2.encode` gives.
        codebook: a `Codebook`.

    Returns:
        A dict of symbolic tensors: "guesses" and "codes" [batch, frames, proj_codevector_dim]; "entries" [batch, frames,
        codevector_dim], of the codebooks, of which the codes are made; "choices"
        [batch, frames, groups, entries], how likely each entry is; "conv_features" [batch, frames, channels].
    """
    features = keras.layers.Dropout(codebook.feat_quantizer_dropout, name="quantizer_dropout")(encoded.extract_features)
    entries, choices = ProductQuantizer(codebook.num_codevector_groups, codebook.num_codevectors_per_group,
                                        codebook.codevector_dim, name="quantizer")(features)
    width = codebook.proj_codevector_dim
    return {"guesses": keras.layers.Dense(width, dtype="float32", name="project_hid")(encoded.hidden_states[-1]),
            "codes": keras.layers.Dense(width, dtype="float32", name="project_q")(entries),
            "entries": entries, "choices": choices, "conv_features": encoded.conv_features}
