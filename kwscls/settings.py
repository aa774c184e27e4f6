"""Every verb's settings: a dataclass each, and the JSON stored with each run."""

import dataclasses
import typing

from kwscls.command_line import factors, seconds, setting, span, unknown, within
from kwscls.devices import STRATEGIES

COUNT, NATURAL, PORT, SEED = within(1, kind=int), within(0, kind=int), within(0, 65535, kind=int), within(0, 2**32 - 1, kind=int)
AMOUNT, POSITIVE = within(0), within(0.01)
SHARE, PART, PERCENT = within(0, 1), within(0, 0.9), within(0, 100)
"""What numbers of the command line may be; a part, other than a share, leaves something."""

OPTIMIZERS, SCHEDULES = ("adam", "adamw", "sgd", "rmsprop"), ("constant", "cosine")
"""Names of `training.optimizers`, which --help tells without TensorFlow."""


def as_dict(settings):
    """Settings as plain values, for JSON."""
    return dataclasses.asdict(settings)


def from_dict(settings_class, values):
    """Settings from stored values.

    Raises:
        KwsclsError: a key is unknown.
    """
    names = [field.name for field in dataclasses.fields(settings_class)]
    for key in values:
        if key not in names:
            raise unknown(key, names, f"known are {', '.join(names)}")
    return settings_class(**values)


