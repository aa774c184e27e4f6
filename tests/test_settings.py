"""The command line, made from dataclasses."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kwscls import command_line, settings
from kwscls.command_line import parse, parser
from kwscls.errors import KwsclsError
from kwscls.settings import CompareSettings, PredictSettings, TrainSettings


@pytest.mark.parametrize("text,value", [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400),
                                        ("2m30s", 150)])
def test_lengths_of_time(text, value):
    assert settings.seconds(text) == value


@pytest.mark.parametrize("text", ["", "m", "ten", "-3m", "0", "3 weeks", "1m1h"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(ValueError):
        settings.seconds(text)


def test_factors():
    assert settings.factors("body=0.1, logits/bias=5") == {"body": 0.1, "logits/bias": 5.0}
    for text in ("", "body", "body=", "=1", "body=-1", "body=nan", "body=inf", "a=1,b"):
        with pytest.raises(ValueError, match="PART=FACTOR"):
            settings.factors(text)


def test_spans():
    assert settings.span("-5,10") == [-5.0, 10.0] and settings.span("3, 3") == [3.0, 3.0]
    for text in ("", "5", "1,2,3", "10,5", "a,b", "0,inf", "nan,1"):
        with pytest.raises(ValueError, match="LOW,HIGH"):
            settings.span(text)


@given(some.text())
def test_any_text_is_a_length_of_time_or_a_value_error(text):
    try:
        assert settings.seconds(text) > 0
    except ValueError:
        pass


def test_flags_become_values():
    chosen = parse(TrainSettings, ["--data", "x", "--epochs", "3", "--budget", "2m", "--size", "a=1", "b=2",
                                   "--no-augment", "--resume"])
    assert (chosen.data, chosen.epochs, chosen.budget, chosen.size) == ("x", 3, 120.0, ["a=1", "b=2"])
    assert not chosen.augment and chosen.resume and chosen.seed == 0 and chosen.out is None


def test_a_flag_that_is_repeated_adds_its_words():
    chosen = parse(TrainSettings, ["--size", "a=1", "b=2", "--size", "c=3", "--unfreeze", "3=a", "--unfreeze", "5=b"])
    assert (chosen.size, chosen.unfreeze, chosen.freeze) == (["a=1", "b=2", "c=3"], ["3=a", "5=b"], [])
    assert parse(CompareSettings, ["--models", "a", "--seeds", "3", "--seeds", "4", "5"]).seeds == [3, 4, 5]
    assert parse(CompareSettings, ["--models", "a", "--models", "b"]).models == ["a", "b"]
    assert parse(CompareSettings, ["--models", "a"]).seeds == [0]
    with pytest.raises(KwsclsError, match="--seeds: -1 is not from 0"):
        parse(CompareSettings, ["--models", "a", "--seeds", "-1"])


@pytest.mark.parametrize("words", [["--snr", "-5,30"], ["--snr=-5,30"], ["--snr", "-5.0,3e1"]])
def test_a_span_may_begin_below_zero(words):
    assert parse(TrainSettings, words).snr == [-5.0, 30.0]


def test_values_from_elsewhere_are_read_as_words_are():
    assert command_line.value(TrainSettings, "epochs", 3) == 3 and command_line.value(TrainSettings, "clip_norm", 3) == 3.0
    assert command_line.value(TrainSettings, "freeze", "a b") == ["a", "b"]
    assert command_line.value(TrainSettings, "augment", False) is False
    assert command_line.value(TrainSettings, "augment", 1) is True  # KerasTuner's truths are numbers
    for name, told in (("augment", 2), ("augment", "no"), ("epochs", 3.0), ("epochs", True), ("evened", "no")):
        with pytest.raises(ValueError):
            command_line.value(TrainSettings, name, told)


def test_positional_words():
    chosen = parse(PredictSettings, ["export/cnn", "a.wav", "-", "--top", "3"])
    assert (chosen.run, chosen.inputs, chosen.top) == ("export/cnn", ["a.wav", "-"], 3)


@pytest.mark.parametrize("argv,said", [
    (["--epoch", "3"], "did you mean --epochs?"),
    (["--epochs", "three"], "'three' is not a whole number"),
    (["--epochs", "2.5"], "'2.5' is not a whole number"),
    (["--epochs", "0"], "--epochs: 0 is not 1 or more"),
    (["--seed", "one"], "'one' is not a whole number"),
    (["--seed", "-1"], "-1 is not from 0 to 4294967295"),
    (["--seed", "4294967296"], "4294967296 is not from 0 to 4294967295"),
    (["--learning-rate", "fast"], "'fast' is not a number"),
    (["--learning-rate", "nan"], "--learning-rate: nan is not 0 or more"),
    (["--learning-rate", "inf"], "--learning-rate: inf is not 0 or more"),
    (["--label-smoothing", "1.5"], "--label-smoothing: 1.5 is not from 0 to 1"),
    (["--gain", "-3"], "--gain: -3 is not 0 or more"),
    (["--budget", "soon"], "no length of time"),
    (["--schedule", "linear"], "--schedule: invalid choice: 'linear' (choose from 'constant', 'cosine')"),
    (["--optimizer", "adma"], "--optimizer: invalid choice: 'adma'"),
    (["--epochs"], "expected one argument"),
])
def test_wrong_words_are_told_in_one_line(argv, said):
    with pytest.raises(KwsclsError) as raised:
        parse(TrainSettings, argv)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_missing_words_are_named():
    with pytest.raises(KwsclsError, match="FILE"):
        parse(PredictSettings, ["export/cnn"])


def test_stored_settings_come_back():
    chosen = parse(TrainSettings, ["--model", "ast", "--freeze", "patches", "block_0"])
    assert settings.from_dict(TrainSettings, settings.as_dict(chosen)) == chosen
    with pytest.raises(KwsclsError, match="did you mean epochs?"):
        settings.from_dict(TrainSettings, {"epoch": 3})


def test_every_setting_has_a_line_of_help():
    for name in dir(settings):
        settings_class = getattr(settings, name)
        if dataclasses.is_dataclass(settings_class) and hasattr(settings_class, "verb"):
            for field in dataclasses.fields(settings_class):
                assert field.metadata.get("help"), f"{name}.{field.name}"
            assert parser(settings_class).format_help()
