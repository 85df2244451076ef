"""EnOS's signatures."""

import hashlib


def sha256_hex(*texts):
    """Lower-case hex of SHA-256 over the concatenated texts."""
    return hashlib.sha256("".join(texts).encode()).hexdigest()
