"""The blocks of `crossfade.yaml`, a file each; `core.config` puts them together."""
