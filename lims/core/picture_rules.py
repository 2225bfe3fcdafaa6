# SPDX-License-Identifier: Apache-2.0
"""Rules of pictures at the border: how large one may be, and why one is refused."""

from lims.core.errors import Refusal
from lims.core.words import N_

LARGEST_MB = 20
LARGEST_MEGAPIXELS = 64
"""A camera's picture; a larger one would fill the server's memory while it is checked."""
LARGEST_METADATA_MB = 4
"""What a camera writes beside the picture: place, depth, a preview. More is something else."""


class PhotographRefused(Refusal):
    """What was sent is no picture that can be kept as evidence."""

    says = N_("This is not a whole picture in JPEG, PNG or HEIC.")
    do = N_("Take the photograph again with scale and label. Nothing was stored.")
    status = 422


class PhotographTooLarge(PhotographRefused):
    """Too many bytes, or too many pixels: a bomb says that it is larger than any camera's."""

    says = N_("A picture may have at most %(mb)s MB and %(mp)s megapixels.")
    do = N_("Set the camera to a smaller picture and take it again. Nothing was stored.")


class PhotographCut(PhotographRefused):
    """The picture ends before it is whole."""

    says = N_("This picture is cut off: its end is missing.")
    do = N_("Send it again from the camera or the telephone. Nothing was stored.")


class PhotographMoves(PhotographRefused):
    """Several pictures in one file."""

    says = N_("This file holds a moving picture or several pictures.")
    do = N_("Send each photograph as a file of its own. Nothing was stored.")


class PhotographTrailed(PhotographRefused):
    """Something stands in the file behind the picture's end: another file could hide there."""

    says = N_("Something follows the end of this picture: %(bytes)s bytes that are no part of it.")
    do = N_(
        "Switch off moving photographs (“motion”, “live”) in the camera and take it again."
        " Nothing was stored."
    )


class PhotographMetadata(PhotographRefused):
    """The file holds more beside the picture than a camera writes."""

    says = N_("This file holds more than %(mb)s MB beside the picture.")
    do = N_("Take it with the camera’s own application. Nothing was stored.")


class HeicNotRead(PhotographRefused):
    """A HEIC picture where the part that reads them is not installed."""

    says = N_("This server does not read HEIC pictures.")
    do = N_(
        "Set the telephone to “most compatible” (JPEG), or ask the administrator to install"
        " osteon-lims[heic]. Nothing was stored."
    )


class PhotographTwice(Refusal):
    """The same bytes are kept for this thing already."""

    says = N_("This photograph is kept here already.")
    do = N_("Choose another one.")


class PhotographGone(Refusal):
    """The photograph was withdrawn before."""

    says = N_("This photograph was withdrawn already.")
    do = N_("Read the page again.")
