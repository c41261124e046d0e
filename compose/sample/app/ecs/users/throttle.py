"""Slows down the guessing of passwords."""

from hashlib import sha256

from django.core.cache import cache


class Throttle:
    """Counts attempts for one user name in the cache; with no cache nothing is counted and logins go on."""

    ATTEMPTS = 10
    SECONDS = 15 * 60

    def __init__(self, username):
        # Hashed, because a cache key must be short and without spaces.
        self.key = "login-" + sha256(username.encode()).hexdigest()

    def closed(self):
        """True once there were too many attempts within the time."""
        return (cache.get(self.key) or 0) >= self.ATTEMPTS

    def count(self):
        """Counts one attempt."""
        cache.add(self.key, 0, self.SECONDS)
        try:
            cache.incr(self.key)
        except ValueError:
            pass  # the cache is away or has just dropped the key

    def forget(self):
        """Starts again from zero, after a right password."""
        cache.delete(self.key)
