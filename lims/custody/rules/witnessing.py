# SPDX-License-Identifier: Apache-2.0
"""What is refused where a partner's word over a checkpoint is taken in."""

from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_


class NotACheckpoint(Refusal):
    """The file is no checkpoint of this ledger."""

    says: ClassVar[str] = N_("This is not a checkpoint of this ledger: %(problem)s")
    do: ClassVar[str] = N_("Take the file as the partner sent it, not a copy out of a letter.")
    status = 422


class AnotherHistory(Refusal):
    """Signed with a key of this ledger, but not among its checkpoints: it was written anew."""

    says: ClassVar[str] = N_(
        "This checkpoint of %(size)s events was signed with a key of this ledger, but it is not "
        "the one that the ledger holds: there are two histories."
    )
    do: ClassVar[str] = N_(
        "Keep the file: it is evidence. Leave this machine as it is and call the administrator."
    )


class NotWitnessed(Refusal):
    """No witness whose key is known has cosigned the checkpoint."""

    says: ClassVar[str] = N_("No known witness has cosigned this checkpoint.")
    do: ClassVar[str] = N_(
        "Put the partner's public key, one line, into %(folder)s as a file named .pub."
    )


class CosignatureWrong(Refusal):
    """A cosignature bears the name of a known witness and is wrong."""

    says: ClassVar[str] = N_("The signature of the witness %(name)s is wrong.")
    do: ClassVar[str] = N_("Nothing was taken in. Ask the partner for the file again.")