@dataclasses.dataclass
class TrainSettings:
    """Train a model on a folder of recordings and leave a run: model, SavedModel, results and pictures."""

    verb: typing.ClassVar[str] = "train"

    data: str = setting("spoken_words", "a folder of class folders, a manifest, a prepared folder, shards or a corpus's name")
    model: str = setting("resfold", "a name of python -m kwscls.models")
    out: str | None = setting(None, "the run's folder to be (default export/MODEL, or export/MODEL-folds, export/MODEL-seeds)")
    epochs: int | None = setting(None, "passes over the training clips, at most", parse=COUNT)
    budget: float | None = setting(None, "time that training may take, such as 10m; it then fixes the epochs, --epochs at most",
                                   parse=seconds, metavar="TIME")
    seed: int = setting(0, "of weights, order, dropout and augmentation", parse=SEED)
    seeds: int = setting(1, "train so many times, with seeds from --seed on, and report mean and range", parse=COUNT)
    folds: str | None = setting(None, "cross-validate: given (the manifest's folds), group (leave one speaker or group out) "
                                "or a number", metavar="FOLDS")
    corrections: str | None = setting(None, "a table of clips to drop or relabel, as python -m kwscls.suspects writes it",
                                      metavar="CSV")
    seconds: float | None = setting(None, "clip length in seconds (default: what the training clips suggest)", parse=POSITIVE)
    size: list[str] = setting([], "sizes of the model that differ, such as width=16", many=True, metavar="NAME=VALUE")
    activation: str | None = setting(None, "softmax for one label a clip, sigmoid for any number (default: what the clips "
                                     "have)", choices=("softmax", "sigmoid"))
    evened: str | None = setting(None, "help rare labels: draw their clips more often, or let them weigh more in the loss",
                                 choices=("sampling", "weights"))
    batch_size: int | None = setting(None, "clips a step", parse=COUNT)
    optimizer: str | None = setting(None, "what moves the weights (default, here and below: as the recipe says)", choices=OPTIMIZERS)
    learning_rate: float | None = setting(None, "the highest of the schedule", parse=AMOUNT)
    schedule: str | None = setting(None, "how the learning rate goes on after the warm-up", choices=SCHEDULES)
    rate_factors: dict | None = setting(None, "factors on the learning rate of parts of the model: feature_encoder=0.1,logits=10, "
                                        "or body=0.1 for all but the head", parse=factors, metavar="PART=FACTOR,...")
    even_start: bool | None = setting(None, "scale fresh layers on training clips, for deep nets without norms (default: as the "
                                      "recipe says)")
    warmup: float | None = setting(None, "share of all steps in which the learning rate climbs", parse=SHARE)
    weight_decay: float | None = setting(None, "decoupled; not of biases, norms and positions", parse=AMOUNT)
    label_smoothing: float | None = setting(None, "share of each target spread over all labels", parse=SHARE)
    clip_norm: float | None = setting(None, "largest norm of all gradients together; 0 is none", parse=AMOUNT)
    average: float | None = setting(None, "share of the steps so far that the running average of the weights reaches back "
                                    "over; 0 is none", parse=SHARE)
    augment: bool = setting(True, "change the clips in training: shift, speed, gain, noise and what the recipe says")
    shift: float | None = setting(None, "most seconds that a clip is shifted either way", parse=AMOUNT)
    speed: float | None = setting(None, "share of clips played slower or faster", parse=SHARE)
    speed_most: float | None = setting(None, "share of the speed by which these are slower or faster at most", parse=PART)
    gain: float | None = setting(None, "most decibels that a clip is made louder or softer", parse=AMOUNT)
    noise: float | None = setting(None, "share of clips that get background noise", parse=SHARE)
    snr: list | None = setting(None, "lowest and highest signal-to-noise ratio of these in decibels, such as 0,30",
                               parse=span, metavar="LOW,HIGH")
    imagined: float | None = setting(None, "share of clips that become a noise nobody recorded, where there is the label _silence_",
                                     parse=SHARE)
    reverb: float | None = setting(None, "share of clips that are put into a room", parse=SHARE)
    mixup: float | None = setting(None, "share of clips that are mixed with another one", parse=SHARE)
    mixup_alpha: float | None = setting(None, "of the Beta distribution that says how much of either sounds in a mixture",
                                        parse=POSITIVE)
    cutmix: float | None = setting(None, "share of clips that get a stretch of another one", parse=SHARE)
    time_mask: float | None = setting(None, "share of a clip that each of two hidden stretches takes at most", parse=SHARE)
    time_warp: float | None = setting(None, "share of a clip by which one moment of its spectrogram is moved at most", parse=PART)
    band_mask: float | None = setting(None, "share of the bands that each of two hidden ones takes at most", parse=SHARE)
    band_warp: float | None = setting(None, "share of their place by which mel bands are stretched at most, another voice", parse=PART)
    band_gain: float | None = setting(None, "most decibels that mel bands are raised or lowered, another microphone", parse=AMOUNT)
    patchout: float | None = setting(None, "share of the patches that AST leaves out in training, which makes steps cheaper",
                                     parse=PART)
    noises: str | None = setting(None, "a folder of recordings of noise (default: the corpus's own, else coloured noise)")
    data_service: str | None = setting(None, "let the workers of a tf.data service read and augment the clips, which must be "
                                       "shards that they see", metavar="HOST:PORT")
    strategy: str = setting("auto", "devices that share each batch: none (one), mirrored (every GPU here), multiworker (the workers "
                            "that TF_CONFIG names), tpu; auto takes what there is", choices=STRATEGIES)
    precision: str = setting("float32", "of the computing in training; weights, frontends, statistics, what is exported, and "
                             "without a GPU convolutions stay float32", choices=("float32", "mixed_bfloat16", "mixed_float16"))
    jit: bool | None = setting(None, "let XLA compile the step, or not (default: as the recipe says); of one device only")
    accumulate: int = setting(1, "parts in which a batch goes through the model, for less memory", parse=COUNT)
    patience: int | None = setting(None, "epochs without a better validation score before it stops; 0 never stops early", parse=NATURAL)
    weights: str | None = setting(None, "weights to start from: a file, a folder, one of our runs, or hf:owner/name")
    few_shot: bool = setting(False, "leave all but the head as the weights are, and solve the head in seconds")
    teacher: str | None = setting(None, "the folder of a run from whose scores to learn too", metavar="RUN")
    teacher_share: float = setting(0.5, "share of the teacher's scores in the targets", parse=SHARE)
    find_rate: bool = setting(False, "find the learning rate by a ramp first, draw it, and train with it")
    freeze: list[str] = setting([], "layers to leave as they are: prefixes of their names, or body", many=True,
                                metavar="PREFIX")
    unfreeze: list[str] = setting([], "frozen layers that learn again after so many epochs, such as 5=stage4 10=body",
                                  many=True, metavar="EPOCH=PREFIX")
    deterministic: bool = setting(False, "let TensorFlow use only operations that give the same bits on any machine load")
    resume: bool = setting(False, "go on with the unfinished run of this name")
    overwrite: bool = setting(False, "replace a run of this name")
    json: bool = setting(False, "print the results as one JSON object")


