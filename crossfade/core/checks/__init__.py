"""The checks of the preflight, a file for each subject; `core.preflight` puts them together."""
