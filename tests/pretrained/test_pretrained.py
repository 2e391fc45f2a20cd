"""From a directory in Hugging Face layout to a loaded model."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import ops
from safetensors.numpy import save_file

import lazycell
from lazycell import ConfigError, ConfigRules, LazyCell, Param, register


@register("test_pretrained")
class Net(LazyCell):
    width: int
    depth: int = 1
    gated: bool = False

    weight: Param["normal", (depth, width)]

    config_rules = ConfigRules(renamed={"n_embd": "width"}, only={"act": ("relu", "gelu")}, ignored={"dropout"})

    def construct(self, x):
        return ops.matmul(x, self.weight.T)


CONFIG = {"model_type": "test_pretrained", "architectures": ["Net"], "n_embd": 4, "depth": 2}


@pytest.fixture
def directory(tmp_path):
    """Write a directory with a config and weights; gives a function that changes the config."""
    save_file({"weight": np.arange(8, dtype=np.float32).reshape(2, 4)}, str(tmp_path / "model.safetensors"))

    def write(**changes):
        (tmp_path / "config.json").write_text(json.dumps({**CONFIG, **changes}))
        return tmp_path

    return write


@pytest.mark.parametrize("load", [Net.from_pretrained, lazycell.from_pretrained])
def test_a_directory_becomes_a_loaded_model(directory, load):
    """The config gives the hyperparameters, by their own names or renamed, and the weights are loaded."""
    net = load(directory())
    assert (type(net), net.width, net.depth) == (Net, 4, 2)
    np.testing.assert_array_equal(net.weight.asnumpy(), np.arange(8, dtype=np.float32).reshape(2, 4))


def test_a_file_finds_the_config_beside_it(directory):
    """A path to the weights works like the directory that holds them."""
    assert Net.from_pretrained(directory() / "model.safetensors").depth == 2


def test_what_is_given_takes_precedence_over_the_config(directory):
    """Keyword arguments override the config, and so does dtype."""
    net = Net.from_pretrained(directory(depth=7, torch_dtype="float32"), depth=2, dtype=ms.float16)
    assert (net.depth, net.weight.dtype) == (2, ms.float16)


@pytest.mark.parametrize("key", ["dtype", "torch_dtype"])
def test_the_config_says_the_dtype(directory, key):
    """Both styles of config are read."""
    assert Net.from_pretrained(directory(**{key: "float16"})).weight.dtype == ms.float16


@pytest.mark.parametrize("key", ["transformers_version", "use_cache", "dropout", "eos_token_id", "id2label"])
def test_keys_that_change_nothing_are_passed_over(directory, key):
    """Bookkeeping, decoding, and what the model declares as ignored."""
    assert Net.from_pretrained(directory(**{key: 7})).width == 4


@pytest.mark.parametrize("value", [None, {}, [], False, 0, 0.0, ""])
def test_a_switch_that_is_off_is_passed_over(directory, value):
    """What is null, false, nought or empty asks for nothing."""
    assert Net.from_pretrained(directory(rope_scaling=value)).width == 4


def test_every_option_that_cannot_be_honoured_is_named_in_one_error(directory):
    """An unknown key, a value that is not implemented, a switch of transformers; and how to load without them."""
    with pytest.raises(ConfigError) as caught:
        Net.from_pretrained(directory(gatted=True, norm_first=1, act="tanh", is_decoder=True))
    assert str(caught.value) == (
        "Net cannot honour this config:\n"
        "  gatted=True: Net knows no such option; did you mean `gated`?\n"
        "  norm_first=1: Net knows no such option\n"
        "  act='tanh': only 'relu' or 'gelu' is implemented\n"
        "  is_decoder=True: only False is implemented\n"
        "where you know that the model computes the same without: "
        'ignore_config=["gatted", "norm_first", "act", "is_decoder"], or on the command line '
        "--ignore-config gatted --ignore-config norm_first --ignore-config act --ignore-config is_decoder"
    )


def test_a_required_hyperparameter_that_nothing_gives_is_named(directory):
    """The message says what is lacking, and how to give it."""
    path = directory()
    (path / "config.json").write_text(json.dumps({"model_type": "test_pretrained", "depth": 2}))
    with pytest.raises(
        ConfigError, match=r"does not say width: give it yourself, Net\.from_pretrained\(path, width=…\)"
    ):
        Net.from_pretrained(path)
    (path / "config.json").unlink()
    with pytest.raises(ConfigError, match=r"there is no config\.json beside the weights to say width"):
        Net.from_pretrained(path)
    assert Net.from_pretrained(path, width=4, depth=2).width == 4


def test_a_directory_without_a_config_has_no_class(tmp_path):
    """lazycell.from_pretrained needs a model_type, and says so."""
    with pytest.raises(ConfigError, match="there is no config.json"):
        lazycell.from_pretrained(tmp_path)
    (tmp_path / "snapshots" / "abc").mkdir(parents=True)
    (tmp_path / "refs").mkdir()
    with pytest.raises(ConfigError, match=r"the root of one repository .*; give .*snapshots.abc$"):
        lazycell.from_pretrained(tmp_path)  # what it is, as the class would say: not the advice to take the class
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "consolidated.safetensors")
    with pytest.raises(ConfigError, match=r"load with the class itself"):
        lazycell.from_pretrained(tmp_path)
    (tmp_path / "params.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"in the layout of their authors' own code"):
        lazycell.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="has no model_type"):
        lazycell.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ("\xff\xfe", "is not UTF-8"),
        ('{"a": 1, "a": 2}', "gives the key 'a' twice"),
    ],
)
def test_a_config_that_is_none_is_refused(directory, text, message):
    """Broken JSON, JSON that is no object, and text in another encoding."""
    path = directory()
    (path / "config.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        Net.from_pretrained(path)


def test_weights_that_do_not_fit_leave_nothing_behind(directory):
    """A config that disagrees with the weights is a mismatch with shapes and expression in it."""
    with pytest.raises(lazycell.CheckpointMismatchError, match=r"\(depth, width\)"):
        Net.from_pretrained(directory(n_embd=5))


def test_what_the_weights_have_too_much_or_too_little_of_can_be_allowed(directory):
    """missing, unexpected and rename reach the load, from both functions."""
    path = directory()
    save_file({"w": np.ones((2, 4), np.float32), "extra": np.ones(1, np.float32)}, str(path / "model.safetensors"))
    with pytest.raises(lazycell.CheckpointMismatchError):
        Net.from_pretrained(path)
    for load in (Net.from_pretrained, lazycell.from_pretrained):
        net = load(path, rename={"w": "weight"}, unexpected=["ext*"])
        np.testing.assert_array_equal(net.weight.asnumpy(), np.ones((2, 4), np.float32))
    assert lazycell.uninitialized(Net.from_pretrained(path, missing="init", unexpected="ignore")) == ["weight"]


def test_a_null_dtype_leaves_the_other_style_to_say_it(directory):
    """The new key is null, the old one says float16: float16 it is."""
    assert Net.from_pretrained(directory(dtype=None, torch_dtype="float16")).weight.dtype == ms.float16


def test_classes_with_a_dtype_of_their_own_take_the_configs_as_any_option(tmp_path):
    """A hyperparameter `dtype`, a fixed one and a hand-written `__init__` are not given it twice, nor at all."""

    class Chosen(LazyCell):
        dtype: str = "float32"
        weight: Param["normal", (2,)]

    class Fixed(Chosen):
        dtype = "float16"

    class Own(LazyCell):
        weight: Param["normal", (2,)]

        def __init__(self):
            super().__init__()
            self.__lazy_init__()

    save_file({"weight": np.ones(2, np.float32)}, str(tmp_path / "model.safetensors"))
    (tmp_path / "config.json").write_text('{"torch_dtype": "float64", "dtype": "float64"}')
    assert Chosen.from_pretrained(tmp_path).weight.dtype == ms.float64
    assert Fixed.from_pretrained(tmp_path).weight.dtype == ms.float16
    assert Own.from_pretrained(tmp_path).weight.dtype == ms.float32


def test_two_keys_that_give_one_hyperparameter_have_to_agree(directory):
    """A renamed key and the hyperparameter's own name with another value are refused."""
    assert Net.from_pretrained(directory(width=4)).width == 4
    with pytest.raises(ConfigError, match=r"width=5: another key gives width=4"):
        Net.from_pretrained(directory(width=5))


