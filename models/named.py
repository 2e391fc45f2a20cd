"""Outputs with names."""

from typing import Any, ClassVar

from lazycell import LazyCell


class Named(LazyCell):
    """A model whose `construct` gives a tuple, and which names what it gives to whoever calls it.

    Not in a graph: there MindSpore 2.10 has a named tuple be an object of Python, and what is computed from one is
    computed by Python, operator by operator, with gradients that are 0 without a word. Inside `mindspore.jit` and
    GRAPH_MODE outputs are plain tuples, in the same order.
    """

    output_type: ClassVar[Any] = tuple
    """One of `models.outputs`, or the like."""

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Compute the outputs."""
        return self.output_type(*super().__call__(*inputs, **named))
