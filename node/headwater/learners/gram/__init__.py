"""Which items go together: how many people have both of two, counted in one round, exactly."""

from headwater.learners.gram.learner import Gram
from headwater.learners.gram.numbers import GramSpec

__all__ = ["Gram", "GramSpec"]
