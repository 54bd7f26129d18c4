"""Holds the world's ExternalDNS against the real one; see docs/conformance.md. Never part of the tests."""
