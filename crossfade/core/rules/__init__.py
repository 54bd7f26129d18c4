"""The rules of a configuration that look at more than one field; `whole` puts them together."""
