"""The peer: Hugging Face's transformers on torch, with as many threads as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification

from ._task import Task

RATE = 1e-4
"""Of the others, too."""

Arrays = np.ndarray[Any, Any]


def language_model(task: Task, mode: str) -> Callable[[Arrays, int, list[int]], Arrays]:
    """Give what goes on with texts, word by word, until all of them have had one of the ends."""
    net = _loaded(AutoModelForCausalLM, task)

    def write(ids: Arrays, count: int, ends: list[int]) -> Arrays:
        read = torch.from_numpy(ids)
        written = net.generate(
            read,
            attention_mask=torch.ones_like(read),
            max_new_tokens=count,
            do_sample=False,
            eos_token_id=ends or None,
            pad_token_id=0,
        )
        return written[:, ids.shape[1] :].numpy()

    return write


def encoder(task: Task, mode: str) -> Callable[[Arrays, Arrays, Arrays], Arrays]:
    """Give what makes vectors of sentences."""
    net = _loaded(AutoModel, task)

    def embed(ids: Arrays, mask: Arrays, types: Arrays) -> Arrays:
        with torch.inference_mode():
            seen = torch.from_numpy(mask)
            states = net(torch.from_numpy(ids), seen, torch.from_numpy(types)).last_hidden_state
            counted = seen.to(states.dtype)[..., None]
            return ((states * counted).sum(1) / counted.sum(1)).numpy()

    return embed


def trainer(task: Task, mode: str) -> Callable[..., float]:
    """Give what takes a step of training, with Adam."""
    net = _loaded(AutoModelForSequenceClassification, task).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)

    def step(ids: Arrays, mask: Arrays, types: Arrays, labels: Arrays) -> float:
        inputs = (torch.from_numpy(each) for each in (ids, mask, types))
        loss = torch.nn.functional.cross_entropy(net(*inputs).logits, torch.from_numpy(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _loaded(cls: Any, task: Task) -> Any:
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return cls.from_pretrained(Path(task.path).parent, dtype=torch.float32).eval()
