"""The command line of a verb, made from its settings class; and what a field of such a class can say."""

import argparse
import dataclasses
import difflib
import math
import re
import types
import typing

from kwscls.errors import KwsclsError


def setting(default=dataclasses.MISSING, help="", **more):
    """A field of a settings class.

    Args:
        default: its value when nothing is said; a setting without one must be given.
        help: one line for `--help`.
        **more: `positional=True` (a word without a flag), `many=True` (several words), `choices=(...)`,
            `metavar="..."`, `parse=function` (text to value).
    """
    metadata = {"help": help, **more}
    if more.get("many") and default is not dataclasses.MISSING:
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def seconds(text):
    """Read a length of time: "90", "90s", "10m", "1.5h" or "1h30m", as seconds.

    Raises:
        ValueError: it is none of these, or not positive.
    """
    match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", str(text).strip())
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is no length of time such as 90s, 10m or 1.5h")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    total = 3600 * hours + 60 * minutes + rest
    if total <= 0:
        raise ValueError("a length of time must be more than nothing")
    return total


def within(low, high=math.inf, kind=float):
    """A function that reads a number of a kind, `int` or `float`, from low to high; it raises ValueError where that fails."""
    def read(text):
        try:
            value = kind(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a {'whole number' if kind is int else 'number'}") from error
        if not low <= value <= high or math.isinf(value):
            raise ValueError(f"{text} is not {f'{low:g} or more' if math.isinf(high) else f'from {low:g} to {high:.10g}'}")
        return value
    return read


def factors(text):
    """Read "feature_encoder=0.1,logits=10" as a dict of numbers.

    Raises:
        ValueError: a part has no factor of at least 0.
    """
    found = {}
    for word in str(text).split(","):
        part, _, value = word.strip().partition("=")
        try:
            found[part] = float(value)
        except ValueError:
            found[part] = -1.0
        if not part or not 0 <= found[part] < float("inf"):
            raise ValueError(f"{word!r} is not of the form PART=FACTOR, such as feature_encoder=0.1")
    return found


def span(text):
    """Read "0,30" as the lowest and the highest number of a span.

    Raises:
        ValueError: it is not two numbers in order.
    """
    try:
        low, high = (float(word) for word in str(text).split(","))
    except ValueError:
        low, high = 1.0, 0.0
    if not -math.inf < low <= high < math.inf:
        raise ValueError(f"{text!r} is not of the form LOW,HIGH, such as 0,30")
    return [low, high]


def value(settings_class, name, told):
    """The value of a setting that a word, a number or a truth stands for, read as the setting's flag reads it.

    Raises:
        ValueError: the setting has no such value.
    """
    facts = next(field.metadata for field in dataclasses.fields(settings_class) if field.name == name)
    kind = _plain(typing.get_type_hints(settings_class)[name])
    if kind is bool:
        if isinstance(told, str) or told not in (0, 1):  # KerasTuner keeps truths as numbers
            raise ValueError(f"{told!r} is neither true nor false")
        return bool(told)
    read = facts.get("parse") or kind
    if facts.get("many"):
        return [read(word) for word in str(told).split()]
    if told not in facts.get("choices", [told]):
        raise ValueError(f"{told!r} is none of {', '.join(facts['choices'])}")
    return read(str(told))


def parser(settings_class):
    """The command line of a settings class: a flag for each field, in order."""
    made = _Parser(prog=f"python -m kwscls.{settings_class.verb}", description=settings_class.__doc__.strip(),
                   formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    hints = typing.get_type_hints(settings_class)
    for field in dataclasses.fields(settings_class):
        _add(made, field, hints[field.name])
    return made


def parse(settings_class, argv=None):
    """Settings from command-line words.

    Raises:
        KwsclsError: a word is unknown, missing or of the wrong kind.
    """
    made = parser(settings_class)
    found, left = made.parse_known_args(argv)
    if left:
        raise unknown(left[0], [flag for action in made._actions for flag in action.option_strings],
                      f"python -m kwscls.{settings_class.verb} --help lists the flags")
    return settings_class(**vars(found))


def unknown(word, known, otherwise):
    """The error about a setting that does not exist, which names the nearest one that does."""
    near = difflib.get_close_matches(word.split("=")[0], known, n=1)
    return KwsclsError(f"there is no setting {word}", None, f"did you mean {near[0]}?" if near else otherwise)


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours, and to which a span such as -5,30 is a value, no flag."""

    def __init__(self, **words):
        super().__init__(**words)
        self._negative_number_matcher = re.compile(r"-\.?\d[\d.,eE+-]*$")

    def error(self, message):
        raise KwsclsError(message, None, f"{self.prog} --help explains the flags")


def _add(made, field, hint):
    facts = dict(field.metadata)
    positional, many, parse_text = (facts.pop(key, None) for key in ("positional", "many", "parse"))
    kind = _plain(hint)
    options = {key: facts[key] for key in ("help", "choices", "metavar") if facts.get(key) is not None}
    options["help"] = options.get("help", "").replace("%", "%%")
    needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    if kind is bool:
        made.add_argument(_flag(field.name), action="store_true" if field.default is False else argparse.BooleanOptionalAction,
                          default=field.default, **options)
        return
    options["type"] = _reader(parse_text or kind)
    if not needed and not many and field.default is not None:
        options["help"] += f" (default {field.default})"
    if positional:
        options["nargs"] = ("+" if needed else "*") if many else (None if needed else "?")
        if not needed:
            options["default"] = field.default_factory() if many else field.default
        made.add_argument(field.name, **options)
        return
    if many:  # a flag that is repeated adds its words
        made.add_argument(_flag(field.name), required=needed, nargs="+", action="extend", default=argparse.SUPPRESS, **options)
        return
    made.add_argument(_flag(field.name), required=needed, default=None if needed else field.default, **options)


def _plain(hint):
    """The type of a value: `int` from `int | None`, `str` from `list[str]`."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is list:
        hint = typing.get_args(hint)[0]
    return hint


def _reader(kind):
    """A function of text for argparse whose failure says why."""
    def read(text):
        try:
            return kind(text)
        except ValueError as error:
            reason = str(error) if kind not in (int, float) else f"{text!r} is not a number"
            raise argparse.ArgumentTypeError(reason) from error
    return read


def _flag(name):
    return "--" + name.replace("_", "-")
