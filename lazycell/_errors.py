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
    """A class body uses a name that nothing declares.

    Raised when the class is defined: the message suggests the near name that is declared.
    """


class RequirementError(DeclarationError, ValueError):
    """A `require(condition, message)` of the class does not hold for the hyperparameters given.

    Raised when an instance or a manifest is made, before anything else is checked; the message has the class's own
    words and the values.
    """


class HyperparameterError(DeclarationError, ValueError):
    """A converter or a validator refuses the value that was given for a hyperparameter.

    Raised when an instance or a manifest is made, or a hyperparameter of a net that is built is set,
    which `lazycell.replace` makes another net of.
    """


class InitializationError(LazyCellError, ValueError):
    """An initializer cannot give the values of a parameter, which stays without.

    Raised by `init_parameters_data`, `initial_values`, and whatever initializes on the way: a call of the net,
    `net.compile`. The cause is what the initializer raised.
    """


class UninitializedParameterError(LazyCellError, RuntimeError):
    """The values of a parameter were read while it had none.

    Raised by what needs values: `asnumpy`, arithmetic and operators with the parameter, and every save. The message
    begins `parameter 'weight' (shape (8, 4), float32) is declared and has no values`, and names the two ways out: a
    load, or `init_parameters_data`.
    """


class UninitializedWarning(_SaidInOneLine, UserWarning):
    """A net was executed after a checkpoint had been loaded that lacked some of its parameters.

    It lists what was not in the checkpoint, and was initialized because the net was executed.
    """


class CheckpointError(_SaidInOneLine, LazyCellError, ValueError):
    """A checkpoint cannot be used; the net it was meant for is untouched.

    Raised by loads, saves and conversions.
    """


class CheckpointFormatError(CheckpointError):
    """A file is not what its format promises. The message names file, tensor and cause.

    Raised by whatever opens a checkpoint, `open_checkpoint` first, before any values are read.

    `choices`: the names of checkpoints in a directory, where there are several and nothing tells which to load.
    """

    def __init__(self, message: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.choices = choices


class ChecksumError(CheckpointError):
    """The bytes of a checkpoint are not those that its checksums were made of. `tensors` names the damaged ones.

    Raised by `verify`, and by loads with `verify=True`, before any value is used.
    """

    def __init__(self, message: str, tensors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.tensors = tensors


class CheckpointMismatchError(CheckpointError):
    """A checkpoint does not fit a manifest. `problems` has every single problem as data, `causes` the likely causes.

    Raised by loads and by `Model.infer`, before any values are read: all that is wrong, at once.
    """

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
    """A `config.json` asks for something that the model does not implement.

    Raised by `from_pretrained`, before the weights are read, and by `save_pretrained`, before anything is written. The
    message names the key. `ignore_config=` passes over one.
    """


class ConfigWarning(_SaidInOneLine, UserWarning):
    """A `config.json` was not followed to the letter: the file beside it contradicts it, or there is no such class.

    Given by `from_pretrained`.
    """


class DtypeWarning(_SaidInOneLine, UserWarning):
    """A dtype was asked for in which this device computes nothing.

    Given by `from_pretrained`, which builds the model in float32 then, and by the first call of a net with parameters
    in such a dtype.
    """


class HeadWarning(_SaidInOneLine, UserWarning):
    """A checkpoint lacks a model's head, or has another: it starts from its initializers, and has to be trained.

    Given by `from_pretrained`, and by `load_checkpoint(partial=…)`.
    """


class HubError(_SaidInOneLine, LazyCellError, FileNotFoundError):
    """A repository of Hugging Face's hub is not there, or not whole. The message says where it was looked for.

    Raised by `from_pretrained("ORG/NAME")` and by the command, where an id is given.
    """


class HubWarning(_SaidInOneLine, UserWarning):
    """The hub did not answer, and what its cache has of a repository was loaded, which may be older.

    Given by `from_pretrained("ORG/NAME")`.
    """


class ManifestError(_SaidInOneLine, LazyCellError, ValueError):
    """A file is no manifest, or no file of migrations, or a later version wrote it. The message says where and why.

    Raised by `Manifest.from_json`, and by the command.
    """


class RegistryError(_SaidInOneLine, LazyCellError, LookupError):
    """No registered model goes by that name; or models or checkpoint formats of several packages clash.

    Raised by `from_pretrained`, `find_model`, `find_preset`, `registered_models`, `register` and `register_format`.
    """


# Tracebacks show where users import them from.
for _class in list(globals().values()):
    if isinstance(_class, type) and issubclass(_class, (LazyCellError, UserWarning)):
        _class.__module__ = "lazycell"
