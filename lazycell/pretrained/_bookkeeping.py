"""Keys of a `config.json` that no model computes with: one list, whatever the family."""

from __future__ import annotations

GENERATION_KEYS = frozenset(
    "bad_words_ids begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample "
    "early_stopping encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty forced_bos_token_id "
    "forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams "
    "num_return_sequences output_scores prefix remove_invalid_values repetition_penalty return_dict_in_generate "
    "sep_token_id suppress_tokens temperature tf_legacy_loss top_k top_p typical_p".split()
)
"""Keys of a config that steer decoding, not the network."""

_GENERATION = "cache_config cache_implementation max_new_tokens min_new_tokens output_logits penalty_alpha use_cache"

_TOKENS = (
    "additional_special_tokens bos_token cls_token cls_token_id do_lower_case eos_token mask_token mask_token_id "
    "max_seq_len max_seq_length max_sequence_length model_max_length n_special pad_token padding_side "
    "predict_special_tokens sep_token tokenizer_class tokenizer_type truncation_side unk_token unk_token_id vocab_file"
)

_OUTPUTS = "output_attentions output_hidden_states output_past output_router_logits return_dict use_return_dict"

_TRAINING = (
    "bf16 finetuning_task fp16 gradient_checkpointing id2label ignore_index label2id loss_type neftune_noise_alpha "
    "num_labels problem_type router_aux_loss_coef task_specific_params use_bfloat16 xla_device"
)

_SAVING = "architectures auto_map dtype license model_type torch_dtype torchscript transformers_version"

# The same numbers by another way.
_COMPUTING = (
    "attn_implementation chunk_size_feed_forward experts_implementation use_flash_attention use_flash_attention_2 "
    "use_flash_attn use_memory_efficient_attention"
)

_STAMPS = (
    "base_model base_model_name_or_path is_llama_config language library_name model_name name pipeline_tag "
    "sbert_ce_default_activation_function sentence_transformers transformers.js_config trust_remote_code"
)

_KEYS = GENERATION_KEYS.union(
    *(text.split() for text in (_GENERATION, _TOKENS, _OUTPUTS, _TRAINING, _SAVING, _COMPUTING, _STAMPS))
)

_PREFIXES = ("_", "unsloth_")


def is_bookkeeping(key: str) -> bool:
    """Tell whether a key describes the file, a tool or a training, or chooses what is returned.

    A model that computes with one of them declares it as a hyperparameter, or answers for it in its `config_rules`.
    """
    return key in _KEYS or key.startswith(_PREFIXES)
