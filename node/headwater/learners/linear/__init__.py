"""Linear models: classes by logistic regression or a hinge, amounts by least squares, Huber or Poisson regression."""

from headwater.learners.linear.learner import Linear
from headwater.learners.linear.numbers import LinearSpec

__all__ = ["Linear", "LinearSpec"]
