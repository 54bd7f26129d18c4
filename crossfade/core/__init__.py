"""The pure core: weights, plans, verdicts, decisions. No I/O, no clock, no SDK."""