@dataclasses.dataclass
class PretrainSettings:
    """Let a wav2vec 2.0 learn from recordings without labels, and leave weights for train --weights."""

    verb: typing.ClassVar[str] = "pretrain"

    data: str = setting(help="a folder of recordings, sorted or not")
    model: str = setting("wav2vec2", "a wav2vec 2.0 of python -m kwscls.models")
    out: str | None = setting(None, "the folder to be (default export/MODEL_pretrained)")
    steps: int = setting(10000, "updates", parse=COUNT)
    budget: float | None = setting(None, "time that it may take, such as 10m; it then fixes the steps", parse=seconds,
                                   metavar="TIME")
    seconds: float = setting(1.0, "length of the clips that are cut from the recordings", parse=POSITIVE)
    sample_rate: int = setting(16000, "in Hz", parse=COUNT)
    batch_size: int = setting(32, "clips a step", parse=COUNT)
    size: list[str] = setting([], "sizes of the model or of its codebooks that differ, such as num_codevectors_per_group=64",
                              many=True, metavar="NAME=VALUE")
    learning_rate: float | None = setting(None, "the highest; it climbs in the first 8 % of the steps and then falls to zero "
                                          "(default, here and for masks and diversity: as the model's recipe says)", parse=AMOUNT)
    weight_decay: float = setting(0.01, "decoupled; not of biases, norms and positions", parse=AMOUNT)
    mask_prob: float | None = setting(None, "share of frames that the hidden spans would cover without overlap", parse=SHARE)
    mask_length: int | None = setting(None, "frames of a hidden span", parse=COUNT)
    negatives: int = setting(100, "wrong answers for each hidden frame", parse=COUNT)
    diversity: float | None = setting(None, "weight of the loss that asks for all entries of the codebooks", parse=AMOUNT)
    feature_penalty: float | None = setting(None, "weight of the mean square of the features (default 10 with group norm, else 0)",
                                            parse=AMOUNT)
    feature_scale: float | None = setting(None, "factor on the gradients of the feature encoder (default 0.1 with group norm, else 1)",
                                          parse=AMOUNT)
    strategy: str = setting("auto", "devices that share each batch: none (one), mirrored (every GPU here), multiworker (the workers "
                            "that TF_CONFIG names), tpu; auto takes what there is", choices=STRATEGIES)
    precision: str = setting("float32", "of the computing; weights and losses stay float32",
                             choices=("float32", "mixed_bfloat16", "mixed_float16"))
    seed: int = setting(0, "of weights, clips, masks and codes", parse=SEED)
    resume: bool = setting(False, "go on with the unfinished run of this name")
    overwrite: bool = setting(False, "replace a run of this name")


@dataclasses.dataclass
class ModelsSettings:
    """List the models by name, with their papers and what they cost, counted anew; or show one layer by layer."""

    verb: typing.ClassVar[str] = "models"

    model: str | None = setting(None, "show this one: its layers, its blocks and its costs", metavar="NAME")
    diagram: str | None = setting(None, "with --model, draw its blocks into this file, such as model.png", metavar="FILE")
    labels: int = setting(8, "labels to be told apart", parse=COUNT)
    seconds: float = setting(1.0, "clip length in seconds", parse=POSITIVE)
    json: bool = setting(False, "print one JSON object a line")


