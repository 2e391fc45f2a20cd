"""Sentences to embed when the user gives none: scripts, code, nothing at all, and more than the model can read.

They are read before Ctrl-C is held back, so nothing here may import numpy, which starts threads.
"""

from __future__ import annotations

_LONG = " ".join(
    f"Sentence number {number} talks about topic {number % 7} in a long and rather repetitive document."
    for number in range(60)
)

SENTENCES = (
    "Hello.",
    "The quick brown fox jumps over the lazy dog.",
    "A fast auburn fox leapt above a sleepy hound.",
    "Stock markets fell sharply on Thursday after the central bank raised interest rates by half a point.",
    "Does this library load Hugging Face checkpoints?",
    "def add(a, b):\n    return a + b  # python",
    "E = mc^2; 3.14159 & 2.71828 <- constants!",
    "Das Wetter ist heute schön, und wir gehen im Schwarzwald spazieren.",
    "今日は天気がいいですね。",
    "UPPER CASE and lower case, naïve café, e-mail: someone@example.com",
    "",
    _LONG,
)
