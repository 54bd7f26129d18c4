"""`python -m crossfade`."""

from crossfade.cli.app import main

main()