@dataclasses.dataclass
class PredictSettings:
    """Ask a trained model about recordings."""

    verb: typing.ClassVar[str] = "predict"

    run: str = setting(help="the folder of a run or of an export", positional=True, metavar="RUN")
    inputs: list[str] = setting(help="files, folders, manifests, shards, or - for one WAV file on standard input",
                                positional=True, many=True, metavar="FILE")
    top: int = setting(1, "how many labels to name for each clip", parse=COUNT)
    hop: float | None = setting(None, "seconds from window to window in files longer than a clip (default half a clip)")
    batch_size: int = setting(64, "windows answered at once", parse=COUNT)
    json: bool = setting(False, "print one JSON object a line instead of a table")
    out: str | None = setting(None, "write a row for each recording into this .parquet or .csv file instead; the same command "
                              "goes on where it was stopped", metavar="FILE")
    embedding: bool = setting(False, "with --out, add the embedding")
    runner: str | None = setting(None, "with --out, let workers of Apache Beam do it: DirectRunner, FlinkRunner, SparkRunner or "
                                 "DataflowRunner; they must see the recordings, the model and --out")
    runner_options: str | None = setting(None, "Beam's own options, as in --runner-options='--flink_master=host:8081'",
                                         metavar="OPTIONS")
    overwrite: bool = setting(False, "with --out, replace a file of this name")


@dataclasses.dataclass
class EvaluateSettings:
    """Say how good a run's model is: scores with intervals, pictures, a report and the worst mistakes."""

    verb: typing.ClassVar[str] = "evaluate"

    run: str = setting(help="the folder of a run or of an export", positional=True, metavar="RUN")
    data: str | None = setting(None, "what to evaluate on, as for train (default: what the run was trained with)")
    split: str = setting("test", "which clips of it", choices=("train", "validation", "test"))
    out: str | None = setting(None, "the folder for results, pictures and report (default RUN)")
    json: bool = setting(False, "print one JSON object instead of tables")
    mistakes: int = setting(20, "how many of the worst mistakes to name", parse=NATURAL)
    noise: str | None = setting(None, "a folder of WAV files: also measure under noise, time shift and gain; with --stream, "
                                "the background",
                                metavar="FOLDER")
    batch_size: int = setting(64, "clips answered at once", parse=COUNT)
    strategy: str = setting("auto", "devices that answer each batch: none (one), mirrored (every GPU here), multiworker (the workers "
                            "that TF_CONFIG names), tpu; auto takes what there is", choices=STRATEGIES)
    seed: int = setting(0, "of the intervals' bootstrap and of the noise", parse=SEED)
    stream: bool = setting(False, "instead, listen to a long recording stitched of the clips: false accepts per hour against "
                           "words missed; listen then uses the thresholds that are chosen")
    hours: float = setting(2, "with --stream: length of that recording", parse=AMOUNT)
    per_hour: float = setting(1, "with --stream: false accepts per hour that are wanted", parse=AMOUNT)


@dataclasses.dataclass
class CompareSettings:
    """Race models on the same clips in the same time; a page, a table and pictures say which to take for what.

    The same command goes on where it was killed, and adds models or seeds to a comparison that is there.
    """

    verb: typing.ClassVar[str] = "compare"

    models: list[str] = setting(help="names of python -m kwscls.models, parted by spaces or commas", many=True,
                                metavar="NAME")
    data: str = setting("spoken_words", "what to train and test on, as for train")
    out: str | None = setting(None, "the comparison's folder (default export/compare)")
    budget: float | None = setting(None, "time that each training may take (default 10m)", parse=seconds, metavar="TIME")
    epochs: int | None = setting(None, "passes over the training clips, the same for all, in the place of a budget", parse=COUNT)
    seeds: list[int] = setting([0], "train each model once with each of these", many=True, metavar="SEED", parse=SEED)
    seconds: float | None = setting(None, "clip length in seconds (default: what the training clips suggest)", parse=POSITIVE)
    overwrite: bool = setting(False, "begin anew where a comparison of this name is")
    json: bool = setting(False, "print one JSON object instead of a table")


