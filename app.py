"""The CDK app: reads the configuration and composes the stacks. `cdk synth` runs it; so does `python app.py`.

CROSSFADE_CONFIG (or `-c config=…`)  path of the configuration; default crossfade.yaml
CROSSFADE_CODE_ONLY=1                leave the functions' dependencies and all checks out: fast, and enough for the
                                     demo, but not to be deployed
CDK_OUTDIR                           where the templates go; default cdk.out
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from crossfade.adapters.config_file import read_config
from crossfade.errors import InvalidConfigError
from stacks.synth import composed, new_app

code_only = os.environ.get("CROSSFADE_CODE_ONLY") == "1"
app = new_app(out_dir=Path(os.environ.get("CDK_OUTDIR", "cdk.out")), check=not code_only)
path = Path(app.node.try_get_context("config") or os.environ.get("CROSSFADE_CONFIG") or "crossfade.yaml")
try:
    config = read_config(path, now=None if code_only else datetime.now(UTC))
except InvalidConfigError as error:
    msg = f"{path} is not valid:\n{error}"
    raise SystemExit(msg) from None
with composed(app, config, code_only=code_only, account=os.environ.get("CDK_DEFAULT_ACCOUNT")):
    app.synth()
