"""A drawing of the dashboard, for a run in the embedded world: nobody can look at it in CloudWatch before deploying.

The definition is the one that is deployed; what a widget shows is what the run has published until then.
What a widget uses that is not known here is named as not drawn, never guessed.
"""

from crossfade.cli.dashboard.definition import Definition
from crossfade.cli.dashboard.page import Heading, render
from crossfade.cli.dashboard.published import Published, Recorder

__all__ = ["Definition", "Heading", "Published", "Recorder", "render"]