@dataclasses.dataclass
class TuneSettings:
    """Search settings of training in given ranges, and train with the best; the same command goes on where it was killed."""

    verb: typing.ClassVar[str] = "tune"

    ranges: str = setting(help="a JSON file: setting -> list of choices, or {\"low\": 1e-4, \"high\": 1e-2, \"log\": true}; "
                          "size.NAME is a size of the model", positional=True, metavar="RANGES")
    data: str = setting("spoken_words", "what to train on, as for train")
    model: str = setting("resfold", "a name of python -m kwscls.models")
    out: str | None = setting(None, "the search's folder (default export/MODEL-tune)")
    search: str = setting("bayesian", "how the next trial is chosen", choices=("random", "bayesian", "hyperband"))
    trials: int = setting(20, "trainings at most; hyperband takes what its rounds need", parse=COUNT)
    epochs: int | None = setting(None, "passes over the training clips of a trial, of hyperband's longest (default: the recipe's)",
                                 parse=COUNT)
    budget: float | None = setting(None, "time that each trial may take, such as 2m; not with hyperband", parse=seconds,
                                   metavar="TIME")
    seed: int = setting(0, "of the search and of every training", parse=SEED)
    json: bool = setting(False, "print one JSON object instead of a table")


@dataclasses.dataclass
class ExportSettings:
    """Write a run's model for TensorFlow Serving or for the edge, with its proof and a model card."""

    verb: typing.ClassVar[str] = "export"

    run: str = setting(help="the folder of a run", metavar="RUN")
    out: str | None = setting(None, "the folder to which a version is added (default served/RUN, tflite/RUN or onnx/RUN "
                              "beside the run)")
    format: str = setting("savedmodel", "what is written; tflite and onnx take a waveform of the model's rate and length",
                          choices=("savedmodel", "tflite", "onnx"))
    quantize: str = setting("none", "numbers of tflite: dynamic (weights in 8 bits, the mel filters too), float16, or int8 "
                            "(everything but the spectrum, calibrated on training clips)",
                            choices=("none", "dynamic", "float16", "int8"))
    calibrate: bool = setting(False, "let scores be honest: divide the logits by a temperature chosen on the validation clips")


@dataclasses.dataclass
class VerifySettings:
    """Replay an export's own clips, and say whether it answers as it must."""

    verb: typing.ClassVar[str] = "verify"

    folder: str = setting(help="an export's folder, or the folder of its versions", positional=True, metavar="DIR")
    runtime: str | None = setting(None, "what runs it (default: TensorFlow's Python, or the format's own)",
                                  choices=("savedmodel", "c-api", "tflite", "onnx", "http", "grpc"))
    url: str | None = setting(None, "of the server, for http and grpc (default http://localhost:8501, localhost:8500)")
    name: str | None = setting(None, "of the model on that server (default: that of the versions' folder)")
    tolerance: float | None = setting(None, "largest difference allowed (default: what the export says)", parse=AMOUNT)
    json: bool = setting(False, "print one JSON object instead of a table")


@dataclasses.dataclass
class CombineSettings:
    """Make one run of several: an ensemble, or the mean of their weights."""

    verb: typing.ClassVar[str] = "combine"

    runs: list[str] = setting(help="folders of runs with the same labels and clip length", positional=True, many=True,
                              metavar="RUN")
    out: str = setting(help="the folder of the run to be", metavar="FOLDER")
    by: str = setting("scores", "answer with the mean of their scores, or with the mean of the weights of one kind of model "
                      "that began with the same weights", choices=("scores", "weights"))
    data: str | None = setting(None, "what to compare them on, as for train (default: what the first was trained with)")
    calibrate: bool = setting(False, "let scores be honest: divide the logits by a temperature chosen on the validation clips")
    overwrite: bool = setting(False, "replace a folder of this name")


