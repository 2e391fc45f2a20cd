"""Writing texts: greedily or by chance, whole or word by word, compiled or not."""

from .writing import generate, stream_generate

__all__ = ["generate", "stream_generate"]
