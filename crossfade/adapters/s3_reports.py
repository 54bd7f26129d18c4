"""Reports in one S3 bucket, which is private, encrypted and forgets by itself.

| key | what |
|---|---|
| `migrations/NAME/report.html` | the page |
| `migrations/NAME/report.json` | the same as data |
"""

from typing import Any, Final

from crossfade.adapters.aws import Translation
from crossfade.errors import LedgerRefusedError, LedgerUnavailableError

_S3: Final = Translation(
    "S3",
    throttled=LedgerUnavailableError,
    unavailable=LedgerUnavailableError,
    denied=LedgerRefusedError,
    known={"NoSuchBucket": (LedgerRefusedError, "deploy again, so that the bucket exists")},
)
_KINDS: Final = {"html": "text/html; charset=utf-8", "json": "application/json"}


class S3Reports:
    """
    See `ports.Reports`.

    Args:
        s3: A client of S3.
        bucket: Name of the bucket.
    """

    def __init__(self, s3: Any, *, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, migration: str, *, html: str, json: str) -> str:
        """See `ports.Reports.put`."""
        for suffix, content in (("json", json), ("html", html)):
            with _S3.around("s3:PutObject", self._bucket):
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=key_of(migration, suffix),
                    Body=content.encode(),
                    ContentType=_KINDS[suffix],
                )
        return f"s3://{self._bucket}/{key_of(migration, 'html')}"


def key_of(migration: str, suffix: str) -> str:
    """Where the report of *migration* is kept, as `html` or `json`."""
    return f"migrations/{migration}/report.{suffix}"


def console_url(region: str, bucket: str, migration: str) -> str:
    """Where the console shows the page and offers to open it, to whoever may read the bucket."""
    key = key_of(migration, "html")
    return f"https://{region}.console.aws.amazon.com/s3/object/{bucket}?region={region}&prefix={key}"