@dataclasses.dataclass
class ConvertSettings:
    """Write an original's weights into our own file, which --weights takes."""

    verb: typing.ClassVar[str] = "convert"

    source: str = setting(help="a file, a folder of transformers, or hf:owner/name", positional=True, metavar="PATH")
    model: str = setting(help="a name of python -m kwscls.models")
    out: str = setting(help="the file to be, .safetensors", metavar="FILE")
    seconds: float = setting(1.0, "clip length in seconds", parse=POSITIVE)
    allow_pickle: bool = setting(False, "read PyTorch's pickles too, their tensors only; nothing in them is run")


@dataclasses.dataclass
class SuspectsSettings:
    """Find clips whose label is probably wrong, and silent, clipped or cut ones; the test clips are left alone."""

    verb: typing.ClassVar[str] = "suspects"

    data: str = setting(help="what train takes: a prepared folder, a folder of class folders, a manifest or a corpus's name",
                        positional=True, metavar="DATA")
    run: str | None = setting(None, "judge by the embeddings of this run, trained on other clips (default: by a small picture "
                              "of each clip)")
    out: str | None = setting(None, "the folder for suspects.html and suspects.csv (default: the prepared folder)")
    most: int = setting(60, "how many clips to show", parse=NATURAL)
    seed: int = setting(0, "of the folds", parse=SEED)
    json: bool = setting(False, "print one JSON object a line instead of a table")


@dataclasses.dataclass
class PrepareSettings:
    """Bring recordings into the folder that training reads; without --data, list the corpora that are known by name."""

    verb: typing.ClassVar[str] = "prepare"

    data: str | None = setting(None, "a folder of class folders, a manifest, an archive, or a corpus's name")
    out: str | None = setting(None, "the folder to be (default data/NAME)")
    source: str | None = setting(None, "where the named corpus lies here: its folder or archive", metavar="PATH")
    labels: list[str] = setting([], "take these labels only", many=True, metavar="LABEL")
    unknown: float | None = setting(None, "make the label _unknown_ from other words: percent of the wanted clips",
                                    metavar="PERCENT", parse=AMOUNT)
    silence: float | None = setting(None, "make the label _silence_ from noise recordings: percent of the wanted clips",
                                    metavar="PERCENT", parse=AMOUNT)
    silence_seconds: float = setting(1.0, "length of each silence", parse=POSITIVE)
    pattern: str | None = setting(None, "for files without class folders: a regular expression of their names with "
                                  "(?P<label>...) and perhaps (?P<group>...)", metavar="REGEX")
    label_column: str | None = setting(None, "the column of a table that holds the labels, such as gender; rows without are left "
                                       "out (default: one with a usual name)", metavar="NAME")
    group: str | None = setting(None, "how names hold the speaker: a regular expression with one group", metavar="REGEX")
    split: str = setting("auto", "as given, by group (speaker) or by clip; auto takes the first that can be",
                         choices=("auto", "given", "group", "clip"))
    validation: float = setting(10.0, "share of the validation split", metavar="PERCENT", parse=PERCENT)
    test: float = setting(10.0, "share of the test split", metavar="PERCENT", parse=PERCENT)
    test_fold: str | None = setting(None, "the fold to test on, where there are folds (default: the last)", metavar="FOLD")
    validation_fold: str | None = setting(None, "the fold to validate on (default: the one before)", metavar="FOLD")
    rate: int = setting(16000, "sample rate in Hz", parse=COUNT)
    min_seconds: float = setting(0.02, "leave out what is shorter", parse=AMOUNT)
    max_seconds: float | None = setting(None, "leave out what is longer; clips are never cut here", parse=POSITIVE)
    seed: int = setting(0, "of the choice of _unknown_ and _silence_", parse=SEED)
    corrections: str | None = setting(None, "a table of clips to drop or relabel, as python -m kwscls.suspects writes it",
                                      metavar="CSV")
    shards: bool = setting(False, "pack the clips into TFRecord files, for large corpora; --out may then be an address such as "
                           "gs://bucket/words")
    shard_megabytes: float = setting(128.0, "size of a shard, about", parse=POSITIVE)
    runner: str | None = setting(None, "let workers of Apache Beam do it: DirectRunner, FlinkRunner, SparkRunner or "
                                 "DataflowRunner; they must see the recordings and --out")
    runner_options: str | None = setting(None, "Beam's own options, as in --runner-options='--flink_master=host:8081'",
                                         metavar="OPTIONS")
    licence: str | None = setting(None, "of the recordings, for the model's card, such as 'CC BY 4.0' (default: a known corpus's)",
                                  metavar="TEXT")
    leak: bool = setting(False, "measure how much a split by clip would flatter: a probe learns with and without groups")
    workers: int | None = setting(None, "threads (default: one a core, at most 8)", parse=COUNT)
    overwrite: bool = setting(False, "replace a folder that is there")
    json: bool = setting(False, "print the report as one JSON object")


