"""wav2vec 2.0: a transformer over frames of the waveform (Baevski et al., 2020, arXiv 2006.11477).

The names of layers are the parts that can be frozen: "normalize", "feature_encoder", "feature_projection", "mask",
"encoder_position", "encoder_norm", "encoder_layer_0" ..., "layer_weights", "projector", "logits". A part's name
stands for all that begin with it: "feature" for both feature layers, "encoder" for the whole transformer.
"""

import dataclasses

import keras

from kwscls.errors import KwsclsError
from kwscls.layers.blocks import TransformerBlock
from kwscls.layers.feature_encoder import FeatureEncoder, FeatureProjection, FrameMask, frame_span
from kwscls.layers.hidden_states import LayerDrop, MaskedMean, WeightedSum
from kwscls.layers.positional import PositionalConv
from kwscls.layers.span_mask import SpanMask
from kwscls.layers.waveform import WaveformNormalization
from kwscls.models.classifier import AudioClassifier, label_names, waveform_input


def wav2vec2(labels, samples, *, sample_rate=16000, activation="softmax", head="clip", classifier_proj_size=256,
             use_weighted_layer_sum=False, normalize=True, conv_dim=(512,) * 7, conv_kernel=(10, 3, 3, 3, 3, 2, 2),
             conv_stride=(5, 2, 2, 2, 2, 2, 2), conv_bias=False, feat_extract_norm="group",
             feat_extract_activation="gelu", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
             intermediate_size=3072, hidden_act="gelu", layer_norm_eps=1e-5, do_stable_layer_norm=False,
             num_conv_pos_embeddings=128, num_conv_pos_embedding_groups=16, feat_proj_dropout=0.0, hidden_dropout=0.1,
             attention_dropout=0.1, activation_dropout=0.1, final_dropout=0.0, layerdrop=0.1, apply_spec_augment=True,
             mask_time_prob=0.05, mask_time_length=10, mask_time_min_masks=2, mask_feature_prob=0.0,
             mask_feature_length=10, mask_feature_min_masks=0, initializer_range=0.02, name="wav2vec2"):
    """wav2vec 2.0 with a head for clips or frames; sizes are named as in transformers, the defaults are base's.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; shorter than one frame is padded with zeros to one frame.
        sample_rate: in Hz.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        head: "clip" (a linear layer, the mean over time, the logits) or "frames" (logits for each frame, as CTC has
            them too).
        classifier_proj_size: features of the clip head's linear layer.
        use_weighted_layer_sum: whether the head reads a learned mixture of all layers instead of the last one.
        normalize: whether each clip is brought to zero mean and unit variance first.
        conv_dim: channels of each convolution of the feature encoder.
        conv_kernel: kernel of each.
        conv_stride: stride of each.
        conv_bias: whether they have biases.
        feat_extract_norm: "group" (after the first convolution only) or "layer" (after each).
        feat_extract_activation: after each convolution, under transformers' name; "gelu" is exact.
        hidden_size: width of the transformer.
        num_hidden_layers: its layers.
        num_attention_heads: heads of each.
        intermediate_size: hidden features of each layer's network on the frames.
        hidden_act: its activation, under transformers' name.
        layer_norm_eps: epsilon of all layer norms but the feature encoder's.
        do_stable_layer_norm: norms in front of each layer's halves (large models) instead of behind.
        num_conv_pos_embeddings: frames that the positional convolution sees.
        num_conv_pos_embedding_groups: its groups.
        feat_proj_dropout: rate on the projected frames.
        hidden_dropout: rate on the transformer's input and on the output of each half of a layer.
        attention_dropout: rate on the attention weights.
        activation_dropout: rate behind `hidden_act`.
        final_dropout: rate in front of the head.
        layerdrop: how often a layer is left out in training.
        apply_spec_augment: whether spans are hidden in training; without it, given ones are not hidden either.
        mask_time_prob: share of frames hidden.
        mask_time_length: frames of a span.
        mask_time_min_masks: spans of frames a clip at least.
        mask_feature_prob: share of channels hidden.
        mask_feature_length: channels of a span.
        mask_feature_min_masks: spans of channels a clip at least.
        initializer_range: deviation of the transformer layers' first kernels; narrow layers want more than wide ones.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels] or [batch, frames, labels].

    Source: `Wav2Vec2ForSequenceClassification`, `Wav2Vec2ForAudioFrameClassification` (transformers 4.57).
    """
    labels = label_names(labels)
    if head not in HEADS:
        raise KwsclsError("is no head", head, f"known are {', '.join(HEADS)}")
    given = locals()
    body = Body(**{field.name: given[field.name] for field in dataclasses.fields(Body)})
    waveform = waveform_input(samples)
    x = _long_enough(waveform, body)
    if normalize:
        x = WaveformNormalization(dtype="float32", name="normalize")(x)
    states = encode(x, body).hidden_states
    logits = classify(states, len(labels), head, classifier_proj_size, use_weighted_layer_sum, final_dropout)
    step, length = frame_span(conv_kernel, conv_stride)
    facts = {"frame_step": step, "frame_length": length} if head == "frames" else {}
    return AudioClassifier(waveform, logits, name=name, labels=labels, sample_rate=sample_rate, activation=activation,
                           **facts)


