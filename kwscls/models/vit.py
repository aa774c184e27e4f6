"""Vision transformer on spectrogram images (Dosovitskiy et al., 2020, arXiv 2010.11929)."""

import keras

from kwscls.layers.blocks import TransformerBlock
from kwscls.layers.tokens import GridPositions, PatchEmbedding, TokenPositions, patch_grid
from kwscls.models.blocks import head
from kwscls.models.images import image_classifier, spectrogram_image


def vit(labels, samples, *, sample_rate=16000, activation="softmax", bands=128, frame_step=160, image_size=None,
        channels=1, patch_size=16, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=None, representation_size=None,
        dropout=0.0, attention_dropout=0.0, name="vit"):
    """Patches of the image as tokens, a class token in front, learned positions, pre-norm blocks; as it stands tiny.

    5,399,240 parameters with 8 labels, one channel and 1 s. torchvision's, of our own layers: `keras.applications` has
    none, and keras-cv's backbone for detection attends in windows and has no class token. Layers are named patches,
    positions, block_0, block_1, ..., top_norm.

    Args:
        labels: the names of the labels, or their count.
        samples: clip length; silence follows what is too short for one patch. Frames that fill no patch are left out.
        sample_rate, bands, frame_step, image_size, channels: of the image, see `spectrogram_image`; a clip of 1 s is
            128 bands high and 98 frames wide, and a side has the 16 of a patch at least.
        activation: "softmax" or "sigmoid", what turns the logits into scores.
        patch_size: height and width of a patch.
        num_layers: how many blocks.
        num_heads: attention heads of a block.
        hidden_dim: features of a token.
        mlp_dim: hidden features of a block's small network; four times `hidden_dim` when None.
        representation_size: units of a dense layer with tanh in front of the head; none when None.
        dropout: rate behind the positions, in the small networks and behind attentions.
        attention_dropout: rate on the attention weights.
        name: the model's name.

    Returns:
        An `AudioClassifier`: float32 [batch, samples] to logits [batch, labels].
    """
    waveform, x = spectrogram_image(samples, patch_size, sample_rate=sample_rate, bands=bands, frame_step=frame_step,
                                    image_size=image_size, channels=channels)
    patch = (patch_size, patch_size)
    grid = patch_grid(x.shape[1:3], patch, patch)
    x = PatchEmbedding(hidden_dim, patch, name="patches")(x)  # [batch, patches, hidden_dim]
    x = TokenPositions(1, positions_initializer=GridPositions(grid), name="positions")(x)
    x = keras.layers.Dropout(dropout, name="positions_dropout")(x)
    for index in range(num_layers):
        x = TransformerBlock(num_heads, mlp_dim or 4 * hidden_dim, dropout=dropout, mlp_dropout=dropout,
                             attention_dropout=attention_dropout, kernel_initializer="glorot_uniform",
                             name=f"block_{index}")(x)
    x = keras.layers.LayerNormalization(epsilon=1e-6, name="top_norm")(x)[:, 0]
    if representation_size:
        x = keras.layers.Dense(representation_size, activation="tanh", name="representation")(x)
    return image_classifier(waveform, head(x, labels), labels, sample_rate=sample_rate, activation=activation,
                            name=name)
