"""What each state of the machine does: one module a task, ports in, small JSON values out.

A step reads the record, asks the core, calls a port, and writes down what happened. It never waits.
This package knows no AWS and no Kubernetes.
"""
