"""
The storage vault: documents as OpenPGP files, encrypted to one key and signed with another, in folders of two levels.

The document with the hex name abcd… is in `ab/cd/abcd….gpg`. A file is complete and on disk before its name appears.
"""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ecs.documents.gpg import GpgError, Keyring


class VaultError(Exception):
    """A document cannot be stored or read back. The text is for the operator."""


class Vault:
    """Documents below `folder`; `encrypt_key` holds the secret key to read them with, `sign_key` the one to sign with."""

    def __init__(self, folder, encrypt_key, sign_key, work_folder=None):
        self._folder = Path(folder)
        self._work_folder = work_folder or tempfile.gettempdir()
        self._keyring = Keyring([encrypt_key, sign_key], self._work_folder)

    def path(self, name):
        """Where the document with this hex name is."""
        return self._folder / name[:2] / name[2:4] / f"{name}.gpg"

    def store(self, name, content):
        """Encrypts and signs the open file `content`, which must be a real file, under a new name."""
        path = self.path(name)
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _durable(path) as target:
            self._encrypt(content, target)

    def load(self, name):
        """
        The plain content as an open file in memory.

        It is handed out only after gpg has reached the end and found a good signature of the sign key, never before.
        """
        plain = tempfile.TemporaryFile(dir=self._work_folder)
        try:
            with open(self.path(name), "rb") as stored:
                self._decrypt(stored, plain)
        except (OSError, GpgError, VaultError) as error:
            plain.close()
            raise VaultError(f"document {name} cannot be read: {error}") from error
        plain.seek(0)
        return plain

    def discard(self, name):
        """Removes a document that nothing refers to."""
        self.path(name).unlink(missing_ok=True)

    def check(self):
        """Raises VaultError when nothing could be stored now: no keys, or a folder that cannot be written."""
        try:
            self._keyring.fingerprints()
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except (OSError, GpgError) as error:
            raise VaultError(str(error)) from error

    def _encrypt(self, content, target):
        encrypt_to, sign_with = self._keyring.fingerprints()
        content.seek(0)
        # Compression would cost the most time of all and documents are compressed already.
        options = ["--trust-model", "always", "--compress-algo", "none"]
        keys = ["--recipient", encrypt_to, "--local-user", sign_with]
        try:
            self._keyring.run([*options, *keys, "--encrypt", "--sign"], stdin=content, stdout=target)
        except GpgError as error:
            raise VaultError(f"a document cannot be encrypted: {error}") from error

    def _decrypt(self, stored, plain):
        _, signer = self._keyring.fingerprints()
        status = self._keyring.run(["--trust-model", "always", "--decrypt"], stdin=stored, stdout=plain)
        if signer not in _valid_signers(status):
            raise VaultError("it is not signed with the vault's sign key")


def _valid_signers(status):
    """The fingerprints of the primary keys whose signatures gpg found good."""
    lines = (line.split() for line in status.splitlines())
    return {words[-1] for words in lines if words[:2] == ["[GNUPG:]", "VALIDSIG"]}


@contextmanager
def _durable(path):
    """An open file that gets the name `path` when the block ends well, and is gone when it does not."""
    part = path.with_suffix(".part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as target:
            yield target
            os.fsync(target.fileno())
        os.rename(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def default():
    """The vault that the settings name."""
    return Vault(settings.VAULT_FOLDER, settings.VAULT_ENCRYPT_KEY, settings.VAULT_SIGN_KEY)
