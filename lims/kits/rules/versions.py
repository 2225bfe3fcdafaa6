# SPDX-License-Identifier: Apache-2.0
"""What is refused of a kit and of its versions."""

from lims.core.errors import Refusal
from lims.core.words import N_

SHIPPED = 0
"""The version that comes with Osteon, named with its source; the laboratory's begin at 1."""


class KitRefused(Refusal):
    """A document that says something no kit can say, or not enough."""

    says = N_("This kit cannot be used: %(fault)s")
    do = N_("Correct it and save again. Nothing was stored.")
    status = 422


class KitUnknown(Refusal):
    """A kit that nobody described, or that is not in force."""

    says = N_("“%(kit)s” is no kit of this laboratory.")
    do = N_("Choose one of the kits in the list.")
    status = 422


class KitNotThere(KitUnknown):
    """An address that names no kit of this laboratory."""

    status = 404


class KitNotInForce(Refusal):
    """A kit whose every version was withdrawn, or whose first is not in force yet."""

    says = N_("No version of kit %(kit)s is in force.")
    do = N_("Choose another kit, or have a version of this one approved.")


class KitNameTaken(Refusal):
    """A name that another kit has already, or the same kit spelled otherwise."""

    says = N_("“%(name)s” means kit %(kit)s already.")
    do = N_("Write the kit's name as it stands there, or take this name out of the aliases.")
    status = 422


class KitUnchanged(Refusal):
    """A draft that says what the version in force says."""

    says = N_("This is kit %(name)s v%(version)s to the letter.")
    do = N_("Change what shall be different, then save again.")
    status = 422


class KitVersionPending(Refusal):
    """A second draft of a kit while the first is not decided."""

    says = N_("Kit %(name)s v%(version)s is a draft that nobody has decided.")
    do = N_("Approve or withdraw it first.")


class KitVersionDecided(Refusal):
    """Something is to be approved or withdrawn that was decided already."""

    says = N_("Kit %(name)s v%(version)s was decided already.")
    do = N_("Read the page again.")


class OwnKitDraft(Refusal):
    """The author approves their own draft."""

    says = N_("You wrote kit %(name)s v%(version)s: a second person must approve it.")
    do = N_("Ask somebody else who may approve procedures.")
    status = 403
