"""Write the generated parts of the documentation anew: `python -m tools.reference`; `--check` only looks.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->` in a Markdown file. What is in
between is made from the code, from the synthesised template or from the shipped manifests; all else is written by
hand. `tests/docs` runs the check. With `--demos` the demo's output in the README is made anew, too.
Where facts stand in the code, each file beside this one knows for its subject. None knows any prose.
"""

import argparse
import sys

from tools.reference.demos import with_demos
from tools.reference.markdown import README_FILE, ROOT, read
from tools.reference.parts import rewritten, stale


def main() -> int:
    """Write or check; the exit code is 1 when a checked document is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is stale")
    parser.add_argument("--demos", action="store_true", help="also run the demos that the README shows")
    asked = parser.parse_args()
    if asked.demos:
        README_FILE.write_text(with_demos(read(README_FILE)), encoding="utf-8")
    found = stale()
    if asked.check:
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale; run: python -m tools.reference\n")
        return 1 if found else 0
    for path in found:
        path.write_text(rewritten(read(path)), encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