def test_architectures_have_to_be_a_list_of_names(directory):
    """A string is not taken apart into letters."""
    with pytest.raises(ConfigError, match="architectures='Net' is not a list of names"):
        lazycell.from_pretrained(directory(architectures="Net"))


def test_a_path_that_leads_nowhere_is_named(tmp_path):
    """Not the directory above it."""
    for load in (Net.from_pretrained, lazycell.from_pretrained):
        with pytest.raises(FileNotFoundError, match=r"there is nothing at .*nowhere"):
            load(tmp_path / "nowhere")


@pytest.mark.parametrize("load", [Net.from_pretrained, lazycell.from_pretrained])
def test_how_to_read_is_passed_on(load, directory) -> None:
    """`mmap`, `progress` and `verify`, as for `load_checkpoint`."""
    seen: list[tuple[int, int]] = []
    net = load(directory(), mmap=False, progress=lambda done, total: seen.append((done, total)))
    nbytes = sum(parameter.nbytes for parameter in net.get_parameters())
    assert seen[-1] == (nbytes, nbytes)
    with pytest.raises(lazycell.CheckpointFormatError, match="checksum"):
        load(directory(), verify=True)


@pytest.mark.parametrize("load", [Net.from_pretrained, lazycell.from_pretrained])
def test_encrypted_weights_are_loaded_with_their_key(load, tmp_path) -> None:
    """`dec_key` and `dec_mode` are passed on too, and refused as `load_checkpoint` refuses them."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weight, key = np.arange(8, dtype=np.float32).reshape(2, 4), b"0123456789abcdef"
    saved = [{"name": "weight", "data": ms.Tensor(weight)}]
    ms.save_checkpoint(saved, str(tmp_path / "net.ckpt"), enc_key=key, enc_mode="AES-CBC")
    net = load(tmp_path, dec_key=key, dec_mode="AES-CBC")
    np.testing.assert_array_equal(net.weight.asnumpy(), weight)
    with pytest.raises(lazycell.CheckpointError, match="dec_mode='AES-GCM'"):
        load(tmp_path, dec_key=key)
    with pytest.raises(ValueError, match="dec_mode='AES-CBC' without a dec_key"):
        load(tmp_path, dec_mode="AES-CBC")
    with pytest.raises(TypeError, match="verify has to be True or False, not 'x'"):
        load(tmp_path, dec_key=key, dec_mode="AES-CBC", verify="x")
