"""A robust middle of each column (Huber 1964, "Robust Estimation of a Location Parameter"), as a learner."""

from headwater_location.learner import Location

__all__ = ["Location"]
