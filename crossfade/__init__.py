"""Crossfade moves live traffic between two Amazon EKS clusters and gives it back when something is wrong."""

__version__ = "0.1.0"
