"""The exceptions and warnings of lazycell, each also a builtin one, so that existing handlers keep working."""

from __future__ import annotations

from ._harmless import Lines, printable, printable_lines

_MOST_LINES = 500


class _Said:
    """What is said holds names of strangers: they do no harm in it, and have a bounded length."""

    def __init__(self, *said: object) -> None:
        super().__init__(*(self._shown(each) if isinstance(each, str) else each for each in said))

    def _shown(self, text: str) -> str:
        return printable_lines(text, _MOST_LINES)


class _SaidInOneLine(_Said):
    """What is said in one line, unless it is `Lines`: the end of a line in it is a name's."""

    def _shown(self, text: str) -> str:
        return printable_lines(text, _MOST_LINES) if isinstance(text, Lines) else printable(text)


class LazyCellError(_Said, Exception):
    """Base class of every error that lazycell raises.

    What of its message is a stranger's, as names in files, has control characters as escapes, and is cut where it is
    very long.
    """


class DeclarationError(LazyCellError, TypeError):
    """A class body, or the hyperparameters given to it, cannot make a model.

    Raised when the class is defined or the instance is built, never at load.
    """


class UnknownNameError(DeclarationError, NameError):
    """A class body uses a name that nothing declares."""


class RequirementError(DeclarationError, ValueError):
    """A `require(condition, message)` of the class does not hold for the hyperparameters given."""


class HyperparameterError(DeclarationError, ValueError):
    """A converter or a validator refuses the value that was given for a hyperparameter."""


class InitializationError(LazyCellError, ValueError):
    """An initializer cannot give the values of a parameter, which stays without."""


class UninitializedParameterError(LazyCellError, RuntimeError):
    """The values of a parameter were read while it had none."""


class UninitializedWarning(_SaidInOneLine, UserWarning):
    """A net was executed after a checkpoint had been loaded that lacked some of its parameters."""


class CheckpointError(_SaidInOneLine, LazyCellError, ValueError):
    """A checkpoint cannot be used; the net it was meant for is untouched."""


class CheckpointFormatError(CheckpointError):
    """A file is not what its format promises. The message names file, tensor and cause.

    `choices`: the names of checkpoints in a directory, where there are several and nothing tells which to load.
    """

    def __init__(self, message: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.choices = choices


class ChecksumError(CheckpointError):
    """The bytes of a checkpoint are not those that its checksums were made of. `tensors` names the damaged ones."""

    def __init__(self, message: str, tensors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.tensors = tensors


class CheckpointMismatchError(CheckpointError):
    """A checkpoint does not fit a manifest. `problems` has every single problem as data, `causes` the likely causes."""

    def __init__(
        self,
        message: str,
        problems: tuple[object, ...] = (),
        causes: tuple[object, ...] = (),
        mismatch: object = None,
    ) -> None:
        super().__init__(Lines(message))
        self.problems = problems
        self.causes = causes
        self.mismatch = mismatch  # what the message was made of, for whoever says it in other words


class ConfigError(_SaidInOneLine, LazyCellError, ValueError):
    """A `config.json` asks for something that the model does not implement."""


class ConfigWarning(_SaidInOneLine, UserWarning):
    """A `config.json` was not followed to the letter: the file beside it contradicts it, or there is no such class."""


class DtypeWarning(_SaidInOneLine, UserWarning):
    """A dtype was asked for in which this device computes nothing."""


class HeadWarning(_SaidInOneLine, UserWarning):
    """A checkpoint lacks a model's head, or has another: it starts from its initializers, and has to be trained."""


class HubError(_SaidInOneLine, LazyCellError, FileNotFoundError):
    """A repository of Hugging Face's hub is not there, or not whole. The message says where it was looked for."""


class HubWarning(_SaidInOneLine, UserWarning):
    """The hub did not answer, and what its cache has of a repository was loaded, which may be older."""


class ManifestError(_SaidInOneLine, LazyCellError, ValueError):
    """A file is no manifest, or no file of migrations, or a later version wrote it. The message says where and why."""


class RegistryError(_SaidInOneLine, LazyCellError, LookupError):
    """No registered model goes by that name; or models or checkpoint formats of several packages clash."""


# Tracebacks show where users import them from.
for _class in list(globals().values()):
    if isinstance(_class, type) and issubclass(_class, (LazyCellError, UserWarning)):
        _class.__module__ = "lazycell"
