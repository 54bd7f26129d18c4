"""The simulator: the synthesised machine and the product's own steps, under one seed and one virtual clock.

It tries to break the promise. Never shipped; only the command line and the tests open its door.
"""
