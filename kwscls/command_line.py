"""The command line of a verb, made from its settings class."""

import argparse
import dataclasses
import types
import typing

from kwscls.errors import KwsclsError
from kwscls.settings import unknown


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


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours."""

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
        made.add_argument(_flag(field.name), action=argparse.BooleanOptionalAction if field.default else "store_true",
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
    if many:
        options["nargs"] = "+"
    default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    made.add_argument(_flag(field.name), required=needed, default=None if needed else default, **options)


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