@dataclasses.dataclass
class ServeSettings:
    """Serve a model on TensorFlow Serving's REST paths, with a page; for development (production: TensorFlow Serving)."""

    verb: typing.ClassVar[str] = "serve"

    folder: str = setting(help="the folder of a run or of an export, or one of numbered versions, of which the newest answers",
                          positional=True, metavar="RUN")
    host: str = setting("127.0.0.1", "the address to listen at; 0.0.0.0 lets other machines in")
    port: int = setting(8501, "the port; 0 takes a free one", parse=PORT)
    name: str | None = setting(None, "the model's name in the paths (default: the folder's)")
    batch_size: int = setting(64, "clips answered together, at most", parse=COUNT)
    body_limit: float = setting(16, "megabytes of a request, at most", parse=AMOUNT)
    body_seconds: float = setting(30, "time that a client may take to send a request", parse=AMOUNT)
    poll: float = setting(2, "seconds between looks for a newer version", parse=AMOUNT)


@dataclasses.dataclass
class ClientSettings:
    """Ask a served model about recordings, over REST or gRPC: this project's server or TensorFlow Serving."""

    verb: typing.ClassVar[str] = "client"

    files: list[str] = setting([], "recordings; of long ones only the model's clip length is heard", positional=True, many=True,
                               metavar="FILE")
    url: str = setting("http://127.0.0.1:8501", "the server's REST address")
    grpc: str | None = setting(None, "ask over gRPC instead, at this address", metavar="HOST:PORT")
    model: str | None = setting(None, "the model's name (default: the only one that the server names)", metavar="NAME")
    version: int | None = setting(None, "its version (default: the one that the server chooses)")
    top: int = setting(1, "how many labels to name for each clip", parse=COUNT)
    batch_size: int = setting(16, "clips of one request", parse=COUNT)
    timeout: float = setting(10, "seconds to wait for an answer", parse=AMOUNT)
    retries: int = setting(3, "further tries when the server is away or busy", parse=NATURAL)
    json: bool = setting(False, "print one JSON object a line instead of a table")
    examples: bool = setting(False, "print curl commands for this model instead of asking it")


@dataclasses.dataclass
class ListenSettings:
    """Listen to a microphone, a pipe of raw PCM or a long file, and tell each word as it is heard."""

    verb: typing.ClassVar[str] = "listen"

    run: str = setting(help="the folder of a run or of an export", positional=True, metavar="RUN")
    source: str = setting("microphone", "microphone, a recording, or - for raw 16-bit mono PCM on standard input",
                          positional=True, metavar="SOURCE")
    rate: int = setting(16000, "sample rate of the raw PCM in Hz", parse=COUNT)
    threshold: float | None = setting(None, "smallest smoothed score (default: what evaluate --stream stored, else 0.8)", parse=SHARE)
    smooth: int | None = setting(None, "windows whose scores are averaged (default: as stored, else 3)", parse=COUNT)
    refractory: float | None = setting(None, "seconds until the same label may be told again (default: as stored, else 1)",
                                       parse=AMOUNT)
    hop: float | None = setting(None, "seconds from window to window (default: as stored, else 0.25)", parse=POSITIVE)
    json: bool = setting(False, "print one JSON object a line")
