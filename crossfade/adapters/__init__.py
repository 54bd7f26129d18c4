"""What the ports promise, kept with one technology each. Adapters translate codes into our errors and decide nothing."""
