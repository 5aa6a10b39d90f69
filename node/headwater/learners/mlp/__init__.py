"""A small neural network that tells classes apart: one hidden layer of rectified units."""

from headwater.learners.mlp.learner import Mlp
from headwater.learners.mlp.numbers import MlpSpec

__all__ = ["Mlp", "MlpSpec"]
