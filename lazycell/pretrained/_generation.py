"""How a checkpoint's authors mean texts to be written: `generation_config.json`, beside `config.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._config import Config, read_config

GENERATION_KEYS = frozenset(
    "bad_words_ids begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample "
    "early_stopping encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty forced_bos_token_id "
    "forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams "
    "num_return_sequences output_scores prefix remove_invalid_values repetition_penalty return_dict_in_generate "
    "sep_token_id suppress_tokens temperature tf_legacy_loss top_k top_p typical_p".split()
)
"""Keys of a config that steer decoding, not the network."""


def generation_config(config: Config) -> dict[str, Any]:
    """Give what `generation_config.json` says; where there is none, what the config says of writing, as old ones do.

    Raises:
        ConfigError: there is one, and it is not a JSON object.
    """
    path: Path = config.path.parent / "generation_config.json"
    if path.is_file():
        return read_config(path)
    return {key: value for key, value in config.options.items() if key in GENERATION_KEYS and value is not None}