@dataclasses.dataclass(frozen=True)
class Body:
    """The sizes of the part of wav2vec 2.0 that all heads share; `wav2vec2` explains them."""

    conv_dim: tuple
    conv_kernel: tuple
    conv_stride: tuple
    conv_bias: bool
    feat_extract_norm: str
    feat_extract_activation: str
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    hidden_act: str
    layer_norm_eps: float
    do_stable_layer_norm: bool
    num_conv_pos_embeddings: int
    num_conv_pos_embedding_groups: int
    feat_proj_dropout: float
    hidden_dropout: float
    attention_dropout: float
    activation_dropout: float
    layerdrop: float
    apply_spec_augment: bool
    mask_time_prob: float
    mask_time_length: int
    mask_time_min_masks: int
    mask_feature_prob: float
    mask_feature_length: int
    mask_feature_min_masks: int
    initializer_range: float

    def __post_init__(self):
        if not len(self.conv_dim) == len(self.conv_kernel) == len(self.conv_stride):
            raise KwsclsError("conv_dim, conv_kernel and conv_stride differ in length", "wav2vec2")
        if self.feat_extract_norm not in ("group", "layer"):
            raise KwsclsError("is no norm of the feature encoder", self.feat_extract_norm, "known are group and layer")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """What the body makes of a clip; all are symbolic tensors [batch, frames, ...].

    Args:
        conv_features: the feature encoder's answer.
        extract_features: the same behind the projection's layer norm; what is quantised in pre-training.
        projected: at the transformer's width, before masking.
        position: the positional convolution's answer.
        hidden_states: the transformer's input, then the answer of each layer; the last one behind the final norm.
        last_layer: the answer of the last layer itself.
        frame_mask: which frames are real, bool [batch, frames]; None when all are.
    """

    conv_features: object
    extract_features: object
    projected: object
    position: object
    hidden_states: list
    last_layer: object
    frame_mask: object = None


def encode(waveform, body, sample_mask=None, time_mask=None):
    """The body: from waveforms to the hidden states of all layers.

    Args:
        waveform: symbolic [batch, samples], normalised.
        body: a `Body`.
        sample_mask: symbolic [batch, samples], 1 for real samples, which stand at the front; all are real when None.
        time_mask: symbolic [batch, frames], frames to hide, in training or not; drawn in training when None.

    Returns:
        An `Encoded`.
    """
    features = FeatureEncoder(body.conv_dim, body.conv_kernel, body.conv_stride, body.feat_extract_norm, body.conv_bias,
                              body.feat_extract_activation, name="feature_encoder")(waveform)
    projected, normed = FeatureProjection(body.hidden_size, body.layer_norm_eps, body.feat_proj_dropout,
                                          name="feature_projection")(features)
    mask = None
    if sample_mask is not None:
        mask = FrameMask(body.conv_kernel, body.conv_stride, name="frame_mask")(sample_mask)
    x = SpanMask(body.mask_time_prob, body.mask_time_length, body.mask_time_min_masks, body.mask_feature_prob,
                 body.mask_feature_length, body.mask_feature_min_masks, body.apply_spec_augment,
                 name="mask")(projected, time_mask=time_mask, frame_mask=mask)
    if mask is not None:
        x = x * keras.ops.cast(mask, x.dtype)[:, :, None]
    position = PositionalConv(body.num_conv_pos_embeddings, body.num_conv_pos_embedding_groups,
                              body.feat_extract_activation, name="encoder_position")(x)
    x = keras.layers.Add(name="positioned")([x, position])
    norm = keras.layers.LayerNormalization(epsilon=body.layer_norm_eps, name="encoder_norm")
    x = keras.layers.Dropout(body.hidden_dropout, name="encoder_dropout")(x if body.do_stable_layer_norm else norm(x))
    states = _layers(x, body, mask)
    last = states[-1]
    if body.do_stable_layer_norm:
        states = [*states[:-1], norm(last)]
    return Encoded(features, normed, projected, position, states, last, mask)


def _layers(x, body, mask):
    states = [x]
    for index in range(body.num_hidden_layers):
        layer = TransformerBlock(
            body.num_attention_heads, body.intermediate_size, norm_first=body.do_stable_layer_norm,
            activation=body.hidden_act, epsilon=body.layer_norm_eps, dropout=body.hidden_dropout,
            attention_dropout=body.attention_dropout, mlp_dropout=body.activation_dropout,
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=body.initializer_range),
            name=f"encoder_layer_{index}")
        after = layer(states[-1], attention_mask=mask)
        states.append(LayerDrop(body.layerdrop, name=f"layerdrop_{index}")(states[-1], after))
    return states


def classify(states, count, head="clip", classifier_proj_size=256, use_weighted_layer_sum=False, final_dropout=0.0,
             frame_mask=None):
    """The head: from hidden states to logits.

    Args:
        states: the `hidden_states` of `encode`.
        count: how many labels.
        head, classifier_proj_size, use_weighted_layer_sum, final_dropout: as in `wav2vec2`.
        frame_mask: the `frame_mask` of `encode`.
    """
    x = WeightedSum(name="layer_weights")(states) if use_weighted_layer_sum else states[-1]
    x = keras.layers.Dropout(final_dropout, name="final_dropout")(x)
    return HEADS[head](x, count, classifier_proj_size, frame_mask)


def _clip_head(x, count, width, frame_mask):
    x = keras.layers.Dense(width, name="projector")(x)
    x = MaskedMean(name="mean")(x, frame_mask=frame_mask)
    return keras.layers.Dense(count, dtype="float32", name="logits")(x)


def _frame_head(x, count, width, frame_mask):
    return keras.layers.Dense(count, dtype="float32", name="logits")(x)


HEADS = {"clip": _clip_head, "frames": _frame_head}
"""From hidden states to logits, by the name of what is classified."""


def _long_enough(waveform, body):
    """A clip too short for one frame gets zeros at its end."""
    missing = frame_span(body.conv_kernel, body.conv_stride)[1] - waveform.shape[1]
    return keras.ops.pad(waveform, [[0, 0], [0, missing]]) if missing > 0 else waveform
