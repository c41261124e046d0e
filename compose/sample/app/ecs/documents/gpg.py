"""Runs gpg(1) with a keyring of its own, made from armored key files."""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

TIMEOUT_SECONDS = 120
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}


class GpgError(Exception):
    """gpg refused or cannot work. The text is gpg's last words, which name keys by fingerprint and hold no secret."""


class Keyring:
    """
    The keys of `key_files`, imported once into a folder below `work_folder` that is named for their content.

    So new keys get a new keyring without a restart, and processes share one. `work_folder` should be memory: the secret
    keys are in it without a passphrase, as they are in the key files.
    """

    def __init__(self, key_files, work_folder):
        self._key_files = [Path(f) for f in key_files]
        self._work_folder = Path(work_folder)
        self._fingerprints = {}

    def fingerprints(self):
        """The fingerprint of the first key in each key file, in the order of the files."""
        home = self._home()
        if home not in self._fingerprints:
            shown = [_gpg(home, ["--show-keys", "--with-colons", str(f)], QUIET) for f in self._key_files]
            self._fingerprints = {home: [_first_fingerprint(done) for done in shown]}
        return self._fingerprints[home]

    def run(self, arguments, stdin, stdout):
        """Runs gpg between two open files. Returns its status lines; raises GpgError when it ends with an error."""
        done = _gpg(self._home(), ["--status-fd", "2", *arguments], {"stdin": stdin, "stdout": stdout})
        return done.stderr.decode(errors="replace")

    def _home(self):
        digest = hashlib.sha256()
        for key_file in self._key_files:
            digest.update(_read_key(key_file))
        home = self._work_folder / f"gnupg-{digest.hexdigest()[:16]}"
        if not (home / "imported").exists():
            self._import(home)
        return home

    def _import(self, home):
        home.mkdir(mode=0o700, exist_ok=True)
        with open(home / "import.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _gpg(home, ["--import", *map(str, self._key_files)], QUIET)
            (home / "imported").touch()


def _gpg(home, arguments, streams):
    command = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--pinentry-mode", "error", *arguments]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, env=environment, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False, **streams
        )
    except subprocess.TimeoutExpired:
        raise GpgError(f"gpg took longer than {TIMEOUT_SECONDS} s") from None
    if done.returncode != 0:
        raise GpgError(_last_words(done.stderr))
    return done


def _read_key(key_file):
    try:
        return key_file.read_bytes()
    except OSError as error:
        raise GpgError(f"the vault key {key_file} cannot be read: {error.strerror}") from error


def _first_fingerprint(done):
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("fpr:"):
            return line.split(":")[9]
    raise GpgError("a vault key file holds no key")


def _last_words(stderr):
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.startswith("gpg: ")]
    return lines[-1] if lines else "gpg failed without a word"
