"""What the ports promise, kept with one technology each. Adapters decide nothing."""
